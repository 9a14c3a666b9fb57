"""A schema reads the same, whichever Python and msgspec made it."""

from typing import Any

import pytest

from promptctl.core.json_schema import steady

NULL, TEXT, NUMBER = {"type": "null"}, {"type": "string"}, {"type": "number"}


@pytest.mark.parametrize(
    "description",
    ["First.\n\n    Second:\n      deep\n    ", "First.\n\nSecond:\n  deep\n"],
    ids=["until 3.12", "since 3.13"],
)
def test_descriptions_lose_the_indentation_of_the_source_alone(description: str):
    assert steady({"description": description}) == {"description": "First.\n\nSecond:\n  deep"}


@pytest.mark.parametrize("order", [[NULL, TEXT, NUMBER], [TEXT, NULL, NUMBER], [TEXT, NUMBER, NULL]])
def test_null_is_the_last_alternative_and_the_others_keep_their_order(order: list[Any]):
    assert steady({"anyOf": order}) == {"anyOf": [TEXT, NUMBER, NULL]}


def test_what_lies_deeper_is_treated_alike_and_the_rest_stays():
    deep = {"properties": {"a": {"items": [{"anyOf": [NULL, TEXT]}], "default": 1}}}

    assert steady(deep) == {"properties": {"a": {"items": [{"anyOf": [TEXT, NULL]}], "default": 1}}}


def test_a_property_that_is_called_description_is_no_description():
    assert steady({"properties": {"description": TEXT, "anyOf": TEXT}}) == {
        "properties": {"description": TEXT, "anyOf": TEXT}
    }
