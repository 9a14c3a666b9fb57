"""Each vendor's ways, through the provider: what its errors mean, and what a run may do about them."""

import asyncio
from typing import Any

import pytest

from promptctl.core.exchange import Failure, Output, Request, Usage
from promptctl.core.message import Message
from promptctl.core.record import replace
from promptctl.core.routes import Route, route
from promptctl.providers.openai import OpenAIProvider
from tests.providers.vendors import KEY, VENDORS, Served, said_by, serving

FILTERED = "content_filter"
HOPELESS: dict[str, Any] = {"kind": "rejected", "fatal": True}
REFUSED: dict[str, Any] = {"kind": "rejected"}
BUSY: dict[str, Any] = {"kind": "rate_limited", "passing": True}
BROKE: dict[str, Any] = {"kind": "unavailable", "passing": True}

MEANINGS: dict[str, dict[str, Any]] = {
    "openai": {
        "empty": HOPELESS,
        "busy": {**BUSY, "retry_after": 1.5},
        "filter": FILTERED,
        "model": HOPELESS,
        "key": HOPELESS,
        "long": REFUSED,
        "broke": BROKE,
        "stop": {"kind": "unavailable"},
    },
    "azure": {"filter": FILTERED, "busy": {**BUSY, "retry_after": 6.5}, "model": HOPELESS, "key": HOPELESS},
    "anthropic": {
        "busy": {**BUSY, "retry_after": 12.0},
        "broke": BROKE,
        "empty": HOPELESS,
        "key": HOPELESS,
        "model": HOPELESS,
    },
    "gemini": {
        "busy": {**BUSY, "retry_after": 34.0},
        "empty": HOPELESS,
        "key": HOPELESS,
        "broke": BROKE,
        "filter": FILTERED,
    },
    "qwen": {
        "filter": FILTERED,
        "native": FILTERED,
        "empty": HOPELESS,
        "busy": BUSY,
        "rate": BUSY,
        "media": REFUSED,
    },
    "ernie": {
        "filter": FILTERED,
        "busy": BUSY,
        "empty": HOPELESS,
        "model": HOPELESS,
        "old": BUSY,
        "broke": BROKE,
    },
    "doubao": {
        "filter": FILTERED,
        "severe": FILTERED,
        "busy": BUSY,
        "empty": HOPELESS,
        "trial": HOPELESS,
        "model": HOPELESS,
        "closed": HOPELESS,
    },
    "deepseek": {"empty": HOPELESS, "model": HOPELESS, "broke": BROKE, "half": BROKE},
    "glm": {
        "filter": FILTERED,
        "empty": HOPELESS,
        "busy": BUSY,
        "flow": BUSY,
        "key": HOPELESS,
        "model": HOPELESS,
        "cut": FILTERED,
        "net": BROKE,
    },
    "kimi": {
        "filter": FILTERED,
        "empty": HOPELESS,
        "busy": BUSY,
        "broke": BUSY,
        "key": HOPELESS,
        "model": HOPELESS,
    },
    "openrouter": {
        "filter": FILTERED,
        "empty": HOPELESS,
        "flight": {**BUSY, "retry_after": 3.0},
        "busy": BUSY,
        "half": BROKE,
        "model": HOPELESS,
        "broke": {**BROKE, "retry_after": 4.0},
    },
    "vllm": {"model": HOPELESS, "long": REFUSED, "path": HOPELESS, "broke": BROKE},
    "ollama": {"model": HOPELESS, "broke": BROKE},
    "lm-studio": {"model": HOPELESS},
    "llama.cpp": {"broke": BROKE, "long": REFUSED},
}


def served_at(server: Served, **settings: Any) -> Route:
    """The route to a vendor whose server is here; its key is named, because no preset's key follows elsewhere."""
    preset = server.vendor.preset
    own = {"base_url": server.base_url, **({"key_env": "K"} if server.vendor.keyed else {}), **settings}
    found = route("m", {"m": {"provider": preset, "name": server.vendor.model}}, {preset: own})
    assert found is not None
    return found


def asked(
    server: Served, *texts: str, params: dict[str, Any] | None = None, **settings: Any
) -> list[Output | Failure]:
    """What comes back for each text, over one connection after the other."""

    async def run() -> list[Output | Failure]:
        provider = OpenAIProvider(served_at(server, **settings), KEY)
        try:
            return [
                await provider.ask(
                    Request(
                        model=server.vendor.model,
                        messages=(Message(role="user", content=text),),
                        params=params or {},
                    ),
                    0,
                )
                for text in texts
            ]
        finally:
            await provider.close()

    return asyncio.run(run())


@pytest.mark.parametrize("preset", VENDORS)
def test_what_a_vendor_says_in_place_of_an_answer_is_taken_for_what_it_means(preset: str):
    meanings, errors = MEANINGS[preset], said_by(preset)
    with serving(VENDORS[preset]) as server:
        answers = dict(zip(errors, asked(server, *errors), strict=True))

    told = {}
    for name, answer in answers.items():
        if isinstance(answer, Output):
            told[name] = answer.finish
            continue
        plain = Failure(kind=answer.kind, message=answer.message)
        assert answer.message
        assert KEY not in answer.message
        told[name] = {
            field: getattr(answer, field)
            for field in ("kind", "fatal", "passing", "lost", "sent", "retry_after")
            if field == "kind" or getattr(answer, field) != getattr(plain, field)
        }
    assert told == meanings


@pytest.mark.parametrize("preset", VENDORS)
def test_an_answer_comes_with_its_thoughts_apart_whatever_is_missing_or_added(preset: str):
    vendor = VENDORS[preset]
    with serving(vendor) as server:
        [answer] = asked(server, "hello")

    assert isinstance(answer, Output)
    assert replace(answer, seconds=None, first_token_seconds=None) == Output(
        text='{"seen": "hello"}',
        usage=Usage(input=21, output=5) if vendor.usage else None,
        model=f"{vendor.model}-0101",
        reasoning="hm" if vendor.thinks else None,
    )
    assert len(server.received) == 1
    assert (answer.first_token_seconds is not None) == bool(server.received[0].get("stream"))


def test_a_model_that_only_streams_is_found_out_once_where_nobody_knew():
    with serving(VENDORS["qwen"]) as server:
        answers = asked(server, "a", "b", dialect="vllm")

    assert [getattr(answer, "text", None) for answer in answers] == ['{"seen": "a"}', '{"seen": "b"}']
    assert [request.get("stream") for request in server.received] == [None, True, True]
    assert server.received[1]["stream_options"] == {"include_usage": True}


def test_a_model_that_only_streams_is_refused_where_the_project_never_streams():
    with serving(VENDORS["qwen"]) as server:
        [answer] = asked(server, "a", stream="never")

    assert isinstance(answer, Failure)
    assert (answer.kind, answer.fatal, len(server.received)) == ("rejected", False, 1)


def test_any_server_is_streamed_where_the_project_says_so():
    with serving(VENDORS["openai"]) as server:
        [answer] = asked(server, "a", stream="always")

    assert isinstance(answer, Output)
    assert (answer.text, answer.usage) == ('{"seen": "a"}', Usage(input=21, output=5))
    assert answer.first_token_seconds is not None
    assert answer.seconds is not None
    assert answer.first_token_seconds <= answer.seconds


def test_a_vendors_own_name_of_a_full_window_is_no_empty_account_elsewhere_it_is():
    with serving(VENDORS["qwen"]) as server:
        [there] = asked(server, "busy")
        [elsewhere] = asked(server, "busy", dialect="openai")

    assert isinstance(there, Failure)
    assert isinstance(elsewhere, Failure)
    assert (there.fatal, elsewhere.fatal) == (False, True)


def test_what_the_server_behind_a_router_said_is_told():
    with serving(VENDORS["openrouter"]) as server:
        [failure] = asked(server, "busy")

    assert isinstance(failure, Failure)
    assert failure.message == "429: Provider returned error: slow down, please"


def test_an_azure_deployment_is_asked_with_its_version_and_its_own_header():
    with serving(VENDORS["azure"]) as server:
        asked(server, "a", api_version="2024-10-21")

    assert server.paths == ["/v1/chat/completions?api-version=2024-10-21"]
    assert server.headers[0]["api-key"] == KEY
    assert "authorization" not in server.headers[0]
