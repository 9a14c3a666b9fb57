"""Suites in their canonical form, and in other forms."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from promptctl.api.project import Project
from promptctl.engine.load import Side
from promptctl.engine.selection import Selection, selected_suites
from promptctl.errors import PromptctlError, raise_all
from promptctl.store import case_packing
from promptctl.store.case_formatting import Formatted, formatted
from promptctl.store.case_packing import Packed
from promptctl.store.private import private_path
from promptctl.store.rewrites import Rewrite, apply


def format_cases(project: Project, names: Sequence[str], *, write: bool = True) -> list[Formatted]:
    """Every file with cases of the selected suites as it should be; with `write` it is, afterwards.

    Args:
        names: Suites, prompts, patterns, or paths of files and folders; none means all.

    Raises:
        PromptctlError: a name that selects nothing, mistakes in the files. Nothing is written then.
    """
    side = project.worktree()
    private = side.suites.private
    found_at = {
        name: None if name in side.suites.ids else _below(project.root, name, private) for name in names
    }
    paths = {path for path in found_at.values() if path is not None}
    selectors = [name for name, path in found_at.items() if path is None]
    suites = _suites_at(side, paths) if paths else {}
    suites |= dict.fromkeys(
        selected_suites(side, Selection(tuple(selectors))) if selectors or not names else ()
    )
    errors: list[PromptctlError] = []
    found: list[Formatted] = []
    for suite_id, inside in suites.items():
        try:
            found += formatted(side.suites, suite_id, _is_in(inside))
        except PromptctlError as error:
            errors.extend(error.each())
    raise_all(errors)
    changing = [one for one in found if one.changes]
    if write:
        before = {one.path: one.before for one in changing}
        apply(project.root, Rewrite(before, {one.path: one.after for one in changing}))
    return found


def pack(project: Project, suite_id: str, *, whole: bool = False, drop_comments: bool = False) -> Packed:
    """Puts the cases of a suite into one .jsonl file, or with `whole` the suite into one .yaml file.

    Raises:
        PromptctlError: `comments-lost`, unless they are dropped; mistakes in the files. Nothing is changed then.

    Private cases of a suite that is among the project's own stay where they are, here and in `unpack`.
    """
    side = project.worktree()
    side.suites.require(suite_id)
    make = case_packing.pack_whole if whole else case_packing.pack
    because = "the cases are written anew, sorted by id" if whole else "JSON has no place for them"
    packed = make(side.suites.home(suite_id), suite_id, _images(side, suite_id))
    return _done(project, packed, drop_comments, because)


def unpack(project: Project, suite_id: str, *, drop_comments: bool = False) -> Packed:
    """Gives each case of a suite a file of its own.

    Raises:
        PromptctlError: as `pack`.
    """
    side = project.worktree()
    side.suites.require(suite_id)
    packed = case_packing.unpack(side.suites.home(suite_id), suite_id, _images(side, suite_id))
    return _done(project, packed, drop_comments, "each case is written anew, into a file of its own")


def _done(project: Project, packed: Packed, drop_comments: bool, because: str) -> Packed:
    if not drop_comments:
        case_packing.refuse_lost(packed, because=because)
    apply(project.root, packed.rewrite)
    return packed


def _images(side: Side, suite_id: str) -> Iterable[str]:
    """The inputs of the suite's prompt that take pictures; none where the prompt cannot be read."""
    files = side.suites.files(suite_id)
    try:
        prompt = side.suites.suite(suite_id).prompt if files.all else suite_id
        inputs = side.prompts.version(prompt).inputs
    except PromptctlError:
        return ()
    return [name for name, spec in inputs.items() if spec.type == "image"]


def _below(root: Path, name: str, private: str | None) -> str | None:
    """The path of a file or folder of the project, or of private cases; None for what is no path."""
    path = Path(name).resolve()
    if found := private_path(root, path, private):
        return found if path.exists() else None
    if not path.exists() or not path.is_relative_to(root):
        return None
    return path.relative_to(root).as_posix()


def _suites_at(side: Side, paths: set[str]) -> dict[str, set[str] | None]:
    """The suites that have a file at or below these paths, with the files that are meant."""
    found: dict[str, set[str] | None] = {}
    for path in sorted(paths):
        inside = {
            suite_id: {
                file
                for file in side.suites.files(suite_id).all
                if path in ("", ".", file) or file.startswith(f"{path}/")
            }
            for suite_id in side.suites.ids
        }
        inside = {suite_id: files for suite_id, files in inside.items() if files}
        if not inside:
            raise PromptctlError(
                f"{path} holds no case",
                slug="nothing-selected",
                at=path,
                fix=f"name a suite, or a file below {side.suites.folder}/",
            )
        for suite_id, files in inside.items():
            found[suite_id] = (found.get(suite_id) or set()) | files
    return found


def _is_in(paths: set[str] | None) -> Callable[[str], bool]:
    return lambda path: paths is None or path in paths
