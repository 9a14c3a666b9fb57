"""Nunjucks: what promptfoo's templates print, that ours print the same, and what is named because it would not."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.importers.promptfoo.js import Unclear
from promptctl.importers.promptfoo.nunjucks import parse
from promptctl.importers.promptfoo.render import render
from tests.importers.taking import Taken, taken

VALUES: dict[str, Any] = {
    "a": "Rome",
    "n": 3,
    "half": 0.5,
    "yes": True,
    "no": False,
    "blank": "",
    "items": ["x", "y"],
    "rows": [{"k": "v", "items": 1}, {"k": "w", "items": 2}],
    "map": {"k": "v", "deep": {"er": "z"}},
    "中": "文",
}


def imported(tmp_path: Path, template: str, values: dict[str, Any]) -> Taken:
    """An import of one prompt with one test."""
    written = {
        "prompts": [{"raw": f"> {template} <", "label": "p"}],
        "providers": ["openai:gpt-4o"],
        "tests": [{"vars": values, "options": {"disableVarExpansion": True}}],
    }
    return taken(tmp_path, {"promptfooconfig.json": json.dumps(written)})


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ a }}{{a}}", "RomeRome"),
        ("{{ 中 }}", "文"),
        ("{{ map.deep.er }}{{ map['k'] }}{{ rows[1].k }}", "zvw"),
        ("{{ missing }}|{{ map.missing }}|{{ items[9] }}", "||"),
        ("{{ n }} {{ half }}", "3 0.5"),
        ("{{ a | upper }}{{ a | lower }}{{ '  x ' | trim }}{{ 'aB' | capitalize }}", "ROMEromexAb"),
        ("{{ items | join(', ') }} {{ items | length }} {{ items | first }}{{ items | last }}", "x, y 2 xy"),
        ("{{ missing | default('d') }}{{ blank | default('d') }}{{ blank | default('d', true) }}", "dd"),
        ("{{ a | replace('o', '0') }}", "R0me"),
        ("{{ a | dump }}", '"Rome"'),
        ("{{ a | safe }}", "Rome"),
        ("{% if yes %}1{% elif a %}2{% else %}3{% endif %}", "1"),
        ("{% if no %}1{% elif a == 'Rome' %}2{% else %}3{% endif %}", "2"),
        ("{% if missing %}1{% else %}3{% endif %}", "3"),
        ("{% if not missing and n > 2 or no %}1{% endif %}", "1"),
        ("{{ 'in' if 'x' in items else 'out' }}", "in"),
        ("{% if missing is defined %}1{% else %}0{% endif %}", "0"),
        ("{% for one in items %}{{ loop.index }}{{ one }}{% if not loop.last %},{% endif %}{% endfor %}", "1x,2y"),
        ("{% for one in rows %}{{ one.k }}{{ one['items'] }}{% endfor %}", "v1w2"),
        ("{% for key, value in map %}{{ key }} {% endfor %}", "k deep "),
        ("{% for one in missing %}1{% else %}none{% endfor %}", "none"),
        ("{% set b = a ~ '!' %}{{ b }}", "Rome!"),
        ("{{ n + 2 }} {{ n * 2 - 1 }}", "5 5"),
        ("{% raw %}{ a }{% endraw %}", "{ a }"),
        ("{# nothing #}{ a } {{ '}}' }}", "{ a } }}"),
        ("a\n{%- if yes %}\n b\n{%- endif -%}\n c", "a\n bc"),
        ("line\n{% if yes %}\nb\n{% endif %}\nend", "line\n\nb\n\nend"),
        ("{{ a }}{", "Rome{"),
    ],
)  # fmt: skip
def test_what_a_template_prints_is_printed_here_too(template: str, text: str, tmp_path: Path):
    used = {name: value for name, value in VALUES.items() if name in template}
    assert render(parse(template), VALUES) == text

    done = imported(tmp_path, template, used)

    assert done.refusals == []
    values = done.suite("p").cases[0].vars
    assert done.said("p", **values) == [("user", f"> {text} <")]


@pytest.mark.parametrize(
    ("template", "feature"),
    [
        ("{{ a | nl2br }}", "the filter nl2br"),
        ("{{ items | sort }}", "the filter sort"),
        ("{{ a.toUpperCase() }}", "the call of a.toUpperCase(…)"),
        ("{{ range(3) }}", "the call of range(…)"),
        ("{% macro m() %}{% endmacro %}", "the tag {% macro %}"),
        ("{% include 'x' %}", "the tag {% include %}"),
        ("{{ n / 2 }}", "the operator /"),
        ("{{ n ** 2 }}", "the operator **"),
        ("{{ r/x/g }}", "a regular expression inside a template"),
        ("{{ not n == 3 }}", "`not` before == without brackets"),
        ("{{ a ~ 1 + 2 }}", "+ behind ~ without brackets"),
        ("{% for x in items %}{% set a = x %}{% endfor %}", "a {% set %} inside a loop"),
        ("{{ {a: 1} }}", "a mapping written out in the template"),
        ("{{ items[0:1] }}", "a slice"),
        ("{% if a %}", "a tag without its {% endif %}"),
        ("{% endif %}", "a {% endif %} that ends nothing"),
        ("{{ a ", "a tag without its }}"),
        ("{{ 'a }}", "a text without its closing quote"),
        ("{# a", "a comment without its #}"),
        ("{{ a is string }}", "the test `is string`"),
        ("{{ 12345678901234567890 }}", "which JavaScript rounds"),
        ("{{ " + "(" * 300 + "a }}", "a tag of more than 200 words"),
        ("{% raw %}{{ a }}{% endraw %}", "braces left in it, which promptfoo renders a second time"),
        ("{{ n == a }}", "a number == a text"),
        ("{% if a %}" * 60, "tags nested more than 50 deep"),
    ],
)
def test_what_means_something_else_is_refused_by_name(template: str, feature: str, tmp_path: Path):
    done = imported(tmp_path, template, VALUES)

    assert (done.files(), [slug for slug, _ in done.refusals]) == ([], ["import-unsupported"])
    assert feature in done.why


@pytest.mark.parametrize(
    ("template", "values", "what"),
    [
        ("{{ map }}", {"map": {"k": 1}}, "a mapping put into text without a filter"),
        ("{{ items }}", {"items": [1]}, "a list put into text without a filter"),
        ("{% if items %}1{% endif %}", {"items": []}, "an empty list or mapping in a condition"),
        ("{% if n == a %}1{% endif %}{{ a }}", {"n": "", "a": 1}, "a text == a number"),
        ("{{ a | length }}", {"a": "😀"}, "characters that JavaScript counts twice"),
        ("{% for x in a %}{{ x }}{% endfor %}", {"a": "text"}, "a loop over a text"),
    ],
)
def test_a_test_whose_values_the_two_languages_read_differently_is_left_out(
    template: str, values: dict[str, Any], what: str, tmp_path: Path
):
    done = imported(tmp_path, template, values)

    assert done.files() == ["prompts/p.prompt.j2"]
    [left_out] = done.left_out
    assert what in left_out


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in b %}{% for c in b %}{% for d in b %}x{% endfor %}{% endfor %}{% endfor %}",
        "{% set a = 'xxxxxxxxxx' %}" + "{% set a = a ~ a %}" * 40 + "{{ a }}",
        "{% set a = 'aaaaaaaaaa' %}" + "{% set a = a | replace('a', 'aaaaaaaaaa') %}" * 9 + "{{ a }}",
    ],
)
def test_a_template_that_grows_without_end_is_refused(template: str):
    with pytest.raises(Unclear, match="more than 1,000,000"):
        render(parse(template), {"b": list(range(200))})


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_every_text_is_printed_as_it_stands_or_refused(text: str):
    try:
        nodes = parse(text)
    except Unclear:
        return
    if not any(mark in text for mark in ("{{", "{%", "{#")):
        assert render(nodes, {}) == text


@given(
    st.lists(
        st.sampled_from(
            ["{{", "}}", "{%", "%}", "-", "a", "|", "if", "endif", "for", "in", "(", "'", " ", "\n"]
        )
    )
)
def test_any_mixture_of_marks_is_read_or_refused(pieces: list[str]):
    with contextlib.suppress(Unclear):
        render(parse("".join(pieces)), {"a": "x"})
