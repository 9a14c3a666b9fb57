"""What to ask: every case of the selected suites rendered on both sides, equal requests found."""

from collections.abc import Sequence
from datetime import date
from fnmatch import fnmatchcase
from typing import NamedTuple

from promptctl.core.case import Case, Suite
from promptctl.core.comparison import YardstickChange, yardstick_changes
from promptctl.core.message import Message
from promptctl.core.record import replace
from promptctl.core.run import Standing
from promptctl.core.words import did_you_mean
from promptctl.engine.grader import Grader
from promptctl.engine.load import Side, routed
from promptctl.engine.pairing import Affected, Pairing
from promptctl.engine.requests import Rendered, as_request, render_base, render_case
from promptctl.errors import PromptctlError, raise_all


class Selection(NamedTuple):
    """What the user asked for; empty means everything that the change affects.

    `base_prompt` and `head_prompt` compare two prompts on one suite, instead of one prompt with itself.
    """

    selectors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    all: bool = False
    model: str | None = None
    samples: int | None = None
    base_prompt: str | None = None
    head_prompt: str | None = None

    @property
    def partial(self) -> bool:
        """Whether cases are left out, so that what is absent says nothing."""
        return bool(self.tags or self.cases)


class PlannedCase(NamedTuple):
    """One case with what each side would send. `ask`: an answer is wanted, not only looked up."""

    case: Case
    standing: Standing
    base: Rendered | None
    head: Rendered
    ask: bool
    accepted: str | None = None
    own: Case | None = None

    @property
    def unchanged(self) -> bool:
        """Both sides send the same."""
        return self.base is not None and self.base.request == self.head.request

    @property
    def sides(self) -> tuple[Rendered, ...]:
        """What is sent, base first; one where both send the same."""
        return (self.head,) if self.base is None or self.unchanged else (self.base, self.head)


class SuitePlan(NamedTuple):
    """One suite under one model on both sides. `has_base` is False where head is scored alone."""

    suite: Suite
    base_suite: Suite | None
    prompt: str
    model: str
    base_digest: str | None
    head_digest: str | None
    has_base: bool
    samples: int
    cases: tuple[PlannedCase, ...]
    changed: tuple[str, ...]
    yardstick: tuple[YardstickChange, ...]
    notes: tuple[str, ...] = ()


class Plan(NamedTuple):
    """Everything a run would do."""

    suites: tuple[SuitePlan, ...]
    affected: tuple[Affected, ...]
    untested: tuple[Affected, ...]
    notes: tuple[str, ...]


def make_plan(base: Side | None, head: Side, selection: Selection, today: date) -> Plan:
    """Renders both sides of every selected case.

    Raises:
        PromptctlError, Several: head's prompts, suites or cases cannot be read or rendered (exit 2), or the
            selection selects nothing.
    """
    pairing = Pairing(base, head, base_prompt=selection.base_prompt)
    suite_ids = _selected_suites(head, selection)
    suites = _read_suites(head, suite_ids)
    if selection.head_prompt:
        suites = [replace(suite, prompt=selection.head_prompt) for suite in suites]
    if not suites and (base is None or not base.suites.ids):
        raise _no_suites(head)
    affected = _affected(pairing, head, suites, selection)
    by_prompt = {found.prompt: found for found in affected}
    planner = _Planner(base, head, pairing, selection, today)
    plans = []
    for suite in suites:
        wanted = base is None or selection.all or suite.prompt in by_prompt or pairing.suite_differs(suite.id)
        if wanted and any(case.status in ("active", "quarantined") for case in suite.cases):
            plans.append(planner.suite(suite, by_prompt.get(suite.prompt)))
        elif not suite.cases:
            raise _empty(suite)
        elif wanted:
            pairing.notes.append(f"suite {suite.id} has no active case")
    planner.refuse_empty_selection(suites)
    for gone in (planner.gone(suite_id) for suite_id in _gone(pairing, head, selection)):
        if any(change.blocker and change.accepted is None for change in gone.yardstick):
            plans.append(gone)
        else:
            pairing.notes.append(f"suite {gone.suite.id} is removed, {len(gone.yardstick)} cases with it")
    tested = {suite.prompt for suite in suites if any(case.status == "active" for case in suite.cases)}
    untested = () if selection.selectors else tuple(a for a in affected if base and a.prompt not in tested)
    for prompt_id in () if selection.selectors else pairing.removed_prompts():
        pairing.notes.append(f"prompt {prompt_id} is removed")
    kept = tuple(plan for plan in plans if plan.cases or plan.yardstick)
    return Plan(kept, affected if base else (), untested, tuple(pairing.notes))


def _selected_suites(head: Side, selection: Selection) -> list[str]:
    head_ids = head.suites.ids
    if not selection.selectors:
        compared = {selection.base_prompt, selection.head_prompt} - {None}
        return [name for name in head_ids if not compared or _prompt_of(head, name) in compared]
    chosen = []
    for selector in selection.selectors:
        found = [name for name in head_ids if name == selector or fnmatchcase(name, selector)]
        prompts = [name for name in head.prompts.ids if name == selector or fnmatchcase(name, selector)]
        found += [name for name in head_ids if _prompt_of(head, name) in prompts]
        if not found:
            known = [*head_ids, *head.prompts.ids]
            what = "has no suite" if prompts else "is no prompt, suite or pattern that matches one"
            raise PromptctlError(
                f"{selector!r} {what}",
                slug="nothing-selected",
                at=f"selector {selector}",
                fix=f"write cases into {head.suites.folder}/{selector}.yaml"
                if prompts
                else did_you_mean(selector, known) + "`promptctl list` shows all",
            )
        chosen += found
    return sorted(set(chosen))


def _prompt_of(head: Side, suite_id: str) -> str:
    try:
        return head.suites.suite(suite_id).prompt
    except PromptctlError:
        return suite_id


def _read_suites(head: Side, suite_ids: Sequence[str]) -> list[Suite]:
    errors: list[PromptctlError] = [*head.suites.strays, *_refusals(head)]
    suites = []
    for suite_id in suite_ids:
        try:
            suite = head.suites.suite(suite_id)
            if head.prompts.path(suite.prompt) in head.tree.refused:
                continue  # said with its path already
            if suite.prompt not in head.prompts:
                raise PromptctlError(
                    f"suite {suite.id} tests the prompt {suite.prompt!r}, which is not there",
                    slug="unknown-prompt",
                    at=suite.place,
                    fix=did_you_mean(suite.prompt, head.prompts.ids)
                    + f"write {head.prompts.path(suite.prompt)}, or `prompt: …` into the suite",
                )
            Grader(suite)  # builds every check: what is wrong with one is said before anything is asked
            suites.append(suite)
        except PromptctlError as error:
            errors.extend(getattr(error, "errors", (error,)))
    raise_all(errors)
    return suites


def _refusals(side: Side) -> list[PromptctlError]:
    """What a commit and a disk would show differently is refused by path, before anything reads it."""
    errors = []
    for path in side.tree.refused:
        try:
            side.tree.bytes(path)
        except PromptctlError as error:
            errors.append(error)
    return errors


def _affected(
    pairing: Pairing, head: Side, suites: Sequence[Suite], selection: Selection
) -> tuple[Affected, ...]:
    prompts = {suite.prompt for suite in suites} if selection.selectors else set(head.prompts.ids)
    errors: list[PromptctlError] = []
    found = []
    for prompt_id in sorted(prompts):
        try:
            if change := pairing.affected(prompt_id):
                found.append(change)
        except PromptctlError as error:
            errors.extend(getattr(error, "errors", (error,)))
    raise_all(errors)
    return tuple(found)


def _gone(pairing: Pairing, head: Side, selection: Selection) -> list[str]:
    """Suites that are gone while their prompt stays: their blockers count as removed."""
    if selection.selectors or selection.partial or pairing.base is None:
        return []
    gone = []
    for suite_id in pairing.removed_suites():
        suite = pairing.base_suite(suite_id)
        if suite is None:
            continue
        if suite.prompt in head.prompts:
            gone.append(suite_id)
        else:
            pairing.notes.append(f"suite {suite_id} is removed with its prompt")
    return gone


def _empty(suite: Suite) -> PromptctlError:
    return PromptctlError(
        f"suite {suite.id} has no case",
        slug="empty-suite",
        at=suite.place,
        fix=f"add one: `promptctl ask {suite.prompt} --save`, or write it by hand",
    )


def _no_suites(head: Side) -> PromptctlError:
    first = head.prompts.ids[0] if head.prompts.ids else "PROMPT"
    return PromptctlError(
        f"there is no suite under {head.suites.folder}/",
        slug="nothing-selected",
        at=head.suites.folder,
        fix=f'write {head.suites.folder}/{first}.yaml with lines like `- {{input: "…", expected: "…"}}`',
    )


class _Planner:
    """Plans suite by suite and remembers whether the filters found anything."""

    def __init__(
        self, base: Side | None, head: Side, pairing: Pairing, selection: Selection, today: date
    ) -> None:
        self.base, self.head, self.pairing = base, head, pairing
        self.selection, self.today = selection, today
        self.errors: list[PromptctlError] = []

    def suite(self, suite: Suite, change: Affected | None) -> SuitePlan:
        """Both sides of every selected case of a suite."""
        partner = self.pairing.base_prompt(suite.prompt)
        base_suite = self.pairing.base_suite(suite.id) if partner else None
        has_base = partner is not None
        accepted = self._accepted(suite)
        owns = base_suite.by_id() if base_suite else {}
        cases = [
            self._case(suite, case, partner, owns.get(case.id), change, accepted)
            for case in suite.cases
            if self._chosen(case)
        ]
        found = [planned for planned in cases if planned is not None]
        raise_all(self.errors)
        yardstick = []
        if base_suite and not self.selection.partial:
            yardstick = yardstick_changes(base_suite, suite, accepted=accepted)
        return SuitePlan(
            suite=suite,
            base_suite=base_suite,
            prompt=suite.prompt,
            model=self._model(self.head, suite.prompt),
            base_digest=self.base.prompts.version(partner).digest if self.base and partner else None,
            head_digest=self.head.prompts.version(suite.prompt).digest,
            has_base=has_base,
            samples=self.selection.samples or suite.samples,
            cases=tuple(found),
            changed=change.changed if change else (),
            yardstick=tuple(yardstick),
            notes=self._notes(partner, suite),
        )

    def _notes(self, partner: str | None, suite: Suite) -> tuple[str, ...]:
        """What an author should know about the comparison itself."""
        if self.base is None:
            return ()
        if partner is None:
            return (f"{suite.prompt} is new: head is scored alone",)
        notes = [f"compared with {partner} of base"] if partner != suite.prompt else []
        notes += [f"answers recorded in this change: {path}" for path in self._new_recordings(suite)]
        before, after = self._model(self.base, partner), self._model(self.head, suite.prompt)
        if before != after:
            notes.append(f"model {before} → {after}; `--model {before}` shows what the text alone does")
        return tuple(notes)

    def _new_recordings(self, suite: Suite) -> list[str]:
        """Recorded answers that the change brings with it: whoever wrote the prompt wrote them too."""
        if self.base is None:
            return []
        before, after = self.base.tree, self.head.tree
        return [
            path
            for path in self.head.suites.files(suite.id).answers
            if not before.exists(path) or before.identity(path) != after.identity(path)
        ]

    def gone(self, suite_id: str) -> SuitePlan:
        """A suite that head no longer has."""
        suite = self.pairing.base_suite(suite_id)
        if suite is None:
            raise AssertionError(suite_id)
        accepted: dict[tuple[str, str], str] = {
            (accept.case, accept.what): accept.because
            for accept in self.head.config.accept
            if accept.suite == suite_id and self._holds(accept.until)
        }
        return SuitePlan(
            suite=suite, base_suite=suite, prompt=suite.prompt, model=self._model(self.head, suite.prompt),
            base_digest=None, head_digest=None, has_base=True, samples=1, cases=(), changed=(),
            yardstick=tuple(yardstick_changes(suite, None, accepted=accepted)),
        )  # fmt: skip

    def refuse_empty_selection(self, suites: Sequence[Suite]) -> None:
        """A filter that selects nothing, or a project without any active case, is exit 2."""
        chosen = [case for suite in suites for case in suite.cases if self._chosen(case)]
        if chosen:
            return
        if self.selection.partial:
            known = sorted({case.id for suite in suites for case in suite.cases})
            asked = [
                *(f"--case {name}" for name in self.selection.cases),
                *(f"--tag {t}" for t in self.selection.tags),
            ]
            hint = did_you_mean(self.selection.cases[0], known) if self.selection.cases else ""
            raise PromptctlError(
                "no case is selected",
                slug="nothing-selected",
                at=" ".join(asked),
                fix=hint + "`promptctl list` shows suites and tags",
            )
        if suites:
            raise PromptctlError(
                "no case is active in " + ", ".join(suite.id for suite in suites[:3]),
                slug="nothing-selected",
                at=suites[0].place,
                fix="set `status: active` on the cases that should decide",
            )

    def _chosen(self, case: Case) -> bool:
        if case.status not in ("active", "quarantined"):
            return False
        if self.selection.cases and case.id not in self.selection.cases:
            return False
        return not self.selection.tags or bool(set(case.tags) & set(self.selection.tags))

    def _case(
        self,
        suite: Suite,
        case: Case,
        partner: str | None,
        own: Case | None,
        change: Affected | None,
        accepted: dict[tuple[str, str], str],
    ) -> PlannedCase | None:
        try:
            head = self._request(self.head, suite.prompt, render_case(self.head.prompts, suite.prompt, case))
        except PromptctlError as error:
            self.errors.append(error)
            return None
        base = head if partner == suite.prompt and not change else self._base(partner, case, own)
        standing = self._standing(case, own, base, partner)
        return PlannedCase(
            case=case,
            standing=standing,
            base=base,
            head=head,
            ask=base != head or self._wanted(suite, case, own, head, partner),
            accepted=accepted.get((case.id, "broken")),
            own=own,
        )

    def _base(self, partner: str | None, case: Case, own: Case | None) -> Rendered | None:
        if self.base is None or partner is None:
            return None
        try:
            messages = render_base(self.base.prompts, partner, case, own)
        except PromptctlError as error:
            note = f"base does not render {case.id} ({error.slug} at {error.at}): the case counts as new"
            self.pairing.notes.append(note)
            return None
        return None if messages is None else self._request(self.base, partner, messages)

    def _wanted(
        self, suite: Suite, case: Case, own: Case | None, head: Rendered, partner: str | None
    ) -> bool:
        """Whether an answer is wanted although both sides send the same."""
        if self.selection.all or suite.gate.min_pass_rate > 0 or own is None:
            return True
        if own.meaning() != case.meaning():
            return True
        if own.inputs() == case.inputs():
            return False
        # The inputs were edited. If base's own case sent the same request, only names changed: nothing to ask.
        return self._base(partner, own, own) != head

    def _standing(self, case: Case, own: Case | None, base: Rendered | None, partner: str | None) -> Standing:
        if case.watch:
            return Standing.WATCHED
        quarantined = case.status == "quarantined" and self._holds(
            case.quarantine.until if case.quarantine else None
        )
        if case.severity == "info" or quarantined:
            return Standing.LISTED
        if partner is None:
            return Standing.COUNTED
        return Standing.COUNTED if base is not None and own and self._active(own) else Standing.NEW

    def _active(self, case: Case) -> bool:
        if case.status == "quarantined":
            return not self._holds(case.quarantine.until if case.quarantine else None)
        return case.status == "active"

    def _request(self, side: Side, prompt_id: str, messages: tuple[Message, ...]) -> Rendered:
        model = self._model(side, prompt_id)
        return as_request(side.prompts, prompt_id, messages, model, routed(self.head.config, model))

    def _model(self, side: Side, prompt_id: str) -> str:
        return self.selection.model or side.prompts.header(prompt_id).model or self.head.config.project.model

    def _accepted(self, suite: Suite) -> dict[tuple[str, str], str]:
        entries = [*suite.accept, *(a for a in self.head.config.accept if a.suite == suite.id)]
        return {(a.case, a.what): a.because for a in entries if self._holds(a.until)}

    def _holds(self, until: str | None) -> bool:
        return until is None or date.fromisoformat(until) >= self.today
