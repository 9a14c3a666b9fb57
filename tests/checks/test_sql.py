"""SQL in outputs, by the extra `[sql]`."""

import subprocess
import sys
from pathlib import Path

import pytest

from promptctl.errors import FileError
from tests.checks.asking import built, opinion_of, says
from tests.cli.run import clean_environment

pytest.importorskip("sqlglot")


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("SELECT 1", "pass"),
        ("-- a comment\nSELECT 1; SELECT 2;", "pass"),
        ("WITH a AS (SELECT 1) SELECT * FROM a", "pass"),
        ("SELECT '退款' AS 类别 FROM 订单", "pass"),
        ("(SELECT 1) UNION SELECT 2", "pass"),
        ("INSERT INTO t VALUES (1)", "pass"),
        ("CREATE TABLE t (a INT)", "pass"),
        ("BEGIN; UPDATE t SET a = 1; COMMIT", "pass"),
        ("VALUES (1)", "pass"),
        ("SELECT * FROM", "fail"),
        ("SELEC 1", "fail"),
        ("SELECT 1 +", "fail"),
        ("SELECT '", "fail"),
        ("hello world", "fail"),
        ("退款", "fail"),
        ("a = 1", "fail"),
        ("-- nothing", "fail"),
        (";", "fail"),
        ("```sql\nSELECT 1\n```", "fail"),
        ("SHOW TABLES", "unscored"),
        ("SELECT " + "(" * 5_000, "fail"),
        ("SELECT 1," * 20_000, "unscored"),
    ],
    ids=lambda text: text[:20],
)
def test_sql_is_parsed_and_never_run(text: str, status: str, capfd: pytest.CaptureFixture[str]):
    opinion = opinion_of("is_sql", text)

    assert opinion.status == status
    assert "\n" not in opinion.reason
    assert "\x1b" not in opinion.reason
    assert capfd.readouterr() == ("", ""), "the parser talks to the terminal"


@pytest.mark.parametrize(
    ("dialect", "text", "status"),
    [
        ("mysql", "SELECT `a` FROM `b`", "pass"),
        ("postgres", "SELECT `a`", "fail"),
        ("postgres", "SELECT a FROM b WHERE c ILIKE 'x%'", "pass"),
        ("tsql", "SELECT TOP 3 a FROM [b]", "pass"),
    ],
)
def test_a_dialect_has_its_own_words(dialect: str, text: str, status: str):
    assert says({"is_sql": dialect}, text) == status


READING = {"is_sql": {"statements": ["select"]}}


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("SELECT * FROM t", "pass"),
        ("SELECT a FROM (SELECT a FROM t) AS b", "pass"),
        ("DELETE FROM t", "fail"),
        ("SELECT 1; DROP TABLE t", "fail"),
        ("WITH gone AS (DELETE FROM t RETURNING a) SELECT * FROM gone", "fail"),
        ("SELECT * INTO copied FROM t", "fail"),
        ("SET x = 1", "fail"),
        ("GRANT SELECT ON a TO b", "fail"),
        ("CALL f(1)", "unscored"),
    ],
)
def test_reading_alone_has_nothing_that_changes_anything_inside(text: str, status: str):
    assert says(READING, text) == status


def test_an_insert_may_read():
    assert says({"is_sql": {"statements": ["insert"]}}, "INSERT INTO a SELECT * FROM b") == "pass"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("SELECT name FROM shop.Users", None),
        ("WITH x AS (SELECT id FROM users) SELECT name FROM x", None),
        ("SELECT count(*) FROM users WHERE id = 1", None),
        ("SELECT name FROM users, posts", 'uses the table "posts"'),
        ("SELECT * FROM users", 'uses the column "*"'),
        ("SELECT age FROM users", 'uses the column "age"'),
        ("INSERT INTO users (id, age) VALUES (1, 2)", 'uses the column "age"'),
    ],
)
def test_only_the_tables_and_columns_that_are_listed_may_be_used(text: str, why: str | None):
    opinion = opinion_of({"is_sql": {"tables": ["users"], "columns": ["id", "name"]}}, text)

    assert (opinion.status, opinion.reason) == (("pass", "is SQL") if why is None else ("fail", why))


@pytest.mark.parametrize(
    "args",
    [
        "mysqll",
        {"statements": []},
        {"tables": []},
        {"statements": ["selects"]},
        {
            "statements": [
                "select",
                "insert",
                "update",
                "delete",
                "merge",
                "create",
                "alter",
                "drop",
                "truncate",
            ]
        },
    ],
    ids=str,
)
def test_what_cannot_be_asked_of_sql_is_refused(args: object):
    with pytest.raises(FileError, match="bad-check-arguments"):
        built({"is_sql": args})


def test_without_the_extra_lint_names_the_place_and_the_install_line(tmp_path: Path):
    project = tmp_path / "project"
    for name, text in {
        "prompts/a.prompt.j2": "{{ q }}",
        "evals/a.yaml": "- {input: a, checks: [is_sql]}\n",
    }.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    without = "import sys; sys.modules['sqlglot'] = None; from promptctl.__main__ import run; run()"

    done = subprocess.run(
        [sys.executable, "-c", without, "lint"],
        cwd=project,
        env=clean_environment(project),
        capture_output=True,
        text=True,
    )

    assert done.returncode == 2
    assert (
        "needs sqlglot, which is not installed  [missing-extra]\n  at   evals/a.yaml:1:23\n"
        in done.stdout + done.stderr
    )
    assert "fix  pip install 'promptctl[sql]'\n" in done.stdout + done.stderr
