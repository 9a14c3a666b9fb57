"""Messages and versions: what they hold, and how the protocol writes it."""

from promptctl.core.exchange import Request
from promptctl.core.message import Image, Message
from promptctl.core.prompt import Header, InputSpec, OutputSpec, PromptVersion

PICTURE = Image(url="https://x.test/a.png")
CALL = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
SCHEMA = {"type": "object"}


def a_version(output: OutputSpec | None, schema: dict[str, str] | None = None) -> PromptVersion:
    header = Header(output=output, tools=("t/a.json",))
    return PromptVersion(
        id="a", path="prompts/a.prompt.j2", header=header, inputs={}, closure={}, schema=schema
    )


def test_the_text_of_a_message_leaves_its_images_out():
    message = Message(role="user", content=("Look:", PICTURE, "Well?"))

    assert (message.text, message.images) == ("Look:\nWell?", (PICTURE,))
    assert (Message(role="user", content="a").text, Message(role="user", content="a").images) == ("a", ())


def test_a_message_is_written_with_what_it_has_and_nothing_else():
    assert Message(role="user", content="a").as_dict() == {"role": "user", "content": "a"}
    assert Message(role="tool", content="a", tool_call_id="1").as_dict() == {
        "role": "tool",
        "content": "a",
        "tool_call_id": "1",
    }
    assert Message(role="assistant", content="a", tool_calls=(CALL,)).as_dict()["content"] == "a"
    assert Message(role="assistant", content="", tool_calls=(CALL,)).as_dict()["content"] is None


def test_a_picture_in_another_detail_is_another_request():
    digests = {
        Request(model="m", messages=(Message(role="user", content=content),)).digest
        for content in (
            ("a", PICTURE),
            (PICTURE, "a"),
            (PICTURE,),
            "a",
            ("a", Image(url=PICTURE.url, detail="low")),
            ("a", Image(url="https://x.test/b.png")),
        )
    }

    assert len(digests) == 6


def test_the_format_that_is_asked_for_says_only_what_the_header_says():
    assert a_version(None).response_format is None
    assert a_version(OutputSpec()).response_format is None
    assert a_version(OutputSpec(format="json_object")).response_format == {"type": "json_object"}
    assert a_version(OutputSpec(format="json_schema", schema="a.json"), SCHEMA).response_format == {
        "type": "json_schema",
        "json_schema": {"name": "output", "schema": SCHEMA},
    }
    strict = OutputSpec(format="json_schema", name="reply", strict=False, schema="a.json")
    assert a_version(strict, SCHEMA).response_format == {
        "type": "json_schema",
        "json_schema": {"name": "reply", "strict": False, "schema": SCHEMA},
    }


def test_a_header_knows_the_files_it_names():
    assert a_version(OutputSpec(format="json_schema", schema="a.json")).header.files == ("a.json", "t/a.json")
    assert Header(inputs={"a": InputSpec(name="a")}).files == ()


def test_settings_that_a_header_does_not_use_leave_its_digest_alone():
    assert set(Header().settings()) == {"model", "params", "allow_empty"}
    used = Header(output=OutputSpec(), tools=("t.json",), jinja={"trim_blocks": False}).settings()
    assert set(used) == {"model", "params", "allow_empty", "output", "tools", "jinja"}
