"""What a template sees of a value, and how a value reads. Jinja itself is in `jinja_values`, for whoever renders."""

import json
from typing import Any

from promptctl.core.message import Image


class NotText(Exception):
    """A value that has no one obvious text was put into the prompt without a filter."""


class Method:
    """A method that is named and not called. As text it would put an address of memory into the prompt."""

    def __init__(self, method: Any) -> None:
        self.method = method

    def __repr__(self) -> str:
        raise NotText(_NAMES[Method])


class ImageValue:
    """The value of an `image` input: something for the filter `image`, and never text by itself.

    Templates cannot look inside: the sandbox refuses names that begin with `_`.
    """

    __slots__ = ("_image",)

    def __init__(self, image: Image) -> None:
        self._image = image

    def __repr__(self) -> str:
        raise NotText(_NAMES[ImageValue])

    def __format__(self, spec: str) -> str:
        raise NotText(_NAMES[ImageValue])


class Role(str):
    """A role that came through a declared `messages` input, already checked against its allow-list."""

    __slots__ = ()


class MessageValue(dict[str, Any]):
    """One message of a declared `messages` input, checked: the only thing `insert` takes."""


class MessageParts(list[Any]):
    """The content of a message that holds more than text."""


def image_of(value: ImageValue) -> Image:
    """The picture behind the value."""
    return value._image


def tojson(value: Any, indent: int | None = None) -> str:
    """JSON as a model should read it. Jinja's own filter escapes for HTML, sorts keys and spells Chinese as \\u4e2d."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent, default=_no_json)


def in_words(value: Any) -> str:
    """What a value is, as a person would say it."""
    if value is None:
        return "nothing"
    words = {bool: "true or false", int: "a number", float: "a number", str: "a string", list: "a list"}
    return words.get(type(value), "a mapping" if isinstance(value, dict) else type(value).__name__)


def _no_json(value: Any) -> Any:
    if isinstance(value, ImageValue):
        raise NotText(_NAMES[ImageValue])
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def named(value: Any) -> str:
    """What a value that is no text is, for a message."""
    return _NAMES.get(type(value), f"a {type(value).__name__}")


_NAMES: dict[type, str] = {
    type(None): "nothing (null)",
    dict: "a mapping",
    list: "a list",
    tuple: "a list",
    Method: "a method that is not called",
    ImageValue: "an image",
    MessageParts: "a message of several parts",
}
