"""Pictures as values: what may stand for one, told by content. Nothing is fetched or opened here."""

import base64
import binascii
import re
from urllib.parse import urlsplit

from promptctl.errors import PromptError

MAX_BYTES = 5_000_000
"""Bytes of one picture; the servers' own limits begin here."""

DETAILS = ("auto", "low", "high")

_DATA = re.compile(r"data:(?P<kind>[a-z]+/[a-z0-9.+-]+);base64,(?P<data>[A-Za-z0-9+/]+={0,2})", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:", re.IGNORECASE)
_STARTS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_KINDS = "png, jpeg, gif or webp"
_LONGEST_ADDRESS = 8192


def is_address(text: str) -> bool:
    """Whether `text` is a URI of any kind, and so no path."""
    return bool(_SCHEME.match(text))


def kind_of(data: bytes) -> str | None:
    """The MIME type that the content shows, whatever a name says; None for anything but a picture that models read."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in _STARTS if data.startswith(start)), None)


def data_uri(data: bytes, name: str) -> str:
    """The picture in a file, as a data URI. `name` is the file, for messages.

    Raises:
        PromptError: `bad-image`, no picture or too large a one.
    """
    kind = kind_of(data)
    if kind is None:
        looks = "an SVG drawing, which no model reads" if b"<svg" in data[:1000] else f"neither {_KINDS}"
        raise _bad(f"{name} is {looks}", f"save the picture as {_KINDS}")
    if len(data) > MAX_BYTES:
        raise _bad(f"{name} has more than {MAX_BYTES:,} bytes", "scale the picture down")
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def checked_address(text: str, name: str) -> str:
    """A data URI or an https address, as it is. `name` says whose value it is, for messages.

    Raises:
        PromptError: `bad-image`, anything else.
    """
    if text[:5].lower() == "data:":
        return _checked_data(text, name)
    if text[:8].lower() == "https://":
        return _checked_https(text, name)
    if is_address(text):
        scheme = text.partition(":")[0]
        raise _bad(
            f"{name} is an address that begins with {scheme[:20]}:",
            "give an https address, a data URI or a file",
        )
    raise _bad(
        f"{name} is {text[:60]!r}, neither an https address nor a data URI",
        "an input of type image takes a file too: in a case, relative to it; with --var; from an application as a Path",
    )


def _checked_data(text: str, name: str) -> str:
    found = _DATA.fullmatch(text)
    if found is None:
        raise _bad(f"{name} is no data URI of a picture", "write data:image/png;base64,…")
    try:
        data = base64.b64decode(found["data"], validate=True)
    except binascii.Error as error:
        raise _bad(f"{name} is not valid base64", "encode the whole file again") from error
    kind = kind_of(data)
    if kind is None:
        raise _bad(f"{name} holds neither {_KINDS}", f"save the picture as {_KINDS}")
    if found["kind"].lower() != kind:
        raise _bad(f"{name} says {found['kind']}, and holds {kind}", f"write data:{kind};base64,…")
    if len(data) > MAX_BYTES:
        raise _bad(f"{name} has more than {MAX_BYTES:,} bytes", "scale the picture down")
    return text


def _checked_https(text: str, name: str) -> str:
    try:
        url = urlsplit(text)
        host, _ = url.hostname, url.port  # the port raises for one that is no number
    except ValueError:
        host = None
    if not host or not text.isprintable() or " " in text or len(text) > _LONGEST_ADDRESS:
        raise _bad(f"{name} is no https address", 'write it whole: "https://host/picture.png"')
    if "@" in url.netloc:
        raise _bad(f"{name} holds a user or a password", "remove it: whoever answers fetches the picture")
    return text


def _bad(message: str, fix: str) -> PromptError:
    return PromptError(message, slug="bad-image", fix=fix)
