"""Models that say now this and now that, and a change that really breaks something.

Drawing again tells one from the other; asking for a test until it passes does not help.
"""

import itertools
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.shop import Compared, compared
from tests.faults.replies import Reply, answer
from tests.faults.request import Request
from tests.faults.server import Server
from tests.repository import Repo

CASES = 20
BROKEN = ("w00", "w01", "w02")
FLAKY = ("w10", "w11", "w12", "w13")
PROMPT = """\
---
params: {{temperature: {temperature}}}
---
{wish}: {{{{ word }}}}
"""


def a_branch(folder: Path, server: Server, *, temperature: float = 0.7) -> Repo:
    """A project with a case for each of twenty words, and a change that makes every request another one."""
    config = f'[project]\nmodel = "m"\n[models]\nm = "local"\n[providers.local]\nbase_url = "{server.url}"\n'
    words = [f"w{number:02}" for number in range(CASES)]
    repo = Repo(folder / "project")
    repo.commit(
        "first",
        {
            "promptctl.toml": config,
            ".gitignore": ".promptctl/\n",
            "prompts/say.prompt.j2": PROMPT.format(temperature=temperature, wish="Say"),
            "evals/say.yaml": "checks: [{contains: good}]\ncases:\n"
            + "".join(f"  - {{id: {word}, input: {word}}}\n" for word in words),
        },
    )
    change = PROMPT.format(temperature=temperature, wish="Shout")
    return repo.branch("change").write({"prompts/say.prompt.j2": change})


def wished(request: Request) -> tuple[bool, str]:
    """Whether a request is head's, and its word."""
    wish, _, word = request.prompt.strip().rpartition(": ")
    return wish == "Shout", word


def breaks(request: Request) -> bool:
    """Whether the answer passes where the change breaks three cases."""
    head, word = wished(request)
    return not (head and word in BROKEN)


def in_other_words() -> Callable[[Request], Reply]:
    """Answers as `breaks` says, never twice in the same words."""
    count = itertools.count()
    return lambda request: answer(f"{'good' if breaks(request) else 'bad'} {next(count)}")


def the_same_again(request: Request) -> Reply:
    """Answers as `breaks` says, for ever in the same words."""
    return answer("good" if breaks(request) else "bad")


def sometimes(request: Request) -> Reply:
    """The same, but four other cases pass in about one draw of two, on either side."""
    _, word = wished(request)
    thrown = random.Random(f"{request.prompt} {request.attempt}").random()
    passes = thrown < 0.5 if word in FLAKY else breaks(request)
    return answer(f"{'good' if passes else 'bad'} {thrown}")


def confirmed(tested: Compared) -> list[str]:
    return [case["case"] for case in tested.suite["results"] if case["confirmed"]]


def test_the_same_redraw_for_ever_confirms_nothing(tmp_path: Path):
    with Server(the_same_again) as server:
        tested = compared(a_branch(tmp_path, server).path)

    redraws = tested.suite["redraws"]
    assert (tested.code, tested.suite["rule"], confirmed(tested)) == (0, "no-break-found", [])
    assert [tested.state(case) for case in BROKEN] == ["broken"] * 3
    assert (redraws["cached"], redraws["confirmed"], redraws["unconfirmed"]) == (True, 0, 3)
    assert redraws["identical"] == redraws["compared"] == 12
    assert "cache" in tested.report
    assert tested.last_line.startswith("UNDECIDED")


@pytest.mark.parametrize(
    ("says", "temperature"),
    [(in_other_words(), 0.7), (the_same_again, 0)],
    ids=["other words each time", "the same words at temperature 0"],
)
def test_redraws_that_a_model_made_confirm_what_is_broken(
    tmp_path: Path, says: Callable[[Request], Reply], temperature: float
):
    with Server(says) as server:
        tested = compared(a_branch(tmp_path, server, temperature=temperature).path)

    assert (tested.code, tested.suite["rule"], confirmed(tested)) == (1, "broken-exceeds-fixed", list(BROKEN))
    assert not tested.suite["redraws"]["cached"]


def test_the_same_command_again_decides_the_same_and_asks_nothing(tmp_path: Path):
    with Server(sometimes) as server:
        repo = a_branch(tmp_path, server)
        first = compared(repo.path)
        asked = server.count
        again = [compared(repo.path) for _ in range(4)]

    assert (first.code, first.suite["rule"], confirmed(first)) == (1, "broken-exceeds-fixed", list(BROKEN))
    assert asked == first.sent + first.result["calls"]["confirm"]["sent"] > 2 * CASES
    assert server.count == asked
    flaky = [case["case"] for case in first.suite["results"] if case["state"] == "flaky"]
    assert flaky
    assert set(flaky) <= set(FLAKY)
    for tested in again:
        assert (tested.code, tested.last_line) == (first.code, first.last_line)
        assert [case["state"] for case in tested.suite["results"]] == [
            case["state"] for case in first.suite["results"]
        ]
        assert (tested.sent, tested.result["calls"]["confirm"]["sent"]) == (0, 0)


def test_fresh_draws_are_pooled_with_all_before_them_and_the_report_says_how_many_runs(tmp_path: Path):
    with Server(sometimes) as server:
        repo = a_branch(tmp_path, server)
        compared(repo.path)
        fresh = [compared(repo.path, "--fresh") for _ in range(3)]

    for pooled, tested in enumerate(fresh, start=2):
        assert tested.sent == 2 * CASES
        firsts = [
            sum(trial["role"] == "first" for trial in case[side])
            for case in tested.suite["results"]
            for side in ("base", "head")
        ]
        assert firsts == [pooled] * (2 * CASES)
        assert tested.suite["evidence"]["samples"] == pooled
        assert f"{pooled} runs" in tested.report
        assert (tested.code, tested.suite["rule"]) == (1, "broken-exceeds-fixed")
        assert [tested.state(case) for case in BROKEN] == ["broken"] * 3


def test_what_a_redraw_contradicted_once_is_not_confirmed_by_draws_that_agree_later(tmp_path: Path):
    """Base fails and head passes in each first draw; the first redraw of head fails, and stays in the store."""
    wanted, redraws_of_head = BROKEN[0], 1

    def says(request: Request) -> Reply:
        head, word = wished(request)
        luck = head and request.attempt != 1 + redraws_of_head
        return answer(f"{'good' if word != wanted or luck else 'bad'} {request.number}")

    with Server(says) as server:
        repo = a_branch(tmp_path, server)
        states = [compared(repo.path).state(wanted)]
        states += [compared(repo.path, "--fresh").state(wanted) for _ in range(3)]

    assert states == ["flaky"] * 4
