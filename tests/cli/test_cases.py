import json
from pathlib import Path

import pytest

from tests.acceptance.refusing import refusals, refused
from tests.cli.run import Done, promptctl
from tests.repository import Repo

REPLY = "---\ninputs: {ticket: string, count: {type: integer, default: 1}}\n---\nIn {{ count }} words: {{ ticket }}\n"
LOST = '{"id": "lost", "status": "draft", "group": "g", "vars": {"ticket": "我的包裹"}}\n'
SORT = "- {id: where, input: Where?, expected: delivery}   # common\n- {input: Money?, expected: refund}\n"
SUITE = "checks:\n  - not_empty\n"
LATE = """\
# from a complaint
id: late
severity: blocker
tags: [refund, tone]
why: The wrong window
vars: {ticket: When?}
expected: {text: 14 days}
checks:
  - contains_any: ["14 days", two weeks]   # either
  - {not: {contains: 30 days}, required: false}
"""


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "project")
    repo.commit(
        "first",
        {
            "promptctl.toml": '[project]\nmodel = "pipeline"\n',
            "prompts/reply.prompt.j2": REPLY,
            "evals/reply/suite.yaml": SUITE,
            "evals/reply/cases/late.yaml": LATE,
            "evals/reply/more.jsonl": LOST,
            "prompts/sort.prompt.j2": "Sort: {{ ticket }}\n",
            "evals/sort.yaml": SORT,
        },
    )
    return repo


def cases(repo: Repo, *args: str) -> Done:
    done = promptctl("cases", *args, cwd=repo.path)
    assert "Traceback" not in done.out + done.err
    return done


def test_cases_are_listed_by_suite_with_why_or_what_they_give(repo: Repo):
    done = cases(repo, "list")

    assert done.code == 0
    assert done.out == (
        "reply   2 cases\n"
        "case    status    severity    tags          why, or what it gives\n"
        "------  --------  ----------  ------------  -----------------------\n"
        "late    active    blocker     refund, tone  The wrong window\n"
        "lost    draft     normal                    我的包裹\n"
        "\n"
        "sort   2 cases\n"
        "case          status    severity    why, or what it gives\n"
        "------------  --------  ----------  -----------------------\n"
        "money-53770c  active    normal      Money?\n"
        "where         active    normal      Where?\n"
    )


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (("--status", "draft"), ["lost"]),
        (("--tag", "tone", "--tag", "x"), ["late"]),
        (("--severity", "normal", "reply"), ["lost"]),
        (("--group", "g"), ["lost"]),
        (("re*", "--status", "draft", "--status", "active"), ["late", "lost"]),
    ],
)
def test_a_list_can_be_narrowed(repo: Repo, options: tuple[str, ...], found: list[str]):
    done = cases(repo, "list", "--json", *options)

    assert [one["case"] for one in json.loads(done.out)] == found


def test_a_list_as_json_names_file_and_line(repo: Repo):
    [one] = json.loads(cases(repo, "list", "--json", "--tag", "refund").out)

    assert one == {
        "suite": "reply",
        "case": "late",
        "status": "active",
        "severity": "blocker",
        "tags": ["refund", "tone"],
        "group": None,
        "why": "The wrong window",
        "gives": "When?",
        "path": "evals/reply/cases/late.yaml",
        "line": 2,
    }


def test_what_selects_nothing_is_refused(repo: Repo):
    assert refused(repo, "cases", "list", "--tag", "x").at == "promptctl cases list --tag x"
    assert refused(repo, "cases", "list", "repl").fix.startswith('did you mean "reply"?')


def test_a_case_is_shown_as_written_with_the_suites_checks_and_its_answers_judged_now(repo: Repo):
    lines = [
        {"case": "late", "output": text, "sample": n}
        for n, text in enumerate(["14 days", "Soon.", "two weeks"])
    ]
    (repo.path.parent / "out.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    promptctl("answers", "import", "../out.jsonl", "--prompt", "reply", cwd=repo.path)

    done = cases(repo, "show", "late")

    assert done.code == 0
    assert done.out.startswith(f"reply/late   evals/reply/cases/late.yaml:2:1\n\n{LATE}\n")
    assert done.out.partition(LATE)[2] == (
        "\n"
        "check         asks                                vote     from\n"
        "------------  ----------------------------------  -------  ------\n"
        "not_empty     not_empty                                    suite\n"
        "contains_any  contains_any: [14 days, two weeks]\n"
        "not           not: {contains: 30 days}            no vote\n"
        "\n"
        "draws      2 of 3 passed under pipeline\n"
        "draw    from      outcome    because                         answer\n"
        "------  --------  ---------  ------------------------------  ---------\n"
        "0       imported  pass                                       14 days\n"
        '1       imported  fail       none of "14 days" or "two wee…  Soon.\n'
        "2       imported  pass                                       two weeks\n"
    )


def test_the_answers_shown_follow_the_checks_as_they_stand(repo: Repo):
    (repo.path.parent / "out.jsonl").write_text('{"case": "late", "output": "Soon."}\n')
    promptctl("answers", "import", "../out.jsonl", "--prompt", "reply", cwd=repo.path)
    before = cases(repo, "show", "late")
    repo.write({"evals/reply/cases/late.yaml": LATE.replace("two weeks", "Soon.")})

    after = cases(repo, "show", "late")

    assert "draws      0 of 1 passed" in before.out
    assert "draws      1 of 1 passed" in after.out


def test_a_case_without_answers_says_how_to_get_them_and_another_model_has_its_own(repo: Repo):
    (repo.path.parent / "out.jsonl").write_text('{"case": "late", "output": "14 days"}\n')
    promptctl("answers", "import", "../out.jsonl", "--prompt", "reply", "--model", "other", cwd=repo.path)

    done = cases(repo, "show", "reply/late", "--model", "pipeline", "--model", "other")

    assert "draws      none stored for it under pipeline" in done.out
    assert "draws      1 of 1 passed under other" in done.out
    assert "next       promptctl test reply --case late --no-base" in done.err


def test_a_case_of_a_suites_one_file_is_shown_without_its_neighbours(repo: Repo):
    assert (
        "\n\n{id: where, input: Where?, expected: delivery}   # common\n\n"
        in cases(repo, "show", "where").out
    )


def test_an_id_of_two_suites_needs_its_suite(repo: Repo):
    repo.write({"evals/other.yaml": "prompt: sort\ncases: [{id: late, input: a, expected: b}]\n"})

    assert refused(repo, "cases", "show", "late").fix == "say which is meant: other/late"
    assert cases(repo, "show", "other/late").code == 0


def test_an_unknown_case_names_the_nearest(repo: Repo):
    found = refused(repo, "cases", "show", "lat")

    assert (found.slug, found.fix.split("?")[0]) == ("unknown-case", 'did you mean "late"')


def test_a_broken_suite_elsewhere_does_not_hide_a_case(repo: Repo):
    repo.write({"evals/broken.yaml": "- {id: x"})

    assert cases(repo, "show", "late").code == 0
    assert refused(repo, "cases", "show", "gone").slug == "bad-yaml"


def test_a_new_case_goes_to_a_file_of_its_own(repo: Repo):
    done = cases(
        repo,
        *("add", "reply", "--var", "ticket=Where is it?", "--var", "count=3", "--why", "asked daily"),
        *("--check", "contains: 14 days", "--check", "not: {contains: 30 days}", "--tag", "a", "--tag", "b"),
        *("--severity", "blocker", "--id", "where"),
    )

    assert (done.code, done.err) == (
        0,
        "added      evals/reply/cases/where.yaml\n"
        "checks     not_empty, contains, not\n"
        "next       promptctl test --case where\n",
    )
    assert (repo.path / "evals/reply/cases/where.yaml").read_text() == (
        "id: where\nseverity: blocker\ntags:\n  - a\n  - b\nwhy: asked daily\n"
        "vars:\n  ticket: Where is it?\n  count: 3\n"
        "checks:\n  - contains: 14 days\n  - not:\n      contains: 30 days\n"
    )


def test_a_new_case_goes_to_the_end_of_a_suites_one_file(repo: Repo):
    before = (repo.path / "evals/sort.yaml").read_text()

    cases(repo, "add", "sort", "--input", "Hello\nthere", "--expected", "other", "--id", "hi")

    assert (repo.path / "evals/sort.yaml").read_text() == (
        before + "- id: hi\n  input: |-\n    Hello\n    there\n  expected: other\n"
    )
    assert (
        "1 case"
        in promptctl("test", "--case", "hi", "--no-base", "--model", "nearest-example", cwd=repo.path).out
    )


def test_a_prompt_without_a_suite_gets_one_with_its_first_case(repo: Repo):
    repo.write({"prompts/new.prompt.j2": "Say {{ word }}\n"})

    done = cases(repo, "add", "new", "--var", "word=hi", "--watch", "--id", "hi")

    assert done.code == 0
    assert (repo.path / "evals/new/cases/hi.yaml").read_text() == "id: hi\nvars:\n  word: hi\nwatch: true\n"


@pytest.mark.parametrize(
    ("args", "slug"),
    [
        (("sort", "--input", "x"), "case-cannot-fail"),
        (("sorts", "--input", "x", "--watch"), "unknown-suite"),
        (("sort", "--watch"), "undefined-variable"),
        (("sort", "--var", "tickt=x", "--watch"), "undefined-variable"),
        (("reply", "--var", "ticket=x", "--var", "count=two", "--watch"), "wrong-input-type"),
        (("sort", "--input", "x", "--check", "contain: a"), "unknown-check"),
        (("sort", "--input", "x", "--check", "contains: [a"), "bad-yaml"),
        (("sort", "--input", "x", "--check", "- contains: a"), "bad-check"),
        (("sort", "--input", "x", "--check", "matches_expected"), "missing-reference"),
        (("sort", "--input", "x", "--watch", "--id", "a/b"), "bad-id"),
        (("sort", "--input", "x", "--watch", "--id", "😀"), "bad-id"),
        (("sort", "--input", "x", "--watch", "--id", "x" * 300), "bad-id"),
        (("reply", "--var", "ticket=x", "--watch", "--id", "LATE"), "case-exists"),
        (("reply", "--var", "ticket=x", "--watch", "--id", "con"), "unsafe-file-name"),
        (("sort", "--input", "x", "--var", "ticket=y", "--watch"), "usage"),
        (("sort", "--input", "x", "--severity", "huge", "--watch"), "usage"),
    ],
)
def test_a_case_that_would_be_wrong_is_not_written(repo: Repo, args: tuple[str, ...], slug: str):
    assert refused(repo, "cases", "add", *args).slug == slug


def test_of_several_suites_the_one_that_gets_the_case_must_be_named(repo: Repo):
    repo.write({"evals/more.yaml": "prompt: sort\ncases: [{input: a, expected: b}]\n"})

    assert cases(repo, "add", "sort", "--input", "x", "--watch").code == 0
    repo.write(
        {
            "prompts/two.prompt.j2": "{{ a }}",
            "evals/x.yaml": "prompt: two\ncases: [{input: a, watch: true}]\n",
        }
    )
    repo.write({"evals/y.yaml": "prompt: two\ncases: [{input: a, watch: true}]\n"})
    assert refused(repo, "cases", "add", "two", "--input", "x", "--watch").slug == "several-suites"


def test_two_branches_that_each_add_a_case_merge_without_a_conflict(repo: Repo):
    repo.branch("one")
    cases(repo, "add", "reply", "--var", "ticket=One?", "--watch", "--id", "one")
    repo.commit("one")
    repo.checkout("main").branch("two")
    cases(repo, "add", "reply", "--var", "ticket=Two?", "--watch", "--id", "two")
    repo.commit("two")

    repo.merge("one")

    found = json.loads(cases(repo, "list", "reply", "--json").out)
    assert [one["case"] for one in found] == ["late", "lost", "one", "two"]


def test_ids_that_are_the_same_or_nearly_in_two_files_name_both_places(repo: Repo):
    nfd = "\u1112\u1161\u11ab"
    repo.write(
        {
            "evals/reply/more.jsonl": "".join(
                json.dumps({"id": name, "vars": {"ticket": str(number)}}) + "\n"
                for number, name in enumerate(["late", "Late", "\ud55c", nfd, "a/b", "😀", "x" * 300])
            )
        }
    )

    found = refusals(repo, "cases", "list", "reply")

    assert [one.slug for one in found] == ["bad-id"] * 3 + ["duplicate-id"] * 3
    duplicates = [one for one in found if one.slug == "duplicate-id"]
    assert "evals/reply/cases/late.yaml:2:1" in duplicates[0].message
    assert duplicates[0].at == "evals/reply/more.jsonl:1:1"
    assert "differ only in case" in duplicates[1].message
    assert "look the same" in duplicates[2].message


@pytest.mark.parametrize(
    "case_id",
    [
        "\u092a\u0948\u0938\u093e-\u0915\u092c",
        "\u0e40\u0e07\u0e34\u0e19\u0e04\u0e37\u0e19",
        "cafe\u0301.1",
        "\u6587\u6863\u2460",
    ],
)
def test_vowel_signs_and_accents_are_part_of_a_letter(repo: Repo, case_id: str):
    repo.write({"evals/sort.yaml": f"- {{id: {case_id}, input: a, expected: b}}\n"})

    assert [one["case"] for one in json.loads(cases(repo, "list", "sort", "--json").out)] == [case_id]
    assert cases(repo, "unpack", "sort").code == 0
    assert cases(repo, "show", f"sort/{case_id}").code == 0


@pytest.mark.parametrize(
    "case_id", ["\u093eab", ".\u0301", "1\ufe0f\u20e3", "a\ufe0f", "a\u200d", "a\u034f", "\u2702\ufe0f"]
)
def test_a_mark_without_its_letter_or_one_that_nobody_sees_is_in_no_id(repo: Repo, case_id: str):
    repo.write({"evals/sort.yaml": f'- {{id: "{case_id}", input: a, expected: b}}\n'})

    assert refused(repo, "cases", "list", "sort").slug == "bad-id"


def test_a_computed_id_keeps_the_marks_of_its_words(repo: Repo):
    repo.write(
        {"evals/sort.yaml": "- {input: \u092e\u0947\u0930\u093e \u092a\u0948\u0938\u093e!, expected: b}\n"}
    )

    [case] = json.loads(cases(repo, "list", "sort", "--json").out)

    assert case["case"].rpartition("-")[0] == "\u092e\u0947\u0930\u093e-\u092a\u0948\u0938\u093e"


def test_a_file_name_whose_accents_a_disk_keeps_apart_is_the_same_id(repo: Repo):
    repo.write({"evals/reply/cases/cafe\u0301.yaml": "input: a\nexpected: b\n"})
    repo.write({"evals/reply/cases/the\u0301.yaml": "id: th\u00e9\ninput: b\nexpected: b\n"})

    listed = json.loads(cases(repo, "list", "reply", "--json").out)
    again = cases(repo, "unpack", "reply")

    assert {"caf\u00e9", "th\u00e9"} <= {one["case"] for one in listed}
    assert again.code == 0
    assert json.loads(cases(repo, "list", "reply", "--json").out)[0]["case"] == listed[0]["case"]


def test_a_number_as_an_id_says_that_quotes_make_it_text(repo: Repo):
    repo.write({"evals/sort.yaml": "- {id: 12, input: a, expected: b}\n"})

    assert refused(repo, "cases", "list", "sort").fix == 'put it in quotes: "12"'


def test_a_list_says_that_files_were_passed_over(repo: Repo):
    repo.symlink("evals/reply/cases/other.yaml", "late.yaml")

    assert "`promptctl lint` says which and why" in cases(repo, "list").err
