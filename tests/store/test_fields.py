"""Reading a mapping field by field: all mistakes at once, each in words that lead to the cure."""

from typing import Any

import pytest

from promptctl.errors import FileError, PromptctlError
from promptctl.store.documents import Document, Fields, read_yaml


def mistakes(fields: Fields) -> list[tuple[str, str]]:
    with pytest.raises(PromptctlError) as caught:
        fields.finish()
    return [(error.slug, str(error.at)) for error in getattr(caught.value, "errors", (caught.value,))]


def fields_of(text: str, **options: Any) -> Fields:
    return Fields(read_yaml(text, "f"), **options)


def test_fields_give_what_is_written_with_its_type():
    fields = fields_of("s: text\ni: 3\nn: 0.10\nb: true\nl: [a, b]\nm: {x: 1}\nc: two\nany: [1]\n")

    assert fields.string("s") == "text"
    assert fields.integer("i", low=1, high=3) == 3
    assert fields.number("n") == 0.1
    assert fields.boolean("b") is True
    assert fields.strings("l") == ("a", "b")
    assert fields.mapping("m") == {"x": 1}
    assert fields.choice("c", ("one", "two")) == "two"
    assert fields.any("any") == [1]
    fields.finish()


def test_absent_fields_give_their_defaults():
    fields = fields_of("")

    assert fields.string("s", None) is None
    assert fields.integer("i", 7, low=1) == 7
    assert fields.strings("l", ()) == ()
    assert fields.choice("c", ("one", "two"), None) is None
    assert fields.section("gate").number("margin", 0.05) == 0.05
    assert fields.items("cases") == ()
    fields.finish()


def test_null_stands_for_a_default_of_none_only():
    fields = fields_of("a: null\nb: null\n")

    assert fields.string("a", None) is None
    assert fields.string("b", "x") == "x"
    assert mistakes(fields) == [("wrong-type", "f:2:1")]


def test_five_mistakes_are_five_errors_in_the_order_of_the_file():
    fields = fields_of("samples: many\ngate:\n  margin: 3\n  margn: 1\ntags: x\non: maybe\ncases: [1]\n")
    fields.items("cases")
    fields.choice("on", ("pass", "fail"), "pass")
    fields.strings("tags", ())
    fields.section("gate").number("margin", 0.05, low=0, high=1)
    fields.integer("samples", 1)
    fields.string("prompt")

    assert mistakes(fields) == [
        ("wrong-type", "f:1:1"),
        ("missing-field", "f:1:1"),
        ("out-of-range", "f:3:3"),
        ("unknown-key", "f:4:3"),
        ("wrong-type", "f:5:1"),
        ("wrong-value", "f:6:1"),
        ("wrong-type", "f:7:9"),
    ]


def one_mistake(fields: Fields) -> tuple[str, str | None]:
    with pytest.raises(FileError) as caught:
        fields.finish()
    return caught.value.message, caught.value.fix


def test_an_unknown_key_names_the_nearest_known_one():
    fields = fields_of("promt: x\n", known=["prompt", "checks"])

    assert one_mistake(fields) == (
        'the key "promt" is unknown here',
        'did you mean "prompt"? known here: checks, prompt',
    )


def test_keys_with_a_free_beginning_are_never_unknown():
    fields_of("x-owner: me\n", free=("x-",)).finish()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [1]", "a must be text, found a list"),
        ("a: 3", "a must be text, found the number 3"),
        ("a: {b: 1}", "a must be text, found a mapping"),
        ("a: true", "a must be text, found true"),
        ("a:", "a must be text, found nothing (null)"),
    ],
)
def test_a_wrong_type_is_told_in_plain_words(text: str, says: str):
    fields = fields_of(text)
    fields.string("a")

    assert one_mistake(fields)[0] == says


def test_yes_where_true_is_meant_says_what_to_write():
    fields = fields_of("a: yes")
    fields.boolean("a")

    assert one_mistake(fields) == ('a must be true or false, found the text "yes"', "write true")


def test_true_is_no_number():
    fields = fields_of("a: true\nb: true")
    fields.integer("a")
    fields.number("b")

    assert mistakes(fields) == [("wrong-type", "f:1:1"), ("wrong-type", "f:2:1")]


def test_a_quoted_number_is_text():
    fields = fields_of('a: "0.10"')
    fields.number("a")

    assert one_mistake(fields)[0] == 'a must be a number, found the text "0.10"'


def test_a_mapping_written_with_full_width_colons_is_told_so():
    assert ": instead of ：" in (one_mistake(fields_of("input：我的钱"))[1] or "")


def test_a_list_of_texts_names_each_item_that_is_none():
    fields = fields_of("a: [x, 1, y, [z]]")

    assert fields.strings("a") == ("x", "y")
    assert mistakes(fields) == [("wrong-type", "f:1:8"), ("wrong-type", "f:1:14")]


def test_sections_and_items_report_the_unknown_keys_inside_them():
    fields = fields_of("p:\n  a: {x: 1}\n  b: 2\nl:\n  - {y: 1}\n  -\n")
    for one in (*fields.sections("p").values(), *fields.items("l")):
        one.string("name", None)

    assert mistakes(fields) == [
        ("unknown-key", "f:2:7"),
        ("wrong-type", "f:3:3"),
        ("unknown-key", "f:5:6"),
        ("wrong-type", "f:6:4"),
    ]


def test_fields_of_a_document_made_in_memory_point_at_its_path():
    fields = Fields(Document({"a": 1}, "given by --vars"))
    fields.string("a")

    assert mistakes(fields) == [("wrong-type", "given by --vars:1:1")]


def test_a_key_written_with_full_width_punctuation_is_told_so():
    fields = fields_of("{input：x， expected：y}", known=["input", "expected"])

    assert (one_mistake(fields)[1] or "").endswith(": instead of ：, , instead of ，")


@pytest.mark.parametrize(("high", "said"), [(None, "at least 1"), (9, "between 1 and 9")])
def test_a_number_out_of_range_is_told_its_range(high: int | None, said: str):
    fields = fields_of("a: 0")
    fields.integer("a", low=1, high=high)

    assert one_mistake(fields) == (f"a is 0, which is not {said}", f"write a number {said}")


def test_a_field_can_be_asked_for_by_its_name():
    fields = fields_of("a: 20", known=["a"])
    fields.number("a", high=9.5)

    assert "a" in fields
    assert "b" not in fields
    assert one_mistake(fields)[1] == "write a number at most 9.5"
