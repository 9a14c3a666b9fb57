"""Finding cases by name, showing what is known of one, writing a new one."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from promptctl.api.project import Project
from promptctl.core.case import Case, Suite
from promptctl.core.record import replace
from promptctl.core.run import Trial
from promptctl.core.words import did_you_mean, plural
from promptctl.engine.answering import own_store
from promptctl.engine.cases.draws import stored_trials
from promptctl.engine.cases.soundness import case_mistakes, case_of, grader_of
from promptctl.engine.load import Side
from promptctl.engine.one_side import OneSide
from promptctl.engine.selection import Selection, selected_suites
from promptctl.errors import Place, PromptctlError, raise_all
from promptctl.store.case_files import new_case_id, place_for_case, save_case
from promptctl.store.case_forms import folded, refuse_file_name
from promptctl.store.written_cases import Written, read_written


class Filter(NamedTuple):
    """Which cases are listed; empty means all. Within one option any of its values does."""

    statuses: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    def takes(self, case: Case) -> bool:
        """Whether the case is wanted."""
        return (
            (not self.statuses or case.status in self.statuses)
            and (not self.tags or bool(set(self.tags) & set(case.tags)))
            and (not self.severities or case.severity in self.severities)
            and (not self.groups or case.group in self.groups)
        )

    def options(self) -> list[str]:
        """The filter as it was typed."""
        names = ("--status", "--tag", "--severity", "--group")
        return [f"{name} {value}" for name, values in zip(names, self, strict=True) for value in values]


class Found(NamedTuple):
    """One case by its name, in the working tree."""

    side: Side
    suite: Suite
    case: Case


class Known(NamedTuple):
    """What is stored for a case under one model: the draws, judged now."""

    model: str
    trials: tuple[Trial, ...]
    warnings: tuple[str, ...]


class Added(NamedTuple):
    """A case that was written."""

    path: str
    suite: str
    case_id: str
    checks: tuple[str, ...]
    draft: bool


def list_cases(side: Side, selectors: Sequence[str], wanted: Filter) -> list[tuple[Suite, tuple[Case, ...]]]:
    """The cases of the selected suites that the filter takes, by suite; suites without one are left out.

    Raises:
        PromptctlError: a selector or a filter that selects nothing, a suite that cannot be read.
    """
    errors: list[PromptctlError] = []
    found = []
    for suite_id in selected_suites(side, Selection(tuple(selectors))):
        try:
            suite = side.suites.suite(suite_id)
        except PromptctlError as error:
            errors.extend(error.each())
            continue
        if cases := tuple(case for case in suite.cases if wanted.takes(case)):
            found.append((suite, cases))
    raise_all(errors)
    if not found:
        raise PromptctlError(
            "no case is selected",
            slug="nothing-selected",
            at=" ".join(["promptctl cases list", *selectors, *wanted.options()]),
            fix="`promptctl cases list` without options shows all, with status and tags"
            if any(wanted)
            else "write one: `promptctl cases add`",
        )
    return found


def find_case(side: Side, name: str, suite_id: str | None = None) -> Found:
    """The case called `ID` or `SUITE/ID`.

    Raises:
        PromptctlError: `unknown-case`, naming the nearest; `ambiguous-case`; or why the suites cannot be read.
    """
    if suite_id is None and "/" in name:
        suite_id, _, name = name.rpartition("/")
    if suite_id is not None:
        side.suites.require(suite_id)
    errors: list[PromptctlError] = []
    suites = []
    for one in [suite_id] if suite_id is not None else side.suites.ids:
        try:
            suites.append(side.suites.suite(one))
        except PromptctlError as error:
            errors.extend(error.each())
    found = [Found(side, suite, case) for suite in suites if (case := suite.case(name))]
    if len(found) == 1:
        return found[0]
    if found:
        raise PromptctlError(
            f"{name!r} is a case of {len(found)} suites: {', '.join(one.suite.id for one in found)}",
            slug="ambiguous-case",
            at=name,
            fix=f"say which is meant: {found[0].suite.id}/{name}",
        )
    raise_all(errors)
    known = [case.id for suite in suites for case in suite.cases]
    where = f"suite {suite_id}" if suite_id else "no suite"
    raise PromptctlError(
        f"{where} has no case {name!r}" if suite_id else f"{where} has a case {name!r}",
        slug="unknown-case",
        at=name or "an empty id",
        fix=f"{did_you_mean(name, known)}`promptctl cases list` shows all {plural(len(known), 'case')}",
    )


def written_case(found: Found) -> Written:
    """The case as it stands in its file."""
    written = read_written(found.side.suites, found.suite.id).cases
    return next(one for one in written if one.id == found.case.id)


def known_draws(project: Project, found: Found, models: Sequence[str] = ()) -> list[Known]:
    """The answers stored for a case as it stands, under the prompt's own model or those that are named.

    Raises:
        PromptctlError: the prompt or the case's checks cannot be used as they are.
    """
    side = found.side
    side.prompts.require(found.suite.prompt)
    grader = grader_of(side, replace(found.suite, cases=(found.case,)))
    [case] = grader.suite.cases
    providers = project.providers()
    store = own_store(project.root, readonly=True)
    known = []
    try:
        for model in models or (None,):
            one = OneSide(side, side, found.suite.prompt, model=model)
            trials = stored_trials(one, found.suite, case, grader, providers, store)
            known.append(Known(one.model, tuple(trials), tuple(store.warnings)))
    finally:
        store.close()
    return known


def target_suite(side: Side, name: str) -> Suite:
    """The suite that new cases for `name`, a suite or a prompt, go to; one without a case where there is none yet.

    Raises:
        PromptctlError: no such suite or prompt; `several-suites`.
    """
    if name in side.suites.ids:
        return side.suites.suite(name)
    if name in side.prompts:
        own = [one for one in side.suites.ids if _prompt_of(side, one) == name]
        if len(own) > 1:
            raise PromptctlError(
                f"{name} has {len(own)} suites: {', '.join(own)}",
                slug="several-suites",
                at=name,
                fix=f"name the suite that gets the case: {own[0]}",
            )
        return side.suites.suite(own[0]) if own else Suite(id=name, prompt=name, gate=side.suites.gate)
    raise PromptctlError(
        f"there is no suite and no prompt {name!r}",
        slug="unknown-suite",
        at=name,
        fix=did_you_mean(name, [*side.suites.ids, *side.prompts.ids]) + "`promptctl list` shows all",
    )


def _prompt_of(side: Side, suite_id: str) -> str | None:
    """The prompt that a suite tests; None for one that cannot be read, which is said where it is used."""
    try:
        return side.suites.suite(suite_id).prompt
    except PromptctlError:
        return None


def add_case(
    project: Project, name: str, case: Mapping[str, Any], *, at: str, private: bool = False
) -> Added:
    """Writes a new case, after everything that can be known about it without a model is known to be right.

    Args:
        name: A suite, or a prompt with one suite or none.
        case: Keys as in a case file; values of inputs may be text where the prompt wants another type.
        at: What messages name as its place: a new case stands in no file yet.
        private: Into the folder of private cases.

    Raises:
        PromptctlError: `no-private-cases`; what is wrong with it; nothing is written then.
    """
    side = project.worktree()
    suite = target_suite(side, name)
    side.prompts.require(suite.prompt)
    if private and side.suites.private is None:
        raise PromptctlError(
            side.absent or "no folder for private cases is named",
            slug="no-private-cases",
            at="--private",
            fix="make the folder first"
            if side.absent
            else 'write cases_root = "../private-cases" under [project] in promptctl.toml, and make that folder',
        )
    place = place_for_case(project.root, side.suites.home(suite.id, private=private), suite.id)
    new = dict(case)
    if "vars" in new:
        new["vars"] = OneSide(side, side, suite.prompt).typed(new["vars"])
    new.setdefault("id", new_case_id(new.get("vars") or {"input": new.get("input")}))
    errors: list[PromptctlError] = []
    written = case_of(new, suite, Place(at), errors)
    errors = errors or case_mistakes(side, suite, [written])
    for error in errors:
        error.at = str(error.at).replace(f"{at}:1:1", at)
    raise_all(errors)
    _refuse_taken(suite, written.id, at)
    if place.whole is None:
        refuse_file_name(written.id, at)
    path = save_case(place, new)
    names = tuple(check.name for check in written.every_check)
    return Added(path, suite.id, written.id, names, written.status == "draft")


def _refuse_taken(suite: Suite, case_id: str, at: str) -> None:
    for case in suite.cases:
        if folded(case.id) == folded(case_id):
            raise PromptctlError(
                f"the case {case.id!r} is there already, at {case.place}",
                slug="case-exists",
                at=at,
                fix="give another --id, or edit that case",
            )
