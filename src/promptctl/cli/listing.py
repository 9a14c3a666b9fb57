"""`promptctl list`: what there is, and how it did last."""

from collections import Counter
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

import click

from promptctl.api.project import Project
from promptctl.cli.output import table, talk, write
from promptctl.core.case import Suite
from promptctl.core.result import SuiteResult
from promptctl.core.ruling import word
from promptctl.core.words import did_you_mean, plural
from promptctl.engine.load import Side
from promptctl.errors import PromptctlError
from promptctl.reporters import json as json_reporter
from promptctl.reporters.safe import terminal_line
from promptctl.store.files import state_folder
from promptctl.store.places import decode
from promptctl.store.runs import RESULT, RUNS

LOOKED_AT = 20
"""Runs searched for the last decision on each suite, newest first."""

STATUSES = ("active", "draft", "quarantined", "retired")
EPILOG = """\b
Examples:
  promptctl list                           every prompt and suite
  promptctl list support/reply             also its cases, with their last state
  promptctl list 'support/*'
"""


class Row(NamedTuple):
    """One line of the table. `suite` is None for a suite that cannot be read, or where there is none."""

    prompt: str | None
    suite_id: str | None
    suite: Suite | None
    error: str | None = None

    def matches(self, selector: str) -> bool:
        """Whether the prompt or the suite is meant."""
        return any(
            name is not None and (name == selector or fnmatchcase(name, selector))
            for name in (self.prompt, self.suite_id)
        )


class Last(NamedTuple):
    """The newest decision on a suite, and when it was made."""

    result: SuiteResult
    at: str

    def __str__(self) -> str:
        when = self.at[:16].replace("T", " ") + (" UTC" if self.at.endswith("Z") else "")
        return f"{self.result.word or word(self.result.status, self.result.rule)} {when}"


@click.command("list", epilog=EPILOG)
@click.argument("selectors", nargs=-1, metavar="[SELECTOR]...")
def list_(selectors: tuple[str, ...]) -> None:
    """Lists prompts with their suites, cases by status, checks and the last decision.

    SELECTOR is a prompt or suite id, or a pattern; with one, the cases are listed too.
    """
    project = Project()
    side = project.here()
    rows = _selected(list(_rows(side)), selectors)
    last = _last_decisions(project, {row.suite_id for row in rows if row.suite_id})
    if rows:
        heads = ("prompt", "model", "suite", "cases", "checks", "last decision")
        write(table(heads, [_cells(side, row, last) for row in rows]))
    else:
        write(
            f"no prompts and no suites yet: write {side.prompts.folder}/NAME.prompt.j2, or `promptctl init`"
        )
    for row in rows if selectors else ():
        if row.suite is not None and row.suite.cases:
            _list_cases(row.suite, last.get(row.suite.id))
    if side.absent:
        talk(terminal_line(side.absent))
    if side.passed_over or any(_is_broken(side, row) for row in rows):
        talk("some files cannot be used as they are: `promptctl lint` says which and why")


def _rows(side: Side) -> Iterator[Row]:
    tested = set()
    rows = []
    for suite_id in side.suites.ids:
        try:
            suite = side.suites.suite(suite_id)
        except PromptctlError as error:
            # Which prompt it tests stands in the file that cannot be read; by default it has the suite's name.
            prompt = suite_id if suite_id in side.prompts else None
            rows.append(Row(prompt, suite_id, None, error.slug))
            tested.add(suite_id)
            continue
        rows.append(Row(suite.prompt, suite_id, suite))
        tested.add(suite.prompt)
    rows += [Row(prompt, None, None) for prompt in side.prompts.ids if prompt not in tested]
    yield from sorted(rows, key=lambda row: (row.prompt or row.suite_id or "", row.suite_id or ""))


def _selected(rows: list[Row], selectors: Sequence[str]) -> list[Row]:
    for selector in selectors:
        if not any(row.matches(selector) for row in rows):
            known = {name for row in rows for name in (row.prompt, row.suite_id) if name}
            raise PromptctlError(
                f"{selector!r} is no prompt, suite or pattern that matches one",
                slug="nothing-selected",
                at=f"selector {selector}",
                fix=did_you_mean(selector, known) + "`promptctl list` shows all",
            )
    return [row for row in rows if not selectors or any(row.matches(s) for s in selectors)]


def _cells(side: Side, row: Row, last: dict[str, Last]) -> tuple[str, ...]:
    decision = last.get(row.suite_id or "")
    return (
        _prompt(side, row.prompt),
        _model(side, row.prompt),
        f"{row.suite_id} (internal)" if row.suite and row.suite.internal else row.suite_id or "no suite",
        f"[{row.error}]" if row.error else _cases(row.suite),
        str(_checks(row.suite)) if row.suite else "",
        str(decision) if decision else "",
    )


def _prompt(side: Side, prompt: str | None) -> str:
    if prompt is None:
        return "unknown"
    if prompt in side.prompts or side.prompts.path(prompt) in side.tree.refused:
        return prompt
    return f"{prompt} (missing)"


def _model(side: Side, prompt: str | None) -> str:
    """The model of a prompt; the slug of the error where the prompt cannot be read."""
    if prompt is None or prompt not in side.prompts:
        return ""
    try:
        return side.prompts.version(prompt).header.model or side.config.project.model
    except PromptctlError as error:
        return f"[{error.slug}]"


def _is_broken(side: Side, row: Row) -> bool:
    if row.error is not None:
        return True
    return row.prompt is not None and (row.prompt not in side.prompts or _model(side, row.prompt)[:1] == "[")


def _cases(suite: Suite | None) -> str:
    if suite is None:
        return ""
    counts = Counter(case.status for case in suite.cases)
    return ", ".join(f"{counts[status]} {status}" for status in STATUSES if counts[status]) or "none"  # type: ignore[index]


def _checks(suite: Suite) -> int:
    """Different checks over all cases; one that many cases share counts once."""
    return len({repr((check.kind, check.meaning())) for case in suite.cases for check in case.every_check})


def _list_cases(suite: Suite, last: Last | None) -> None:
    states = {case.case: case.state for case in last.result.results} if last else {}
    write("")
    write(f"{terminal_line(suite.id)}   {plural(len(suite.cases), 'case')}")
    rows = [
        (
            case.id,
            case.status,
            case.severity,
            ", ".join(case.tags),
            states.get(case.id, "").replace("_", " "),
        )
        for case in suite.cases
    ]
    write(table(("case", "status", "severity", "tags", "last run"), rows))


def _last_decisions(project: Project, suite_ids: set[str]) -> dict[str, Last]:
    """The newest decision on each suite, from the runs kept in this project."""
    folder = state_folder(project.root) / RUNS
    found: dict[str, Last] = {}
    files = sorted(folder.glob(f"*/{RESULT}"), reverse=True) if folder.is_dir() else []
    for file in files[:LOOKED_AT]:
        if found.keys() >= suite_ids:
            break
        name = file.relative_to(project.root).as_posix()
        try:
            result = json_reporter.read(decode(file.read_bytes(), name), name)
        except (OSError, PromptctlError) as error:
            talk(terminal_line(f"{name} is left out: {error}"))
            continue
        for suite in result.suites:
            if suite.compare is None:  # a comparison of variants decides nothing
                found.setdefault(suite.suite, Last(suite, result.started_at))
    return found
