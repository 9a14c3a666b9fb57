"""Bad YAML and bad JSON lines through the real command: values as written, or line and column of what is wrong."""

import json
from pathlib import Path

import pytest

from tests.acceptance.refusing import PROJECT, REPLY, SUITE, refusals, refused, run
from tests.repository import Repo

BULK = "evals/reply/cases.jsonl"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "project", init=False)


# Row 12: YAML, in a suite and in the header of a prompt

AS_WRITTEN = {"a": "NO", "b": "1.10", "c": "yes", "d": "014", "e": "12:30:45", "f": "2026-01-02", "g": "on"}


def test_values_of_a_suite_are_what_was_written(repo: Repo):
    values = ", ".join(f"{name}: {value}" for name, value in AS_WRITTEN.items())
    template = " ".join(f"{{{{ {name} }}}}" for name in AS_WRITTEN)
    repo.write({REPLY: template, SUITE: f"- {{id: one, vars: {{{values}}}, expected: NO}}\n"})

    done = run(repo, "render", "reply", "--case", "one", "--json")

    assert json.loads(done.out)["messages"][0]["content"] == " ".join(AS_WRITTEN.values())


def test_values_of_a_header_are_what_was_written(repo: Repo):
    inputs = "".join(f"  {name}: {{default: {value}}}\n" for name, value in AS_WRITTEN.items())
    template = " ".join(f"{{{{ {name} }}}}" for name in AS_WRITTEN)
    repo.write({REPLY: f"---\ninputs:\n{inputs}---\n{template}"})

    done = run(repo, "render", "reply", "--json")

    assert json.loads(done.out)["messages"][0]["content"] == " ".join(AS_WRITTEN.values())


def test_a_question_ends_a_value_without_quotes(repo: Repo):
    """YAML 1.2 takes `?` inside a word for what it is, also between braces; people write questions there."""
    repo.write({REPLY: "{{ ticket }}", SUITE: "- {id: one, input: When do I get it back?, expected: x}\n"})

    done = run(repo, "render", "reply", "--case", "one", "--json")

    assert done.code == 0, done.err
    assert json.loads(done.out)["messages"][0]["content"] == "When do I get it back?"


BAD_YAML = {
    "duplicate key": ("a: 1\n    a: 2", "duplicate-key", (1, 5)),
    "tab": ("a: b\n\tc: d", "bad-yaml", (1, 1)),
    "alias bomb": ("a: &a [x, x]\n    b: &b [*a, *a]\n    c: [*b, *b]", "yaml-alias", (0, 8)),
    "alias without anchor": ("a: *nowhere", "yaml-alias", (0, 8)),
    "Python object": ("a: !!python/object/apply:os.system ['touch CANARY']", "yaml-tag", (0, 8)),
    "Python name": ("a: !!python/name:os.system", "yaml-tag", (0, 8)),
    "40,000 brackets": ("a: " + "[" * 40_000, "too-deep", None),
    "40,000 braces": ("a: " + "{a: " * 10_000, "too-deep", None),
    "not a number": ("a: .nan", "not-finite", (0, 8)),
    "merge key": ("<<: {a: 1}", "yaml-alias", (0, 5)),
}


@pytest.mark.parametrize(("yaml", "slug", "at"), BAD_YAML.values(), ids=BAD_YAML.keys())
def test_bad_yaml_in_a_suite_is_refused_with_line_and_column(
    repo: Repo, yaml: str, slug: str, at: tuple[int, int] | None
):
    repo.write({**PROJECT, SUITE: f"- id: one\n  input: t\n  expected: x\n  source:\n    {yaml}\n"})

    error = refused(repo, "test")

    assert error.slug == slug
    assert error.at.startswith(f"{SUITE}:{5 + at[0]}:{at[1]}" if at else f"{SUITE}:5:")


@pytest.mark.parametrize(("yaml", "slug", "at"), BAD_YAML.values(), ids=BAD_YAML.keys())
def test_bad_yaml_in_a_header_is_refused_with_line_and_column(
    repo: Repo, yaml: str, slug: str, at: tuple[int, int] | None
):
    repo.write({**PROJECT, REPLY: f"---\ndescription: Reply\nmeta:\n    {yaml}\n---\n{{{{ ticket }}}}\n"})

    error = refused(repo, "test")

    assert error.slug == slug
    assert error.at.startswith(f"{REPLY}:{4 + at[0]}:{at[1]}" if at else f"{REPLY}:4:")


# Row 13: JSON lines

GOOD = '{"id": "one", "input": "t", "expected": "x"}\n'


@pytest.mark.parametrize(
    "data",
    [b"\xef\xbb\xbf" + GOOD.encode(), GOOD.replace('"t"', '"t\u2028u\u0085v"').encode()],
    ids=["byte order mark", "U+2028 in a string"],
)
def test_a_line_that_only_looks_odd_is_read_whole(repo: Repo, data: bytes):
    repo.write({REPLY: PROJECT[REPLY], BULK: data})

    done = run(repo, "render", "reply", "--case", "one", "--json")

    content = json.loads(done.out)["messages"][0]["content"]
    assert content.endswith(json.loads(data.decode("utf-8-sig"))["input"])


BAD_LINES = {
    "UTF-16": (GOOD.encode("utf-16"), "not-utf8", "1:1"),
    "UTF-16 without a mark": (GOOD.encode("utf-16-le"), "not-utf8", "1:1"),
    "bytes that are no text": (GOOD.encode() + b'{"id": "\xff"}\n', "not-utf8", "2:9"),
    "NaN": (GOOD.encode() + b'{"id": "two", "input": NaN}\n', "not-finite", "2:24"),
    "Infinity": (GOOD.encode() + b'{"id": "two", "input": -Infinity}\n', "not-finite", "2:24"),
    "duplicate key": (GOOD.encode() + b'{"id": "two", "id": "three"}\n', "duplicate-key", "2:15"),
    "2 MB line": (GOOD.encode() + b'{"id": "' + b"x" * 2_000_000 + b'"}\n', "line-too-long", "2:1"),
    "10 MB line": (GOOD.encode() + b'{"id": "' + b"x" * 10_000_000 + b'"}\n', "line-too-long", "2:1"),
    "torn last line": (GOOD.encode() + b'{"id": "two", "inp', "torn-line", "2:15"),
    "deep": (GOOD.encode() + b'{"id": ' + b"[" * 40_000 + b"\n", "too-deep", "2:"),
}


@pytest.mark.parametrize(("data", "slug", "at"), BAD_LINES.values(), ids=BAD_LINES.keys())
def test_a_bad_line_is_refused_with_its_number(repo: Repo, data: bytes, slug: str, at: str):
    repo.write({REPLY: PROJECT[REPLY], BULK: data})

    error = refused(repo, "test")

    assert error.slug == slug
    assert error.at.startswith(f"{BULK}:{at}")


def test_all_bad_lines_are_listed_not_only_the_first(repo: Repo):
    repo.write({REPLY: PROJECT[REPLY], BULK: "{oops\n" + GOOD + '{"id": NaN}\n\n{"id": 1, "id": 2}\n'})

    errors = refusals(repo, "test")

    assert [(error.slug, error.at.split(":")[1]) for error in errors] == [
        ("bad-json", "1"),
        ("not-finite", "3"),
        ("duplicate-key", "5"),
    ]


def test_after_twenty_bad_lines_the_rest_is_counted(repo: Repo):
    repo.write({REPLY: PROJECT[REPLY], BULK: GOOD + "{oops\n" * 25})

    errors = refusals(repo, "test")

    assert [error.at for error in errors] == [f"{BULK}:{line}:2" for line in range(2, 22)]
    assert run(repo, "test").err.endswith("… and 5 more errors\n")
