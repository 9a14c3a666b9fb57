"""A suite that is planned, and a store with draws of it, for tests of what is known of earlier draws.

drawn = Drawn(tmp_path)                            # base and head of the cases ada and bob differ
drawn.put("ada", "base", "pfp")                    # samples 0, 1 and 2 of what base sends: pass, fail, pass
flaky_cases(drawn.suite, drawn.providers, drawn.store)
"""

import datetime
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from promptctl.core.exchange import Answered, AnswerKey, Output, Source
from promptctl.engine.answering import Providers
from promptctl.engine.asking.ask import answer_all
from promptctl.engine.conversations import Draw, Draws
from promptctl.engine.judging import CaseDraws, cases_of
from promptctl.engine.load import find_home, open_side, sides_of
from promptctl.engine.plan import Plan, PlannedCase, SuitePlan
from promptctl.engine.planner import make_plan
from promptctl.engine.rendered import Rendered
from promptctl.engine.selection import Selection
from promptctl.providers.scripted import ScriptedProvider
from promptctl.store.answers import open_store
from tests.repository import Repo

CASES = (
    "- {id: ada, input: Ada, checks: [{contains: ok}]}\n- {id: bob, input: Bob, checks: [{contains: ok}]}\n"
)
SAID = {"p": "it is ok", "f": "it is not"}


class Drawn:
    """`head` is the working tree's prompt, None where it is base's too; `before` are base's cases, if others."""

    def __init__(
        self,
        folder: Path,
        cases: str = CASES,
        *,
        base: str = "Greet {{ name }}",
        head: str | None = "Greet kindly: {{ name }}",
        before: str | None = None,
        every: bool = False,
        deterministic: bool = False,
    ) -> None:
        repo = Repo(folder / "project")
        prompt = "prompts/greet.prompt.j2"
        repo.commit("first", {"promptctl.toml": "", prompt: base, "evals/greet.yaml": before or cases})
        repo.write({prompt: head or base, "evals/greet.yaml": cases})
        home = find_home(repo.path)
        sides = sides_of(home, base="HEAD")
        assert sides.base is not None
        tree = open_side(home, sides.head)
        committed = open_side(home, sides.base, config=tree.config)
        self.plan: Plan = make_plan(committed, tree, Selection(all=every), datetime.date(2026, 1, 1))
        self.provider = ScriptedProvider([], deterministic=deterministic, base_url="here")
        self.providers = Providers(home, tree.config)
        self.providers.give("*", self.provider)
        self.path = folder / "answers.db"
        self.store = open_store(self.path)

    @property
    def suite(self) -> SuitePlan:
        """The only one."""
        [suite] = self.plan.suites
        return suite

    def case(self, case_id: str) -> PlannedCase:
        """A case of it."""
        return next(planned for planned in self.suite.cases if planned.case.id == case_id)

    def sent(self, case_id: str, side: str = "base") -> Rendered:
        """What a side sends for a case."""
        planned = self.case(case_id)
        rendered = planned.head if side == "head" else planned.base
        assert rendered is not None
        return rendered

    def key(self, request: str, sample: int = 0) -> AnswerKey:
        """The key of an answer of the provider that is asked."""
        return AnswerKey(self.provider.kind, self.provider.base_url, request, sample)

    def put(self, case_id: str, side: str, outcomes: str, *, start: int = 0) -> None:
        """Stores a draw for each letter, p or f, the first under the sample `start`."""
        request = self.sent(case_id, side).digest
        keys = [self.key(request, start + number) for number in range(len(outcomes))]
        texts = [Output(text=SAID[letter]) for letter in outcomes]
        self.store.put_many(list(zip(keys, texts, strict=True)))

    def talk(self, case_id: str, side: str, sample: int, *replies: str) -> None:
        """Stores one draw of a conversation, or its beginning."""
        draw = Draw(self.sent(case_id, side), sample, self.provider)
        for text in replies:
            assert draw.waiting
            self.store.put(draw.waiting.key, Output(text=text))
            draw.take(Answered(answer=Output(text=text), source=Source.STORE))

    def age(self, days: float, where: str = "1") -> None:
        """Makes stored answers older, as if they had been asked so many days earlier."""
        self.edit(f"at = strftime('%Y-%m-%dT%H:%M:%SZ', at, '-{days} days')", where)

    def edit(self, what: str, where: str = "1") -> None:
        """Edits stored answers behind the store's back."""
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute(f"UPDATE answers SET {what} WHERE {where}")

    def cases(self) -> Sequence[CaseDraws]:
        """The cases with their draws, as far as they are stored."""
        found = list(cases_of(self.suite, self.providers))
        draws = Draws(draw for case in found for draw in case.all)
        answer_all(draws.questions, store=self.store, offline=True, follow=draws.follow)
        return found
