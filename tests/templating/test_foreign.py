"""Jinja of other tools: what a template is made of, what is refused, and how it renders."""

import pytest

from promptctl.templating.foreign import look, render_foreign


def test_a_template_is_looked_at_without_rendering_it():
    found = look("{% for i in items %}{{ i.name }}{% endfor %}\n{{ user.mail }} {{ q }} {{ q }}")

    assert found.names == {"items": 1, "user": 2, "q": 2}
    assert found.uses == {"items": 1, "user": 1, "q": 2}
    assert found.looped == {"items"}
    assert found.fields == {"items": frozenset({"name"}), "user": frozenset({"mail"})}
    assert found.blocks
    assert found.problems == ()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{% include 'a' %}", "{% include %}"),
        ("{% extends 'a' %}", "{% extends %}"),
        ("{% macro a() %}{% endmacro %}", "{% macro %}"),
        ("{% set a = b ~ b %}", "{% set %}"),
        ("{% with a = b %}{% endwith %}", "{% with %}"),
        ("{% for a in b recursive %}x{% endfor %}", "a recursive loop"),
        ("{% for a in b %}" * 6 + "{% endfor %}" * 6, "loops more than 5 deep"),
        ("{{ range(9) }}", "range()"),
        ("{{ lipsum() }}", "lipsum()"),
        ("{{ a | random }}", "the filter random"),
        ("{{ a | tojson }}", "the filter tojson"),
        ("{{ 2 ** 9 }}", "the operator **"),
        ("{{ 'a' * 9 }}", "the operator *"),
        ("{{ 'a' | string }}{{ 'b' | wordcount | abs | upper | center(3) }}", "the filter center"),
        ("{{ a | indent(99999) }}", "the number 99999"),
        ("{% filter upper %}x{% endfilter %}", "{% filter %}"),
        ("{{ a.center(9) }}", "the method center"),
        ("{{ a[0]() }}", "a call of what is no method"),
        ("{{ a | replace('a', a) }}", "replace with what is not written out"),
        ("{{ a.join(b) }}", "join with what is not written out"),
        ("{{ a | join(*b) }}", "join with what is not written out"),
        ("{{ a | map('replace', 'a', 'b') }}", "map with replace"),
        ("{{ a | map(b) }}", "map with what is not written out"),
        ("{{ '%99999999999d' % 1 }}", "% of anything but a name or a number"),
        ("{{ a" + " | upper" * 30 + " }}", "an expression with more than 20 steps"),
        ("{{ a" + " | replace('a', '12345678')" * 8 + " }}", "a text that grows without measure"),
        ("{{ a" + " | list | string" * 9 + " }}", "a text that grows without measure"),
    ],
)
def test_what_would_differ_or_run_away_is_a_problem(text: str, what: str):
    assert [problem.what for problem in look(text).problems] == [what]


@pytest.mark.parametrize(
    "text",
    [
        "{{ a.strip().title() }} {{ ', '.join(b) }} {{ b | map('upper') | join(', ') }}",
        "{{ b | map(attribute='x') | list }} {{ c.items() | list }} {{ loop.index % 2 }}{{ 7 % 2 }}{{ a % 3 }}",
        "{{ a | replace('&', '&amp;') | replace('<', '&lt;') | replace('>', '&gt;') | indent(4) }}",
        "{% for i in b %}{{ loop.cycle('a', 'b') }}{% endfor %}",
    ],
)
def test_what_templates_usually_do_is_no_problem(text: str):
    assert look(text).problems == ()


@pytest.mark.parametrize(
    ("text", "values", "message"),
    [
        ("{% for i in a %}{% for j in a %}{% endfor %}{% endfor %}", {"a": "x" * 400}, "100,000 rounds"),
        ("{% for i in a %}{{ a }}{% endfor %}", {"a": "x" * 5000}, "10,000,000 characters"),
        ("{{ a | replace('x', '" + "y" * 500 + "') }}", {"a": "x" * 1_000_000}, "grows without measure"),
        ("{{ a % 1 }}", {"a": "%99999999999d"}, "formatted with %"),
    ],
)
def test_values_that_make_a_template_run_away_stop_it(text: str, values: dict[str, str], message: str):
    with pytest.raises(ValueError, match=message):
        render_foreign(text, values)


def test_loops_know_their_length_and_what_is_left():
    text = "{% for i in a %}{{ i }}/{{ loop.length }}{% if not loop.last %}, {% endif %}{% else %}none{% endfor %}"

    assert render_foreign(text, {"a": [1, 2]}) == "1/2, 2/2"
    assert render_foreign(text, {}) == "none"


def test_a_template_that_does_not_parse_is_a_problem_at_its_line():
    assert [problem.line for problem in look("a\n{{ b").problems] == [2]
    assert look("{% if a %}" * 5000).problems


def test_rendering_is_jinjas_own_with_empty_for_what_is_not_given():
    assert render_foreign("a{{ b }}\n{% if c %}\nx{% endif %}\n", {"c": 1}) == "a\n\nx\n"


def test_a_template_cannot_reach_beyond_its_values():
    with pytest.raises(ValueError, match="unsafe"):
        render_foreign("{{ ''.__class__.__mro__ }}", {})
