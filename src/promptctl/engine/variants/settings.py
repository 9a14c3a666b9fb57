"""`--param K=V`: settings of the model on a command line, under the rules of a prompt's header."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from promptctl.core.dialects import fix_of_unread, unread_params
from promptctl.core.routes import Route
from promptctl.errors import PromptctlError
from promptctl.store.headers import read_header

_OPENING, _CLOSING = "[{", "]}"


class Settings(NamedTuple):
    """The settings of one `--param`, as written and by name. None takes a setting of the prompt out."""

    written: str
    values: Mapping[str, Any]

    def over(self, own: Mapping[str, Any]) -> dict[str, Any]:
        """A prompt's own settings with these in their place."""
        return {name: value for name, value in {**own, **self.values}.items() if value is not None}

    def refuse_unread(self, route: Route | None) -> None:
        """Raises PromptctlError `ignored-param` for a setting that this server is known not to read."""
        for name, instead in unread_params(self.over({}), route.dialect) if route and route.known else ():
            raise PromptctlError(
                f"{route.provider if route else ''} does not read {name}",
                slug="ignored-param",
                at=f"--param {self.written}",
                fix=fix_of_unread(instead, route.provider if route else ""),
            )


def read_settings(written: str) -> Settings:
    """One `--param`: `temperature=0`, or several with commas between them, `temperature=0.7,top_p=0.9`.

    Values are YAML, as in a header: numbers, texts, `["a", "b"]`; null takes a setting of the prompt out.

    Raises:
        PromptctlError: `bad-param`, or the slug of the same mistake in a header, at the option.
    """
    values: dict[str, Any] = {}
    for pair in _pairs(written):
        name, equals, value = (part.strip() for part in pair.partition("="))
        if not (name and equals and value):
            raise _wrong(written, f"{pair.strip() or written!r} is no K=V")
        if name in values:
            raise _wrong(written, f"{name} is given twice")
        values[name] = _value(name, value, written)
    return Settings(written, values)


def _value(name: str, value: str, written: str) -> Any:
    if not value.isprintable():
        raise _wrong(written, f"the value of {name} is not on one line")
    try:
        # An entry of its own in a header: what is refused there is refused here.
        header = read_header(f"params:\n  {json.dumps(name, ensure_ascii=False)}: {value}\n", "--param")
    except PromptctlError as error:
        first = error.each()[0]
        fix = "models are compared with --model A --model B" if name == "model" else first.fix
        raise PromptctlError(first.message, slug=first.slug, at=f"--param {written}", fix=fix) from error
    return header.params[name]


def _pairs(text: str) -> Iterator[str]:
    """The parts between commas that stand in no quotes and no brackets."""
    start, depth, quote = 0, 0, ""
    for place, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in _OPENING:
            depth += 1
        elif character in _CLOSING:
            depth -= 1
        elif character == "," and depth <= 0:
            yield text[start:place]
            start = place + 1
    yield text[start:]


def _wrong(written: str, message: str) -> PromptctlError:
    return PromptctlError(
        message,
        slug="bad-param",
        at=f"--param {written}",
        fix="write --param temperature=0.7, or several settings of one variant: "
        "--param temperature=0.7,top_p=0.9",
    )
