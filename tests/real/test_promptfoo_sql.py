"""What another tool's own tests say of SQL, asked of our check. The other kinds are in test_promptfoo_verdicts."""

from pathlib import Path

import pytest

from tests.checks.asking import says
from tests.real.projects import read_lines

pytest.importorskip("sqlglot")

GENEROUS = {
    "SELECT first_name, last_name FROM employees WHERE first_name ILIKE 'john%'": "MySQL has no ILIKE",
    "SELECT * FROM select WHERE id = 1": "a reserved word as a name",
    "DELETE employees WHERE id = 1": "FROM is left out, as T-SQL allows",
    "SELECT first_name last_name FROM employees": "an alias without AS, which is SQL",
    "SELECT * FROM employees WHERE id = 1 LOCK IN SHARE MODE": "a clause of MySQL in PostgreSQL",
    "SELECT generate_series(1, 10);": "any function may exist",
    "SELECT * FROM table_name WHERE id IN (SELECT generate_series(1, 5));": "any function may exist",
    "INSERT INTO departments (name) VALUES ('HR')": "columns are allowed by name, not by kind of statement",
    "SELECT id FROM t": "columns are allowed by name, not by kind of statement",
}
"""SQL that passes here and fails there, each with the reason."""


def test_sql_is_judged_alike_but_for_what_only_a_database_refuses(real_data: Path):
    differ = set()
    rows = read_lines(real_data / "promptfoo_assertions" / "promptfoo_cases.jsonl")
    for row in [row for row in rows if row["type"] == "is-sql"]:
        asked = row.get("value") or {}
        check = {"dialect": "postgres" if asked.get("databaseType") == "PostgreSQL" else "mysql"}
        for name, listed in (("tables", "allowedTables"), ("columns", "allowedColumns")):
            if listed in asked:
                check[name] = [allowed.rpartition("::")[2] for allowed in asked[listed]]

        if (says({"is_sql": check}, row["output"]) == "pass") != row["pass"]:
            assert not row["pass"], "it is never stricter than the other tool"
            differ.add(row["output"])

    assert differ == set(GENEROUS)
