import asyncio

import pytest

from promptctl.core.exchange import Answer, Failure, Output, Request
from promptctl.core.message import Message
from promptctl.errors import PromptctlError
from promptctl.providers.scripted import ScriptedProvider


def a_request(user: str = "hello", system: str = "be kind") -> Request:
    messages = (Message(role="system", content=system), Message(role="user", content=user))
    return Request(model="m", messages=messages)


def answers(provider: ScriptedProvider, *requests: Request) -> list[Answer]:
    async def run() -> list[Answer]:
        return [await provider.ask(request, number) for number, request in enumerate(requests)]

    return asyncio.run(run())


NO_ANSWER = Failure(kind="rejected", message="the script has no answer for this request")


def test_a_list_is_given_in_order_and_then_ends():
    failure = Failure(kind="timeout", message="slow")
    provider = ScriptedProvider(["a", Output(text="b", finish="length"), failure])

    said = answers(provider, *[a_request()] * 4)

    assert said == [Output(text="a"), Output(text="b", finish="length"), failure, NO_ANSWER]
    assert provider.concurrency == 1


def test_a_mapping_answers_by_the_last_user_text_or_by_the_digest():
    request = a_request("by digest")
    provider = ScriptedProvider({"hello": "hi", request.digest: "found"})

    assert answers(provider, a_request(), request, a_request("other")) == [
        Output(text="hi"),
        Output(text="found"),
        NO_ANSWER,
    ]


def test_a_function_sees_the_request_and_the_sample():
    provider = ScriptedProvider(lambda request, sample: f"{request.messages[-1].content} {sample}")

    assert answers(provider, a_request("a"), a_request("b")) == [Output(text="a 0"), Output(text="b 1")]


def test_what_was_asked_is_remembered():
    provider = ScriptedProvider(["a"])

    answers(provider, a_request())

    assert provider.asked == [(a_request(), 0)]


def test_a_delay_passes_before_the_answer(monkeypatch: pytest.MonkeyPatch):
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)

    assert answers(ScriptedProvider(["a"], delay=60), a_request()) == [Output(text="a")]
    assert slept == [60]


def test_a_script_tries_failures_then_needles_then_its_default():
    provider = ScriptedProvider.from_script(
        {
            "default": "else",
            "contains": [["kind", "kind answer"], ["hello", {"text": "cut", "finish": "length"}]],
            "failures": [["broken", {"kind": "unavailable", "message": "down", "fatal": True}]],
            "deterministic": True,
        }
    )

    said = answers(
        provider,
        a_request("broken", system="kind"),
        a_request("hello", system="be kind"),
        a_request("hello", system="be brief"),
        a_request("other", system="be brief"),
    )

    assert said == [
        Failure(kind="unavailable", message="down", fatal=True),
        Output(text="kind answer"),
        Output(text="cut", finish="length"),
        Output(text="else"),
    ]
    assert provider.deterministic


def test_a_script_without_a_default_has_no_answer_for_the_rest():
    assert answers(ScriptedProvider.from_script({}), a_request()) == [NO_ANSWER]


@pytest.mark.parametrize(
    "script",
    [
        {"defualt": "a"},
        {"contains": [["needle"]]},
        {"failures": [["n", {"kind": "tired", "message": ""}]]},
        {"default": 1},
    ],
)
def test_a_script_that_is_not_one_is_refused(script: dict[str, object]):
    with pytest.raises(PromptctlError) as refused:
        ScriptedProvider.from_script(script)

    assert refused.value.slug == "bad-script"
