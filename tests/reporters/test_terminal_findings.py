"""What the report says beside the states of cases: redraws, flaky cases, drift, pooled draws, checks, tags, a plot."""

from pathlib import Path
from typing import Any

import pytest

from promptctl.core.findings import Drift, EvidenceRecord, Exploratory, Looks, Redraws
from promptctl.core.record import replace
from promptctl.core.result import Calls, ConfirmCalls, JudgeCalls, Sent, SideCalls
from promptctl.core.run import Standing
from promptctl.reporters import json as json_reporter
from promptctl.reporters.terminal import Style, render
from promptctl.reporters.terminal_plot import interval_plot
from tests.builders import a_pair, a_table, cases
from tests.cli.run import promptctl
from tests.reporters.results import a_result, a_suite_result, saying

REDRAWS = Redraws(each=4, asked=60, confirmed=1, contradicted=3, compared=12, identical=1)


def report(*pairs: Any, style: Style = Style(), **facts: Any) -> str:  # noqa: B008 - a tuple
    return render(a_result(a_suite_result(list(pairs), **facts)), style)


# Redraws


def test_contradicted_flips_are_named_and_told_from_first_draws_that_disagree():
    text = report(
        *a_table(40), *cases(3, "p", "f+p", name="vip"), *cases(2, "pf", "pp", name="mixed"), redraws=REDRAWS
    )

    assert "  FLAKY 3   passed and failed when asked again, no vote\n    vip-000  vip-001  vip-002\n" in text
    assert "  FLAKY 2   passed and failed in first draws of one side\n    mixed-000  mixed-001\n" in text


def test_every_flaky_case_is_named():
    pairs = cases(60, "p", "f+p", name="a-flaky-case-with-a-long-name")

    text = report(*pairs)

    assert [pair.case for pair in pairs if pair.case not in text] == []


def test_a_flip_counts_all_its_draws():
    broken = a_pair("p+ppp", "f+fff", case="late", final=True)
    fixed = a_pair("f+fff", "p+ppp", case="early", final=True)

    text = report(*a_table(60), broken, fixed)

    assert "    late   contains   base 4/4 → head 0/4\n" in text
    assert "    early   contains   0/4 → 4/4\n" in text


@pytest.mark.parametrize(
    ("base", "head", "said"),
    [
        ("p", "f+e", "base 1/1 → head 0/1"),
        ("p+pu", "f+f", "base 2/2 → head 0/2"),
        ("u+u", "p+p", "base unscored → head 2/2"),
    ],
)
def test_only_a_pass_and_a_fail_are_counted_as_draws(base: str, head: str, said: str):
    line = next(
        line for line in report(*a_table(40), a_pair(base, head, case="odd")).splitlines() if " odd " in line
    )

    assert f"   {said}" in line


def test_flaky_cases_are_shown_with_their_draws_and_answers_when_everything_is_asked_for():
    flaky = saying(a_pair("p+pp", "f+fp", case="vip"), base="Within 14 days.", head="Soon.")

    text = report(*a_table(40), flaky, style=Style(verbose=True))

    assert (
        "  FLAKY 1   passed and failed when asked again, no vote\n    vip   contains   base 3/3 → head 1/3\n"
        in text
    )
    assert "      base     [-Within 14 days-]." in text
    assert "vip   contains" not in report(*a_table(40), flaky)


def test_what_base_failed_is_named_of_a_flaky_case_too():
    text = report(*a_table(40), a_pair("pf", "pp", case="mixed"), style=Style(verbose=True))

    assert "    mixed   contains   base 1/2 → head 2/2\n" in text


def test_short_answers_of_a_fixed_case_are_shown():
    fixed = saying(a_pair("f", "p", case="refund", final=True), base="投诉", head="退款")

    assert "    refund   contains   投诉 → 退款   fail → pass\n" in report(*a_table(60), fixed)


@pytest.mark.parametrize(
    ("base", "head", "redraws", "why"),
    [
        ("p", "f", None, "not redrawn"),
        ("p", "f+e", None, "not redrawn: an error"),
        ("p", "f+u", None, "redraw unscored"),
        ("p+p", "f+f", None, "redraws cut short"),
        ("p+p", "f+f", replace(REDRAWS, cached=True), "redraws cached"),
    ],
)
def test_why_a_flip_is_not_confirmed_is_said(base: str, head: str, redraws: Redraws | None, why: str):
    text = report(*a_table(40), a_pair(base, head, case="late"), redraws=redraws)

    line = next(line for line in text.splitlines() if line.startswith("    late "))
    assert line.endswith(f"   {why}")


def test_a_cache_is_said_in_one_line():
    text = report(*a_table(40), redraws=replace(REDRAWS, identical=12, cached=True))

    assert "  cached     12 of 12 redraws repeat their first draw word for word, so no flip is\n" in text


@pytest.mark.parametrize(
    ("drift", "line"),
    [
        (
            Drift(by="canary", drawn=20, changed=7, usual=0.08, p=0.00056, redrawn=True),
            "canary     7 of 20 old answers of base changed (usual 8 %, p = 0.00056): drift: base was drawn anew",
        ),
        (
            Drift(by="canary", drawn=20, changed=1, usual=0.08, p=0.81),
            "canary     1 of 20 old answers of base changed (usual 8 %, p = 0.8100): no drift",
        ),
        (
            Drift(by="flips", drawn=6, changed=5, redrawn=True),
            "drift      base's redraws contradict 5 of 6 flips; base was drawn anew, and that decides",
        ),
    ],
)
def test_drift_is_said_with_its_numbers(drift: Drift, line: str):
    text = report(*a_table(40), drift=drift)

    assert line in text.replace("\n             ", " ")


def test_an_early_stop_says_how_many_cases_were_not_asked():
    looks = Looks(looks=5, look=2, z=3.1, boundary=2.9, asked=120, planned=300, stopped=True)

    text = report(*a_table(120), *cases(180, "", "", name="left"), looks=looks)

    assert "note       stopped early at look 2 of 5: 120 of 300 cases asked, 180 not asked" in text


def test_several_first_draws_are_said_to_be_averaged():
    evidence = EvidenceRecord(margin=0.05, min_pass_rate=0, max_errors=0, samples=3)

    assert "  averages   3 first draws a side of each case\n" in report(*a_table(60), evidence=evidence)


def test_a_case_that_is_flaky_by_itself_is_named_and_is_no_blocker():
    blocker = a_pair("p", "f", case="must-pay", severity="blocker", flaky=True)
    suite, ruling = a_suite_result([*a_table(40), blocker])
    results = tuple(replace(case, flaky=case.case == "must-pay") for case in suite.results)

    text = render(a_result((replace(suite, results=results), ruling)), Style())

    assert (
        "  FLAKY BEFORE 1   over six or more draws; cannot act as a blocker until mended\n    must-pay (blocker)\n"
        in text
    )
    assert "    must-pay   blocker, but flaky   contains" in text


# The last lines


def test_the_evidence_line_counts_confirmed_flips_and_flaky_cases():
    pairs = [*cases(50, "p", "p"), a_pair("p", "f", case="late", final=True), *cases(9, "f", "f")]

    text = report(*pairs, *cases(3, "p", "f+p", name="vip"))

    assert "; 1 confirmed broken, 0 fixed, 3 flaky\n" in text.replace("\n     ", "; ")


def test_a_new_failure_that_is_meant_is_told_and_counted():
    meant = a_pair(
        "", "f", case="n1", standing=Standing.NEW, severity="blocker", accepted="a new policy", final=True
    )
    broken = a_pair("p", "f", case="old", accepted="forms now", final=True)

    text = report(*a_table(60), meant, broken)

    assert "  ACCEPTED   n1 new and failing, because: a new policy\n" in text
    assert "  ACCEPTED   old broken, because: forms now\n" in text
    assert "0 confirmed broken, 0 fixed, 2 accepted" in text
    two = render(
        a_result(a_suite_result([*a_table(60), meant, broken]), a_suite_result(a_table(9), suite="b")),
        Style(),
    )
    assert "  2 suites, 71 cases: 0 broken, 0 fixed, 2 accepted, 0 flaky\n" in two


def test_a_failure_that_is_meant_is_told_without_a_base():
    pairs = [*cases(9, "", "p"), a_pair("", "f", case="n1", accepted="a new policy")]

    text = report(*pairs, has_base=False)

    assert "  ACCEPTED   n1 failing, because: a new policy\n" in text
    assert "; 1 accepted" in text


def test_averages_are_not_mistaken_for_a_wrong_sum():
    pairs = [*cases(50, "ppp", "ppp", name="same"), *cases(9, "fff", "ffp", name="odd"), a_pair("fff", "ppp")]

    suite, ruling = a_suite_result(pairs)
    assert suite.evidence
    suite = replace(suite, evidence=replace(suite.evidence, samples=3))
    text = render(a_result((suite, ruling)), Style())

    assert "50 → 51 of 60 pass" in report(*cases(50), *cases(9, "f", "f"), a_pair("f", "p"))
    assert "  50 → 51 of 60 pass by majority, +6.7 points on average [" in text


def test_a_case_of_two_suites_is_accepted_by_its_suite():
    def suite(name: str, *ids: str) -> Any:
        pairs = [a_pair("p", "f", case=one, final=True, severity="blocker") for one in ids]
        return a_suite_result([*a_table(20), *pairs], suite=name)

    both = render(a_result(suite("d1", "g000"), suite("d2", "g000")), Style())
    one = render(a_result(suite("d1", "g000"), suite("d2", "g001")), Style())

    assert "cases accept d1/g000 --because" in both
    assert "promptctl test d1 --case g000 -v" in both
    assert "cases accept g000 --because" in one


def test_a_tiny_chance_is_never_nothing():
    row = Exploratory(kind="tag", name="vip", n=90, broken=90, fixed=0, p=1.6e-27, adjusted=0.00012)
    drift = Drift(by="canary", drawn=20, changed=20, usual=0.08, p=1e-22, redrawn=True)

    text = report(*a_table(40), exploratory=(row,), drift=drift)

    assert "p = 1.6e−27 → 0.00012" in text
    assert "p = 1.0e−22)" in text


def test_some_confirmed_flips_are_not_said_to_be_all():
    text = report(*a_table(40), a_pair("p", "f", case="late", final=True), a_pair("p", "f", case="odd"))

    assert "2 broken, 0 fixed (1 confirmed)" in text


@pytest.mark.parametrize(
    ("calls", "line"),
    [
        (
            Calls(
                prompt=Sent(sent=56, reused=60),
                confirm=ConfirmCalls(sent=9),
                sides=SideCalls(head=56),
                cost=0.01,
            ),
            "  65 calls (56 head, 9 confirm), 60 reused, $0.010; detects",
        ),
        (
            Calls(prompt=Sent(sent=6, reused=1), sides=SideCalls(base=3, head=3, redraws_reused=4), cost=0.0),
            "  6 calls (3 base, 3 head), 5 reused, $0.000; detects",
        ),
        (
            Calls(prompt=Sent(sent=5), judge=JudgeCalls(sent=7, reused=2), sides=SideCalls(head=5), cost=0.0),
            "  12 calls (5 head, 7 judge), 2 reused, $0.000; detects",
        ),
        (Calls(prompt=Sent(sent=5), cost=0.0), "  5 calls, 0 reused, $0.000; detects"),
    ],
)
def test_the_calls_line_says_what_was_asked_for_what(calls: Calls, line: str):
    assert line in render(a_result(a_suite_result(a_table(60)), calls=calls), Style())


# Checks, tags, plot


def test_checks_show_only_where_the_sides_differ():
    def verdicts(pair: Any, side: str, *statuses: str) -> Any:
        trial = getattr(pair, side)[0]
        made = tuple(
            replace(trial.verdicts[0], check=f"check{n}", status=status) for n, status in enumerate(statuses)
        )
        return replace(pair, **{side: (replace(trial, verdicts=made),)})

    pairs = [
        verdicts(verdicts(pair, "base", "pass", "pass"), "head", "fail", "pass")
        for pair in cases(5, "p", "f", final=True)
    ]

    assert "  check0  pass 5 → 0 of 5\n" in report(*pairs)
    assert "  check1  pass" not in report(*pairs)
    assert "  check1  pass 5 → 5 of 5\n" in report(*pairs, style=Style(verbose=True))


def test_exploratory_rows_are_labelled_and_only_those_that_stand_out():
    loud = Exploratory(kind="tag", name="退款", n=18, broken=6, fixed=0, p=0.03, adjusted=0.06)
    quiet = Exploratory(kind="check", name="tone", n=40, broken=2, fixed=1, p=1.0, adjusted=1.0)

    text = report(*a_table(40), exploratory=(loud, quiet))

    assert "  exploratory: 2 rows looked at, no part of the decision" in text
    assert "    tag    退款  6 broken, 0 fixed of 18   p = 0.030 → 0.060\n" in text
    assert "tone" not in text
    assert "tone" in report(*a_table(40), exploratory=(loud, quiet), style=Style(verbose=True))
    assert "exploratory" not in report(*a_table(40), exploratory=(quiet,))


def test_the_plot_marks_nothing_the_margin_and_the_estimate():
    plot = interval_plot(-0.105, -0.033, 0.029, 0.05)

    axis = plot.split()[1]
    assert [axis.index(mark) for mark in "┣┆●│┫"] == sorted(axis.index(mark) for mark in "┣┆●│┫")
    assert plot.endswith("│ 0, ┆ −5")
    assert interval_plot(0.0, 0.0, 0.0).count("●") == 1


def test_the_plot_is_shown_with_verbose_and_explain_alone():
    assert "●" not in report(*a_table(40))
    assert report(*a_table(40), style=Style(verbose=True)).count("●") == 1
    assert report(*a_table(40), style=Style(explain=True)).count("●") == 1


def test_a_stream_that_knows_only_ascii_gets_the_whole_arithmetic_and_the_plot(tmp_path: Path):
    result = a_result(a_suite_result(a_table(50, broken=2, fixed=1)))
    (tmp_path / "r.json").write_text(json_reporter.render(result), "utf-8")

    done = promptctl("report", "r.json", "--explain", cwd=tmp_path, env={"PYTHONIOENCODING": "ascii"})

    assert done.code == 0
    assert done.out.isascii()
    assert "\\u" not in done.out
    assert "=:===" in done.out
    assert "at D = -margin = -0.0500" in done.out


def test_a_report_is_explained_again_from_its_file_with_the_decision_last(tmp_path: Path):
    result = a_result(a_suite_result(a_table(50, broken=2, fixed=1)))
    (tmp_path / "r.json").write_text(json_reporter.render(result), "utf-8")

    done = promptctl("report", "r.json", "--explain", cwd=tmp_path)

    assert done.out == render(result, Style(explain=True))
    assert done.out.splitlines()[-1].startswith("FAIL")
