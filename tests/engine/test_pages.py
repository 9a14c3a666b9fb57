"""The catalogue of checks and the page of each."""

import pytest

from promptctl.engine.check import build
from promptctl.engine.pages import catalogue, page
from promptctl.errors import PromptctlError
from promptctl.registry import find, names
from promptctl.store.checkspecs import parse_checks
from promptctl.store.yaml_documents import read_yaml
from tests.checks.asking import tree_of


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
    for written, example in zip(examples, find("checks", name).EXAMPLES, strict=True):
        document = read_yaml("checks:\n" + written.splitlines()[0] + "\n", "page.yaml")
        [spec] = parse_checks(document.value["checks"], document.place, ("checks",))
        assert build(spec, tree_of(example.files)).spec.kind == name


def test_an_example_shows_the_files_and_the_facts_that_it_is_about():
    assert "    evals/_checks/size.py:\n      def size(output):\n          return len(output)\n" in page(
        "python"
    )
    assert "    answer: {seconds: 1.8}\n" in page("latency")


def test_a_check_that_needs_an_extra_says_how_to_install_it():
    assert "pip install 'promptctl[sql]'" in page("is_sql")
    assert next(needs for _, name, _, needs in catalogue() if name == "is_sql") == ("promptctl[sql]",)


def test_a_page_says_where_not_has_no_meaning():
    assert "`not` has no meaning" in page("blocklist")
    assert "`not: {contains: ...}` passes where this fails" in page("contains")


def test_an_unknown_page_names_the_nearest():
    with pytest.raises(PromptctlError, match="unknown-check") as caught:
        page("contain")

    assert 'did you mean "contains"?' in (caught.value.fix or "")
