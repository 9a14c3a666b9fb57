"""Faults of templates that need no Jinja to be found, and the places of all of them."""

from collections.abc import Callable

from promptctl.errors import Place, PromptError

Lines = Callable[[str], list[str]]
"""The lines of a file by its shown path."""


def too_large(at: Place, limit: int | None) -> PromptError:
    """The rendered prompt has no reasonable size."""
    size = f" ({limit:,} characters)" if limit else ""
    return PromptError(
        f"the prompt renders too large{size}",
        slug="template-too-large",
        at=at,
        fix="shorten the loops or the inputs",
    )


def too_deep(at: Place) -> PromptError:
    """Blocks inside blocks, or a macro that calls itself."""
    return PromptError(
        "the template is nested too deeply, or calls itself without end",
        slug="template-too-deep",
        at=at,
        fix="split it, or end the recursion",
    )


def broken(at: Place, why: str) -> PromptError:
    """Whatever else a filter or an operator raises."""
    return PromptError(
        f"rendering failed: {why}",
        slug="template-error",
        at=at,
        fix="check the types of the values and the arguments of the filter",
    )


def too_slow(at: Place) -> PromptError:
    """The template takes longer than anyone would wait for a prompt."""
    return PromptError(
        "the prompt takes too long to render",
        slug="template-too-slow",
        at=at,
        fix="shorten the loops or the inputs",
    )


def images_too_large(at: Place, limit: int) -> PromptError:
    """The images of the rendered prompt are more than a request can carry."""
    return PromptError(
        f"the images of the prompt are too large together ({limit:,} characters as data URIs)",
        slug="template-too-large",
        at=at,
        fix="scale the pictures down, or give https addresses",
    )


def outside(name: str, at: Place, folder: str) -> PromptError:
    """An include that would leave the prompt folder. The file is never opened."""
    return PromptError(
        f"{name!r} lies outside {folder}/",
        slug="outside-prompts",
        at=at,
        fix=f"put the file under {folder}/ and name it relative to that folder",
    )


def text_outside(text: str, at: Place) -> PromptError:
    """Text between role blocks, which no message would carry."""
    excerpt = " ".join(text.split())[:60]
    return PromptError(
        f"text stands outside the role blocks: {excerpt!r}",
        slug="text-outside-roles",
        at=at,
        fix="put it into {% user %}…{% enduser %} or another role block",
    )


WITHOUT_MEASURE = ("template-too-large", "template-too-slow")
"""Slugs of templates that take more than there is."""


def place(shown: str, line: int, lines: Lines, word: str | None = None) -> Place:
    """Line with the column of `word`, or of the first thing that Jinja reads on that line."""
    text = lines(shown)
    content = text[line - 1] if 0 < line <= len(text) else ""
    found = content.find(word) if word else -1
    if found < 0:
        found = min((content.find(mark) for mark in ("{{", "{%") if mark in content), default=-1)
    if found < 0:
        found = len(content) - len(content.lstrip())
    return Place(shown, line, found + 1)
