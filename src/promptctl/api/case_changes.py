"""Changing cases where they stand: their status, and breaks that are meant."""

from collections.abc import Callable, Sequence
from datetime import date
from functools import cached_property
from typing import NamedTuple

from promptctl.api.cases import Found, find_case, written_case
from promptctl.api.project import Project
from promptctl.core.result import Result
from promptctl.engine.cases.soundness import case_mistakes, changed_suite
from promptctl.engine.load import Side
from promptctl.errors import Place, PromptctlError, raise_all
from promptctl.reporters import json as json_reporter
from promptctl.store.accept_edits import accepted_in_project, accepted_in_suite
from promptctl.store.case_edits import Changes, with_changes
from promptctl.store.config import EXCUSED, NAME, PYPROJECT, config_file
from promptctl.store.documents import decode, read_yaml
from promptctl.store.files import read_bytes
from promptctl.store.rewrites import Rewrite, apply
from promptctl.store.suite_files import SUITE_FILE
from promptctl.store.written_cases import Written
from promptctl.store.yaml_edits import REMOVED


class Changed(NamedTuple):
    """A case that was changed, and where it stands; `changed` is False where it was so already."""

    suite: str
    case_id: str
    severity: str
    path: str
    changed: bool


class Accepted(NamedTuple):
    """An entry that was written."""

    path: str
    suite: str
    case_id: str
    what: str
    id_written: bool


def retire(project: Project, names: Sequence[str]) -> list[Changed]:
    """Takes cases out of all runs."""
    return _change(project, names, lambda one: {"status": "retired"})


def activate(project: Project, names: Sequence[str]) -> list[Changed]:
    """Lets cases decide, if they can: what is asked of a draft is looked at now."""

    def change(one: Written) -> Changes:
        if one.value.get("status", "active") == "active":
            return {}
        return {"status": "active", **({"quarantine": REMOVED} if "quarantine" in one.value else {})}

    return _change(project, names, change)


def quarantine(project: Project, names: Sequence[str], *, reason: str, until: str) -> list[Changed]:
    """Sets cases aside until a day: asked and listed, without a say.

    Raises:
        PromptctlError: `bad-date`; or why a file cannot be changed. Nothing is changed then.
    """
    today = date.today()
    _require_text(reason, "--reason")
    block = {"since": today.isoformat(), "reason": reason, "until": _day(until, today)}
    return _change(project, names, lambda one: {"id": one.id, "status": "quarantined", "quarantine": block})


def accept(
    project: Project,
    names: Sequence[str],
    *,
    because: str,
    what: str | None = None,
    until: str | None = None,
    suite_id: str | None = None,
) -> list[Accepted]:
    """Writes down that what became of cases is meant: in their suite, or in the project's file where that cannot be.

    Args:
        names: Ids, or `SUITE/ID`; a case may be gone.
        what: `broken`, `removed` or `weakened`; by default all that the last run says.
        until: A day past which it no longer holds.
        suite_id: The suite, where an id is in several.

    Raises:
        PromptctlError: nothing is written then.
    """
    side = project.worktree()
    _require_text(because, "--because")
    day = None if until is None else _day(until, date.today())
    writing = _Accepting(project, side)
    for name in names:
        writing.add(name, suite_id, what, {"because": because, **({"until": day} if day else {})})
    return writing.done()


def _change(project: Project, names: Sequence[str], change: Callable[[Written], Changes]) -> list[Changed]:
    side = project.worktree()
    wanted: dict[str, list[tuple[Written, Changes]]] = {}
    results: list[Changed] = []
    for name in dict.fromkeys(names):
        found = find_case(side, name)
        one = written_case(found)
        changes = {key: value for key, value in change(one).items() if one.value.get(key, REMOVED) != value}
        if not one.case.written_id and changes.get("status") == "quarantined":
            changes = {"id": one.id, **changes}
        changed = any(key != "id" for key in changes)
        results.append(Changed(found.suite.id, one.id, one.case.severity, one.slot.path, changed))
        if changed:
            wanted.setdefault(one.slot.path, []).append((one, changes))
    before = {path: side.tree.bytes(path) for path in wanted}
    after = {
        path: with_changes(before[path], path, [(one.slot, changes) for one, changes in edits])
        for path, edits in wanted.items()
    }
    for suite_id in dict.fromkeys(one.suite for one in results if one.changed):
        suite = changed_suite(side, suite_id, after)
        ids = {one.case_id for one in results if one.suite == suite_id and one.changed}
        raise_all(case_mistakes(side, suite, [case for case in suite.cases if case.id in ids]))
    apply(project.root, Rewrite(before, after))
    return results


class _Accepting:
    """Gathers entries, and the files that will hold them."""

    def __init__(self, project: Project, side: Side) -> None:
        self.project, self.side = project, side
        self.before: dict[str, bytes] = {}
        self.after: dict[str, bytes] = {}
        self.results: list[Accepted] = []

    def add(self, name: str, suite_id: str | None, what: str | None, more: dict[str, str]) -> None:
        """One case, with all that the last run says of it where `what` is None."""
        if suite_id is None and "/" in name:
            suite_id, _, name = name.rpartition("/")
        said = [one for one in self._said(name) if suite_id in (None, one[0])]
        suite_id = suite_id or self._suite_of(name, said)
        if suite_id not in self.side.suites.ids and not said:
            self.side.suites.require(suite_id)
        whats = [what] if what else [kind for suite, kind in said if suite == suite_id]
        if not whats:
            raise PromptctlError(
                f"the last run does not say that {name} broke, was removed or weakened",
                slug="nothing-to-accept",
                at=name,
                fix="run `promptctl test` first, or say which: --what " + "|".join(EXCUSED),
            )
        for kind in dict.fromkeys(whats):
            self._write(suite_id, name, {"case": name, "what": kind, **more})

    def done(self) -> list[Accepted]:
        """Writes the files."""
        for suite_id in dict.fromkeys(one.suite for one in self.results):
            if suite_id in self.side.suites.ids:
                changed_suite(self.side, suite_id, self.after)  # raises what would be wrong with it
        apply(self.project.root, Rewrite(self.before, self.after))
        return self.results

    @cached_property
    def _last(self) -> Result | None:
        path = self.project.last_result()
        if path is None:
            return None
        name = path.relative_to(self.project.root).as_posix()
        return json_reporter.read(decode(read_bytes(path), name), name)

    def _said(self, case_id: str) -> list[tuple[str, str]]:
        """(suite, what) of what the last run says of a case and nobody accepted yet."""
        found = []
        for suite in self._last.suites if self._last else ():
            for case in suite.results:
                if case.case == case_id and case.state == "broken" and case.accepted is None:
                    found.append((suite.suite, "broken"))
            for change in suite.yardstick:
                if change.case == case_id and change.accepted is None:
                    found.append((suite.suite, "removed" if change.what == "removed" else "weakened"))
        return found

    def _suite_of(self, name: str, said: Sequence[tuple[str, str]]) -> str:
        named = dict.fromkeys(suite for suite, _ in said)
        if len(named) == 1:
            return next(iter(named))
        if not named:
            return find_case(self.side, name).suite.id
        raise PromptctlError(
            f"the last run names {name!r} in {len(named)} suites: {', '.join(named)}",
            slug="ambiguous-case",
            at=name,
            fix=f"say which is meant: --suite {next(iter(named))}",
        )

    def _write(self, suite_id: str, case_id: str, entry: dict[str, str]) -> None:
        path, in_project = self._home(suite_id)
        self._refuse_private(suite_id, case_id, path)
        self._refuse_known(suite_id, entry, path)
        id_written = self._write_id(suite_id, case_id)
        data = self._data(path)
        if in_project:
            table = ("tool", "promptctl") if path == PYPROJECT else ()
            data = accepted_in_project(data, path, {"suite": suite_id, **entry}, table=table)
        else:
            data = accepted_in_suite(data, path, entry)
        self.after[path] = data
        self.results.append(Accepted(path, suite_id, case_id, entry["what"], id_written))

    def _home(self, suite_id: str) -> tuple[str, bool]:
        """The file that takes the entry, and whether that is the project's own."""
        files, home = self.side.suites.files(suite_id), self.side.suites.home(suite_id)
        if suite_id not in self.side.suites.ids or (files.whole and self._is_list(files.whole)):
            return config_file(self.project.root) or NAME, True
        return files.whole or files.settings or f"{home.folder}/{suite_id}/{SUITE_FILE}", False

    def _refuse_private(self, suite_id: str, case_id: str, path: str) -> None:
        """The id of a private case may be made of its words, and is not written into what Git keeps."""
        suites = self.side.suites
        case = suites.suite(suite_id).case(case_id) if suite_id in suites.ids else None
        if case and case.place and suites.is_private(case.place.path) and not suites.is_private(path):
            raise PromptctlError(
                f"{case_id} is a private case, and the entry would go into {path}",
                slug="private-case",
                at=case.place,
                fix=f"if others may read its id and the reason, write the entry into {path} by hand",
            )

    def _is_list(self, whole: str) -> bool:
        return not isinstance(read_yaml(self.side.tree.text(whole), whole).value, dict)

    def _refuse_known(self, suite_id: str, entry: dict[str, str], path: str) -> None:
        known = [one for one in self.project.config.accept if one.suite == suite_id]
        if suite_id in self.side.suites.ids:
            known += self.side.suites.suite(suite_id).accept
        written: list[tuple[str, str]] = [(one.case, one.what) for one in known]
        written += [(one.case_id, one.what) for one in self.results if one.suite == suite_id]
        if (entry["case"], entry["what"]) in written:
            raise PromptctlError(
                f"{entry['case']} {entry['what']} is accepted already",
                slug="already-accepted",
                at=Place(path),
                fix="change `because` or `until` of that entry by hand",
            )

    def _write_id(self, suite_id: str, case_id: str) -> bool:
        """Makes a computed id permanent: an entry must not lose its case when the inputs are edited."""
        suite = self.side.suites.suite(suite_id) if suite_id in self.side.suites.ids else None
        case = suite.case(case_id) if suite else None
        if suite is None or case is None or case.written_id:
            return False
        one = written_case(Found(self.side, suite, case))
        path = one.slot.path
        self.after[path] = with_changes(self._data(path), path, [(one.slot, {"id": case_id})])
        return True

    def _data(self, path: str) -> bytes:
        if path not in self.after:
            file = self.project.root / path
            self.before |= {path: read_bytes(file)} if file.exists() else {}
            self.after[path] = self.before.get(path, b"")
        return self.after[path]


def _day(text: str, today: date) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise PromptctlError(
            f"{text!r} is no date", slug="bad-date", at="--until", fix="write year-month-day: 2026-12-31"
        ) from None
    if day < today:
        raise PromptctlError(
            f"{day} is past, so nothing would change", slug="bad-date", at="--until", fix="give a day to come"
        )
    return day.isoformat()


def _require_text(text: str, option: str) -> None:
    if not text.strip():
        raise PromptctlError(
            f"there is no reason in {option}", slug="usage", at=option, fix="say it in a few words"
        )
