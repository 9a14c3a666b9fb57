"""Images inside rendered text: the collector holds them, and the text holds a mark that no value can know.

A mark is made of 128 random bits, drawn for each rendering after all values are there. The text is cut at exact
matches of it; nothing else is ever looked for, so a value that looks like a mark, or spells out an image part, stays
text.
"""

import re
import secrets
from collections.abc import Iterable

from jinja2 import Undefined

from promptctl.core.message import Image
from promptctl.core.words import did_you_mean
from promptctl.templating.images import DETAILS
from promptctl.templating.jinja_values import Absent
from promptctl.templating.values import ImageValue, image_of, in_words

# Private-use characters and digits: no filter for letters, quotes or HTML changes them.
_OPEN, _CLOSE = "\ue000", "\ue001"
_PIECE = 12  # so many digits of the secret in a row, outside a mark, are what is left of one
SHOWN = "{{ … | image }}"
"""How a message to the user writes an image."""


class RoleError(Exception):
    """What a role block, or a role, must not be or hold."""

    def __init__(self, message: str, *, slug: str, fix: str) -> None:
        super().__init__(message)
        self.slug, self.fix = slug, fix


class Marks:
    """The images of one rendering, by their marks."""

    def __init__(self) -> None:
        self._images: list[Image] = []
        self._secret = ""

    def add(self, image: Image) -> str:
        """The mark that stands for `image` in the text. It is drawn with the first one."""
        self._secret = self._secret or f"{secrets.randbits(128):039d}"
        self._images.append(image)
        return f"{_OPEN}{self._secret}.{len(self._images) - 1}{_CLOSE}"

    def content(self, text: str) -> str | tuple[str | Image, ...]:
        """What a message of this text holds: the text, or texts and images in order.

        Raises:
            RoleError: `image-cut`, a filter took a mark apart.
        """
        pieces = self._cut(text)
        if len(pieces) == 1:
            return without_blank_ends(text)
        # Every second piece is the number of an image.
        return parts(self._images[int(piece)] if n % 2 else piece for n, piece in enumerate(pieces))

    def shown(self, text: str) -> str:
        """The text for a message to the user."""
        return SHOWN.join(self._cut(text)[::2])

    def _cut(self, text: str) -> list[str]:
        if not self._images:
            return [text]
        pieces = re.split(f"{_OPEN}{self._secret}\\.([0-9]+){_CLOSE}", text)
        starts = range(len(self._secret) - _PIECE + 1)
        left = [self._secret[start : start + _PIECE] for start in starts]
        if any(piece in text or piece[::-1] in text for piece in left for text in pieces[::2]):
            raise RoleError(
                "a filter changed the place where an image stands",
                slug="image-cut",
                fix="let `| image` stand last: no filter behind it or around it",
            )
        return pieces


def marked(marks: Marks, value: object, detail: object) -> str:
    """The mark of an image, nothing for an optional one that no one gave."""
    if detail is not None and detail not in DETAILS:
        raise RoleError(
            f"detail={detail!r} is none that models know",
            slug="image-detail",
            fix=f"{did_you_mean(str(detail), DETAILS)}one of: {', '.join(DETAILS)}",
        )
    if value is None or isinstance(value, Absent):
        return ""
    if isinstance(value, Undefined):
        str(value)  # raises: the name is not known at all
    if not isinstance(value, ImageValue):
        raise RoleError(
            f"`| image` takes the value of an input of type image, not {in_words(value)}",
            slug="not-an-image",
            fix="declare the input in the header as `photo: image`",
        )
    image = image_of(value)
    return marks.add(image if detail is None else Image(url=image.url, detail=str(detail)))


def parts(pieces: Iterable[str | Image]) -> tuple[str | Image, ...]:
    """Texts and images without the blank lines at the ends of each text; a text with nothing else is dropped."""
    found = (without_blank_ends(piece) if isinstance(piece, str) else piece for piece in pieces)
    return tuple(piece for piece in found if piece)


def without_blank_ends(text: str) -> str:
    """`text` without the blank lines at its start and end; spaces inside the first and last line stay."""
    first, end = len(text) - len(text.lstrip(" \t\n")), len(text.rstrip(" \t\n"))
    if first >= end:
        return ""
    after = text.find(
        "\n", end
    )  # searched for, not matched: a pattern takes quadratic time on many line breaks
    return text[text.rfind("\n", 0, first) + 1 : None if after < 0 else after]
