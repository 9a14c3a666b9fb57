"""`--param` follows the rules of a header, and every mistake is said at the option."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.core.dialects import ANTHROPIC
from promptctl.core.routes import Route
from promptctl.engine.variants.settings import read_settings
from promptctl.errors import PromptctlError


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ("temperature=0", {"temperature": 0}),
        ("temperature=.5", {"temperature": 0.5}),
        ("temperature=1e-1", {"temperature": 0.1}),
        ("temperature=0.7, top_p=0.9", {"temperature": 0.7, "top_p": 0.9}),
        ('stop=["a, b=c", "]"],seed=1', {"stop": ["a, b=c", "]"], "seed": 1}),
        ("logit_bias={50256: -100, 11: 5}", None),
        ('logit_bias={"50256": -100, "11": 5}', {"logit_bias": {"50256": -100, "11": 5}}),
        ("enable_thinking=false", {"enable_thinking": False}),
        ('reasoning_effort="low"', {"reasoning_effort": "low"}),
        ("stop=退款", {"stop": "退款"}),
        ("seed=null", {"seed": None}),
    ],
)
def test_values_are_read_as_in_a_header(written: str, values: dict[str, Any] | None):
    if values is None:
        with pytest.raises(PromptctlError):
            read_settings(written)
    else:
        assert dict(read_settings(written).values) == values


@pytest.mark.parametrize(
    ("written", "slug"),
    [
        ("temperature", "bad-param"),
        ("=1", "bad-param"),
        ("temperature=", "bad-param"),
        ("temperature=1,", "bad-param"),
        ("temperature=1,temperature=2", "bad-param"),
        ("temperature=1\nmodel: x", "bad-param"),
        ("", "bad-param"),
        ("model=x", "reserved-param"),
        ("stream=true", "reserved-param"),
        ("max_output_tokens=0", "wrong-value"),
        ("max_output_tokens=many", "wrong-value"),
    ],
)
def test_a_mistake_is_said_at_the_option(written: str, slug: str):
    with pytest.raises(PromptctlError) as caught:
        read_settings(written)

    assert (caught.value.slug, caught.value.at) == (slug, f"--param {written}")
    assert caught.value.fix


@given(st.text(max_size=40))
def test_any_text_is_settings_or_a_mistake(written: str):
    with suppress(PromptctlError):
        assert read_settings(written).written == written


def test_null_takes_a_setting_of_the_prompt_out():
    settings = read_settings("seed=null,top_p=1")

    assert settings.over({"seed": 7, "temperature": 0}) == {"temperature": 0, "top_p": 1}


def test_a_setting_that_the_server_does_not_read_is_refused():
    route = Route(
        model="claude-x", provider="anthropic", kind="openai", base_url="https://example.org", key_env=None,
        served_name="claude-x", dialect=ANTHROPIC, known=True,
    )  # fmt: skip

    with pytest.raises(PromptctlError) as caught:
        read_settings("seed=1").refuse_unread(route)

    assert (caught.value.slug, caught.value.at) == ("ignored-param", "--param seed=1")
    read_settings("seed=null").refuse_unread(route)
