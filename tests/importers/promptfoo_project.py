"""A promptfoo project to import: a configuration and the files that it names."""

from pathlib import Path

from tests.importers.taking import Taken, taken

PROVIDER = "providers: [openai:gpt-4o]\n"


def config(tmp_path: Path, text: str, **files: str) -> Taken:
    """An import of `promptfooconfig.yaml`; `__` in a name of a further file is its dot, `_in_` a folder."""
    others = {name.replace("_in_", "/").replace("__", "."): content for name, content in files.items()}
    return taken(tmp_path, {"promptfooconfig.yaml": text, **others})
