"""Templates compiled as Jinja compiles them, but for constants that are too large or take too long to compute.

Jinja computes `{{ 'a' * 3000000000 }}` while it compiles, and keeps quiet where that fails: the error would come with
the first rendering, without one never.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.optimizer import Optimizer
from jinja2.visitor import NodeTransformer

from promptctl.templating.limits import RENDERED_LIMIT


class TooSlow(BaseException):
    """The clock ran out. No `except Exception` of Jinja, of a filter or of ours may keep it.

    `path` and `line` say where a template was, as far as that is known.
    """

    path, line = "", 0


class TooLarge(MemoryError):
    """A constant of a template has no reasonable size. `line` is where it stands."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line


class Compiler(CodeGenerator):
    """Jinja's own, with a watch on the constants."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.optimizer is not None:
            self.optimizer = _Folding(self.environment)

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: Any) -> str:
        with _watched(node):
            text = super()._output_child_to_const(node, frame, finalize)
            if len(text) > RENDERED_LIMIT and not isinstance(node, nodes.TemplateData):
                raise TooLarge(node.lineno)
            return text


class _Folding(Optimizer):
    def generic_visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> nodes.Node:
        node = NodeTransformer.generic_visit(self, node, *args, **kwargs)
        if isinstance(node, nodes.Expr):
            with suppress(nodes.Impossible), _watched(node):
                value = node.as_const(args[0] if args else None)
                if isinstance(value, (str, list, tuple, dict)) and len(value) > RENDERED_LIMIT:
                    raise TooLarge(node.lineno)
                return nodes.Const.from_untrusted(value, lineno=node.lineno, environment=self.environment)
        return node


@contextmanager
def _watched(node: nodes.Node) -> Iterator[None]:
    """Names the line of `node` where its value is too large or too slow."""
    try:
        yield
    except nodes.Impossible as error:
        cause: BaseException | None = error
        while isinstance(cause, nodes.Impossible):
            cause = cause.__cause__
        if isinstance(cause, (MemoryError, OverflowError)):
            raise TooLarge(node.lineno) from None
        raise
    except TooSlow as error:
        error.line = error.line or node.lineno
        raise


@contextmanager
def located() -> Iterator[None]:
    """Tells TooSlow which line of which template was reached."""
    try:
        yield
    except TooSlow as error:
        trace = error.__traceback__
        while trace is not None:
            template = trace.tb_frame.f_globals.get("__jinja_template__")
            if template is not None:
                # A signal may come where Python knows of no line. Jinja's own rewriting fails there.
                reached = trace.tb_lineno or trace.tb_frame.f_code.co_firstlineno
                error.path, error.line = template.filename, template.get_corresponding_lineno(reached)
            trace = trace.tb_next
        raise
