"""The sandboxed Jinja environment that format version 1 fixes."""

from collections.abc import Mapping
from typing import Any

from jinja2 import StrictUndefined, TemplateNotFound
from jinja2.loaders import BaseLoader
from jinja2.sandbox import ImmutableSandboxedEnvironment

from promptctl.templating.compiler import Compiler
from promptctl.templating.header import body_source, split_header
from promptctl.templating.jinja_values import as_text, guarded
from promptctl.templating.names import FLAGS, refuse_outside
from promptctl.templating.roles import RoleBlocks
from promptctl.templating.values import Method, tojson


class _Blobs(BaseLoader):
    """Templates by name from the files of one tree: an include can never leave it."""

    def __init__(self, files: Mapping[str, str], folder: str) -> None:
        self._files, self._folder = files, folder

    def get_source(self, environment: Any, template: str) -> tuple[str, str, None]:
        refuse_outside(template)
        if template not in self._files:
            raise TemplateNotFound(template)
        shown = f"{self._folder}/{template}"
        return body_source(split_header(self._files[template], shown)), shown, None


class _Sandbox(ImmutableSandboxedEnvironment):
    """Gives out methods that can be called and never become text, not even by `~` or `| string`."""

    code_generator_class = Compiler

    def getattr(self, obj: Any, attribute: str) -> Any:
        return guarded(super().getattr(obj, attribute))

    def getitem(self, obj: Any, argument: Any) -> Any:
        return guarded(super().getitem(obj, argument))

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 - as in Jinja
        method = __obj.method if isinstance(__obj, Method) else __obj
        return super().call(__context, method, *args, **kwargs)


def new_environment(
    files: Mapping[str, str], folder: str, flags: Mapping[str, bool] | None = None
) -> ImmutableSandboxedEnvironment:
    """An environment over `files` (path relative to the prompt folder → text).

    `flags` are those of `FLAGS` that differ from ours; they hold for every file that is rendered with it.

    No environment, clock or chance can be reached: `lipsum`, `cycler`, `joiner` and the `random` filter are gone.
    Autoescape is off, because `&lt;` in a prompt would be a different prompt.
    """
    whitespace: dict[str, Any] = {**dict.fromkeys(FLAGS, True), **(flags or {})}
    environment = _Sandbox(
        loader=_Blobs(files, folder),
        undefined=StrictUndefined,
        autoescape=False,
        **whitespace,
        finalize=as_text,
        extensions=[RoleBlocks],
        auto_reload=False,
        cache_size=-1,
    )
    for name in ("lipsum", "cycler", "joiner"):
        environment.globals.pop(name, None)
    environment.filters.pop("random", None)
    environment.filters["tojson"] = tojson
    return environment
