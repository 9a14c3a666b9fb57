"""How a case is written: the canonical YAML file, the canonical JSON line, and the ids that can name a file.

Both forms hold the same value exactly: 1, 1.0, true and "1" stay what they are, and keys of `vars` keep their order.
"""

import json
import re
import sys
import unicodedata
from collections.abc import Mapping
from typing import Any

import yaml

from promptctl.errors import FileError, Place, PromptctlError
from promptctl.store.documents import read_yaml
from promptctl.store.yaml_documents import written_float

_WHAT = ("id", "status", "severity", "tags", "group", "why")
_GIVES = ("vars", "input", "messages", "turns", "contexts", "relevant")
_ASKS = ("expected", "rejected", "checks", "checks_all", "watch", "source", "redacted", "quarantine")
ORDER = (*_WHAT, *_GIVES, *_ASKS)
"""The keys of a case as they are written: what it is, what it gives, what it asks, where it comes from."""

MAX_NAME_BYTES = 255

_LINE_STARTS = re.compile(r"^(?=[^\n])", re.MULTILINE)
_BREAKS = re.compile("[\x85\u2028\u2029]")
_ESCAPED_IN_JSON = re.compile("[\x7f-\x9f\u2028\u2029\ufeff]")
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?\Z", re.IGNORECASE)


def ordered(case: Mapping[str, Any]) -> dict[str, Any]:
    """The case with its keys in canonical order; keys inside them stay as they are."""
    known = {key: case[key] for key in ORDER if key in case}
    return {**known, **case}


def exact(value: Any) -> str:
    """A text that is equal for two values only when they are written alike, key order and kind of number included."""
    return json.dumps(value)


def case_yaml(case: Any) -> str:
    """A case as a person would write it: block texts, no wrapped lines, characters of any script as they are."""
    return yaml.dump(case, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=sys.maxsize, indent=2)


def written_yaml(case: Any, name: str) -> str:
    """`case_yaml`, read back to make sure that it says exactly the same.

    Raises:
        FileError: `cannot-save`.
    """
    text = case_yaml(case)
    try:
        if exact(read_yaml(text, name).value) == exact(case):
            return text
    except PromptctlError:
        pass
    raise FileError(
        "these inputs or this answer cannot be written as YAML",
        slug="cannot-save",
        at=Place(name),
        fix="add the case to a .jsonl file of the suite by hand",
    )


def case_line(case: Mapping[str, Any]) -> str:
    """A case as one line of JSON, without its end. What some editor would take for a line's end is escaped."""
    text = json.dumps(ordered(case), ensure_ascii=False, allow_nan=False)
    return _ESCAPED_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def indented(text: str, indent: str) -> str:
    """The text with `indent` before every line that has something on it; lines end at LF only."""
    return _LINE_STARTS.sub(indent, text)


def folded(case_id: str) -> str:
    """Equal for ids that some disk takes for the same name: apart from case, and from how accents are stored."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", case_id).casefold())


def file_fault(case_id: str) -> str | None:
    """Why no file should be named for this id, or None."""
    if len(f"{case_id}.yaml".encode()) > MAX_NAME_BYTES:
        return f"its name would have more than {MAX_NAME_BYTES} bytes"
    if _DEVICES.match(case_id):
        return "Windows keeps that name for a device"
    if case_id.startswith((".", "-")):
        return f"a file name that begins with {case_id[0]!r} is hidden or taken for an option"
    return None


def refuse_file_name(case_id: str, at: Place | str | None) -> None:
    """Raises FileError (`unsafe-file-name`) for an id that no file should be named for."""
    if fault := file_fault(case_id):
        raise FileError(
            f"the case {case_id!r} cannot have a file of its own: {fault}",
            slug="unsafe-file-name",
            at=at,
            fix="give it another id, or keep it in a .jsonl file of the suite",
        )


class _Dumper(yaml.SafeDumper):
    """Block style for texts of several lines; no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
        return super().increase_indent(flow, False)  # lists below their key, two spaces in


def _text(dumper: yaml.SafeDumper, text: str) -> Any:
    # PyYAML breaks lines at these too, and indents what follows: only escaped do they come back.
    style = '"' if _BREAKS.search(text) else "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _float(dumper: yaml.SafeDumper, number: float) -> Any:
    # PyYAML writes 1e-05 as `1e-05`, which is text here.
    return dumper.represent_scalar("tag:yaml.org,2002:float", written_float(number))


_Dumper.add_representer(str, _text)
_Dumper.add_representer(float, _float)
