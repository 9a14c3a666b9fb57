"""An import from invented files into a folder of its own, by the code that the command calls."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from promptctl.api.importing import ImportReport, import_prompts
from promptctl.core.case import Suite
from promptctl.core.prompt import Header
from promptctl.errors import PromptctlError
from promptctl.store.prompts import Prompts
from promptctl.store.suites import Suites
from promptctl.store.trees import WorkTree


class Taken:
    """A project that an import has written into, with the report."""

    def __init__(self, root: Path, report: ImportReport) -> None:
        self.root, self.report = root, report
        tree = WorkTree(root, ("prompts", "evals"))
        self.prompts, self.suites = Prompts(tree), Suites(tree)

    @property
    def left_out(self) -> list[str]:
        """What was left out, as `what @ line:column`."""
        return [
            f"{one.what} @ {one.at.line}:{one.at.column}" for f in self.report.files for one in f.left_out
        ]

    @property
    def notes(self) -> list[str]:
        """What a person should know."""
        return [one.what for file in self.report.files for one in file.notes]

    @property
    def refusals(self) -> list[tuple[str, str]]:
        """The refusals, as (slug, place)."""
        return [(error.slug, str(error.at)) for error in self.report.refused]

    @property
    def why(self) -> str:
        """All that the refusals say."""
        return "\n".join(f"{error.message} {error.fix}" for error in self.report.refused)

    def header(self, prompt: str) -> Header:
        """The header of a written prompt."""
        return self.prompts.header(prompt)

    def body(self, prompt: str) -> str:
        """The text of a written prompt below its header."""
        return self.prompts.templates.parts(f"{prompt}.prompt.j2").body

    def messages(self, prompt: str, **values: Any) -> list[dict[str, Any]]:
        """What a written prompt sends for values."""
        return [message.as_dict() for message in self.prompts.render(prompt, values)]

    def said(self, prompt: str, **values: Any) -> list[tuple[str, Any]]:
        """The same as (role, content)."""
        return [(one["role"], one["content"]) for one in self.messages(prompt, **values)]

    def suite(self, suite: str) -> Suite:
        """A written suite."""
        return self.suites.suite(suite)

    def files(self) -> list[str]:
        """What stands in the project, but for the foreign files."""
        found = (path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if path.is_file())
        return sorted(path for path in found if not path.startswith("there/"))


def taken(root: Path, files: Mapping[str, str | bytes], *paths: str, **options: Any) -> Taken:
    """Writes foreign files into `there/` and imports `paths` of it, by default the first file."""
    for name, text in files.items():
        path = root / "there" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    named = [str(root / "there" / path) for path in paths or (next(iter(files)),)]
    return Taken(root, import_prompts(named, folder=root, **options))


def refused(
    root: Path, files: Mapping[str, str | bytes], *paths: str, **options: Any
) -> list[tuple[str, str]]:
    """The refusals of an import that must write nothing, as (slug, `file:line:column`)."""
    done = taken(root, files, *paths, **options)
    assert done.files() == []
    assert done.report.files == ()
    return [(error.slug, _below(root, error)) for error in done.report.refused]


def _below(root: Path, error: PromptctlError) -> str:
    return str(error.at).removeprefix(f"{root}/there/")
