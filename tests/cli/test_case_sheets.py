import csv
import io
import json
from pathlib import Path

import pytest

from tests.acceptance.refusing import refusals, refused
from tests.cli.run import Done, promptctl
from tests.repository import Repo

REPLY = "---\ninputs: {ticket: string, count: {type: integer, default: 1}, photo: {type: image, optional: true}}\n---\n"
SORT = "# tickets\n- {id: where, input: Where?, expected: delivery}   # common\n- {input: Money?, expected: refund}\n"
LATE = """\
id: late
tags: [a, b]
vars: {ticket: "=cmd|' /C calc'!A0", count: 2}
expected: {text: 14 days}   # exactly
"""


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "project")
    repo.commit(
        "first",
        {
            "prompts/sort.prompt.j2": "Sort: {{ ticket }}\n",
            "prompts/reply.prompt.j2": f"{REPLY}{{{{ count }}}} {{{{ ticket }}}} {{{{ photo | image }}}}\n",
            "evals/sort.yaml": SORT,
            "evals/reply/cases/late.yaml": LATE,
            "evals/reply/cases/lost.yaml": 'id: lost\nvars: {ticket: "Lost,\\n\\"again\\""}\nchecks: [not_empty]\n',
        },
    )
    return repo


def cases(repo: Repo, *args: str) -> Done:
    done = promptctl("cases", *args, cwd=repo.path)
    assert "Traceback" not in done.out + done.err
    return done


def take(repo: Repo, name: str, table: str | bytes, *more: str) -> Done:
    """`cases import` of this table."""
    (repo.path.parent / "in.csv").write_bytes(table.encode() if isinstance(table, str) else table)
    return cases(repo, "import", name, "../in.csv", *more)


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_a_suite_goes_to_a_sheet_that_runs_no_formula(repo: Repo):
    done = cases(repo, "export", "reply", "--csv", "-")

    assert done.out.startswith("\ufeff")
    assert rows(done.out) == [
        [
            "id",
            "status",
            "severity",
            "tags",
            "why",
            "var.ticket",
            "var.count",
            "expected",
            "expected.text",
            "checks",
        ],
        ["late", "", "", "a, b", "", "'=cmd|' /C calc'!A0", "2", "", "14 days", ""],
        ["lost", "", "", "", "", 'Lost,\n"again"', "", "", "", '["not_empty"]'],
    ]


def test_what_was_exported_is_equal_when_it_comes_back_also_into_an_empty_suite(repo: Repo):
    repo.write({"prompts/copy.prompt.j2": "Copy: {{ ticket }}{{ count }}\n"})
    cases(repo, "export", "reply", "--csv", "../reply.csv")
    cases(repo, "export", "reply", "--jsonl", "../reply.jsonl")

    same = cases(repo, "import", "reply", "../reply.csv")
    same_lines = cases(repo, "import", "reply", "../reply.jsonl")
    cases(repo, "add", "copy", "--var", "ticket=x", "--var", "count=1", "--watch", "--id", "seed")
    into = cases(repo, "import", "copy", "../reply.jsonl", "--dry-run")

    assert same.out == same_lines.out == "reply: 0 new, 0 changed, 2 equal\n"
    assert repo.git("status", "--short", "evals/reply") == ""
    assert into.code == 2  # `lost` gives no count, which `copy` needs


def test_a_fresh_suite_holds_exactly_what_was_exported(repo: Repo):
    repo.write({"prompts/copy.prompt.j2": (repo.path / "prompts/reply.prompt.j2").read_text()})
    before = cases(repo, "export", "reply", "--jsonl", "-").out
    cases(repo, "export", "reply", "--csv", "../reply.csv")

    done = cases(repo, "import", "copy", "../reply.csv")

    assert done.out == "copy: 2 new, 0 changed, 0 equal\n"
    assert cases(repo, "export", "copy", "--jsonl", "-").out == before


def test_a_plain_table_makes_cases_and_making_them_twice_changes_nothing(repo: Repo):
    table = 'ticket,expected,tags\n我的钱什么时候退？,refund,"zh, daily"\n-5,other,\n'

    tried = take(repo, "sort", table, "--dry-run")
    untouched = (repo.path / "evals/sort.yaml").read_text()
    done = take(repo, "sort", table)
    again = take(repo, "sort", table)

    assert tried.out == "sort: 2 new, 0 changed, 0 equal; nothing is written (--dry-run)\n"
    assert untouched == SORT
    assert done.out == "sort: 2 new, 0 changed, 0 equal\n"
    assert (repo.path / "evals/sort.yaml").read_text().startswith(SORT + "- id: 我的钱什么时候退-")
    assert "  tags:\n    - zh\n    - daily\n  vars:\n    ticket: 我的钱什么时候退？\n" in (
        (repo.path / "evals/sort.yaml").read_text()
    )
    assert again.out == "sort: 0 new, 0 changed, 2 equal\n"


def test_changed_rows_edit_their_cases_and_nothing_beside_and_missing_rows_delete_nothing(repo: Repo):
    done = take(repo, "sort", "id,ticket,expected\nwhere,Where?,other\n,Money?,refund\n")

    assert done.out == "sort: 0 new, 1 changed, 1 equal\n"
    assert (repo.path / "evals/sort.yaml").read_text() == SORT.replace("delivery", "other")
    assert take(repo, "reply", "id,expected\nlate,15 days\n").out == "reply: 0 new, 1 changed, 0 equal\n"
    assert (repo.path / "evals/reply/cases/late.yaml").read_text() == LATE.replace(
        "{text: 14 days}", "{text: 15 days}"
    )
    assert (repo.path / "evals/reply/cases/lost.yaml").exists()


def test_a_case_whose_id_was_computed_keeps_it_when_its_inputs_change(repo: Repo):
    table = cases(repo, "export", "sort", "--csv", "-").out
    case_id = rows(table)[1][0]

    take(repo, "sort", table.replace("Money?", "My money?"))

    assert (
        f"- {{id: {case_id}, input: My money?, expected: refund}}\n".replace("My money?", '"My money?"')
        in (repo.path / "evals/sort.yaml").read_text()
    )


def test_new_rows_of_a_packed_suite_go_into_its_file_sorted(repo: Repo):
    cases(repo, "pack", "sort", "--drop-comments")

    take(repo, "sort", "id,ticket,expected\nzoo,Zoo?,other\nask,Ask?,other\n")

    lines = (repo.path / "evals/sort/cases.jsonl").read_text().splitlines()
    ids = [json.loads(line)["id"] for line in lines]
    assert (ids, "ask" in ids, "zoo" in ids) == (sorted(ids), True, True)


def test_lines_of_json_are_whole_cases(repo: Repo):
    (repo.path.parent / "in.jsonl").write_text('{"id": "late", "vars": {"ticket": "x"}, "expected": "y"}\n')

    done = cases(repo, "import", "reply", "../in.jsonl")

    assert done.out == "reply: 0 new, 1 changed, 0 equal\n"
    assert (repo.path / "evals/reply/cases/late.yaml").read_text() == (
        "id: late\nvars:\n  ticket: x\nexpected: y   # exactly\n"
    )


def test_chinese_spreadsheets_are_read_and_it_is_said(repo: Repo):
    done = take(repo, "sort", "ticket,expected\n我的包裹在哪里？,物流\n".encode("gb18030"))

    assert "read as GB18030" in done.err
    assert "我的包裹在哪里" in (repo.path / "evals/sort.yaml").read_text()


@pytest.mark.parametrize(
    ("table", "slug", "line"),
    [
        ("ticket,expectd\na,b\n", "unknown-column", 1),
        ("ticket,expected\na,b\na,c\n", "duplicate-row", 3),
        ("id,ticket,expected\nx,a,b\nX,c,d\n", "duplicate-row", 3),
        ("id,ticket,expected\nWHERE,a,b\n", "duplicate-id", 2),
        ("id,ticket,expected\n../x,a,b\n", "bad-id", 2),
        ("ticket,expected,status\na,b,Active\n", "wrong-value", 2),
        ("ticket,expected\na,\n", "case-cannot-fail", 2),
        ("expected\na\n", "undefined-variable", 2),
        ("ticket,checks\na,nope\n", "bad-cell", 2),
        ('ticket,checks\na,"[{""contain"": 1}]"\n', "unknown-check", 2),
        ("ticket,expected,expected.text\na,b,c\n", "bad-cell", 2),
        ("ticket,var.ticket,expected\na,b,c\n", "bad-csv", 1),
        ("ticket;expected\na;b\n", "bad-csv", 1),
    ],
)
def test_a_wrong_table_is_refused_with_its_place_and_nothing_is_written(
    repo: Repo, table: str, slug: str, line: int
):
    (repo.path.parent / "in.csv").write_text(table)

    found = refused(repo, "cases", "import", "sort", "../in.csv")

    assert found.slug == slug
    assert f"../in.csv:{line}:1" in found.at


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("checks", '[{"python": "os:system"}]'),
        ("checks", '[{"any": [{"not": {"command": ["rm", "-rf", "/"]}}]}]'),
        ("checks", '[{"json_schema": {"file": "prompts/../../secret.json"}}]'),
        ("turns", '[{"say": "a", "checks": [{"python": "x:y"}]}]'),
        ("photo", "../../secret.png"),
    ],
)
def test_no_cell_runs_code_or_names_a_file(repo: Repo, column: str, cell: str):
    out = io.StringIO()
    csv.writer(out).writerows([["ticket", "expected", column], ["" if column == "turns" else "a", "b", cell]])
    (repo.path.parent / "in.csv").write_text(out.getvalue())

    assert refusals(repo, "cases", "import", "reply", "../in.csv")[0].slug == "code-in-import"


def test_every_wrong_row_is_named(repo: Repo):
    table = "id,ticket,expected,status\na/b,x,y,\nc,x2,,\nd,x3,y,on\ne,x4,y,\n"
    (repo.path.parent / "in.csv").write_text(table)

    found = refusals(repo, "cases", "import", "sort", "../in.csv")

    assert [(one.slug, one.at) for one in found] == [
        ("bad-id", "../in.csv:2:1"),
        ("case-cannot-fail", "../in.csv:3:1"),
        ("wrong-value", "../in.csv:4:1"),
    ]
    assert found[2].message.startswith("row 4: ")


def test_a_new_file_never_takes_the_place_of_another(repo: Repo):
    repo.write(
        {".gitignore": "hidden.yaml\n", "evals/reply/cases/hidden.yaml": "id: hidden\nexpected: mine\n"}
    )
    (repo.path.parent / "in.csv").write_text("id,ticket,expected\nhidden,a,b\n")

    assert refused(repo, "cases", "import", "reply", "../in.csv").slug == "file-exists"


def test_an_input_with_the_name_of_a_key_must_be_told_from_it(repo: Repo):
    repo.write({"prompts/why.prompt.j2": "Why {{ why }}?\n"})
    (repo.path.parent / "in.csv").write_text("why,expected\na,b\n")

    found = refused(repo, "cases", "import", "why", "../in.csv")

    assert (found.slug, found.fix) == ("ambiguous-column", "call the input's column var.why")
    assert take(repo, "why", "var.why,expected\na,b\n").code == 0


@pytest.mark.parametrize(
    ("args", "slug"),
    [
        (("export", "sort"), "usage"),
        (("export", "sort", "--csv", "a", "--jsonl", "b"), "usage"),
        (("export", "srt", "--csv", "-"), "unknown-suite"),
        (("import", "sort", "none.csv"), "cannot-read"),
        (("import", "srt", "evals/sort.yaml"), "unknown-suite"),
        (("import", "sort", "evals/sort.yaml", "--separator", ",,"), "usage"),
    ],
)
def test_wrong_words_are_refused(repo: Repo, args: tuple[str, ...], slug: str):
    assert refused(repo, "cases", *args).slug == slug
