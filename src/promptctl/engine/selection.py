"""What a user selects: suites by id or pattern, cases by tag or id. What selects nothing is refused."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from promptctl.core.case import Case, Suite
from promptctl.core.record import replace
from promptctl.core.words import did_you_mean
from promptctl.engine.check_files import files_of
from promptctl.engine.grader import Grader
from promptctl.engine.load import Side
from promptctl.engine.output_check import with_output_check
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

    def names(self, name: str) -> bool:
        """Whether a selector names a prompt or suite of this id."""
        return any(name == selector or fnmatchcase(name, selector) for selector in self.selectors)

    def chooses(self, case: Case) -> bool:
        """Whether a case is asked at all, and selected."""
        if not case.asked or (self.cases and case.id not in self.cases):
            return False
        return not self.tags or bool(set(case.tags) & set(self.tags))


def selected_suites(head: Side, selection: Selection) -> list[str]:
    """Ids of the suites that the selectors name, by their own id or their prompt's; all without selectors.

    Raises:
        PromptctlError: a selector that selects nothing.
    """
    head_ids = head.suites.ids
    if not selection.selectors:
        compared = {selection.base_prompt, selection.head_prompt} - {None}
        found = [name for name in head_ids if not compared or _prompt_of(head, name) in compared]
        if compared and not found:
            names = " and ".join(sorted(filter(None, compared)))
            raise PromptctlError(
                f"no suite tests {names}",
                slug="nothing-selected",
                at="--base, --head",
                fix="name the suite to compare them on: promptctl test SUITE --base … --head …",
            )
        return found
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
                else did_you_mean(selector, known) + (head.absent or "`promptctl list` shows all"),
            )
        chosen += found
    return sorted(set(chosen))


def _prompt_of(head: Side, suite_id: str) -> str:
    try:
        return head.suites.suite(suite_id).prompt
    except PromptctlError:
        return suite_id


def read_suites(head: Side, selection: Selection) -> dict[str, tuple[Suite, Grader]]:
    """The selected suites by id, each with its checks built: what is wrong is said before anything is asked.

    Raises:
        PromptctlError, Several: every mistake in them, files that are refused, a selector that selects nothing.
    """
    errors: list[PromptctlError] = [*head.prompts.strays, *head.suites.strays, *_refusals(head)]
    found = {}
    for suite_id in selected_suites(head, selection):
        try:
            suite = head.suites.suite(suite_id)
            if head.prompts.path(suite.prompt) in head.tree.refused:
                continue  # said with its path already
            if not suite.cases and head.absent:
                continue  # its cases may be those that are not here
            if not suite.cases:
                raise empty_suite(suite)
            if suite.prompt not in head.prompts:
                raise missing_prompt(head, suite)
            if selection.head_prompt:
                suite = replace(suite, prompt=selection.head_prompt)
            grader = Grader(with_output_check(suite, head.prompts), files_of(head))
            found[suite_id] = grader.suite, grader
        except PromptctlError as error:
            errors.extend(error.each())
    raise_all(errors)
    return found


def _refusals(side: Side) -> list[PromptctlError]:
    """What a commit and a disk would show differently is refused by path, before anything reads it."""
    errors = []
    for path in side.tree.refused:
        try:
            side.tree.bytes(path)
        except PromptctlError as error:
            errors.append(error)
    return errors


def empty_suite(suite: Suite) -> PromptctlError:
    """A suite without any case tests nothing."""
    return PromptctlError(
        f"suite {suite.id} has no case",
        slug="empty-suite",
        at=suite.place,
        fix=f"add one: `promptctl ask {suite.prompt} --save`, or write it by hand",
    )


def missing_prompt(head: Side, suite: Suite) -> PromptctlError:
    """A suite that tests a prompt which is not there."""
    return PromptctlError(
        f"suite {suite.id} tests the prompt {suite.prompt!r}, which is not there",
        slug="unknown-prompt",
        at=suite.place,
        fix=did_you_mean(suite.prompt, head.prompts.ids)
        + f"write {head.prompts.path(suite.prompt)}, or `prompt: …` into the suite",
    )


def no_suites(head: Side) -> PromptctlError:
    """A project without any suite."""
    first = head.prompts.ids[0] if head.prompts.ids else "PROMPT"
    return PromptctlError(
        f"there is no suite under {head.suites.folder}/",
        slug="nothing-selected",
        at=head.suites.folder,
        fix=f'write {head.suites.folder}/{first}.yaml with lines like `- {{input: "…", expected: "…"}}`',
    )


def refuse_empty(suites: Sequence[Suite], selection: Selection) -> None:
    """A filter that selects nothing, or suites without any active case, is exit 2."""
    if not suites or any(selection.chooses(case) for suite in suites for case in suite.cases):
        return
    if selection.partial:
        known = sorted({case.id for suite in suites for case in suite.cases})
        if resting := [case for suite in suites for case in suite.cases if case.id in selection.cases]:
            raise PromptctlError(
                f"case {resting[0].id} is not asked: its status is {resting[0].status}",
                slug="nothing-selected",
                at=resting[0].place or f"--case {resting[0].id}",
                fix="set `status: active` on it, or select another",
            )
        asked = [*(f"--case {name}" for name in selection.cases), *(f"--tag {tag}" for tag in selection.tags)]
        hint = did_you_mean(selection.cases[0], known) if selection.cases else ""
        raise PromptctlError(
            "no case is selected",
            slug="nothing-selected",
            at=" ".join(asked),
            fix=hint + "`promptctl list` shows suites and tags",
        )
    raise PromptctlError(
        "no case is active in " + ", ".join(suite.id for suite in suites[:3]),
        slug="nothing-selected",
        at=suites[0].place,
        fix="set `status: active` on the cases that should decide",
    )
