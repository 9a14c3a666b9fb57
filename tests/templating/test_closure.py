"""Everything a template reaches: files, variables, and what is wrong with either, before anything is rendered."""

import pytest

from promptctl.errors import PromptError
from promptctl.templating.closure import Closure
from promptctl.templating.templates import Templates

MAIN = "support/reply.prompt.j2"


def closure(text: str, **partials: str) -> Closure:
    """The closure of `text`; a partial's `__` is `/`, its suffix `.j2`."""
    return Templates(files(text, partials)).closure(MAIN)


def files(text: str, partials: dict[str, str]) -> dict[str, str]:
    return {MAIN: text, **{f"{name.replace('__', '/')}.j2": part for name, part in partials.items()}}


def refused(text: str, **partials: str) -> PromptError:
    with pytest.raises(PromptError) as caught:
        closure(text, **partials)
    return caught.value


# Files


@pytest.mark.parametrize(
    "text",
    [
        "{% include '_a.j2' %}",
        "{% include '_a.j2' ignore missing %}",
        "{% include '_a.j2' with context %}",
        "{% include ['_gone.j2', '_a.j2'] %}",
        "{% include ('_gone.j2', '_a.j2') %}",
        "{% import '_a.j2' as a %}",
        "{% from '_a.j2' import say %}",
        "{% from '_a.j2' import say as speak %}",
        "{% extends '_a.j2' %}",
        "{% if false %}{% include '_a.j2' %}{% endif %}",
        "{% user %}{% include '_a.j2' %}{% enduser %}",
        "{% macro m() %}{% include '_a.j2' %}{% endmacro %}",
        "{% block b %}{% include '_a.j2' %}{% endblock %}",
    ],
)
def test_every_way_to_name_a_file_is_followed(text: str):
    found = closure(text, _a="Be kind")

    assert found.names == ("_a.j2", MAIN)
    assert not found.dynamic


def test_a_chain_is_followed_to_its_end_and_each_file_is_there_once():
    found = closure(
        "{% extends '_a.j2' %}{% include '_c.j2' %}",
        _a="{% extends 'deep/_b.j2' %}{% include '_c.j2' %}",
        deep___b="{% import '_c.j2' as c %}",
        _c="end",
        _unused="never named",
    )

    assert found.names == ("_a.j2", "_c.j2", "deep/_b.j2", MAIN)


@pytest.mark.parametrize(
    "text", ["{% include name %}", "{% include '_' ~ name %}", "{% include [name, '_a.j2'] %}"]
)
def test_a_computed_name_may_reach_every_partial_and_says_so(text: str):
    found = closure(text, _a="a", deep___b="b", whole="no partial")

    assert found.dynamic
    assert found.names == ("_a.j2", "deep/_b.j2", MAIN)


def test_a_computed_name_further_down_is_seen_too():
    found = closure("{% include '_a.j2' %}", _a="{% include name %}", _b="b")

    assert found.dynamic
    assert found.names == ("_a.j2", "_b.j2", MAIN)


@pytest.mark.parametrize(
    ("text", "circle"),
    [
        ("x\n{% include '_a.j2' %}", "support/reply.prompt.j2 → _a.j2 → _b.j2 → support/reply.prompt.j2"),
        ("x\n{% include '_b.j2' %}", "support/reply.prompt.j2 → _b.j2 → support/reply.prompt.j2"),
    ],
)
def test_a_circle_is_drawn(text: str, circle: str):
    error = refused(text, _a="{% include '_b.j2' %}", _b=f"{{% include '{MAIN}' %}}")

    assert (error.slug, error.message) == ("include-cycle", f"the template includes itself: {circle}")
    assert str(error.at) == "prompts/_b.j2:1:1"


def test_two_ways_to_one_partial_are_no_circle():
    found = closure("{% include '_a.j2' %}{% include '_b.j2' %}", _a="{% include '_b.j2' %}", _b="b")

    assert found.names == ("_a.j2", "_b.j2", MAIN)


def test_a_missing_file_is_named_with_its_place_and_the_nearest():
    error = refused("---\nmodel: m\n---\nx {% include '_polcy.j2' %}", _policy="p")

    assert (error.slug, str(error.at)) == ("template-not-found", f"prompts/{MAIN}:4:15")
    assert 'did you mean "_policy.j2"?' in str(error.fix)
    assert "create prompts/_polcy.j2" in str(error.fix)


def test_a_missing_file_further_down_is_placed_where_it_is_named():
    error = refused("{% include '_a.j2' %}", _a="one\ntwo\n{% include '_gone.j2' %}")

    assert str(error.at) == "prompts/_a.j2:3:13"


def test_names_are_relative_to_the_prompt_folder_and_the_hint_says_so():
    error = refused("{% include '_policy.j2' %}", support___policy="p")

    assert error.slug == "template-not-found"
    assert error.fix == 'names are relative to prompts/: write "support/_policy.j2"'


@pytest.mark.parametrize(
    "text", ["{% include '_gone.j2' ignore missing %}", "{% include ['_gone.j2'] ignore missing %}"]
)
def test_a_file_that_may_be_missing_may_be_missing(text: str):
    assert closure(text).names == (MAIN,)


@pytest.mark.parametrize(
    "text", ["{% include '../x' %}", "{% include '/x' %}", "{% include ['a', '../x'] %}"]
)
def test_a_name_that_leaves_the_folder_is_refused_even_where_it_may_be_missing(text: str):
    assert refused(text).slug == "outside-prompts"
    assert refused(text.replace(" %}", " ignore missing %}")).slug == "outside-prompts"


def test_a_mistake_in_a_partial_is_placed_in_the_partial():
    error = refused("{% include '_a.j2' %}", _a="fine\n{{ broken")

    assert (error.slug, str(error.at)) == ("template-syntax", "prompts/_a.j2:2:1")


@pytest.mark.parametrize(
    "statement",
    [
        "{% include 5 %}",
        '{% include [1, "_a.j2"] ignore missing %}',
        '{% include ("_a.j2", none) %}',
        "{% import none as x %}",
        "{% from true import x %}",
        "{% extends 1.5 %}",
    ],
)
def test_a_name_that_is_no_text_is_refused_at_its_line(statement: str):
    error = refused(f"---\nmodel: m\n---\nx\n{statement}", _a="a")

    assert (error.slug, str(error.at)) == ("template-syntax", f"prompts/{MAIN}:5:1")
    assert "a template's name is text" in error.message
    assert "in quotes" in str(error.fix)


# Variables


def needed(text: str, **partials: str) -> dict[str, tuple[str, int]]:
    return closure(text, **partials).undeclared


def test_each_variable_is_placed_where_it_is_first_used():
    assert needed("---\nmodel: m\n---\n\n{{ a }}\n{{ a }} {{ b | upper }}") == {
        "a": (MAIN, 5),
        "b": (MAIN, 6),
    }


def test_what_the_template_makes_itself_is_not_needed():
    text = (
        "{% set a = 1 %}{% for b in [1] %}{{ a }}{{ b }}{{ loop.index }}{% endfor %}"
        "{% macro c(d) %}{{ d }}{% endmacro %}{{ c(1) }}{% with e = 2 %}{{ e }}{% endwith %}"
        "{{ range(3) | list | tojson }}{{ dict(f=1) | tojson }}{% set ns = namespace(g=1) %}{{ ns.g }}"
    )

    assert needed(text) == {}


@pytest.mark.parametrize("statement", ["include", "extends"])
def test_variables_of_files_that_see_the_caller_are_needed(statement: str):
    assert needed(f"{{% {statement} '_a.j2' %}}", _a="one\n{{ ticket }}") == {"ticket": ("_a.j2", 2)}


def test_a_variable_that_the_caller_sets_is_not_needed_by_what_it_includes():
    assert needed("{% set tone = 'warm' %}{% include '_a.j2' %}{{ ticket }}", _a="{{ tone }}") == {
        "ticket": (MAIN, 1)
    }


def test_a_macro_may_stand_before_or_after_the_import_that_uses_it():
    """The order of macros changed what was found in other tools (dbt-core 4678)."""
    first = "{% macro a() %}{{ x }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}"
    second = "{% macro b() %}{{ a() }}{% endmacro %}{% macro a() %}{{ x }}{% endmacro %}"
    text = "{% from '_m.j2' import b %}{{ b() }}"

    assert list(needed(text, _m=first)) == list(needed(text, _m=second)) == ["x"]


def test_imported_names_are_not_needed():
    text = "{% import '_m.j2' as m %}{% from '_m.j2' import say as speak %}{{ m.say() }}{{ speak() }}"

    assert needed(text, _m="{% macro say() %}x{% endmacro %}") == {}


def test_a_variable_used_in_a_condition_or_with_a_default_is_an_input():
    assert list(needed("{% if vip %}x{% endif %}{{ tone | default('warm') }}")) == ["tone", "vip"]


def test_roles_are_found_anywhere_in_the_closure():
    assert not closure("Hi").has_roles
    assert closure("{% user %}Hi{% enduser %}").has_roles
    assert closure("{% insert h %}").has_roles
    assert closure("{% include '_a.j2' %}", _a="{% user %}Hi{% enduser %}").has_roles


def test_inputs_in_an_instruction_are_found_for_the_warning():
    system = "{% system %}{{ tone }}{% if vip %}{{ ticket | upper }}{% endif %}{% endsystem %}"
    text = f"\n{system}{{% user %}}{{{{ x }}}}{{% enduser %}}"

    facts = Templates({MAIN: text}).facts(MAIN)

    assert facts.system_inputs == ((2, "tone"), (2, "ticket"))


def test_partials_are_the_files_that_begin_with_an_underscore():
    found = Templates(files("x", {"_a": "", "deep___b": "", "whole": "", "_dir__c": ""}) | {"_notes.txt": ""})

    assert found.partials() == {"_a.j2", "deep/_b.j2"}
