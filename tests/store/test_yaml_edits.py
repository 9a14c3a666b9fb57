from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.errors import FileError
from promptctl.store.case_forms import ORDER
from promptctl.store.documents import read_yaml
from promptctl.store.yaml_edits import REMOVED, YamlPage, changed, flow_yaml
from promptctl.store.yaml_spans import yaml_comments

LAYOUTS: dict[str, tuple[str, tuple[Any, ...]]] = {
    "a case file": ("id: a # mine\n# about it\nvars:\n  ticket: |\n    hi\n\nexpected: y\n", ()),
    "one line in braces": ("# top\n- {input: x, expected: y}   # one\n- {input: z, expected: w}\n", (0,)),
    "the last item, no line end": ("- input: x\n  expected: y\n- input: z\n  expected: w", (1,)),
    "a wide dash": (
        "cases:\n  -   input: a\n      # hm\n      expected: b\n\n  # next\n  - input: c\n",
        ("cases", 0),
    ),
    "no indent": ("checks:\n- not_empty\ncases:\n- input: a\n  expected:\n- input: q\n", ("cases", 0)),
    "braces over lines": ("- {input: x,\n   expected: y  # c\n  }\n", (0,)),
    "quoted keys": ("'id': \"a\"\n\"expected\": 'b?c'\n", ()),
    "block text last": ("input: a\nexpected: >-\n  b\n  c\n", ()),
    "json": ('{"id": "a", "expected": {"text": "b"}}\n', ()),
    "trailing comma": ("- {id: a, input: z, expected: {text: a}, status: draft,}\n", (0,)),
}
CHANGES: dict[str, dict[str, Any]] = {
    "a word": {"status": "retired"},
    "an id": {"id": "new-1c2d3e"},
    "two keys": {
        "status": "quarantined",
        "quarantine": {"since": "2026-01-02", "reason": 'flaky: "x" # no', "until": "2026-03-03"},
    },
    "several lines": {"expected": "two\nlines\n"},
    "data": {"expected": {"json": [1, 1.0, None, -0.0, "é\u2028", {}]}},
    "a list": {"checks": [{"contains": "14 days"}, "not_empty"]},
    "an empty text": {"why": ""},
    "a key less": {"expected": REMOVED, "watch": True},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize(("text", "keys"), LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_usual_layouts_take_usual_changes_and_keep_every_comment(
    text: str, keys: tuple[Any, ...], change: dict[str, Any], line_end: str
):
    data = ("\ufeff" + text.replace("\n", line_end)).encode()
    page = YamlPage(data, "f")
    wanted = changed(page.value, keys, change)

    page.put(keys, change, ORDER)
    after = page.finish(wanted).decode()

    assert read_yaml(after, "f").value == wanted
    assert [found for _, found in yaml_comments(page.text)] == [
        found for _, found in yaml_comments(after.removeprefix("\ufeff").replace("\r\n", "\n"))
    ]
    assert after.startswith("\ufeff")
    assert line_end == "\n" or "\n" not in after.replace("\r\n", "")


def test_only_the_line_that_changes_changes():
    text = (
        "# kept\n- {input: x,   expected: 'y'}   # one\n\n-   input: z   # two\n    status: draft  # three\n"
    )
    page = YamlPage(text.encode(), "f")

    page.put((1,), {"status": "active"}, ORDER)
    after = page.finish(changed(page.value, (1,), {"status": "active"})).decode()

    assert after == text.replace("draft", "active")


def test_a_new_key_stands_where_the_order_puts_it():
    page = YamlPage(b"id: a\n# why it is here\nwhy: b\nvars: {}\nexpected: c\n", "f")

    page.put((), {"severity": "blocker", "tags": ["x"]}, ORDER)
    wanted = changed(page.value, (), {"severity": "blocker", "tags": ["x"]})

    assert page.finish(wanted) == (
        b"id: a\nseverity: blocker\ntags:\n  - x\n# why it is here\nwhy: b\nvars: {}\nexpected: c\n"
    )


def test_many_cases_get_their_ids_in_one_go():
    text = "".join(f"- {{input: {number}, expected: b}} # {number}\n" for number in range(3000))
    page = YamlPage(text.encode(), "f")
    for number in range(3000):
        page.put((number,), {"id": f"c{number}"}, ORDER)

    after = page.finish([{"id": f"c{n}", "input": n, "expected": "b"} for n in range(3000)]).decode()

    assert after == "".join(f"- {{id: c{n}, input: {n}, expected: b}} # {n}\n" for n in range(3000))


@pytest.mark.parametrize(
    ("text", "change", "line"),
    [
        ("id: a\nexpected: b # the comment would go\n", {"expected": REMOVED}, 2),
        ("checks:\n  # why\n  - is_json\nid: a\n", {"checks": ["not_empty"]}, 1),
    ],
)
def test_what_would_cost_a_comment_is_refused_with_the_line_and_what_to_write(
    text: str, change: dict[str, Any], line: int
):
    page = YamlPage(text.encode(), "f")
    page.put((), change, ORDER)

    with pytest.raises(FileError) as caught:
        page.finish(changed(page.value, (), change))

    assert (caught.value.slug, getattr(caught.value.at, "line", 0)) == ("cannot-edit", line)
    assert "edit it by hand: " in (caught.value.fix or "")


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("accept: [{case: a}]\n", "accept: [{case: a}, {case: b}]\n"),
        ("accept: []\n", "accept:\n  - case: b\n"),
        ("accept:\n", "accept:\n  - case: b\n"),
        ("accept:\n- case: a # first\ncases: []\n", "accept:\n- case: a # first\n- case: b\ncases: []\n"),
        ("prompt: x\n# the cases\ncases: []\n", "prompt: x\naccept:\n  - case: b\n# the cases\ncases: []\n"),
        ("# only this\n", "# only this\naccept:\n  - case: b\n"),
        ("", "accept:\n  - case: b\n"),
    ],
)
def test_a_list_gets_longer_wherever_it_stands(text: str, after: str):
    page = YamlPage(text.encode(), "f")
    value = page.value or {}

    page.append(("accept",), [{"case": "b"}], ("prompt", "accept"))

    assert page.finish({**value, "accept": [*(value.get("accept") or []), {"case": "b"}]}).decode() == after


PLAIN = st.text(alphabet="ab :#-,{}[]'\"|>\n?!&*%@`\té我", max_size=8)


@given(
    st.lists(st.tuples(st.sampled_from(["id", "why", "expected"]), PLAIN), max_size=3),
    st.sampled_from(["id", "status", "why", "expected"]),
    PLAIN | st.lists(PLAIN, max_size=2) | st.just(REMOVED),
)
def test_an_edit_is_right_or_refused(lines: list[tuple[str, str]], key: str, value: Any):
    text = "".join(f"{name}: {written}\n" for name, written in lines)
    try:
        page = YamlPage(text.encode(), "f")
    except Exception:  # no YAML, or not ours
        return
    if not isinstance(page.value or {}, dict):
        return
    wanted = changed(page.value or {}, (), {key: value})
    page.put((), {key: value}, ORDER)
    after = None
    with suppress(FileError):
        after = page.finish(wanted).decode()

    assert after is None or (read_yaml(after, "f").value or {}) == wanted


@given(
    st.recursive(PLAIN | st.integers() | st.booleans() | st.none(), lambda inner: st.lists(inner, max_size=3))
)
def test_a_value_on_one_line_reads_back_inside_braces(value: Any):
    text = "{a: " + flow_yaml(value) + ", b: 1}"

    assert "\n" not in text
    assert read_yaml(text, "f").value == {"a": value, "b": 1}


def test_comments_are_told_from_what_only_looks_like_one():
    text = "# a\nb: c#d # e\nf: '# no' #g\nh: |  # i\n  # not\n\nj: [k, # l\n  m]\n# n"

    assert [found for _, found in yaml_comments(text)] == ["# a", "# e", "#g", "# i", "# l", "# n"]
