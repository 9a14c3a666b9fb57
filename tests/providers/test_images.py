"""Models that cannot see answer from the text beside an image, as if the image were not there."""

import asyncio

import pytest

from promptctl.core.exchange import Output, Request
from promptctl.core.message import Image, Message
from promptctl.providers.embedded import MODELS, EmbeddedProvider
from promptctl.providers.scripted import ScriptedProvider

PICTURE = Image(url="https://x.test/a.png")
EXAMPLES = "Green: pear\nKind: fruit\n\nGreen: leek\nKind: vegetable\n\nGreen: leek\nKind:"


def request(*content: str | Image, model: str = "nearest-example") -> Request:
    return Request(model=model, messages=(Message(role="user", content=content),))


def test_the_nearest_example_is_found_beside_an_image():
    with_image = EmbeddedProvider().answer(request(PICTURE, EXAMPLES))

    assert with_image.text == EmbeddedProvider().answer(request(EXAMPLES)).text == "vegetable"


@pytest.mark.parametrize("model", MODELS)
def test_a_message_of_an_image_alone_says_nothing_and_breaks_nothing(model: str):
    assert isinstance(EmbeddedProvider().answer(request(PICTURE, model=model)), Output)


def test_a_script_looks_at_the_text_beside_an_image():
    asked = [request("pear", PICTURE, "or leek?")]
    listed = ScriptedProvider({"pear\nor leek?": "both"})
    searched = ScriptedProvider.from_script({"contains": [["leek", "one"]]})

    for provider, said in ((listed, "both"), (searched, "one")):
        answer = asyncio.run(provider.ask(asked[0], 0))
        assert isinstance(answer, Output)
        assert answer.text == said
