"""Rendering: what becomes text, what is refused, where a mistake is, and how large a prompt may be."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.core.prompt import InputSpec
from promptctl.errors import FileError, PromptctlError, PromptError
from promptctl.templating.header import body_source, split_header
from promptctl.templating.inputs import MissingInput, bind
from promptctl.templating.limits import RENDERED_LIMIT
from promptctl.templating.templates import Templates

NAME = "reply.prompt.j2"


def text_of(text: str, /, **values: Any) -> str:
    """The one message of a prompt."""
    [message] = Templates({NAME: text}).render(NAME, values)
    return message.content


def refused(text: str, /, files: dict[str, str] | None = None, **values: Any) -> PromptError:
    with pytest.raises(PromptError) as caught:
        Templates({NAME: text, **(files or {})}).render(NAME, values)
    error = caught.value
    assert error.message.isprintable()
    assert error.fix
    assert error.at is not None
    return error


# What becomes text


@pytest.mark.parametrize(
    ("template", "value", "expected"),
    [
        ("{{ x }}", "<b> & 'q'", "<b> & 'q'"),
        ("{{ x }}", 3, "3"),
        ("{{ x }}", 0.5, "0.5"),
        ("{{ x }}", True, "True"),
        ("{{ x | tojson }}", {"b": [1, None], "a": "退款"}, '{"b": [1, null], "a": "退款"}'),
        ("{{ x | join(', ') }}", ["a", "b"], "a, b"),
        ("{{ x | default('none', true) }}", None, "none"),
        ("{% if x is none %}no{% endif %}", None, "no"),
        ("a\n{% if x %}\nb\n{% endif %}\nc", 1, "a\nb\nc"),
        ("a\n    {% if x %}\n    b\n    {% endif %}\nc", 1, "a\n    b\nc"),
        ("{% raw %}{{ x }}{% endraw %}", 1, "{{ x }}"),
    ],
)
def test_values_read_as_they_are(template: str, value: Any, expected: str):
    assert text_of(template, x=value) == expected


@pytest.mark.parametrize(
    ("value", "named"), [(None, "nothing (null)"), ({"a": 1}, "a mapping"), ([1], "a list"), ((1,), "a list")]
)
def test_a_value_without_one_obvious_text_needs_a_filter(value: Any, named: str):
    error = refused("one\n{{ x }}", x=value)

    assert (error.slug, str(error.at)) == ("not-text", "prompts/reply.prompt.j2:2:1")
    assert error.message.startswith(named)
    assert "| tojson" in str(error.fix)


def test_a_function_is_no_text():
    assert refused("{{ x.upper }}", x="a").slug == "not-text"
    assert refused("{% macro m() %}{% endmacro %}{{ m }}").slug == "not-text"


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.format | string }}",
        "{{ '' ~ ''.format }}",
        "{{ d.items ~ '' }}",
        "{{ ''['upper'] ~ '' }}",
        "{{ ''.upper | upper }}",
        "{{ ''.upper | attr('__doc__') ~ ''.upper }}",
        "{{ [''.upper] | join }}",
        "{{ [''.upper] | string }}",
        "{{ '%s' | format(''.upper) }}",
        "{{ '%r' | format(''.upper) }}",
        "{{ '{}'.format(''.upper) }}",
        "{{ '' | attr('upper') | string }}",
        "{{ ['a'] | map(attribute='upper') | join }}",
        "{% set m = ''.upper %}{{ m ~ '' }}",
        "{% block b %}{% endblock %}{{ self.b ~ '' }}",
    ],
)
def test_a_method_that_is_not_called_never_becomes_text(text: str):
    error = refused(text, d={"a": 1})

    assert error.slug in ("not-text", "undefined-variable", "not-allowed")
    assert "0x" not in f"{error.message} {error.fix}"


def test_methods_can_be_called_and_keys_of_their_name_reached_as_ever():
    text = (
        "{{ 'a'.upper() }}{% for k, v in d.items() %}{{ k }}{{ v }}{% endfor %}{{ e['items'] }}"
        "{% block b %}c{% endblock %}{{ self.b() }}"
        "{% set m = 'b'.upper %}{{ m() }}{{ '{:>3}'.format(7) }}{{ d.get('a') }}"
    )

    assert text_of(text, d={"a": 1}, e={"items": "E"}) == "Aa1EccB  71"


@pytest.mark.parametrize(
    "template",
    [
        "{{ tickt }}",
        "{{ tickt | upper }}",
        "{{ tickt | tojson }}",
        "{{ 'a' if tickt }}",
        "{% for t in tickt %}{% endfor %}",
    ],
)
def test_a_variable_that_is_not_there_is_named_with_its_place_and_the_nearest(template: str):
    error = refused(f"one\n\n{template}", ticket="x")

    assert error.slug == "undefined-variable"
    assert str(error.at).startswith("prompts/reply.prompt.j2:3:")
    if "if" not in template:
        assert "'tickt'" in error.message
        assert '"ticket"' in str(error.fix)


def test_a_field_that_is_not_there_is_named():
    error = refused("{{ order.totl }}", order={"total": 1})

    assert error.slug == "undefined-variable"
    assert "totl" in error.message
    assert str(error.at) == "prompts/reply.prompt.j2:1:10"


@pytest.mark.parametrize("name", ["lipsum", "cycler", "joiner"])
def test_what_brings_chance_or_leads_out_is_not_there(name: str):
    assert refused(f"{{{{ {name} }}}}").slug == "undefined-variable"


def test_the_random_filter_is_not_there():
    error = refused("x\n{{ [1, 2] | random }}")

    assert (error.slug, str(error.at)) == ("template-syntax", "prompts/reply.prompt.j2:2:1")


@pytest.mark.parametrize(
    "template",
    [
        "{{ x.__class__ }}",
        "{{ x['__class__'] }}",
        "{{ x | attr('__class__') }}",
        "{{ '{0.__class__}'.format(x) }}",
        "{{ ('{0.__class__}' | attr('format'))(x) }}",
        "{{ [].append(1) }}",
        "{{ {}.update(a=1) }}",
        "{{ range(999999999) | list | length }}",
    ],
)
def test_the_sandbox_holds(template: str):
    error = refused(f"one\n{template}", x="secret")

    assert error.slug in ("not-allowed", "template-too-large")
    assert str(error.at).startswith("prompts/reply.prompt.j2:2:")


def test_a_value_is_never_changed_by_a_template():
    values = {"items": [3, 1, 2], "order": {"a": 1}}

    text_of("{{ items | sort | tojson }}{{ order | tojson }}", **values)

    assert values == {"items": [3, 1, 2], "order": {"a": 1}}


# Where it is


@pytest.mark.parametrize(
    "header", ["", "---\nmodel: m\n---\n", "---\n---\n", "---\nparams:\n  seed: 1\n\n---\n"]
)
@pytest.mark.parametrize(
    "body", ["{{ gone }}", "one\n\n  {{ gone }}", "{% if 1 %}\n{{ gone }}{% endif %}", "\n{{ gone }}"]
)
def test_line_numbers_are_those_of_the_file(header: str, body: str):
    text = header + body
    line = next(n for n, content in enumerate(text.split("\n"), 1) if "gone" in content)
    column = text.split("\n")[line - 1].index("gone") + 1

    assert str(refused(text).at) == f"prompts/reply.prompt.j2:{line}:{column}"


def test_a_mistake_in_an_included_file_is_placed_there():
    partial = "---\nmodel: m\n---\nfine\n{{ gone }}"

    error = refused("{% include '_a.j2' %}", files={"_a.j2": partial})

    assert str(error.at) == "prompts/_a.j2:5:4"


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("_gone.j2", "template-not-found"),
        ("../secret", "outside-prompts"),
        ("/etc/passwd", "outside-prompts"),
        ("a\x00b", "outside-prompts"),
        ("_open.j2", "header-not-closed"),
        ("_bad.j2", "template-syntax"),
    ],
)
def test_a_computed_name_is_judged_when_it_is_known(name: str, slug: str):
    files = {"_open.j2": "---\nmodel: m\n", "_bad.j2": "{% if %}"}

    assert refused("one\n{% include which %}", files=files, which=name).slug == slug


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("{{ x", 1),
        ("a\n{% if x %}", 2),
        ("a\nb\n{% end %}", 3),
        ("{{ x | nofilter }}", 1),
        ("a\n{{ 1 + }}", 2),
        ("｛{ x }｝\n{% if ) %}", 2),
    ],
)
def test_a_syntax_mistake_has_its_line(text: str, line: int):
    error = refused(f"---\nmodel: m\n---\n{text}", x=1)

    assert error.slug == "template-syntax"
    assert str(error.at).startswith(f"prompts/reply.prompt.j2:{line + 3}:")


@given(
    st.lists(st.sampled_from(["a", "", "---", "{# c #}", " --- "]), max_size=6), st.text("ab\n ", max_size=20)
)
def test_a_header_moves_no_line_and_changes_no_text(lines: list[str], body: str):
    header = [line for line in lines if line != "---"]
    parts = split_header("\n".join(["---", *header, "---", body]), "f")

    assert parts.body == body
    assert parts.header == "\n".join(header)
    assert body_source(parts).count("\n") == len(header) + 2 + body.count("\n")
    if body.strip():
        text = "\n".join(["---", *header, "---", body])
        assert text_of(text) == text_of("{#-#}" + body if body.startswith("---") else body)


# How large


def test_a_prompt_of_a_megabyte_is_the_largest():
    assert len(text_of("{{ x }}", x="a" * RENDERED_LIMIT)) == RENDERED_LIMIT
    assert refused("{{ x }}", x="a" * (RENDERED_LIMIT + 1)).slug == "template-too-large"


def test_many_messages_are_one_prompt():
    template = "{% for n in range(11) %}{% user %}{{ x }}{% enduser %}{% endfor %}"

    assert refused(template, x="a" * 100_000).slug == "template-too-large"


@pytest.mark.parametrize(
    "template",
    [
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{{ " + "(" * 300 + "1" + ")" * 300 + " }}",
        "{{ " + "not " * 3000 + "1 }}",
        "{% if 1 %}" * 200 + "x" + "{% endif %}" * 200,
    ],
    ids=["macro", "brackets", "nots", "ifs"],
)
def test_a_template_without_end_is_too_deep(template: str):
    assert refused(f"x\n{template}").slug == "template-too-deep"


@pytest.mark.parametrize(
    "template",
    ["{{ 1 / 0 }}", "{{ 'a' + 1 }}", "{{ 'a' | int(base=99) | abs(1) }}", "{{ x() }}", "{{ '%d' % 'a' }}"],
)
def test_whatever_else_goes_wrong_is_an_error_with_its_line(template: str):
    error = refused(f"one\n{template}", x="a")

    assert str(error.at).startswith("prompts/reply.prompt.j2:2:")


@given(st.text("{}%#|()[]'\"-+ \nabx.=:if", max_size=40))
def test_any_template_renders_or_is_refused_with_a_place(text: str):
    error = None
    try:
        text_of("x" + text, a=1, x="v")
    except PromptctlError as found:
        error = found

    assert error is None or (error.at is not None and error.fix)


# Values and inputs


def test_a_missing_value_is_named_with_the_nearest_that_was_given():
    with pytest.raises(MissingInput) as caught:
        bind({"ticket": InputSpec(name="ticket")}, {"tickt": "x"}, strict=False)

    assert (caught.value.slug, caught.value.name) == ("undefined-variable", "ticket")
    assert "'tickt'" in str(caught.value.fix)


def test_a_value_that_the_prompt_does_not_declare_is_refused_or_left_out():
    inputs = {"ticket": InputSpec(name="ticket")}

    with pytest.raises(PromptError, match="declares no such input"):
        bind(inputs, {"ticket": "a", "tickett": "b"})
    assert bind(inputs, {"ticket": "a", "tickett": "b"}, strict=False) == {"ticket": "a"}


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        ("string", ["a", 3, 0.5], [None, True, ["a"], {}]),
        ("integer", [3], [None, True, 0.5, "3"]),
        ("number", [3, 0.5], [None, True, "3"]),
        ("boolean", [True], [None, 1, "true"]),
        ("list", [[1]], [None, "a", {}]),
        ("object", [{"a": 1}], [None, [1], "a"]),
        ("contexts", [[{"id": "a", "text": "t", "more": 1}]], [None, "a", [{"id": "a"}], ["a"]]),
        ("messages", [[], [{"role": "user", "content": "x"}]], [None, "a", ["a"], [{"role": "user"}]]),
    ],
)
def test_values_have_the_type_that_the_header_declares(kind: str, right: list[Any], wrong: list[Any]):
    spec = {"x": InputSpec(name="x", type=kind)}

    for value in right:
        assert bind(spec, {"x": value})["x"] == (str(value) if kind == "string" else value)
    for value in wrong:
        with pytest.raises(PromptError) as caught:
            bind(spec, {"x": value})
        assert caught.value.slug == "wrong-input-type"


def test_a_default_fills_in_and_is_not_shared():
    spec = {"x": InputSpec(name="x", type="list", default=[1])}

    bind(spec, {})["x"].append(2)

    assert bind(spec, {}) == {"x": [1]}


def test_null_is_a_value_only_where_the_input_may_be_absent():
    assert bind({"x": InputSpec(name="x", default=None)}, {}) == {"x": None}
    with pytest.raises(PromptError):
        bind({"x": InputSpec(name="x")}, {"x": None})


@pytest.mark.parametrize("given", [{}, {"x": None}])
def test_an_optional_input_that_is_not_given_is_false_not_defined_and_no_text(given: dict[str, Any]):
    optional = {"x": InputSpec(name="x", optional=True)}
    text = "a{% if x %} yes{% endif %}{% if x is defined %} there{% endif %} {{ x | default('none') }}"

    assert Templates({"p.j2": text}).render("p.j2", bind(optional, given))[0].content == "a none"
    with pytest.raises(PromptError, match="which is not given") as caught:
        Templates({"p.j2": "{{ x }}"}).render("p.j2", bind(optional, given))
    assert caught.value.fix == "it is optional: write `{{ x | default('') }}`, or ask first, `{% if x %}`"


def test_a_value_must_be_on_the_menu():
    spec = {"tone": InputSpec(name="tone", enum=("warm", "formal"))}

    assert bind(spec, {"tone": "warm"}) == {"tone": "warm"}
    with pytest.raises(PromptError) as caught:
        bind(spec, {"tone": "rude"})
    assert (caught.value.slug, caught.value.fix) == ("not-in-enum", "use one of: warm, formal")


def test_a_header_that_never_ends_is_an_error():
    with pytest.raises(FileError, match="never ends"):
        split_header("---\nmodel: m\n", "f")
