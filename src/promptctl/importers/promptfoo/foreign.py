"""Files of promptfoo that are no configuration, refused as what they are."""

import json
import re

from promptctl.errors import FileError, Place

_TOP = re.compile(r"^['\"]?([A-Za-z]\w*)['\"]?[ \t]*:", re.MULTILINE)
# Of a list in YAML. Possessive: a long run of blanks would otherwise be tried in every way.
_FIRST_KEY = re.compile(r"(?:\s++|#[^\n]*\n|---)*+- (\w+):")
_CODE = re.compile(r"(?:^|/)promptfooconfig[^/]*\.[cm]?[jt]s\Z")


def refuse_other_files(path: str, text: str) -> None:
    """Raises FileError (`import-unsupported`) for code, results, lists of tests, of assertions and of outputs."""
    if _CODE.search(path):
        raise _code(path)
    if what := other_file(path, text):
        raise _other(path, what)


def refusal_of(path: str, text: str) -> FileError | None:
    """The same for a file of unknown format, where it is surely promptfoo's."""
    if _CODE.search(path):
        return _code(path)
    what = other_file(path, text)
    return _other(path, what) if what is not None and what.startswith("promptfoo") else None


def _code(path: str) -> FileError:
    return FileError(
        "this promptfoo configuration is a program, which is never run",
        slug="import-unsupported",
        at=Place(path),
        fix="write what it exports as promptfooconfig.yaml, and import that",
    )


def _other(path: str, what: str) -> FileError:
    fix = "import the promptfooconfig that names it: its prompts, tests and assertions come with it"
    if what == "promptfoo results":
        fix = "import the promptfooconfig of that run; its outputs can follow by `promptctl answers import`"
    message = f"these are {what}, not a configuration"
    return FileError(message, slug="import-unsupported", at=Place(path), fix=fix)


def other_file(path: str, text: str) -> str | None:
    """What a file of promptfoo is in a few words; None for what may be a configuration."""
    keys = top_keys(path, text)
    if ("results" in keys and keys & {"stats", "table", "evalId", "version", "config"}) or _is_result_table(
        path, text
    ):
        return "promptfoo results"
    if path.endswith(".csv"):
        return (
            "promptfoo tests" if re.search(r"(?:^|,)\s*\"?__[a-zA-Z]", text.split("\n", 1)[0]) else "a table"
        )
    if path.endswith(".jsonl"):
        return "promptfoo tests" if re.search(r"\"(?:vars|assert)\"\s*:", text) else "JSON lines"
    first = _FIRST_KEY.match(text)
    if first and first[1] in ("type", "metric"):
        return "promptfoo assertions"
    if first and first[1] in ("vars", "description", "assert", "threshold", "options"):
        return "promptfoo tests"
    if re.match(r"\s*\[", text) and path.endswith(".json"):
        return "promptfoo tests" if re.search(r"\"(?:vars|assert)\"\s*:", text) else "a list"
    return None


def top_keys(path: str, text: str) -> set[str]:
    """The keys of a mapping in YAML or JSON, as far as they can be told without reading all of it."""
    if path.endswith(".json"):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return set()
        return set(value) if isinstance(value, dict) else set()
    return set(_TOP.findall(text))


def _is_result_table(path: str, text: str) -> bool:
    """A CSV file of results: verdicts stand before the outputs."""
    return path.endswith(".csv") and re.search(r"\[(?:PASS|FAIL|ERROR)\] \(\d", text) is not None
