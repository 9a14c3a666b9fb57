"""Base that answers otherwise than it did, although nothing of it changed: it is drawn anew, and that table decides."""

import sqlite3
from pathlib import Path

import pytest

from promptctl.core.exchange import Failure, Output, Request
from promptctl.core.result import Result
from promptctl.providers.scripted import ScriptedProvider
from tests.engine.test_confirm import a_repo, drawn, found, outcome
from tests.repository import Repo

NAMES = [f"n{number:02}" for number in range(30)]


class Moving:
    """A model that passes everything until it moves; after that the cases in `lost` fail on both sides alike."""

    def __init__(self, lost: list[str]) -> None:
        self.lost, self.moved = lost, False

    def __call__(self, request: Request, sample: int) -> Output:
        side, name = request.messages[-1].text.split()
        bad = self.moved and name in self.lost
        return Output(text=f"{'bad' if bad else 'good'} {side} {sample}")


def compared_after_a_move(
    tmp_path: Path, lost: list[str], *, days: int = 0
) -> tuple[Repo, ScriptedProvider, Result]:
    """What a run says whose base answers are from before the model moved."""
    repo, model = a_repo(tmp_path, NAMES), Moving(lost)
    provider = ScriptedProvider(model)
    outcome(repo, provider, no_base=True, head="main")
    if days:
        age(repo, days)
    model.moved = True
    return repo, provider, outcome(repo, provider)


def age(repo: Repo, days: int) -> None:
    """Makes all stored answers that old."""
    connection = sqlite3.connect(repo.path / ".promptctl/answers.db")
    with connection:
        connection.execute(f"UPDATE answers SET at = strftime('%Y-%m-%dT%H:%M:%SZ', at, '-{days} days')")
    connection.close()


def test_flips_that_base_contradicts_are_drift_and_base_is_drawn_anew(tmp_path: Path):
    repo, provider, result = compared_after_a_move(tmp_path, NAMES[:6])

    [suite] = result.suites
    assert suite.drift
    assert (suite.drift.by, suite.drift.drawn, suite.drift.changed, suite.drift.redrawn) == (
        "flips",
        6,
        6,
        True,
    )
    assert [found(result, name).state for name in NAMES[:6]] == ["still_failing"] * 6
    assert (suite.counts["broken"], suite.test.broken if suite.test else None) == (0, 0)
    assert result.decision.exit_code == 0

    calls = len(provider.asked)
    again = outcome(repo, provider)
    assert (len(provider.asked), again.decision, again.suites[0].drift) == (
        calls,
        result.decision,
        suite.drift,
    )


def test_three_flips_are_too_few_for_drift(tmp_path: Path):
    _, _, result = compared_after_a_move(tmp_path, NAMES[:3])

    assert result.suites[0].drift is None
    assert [found(result, name).state for name in NAMES[:3]] == ["flaky"] * 3


def test_flips_between_draws_of_one_time_are_no_drift(tmp_path: Path):
    repo = a_repo(tmp_path, NAMES)

    def says(request: Request, sample: int) -> Output:
        side, name = request.messages[-1].text.split()
        passed = side == "new" or sample > 0 or name not in NAMES[:6]  # base alone contradicts itself
        return Output(text=f"{'good' if passed else 'bad'} {side} {sample}")

    result = outcome(repo, ScriptedProvider(says))

    assert result.suites[0].drift is None
    assert drawn(result, NAMES[0]) == ("f+p", "p+p")
    assert result.suites[0].counts["flaky"] == 6


@pytest.mark.parametrize(("days", "canary"), [(8, True), (6, False)])
def test_answers_of_a_week_ago_are_looked_at_again(tmp_path: Path, days: int, canary: bool):
    _, _, result = compared_after_a_move(tmp_path, NAMES, days=days)

    drift = result.suites[0].drift
    assert drift
    assert (drift.by == "canary") is canary
    assert drift.redrawn
    assert result.suites[0].counts["still_failing"] == 30


def test_a_canary_that_finds_nothing_changes_nothing_and_is_not_drawn_again(tmp_path: Path):
    repo, provider, result = compared_after_a_move(tmp_path, [], days=8)

    drift = result.suites[0].drift
    assert drift
    assert (drift.by, drift.drawn, drift.changed, drift.redrawn) == ("canary", 20, 0, False)
    assert result.calls.confirm.sent == 20

    calls = len(provider.asked)
    outcome(repo, provider)
    assert len(provider.asked) == calls


def test_offline_nothing_is_drawn_again(tmp_path: Path):
    repo, provider, _ = compared_after_a_move(tmp_path, [], days=8)
    calls = len(provider.asked)

    result = outcome(repo, provider, offline=True)

    assert (len(provider.asked), result.suites[0].drift) == (calls, None)


def test_canaries_without_an_answer_are_counted_apart(tmp_path: Path):
    repo = a_repo(tmp_path, NAMES)

    def says(request: Request, sample: int) -> Output | Failure:
        return Failure(kind="rejected", message="no") if sample >= 2000 else Output(text=f"good {sample}")

    outcome(repo, ScriptedProvider(says), no_base=True, head="main")
    age(repo, 8)

    drift = outcome(repo, ScriptedProvider(says)).suites[0].drift

    assert drift
    assert (drift.drawn, drift.missing, drift.redrawn) == (0, 20, False)
