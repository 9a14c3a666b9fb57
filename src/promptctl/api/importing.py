"""`import`: other people's prompt files become prompts, suites and cases; what cannot be carried over is named."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from promptctl.core.words import plural
from promptctl.engine.imports.proof import Proof, prove_all
from promptctl.engine.imports.sources import Source, read_all
from promptctl.engine.imports.target import Target
from promptctl.engine.imports.written import files_of
from promptctl.errors import Place, PromptctlError
from promptctl.importers.imported import Imported, ImportedPrompt, LeftOut, Note

_ID = re.compile(r"(?![._])[\w.-]+(?:/(?![._])[\w.-]+)*\Z")


class ImportedFile(NamedTuple):
    """One foreign file: what it became, and what of it was left out. Paths are as the user would type them.

    `written` and `there` are files of the project: new ones, and ones that said the same already. `proved` requests
    were compared with what the original sends, and are equal; `blank_ends` says that the original sends blank lines at
    the ends of messages besides.
    """

    path: str
    format: str
    prompts: tuple[str, ...]
    cases: int
    proved: int
    written: tuple[str, ...]
    there: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[Note, ...]
    blank_ends: bool


class ImportReport(NamedTuple):
    """Everything that an import did.

    `refused` says why the other files could not be imported, `passed_over` are files of a folder in no known format.
    `config` are lines for promptctl.toml: written there, or to be added by hand. With `held_back` nothing was written.
    """

    files: tuple[ImportedFile, ...]
    refused: tuple[PromptctlError, ...]
    passed_over: tuple[str, ...]
    config: str
    config_written: bool
    held_back: bool

    @property
    def left_out(self) -> int:
        """How many things could not be carried over."""
        return sum(len(one.left_out) for one in self.files)


def import_prompts(
    paths: Sequence[str],
    *,
    folder: str | Path = ".",
    as_format: str | None = None,
    name: str | None = None,
    to: str = "",
    dry_run: bool = False,
    strict: bool = False,
) -> ImportReport:
    """Reads foreign files and writes them as prompts, suites and cases of the project. Nothing is overwritten.

    Args:
        paths: Files and folders, as typed.
        folder: Any folder of the project; where there is none, the project begins here.
        as_format: The format of the files, instead of recognising it.
        name: The id of the prompt, where one prompt is imported.
        to: A folder below the prompt folder, and below the eval folder, for everything that is imported.
        dry_run: Nothing is written.
        strict: Nothing is written if anything would be left out or refused.

    Raises:
        PromptctlError: a path that is not there, an unknown format, a name for several prompts.
    """
    _refuse_bad_id("--name", name or "")
    _refuse_bad_id("--to", to.strip("/"))
    found = read_all(paths, as_format)
    renamed = [_renamed(source.imported, name, to) for source in found.sources]
    if name is not None and sum(len(one.prompts) for one in renamed) > 1:
        raise _too_many_to_name(name, renamed)
    target = Target(Path(folder))
    planned: list[_Planned] = []
    refused = list(found.refused)
    for source, imported in zip(found.sources, renamed, strict=True):
        try:
            planned.append(_plan(target, source, imported))
        except PromptctlError as error:
            refused += source.folder.error(error).each()
    files = tuple(one.file for one in planned)
    held_back = dry_run or (strict and (bool(refused) or any(one.left_out for one in files)))
    if not held_back:
        for one in planned:
            target.write(one.texts)
    config = target.config_lines([source.imported.config for source in found.sources])
    config_written = bool(config and planned) and not held_back and target.write_config(config)
    return ImportReport(files, tuple(refused), found.passed_over, config, config_written, held_back)


class _Planned(NamedTuple):
    """One foreign file, and the texts of the new files that it becomes."""

    file: ImportedFile
    texts: dict[str, str]


def _plan(target: Target, source: Source, imported: Imported) -> _Planned:
    """Everything about one file but the writing.

    Raises:
        PromptctlError: what would be written cannot be read back, differs from the original, or is in the way.
    """
    texts = files_of(imported, target.prompts, target.evals)
    proofs = prove_all(imported, texts, target.config)
    new = target.claim(texts, source.path, _place_of(imported))
    return _Planned(_file(source, imported, texts, new, proofs), {path: texts[path] for path in new})


def _place_of(imported: Imported) -> Place:
    return (imported.prompts or imported.suites)[0].place


def _file(
    source: Source, imported: Imported, texts: Mapping[str, str], new: Sequence[str], proofs: Sequence[Proof]
) -> ImportedFile:
    shown = source.folder.place
    return ImportedFile(
        path=source.path,
        format=source.format,
        prompts=tuple(prompt.id for prompt in imported.prompts),
        cases=sum(len(suite.cases) for suite in imported.suites),
        proved=sum(proof.compared for proof in proofs),
        written=tuple(new),
        there=tuple(path for path in texts if path not in new),
        left_out=tuple(
            one._replace(at=shown(one.at)) for one in sorted(imported.left_out, key=_in_file_order)
        ),
        notes=tuple(one._replace(at=shown(one.at)) for one in sorted(imported.notes, key=_in_file_order)),
        blank_ends=any(proof.blank_ends for proof in proofs),
    )


def _in_file_order(one: LeftOut | Note) -> tuple[str, int, int]:
    return one.at.path, one.at.line, one.at.column


def _renamed(imported: Imported, name: str | None, to: str) -> Imported:
    """The same with other ids: below the folder `to`, and a prompt under `name`, its suite with it."""
    prefix = f"{to.strip('/')}/" if to.strip("/") else ""
    new = {prompt.id: prefix + (name or prompt.id) for prompt in imported.prompts}
    prompts = tuple(_moved(prompt, new[prompt.id]) for prompt in imported.prompts)
    suites = tuple(
        suite._replace(
            id=new.get(suite.id, prefix + suite.id), prompt=new.get(suite.prompt, prefix + suite.prompt)
        )
        for suite in imported.suites
    )
    return imported._replace(prompts=prompts, suites=suites)


def _refuse_bad_id(option: str, value: str) -> None:
    if value and not _ID.match(value):
        raise PromptctlError(
            f"{value!r} cannot be a part of a prompt's id",
            slug="usage",
            at=f"{option} {value}",
            fix="use letters of any script, digits, '.', '_' and '-', with / between folders; begin none with . or _",
        )


def _moved(prompt: ImportedPrompt, new: str) -> ImportedPrompt:
    """The prompt under another id, with the schemas and tools that are named for it. Partials are shared: they stay."""
    paths = {path: _moved_path(path, prompt.id, new) for path in prompt.files}
    header = dict(prompt.header)
    if isinstance(header.get("output"), dict) and "schema" in header["output"]:
        schema = header["output"]["schema"]
        header["output"] = {**header["output"], "schema": paths.get(schema, schema)}
    if header.get("tools"):
        header["tools"] = [paths.get(path, path) for path in header["tools"]]
    files = {paths[path]: text for path, text in prompt.files.items()}
    return prompt._replace(id=new, header=header, files=files)


def _moved_path(path: str, old: str, new: str) -> str:
    kind, _, rest = path.partition("/")
    if kind in ("schemas", "tools") and rest.startswith((f"{old}.", f"{old}/")):
        return f"{kind}/{new}{rest[len(old) :]}"
    return path


def _too_many_to_name(name: str, imported: Sequence[Imported]) -> PromptctlError:
    ids = [prompt.id for one in imported for prompt in one.prompts]
    return PromptctlError(
        f"{plural(len(ids), 'prompt')} would be imported, and --name gives one name",
        slug="usage",
        at=f"--name {name}",
        fix="import one file at a time, or put them into a folder of their own: --to FOLDER",
    )
