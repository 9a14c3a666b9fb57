from types import SimpleNamespace
from typing import Any

import pytest

from promptctl.core.dialects import (
    COMMON,
    COMPLETION_TOKENS,
    Dialect,
    sent_format,
    sent_params,
    streams,
    unread_params,
)
from promptctl.core.record import replace
from promptctl.core.routes import BUILT_IN, PRESETS, Route, address_fault, is_loopback, route
from promptctl.errors import PromptctlError


@pytest.mark.parametrize(
    ("model", "provider"),
    [
        ("gpt-5", "openai"),
        ("o3-mini", "openai"),
        ("qwen-plus", "qwen"),
        ("qwen3-235b", "qwen"),
        ("deepseek-chat", "deepseek"),
        ("glm-4.6", "glm"),
        ("kimi-k2", "kimi"),
        ("ernie-4.5", "ernie"),
        ("doubao-pro", "doubao"),
        ("claude-x", "anthropic"),
        ("gemini-x", "gemini"),
        ("nearest-example", "embedded"),
        ("nearest-passage", "embedded"),
        ("pick-fields", "embedded"),
    ],
)
def test_known_models_are_routed_by_their_name(model: str, provider: str):
    found = route(model, {}, {})

    assert found is not None
    preset = PRESETS[provider]
    assert (found.provider, found.kind, found.base_url, found.key_env) == (
        provider,
        preset.kind,
        preset.base_url,
        preset.key_env,
    )
    assert found.served_name == found.model == model


@pytest.mark.parametrize("model", ["llama-3", "", "GPT-5", "my gpt-5", "nearest-example-2"])
def test_an_unknown_model_has_no_route(model: str):
    assert route(model, {}, {}) is None


def test_the_first_route_of_the_project_wins_before_the_built_in_ones():
    models = {"gpt-5": "ollama", "gpt-*": "vllm", "*": {"provider": "kimi", "name": "kimi-x"}}

    assert [
        (found.provider, found.served_name)
        for model in ("gpt-5", "gpt-6", "other")
        if (found := route(model, models, {}))
    ] == [("ollama", "gpt-5"), ("vllm", "gpt-6"), ("kimi", "kimi-x")]


def test_a_route_may_be_a_record_as_well_as_a_mapping():
    found = route("reply", {"reply": SimpleNamespace(provider="doubao", name="ep-1")}, {})

    assert found is not None
    assert (found.provider, found.served_name, found.model) == ("doubao", "ep-1", "reply")


@pytest.mark.parametrize("as_record", [False, True])
def test_a_projects_own_provider_is_used_with_its_settings(as_record: bool):
    settings = {
        "base_url": "http://10.0.0.7:8000/v1/",
        "allow_http": True,
        "headers": {"X-A": "b"},
        "concurrency": 4,
        "deadline": 9,
        "key_env": "VLLM_KEY",
    }
    own = SimpleNamespace(kind=None, **settings) if as_record else settings

    assert route("local-a", {"local-*": "ours"}, {"ours": own}) == Route(
        model="local-a",
        provider="ours",
        kind="openai",
        base_url="http://10.0.0.7:8000/v1",
        key_env="VLLM_KEY",
        served_name="local-a",
        dialect=COMMON,
        deadline=9.0,
        concurrency=4,
        allow_http=True,
        headers={"X-A": "b"},
    )


def test_settings_of_a_built_in_provider_keep_its_address_its_key_and_its_dialect():
    found = route("gpt-5", {}, {"openai": {"concurrency": 2}})

    assert found is not None
    assert (found.concurrency, found.base_url, found.key_env, found.dialect) == (
        2,
        "https://api.openai.com/v1",
        "OPENAI_API_KEY",
        COMPLETION_TOKENS,
    )


def test_the_key_of_a_built_in_provider_never_follows_to_another_address():
    found = route("gpt-5", {}, {"openai": {"base_url": "https://elsewhere.test/v1"}})

    assert found is not None
    assert (found.key_env, found.dialect) == (None, COMPLETION_TOKENS)


def test_a_route_to_nobody_is_refused_with_the_names_that_work():
    with pytest.raises(PromptctlError) as refused:
        route("a", {"a*": "nobody"}, {"somebody": {}})

    assert refused.value.slug == "unknown-provider"
    assert refused.value.at == '[models] "a*"'


def test_every_built_in_route_leads_to_a_preset_and_every_preset_is_safe():
    assert {provider for _, provider in BUILT_IN} <= PRESETS.keys()
    for preset in PRESETS.values():
        address = preset.base_url or preset.example
        local = address.startswith("http://localhost:")
        assert local or address.startswith("https://") or preset.kind == "embedded"
        assert (preset.key_env is None) == (local or preset.kind == "embedded")


def test_a_service_with_an_address_for_each_customer_wants_it_said():
    with pytest.raises(PromptctlError) as refused:
        route("deployed", {"deployed": "azure"}, {})

    assert refused.value.slug == "missing-field"
    assert "https://NAME.openai.azure.com/openai/v1" in str(refused.value.fix)
    found = route(
        "deployed", {"deployed": "azure"}, {"azure": {"base_url": "https://x.test/openai/v1", "key_env": "A"}}
    )
    assert found is not None
    assert (found.base_url, found.key_env, found.dialect) == (
        "https://x.test/openai/v1",
        "A",
        COMPLETION_TOKENS,
    )


def served(model: str, models: dict[str, Any], providers: dict[str, Any]) -> Route:
    found = route(model, models, providers)
    assert found is not None
    return found


def test_a_provider_speaks_as_the_preset_that_it_names_and_streams_as_it_says():
    own = {"base_url": "https://proxy.test/v1"}
    plain = served("m", {"m": "p"}, {"p": own})
    named = served("m", {"m": "p"}, {"p": {**own, "dialect": "qwen"}})
    streamed = served("m", {"m": "p"}, {"p": {**own, "dialect": "qwen", "stream": "always"}})
    other = served("qwen-x", {}, {"qwen": {**own, "dialect": "vllm"}})

    assert (plain.dialect, plain.known) == (COMMON, False)
    assert (named.dialect, named.known, named.base_url) == (PRESETS["qwen"].dialect, True, own["base_url"])
    assert streamed.dialect.stream == "always"
    assert other.dialect == PRESETS["vllm"].dialect


@pytest.mark.parametrize("provider", [name for name, preset in PRESETS.items() if preset.kind == "openai"])
def test_a_server_is_internal_only_where_the_project_says_so(provider: str):
    own = {"base_url": "http://localhost:1/v1"}

    outside = served("m", {"m": provider}, {provider: own})
    inside = served("m", {"m": provider}, {provider: {**own, "internal": True}})

    assert (outside.internal, inside.internal) == (False, True)


def test_what_answers_by_itself_is_internal():
    embedded = served("nearest-example", {}, {})
    scripted = served("m", {"m": "s"}, {"s": {"kind": "scripted", "script": "s.json"}})

    assert (embedded.internal, scripted.internal) == (True, True)


@pytest.mark.parametrize(
    ("dialect", "sent"),
    [(COMMON, {"max_tokens": 5, "top_k": 1}), (COMPLETION_TOKENS, {"max_completion_tokens": 5, "top_k": 1})],
)
def test_the_token_limit_is_sent_under_the_name_of_the_dialect(dialect: Dialect, sent: dict[str, int]):
    params = {"max_output_tokens": 5, "top_k": 1}

    assert sent_params(params, dialect) == sent
    assert params == {"max_output_tokens": 5, "top_k": 1}


def test_a_server_without_seeds_gets_none():
    assert sent_params({"seed": 7, "top_p": 1}, Dialect(seed=False)) == {"top_p": 1}
    assert sent_params({"seed": 7}, COMMON) == {"seed": 7}


@pytest.mark.parametrize(
    ("model", "params", "streamed"),
    [
        ("qwq-plus", {}, True),
        ("QwQ-32B", {}, True),
        ("Qwen/QVQ-72B-Preview", {}, True),
        ("qwen3-235b-a22b", {}, True),
        ("qwen3-0.6b", {}, True),
        ("qwen3-235b-a22b-thinking-2507", {}, True),
        ("qwen2.5-omni-7b", {}, True),
        ("qwen-plus", {}, False),
        ("qwen-plus", {"enable_thinking": True}, True),
        ("qwen-plus", {"enable_thinking": False}, False),
        ("qwen3-max", {}, False),
        ("qwen3-coder-plus", {}, False),
    ],
)
def test_models_that_answer_in_parts_only_are_known_by_their_names(
    model: str, params: dict[str, Any], streamed: bool
):
    dialect = PRESETS["qwen"].dialect

    assert streams(model, params, dialect) is streamed
    assert streams(model, params, replace(dialect, stream="always"))
    assert not streams(model, params, replace(dialect, stream="never"))
    assert not streams(model, params, COMMON)


def test_parameters_are_otherwise_sent_as_they_are_and_an_explicit_name_wins():
    assert sent_params({"temperature": 0.0, "x": [1]}, COMMON) == {"temperature": 0.0, "x": [1]}
    assert sent_params({"max_tokens": 7, "max_output_tokens": 5}, COMMON) == {"max_tokens": 7}


SCHEMA = {"type": "json_schema", "json_schema": {"name": "a", "schema": {}}}
JSON = {"type": "json_object"}


@pytest.mark.parametrize(
    ("formats", "wanted", "sent"),
    [
        (("json_schema", "json_object"), SCHEMA, SCHEMA),
        (("json_schema", "json_object"), JSON, JSON),
        (("json_object",), SCHEMA, JSON),
        (("json_schema",), JSON, None),
        ((), SCHEMA, None),
        ((), JSON, None),
        (("json_schema",), None, None),
        ((), None, None),
    ],
)
def test_a_server_is_asked_for_the_format_it_has_and_never_for_more_than_is_wanted(
    formats: tuple[str, ...], wanted: dict[str, Any] | None, sent: dict[str, Any] | None
):
    assert sent_format(wanted, Dialect(formats=formats)) == sent


@pytest.mark.parametrize(
    ("model", "params", "unread"),
    [
        ("gpt-x", {"max_tokens": 1, "temperature": 0, "seed": 1}, [("max_tokens", "max_output_tokens")]),
        (
            "qwen-plus",
            {"max_completion_tokens": 1, "top_k": 3},
            [("max_completion_tokens", "max_output_tokens")],
        ),
        ("claude-x", {"max_tokens": 1, "max_completion_tokens": 1, "temperature": 0}, []),
        (
            "claude-x",
            {"seed": 1, "reasoning_effort": "low"},
            [("seed", ""), ("reasoning_effort", "thinking")],
        ),
        ("kimi-k2", {"max_tokens": 1}, [("max_tokens", "max_output_tokens")]),
        (
            "glm-4",
            {"maxTokens": 1, "stop_sequences": []},
            [("maxTokens", "max_output_tokens"), ("stop_sequences", "stop")],
        ),
        ("glm-4", {"max_output_tokens": 1, "stop": []}, []),
    ],
)
def test_a_parameter_that_a_server_does_not_read_is_known_with_the_right_one(
    model: str, params: dict[str, Any], unread: list[tuple[str, str]]
):
    found = route(model, {}, {})

    assert found is not None
    assert list(unread_params(params, found.dialect)) == unread


@pytest.mark.parametrize(
    "host", ["localhost", "api.localhost", "127.0.0.1", "127.0.0.2", "127.255.0.9", "::1"]
)
def test_what_never_leaves_this_machine_is_loopback(host: str):
    assert is_loopback(host)
    assert address_fault(f"http://{f'[{host}]' if ':' in host else host}:80/v1", allow_http=False) is None


@pytest.mark.parametrize(
    "host", ["", "10.0.0.7", "localhost.evil.test", "127.0.0.1.evil.test", "evil.test", "::2"]
)
def test_everything_else_is_another_machine(host: str):
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("address", "slug"),
    [
        ("http://10.0.0.7/v1", "plain-http"),
        ("https://me@x.test/v1", "key-in-file"),
        ("https://me:hidden@x.test/v1", "key-in-file"),
        ("https://x.test/v1?key=hidden", "bad-address"),
        ("https://x.test/v1#hidden", "bad-address"),
        ("https://x.test:hidden/v1", "bad-address"),
        ("ftp://x.test", "bad-address"),
        ("https://x y", "bad-address"),
        ("https://[x", "bad-address"),
        ("", "bad-address"),
    ],
)
def test_an_address_that_nothing_may_be_sent_to_is_told_without_what_it_hides(address: str, slug: str):
    fault = address_fault(address, allow_http=False)

    assert fault is not None
    assert fault.slug == slug
    assert "hidden" not in f"{fault}"
