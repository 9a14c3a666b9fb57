"""Plain texts: which placeholders are meant, and what is more than a placeholder."""

from pathlib import Path

import pytest

from tests.importers.taking import refused, taken


@pytest.mark.parametrize(
    ("text", "values", "content"),
    [
        ("Dear {name},\n{name} {order_id}", {"name": "A", "order_id": "{x}"}, "Dear A,\nA {x}"),
        ("Dear {{ name }} {{order}}", {"name": "A", "order": "{{ name }}"}, "Dear A {{ name }}"),
        ("{a} and {x y}", {"a": "x"}, None),
        ('{"a": 1} and {{ b }}', {"b": "x"}, '{"a": 1} and x'),
        ("{{ user-name }}", {"user_name": "A"}, "A"),
    ],
)
def test_placeholders_are_told_where_the_text_leaves_no_doubt(
    tmp_path: Path, text: str, values: dict[str, str], content: str | None
):
    done = taken(tmp_path, {"a.txt": text})

    if content is None:
        assert [slug for slug, _ in done.refusals] == ["import-unclear"]
    else:
        assert done.said("a", **values) == [("user", content)]


def test_doubled_braces_of_a_format_string_are_single_ones(tmp_path: Path):
    done = taken(tmp_path, {"a.md": 'As JSON {{"a": {value}}}'}, as_format="fstring")

    assert done.said("a", value="{{ 7 }}") == [("user", 'As JSON {"a": {{ 7 }}}')]


def test_the_meaning_can_be_said(tmp_path: Path):
    text = "{{ name }} gets {amount}"

    done = taken(tmp_path, {"a.txt": text}, as_format="mustache")

    assert done.said("a", name="A") == [("user", "A gets {amount}")]


@pytest.mark.parametrize(
    "text",
    [
        "{{ name }} and {name}",
        '{"a": "{name}"}',
        "\\frac{name}{other}",
        "{name} }",
    ],
)
def test_a_text_that_could_mean_either_is_refused_with_both_choices(tmp_path: Path, text: str):
    done = taken(tmp_path, {"a.txt": text})

    assert [slug for slug, _ in done.refusals] == ["import-unclear"]
    assert "--as fstring, or --as mustache" in done.why


def test_a_text_without_a_placeholder_is_imported_and_noted(tmp_path: Path):
    done = taken(tmp_path, {"a.txt": "Just { text }\n"})

    assert done.said("a") == [("user", "Just { text }")]
    assert done.notes == ["there is no placeholder in this text: every case sends the same"]


def test_a_rule_in_the_text_is_noted(tmp_path: Path):
    done = taken(tmp_path, {"a.txt": "one {{ x }}\n---\ntwo\n"})

    assert done.said("a", x="1") == [("user", "one 1\n---\ntwo")]
    assert any("promptfoo begins another prompt there" in note for note in done.notes)


@pytest.mark.parametrize(
    ("text", "as_format", "columns"),
    [
        ("{a!r} {b:>10} {0} {c.d} {e[0]}", "fstring", [1, 7, 15, 19, 25]),
        ("{} {a:>{b}}", "fstring", [1, 4]),
        ("}", "fstring", [1]),
        ("a {", "fstring", [3]),
        ("{a:>8}", None, [1]),
        ("{{#a}}x{{/a}}", "mustache", [1, 8]),
        ("{{{a}}} {{> b}} {{a.b|c}}", "mustache", [1, 9, 17]),
        ("{{ a | upper }}", None, [1]),
        ("{% if a %}x{% endif %}", None, [1]),
        ("{% if a %}{{ b }}{% endif %}", "mustache", [1]),
    ],
)
def test_more_than_a_name_in_braces_is_refused_at_its_place(
    tmp_path: Path, text: str, as_format: str | None, columns: list[int]
):
    assert refused(tmp_path, {"a.txt": text}, as_format=as_format) == [
        ("import-unsupported", f"a.txt:1:{column}") for column in columns
    ]


def test_an_empty_text_is_refused(tmp_path: Path):
    assert refused(tmp_path, {"a.txt": " \n"}, as_format="mustache") == [("import-nothing", "a.txt:1:1")]
    assert refused(tmp_path, {"a.txt": " \n"}) == [("import-unknown", "a.txt:1:1")]
