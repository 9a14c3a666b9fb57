"""The check of SQL, read by sqlglot (the extra `[sql]`): parsed, never run."""

import logging
from collections.abc import Iterable
from typing import Any, Literal

from promptctl.checks.text import listed, shown
from promptctl.core.rule import Example, Rule
from promptctl.core.verdict import Opinion, Subject, fails, passes, unscored
from promptctl.core.words import did_you_mean
from promptctl.errors import PromptctlError

MAX_TEXT = 100_000
# Beyond it the pure sqlglot gives up by itself, and the compiled one takes the process down with it.
MAX_DEPTH = 100

Statement = Literal["select", "insert", "update", "delete", "merge", "create", "alter", "drop", "truncate"]

_KINDS = {
    "select": ("Query", "Values"),
    "insert": ("Insert",),
    "update": ("Update",),
    "delete": ("Delete",),
    "merge": ("Merge",),
    "create": ("Create",),
    "alter": ("Alter",),
    "drop": ("Drop",),
    "truncate": ("TruncateTable",),
    "other": (
        "Transaction",
        "Commit",
        "Rollback",
        "Set",
        "Use",
        "Describe",
        "Pragma",
        "Grant",
        "Copy",
        "DDL",
        "DML",
    ),
}


class IsSql(Rule):
    """The whole output is SQL that can be parsed: one statement, or several with ; between them.

    Parsed, never run: whether the tables are there is not known, and what only the database refuses (a reserved word as
    a name, a function that it lacks) passes. `dialect` is the database's (mysql, postgres, sqlite, tsql, bigquery ...);
    without one the common core is read. `statements` are the kinds that are allowed, [select] for reading alone;
    `tables` and `columns` the only names that may be used, whatever their case and schema (* is no column of the list).
    A name alone or an expression is no statement. A statement that the parser knows only by its first word (EXPLAIN,
    SHOW) is unscored, and so is an output of more than 100,000 characters. A code fence fails (for that:
    `is_sql: {extract: {block: sql}}`), and so does an empty output.
    """

    SHORT = "dialect"
    FAMILY = "structure"
    EXTRA = "sql"
    EXAMPLES = (
        Example(args=None, output="SELECT name FROM users WHERE id = 7;", status="pass"),
        Example(args=None, output="SELECT * FROM orders ORDERY BY day", status="fail"),
        Example(args={"statements": ["select"]}, output="DROP TABLE users", status="fail"),
        Example(
            args={"tables": ["users"]}, output="SELECT * FROM users JOIN orders USING (id)", status="fail"
        ),
        Example(args="mysql", output="SELECT `数量` FROM `订单`", status="pass"),
        Example(args=None, output="Here it is: SELECT 1", status="fail"),
        Example(args=None, output="EXPLAIN SELECT 1", status="unscored"),
        Example(args=None, output="", status="fail"),
    )

    dialect: str | None = None
    statements: tuple[Statement, ...] | None = None
    tables: tuple[str, ...] | None = None
    columns: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if () in (self.statements, self.tables, self.columns):
            raise ValueError("an empty list allows nothing: name at least one")
        if self.statements and set(_KINDS) - {"other"} <= set(self.statements):
            raise ValueError("these are all kinds of statement")
        known = sorted(filter(None, (dialect.value for dialect in _sqlglot().Dialects)))
        if self.dialect is not None and self.dialect not in known:
            hint = did_you_mean(self.dialect, known) or f"known are {', '.join(known)}"
            raise ValueError(f"there is no dialect {shown(self.dialect)}: {hint.strip()}")

    def __call__(self, subject: Subject) -> Opinion:
        """Pass where every statement can be read, and uses nothing that is not allowed."""
        text = subject.text
        if not text.strip():
            return fails("the output is empty")
        if len(text) > MAX_TEXT:
            return unscored(f"{len(text)} characters are too many to be parsed as SQL")
        if _depth(text) > MAX_DEPTH:
            return fails(f"not SQL that can be read: nested more than {MAX_DEPTH} deep")
        try:
            found = [one for one in _sqlglot().parse(text, dialect=self.dialect) if one is not None]
        except RecursionError:
            return fails("not SQL that can be read: nested too deeply")
        except _sqlglot().errors.SqlglotError as error:
            return fails(f"not SQL: {_first_line(error)}")
        for statement in found:
            opinion = self._fault(statement)
            if opinion is not None:
                return opinion
        return passes("is SQL") if found else fails("no SQL statement in the output")

    def _fault(self, statement: Any) -> Opinion | None:
        exp = _sqlglot().exp
        kind = _kind(statement)
        if kind is None:
            if isinstance(statement, exp.Command):
                return unscored(f"{shown(str(statement.this), 20)} is a statement that is not parsed")
            return fails("a name or an expression alone is no SQL statement")
        if self.statements is not None and (refused := _beyond(_kinds(statement), self.statements)):
            return fails(f"{' and '.join(refused)} is not allowed")
        queries = [query.alias_or_name for query in statement.find_all(exp.CTE)]
        if self.tables is not None:
            used = {table.name for table in statement.find_all(exp.Table)}
            if refused := _beyond(used, (*self.tables, *queries)):
                return fails(f"uses the table {listed(refused, 'and')}")
        if self.columns is not None and (refused := _beyond(_columns(statement), self.columns)):
            return fails(f"uses the column {listed(refused, 'and')}")
        return None


def _sqlglot() -> Any:
    """The library.

    Raises:
        PromptctlError: `missing-extra`.
    """
    try:
        import sqlglot
    except ImportError as error:
        raise PromptctlError(
            "needs sqlglot, which is not installed",
            slug="missing-extra",
            fix="pip install 'promptctl[sql]'",
        ) from error
    logging.getLogger(
        "sqlglot"
    ).disabled = True  # it would tell the terminal about statements it does not parse
    return sqlglot


def _kind(statement: Any) -> str | None:
    exp = _sqlglot().exp
    for kind, names in _KINDS.items():
        if isinstance(statement, tuple(getattr(exp, name) for name in names if hasattr(exp, name))):
            return kind
    return None


def _kinds(statement: Any) -> set[str]:
    """What a statement is, and whatever it changes inside: WITH gone AS (DELETE …) SELECT … is no reading."""
    exp = _sqlglot().exp
    inner = {_kind(part) for part in statement.find_all(exp.Insert, exp.Update, exp.Delete, exp.Merge)}
    inner |= {"create"} if statement.find(exp.Into) else set()
    name = _kind(statement)
    return {type(statement).__name__.lower() if name in (None, "other") else name, *filter(None, inner)}


def _columns(statement: Any) -> set[str]:
    """The columns that a statement names; the star of count(*) names none."""
    exp = _sqlglot().exp
    named = {column.name for column in statement.find_all(exp.Column)}
    named |= {part.name for schema in statement.find_all(exp.Schema) for part in schema.expressions}
    stars = [star for star in statement.find_all(exp.Star) if not isinstance(star.parent, exp.Count)]
    return named | ({"*"} if stars else set())


def _beyond(used: set[str], allowed: Iterable[str]) -> list[str]:
    known = {name.lower() for name in allowed}
    return sorted(name for name in used if name and name.lower() not in known)


def _depth(text: str) -> int:
    """How deep brackets nest, those in texts and comments included."""
    depth = deepest = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        deepest = max(deepest, depth)
    return deepest


def _first_line(error: Exception) -> str:
    """The parser's reason without the line of the output that it shows, which has codes for terminals in it."""
    details = getattr(error, "errors", None)
    if details:
        return f"{details[0]['description']} at line {details[0]['line']}, column {details[0]['col']}"
    return shown(str(error).split("\n")[0], 120)[1:-1]
