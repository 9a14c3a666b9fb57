"""What the header and the names of templates may say, without Jinja itself."""

FLAGS = ("trim_blocks", "lstrip_blocks", "keep_trailing_newline")
"""What a header may switch off under `jinja`; each is on otherwise."""


class OutsidePrompts(Exception):
    """A template names a file outside the prompt folder."""


def refuse_outside(name: str) -> None:
    """Raises OutsidePrompts for a name that is absolute, climbs, or uses another system's separators."""
    if name.startswith("/") or "\\" in name or "\0" in name or ":" in name.split("/")[0]:
        raise OutsidePrompts(name)
    if any(part in ("", ".", "..") for part in name.split("/")):
        raise OutsidePrompts(name)
