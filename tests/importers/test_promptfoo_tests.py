"""Tests of promptfoo: where they stand, what they inherit, how their values become cases."""

from pathlib import Path
from typing import Any

import pytest

from tests.importers.taking import Taken, refused, taken

HEAD = """\
prompts: ['{{ a }} and {{ b }}']
providers: [{id: openai:gpt-4o, config: {temperature: 0, max_tokens: 9}}]
"""


def imported(tmp_path: Path, text: str, **files: str) -> Taken:
    """An import of a configuration with these tests; `__` in a file's name is its dot, `_in_` a folder."""
    others = {name.replace("_in_", "/").replace("__", "."): content for name, content in files.items()}
    return taken(tmp_path, {"promptfooconfig.yaml": HEAD + text, **others})


def values(done: Taken) -> list[dict[str, Any]]:
    return [dict(case.vars) for case in done.suite("a-and-b").cases]


def test_a_list_is_a_test_for_each_item_and_two_are_all_pairs(tmp_path: Path):
    done = imported(tmp_path, "tests:\n  - vars: {a: [x, y], b: [1, 2]}\n  - vars: {a: [u, v], b: [k, l]}\n")

    assert [one["a"] for one in values(done)] == ["u", "u", "v", "v"]
    assert done.left_out == [
        "a test with a list put into text without a filter @ 4:5",
    ]


def test_variables_inside_variables_are_filled_in(tmp_path: Path):
    done = imported(tmp_path, "tests:\n  - vars: {a: 'to {{ b }}', b: Rome}\n")

    assert values(done) == [{"a": "to Rome", "b": "Rome"}]


def test_values_are_read_from_files_and_a_glob_is_a_test_for_each(tmp_path: Path):
    done = imported(
        tmp_path,
        "tests:\n  - vars: {a: file://d/*.txt, b: file://e.yaml}\n",
        d_in_1__txt="one\n",
        d_in_2__txt=" 二 ",
        e__yaml="k: [1, 2.5]\n",
    )

    assert values(done) == [{"a": "one", "b": '{"k":[1,2.5]}'}, {"a": "二", "b": '{"k":[1,2.5]}'}]


def test_values_nobody_uses_are_not_carried_over_and_equal_tests_are_written_once(tmp_path: Path):
    done = imported(tmp_path, "tests:\n  - vars: {a: x, b: y, c: 1}\n  - vars: {a: x, b: y, c: 2}\n")

    assert values(done) == [{"a": "x", "b": "y"}]
    assert "a test asks what an earlier one asks: it is written once" in done.notes


def test_a_value_that_only_some_tests_give_is_empty_in_the_others(tmp_path: Path):
    done = imported(tmp_path, "tests:\n  - vars: {a: x, b: y}\n  - vars: {a: x}\n")

    assert done.said("a-and-b", **values(done)[1]) == [("user", "x and ")]


DEFAULT = """\
defaultTest:
  vars: {b: usual}
  assert: [{type: contains, value: '{{ b }}'}, {type: word-count, value: {max: 5}}]
tests:
  - vars: {a: x}
  - vars: {a: y, b: own}
    assert: [{type: icontains, value: z}]
  - vars: {a: z}
    options: {disableDefaultAsserts: true}
"""


def test_what_all_tests_inherit_is_given_to_each(tmp_path: Path):
    done = imported(tmp_path, DEFAULT)

    suite = done.suite("a-and-b")
    assert values(done) == [{"a": "x", "b": "usual"}, {"a": "y", "b": "own"}, {"a": "z", "b": "usual"}]
    assert [[spec.kind for spec in (*suite.checks, *case.checks)] for case in suite.cases] == [
        ["contains", "word_count"],
        ["contains", "word_count", "contains"],
        [],
    ]


def test_assertions_that_all_cases_share_stand_once_in_the_suite(tmp_path: Path):
    text = DEFAULT.replace("'{{ b }}'", "same").replace("    options: {disableDefaultAsserts: true}\n", "")
    done = imported(tmp_path, text)

    suite = done.suite("a-and-b")
    assert [spec.kind for spec in suite.checks] == ["contains", "word_count"]
    assert (done.root / "evals" / "a-and-b.yaml").read_text().count("contains") == 2


def test_a_scenario_is_each_row_with_each_test(tmp_path: Path):
    done = imported(
        tmp_path,
        """\
scenarios:
  - config: [{vars: {a: 1}}, {vars: {a: 2}}]
    tests: [{vars: {b: x}}, {vars: {b: y}, assert: [{type: contains, value: '{{ a }}{{ b }}'}]}]
""",
    )

    found = {(one.vars["a"], one.vars["b"]): one.checks for one in done.suite("a-and-b").cases}
    assert {key: [spec.args for spec in checks] for key, checks in found.items()} == {
        (1, "x"): [],
        (1, "y"): [{"": "1y"}],
        (2, "x"): [],
        (2, "y"): [{"": "2y"}],
    }


# Files of tests


def test_a_table_is_a_test_a_row(tmp_path: Path):
    table = (
        "a,b,__expected1,__expected2,__description,__metric,__metadata:team,__threshold\r\n"
        '"say ""hi""\nthere",二,contains:x,not-equals:y,first,tone,shop,\r\n'
    )
    done = imported(tmp_path, "tests: file://t.csv\n", t__csv="\ufeff" + table)

    [case] = done.suite("a-and-b").cases
    assert dict(case.vars) == {"a": 'say "hi"\nthere', "b": "二"}
    assert (case.why, case.tags) == ("first", ("team:shop",))
    assert [(spec.kind, spec.name) for spec in case.checks] == [("contains", "tone"), ("not", "tone-2")]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.yaml", "- vars: {a: x, b: y}\n"),
        ("t.json", '[{"vars": {"a": "x", "b": "y"}}]'),
        ("t.jsonl", '{"vars": {"a": "x", "b": "y"}}\n\n'),
        ("d/t.yaml", "- vars: {a: x, b: y}\n"),
    ],
)
def test_files_of_tests_are_read(name: str, text: str, tmp_path: Path):
    done = taken(tmp_path, {"promptfooconfig.yaml": HEAD + f"tests: [file://{name}]\n", name: text})

    assert values(done) == [{"a": "x", "b": "y"}]


@pytest.mark.parametrize(
    ("text", "place", "slug"),
    [
        ("a,b\nx\n", "t.csv:2:1", "bad-csv"),
        ('a,b\n"x,y\n', "t.csv:2:1", "bad-csv"),
        ('a,b\nx,"y"z\n', "t.csv:2:1", "bad-csv"),
    ],
)
def test_a_table_that_is_none_is_refused_with_its_line(text: str, place: str, slug: str, tmp_path: Path):
    found = refused(tmp_path, {"promptfooconfig.yaml": HEAD + "tests: t.csv\n", "t.csv": text})

    assert found == [(slug, place)]


def test_a_column_that_is_almost_a_special_one_is_named(tmp_path: Path):
    done = imported(tmp_path, "tests: t.csv\n", t__csv="a,b,_expected\nx,y,z\n")

    assert done.left_out == ["the column _expected, which is a variable here and in promptfoo @ 1:1"]


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("file://t.py", "tests made by a program (file://t.py)"),
        ("https://docs.google.com/x", "tests kept elsewhere (https://docs.google.com/x)"),
        ("file://t.xlsx", "tests in a spreadsheet (file://t.xlsx)"),
    ],
)
def test_tests_that_are_no_data_are_left_out(written: str, named: str, tmp_path: Path):
    done = imported(tmp_path, f"tests: [{written}]\n", t__py="x", t__xlsx="x")

    assert done.left_out == [f"{named} @ 3:9"]


# What cannot be asked here


@pytest.mark.parametrize(
    ("test", "what"),
    [
        ("vars: {a: file://v.js, b: y}", "a test with a value that is made by code (v.js)"),
        (
            "vars: {a: file://p.png, b: y}",
            "a test with a value read from a picture, a recording or a PDF (p.png)",
        ),
        ("{vars: {a: x, b: y}, provider: openai:gpt-4}", "a test with a provider of its own"),
        ("{vars: {a: x, b: y}, providerOutput: z}", "a test with providerOutput"),
        ("{vars: {a: x, b: y}, options: {prefix: z}}", "a test with options.prefix"),
        ("{vars: {a: x, b: y}, prompts: [gone]}", "a test for gone, not among these prompts"),
    ],
)
def test_a_test_that_is_not_a_rendered_prompt_is_left_out_by_name(test: str, what: str, tmp_path: Path):
    done = imported(tmp_path, f"tests:\n  - {test}\n", v__js="x", p__png="x")

    assert done.left_out == [f"{what} @ 4:5"]


def test_a_transform_takes_the_assertions_with_it(tmp_path: Path):
    done = imported(
        tmp_path,
        "tests:\n  - {vars: {a: x, b: y}, options: {transform: output.x}, assert: [{type: equals, value: z}]}\n",
    )

    assert done.left_out == ["options.transform @ 4:36"]
    assert [case.watch for case in done.suite("a-and-b").cases] == [True]


def test_more_combinations_than_anyone_means_are_named(tmp_path: Path):
    many = ", ".join(f"k{number}" for number in range(150))
    done = imported(tmp_path, f"tests:\n  - vars: {{a: [{many}], b: [{many}]}}\n")

    assert done.left_out == ["a test with more than 10000 combinations of values @ 4:5"]


def test_more_tests_than_anyone_means_are_refused(tmp_path: Path):
    files = {
        "promptfooconfig.yaml": HEAD + "tests: u.yaml\n",
        "u.yaml": "- file://t.yaml\n" * 30,
        "t.yaml": "- vars: {a: x}\n" * 400,
    }

    assert [slug for slug, _ in refused(tmp_path, files)] == ["too-large"]
