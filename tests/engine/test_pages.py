"""The catalogue of checks and the page of each."""

import pytest

from promptctl.engine.check import build
from promptctl.engine.pages import catalogue, page
from promptctl.errors import PromptctlError
from promptctl.registry import find, names
from promptctl.store.checkspecs import parse_checks
from promptctl.store.yaml_documents import read_yaml


def test_the_catalogue_has_every_check_once_by_family():
    rows = catalogue()

    assert sorted(name for _, name, _, _ in rows) == names("checks")
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    assert all(line.endswith(".") for _, _, line, _ in rows)


@pytest.mark.parametrize("name", names("checks"))
def test_a_page_names_every_argument_with_its_type(name: str):
    text = page(name)

    for field in find("checks", name).__struct_encode_fields__:
        assert f"\n  {field}: " in text
    assert "anything" not in text.partition("Arguments")[2].partition("\n\n")[0] or name.startswith("json_")
    assert "`not" in text


@pytest.mark.parametrize("name", names("checks"))
def test_the_examples_of_a_page_can_be_copied_into_a_suite(name: str):
    examples = page(name).partition("\nExamples\n\n")[2].strip("\n").split("\n\n")

    assert len(examples) == len(find("checks", name).EXAMPLES)
    for example in examples:
        document = read_yaml("checks:\n" + example.splitlines()[0] + "\n", "page.yaml")
        [spec] = parse_checks(document.value["checks"], document.place, ("checks",))
        assert build(spec).spec.kind == name


def test_a_page_says_where_not_has_no_meaning():
    assert "`not` has no meaning" in page("blocklist")
    assert "`not: {contains: ...}` passes where this fails" in page("contains")


def test_an_unknown_page_names_the_nearest():
    with pytest.raises(PromptctlError, match="unknown-check") as caught:
        page("contain")

    assert 'did you mean "contains"?' in (caught.value.fix or "")
