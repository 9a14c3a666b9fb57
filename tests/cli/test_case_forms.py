from pathlib import Path

import pytest

from tests.acceptance.refusing import refused
from tests.cli.run import Done, promptctl
from tests.repository import Repo

WHOLE = "# tickets\n- {input: Where?, expected: delivery}   # common\n- {input: Money?, expected: refund}\n"
LATE = "# ours\nexpected: b\nid: late\ninput: a\n"
PLAIN = 'expected: {text: "b"}\nid: plain\nvars: {ticket: "x\\ny"}\n'
BULK = '{"expected": "x", "id": "z", "input": "1"}\n\n{"input": "2", "expected": "y"}\n'


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "project")
    repo.commit(
        "first",
        {
            "prompts/sort.prompt.j2": "Sort: {{ ticket }}\n",
            "prompts/reply.prompt.j2": "Reply: {{ ticket }}\n",
            "evals/sort.yaml": WHOLE,
            "evals/reply/suite.yaml": "samples: 1   # one\n",
            "evals/reply/cases/late.yaml": LATE,
            "evals/reply/cases/plain.yaml": PLAIN,
            "evals/reply/bulk.jsonl": BULK,
        },
    )
    return repo


def cases(repo: Repo, *args: str) -> Done:
    done = promptctl("cases", *args, cwd=repo.path)
    assert "Traceback" not in done.out + done.err
    return done


def text(repo: Repo, name: str) -> str:
    return (repo.path / name).read_text()


def test_files_get_ids_order_and_block_texts_once(repo: Repo):
    checked = refused(repo, "cases", "fmt", "--check")
    done = cases(repo, "fmt")
    again = cases(repo, "fmt")

    assert checked == (
        "3 of 4 files not in canonical form",
        "not-canonical",
        "evals/reply/bulk.jsonl:1:1",
        "`promptctl cases fmt` brings them into it",
    )
    assert done.out == (
        "evals/reply/bulk.jsonl   1 new id\nevals/reply/cases/plain.yaml\nevals/sort.yaml   2 new ids\n"
    )
    assert text(repo, "evals/reply/cases/plain.yaml") == (
        "id: plain\nvars:\n  ticket: |-\n    x\n    y\nexpected:\n  text: b\n"
    )
    ids = [line.split('"')[3] for line in text(repo, "evals/reply/bulk.jsonl").splitlines()]
    assert (ids, len(ids)) == (sorted(ids), 2)
    assert text(repo, "evals/sort.yaml").startswith("# tickets\n- {id: where-")
    assert text(repo, "evals/sort.yaml").replace("id: where", "").count("   # common") == 1
    assert (again.code, again.out) == (0, "")
    assert "4 files, all in canonical form" in again.err
    assert cases(repo, "fmt", "--check").code == 0


def test_a_case_file_with_comments_is_left_alone_and_said(repo: Repo):
    done = cases(repo, "fmt", "reply")

    assert text(repo, "evals/reply/cases/late.yaml") == LATE
    assert "unchanged  1 case file, because of comments" in done.err


def test_a_case_file_with_comments_gets_the_id_of_its_name(repo: Repo):
    repo.write({"evals/reply/cases/late.yaml": "# ours\ninput: a   # this\nexpected: b\n"})

    cases(repo, "fmt", "evals/reply/cases/late.yaml")

    assert text(repo, "evals/reply/cases/late.yaml") == "# ours\nid: late\ninput: a   # this\nexpected: b\n"
    assert text(repo, "evals/reply/cases/plain.yaml") == PLAIN


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("sort", {"evals/sort.yaml"}),
        ("evals/sort.yaml", {"evals/sort.yaml"}),
        ("evals/reply/cases", {"evals/reply/cases/plain.yaml"}),
        ("evals/reply", {"evals/reply/cases/plain.yaml", "evals/reply/bulk.jsonl"}),
        ("re*", {"evals/reply/cases/plain.yaml", "evals/reply/bulk.jsonl"}),
    ],
)
def test_suites_patterns_files_and_folders_can_be_named(repo: Repo, name: str, changed: set[str]):
    cases(repo, "fmt", name)

    assert set(repo.git("diff", "--name-only").splitlines()) == changed


def test_what_holds_no_case_is_refused(repo: Repo):
    assert refused(repo, "cases", "fmt", "prompts").slug == "nothing-selected"
    assert refused(repo, "cases", "fmt", "srt").slug == "nothing-selected"


def test_ids_are_written_where_their_lack_was_the_only_mistake(repo: Repo):
    repo.write({"evals/sort.yaml": "- {input: a, expected: b, severity: blocker}\n"})

    before = promptctl("lint", cwd=repo.path)
    done = cases(repo, "fmt", "sort")
    after = promptctl("lint", cwd=repo.path)

    assert ("[id-needed]" in before.out + before.err, done.code, after.code) == (True, 0, 0)


def test_nothing_is_formatted_where_a_case_is_wrong(repo: Repo):
    repo.write({"evals/reply/cases/wrong.yaml": "input: a\nexpeted: b\n"})

    assert cases(repo, "fmt").code == 2
    assert repo.git("diff", "--name-only") == ""


@pytest.mark.parametrize("text", ["hello\n", "cases:\n", "cases: {input: a}\n"])
def test_a_suite_that_holds_no_list_of_cases_is_not_called_canonical(repo: Repo, text: str):
    repo.write({"evals/sort.yaml": text})

    assert refused(repo, "cases", "fmt", "sort").slug == "wrong-type"


def test_a_written_id_is_counted(repo: Repo):
    repo.write({"evals/reply/cases/fresh.yaml": "input: a\nexpected: b\n"})

    assert "evals/reply/cases/fresh.yaml   1 new id\n" in cases(repo, "fmt", "reply").out


def test_windows_line_ends_stay(repo: Repo):
    repo.write({"evals/reply/cases/plain.yaml": b"id: plain\r\nexpected: b\r\ninput: a\r\n"})

    cases(repo, "fmt", "reply")
    after = (repo.path / "evals/reply/cases/plain.yaml").read_bytes()

    assert after == b"id: plain\r\ninput: a\r\nexpected: b\r\n"
    assert cases(repo, "fmt", "--check", "reply").code == 0


def test_a_suite_goes_through_all_its_forms_and_asks_the_same(repo: Repo):
    repo.write({"evals/sort.yaml": WHOLE.replace("   # common", "")})
    cases(repo, "fmt", "sort")
    before = promptctl("test", "sort", "--no-base", "--json", "-", cwd=repo.path)

    packed = cases(repo, "pack", "sort")
    unpacked = cases(repo, "unpack", "sort")
    whole = cases(repo, "pack", "sort", "--yaml")
    after = promptctl("test", "sort", "--no-base", "--offline", "--json", "-", cwd=repo.path)

    assert packed.out == "2 cases in evals/sort/cases.jsonl\n"
    assert "removed    evals/sort.yaml" in packed.err
    assert unpacked.out == "2 cases in evals/sort/cases/\n"
    assert whole.out == "2 cases in evals/sort.yaml\n"
    assert text(repo, "evals/sort.yaml").startswith("# tickets\ncases:\n  - id: money-")
    assert (before.code, after.code, "2 of 2" in before.err) == (0, 0, False)
    assert cases(repo, "pack", "sort", "--yaml").out == "2 cases in evals/sort.yaml already\n"


@pytest.mark.parametrize(
    ("args", "at"),
    [
        (("pack", "sort"), "evals/sort.yaml:2:41"),
        (("unpack", "sort"), "evals/sort.yaml:2:41"),
        (("pack", "reply"), "evals/reply/cases/late.yaml:1:1"),
        (("pack", "reply", "--yaml"), "evals/reply/cases/late.yaml:1:1"),
    ],
)
def test_comments_are_lost_only_where_the_user_says_so(repo: Repo, args: tuple[str, ...], at: str):
    found = refused(repo, "cases", *args)

    assert (found.slug, found.at) == ("comments-lost", at)
    assert "dropped    1 comment" in cases(repo, *args, "--drop-comments").err


def test_an_unknown_suite_names_the_nearest(repo: Repo):
    assert 'did you mean "sort"?' in refused(repo, "cases", "pack", "srt").fix
