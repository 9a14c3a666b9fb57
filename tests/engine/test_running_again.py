"""The same command says the same: whatever luck, a narrower selection or a stopped run leave in the store."""

from pathlib import Path

from promptctl.api.project import Project
from promptctl.core.digest import digest
from promptctl.core.exchange import Failure, Output, Request
from promptctl.providers.scripted import ScriptedProvider
from tests.engine.test_confirm import NAMES, a_repo, found, outcome, saying
from tests.engine.test_drift import age


def test_a_lucky_fresh_draw_does_not_undo_what_was_confirmed(tmp_path: Path):
    repo = a_repo(tmp_path, NAMES)

    def says(request: Request, sample: int) -> Output:
        side, name = request.messages[-1].text.split()
        lucky = sample in (2, 5, 6)  # of the later first draws
        good = side == "old" or name != "a" or lucky
        return Output(text=f"{'good' if good else 'bad'} {side} {sample}")

    provider = ScriptedProvider(says)
    rules = [outcome(repo, provider).suites[0].rule]
    rules += [outcome(repo, provider, fresh=True).suites[0].rule for _ in range(4)]
    plain = outcome(repo, provider)

    assert rules == ["broken-exceeds-fixed"] * 5
    assert plain.suites[0].rule == "broken-exceeds-fixed"
    assert (found(plain, "a").state, found(plain, "a").confirmed, len(found(plain, "a").head)) == (
        "broken",
        True,
        7,
    )


def test_a_narrower_selection_knows_a_contradiction_beyond_its_own_draws(tmp_path: Path):
    names = [f"n{number:03}" for number in range(60)]
    repo, provider = a_repo(tmp_path, names), saying({"n000": ("p", "fffp")})

    whole = outcome(repo, provider)
    alone = outcome(repo, provider, cases=["n000"])  # three draws would do, and all three agree

    assert (found(whole, "n000").state, found(alone, "n000").state) == ("flaky", "flaky")


def test_a_run_that_ended_before_redraws_stops_nothing_by_one_draw(tmp_path: Path):
    repo = a_repo(tmp_path, NAMES, more=", severity: blocker")

    def says(request: Request, sample: int) -> Output | Failure:
        side, name = request.messages[-1].text.split()
        if name == "e":
            return Failure(kind="rejected", message="the account is closed", fatal=True)
        return Output(text="bad" if (side, name) == ("new", "a") else "good")

    provider = ScriptedProvider(says)
    provider.concurrency = 1
    result = outcome(repo, provider)

    assert result.decision.reasons[0].rule == "errors"
    assert result.decision.exit_code == 3


def test_one_edited_input_forgets_no_fresh_draw(tmp_path: Path):
    repo, provider = a_repo(tmp_path, NAMES), saying({})
    outcome(repo, provider)
    outcome(repo, provider, fresh=True)
    suite = (repo.path / "evals/sort.yaml").read_text()
    repo.write({"evals/sort.yaml": suite.replace("input: a}", "input: z}")})

    result = outcome(repo, provider)

    assert [len(case.head) for case in result.suites[0].results] == [2] * 5
    assert result.calls.prompt.sent == 4


def test_a_fresh_draw_after_an_edit_asks_what_is_missing_and_no_more(tmp_path: Path):
    repo, provider = a_repo(tmp_path, NAMES), saying({})
    for _ in range(3):
        outcome(repo, provider, fresh=True)
    repo.write({"prompts/sort.prompt.j2": "newer {{ item }}"})
    assert outcome(repo, provider).calls.prompt.sent == 5

    result = outcome(repo, provider, fresh=True)

    assert (
        result.calls.prompt.sent,
        result.suites[0].evidence.samples if result.suites[0].evidence else 0,
    ) == (5, 2)


def test_stopping_early_is_for_a_pass_alone(tmp_path: Path):
    names = [f"n{number:03}" for number in range(320)]
    repo = a_repo(tmp_path, names)
    suite = Project(repo.path, isolate=False).here().suites.suite("sort").digest
    order = sorted(names, key=lambda name: digest("turn", [suite, name]))
    # One break among the first that are asked, and what outvotes it among the last.
    provider = saying({order[0]: ("p", "f")} | dict.fromkeys(order[-9:], ("f", "p")))

    early = outcome(repo, provider, stop_early=True).suites[0]
    whole = outcome(repo, provider).suites[0]

    assert (early.rule, early.status, early.counts["not_asked"]) == ("no-worse-than-margin", "pass", 0)
    assert (whole.rule, whole.status) == (early.rule, early.status)
    assert early.looks
    assert (early.looks.look, early.looks.stopped) == (5, False)


def test_old_answers_of_head_are_drawn_anew_with_those_of_base(tmp_path: Path):
    """Else new answers of base are compared with old ones of head, of another model."""
    names = [f"n{number:02}" for number in range(30)]
    repo, moved = a_repo(tmp_path, names), False

    def says(request: Request, sample: int) -> Output:
        return Output(text=f"{'bad' if moved else 'good'} {sample}")

    provider = ScriptedProvider(says)
    outcome(repo, provider)
    age(repo, 8)
    moved = True

    result = outcome(repo, provider)

    assert result.suites[0].drift
    assert result.suites[0].counts["still_failing"] == 30


def test_what_another_model_said_contradicts_nothing(tmp_path: Path):
    names = [f"n{number:02}" for number in range(30)]
    repo, moved = a_repo(tmp_path, names), False
    lost = names[:4]

    def says(request: Request, sample: int) -> Output:
        side, name = request.messages[-1].text.split()
        before = (
            side == "new" or name not in lost
        )  # base fails four cases, until the model moves and passes them
        after = side == "old" or name not in lost  # head breaks them then
        passes = (after if moved else before) and not (moved and side == "old" and name in names[20:])
        return Output(text=f"{'good' if passes else 'bad'} {side} {sample}")

    provider = ScriptedProvider(says)
    outcome(repo, provider)  # the four are fixed here, and confirmed by redraws of the model of that time
    age(repo, 8)
    moved = True
    repo.write({"evals/sort.yaml": (repo.path / "evals/sort.yaml").read_text() + "\n"})

    result = outcome(repo, provider)

    assert result.suites[0].drift
    assert result.suites[0].drift.redrawn
    assert [found(result, name).state for name in lost] == ["broken"] * 4
    assert [found(result, name).confirmed for name in lost] == [True] * 4
