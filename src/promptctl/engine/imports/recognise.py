"""Which format a file is in, and what else it looks like where it is none of them."""

import json
import re
from typing import Any

from promptctl.errors import FileError, Place
from promptctl.importers.imported import Importer
from promptctl.importers.promptfoo.foreign import refusal_of
from promptctl.registry import find, names

PLAIN = ("text", "fstring", "mustache")
"""Importers of plain texts: any text is a prompt. They are asked only for a file that was named, or with --as."""


def importer(name: str) -> Importer:
    """The importer of a format, built in or a stranger's.

    Raises:
        PromptctlError: there is none (`unknown-format`).
    """
    found = find("importers", name)
    if found is None:
        from promptctl.core.words import did_you_mean
        from promptctl.errors import PromptctlError

        known = names("importers")
        raise PromptctlError(
            f"there is no format {name!r}",
            slug="unknown-format",
            at=f"--as {name}",
            fix=f"{did_you_mean(name, known)}known are: {', '.join(known)}",
        )
    made: Importer = found()
    return made


def recognised(path: str, text: str) -> str | None:
    """The format of a file; None where it is none of those that say so.

    Raises:
        FileError: more than one format fits (`ambiguous-format`).
    """
    fits = [
        name for name in names("importers") if name not in PLAIN and importer(name).recognises(path, text)
    ]
    if len(fits) > 1:
        raise FileError(
            f"this could be {' or '.join(fits)}",
            slug="ambiguous-format",
            at=Place(path),
            fix=f"say which: --as {fits[0]}",
        )
    return fits[0] if fits else None


def unknown(path: str, text: str) -> FileError:
    """The refusal of a file that is no prompt in any known format."""
    if refusal := refusal_of(path, text):
        return refusal
    looks = looks_like(path, text)
    known = ", ".join(names("importers"))
    return FileError(
        f"this is {looks}, not a prompt" if looks else "this is in no format that can be imported",
        slug="import-unknown",
        at=Place(path),
        fix=f"known formats are {known}; if it is one of them, say so: --as FORMAT",
    )


def looks_like(path: str, text: str) -> str | None:
    """What a file is, in a few words, where that can be told."""
    name = path.rpartition("/")[2].lower()
    if name.endswith((".csv", ".tsv")):
        return "a table (CSV)"
    if name.endswith((".jsonl", ".ndjson")):
        return "a list of records (JSON lines)"
    if name.endswith(".json"):
        return _json(text)
    if name.endswith((".yml", ".yaml")):
        return _yaml(text)
    return _by_name(name) or _by_text(text)


_MESSAGES = "a list of chat messages without a model or a name"


def _json(text: str) -> str | None:
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        return "a file that is not valid JSON"
    if isinstance(value, list):
        if value and all(isinstance(item, dict) and {"role", "content"} <= set(item) for item in value):
            return _MESSAGES
        return "a JSON list"
    if not isinstance(value, dict):
        return "a single JSON value"
    for keys, what in _JSON_KEYS:
        if keys <= set(value):
            return what
    return "a JSON file"


_JSON_KEYS = (
    ({"results", "config"}, "the result file of a promptfoo run"),
    ({"dependencies"}, "a package.json"),
    ({"$schema", "properties"}, "a JSON Schema"),
    ({"type", "properties"}, "a JSON Schema"),
    ({"openapi"}, "an OpenAPI description"),
)


def _yaml(text: str) -> str | None:
    keys = set(re.findall(r"^['\"]?([A-Za-z_][\w-]*)['\"]?[ \t]*:", text, re.MULTILINE))
    for wanted, what in _YAML_KEYS:
        if wanted <= keys:
            return what
    found = re.match(r"(?:\s++|#[^\n]*\n|---)*+-[ \t]+(\w*)", text)
    if found:
        return _MESSAGES if found[1] == "role" else "a YAML list"
    return "a YAML file" if keys else None


_YAML_KEYS = (
    ({"on", "jobs"}, "a GitHub Actions workflow"),
    ({"runs", "inputs"}, "a GitHub action"),
    ({"services"}, "a Docker Compose file"),
    ({"apiVersion", "kind"}, "a Kubernetes manifest"),
    ({"openapi"}, "an OpenAPI description"),
    ({"providers", "prompts"}, "a promptfoo configuration"),
)


def _by_name(name: str) -> str | None:
    if re.fullmatch(r"(?:.*-)?requirements(?:[-.].*)?\.txt", name):
        return "a list of Python packages"
    endings = {
        (".py", ".js", ".mjs", ".cjs", ".ts", ".go", ".rs", ".java", ".rb", ".sh"): "a program",
        (".toml", ".ini", ".cfg"): "a configuration file",
        (".html", ".htm"): "a web page",
        (".xml",): "an XML file",
        (".ipynb",): "a notebook",
        (".j2", ".jinja", ".jinja2"): "a Jinja template: copy it to prompts/NAME.prompt.j2",
        (".pdf", ".docx", ".xlsx", ".png", ".jpg", ".jpeg", ".gif", ".zip", ".gz"): "a binary file",
    }
    return next((what for ends, what in endings.items() if name.endswith(ends)), None)


def _by_text(text: str) -> str | None:
    if "\0" in text:
        return "a binary file"
    return "an empty file" if not text.strip() else None
