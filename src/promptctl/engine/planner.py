"""Plans a run: every case of the selected suites rendered on both sides, equal requests found, nothing asked."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

from promptctl.core.case import Case, Suite
from promptctl.core.record import replace
from promptctl.core.run import Standing
from promptctl.core.words import plural
from promptctl.core.yardstick import same, yardstick_changes
from promptctl.engine.grader import Grader
from promptctl.engine.images import takes_images
from promptctl.engine.load import Side, routed
from promptctl.engine.pairing import Affected, Pairing
from promptctl.engine.plan import Plan, PlannedCase, SuitePlan
from promptctl.engine.plan_notes import (
    accepts_of_no_case,
    edited_cases,
    loosened_defaults,
    loosened_gate,
    private_cases,
)
from promptctl.engine.rendered import Opening, Rendered, Sender
from promptctl.engine.requests import ahead, begin_base, begin_case, with_others
from promptctl.engine.selection import Selection, no_suites, read_suites, refuse_empty
from promptctl.engine.variants.together import changed_together
from promptctl.errors import PromptctlError, raise_all


def make_plan(base: Side | None, head: Side, selection: Selection, today: date) -> Plan:
    """Renders both sides of every selected case.

    Raises:
        PromptctlError, Several: head's prompts, suites or cases cannot be read or rendered (exit 2), or the
            selection selects nothing.
    """
    if selection.base_prompt and not selection.head_prompt and not selection.selectors:
        selection = selection._replace(head_prompt=selection.base_prompt)
    pairing = Pairing(base, head, base_prompt=selection.base_prompt)
    read = read_suites(head, selection)
    pairing.current = {name: suite for name, (suite, _) in read.items()}
    pairing.check_files = {name: grader.files for name, (_, grader) in read.items()}
    suites = list(pairing.current.values())
    if not suites and not head.absent and (base is None or not base.suites.ids):
        raise no_suites(head)
    refuse_empty(suites, selection)
    affected = _affected(pairing, head, suites, selection)
    by_prompt = {found.prompt: found for found in affected}
    planner = _Planner(base, head, pairing, selection, today)
    plans = []
    for suite, grader in read.values():
        wanted = base is None or selection.all or suite.prompt in by_prompt or pairing.suite_differs(suite.id)
        if not wanted:
            continue
        if not any(case.asked for case in suite.cases):
            pairing.notes.append(f"suite {suite.id} has no active case")
        # Also where no case is left: what was taken out of it is a change of the yardstick.
        plans.append(planner.suite(suite, grader, by_prompt.get(suite.prompt)))
    raise_all(planner.errors())
    plans += planner.gone_suites()
    if not selection.selectors:
        pairing.notes += [f"prompt {name} is removed" for name in pairing.removed_prompts()]
    kept = tuple(plan for plan in plans if plan.cases or plan.yardstick)
    notes = (*filter(None, [head.absent]), *loosened_defaults(base, head), *pairing.notes)
    plan = Plan(kept, affected if base else (), _untested(pairing, affected, selection), notes)
    for side in (head, base):
        if side is not None:
            side.suites.forget()
    return plan


def _untested(pairing: Pairing, affected: Sequence[Affected], selection: Selection) -> tuple[Affected, ...]:
    """Affected prompts whose requests may differ, and that no active case of any suite looks at."""
    if pairing.base is None or selection.base_prompt or selection.head_prompt:
        return ()
    head = pairing.head
    tested = set()
    for suite_id in head.suites.ids:
        suite = pairing.current.get(suite_id) or head.suites.suite(suite_id)
        if any(case.status == "active" for case in suite.cases):
            tested.add(suite.prompt)
    return tuple(
        found for found in affected if found.prompt not in tested and not pairing.says_the_same(found.prompt)
    )


def _affected(
    pairing: Pairing, head: Side, suites: Sequence[Suite], selection: Selection
) -> tuple[Affected, ...]:
    prompts = {suite.prompt for suite in suites}
    if not (selection.base_prompt or selection.head_prompt):
        prompts |= {name for name in head.prompts.ids if not selection.selectors or selection.names(name)}
    errors: list[PromptctlError] = []
    found = []
    for prompt_id in sorted(prompts):
        try:
            if change := pairing.affected(prompt_id):
                found.append(change)
        except PromptctlError as error:
            errors.extend(error.each())
    raise_all(errors)
    return tuple(found)


class _Begun(NamedTuple):
    """A case whose rendering is under way; `base` is None where both sides send the same."""

    case: Case
    own: Case | None
    head: Callable[[], Opening]
    base: Callable[[], Opening | None] | None


class _Planner:
    """Plans suite by suite, gathering what head's cases cannot render."""

    def __init__(
        self, base: Side | None, head: Side, pairing: Pairing, selection: Selection, today: date
    ) -> None:
        self.base, self.head, self.pairing = base, head, pairing
        self.selection, self.today = selection, today
        self._errors: dict[tuple[str, str], list[PromptctlError]] = {}
        self._senders: dict[tuple[bool, str], Sender] = {}

    def errors(self) -> list[PromptctlError]:
        """What head's cases cannot render; one mistake in a template is one error, however many cases meet it."""
        return [with_others(found[0], len(found) - 1) for found in self._errors.values()]

    def suite(self, suite: Suite, grader: Grader, change: Affected | None) -> SuitePlan:
        """Both sides of every selected case of a suite."""
        partner = self.pairing.base_prompt(suite.prompt)
        base_suite = self.pairing.base_suite(suite.id) if partner else None
        has_base = partner is not None
        accepted = self._accepted(suite)
        owns = base_suite.by_id() if base_suite else {}
        begun = (
            self._begin(suite, case, partner, owns.get(case.id), change)
            for case in suite.cases
            if self._chooses(case, owns.get(case.id))
        )
        cases = [self._case(suite, one, partner, accepted) for one in ahead(begun)]
        found = [planned for planned in cases if planned is not None]
        yardstick = []
        if base_suite:
            selected = self._selected(base_suite)
            yardstick = yardstick_changes(selected, suite, accepted=accepted)
        return SuitePlan(
            suite=suite,
            grader=grader,
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
            notes=(
                *self._notes(partner, suite),
                *private_cases(self.base, self.head, list(filter(self.selection.chooses, suite.cases))),
                *{planned.head.note: None for planned in found if planned.head.note},
                *accepts_of_no_case(suite, base_suite),
                *loosened_gate(suite, base_suite),
                *edited_cases(suite, base_suite),
            ),
        )

    def _notes(self, partner: str | None, suite: Suite) -> tuple[str, ...]:
        """What an author should know about the comparison itself."""
        unused = ("judge has no effect yet: no check of this version asks a judge",) if suite.judge else ()
        if self.base is None:
            return unused
        if partner is None:
            return (
                *unused,
                f"base has no {suite.prompt} that can be read: head is scored alone",
            )
        notes = list(unused)
        notes += [f"compared with {partner} of base"] if partner != suite.prompt else []
        notes += [f"answers recorded in this change: {path}" for path in self._new_recordings(suite)]
        models = self._model(self.base, partner), self._model(self.head, suite.prompt)
        prompts = partner, suite.prompt
        notes += changed_together(self.base, self.head, prompts, models, suite.id, self.selection)
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

    def gone_suites(self) -> list[SuitePlan]:
        """Suites that head no longer has while their prompt stays: their blockers count as removed."""
        if self.base is None:
            return []
        plans = []
        for suite_id in self.pairing.removed_suites():
            suite = self.pairing.base_suite(suite_id)
            if suite is None or not self._names(suite):
                continue
            suite = self._selected(suite)
            prompt = self.pairing.head_prompt(suite.prompt)
            gone = self._gone(suite, prompt) if prompt else None
            if gone and any(change.blocker and change.accepted is None for change in gone.yardstick):
                plans.append(gone)
                continue
            how = f"{plural(len(suite.cases), 'case')} with it" if prompt else "with its prompt"
            self.pairing.notes.append(f"suite {suite_id} is removed, {how}")
            for change in gone.yardstick if gone else ():
                if change.accepted:
                    self.pairing.notes.append(f"accepted: {change.case} removed, because: {change.accepted}")
        return plans

    def _chooses(self, case: Case, own: Case | None) -> bool:
        """Whether a case is selected, as it is or was: it must not leave the selection together with a break."""
        return self.selection.chooses(case) or (
            case.asked and own is not None and self.selection.chooses(own)
        )

    def _names(self, suite: Suite) -> bool:
        """Whether a suite of base is selected."""
        return not self.selection.selectors or any(map(self.selection.names, (suite.id, suite.prompt)))

    def _selected(self, suite: Suite) -> Suite:
        """The suite of base with the selected cases alone: what is absent of the others says nothing."""
        if not self.selection.partial:
            return suite
        return replace(suite, cases=tuple(filter(self.selection.chooses, suite.cases)))

    def _gone(self, suite: Suite, prompt: str) -> SuitePlan:
        yardstick = yardstick_changes(suite, None, accepted=self._accepted(replace(suite, accept=())))
        return SuitePlan(
            suite=suite, grader=None, base_suite=suite, prompt=prompt, model=self._model(self.head, prompt),
            base_digest=None, head_digest=None, has_base=True, samples=1, cases=(), changed=(),
            yardstick=tuple(yardstick),
        )  # fmt: skip

    def _begin(
        self, suite: Suite, case: Case, partner: str | None, own: Case | None, change: Affected | None
    ) -> _Begun:
        head = begin_case(self.head.prompts, suite.prompt, case)
        if partner == suite.prompt and not change:
            return _Begun(case, own, head, None)
        return _Begun(case, own, head, self._begin_base(partner, case, own))

    def _case(
        self, suite: Suite, begun: _Begun, partner: str | None, accepted: dict[tuple[str, str], str]
    ) -> PlannedCase | None:
        case, own = begun.case, begun.own
        try:
            head = self._request(self.head, suite.prompt, begun.head())
        except PromptctlError as error:
            cause = error.__cause__ or error
            where = str(getattr(cause, "at", "")) if isinstance(cause, PromptctlError) else ""
            self._errors.setdefault((error.message, where), []).append(error)
            return None
        base = head if begun.base is None else self._base(partner, case, begun.base)
        if base is not None and base.same_as(head):
            base = head
        standing = self._standing(case, own, base, partner)
        return PlannedCase(
            case=case,
            standing=standing,
            base=base,
            head=head,
            ask=base is not head or self._wanted(suite, case, own, head, partner),
            accepted=accepted.get((case.id, "broken")),
            own=own,
        )

    def _begin_base(self, partner: str | None, case: Case, own: Case | None) -> Callable[[], Opening | None]:
        if self.base is None or partner is None:
            return lambda: None
        return begin_base(self.base.prompts, partner, case, own, self.head.tree)

    def _base(self, partner: str | None, case: Case, begun: Callable[[], Opening | None]) -> Rendered | None:
        try:
            opening = begun()
        except PromptctlError as error:
            note = f"base does not render {case.id} ({error.slug} at {error.at}): the case counts as new"
            self.pairing.notes.append(note)
            return None
        if opening is None or self.base is None or partner is None:
            return None
        return self._request(self.base, partner, opening)

    def _wanted(
        self, suite: Suite, case: Case, own: Case | None, head: Rendered, partner: str | None
    ) -> bool:
        """Whether an answer is wanted although both sides send the same."""
        if self.selection.all or suite.gate.min_pass_rate > 0 or own is None:
            return True
        if case.votes and not own.votes:
            return True  # it had no say on base: it is new here
        if own is case:
            return False
        if not same(own.meaning(), case.meaning()):
            return True
        if same(own.inputs(), case.inputs()) and not self._takes_images(partner):
            return False
        # The inputs were edited. If base's own case sent the same request, only names changed: nothing to ask.
        before = self._base(partner, own, self._begin_base(partner, own, own))
        return before is None or not before.same_as(head)

    def _takes_images(self, partner: str | None) -> bool:
        """Whether equal inputs may name pictures that are not equal."""
        return bool(self.base and partner and takes_images(self.base.prompts.version(partner).inputs))

    def _standing(self, case: Case, own: Case | None, base: Rendered | None, partner: str | None) -> Standing:
        if case.watch:
            return Standing.WATCHED
        if case.severity == "info" or case.status == "quarantined":
            return Standing.LISTED
        if partner is None:
            return Standing.COUNTED
        return Standing.COUNTED if base is not None and own and own.votes else Standing.NEW

    def _request(self, side: Side, prompt_id: str, opening: Opening) -> Rendered:
        """What is sent, by what all requests of the prompt have in common: that is found once."""
        key = (side is self.head, prompt_id)
        if key not in self._senders:
            model = self._model(side, prompt_id)
            route = routed(self.head.config, model)
            self._senders[key] = Sender(side.prompts.version(prompt_id), model, route)
        return self._senders[key].rendered(opening)

    def _model(self, side: Side, prompt_id: str) -> str:
        return self.selection.model or side.prompts.header(prompt_id).model or self.head.config.project.model

    def _accepted(self, suite: Suite) -> dict[tuple[str, str], str]:
        entries = [*suite.accept, *(a for a in self.head.config.accept if a.suite == suite.id)]
        return {(a.case, a.what): a.because for a in entries if self._holds(a.until)}

    def _holds(self, until: str | None) -> bool:
        return until is None or date.fromisoformat(until) >= self.today
