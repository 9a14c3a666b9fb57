"""Keys: from the named variable only, never shown, never written."""

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

from promptctl.errors import PromptctlError

SHORTEST = 8  # shorter ones would blank out ordinary words
MASK = "***"

_ENTRY = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*\Z")


def read_key(
    name: str, environment: Mapping[str, str], root: Path, is_ignored: Callable[[Path], bool]
) -> str | None:
    """The key that the variable `name` holds, stripped, or None where there is none.

    Outside CI, a variable that is not set is looked for in `.env` at the project's root, if Git ignores that
    file: one that is committed must not become a habit.

    Args:
        is_ignored: Whether Git ignores a path.

    Raises:
        PromptctlError: `bad-key`, naming the variable, never the value.
    """
    value, source = environment.get(name, "").strip(), name
    if not value and not environment.get("CI"):
        path = root / ".env"
        value, source = _from_file(path, name, is_ignored), f"{path}, {name}"
    if not value:
        return None
    if not value.isascii() or not value.isprintable() or " " in value:
        raise PromptctlError(
            f"the key in {name} holds a line break or a character that no key has",
            slug="bad-key",
            at=source,
            fix=f"set {name} again, pasting only the key",
        )
    return value


class Redactor:
    """Replaces every secret it was given, plain, URL-encoded or in base64, by `***`."""

    def __init__(self, secrets: Iterable[str | None] = ()) -> None:
        self._pattern: re.Pattern[str] | None = None
        self._forms: set[str] = set()
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str | None) -> None:
        """From now on `secret` is replaced, if it has at least 8 characters."""
        if secret is None or len(secret) < SHORTEST:
            return
        self._forms |= _forms(secret)
        longest_first = sorted(self._forms, key=lambda form: (-len(form), form))
        self._pattern = re.compile("|".join(re.escape(form) for form in longest_first))

    def clean(self, text: str) -> str:
        """`text` without the secrets."""
        return text if self._pattern is None else self._pattern.sub(MASK, text)

    def __repr__(self) -> str:
        return "Redactor(***)"


def _from_file(path: Path, name: str, is_ignored: Callable[[Path], bool]) -> str:
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return ""
    found = ""
    for line in text.split("\n"):
        entry = _ENTRY.match(line)
        if entry and entry.group(1) == name:
            found = _unquoted(entry.group(2))
    # Asked last: it starts a process, and most .env files do not hold the key.
    return found if found and is_ignored(path) else ""


def _unquoted(value: str) -> str:
    if value[:1] in ("'", '"'):
        end = value.find(value[0], 1)
        if end > 0:
            return value[1:end].strip()
    return re.sub(r"(?:^|\s)#.*", "", value).strip()


def _forms(secret: str) -> set[str]:
    data = secret.encode("utf-8", "replace")
    forms = {secret, quote(data), quote(data, safe=""), quote_plus(data), base64.b64encode(data).decode()}
    # What stands before a secret shifts its base64 by 0, 1 or 2 bytes; only the characters that depend on the
    # secret alone are looked for.
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + data).decode().rstrip("=")
        tail = (len(data) + shift) % 3
        inner = encoded[(0, 2, 3)[shift] : len(encoded) - (1 if tail else 0)]
        forms |= {inner, inner.replace("+", "-").replace("/", "_")}
    return {form for form in forms if len(form) >= SHORTEST}
