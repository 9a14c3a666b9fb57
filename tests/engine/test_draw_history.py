"""Which cases are flaky, by the stored draws of a request that did not change."""

from pathlib import Path

import pytest

from promptctl.core.exchange import AnswerKey, Output
from promptctl.engine.draw_history import flaky_cases
from tests.engine.drawn import CASES, SAID, Drawn


def flaky(drawn: Drawn) -> set[str]:
    return set(flaky_cases(drawn.suite, drawn.providers, drawn.store))


@pytest.mark.parametrize(
    ("outcomes", "is_flaky"),
    [
        ("pfpfp", False),  # five
        ("ppppppf", True),
        ("pppppp", False),
        ("ffffff", False),
        ("pppppppppf", True),  # 0.9
        ("ppppppppppf", False),  # 0.91
        ("fffffffffp", True),  # 0.1
        ("ffffffffffp", False),
    ],
)
def test_six_draws_of_base_that_pass_one_to_nine_times_in_ten_make_a_case_flaky(
    tmp_path: Path, outcomes: str, is_flaky: bool
):
    drawn = Drawn(tmp_path)
    drawn.put("ada", "base", outcomes)

    assert flaky(drawn) == ({"ada"} if is_flaky else set())


def test_first_draws_and_redraws_count_alike_and_canaries_not_at_all(tmp_path: Path):
    """A run draws canaries itself: what it says would be another thing when it is run again."""
    drawn = Drawn(tmp_path)
    drawn.put("ada", "base", "ppp")
    drawn.put("ada", "base", "ff", start=1000)
    drawn.put("ada", "base", "pp", start=2000)
    assert flaky(drawn) == set()

    drawn.put("ada", "base", "p", start=1002)

    assert flaky(drawn) == {"ada"}


def test_a_model_that_drifted_makes_no_case_flaky_and_flips_within_a_week_do(tmp_path: Path):
    drawn = Drawn(tmp_path)
    drawn.put("ada", "base", "pppp")
    drawn.age(8)
    drawn.put("ada", "base", "fff", start=1000)
    assert flaky(drawn) == set()

    drawn.put("ada", "base", "p", start=1003)

    assert flaky(drawn) == {"ada"}


def test_draws_of_head_do_not_count_where_base_sends_something_else(tmp_path: Path):
    drawn = Drawn(tmp_path)
    drawn.put("ada", "base", "ppppp")
    drawn.put("ada", "head", "fpfpfpfp")

    assert flaky(drawn) == set()


def test_the_one_request_of_a_case_that_did_not_change_counts(tmp_path: Path):
    drawn = Drawn(tmp_path, head=None, every=True)
    drawn.put("ada", "head", "pfpfpf")

    assert flaky(drawn) == {"ada"}


def test_of_a_case_that_base_does_not_have_heads_request_counts(tmp_path: Path):
    drawn = Drawn(tmp_path, before=CASES.replace("id: ada", "id: ann"))
    drawn.put("ada", "base", "pfpfpf")
    assert flaky(drawn) == set()

    drawn.put("ada", "head", "pfpfpf")

    assert flaky(drawn) == {"ada"}


def test_draws_of_another_provider_and_imported_ones_do_not_count(tmp_path: Path):
    drawn = Drawn(tmp_path)
    request = drawn.sent("ada").digest
    drawn.put("ada", "base", "pfp")
    drawn.store.put_imported([(request, sample, Output(text=SAID["f"])) for sample in range(3, 9)])
    drawn.store.put_many(
        [(AnswerKey("scripted", "there", request, sample), Output(text=SAID["f"])) for sample in range(9)]
    )

    assert flaky(drawn) == set()


def test_a_deterministic_provider_is_never_flaky(tmp_path: Path):
    drawn = Drawn(tmp_path, deterministic=True)
    drawn.put("ada", "base", "pfpfpf")

    assert flaky(drawn) == set()


def test_draws_that_no_check_can_score_do_not_count(tmp_path: Path):
    drawn = Drawn(tmp_path, "- {id: ada, input: Ada, checks: [{cost: 1}]}\n")
    drawn.put("ada", "base", "pfpfpf")

    assert flaky(drawn) == set()


def test_nothing_is_judged_of_a_case_with_five_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    drawn = Drawn(tmp_path)
    drawn.put("ada", "base", "pfpfp")
    drawn.put("bob", "base", "pfpfpf")
    judged: list[str] = []
    grader = drawn.suite.grader
    assert grader
    grade = grader.grade
    monkeypatch.setattr(grader, "grade", lambda case, *a, **k: judged.append(case.id) or grade(case, *a, **k))

    assert flaky(drawn) == {"bob"}
    assert set(judged) == {"bob"}


def test_a_conversation_is_followed_by_its_own_replies_and_counts_where_it_came_to_its_end(tmp_path: Path):
    talk = "- {id: ada, turns: [one, two], checks: [{contains: ok}]}\n"
    drawn = Drawn(
        tmp_path, talk, base="{% user %}{{ say }}{% enduser %}", head="{% user %}Now: {{ say }}{% enduser %}"
    )
    for sample, letter in enumerate("pfpfp"):
        drawn.talk("ada", "base", sample, f"reply {sample}", SAID[letter])
    drawn.talk("ada", "base", 1000, "broken off")
    assert flaky(drawn) == set()

    drawn.talk("ada", "base", 1001, "another", SAID["f"])

    assert flaky(drawn) == {"ada"}
