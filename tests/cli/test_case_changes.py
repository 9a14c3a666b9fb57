from pathlib import Path

import pytest

from tests.acceptance.refusing import refused
from tests.cli.run import Done, promptctl
from tests.e2e.shop import BROKEN, LABELS, PROMPT, SUITE, cases, compared, shop_in, sorting, with_settings
from tests.repository import Repo

FOLDER = "evals/sort/cases/pear.yaml"
PEAR = "# mine\nid: pear   # this one\ninput: pear\nexpected: fruit\n"


def change(repo: Repo, *args: str) -> Done:
    done = promptctl("cases", *args, cwd=repo.path)
    assert "Traceback" not in done.out + done.err
    return done


def shop(tmp_path: Path, suite: str | None = None, **more: str) -> Repo:
    return shop_in(tmp_path, {SUITE: suite if suite is not None else cases(**more)})


def suite_of(repo: Repo) -> str:
    return (repo.path / SUITE).read_text()


def difference(before: str, after: str) -> list[tuple[str, str]]:
    """The lines that differ, of two texts with as many lines."""
    pairs = zip(before.splitlines(), after.splitlines(), strict=True)
    return [(one, other) for one, other in pairs if one != other]


def test_a_case_is_retired_and_activated_again_where_it_stands(tmp_path: Path):
    repo = shop(tmp_path)
    before = suite_of(repo)

    retired = change(repo, "retire", "pear", "sort/leek")
    after = suite_of(repo)
    active = change(repo, "activate", "pear", "leek", "kale")

    assert retired.out == f"retired     sort/pear   {SUITE}\nretired     sort/leek   {SUITE}\n"
    assert difference(before, after) == [
        (
            "- {id: pear, input: pear, expected: fruit}",
            "- {id: pear, status: retired, input: pear, expected: fruit}",
        ),
        (
            "- {id: leek, input: leek, expected: vegetable}",
            "- {id: leek, status: retired, input: leek, expected: vegetable}",
        ),
    ]
    assert active.out.splitlines()[-1] == f"active already sort/kale   {SUITE}"
    assert suite_of(repo) == after.replace("retired", "active")


def test_a_blocker_that_is_retired_names_the_way_past_the_gate(tmp_path: Path):
    repo = shop(tmp_path, pear="severity: blocker")
    repo.branch("change")

    done = change(repo, "retire", "pear")
    stopped = compared(repo.path)
    accepted = change(repo, "accept", "pear", "--because", "merged with apple")
    passed = compared(repo.path)

    assert "promptctl cases accept pear --what weakened" in done.err
    assert (stopped.code, stopped.rules[0]) == (1, "blocker-removed")
    assert accepted.out == "accepted   sort/pear   weakened, in promptctl.toml\n"
    assert passed.code == 0


def test_a_quarantine_has_its_reason_and_its_end_and_ends_with_activation(tmp_path: Path):
    repo = shop_in(tmp_path, {SUITE: None, FOLDER: PEAR})

    done = change(repo, "quarantine", "pear", "--reason", 'flaky: "sometimes" # no', "--until", "2099-12-31")
    quarantined = (repo.path / FOLDER).read_text()
    change(repo, "activate", "pear")

    assert done.code == 0
    assert quarantined.startswith("# mine\nid: pear   # this one\nstatus: quarantined\ninput: pear\n")
    assert "reason: 'flaky: \"sometimes\" # no'\n  until: '2099-12-31'\n" in quarantined
    assert (repo.path / FOLDER).read_text() == PEAR.replace("input", "status: active\ninput", 1)


def test_a_quarantined_case_gets_the_id_that_it_needs(tmp_path: Path):
    repo = shop(tmp_path, "- {input: pear, expected: fruit}   # mine\n")
    case_id = change(repo, "list").out.splitlines()[3].split()[0]

    done = change(repo, "quarantine", case_id, "--reason", "flaky", "--until", "2099-12-31")

    assert done.code == 0
    assert suite_of(repo).startswith(
        f"- {{id: {case_id}, status: quarantined, input: pear, expected: fruit, quarantine:"
    )


def test_a_line_of_json_is_changed_and_the_others_stay(tmp_path: Path):
    lines = [
        '{"id":"leek",  "input":"leek","expected":"vegetable"}',
        '{"id": "pear", "input": "pear", "expected": 1e3}',
    ]
    repo = shop_in(tmp_path, {SUITE: None, "evals/sort/bulk.jsonl": "\n".join(lines) + "\n"})

    change(repo, "retire", "pear")

    after = (repo.path / "evals/sort/bulk.jsonl").read_text().splitlines()
    assert after == [lines[0], '{"id": "pear", "status": "retired", "input": "pear", "expected": 1000.0}']


def test_a_draft_that_cannot_be_asked_stays_a_draft(tmp_path: Path):
    check = "checks: [matches_expected]"
    repo = shop(tmp_path, f"- {{id: new, status: draft, input: pear, {check}}}\n")

    assert refused(repo, "cases", "activate", "new").slug == "missing-reference"


def test_all_cases_are_changed_or_none(tmp_path: Path):
    assert refused(shop(tmp_path), "cases", "retire", "pear", "gone").slug == "unknown-case"


def test_what_cannot_be_changed_by_itself_is_left_for_a_hand(tmp_path: Path):
    text = "id: pear\nstatus: quarantined\ninput: pear\nexpected: fruit\nquarantine:\n  # see ticket 7\n"
    repo = shop_in(tmp_path, {SUITE: None, FOLDER: f'{text}  reason: flaky\n  until: "2099-12-31"\n'})

    found = refused(repo, "cases", "activate", "pear")

    assert (found.slug, found.fix) == ("cannot-edit", "edit it by hand: write status: active")


@pytest.mark.parametrize(
    ("args", "slug"),
    [
        (("--reason", "x", "--until", "2020-01-01"), "bad-date"),
        (("--reason", "x", "--until", "soon"), "bad-date"),
        (("--reason", " ", "--until", "2099-01-01"), "usage"),
        (("--reason", "x"), "usage"),
    ],
)
def test_a_quarantine_needs_a_reason_and_a_day_to_come(tmp_path: Path, args: tuple[str, ...], slug: str):
    assert refused(shop(tmp_path), "cases", "quarantine", "pear", *args).slug == slug


SUITES = {
    "settings before the cases": (
        with_settings("# settings\nsamples: 1 # one", cases()),
        "# settings\nsamples: 1 # one\naccept:\n  - case: pear\n    what: broken\n    because: new rules\ncases:\n",
    ),
    "an entry already": (
        with_settings("accept:\n  - {case: leek, what: broken, because: so}  # old", cases()),
        "accept:\n  - {case: leek, what: broken, because: so}  # old\n  - case: pear\n    what: broken\n",
    ),
    "cases alone": (
        "# top\ncases:\n" + "".join(f"  {line}\n" for line in cases().splitlines()),
        "# top\naccept:\n  - case: pear\n    what: broken\n    because: new rules\ncases:\n",
    ),
}


@pytest.mark.parametrize(("suite", "begins"), SUITES.values(), ids=SUITES)
def test_a_break_that_is_meant_is_written_into_the_suite_and_no_longer_stops(
    tmp_path: Path, suite: str, begins: str
):
    repo = shop(tmp_path, suite)
    repo.branch("change").write({PROMPT: sorting(**BROKEN)})
    stopped = compared(repo.path)

    done = change(repo, "accept", "pear", "--because", "new rules")
    passed = compared(repo.path)

    assert (stopped.code, passed.code) == (1, 0)
    assert done.out == f"accepted   sort/pear   broken, in {SUITE}\n"
    assert suite_of(repo).startswith(begins)
    assert suite_of(repo).endswith(suite.partition("cases:\n")[2])


def test_a_bare_list_of_cases_has_its_entries_in_the_projects_file(tmp_path: Path):
    config = '# ours\n[project]\nmodel = "nearest-example"  # small\n'
    repo = shop_in(tmp_path, {"promptctl.toml": config})
    repo.branch("change").write({PROMPT: sorting(**BROKEN)})
    compared(repo.path)

    done = change(repo, "accept", "sort/pear", "--because", 'new "rules"', "--until", "2099-12-31")

    assert done.out == "accepted   sort/pear   broken, in promptctl.toml\n"
    assert (repo.path / "promptctl.toml").read_text() == (
        f'{config}\n[[accept]]\nsuite = "sort"\ncase = "pear"\nwhat = "broken"\n'
        'because = "new \\"rules\\""\nuntil = "2099-12-31"\n'
    )
    assert compared(repo.path).code == 0


def test_a_project_that_pyproject_configures_has_them_there(tmp_path: Path):
    repo = shop_in(tmp_path, {"pyproject.toml": '[tool.promptctl.project]\nmodel = "nearest-example"\n'})

    change(repo, "accept", "pear", "--what", "broken", "--because", "so")

    assert (
        '[[tool.promptctl.accept]]\nsuite = "sort"\ncase = "pear"\n'
        in (repo.path / "pyproject.toml").read_text()
    )
    assert not (repo.path / "promptctl.toml").exists()


def test_a_case_of_a_suite_that_is_gone_is_accepted_in_the_projects_file(tmp_path: Path):
    repo = shop(tmp_path, pear="severity: blocker")
    repo.write({"evals/other.yaml": "prompt: sort\ncases: [{id: fig, input: apple, expected: fruit}]\n"})
    repo.commit("another suite")
    repo.branch("change").write({SUITE: None})
    stopped = promptctl("test", cwd=repo.path)

    done = change(repo, "accept", "pear", "--because", "moved")

    assert stopped.code == 1
    assert done.out == "accepted   sort/pear   removed, in promptctl.toml\n"
    assert promptctl("test", cwd=repo.path).code == 0


def test_an_accepted_case_gets_its_computed_id_written_down(tmp_path: Path):
    repo = shop(
        tmp_path, "".join(f"- {{input: {name}, expected: {kind}}}\n" for name, kind in LABELS.items())
    )
    repo.branch("change").write({PROMPT: sorting(**BROKEN)})
    broken = next(
        found["case"] for found in compared(repo.path).suite["results"] if found["state"] == "broken"
    )

    done = change(repo, "accept", broken, "--because", "so")

    assert f"its id was computed from its inputs; it is written down now: {broken}" in done.err.lower()
    assert f"- {{id: {broken}, input: pear, expected: fruit}}\n" in suite_of(repo)
    assert compared(repo.path).code == 0


@pytest.mark.parametrize(
    ("args", "slug"),
    [
        (("pear", "--because", "x"), "nothing-to-accept"),
        (("gone", "--because", "x", "--what", "broken"), "unknown-case"),
        (("gone", "--because", "x", "--what", "removed", "--suite", "srt"), "unknown-suite"),
        (("pear", "--because", "", "--what", "broken"), "usage"),
        (("pear", "--because", "x", "--what", "gone"), "usage"),
        (("pear", "--because", "x", "--what", "broken", "--until", "2020-01-01"), "bad-date"),
    ],
)
def test_what_cannot_be_accepted_is_refused(tmp_path: Path, args: tuple[str, ...], slug: str):
    assert refused(shop(tmp_path), "cases", "accept", *args).slug == slug


def test_nothing_is_accepted_twice(tmp_path: Path):
    repo = shop(tmp_path)
    change(repo, "accept", "pear", "--because", "x", "--what", "broken")

    assert (
        refused(repo, "cases", "accept", "pear", "--because", "y", "--what", "broken").slug
        == "already-accepted"
    )


def test_a_removed_case_of_a_suite_that_stays_is_accepted_there(tmp_path: Path):
    repo = shop(tmp_path, with_settings("samples: 1", cases(pear="severity: blocker")))
    repo.branch("change").write({SUITE: with_settings("samples: 1", cases(pear="-"))})
    stopped = compared(repo.path)

    done = change(repo, "accept", "pear", "--because", "a double of apple")

    assert stopped.rules[0] == "blocker-removed"
    assert done.out == f"accepted   sort/pear   removed, in {SUITE}\n"
    assert compared(repo.path).code == 0
