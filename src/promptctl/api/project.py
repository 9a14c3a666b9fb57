"""A project and its verbs, for the command line and for users."""

import datetime
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from promptctl.api.run_records import (
    given_options,
    interrupted,
    manifest,
    nothing_differs,
    trial_line,
    with_result,
)
from promptctl.core.config import Config
from promptctl.core.ports import Progress, Provider
from promptctl.core.record import replace
from promptctl.core.result import Result
from promptctl.core.run import Trial
from promptctl.engine.answering import Providers, expect_calls, own_store, recorded_for
from promptctl.engine.asking.ask import Recorded
from promptctl.engine.asking.spending import Limits
from promptctl.engine.bill import NOTHING, Forecast, refusal
from promptctl.engine.boundary import Boundary
from promptctl.engine.fresh import with_a_fresh_draw, with_pooled_draws
from promptctl.engine.load import Home, Side, begin_rendering, find_home, open_side, sides_of
from promptctl.engine.one_side import OneSide
from promptctl.engine.pipeline import Run
from promptctl.engine.plan import Plan
from promptctl.engine.planner import make_plan
from promptctl.engine.rendered import Rendered
from promptctl.engine.selection import Selection
from promptctl.engine.terms import Terms
from promptctl.engine.variants.choice import Choice, read_choice, refuse_beside
from promptctl.engine.variants.plans import with_variants
from promptctl.errors import Incomplete, PromptctlError
from promptctl.reporters import json as json_reporter
from promptctl.store.answers import SqliteAnswers
from promptctl.store.git_faults import no_work_tree
from promptctl.store.revisions import WORKTREE, Revision, Sides
from promptctl.store.runs import Journal, last_result, new_run_id


class Project:
    """The project that a folder lies in.

    Args:
        folder: Any folder of the project.
        providers: Providers by name, used instead of the configured ones; `*` for all models.
        isolate: Whether templates are rendered in another process, under limits of time and memory.

    Raises:
        PromptctlError: no project there, or a configuration that cannot be read.
    """

    def __init__(
        self,
        folder: str | Path = ".",
        providers: Mapping[str, Provider] | None = None,
        *,
        isolate: bool = True,
    ) -> None:
        self.home: Home = find_home(Path(folder))._replace(isolate=isolate)
        self.root = self.home.root
        self.config = self.home.config
        self._given = dict(providers or {})

    def here(self) -> Side:
        """The project as it is on disk; in a bare repository, as HEAD has it."""
        return open_side(self.home, self.home.here)

    def worktree(self) -> Side:
        """The project as it is on disk, for what will be written there. Raises as `require_work_tree`."""
        self.require_work_tree()
        return self.here()

    def require_work_tree(self) -> None:
        """Raises PromptctlError `no-work-tree` in a bare repository, where no file of the project can be written."""
        if self.home.bare:
            raise no_work_tree(str(self.root))

    def side(self, revision: str | None) -> Side:
        """The project at a revision; for None the working tree, or HEAD of a bare repository."""
        if revision is None:
            return self.here()
        return open_side(self.home, sides_of(self.home, head=revision, no_base=True).head)

    def split(self, name: str) -> tuple[str, Side]:
        """`PROMPT@REV` as the prompt's id and the side that has it; without `@REV` the working tree."""
        prompt_id, at, revision = name.partition("@")
        try:
            side = self.side(revision if at else None)  # `PROMPT@` is an empty revision, no working tree
        except PromptctlError as error:
            error.at = error.at or name
            raise
        side.prompts.require(prompt_id)
        return prompt_id, side

    def render(
        self,
        prompt: str,
        *,
        case_id: str | None = None,
        values: Mapping[str, Any] | None = None,
        model: str | None = None,
    ) -> Rendered:
        """What would be sent for a case of a prompt, or for given values.

        Args:
            prompt: `PROMPT` or `PROMPT@REV`.
            case_id: A case of the working tree's suites of that prompt; another revision renders it as base. In a
                bare repository each revision has its own.
            values: Values by input name, instead of a case; text is read as the input's type where that is clear.
            model: Instead of the prompt's own.
        """
        prompt_id, side = self.split(prompt)
        one = OneSide(side if self.home.bare else self.here(), side, prompt_id, model=model)
        return one.of_case(*one.find_case(case_id)) if case_id is not None else one.of_values(values or {})

    def last_result(self) -> Path | None:
        """The newest run's result file."""
        return last_result(self.root)

    def providers(self, config: Config | None = None) -> Providers:
        """The providers that `config` (by default the one on disk) names, or those given."""
        made = Providers(self.home, config or self.config)
        for name, provider in self._given.items():
            made.give(name, provider)
        return made

    def boundary(self, config: Config | None = None) -> Boundary:
        """Which providers may get the cases of internal suites."""
        return Boundary(config or self.config, self._given)

    def test(
        self,
        *selectors: str,
        base: str | None = None,
        head: str | None = None,
        no_base: bool = False,
        every: bool = False,
        tags: Sequence[str] = (),
        cases: Sequence[str] = (),
        samples: int | None = None,
        model: str | Sequence[str] | None = None,
        params: Sequence[str] = (),
        strategies: Sequence[str] = (),
        offline: bool = False,
        fresh: bool = False,
        max_calls: int | None = None,
        max_cost: float | None = None,
        deadline: float | None = None,
        concurrency: int | None = None,
        strict: bool = False,
        stop_early: bool = False,
        progress: Progress | None = None,
        on_forecast: Callable[[Forecast], None] | None = None,
    ) -> Result:
        """Compares two revisions of the prompts on their suites and decides.

        Args:
            selectors: Prompt or suite ids or patterns; none means whatever the change affects.
            base, head: Revisions, `WORKTREE`, or `PROMPT@REV` to compare two prompts on one suite.
            no_base: Score head alone.
            every: Score unchanged cases too.
            tags, cases: Only these cases.
            samples: First draws per case and side, instead of the suite's own.
            model: The model of both sides, instead of the prompt's own. Several are compared with the first of them, on
                head's version alone and without a gate.
            params: Settings to compare in the same way, as `temperature=0` or `temperature=0.7,top_p=0.9`; one alone
                with the prompt's own.
            strategies: Ways to make an answer of several draws, to compare with one draw: `majority:5`, `best:3:CHECK`,
                `critique:PROMPT`.
            offline: Use stored and recorded answers only.
            fresh: Draw once more what was drawn before, on both sides; the earlier draws count too.
            max_calls: Refuse a plan with more calls, and stop before there are more.
            max_cost: The same for what the calls cost, in the project's currency.
            deadline: Seconds for the whole run; what is not answered by then is an error.
            concurrency: Calls at a time to each provider, instead of its own.
            strict: Undecided ends with exit code 3.
            stop_early: A suite of 300 cases or more may pass before all of them were asked.
            progress: Told about each answer.
            on_forecast: Told what will be asked, before it is.

        Returns:
            The result, also for an interrupted run (`complete` is False then).

        Raises:
            PromptctlError: exit code 2 and its like. An `Incomplete` carries the result so far as `result`.
        """
        started = time.monotonic()
        begin_rendering(self.home)
        if not offline:
            expect_calls(self.home, self.config)
        given = given_options(base, head, no_base)
        choice = read_choice([model] if isinstance(model, str) else model or (), params, strategies)
        chosen = Selection(tuple(selectors), tuple(tags), tuple(cases), every, choice.model, samples)
        with closing(own_store(self.root)) as store:
            planned = self._plan(
                chosen, choice, base, head, store, no_base=no_base, offline=offline, fresh=fresh
            )
            if isinstance(planned, Sides):
                return self._nothing(planned)
            limits = _limits(planned, max_calls, max_cost)._replace(
                until=None if deadline is None else started + deadline,
                seconds=deadline,
                slots=concurrency,
            )
            terms = Terms(offline, limits, strict, progress, on_forecast, stop_early)
            return self._run(planned, terms, given, store)

    def forecast(
        self,
        *selectors: str,
        base: str | None = None,
        head: str | None = None,
        no_base: bool = False,
        every: bool = False,
        tags: Sequence[str] = (),
        cases: Sequence[str] = (),
        samples: int | None = None,
        model: str | Sequence[str] | None = None,
        params: Sequence[str] = (),
        strategies: Sequence[str] = (),
        fresh: bool = False,
        max_calls: int | None = None,
        max_cost: float | None = None,
    ) -> tuple[Forecast, Incomplete | None]:
        """What `test` with the same arguments would ask, and how it would refuse to, if it would.

        Nothing is asked, and nothing is written.

        Raises:
            PromptctlError: as `test`.
        """
        choice = read_choice([model] if isinstance(model, str) else model or (), params, strategies)
        chosen = Selection(tuple(selectors), tuple(tags), tuple(cases), every, choice.model, samples)
        with closing(own_store(self.root, readonly=True)) as store:
            planned = self._plan(
                chosen, choice, base, head, store, no_base=no_base, offline=False, fresh=fresh
            )
            if isinstance(planned, Sides):
                return NOTHING, None
            found = self._prepared(planned, Terms(), "", store, lambda *_: None).forecast()
        return found, refusal(found, _limits(planned, max_calls, max_cost))

    def _plan(
        self,
        chosen: Selection,
        choice: Choice,
        base: str | None,
        head: str | None,
        store: SqliteAnswers,
        *,
        no_base: bool,
        offline: bool,
        fresh: bool,
    ) -> "_Planned | Sides":
        """What would be done; the sides alone where nothing differs between them."""
        if choice.kind:
            refuse_beside(choice, base=base, fresh=fresh)
            no_base = True
        base_prompt, base = self.prompt_and_revision(base)
        head_prompt, head = self.prompt_and_revision(head)
        sides = self._sides(base, head, no_base)
        if sides.nothing and not chosen.all and not base_prompt and not head_prompt:
            return sides
        head_side = open_side(self.home, sides.head, config=self._acting(sides.head))
        base_side = self._base_side(sides, head_side)
        selection = chosen._replace(base_prompt=base_prompt, head_prompt=head_prompt)
        plan = make_plan(base_side, head_side, selection, datetime.date.today())
        if choice.kind:
            plan = with_variants(plan, head_side, choice)
        plan = plan._replace(notes=(*head_side.config.notes, *plan.notes))
        if not offline:
            self.boundary(head_side.config).refuse_plan(plan)
        recorded = recorded_for(plan, base_side, head_side)
        drawn = with_a_fresh_draw if fresh else with_pooled_draws
        providers = self.providers(head_side.config)
        return _Planned(drawn(plan, providers, store, recorded), sides, head_side.config, providers, recorded)

    def _sides(self, base: str | None, head: str | None, no_base: bool) -> Sides:
        try:
            return sides_of(self.home, base=base, head=head, no_base=no_base)
        except PromptctlError as error:
            given = [
                f"--{name} {rev or repr(rev)}"
                for name, rev in (("base", base), ("head", head))
                if rev is not None
            ]
            error.at = error.at or " ".join(given) or str(self.root)
            if isinstance(error, Incomplete):
                raise with_result(
                    error, Revision(label=head or self.home.here.label, commit=None, dirty=head is None)
                ) from error
            raise

    def _nothing(self, sides: Sides) -> Result:
        """Nothing differs: said, and written like any run."""
        run_id = new_run_id(datetime.datetime.now(datetime.UTC), self.root)
        result = replace(nothing_differs(sides), run=run_id)
        journal = Journal(self.root, result.run)
        journal.begin(manifest(result.run, Plan((), (), (), result.notes), sides))
        journal.end(json_reporter.render(result))
        return result

    def _run(self, planned: "_Planned", terms: Terms, given: tuple[str, ...], store: SqliteAnswers) -> Result:
        plan, sides = planned.plan, planned.sides
        run_id = new_run_id(datetime.datetime.now(datetime.UTC), self.root)
        journal = Journal(self.root, run_id)
        run = self._prepared(
            planned, terms, run_id, store,
            lambda suite, case, side, trial: journal.trial(trial_line(suite, case, side, trial)),
        )  # fmt: skip
        journal.begin(manifest(run_id, plan, sides))
        text = None
        try:
            result = run.result()
            result = replace(result, sides=given, notes=(*result.notes, *store.warnings))
            text = json_reporter.pieces(result)
            return result
        except KeyboardInterrupt:  # before the first call, or while answers are judged
            error = with_result(interrupted(), sides.head, sides.base, run_id)
            text = json_reporter.pieces(error.result)
            raise error from None
        except Incomplete as error:
            error = with_result(error, sides.head, sides.base, run_id)
            error.result = replace(error.result, notes=tuple(store.warnings))
            text = json_reporter.pieces(error.result)
            raise error from None
        except PromptctlError as error:
            if error.exit_code == 2:  # wrong before anything was asked; anything else leaves its traces
                journal.discard()
            raise
        finally:
            journal.end(text)

    def _prepared(
        self,
        planned: "_Planned",
        terms: Terms,
        run_id: str,
        store: SqliteAnswers,
        on_trial: Callable[[str, str, str, Trial], None],
    ) -> Run:
        plan, sides, config, providers, recorded = planned
        return Run(
            plan,
            run_id=run_id,
            base=sides.base,
            head=sides.head,
            config=config,
            providers=providers,
            store=store,
            recorded=recorded,
            terms=terms,
            on_trial=on_trial,
        )

    def _acting(self, head: Revision) -> Any:
        """Everything but folders comes from head's own configuration."""
        return None if head.label != WORKTREE else self.config

    def _base_side(self, sides: Sides, head: Side) -> Side | None:
        if sides.base is None:
            return None
        return open_side(self.home, sides.base, config=head.config, private=head.private)

    def prompt_and_revision(self, revision: str | None) -> tuple[str | None, str | None]:
        """`PROMPT@REV` as a prompt and a revision; Git's own `@` (as in `HEAD@{1}`) stays with the revision."""
        if revision is None or "@" not in revision or "@{" in revision:
            return None, revision
        prompt_id, _, rest = revision.partition("@")
        if not prompt_id:
            return None, revision
        self.split(revision)
        return prompt_id, rest


class _Planned(NamedTuple):
    plan: Plan
    sides: Sides
    config: Config
    providers: Providers
    recorded: Recorded


def _limits(planned: _Planned, max_calls: int | None, max_cost: float | None) -> Limits:
    """What the command line says, else the project."""
    budget = planned.config.budget
    return Limits(
        calls=budget.max_calls if max_calls is None else max_calls,
        cost=budget.max_cost if max_cost is None else max_cost,
    )
