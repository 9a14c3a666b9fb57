"""Flips are drawn again, through a whole run with a provider that says what a script says, draw by draw."""

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from promptctl.api.project import Project
from promptctl.core.exchange import Failure, Output, Request
from promptctl.core.result import CaseResult, Result
from promptctl.providers.scripted import ScriptedProvider
from tests.repository import Repo

Letters = Mapping[str, tuple[str, str]]
"""By case what base and head say: a letter a draw, `p`, `f`, or `e` for a failure; the last one goes on for ever."""


def a_repo(folder: Path, names: list[str], *, header: str = "", more: str = "", settings: str = "") -> Repo:
    repo = Repo(folder / "project")
    suite = f"{settings}checks:\n- contains: good\ncases:\n" + "".join(
        f"- {{id: {name}, input: {name}{more}}}\n" for name in names
    )
    repo.commit(
        "first",
        {
            "promptctl.toml": "[project]\nmodel = 'm'\n[models]\nm = 'x'\n[providers.x]\nkind = 'scripted'\n",
            "prompts/sort.prompt.j2": f"{header}old {{{{ item }}}}",
            "evals/sort.yaml": suite,
        },
    )
    repo.branch("change").write({"prompts/sort.prompt.j2": f"{header}new {{{{ item }}}}"})
    return repo


def saying(letters: Letters, *, nonce: bool = True) -> ScriptedProvider:
    """Says draw by draw what `letters` say."""

    def says(request: Request, sample: int) -> Output | Failure:
        side, name = request.messages[-1].text.split()
        said = letters.get(name, ("p", "p"))[side == "new"]
        draw = sample if sample < 1000 else 1 + sample - 1000 if sample < 2000 else -1
        letter = said[min(draw, len(said) - 1)]
        if letter == "e":
            return Failure(kind="rejected", message="no")
        return Output(text=("good" if letter == "p" else "bad") + (f" {side} {sample}" if nonce else ""))

    return ScriptedProvider(says)


def outcome(repo: Repo, provider: ScriptedProvider, **options: Any) -> Result:
    return Project(repo.path, providers={"*": provider}, isolate=False).test(**options)


def found(result: Result, name: str) -> CaseResult:
    return next(case for case in result.suites[0].results if case.case == name)


def drawn(result: Result, name: str) -> tuple[str, str]:
    """The outcomes of a case, base and head: first draws, then redraws behind a `+`."""
    case = found(result, name)
    shown = []
    for side in (case.base, case.head):
        first = "".join(trial.outcome[0] for trial in side if trial.role == "first")
        again = "".join(trial.outcome[0] for trial in side if trial.role == "confirm")
        shown.append(f"{first}+{again}" if again else first)
    return shown[0], shown[1]


NAMES = ["a", "b", "c", "d", "e"]


def test_a_break_is_confirmed_by_three_agreeing_draws_a_side(tmp_path: Path):
    result = outcome(a_repo(tmp_path, NAMES), saying({"a": ("p", "f")}))

    assert drawn(result, "a") == ("p+pp", "f+ff")
    assert (found(result, "a").state, found(result, "a").confirmed) == ("broken", True)
    assert result.calls.confirm.sent == 4
    assert [reason.rule for reason in result.decision.reasons] == ["broken-exceeds-fixed"]
    assert result.decision.exit_code == 1


@pytest.mark.parametrize(
    ("letters", "seen"),
    [
        (("p", "fp"), ("p", "f+p")),  # head contradicts itself: one call
        (("pf", "f"), ("p+f", "f+f")),
        (("p", "ffp"), ("p+p", "f+fp")),
        (("f", "pf"), ("f", "p+f")),  # a fix is drawn again as well
    ],
)
def test_what_a_redraw_contradicts_is_flaky_and_asks_no_more(
    tmp_path: Path, letters: tuple[str, str], seen: tuple[str, str]
):
    result = outcome(a_repo(tmp_path, NAMES), saying({"a": letters}))

    assert drawn(result, "a") == seen
    assert found(result, "a").state == "flaky"
    assert (result.suites[0].counts["broken"], result.suites[0].counts["fixed"]) == (0, 0)
    assert result.suites[0].n == 5
    assert result.suites[0].test
    assert result.suites[0].test.broken + result.suites[0].test.fixed == 1  # first draws


@pytest.mark.parametrize(("cases", "each"), [(25, 3), (26, 4), (100, 4), (101, 5)])
def test_more_cases_need_more_agreeing_draws(tmp_path: Path, cases: int, each: int):
    names = [f"n{number:03}" for number in range(cases)]
    result = outcome(a_repo(tmp_path, names), saying({"n000": ("p", "f")}))

    assert [len(side) for side in drawn(result, "n000")] == [each + 1, each + 1]  # a plus sign stands between


def test_running_again_asks_nothing_and_decides_alike(tmp_path: Path):
    repo, provider = a_repo(tmp_path, NAMES), saying({"a": ("p", "f"), "b": ("p", "fp")})
    first, calls = outcome(repo, provider), len(provider.asked)
    second = outcome(repo, provider)

    assert len(provider.asked) == calls
    assert second.calls.confirm.sent == 0
    assert second.calls.sides.redraws_reused == 5
    assert second.decision == first.decision
    assert [case.state for case in second.suites[0].results] == [
        case.state for case in first.suites[0].results
    ]


def test_a_redraw_that_fails_leaves_the_flip_open_and_the_run_incomplete(tmp_path: Path):
    result = outcome(a_repo(tmp_path, NAMES), saying({"a": ("p", "fe")}))

    assert (result.decision.status, result.decision.reasons[0].rule) == ("incomplete", "errors")
    assert "1 flip could not be drawn again" in result.decision.reasons[0].message
    assert found(result, "a").confirmed is False


def test_a_spent_budget_is_said_where_confirmations_are_missing(tmp_path: Path):
    result = outcome(a_repo(tmp_path, NAMES), saying({"a": ("p", "f")}), max_calls=12)

    assert result.calls.confirm.sent == 2
    assert (result.decision.exit_code, result.decision.reasons[0].rule) == (3, "budget")


def test_a_new_blocker_that_fails_is_drawn_again_on_head_alone(tmp_path: Path):
    repo = a_repo(tmp_path, NAMES)
    suite = (repo.path / "evals/sort.yaml").read_text()
    repo.write({"evals/sort.yaml": suite + "- {id: late, input: late, severity: blocker}\n"})

    stopped = outcome(repo, saying({"late": ("f", "f")}))
    assert drawn(stopped, "late") == ("f", "f+ff")
    assert stopped.decision.reasons[0].rule == "blocker-new-fail"


def test_a_new_blocker_that_passes_when_asked_again_stops_nothing(tmp_path: Path):
    repo = a_repo(tmp_path, NAMES)
    suite = (repo.path / "evals/sort.yaml").read_text()
    repo.write({"evals/sort.yaml": suite + "- {id: late, input: late, severity: blocker}\n"})

    result = outcome(repo, saying({"late": ("f", "fp")}))

    assert (drawn(result, "late"), found(result, "late").state) == (("f", "f+p"), "flaky")
    assert result.decision.exit_code == 0


def test_without_a_base_a_blocker_fails_after_all_its_draws(tmp_path: Path):
    repo = a_repo(tmp_path, NAMES, more=", severity: blocker")

    result = outcome(repo, saying({"a": ("p", "f"), "b": ("p", "fp")}), no_base=True)

    assert drawn(result, "a") == ("", "f+ff")
    assert result.decision.reasons[0].cases == ("a",)
    assert result.decision.reasons[0].rule == "blocker-new-fail"


def test_first_draws_that_agree_count_among_those_that_confirm(tmp_path: Path):
    result = outcome(a_repo(tmp_path, NAMES), saying({"a": ("p", "f")}), samples=3)

    assert (drawn(result, "a"), found(result, "a").confirmed) == (("ppp", "fff"), True)
    assert result.calls.confirm.sent == 0


def test_offline_a_flip_without_stored_redraws_stays_unconfirmed(tmp_path: Path):
    repo, provider = a_repo(tmp_path, NAMES), saying({"a": ("p", "f")})
    outcome(repo, provider, max_calls=10)  # the first draws, and no more
    result = outcome(repo, provider, offline=True)

    assert (drawn(result, "a"), found(result, "a").confirmed) == (("p", "f"), False)
    assert result.decision.reasons[0].rule == "no-break-found"
    assert "not redrawn" in result.decision.reasons[0].message


def test_an_accepted_break_is_not_drawn_again(tmp_path: Path):
    settings = "accept:\n- {case: a, what: broken, because: meant}\n"

    result = outcome(a_repo(tmp_path, NAMES, settings=settings), saying({"a": ("p", "f")}))

    assert result.calls.confirm.sent == 0
    assert result.decision.exit_code == 0


@pytest.mark.parametrize(("temperature", "confirmed"), [("0.7", False), ("0", True)])
def test_redraws_that_repeat_themselves_word_for_word_confirm_nothing(
    tmp_path: Path, temperature: str, confirmed: bool
):
    header = f"---\nparams: {{temperature: {temperature}}}\n---\n"
    letters = dict.fromkeys("abc", ("p", "f"))

    result = outcome(a_repo(tmp_path, NAMES, header=header), saying(letters, nonce=False))

    again = result.suites[0].redraws
    assert again
    assert again.cached is not confirmed
    assert [found(result, name).confirmed for name in "abc"] == [confirmed] * 3
    assert (result.decision.reasons[0].rule == "broken-exceeds-fixed") is confirmed


def test_a_fix_by_checks_that_the_change_brings_with_it_outvotes_no_break(tmp_path: Path):
    repo = a_repo(tmp_path, NAMES)
    suite = (repo.path / "evals/sort.yaml").read_text()
    edited = suite.replace("- {id: b, input: b}", "- {id: b, input: b, checks: [{contains: new}]}")
    repo.write({"evals/sort.yaml": edited})

    result = outcome(repo, saying({"a": ("p", "f")}))

    assert (found(result, "a").state, found(result, "b").state) == ("broken", "fixed")
    assert result.decision.reasons[0].rule == "broken-exceeds-fixed"


def test_an_interrupt_while_redrawing_leaves_a_partial_result_that_resumes(tmp_path: Path):
    repo, letters = a_repo(tmp_path, NAMES), saying({"a": ("p", "f")})

    def says(request: Request, sample: int) -> Any:
        if sample >= 1000:
            os.kill(os.getpid(), signal.SIGINT)
        return Output(text="good" if "new" not in request.messages[-1].text or sample else "bad")

    stopped = outcome(repo, ScriptedProvider(says))
    resumed = outcome(repo, letters)

    assert (stopped.complete, stopped.decision.exit_code) == (False, 130)
    assert resumed.calls.prompt.sent == 0
    assert resumed.complete


def test_a_conversation_that_breaks_is_held_again_from_its_first_turn(tmp_path: Path):
    repo = a_repo(tmp_path, NAMES)
    suite = (repo.path / "evals/sort.yaml").read_text()
    for name in NAMES:
        suite = suite.replace(f"input: {name}}}", f"turns: [{name}, two]}}")
    repo.git("checkout", "--quiet", "main", "--force")
    repo.commit("turns", {"evals/sort.yaml": suite})
    repo.branch("talk").write({"prompts/sort.prompt.j2": "new {{ item }}"})

    def says(request: Request, sample: int) -> Output:
        side, name = request.messages[0].text.split()
        bad = side == "new" and name == "a" and request.messages[-1].text == "two"
        return Output(text=f"{'bad' if bad else 'good'} {side} {sample}")

    provider = ScriptedProvider(says)
    result = outcome(repo, provider)

    assert (drawn(result, "a"), found(result, "a").confirmed) == (("p+pp", "f+ff"), True)
    assert result.calls.confirm.sent == 8
    assert [len(trial.replies) for trial in found(result, "a").head] == [1, 1, 1]


def test_a_prompt_that_is_broken_altogether_is_not_drawn_again_case_by_case(tmp_path: Path):
    names = [f"n{number:03}" for number in range(120)]
    provider = saying(dict.fromkeys(names, ("p", "f")))

    result = outcome(a_repo(tmp_path, names), provider)

    again = result.suites[0].redraws
    assert again
    assert (again.each, again.confirmed, again.unconfirmed, result.calls.confirm.sent) == (5, 50, 70, 400)
    assert result.decision.reasons[0].rule == "broken-exceeds-fixed"
    assert outcome_again(tmp_path, provider) == result.suites[0].counts


def outcome_again(tmp_path: Path, provider: ScriptedProvider) -> dict[str, int]:
    calls = len(provider.asked)
    repeated = Project(tmp_path / "project", providers={"*": provider}, isolate=False).test()
    assert len(provider.asked) == calls
    return repeated.suites[0].counts


def test_where_as_many_are_fixed_as_broken_every_flip_is_drawn_again(tmp_path: Path):
    names = [f"n{number:03}" for number in range(120)]
    letters = dict.fromkeys(names[:40], ("p", "f")) | dict.fromkeys(names[40:80], ("f", "p"))

    again = outcome(a_repo(tmp_path, names), saying(letters)).suites[0].redraws

    assert again
    assert (again.confirmed, again.unconfirmed) == (80, 0)


def test_of_many_fixes_as_many_are_drawn_again_as_outvote_every_break(tmp_path: Path):
    names = [f"n{number:03}" for number in range(120)]
    letters = dict.fromkeys(names[:3], ("p", "f")) | dict.fromkeys(names[3:], ("f", "p"))

    result = outcome(a_repo(tmp_path, names), saying(letters))

    again = result.suites[0].redraws
    assert again
    assert (again.confirmed, again.unconfirmed, result.suites[0].better) == (56, 64, True)
