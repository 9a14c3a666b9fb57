"""The sandboxed Jinja environment that format version 1 fixes."""

import json
from collections.abc import Mapping
from types import BuiltinMethodType, FunctionType, MethodType
from typing import Any

from jinja2 import StrictUndefined, TemplateNotFound, Undefined
from jinja2.loaders import BaseLoader
from jinja2.runtime import BlockReference
from jinja2.sandbox import ImmutableSandboxedEnvironment

from promptctl.templating.header import body_source, split_header
from promptctl.templating.roles import RoleBlocks


class NotText(Exception):
    """A value that has no one obvious text was put into the prompt without a filter."""


class OutsidePrompts(Exception):
    """A template names a file outside the prompt folder."""


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


def refuse_outside(name: str) -> None:
    """Raises OutsidePrompts for a name that is absolute, climbs, or uses another system's separators."""
    if name.startswith("/") or "\\" in name or "\0" in name or ":" in name.split("/")[0]:
        raise OutsidePrompts(name)
    if any(part in ("", ".", "..") for part in name.split("/")):
        raise OutsidePrompts(name)


def as_text(value: Any) -> Any:
    """Jinja's `finalize`: text and numbers pass, anything else needs a filter that says how it reads."""
    if isinstance(value, (str, int, float, Undefined)):
        return value
    raise NotText("nothing (null)" if value is None else f"a {_KINDS.get(type(value), type(value).__name__)}")


def _tojson(value: Any, indent: int | None = None) -> str:
    """JSON as a model should read it. Jinja's own filter escapes for HTML, sorts keys and spells Chinese as \\u4e2d."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)


class Absent(StrictUndefined):
    """An optional input that no one gave: false in a condition, not defined, and still an error as text."""

    def __bool__(self) -> bool:  # type: ignore[override]  # the one thing that it allows
        return False


class Method:
    """A method that is named and not called. As text it would put an address of memory into the prompt."""

    def __init__(self, method: Any) -> None:
        self.method = method

    def __repr__(self) -> str:
        raise NotText(f"a {_KINDS[Method]}")


class _Sandbox(ImmutableSandboxedEnvironment):
    """Gives out methods that can be called and never become text, not even by `~` or `| string`."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        return _guarded(super().getattr(obj, attribute))

    def getitem(self, obj: Any, argument: Any) -> Any:
        return _guarded(super().getitem(obj, argument))

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 - as in Jinja
        method = __obj.method if isinstance(__obj, Method) else __obj
        return super().call(__context, method, *args, **kwargs)


def _guarded(value: Any) -> Any:
    kinds = (
        MethodType,
        BuiltinMethodType,
        FunctionType,
        BlockReference,
    )  # a function: the sandbox's own `format`
    return Method(value) if isinstance(value, kinds) else value


_KINDS: dict[type, str] = {
    dict: "mapping",
    list: "list",
    tuple: "list",
    Method: "method that is not called",
}


def new_environment(files: Mapping[str, str], folder: str) -> ImmutableSandboxedEnvironment:
    """An environment over `files` (path relative to the prompt folder → text).

    No environment, clock or chance can be reached: `lipsum`, `cycler`, `joiner` and the `random` filter are gone.
    Autoescape is off, because `&lt;` in a prompt would be a different prompt.
    """
    environment = _Sandbox(
        loader=_Blobs(files, folder),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=as_text,
        extensions=[RoleBlocks],
        auto_reload=False,
        cache_size=-1,
    )
    for name in ("lipsum", "cycler", "joiner"):
        environment.globals.pop(name, None)
    environment.filters.pop("random", None)
    environment.filters["tojson"] = _tojson
    return environment
