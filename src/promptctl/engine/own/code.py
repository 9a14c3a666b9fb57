"""How the project's own checks are made ready and asked: their code found and looked over, then run in a process."""

import ast
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from promptctl.checks.own import Command, OwnCode, Python, one_line
from promptctl.core.verdict import Opinion, Subject
from promptctl.core.words import did_you_mean
from promptctl.engine.check_files import CODE, CheckFiles, parsed
from promptctl.engine.own.workers import run_program, worker_of
from promptctl.errors import FileError, Place
from promptctl.processes.worker import Patience

Ask = Callable[[Subject], Opinion]


def code_of(rule: OwnCode, files: CheckFiles) -> dict[str, str]:
    """The files that a check of the project's own needs, text by path. Nothing in them is run.

    Raises:
        FileError: `no-check-code`, `bad-python`, `bad-check-arguments`, or why a file cannot be read.
    """
    further = [f"{files.code}/{path}" for path in rule.files]
    try:
        if isinstance(rule, Python):
            return _python_code(rule, files, further)
        words = rule.run if isinstance(rule, Command) else ()
        named = [word for word in words if word.startswith(f"{files.code}/")]
        return files.closure([*named, *further])
    except SyntaxError as error:
        at = Place(str(error.filename), error.lineno or 1, max(error.offset or 1, 1))
        raise FileError(
            f"this is not Python: {error.msg}",
            slug="bad-python",
            at=at,
            fix="mend it; Python shows more of it",
        ) from error


def asking(rule: OwnCode, code: Mapping[str, str]) -> Ask:
    """How the check is asked about one output.

    Its answer raises TimeoutError or ValueError where the code breaks: that makes the trial an error.
    """
    ask = _call(rule, code) if isinstance(rule, Python) else _start(rule, code)
    patience = Patience()

    def patiently(subject: Subject) -> Opinion:
        with patience:
            return ask(subject)

    return patiently


def _call(rule: Python, code: Mapping[str, str]) -> Ask:
    folder = f"{next(iter(code)).partition(f'/{CODE}/')[0]}/{CODE}"

    def ask(subject: Subject) -> Opinion:
        request = {
            "module": rule.module,
            "function": rule.name,
            "arguments": rule.arguments,
            "output": subject.text,
            "case": _case(subject),
        }
        return rule.opinion(worker_of(code, folder).call(request, rule.timeout))

    return ask


def _start(rule: OwnCode, code: Mapping[str, str]) -> Ask:
    if not isinstance(rule, Command):
        raise TypeError(f"{type(rule).__name__} is neither a function nor a program")

    def ask(subject: Subject) -> Opinion:
        ended = run_program(rule.run, {"output": subject.text, **_case(subject)}, code, rule.timeout)
        if ended.code in (0, 1):
            return rule.opinion(ended.code == 0, ended.out)
        said = one_line(ended.err.strip() or ended.out, 200)
        raise ValueError(f"{rule.run[0]} ended with {ended.code}{f': {said}' if said else ''}")

    return ask


def _case(subject: Subject) -> dict[str, Any]:
    return {
        "vars": subject.vars,
        "expected": subject.expected,
        "rejected": subject.rejected,
        "contexts": subject.contexts,
        "tool_calls": subject.output.tool_calls,
        "finish": subject.output.finish,
    }


# what can be known without running the code


def _python_code(rule: Python, files: CheckFiles, further: list[str]) -> dict[str, str]:
    stem = f"{files.code}/{rule.module.replace('.', '/')}"
    if rule.module.partition(".")[0] in sys.stdlib_module_names:
        raise _no_code(f"Python has a module {rule.module} of its own", "give the file another name")
    places = (f"{stem}.py", f"{stem}/__init__.py")
    path = next((place for place in places if files.exists(place)), None)
    if path is None:
        names = files.modules()
        raise _no_code(
            f"there is no {places[0]}",
            did_you_mean(rule.module, names) + f"write it, with `def {rule.name}(output, case):` in it",
        )
    code = files.closure([path, *further])
    _require_function(rule, parsed(code[path], path), path)
    return code


def _require_function(rule: Python, tree: ast.Module, path: str) -> None:
    """Refuses a function that is not there, or that cannot take what it would be given."""
    bound = list(_bound(tree))
    names = [name for name, _ in bound]
    if rule.name not in names:
        if "*" in names:  # whatever `from x import *` brings
            return
        raise _no_code(
            f"{path} has no function {rule.name}",
            did_you_mean(rule.name, names) + f"write `def {rule.name}(output, case):` in it",
        )
    node = next(node for name, node in reversed(bound) if name == rule.name)
    if isinstance(node, ast.AsyncFunctionDef):
        at = Place(path, node.lineno, node.col_offset + 1)
        raise FileError(f"{rule.name} is async", slug="no-check-code", at=at, fix="write a plain `def`")
    if isinstance(node, ast.FunctionDef) and not node.decorator_list:
        _require_arguments(rule, node, path)


def _require_arguments(rule: Python, node: ast.FunctionDef, path: str) -> None:
    signature = _signature(node)
    given = {**rule.arguments, **({"case": None} if "case" in signature.parameters else {})}
    try:
        signature.bind("", **given)
    except TypeError as error:
        unknown = next((name for name in rule.arguments if name not in signature.parameters), None)
        hint = did_you_mean(unknown, signature.parameters) if unknown else ""
        raise FileError(
            f"{rule.name} cannot be called with the output and these arguments: {error}",
            slug="no-check-code",
            at=Place(path, node.lineno, node.col_offset + 1),
            fix=f"{hint}`arguments` of the check are the function's keywords, beside output and case",
        ) from error


def _signature(node: ast.FunctionDef) -> inspect.Signature:
    """What Python would say of the function, without running it."""
    kinds, wanted = inspect.Parameter, node.args
    optional = len(wanted.posonlyargs) + len(wanted.args) - len(wanted.defaults)
    found = []
    for index, one in enumerate([*wanted.posonlyargs, *wanted.args]):
        kind = kinds.POSITIONAL_ONLY if one in wanted.posonlyargs else kinds.POSITIONAL_OR_KEYWORD
        found.append(kinds(one.arg, kind, default=None if index >= optional else kinds.empty))
    if wanted.vararg:
        found.append(kinds(wanted.vararg.arg, kinds.VAR_POSITIONAL))
    for one, default in zip(wanted.kwonlyargs, wanted.kw_defaults, strict=True):
        found.append(kinds(one.arg, kinds.KEYWORD_ONLY, default=kinds.empty if default is None else None))
    if wanted.kwarg:
        found.append(kinds(wanted.kwarg.arg, kinds.VAR_KEYWORD))
    return inspect.Signature(found)


def _bound(tree: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """The names that a module binds, also under `if` and `try`, in order."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name, node
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (((alias.asname or alias.name).partition(".")[0], node) for alias in node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node
        elif not isinstance(node, ast.Lambda):
            yield from _bound(node)


def _no_code(message: str, fix: str) -> FileError:
    return FileError(message, slug="no-check-code", fix=fix)
