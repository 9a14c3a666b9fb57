"""The project that an import writes into: what is there already, what is in the way, new files all or none."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from promptctl.core.config import Config
from promptctl.core.routes import PRESETS, route
from promptctl.engine.imports.written import as_toml
from promptctl.engine.load import bare_repository
from promptctl.errors import FileError, Place, PromptctlError
from promptctl.store.config import NAME, PYPROJECT, config_file, find_root, read_config
from promptctl.store.files import read_bytes, write_atomically
from promptctl.store.git_faults import no_work_tree
from promptctl.store.places import decode
from promptctl.store.prompts import SUFFIX


class Target:
    """The project that `folder` lies in; where there is none, one that begins there.

    Raises:
        PromptctlError: its configuration cannot be read; `no-work-tree`, in a bare repository.
    """

    def __init__(self, folder: Path) -> None:
        root = find_root(folder.resolve())
        if bare := bare_repository(folder.resolve(), root):
            raise no_work_tree(str(bare.root))
        self.root = root or folder
        texts = [_text(self.root / name) for name in (NAME, PYPROJECT)]
        self.config: Config = read_config(*texts, presets=PRESETS)
        self.prompts, self.evals = self.config.project.prompts, self.config.project.evals
        self._claimed: dict[str, str] = {}

    def claim(self, texts: Mapping[str, str], source: str, at: Place) -> list[str]:
        """The paths of these texts that are new; the others say the same already.

        Args:
            texts: Text by path below the project's root.
            source: The foreign file they are from.
            at: Where it says what they are made of, for errors.

        Raises:
            FileError: `import-exists`, something else stands at a path, or will.
        """
        new = [path for path in texts if not self._is_there(path, texts[path], at)]
        self._claimed.update(dict.fromkeys(texts, source))
        return new

    def write(self, texts: Mapping[str, str]) -> None:
        """Writes new files, all or none.

        Raises:
            PromptctlError: `cannot-write`.
        """
        done: list[Path] = []
        try:
            # Prompts last: a reader never sees one whose schema or tools are missing.
            for path in sorted(texts, key=lambda path: path.endswith(SUFFIX)):
                write_atomically(self.root / path, texts[path])
                done.append(self.root / path)
        except PromptctlError:
            for written in done:
                written.unlink(missing_ok=True)
            raise

    def config_lines(self, wanted: Sequence[Mapping[str, Any]]) -> str:
        """What promptctl.toml lacks of these tables, as its lines."""
        lacking: dict[str, dict[str, Any]] = {}
        for tables in wanted:
            for table, entries in tables.items():
                new = {key: value for key, value in entries.items() if not self._configured(table, key)}
                lacking.setdefault(table, {}).update(new)
        return as_toml({table: entries for table, entries in lacking.items() if entries})

    def write_config(self, lines: str) -> bool:
        """Writes promptctl.toml where no file configures the project yet. Whether it did."""
        target = self.root / NAME
        if config_file(self.root) is not None or os.path.lexists(target):
            return False
        read_config(lines, presets=PRESETS)
        write_atomically(target, lines)
        return True

    def _configured(self, table: str, key: str) -> bool:
        if table == "models" and route(key, self.config.models, self.config.providers) is not None:
            return True
        return key in getattr(self.config, table, {})

    def _is_there(self, path: str, text: str, at: Place) -> bool:
        if other := self._claimed.get(path):
            raise _in_the_way(path, f"it is written from {other} already", at)
        for parent in list(Path(path).parents)[:-1]:
            if (self.root / parent).is_symlink():
                raise _in_the_way(path, f"{parent} is a symbolic link", at)
        target = self.root / path
        if os.path.lexists(target):
            if target.is_file() and not target.is_symlink() and read_bytes(target) == text.encode():
                return True
            raise _in_the_way(path, "it is there, and says something else", at)
        if twin := self._other_form(path):
            raise _in_the_way(path, f"{twin} is there", at)
        return False

    def _other_form(self, path: str) -> str | None:
        """A suite's folder where its one file would go, or the file where its folder would."""
        if not path.startswith(f"{self.evals}/"):
            return None
        whole = path.removesuffix(".yaml")
        if (self.root / whole).is_dir() and any((self.root / whole).glob("*.yaml")):
            return f"{whole}/"
        folder = path.partition("/cases/")[0] if "/cases/" in path else path.removesuffix("/suite.yaml")
        if folder != path and (self.root / f"{folder}.yaml").is_file():
            return f"{folder}.yaml"
        return None


def _in_the_way(path: str, why: str, at: Place) -> FileError:
    return FileError(
        f"{path} cannot be written: {why}",
        slug="import-exists",
        at=at,
        fix="nothing is overwritten: import under another id, --name ID or --to FOLDER",
    )


def _text(path: Path) -> str | None:
    return decode(read_bytes(path), str(path)) if path.is_file() else None
