"""One prompt at one revision with the working tree's cases: the requests that `promptctl test` would send."""

from collections.abc import Mapping, Sequence
from typing import Any

from promptctl.core.case import Case, Suite
from promptctl.core.words import did_you_mean, plural
from promptctl.engine.images import with_typed_images
from promptctl.engine.load import Side, routed
from promptctl.engine.pairing import Pairing
from promptctl.engine.rendered import Opening, Rendered, Sender
from promptctl.engine.requests import render_base, render_case, typed_values
from promptctl.engine.schemas import refuse_bad_schemas
from promptctl.errors import PromptctlError, PromptError
from promptctl.templating.inputs import MissingInput


class OneSide:
    """A prompt at a revision.

    Args:
        head: The working tree: its cases, and its configuration for models and routes.
        side: The revision; the working tree itself, or base as a comparison would have it.
        prompt_id: The prompt's id at that revision.
        model: Instead of the prompt's own.
    """

    def __init__(self, head: Side, side: Side, prompt_id: str, *, model: str | None = None) -> None:
        self.head, self.side, self.prompt = head, side, prompt_id
        self.model = model or side.prompts.header(prompt_id).model or head.config.project.model
        self._pairing = Pairing(side, head)
        self._base_suites: dict[str, Suite | None] = {}  # made once, not once for each of thousands of cases

    @property
    def label(self) -> str:
        """`support/reply` in the working tree, else `support/reply@main`."""
        return self.prompt if self.is_here else f"{self.prompt}@{self.side.revision.label}"

    @property
    def is_here(self) -> bool:
        """Whether the revision is the one that the cases are from."""
        return self.side.revision == self.head.revision

    def suites(self, suite_id: str | None = None) -> list[Suite]:
        """The working tree's suites of this prompt (also under its later name), or the one that is named.

        Raises:
            PromptctlError: a suite cannot be read, or there is none (`no-suite`, `unknown-suite`).
        """
        if suite_id is not None:
            self.head.suites.require(suite_id)
            return [self.head.suites.suite(suite_id)]
        suites = [self.head.suites.suite(name) for name in self.head.suites.ids]
        own = [suite for suite in suites if suite.prompt == self.prompt]
        found = own or [suite for suite in suites if self._is_later_name(suite.prompt)]
        if found:
            return found
        raise PromptctlError(
            f"no suite of the working tree tests {self.prompt}",
            slug="no-suite",
            at=f"{self.head.suites.folder}/",
            fix=f"write cases into {self.head.suites.folder}/{self.prompt}.yaml, or name one with --suite",
        )

    def find_case(self, case_id: str) -> tuple[Suite, Case]:
        """A case of the prompt's suites.

        Raises:
            PromptctlError: `unknown-case`, naming the nearest.
        """
        suites = self.suites()
        for suite in suites:
            if case := suite.case(case_id):
                return suite, case
        known = [case.id for suite in suites for case in suite.cases]
        raise PromptctlError(
            f"no suite of {self.prompt} has a case {case_id!r}",
            slug="unknown-case",
            at=f"--case {case_id}",
            fix=f"{did_you_mean(case_id, known)}`promptctl list {self.prompt}` lists its {plural(len(known), 'case')}",
        )

    def of_case(self, suite: Suite, case: Case) -> Rendered:
        """What this side sends for a case.

        Raises:
            PromptctlError: the case does not fit the prompt at this revision.
        """
        if self.is_here:
            return self._request(render_case(self.side.prompts, self.prompt, case))
        if suite.id not in self._base_suites:
            self._base_suites[suite.id] = self._pairing.base_suite(suite.id)
        base_suite = self._base_suites[suite.id]
        own = base_suite.case(case.id) if base_suite else None
        opening = render_base(self.side.prompts, self.prompt, case, own, self.head.tree)
        if opening is None:
            raise PromptError(
                f"{self.label} needs an input that case {case.id} does not have",
                slug="undefined-variable",
                at=case.place,
                fix=f"give the case that input: `promptctl show {self.label}` lists them",
            )
        return self._request(opening)

    def of_values(self, values: Mapping[str, Any], *, strict: bool | None = None) -> Rendered:
        """What this side sends for given values; text is read as the input's type where that is clear.

        Args:
            strict: Whether a value that is not declared is an error; None leaves that to the prompt's header.

        Raises:
            PromptctlError: a value is missing, unknown or of the wrong type.
        """
        try:
            given = with_typed_images(self.typed(values), self.inputs)
            messages = self.side.prompts.render(self.prompt, given, strict=strict)
        except MissingInput as error:
            fix = f"give it: --var {error.name}='…', or all values in a file: --vars FILE.json"
            raise PromptError(error.message, slug=error.slug, at=error.at, fix=fix) from error
        except PromptctlError as error:
            error.at = error.at or f"the values for {self.label}"
            raise
        return self._request(Opening(messages))

    def typed(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values as the prompt's inputs want them."""
        return typed_values(values, self.inputs)

    @property
    def inputs(self) -> Mapping[str, Any]:
        """The prompt's inputs at this revision, by name."""
        return self.side.prompts.version(self.prompt).inputs

    def _request(self, opening: Opening) -> Rendered:
        refuse_bad_schemas(self.side.prompts, self.prompt)
        route = routed(self.head.config, self.model)
        return Sender(self.side.prompts.version(self.prompt), self.model, route).rendered(opening)

    def _is_later_name(self, prompt_id: str) -> bool:
        return prompt_id in self.head.prompts and self._pairing.base_prompt(prompt_id) == self.prompt


def known_to_none(sides: Sequence[OneSide], values: Mapping[str, Any]) -> list[str]:
    """The names of values that no side has an input for."""
    return [name for name in values if all(name not in side.inputs for side in sides)]
