"""Writing down that a break, a removal or a weakening is meant: in the suite, or in the project's configuration."""

import json
import re
from collections.abc import Mapping
from typing import Any

from promptctl.errors import FileError, Place, PromptctlError
from promptctl.store.documents import decode, read_toml
from promptctl.store.yaml_edits import YamlPage

_SETTINGS = (
    "promptctl",
    "prompt",
    "samples",
    "finished",
    "checks",
    "judge",
    "gate",
    "renamed_from",
    "accept",
)
_ESCAPED_IN_TOML = re.compile("[\x7f]")


def accepted_in_suite(data: bytes, path: str, entry: Mapping[str, Any]) -> bytes:
    """A suite's settings with one more entry under `accept`; all that was there stays, byte for byte.

    Raises:
        FileError: `cannot-edit`.
    """
    page = YamlPage(data, path)
    page.append(("accept",), [dict(entry)], _SETTINGS)
    value = page.value or {}
    return page.finish({**value, "accept": [*(value.get("accept") or []), dict(entry)]})


def accepted_in_project(data: bytes, path: str, entry: Mapping[str, str], *, table: tuple[str, ...]) -> bytes:
    """promptctl.toml, or pyproject.toml, with one more `[[accept]]` at its end.

    Args:
        table: Where the configuration stands in the file: empty, or `tool`, `promptctl`.

    Raises:
        FileError: `cannot-edit`.
    """
    text = decode(data, path)
    before = _accepts(text, path, table)
    joint = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    lines = "".join(f"{key} = {_quoted(value)}\n" for key, value in entry.items())
    added = f"{joint}[[{'.'.join((*table, 'accept'))}]]\n{lines}"
    after = data + added.replace("\n", "\r\n" if b"\r\n" in data else "\n").encode()
    try:
        if _accepts(decode(after, path), path, table) == [*before, dict(entry)]:
            return after
    except PromptctlError:
        pass
    raise FileError(
        "no [[accept]] can follow what stands in this file",
        slug="cannot-edit",
        at=Place(path),
        fix=f"write it by hand: {added.strip().replace(chr(10), '; ')}",
    )


def _accepts(text: str, path: str, table: tuple[str, ...]) -> list[Any]:
    value: Any = read_toml(text, path, only=table).value
    for key in (*table, "accept"):
        value = value.get(key, {}) if isinstance(value, dict) else {}
    return value if isinstance(value, list) else []


def _quoted(text: str) -> str:
    written = json.dumps(text, ensure_ascii=False)
    return _ESCAPED_IN_TOML.sub(lambda found: f"\\u{ord(found[0]):04x}", written)
