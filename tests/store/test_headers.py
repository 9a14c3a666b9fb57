"""Headers of prompt files: read whole or refused with a place, and never silently part of the text."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.core.prompt import Header, InputSpec, OutputSpec
from promptctl.errors import FileError, Place, PromptctlError
from promptctl.store.headers import RESERVED, read_header
from promptctl.store.prompts import Prompts
from promptctl.store.trees import WorkTree
from promptctl.templating.marks import without_blank_ends

PATH = "prompts/reply.prompt.j2"


def prompts(root: Path, text: str | bytes) -> Prompts:
    """The prompts of a project with one file."""
    file = root / PATH
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return Prompts(WorkTree(root, ["prompts"]))


def content(root: Path, text: str | bytes, **values: Any) -> str:
    [message] = prompts(root, text).render("reply", values)
    return message.content


def refused(text: str) -> list[PromptctlError]:
    with pytest.raises(PromptctlError) as caught:
        read_header(text, PATH)
    return list(getattr(caught.value, "errors", (caught.value,)))


# Where it begins and ends


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("---\nmodel: m\n---\nHi", "Hi"),
        ("---\n---\nHi", "Hi"),
        ("---\nmodel: m\n---\n\n\nHi\n", "Hi"),
        ("\ufeff---\nmodel: m\n---\nHi", "Hi"),
        ("---\r\nmodel: m\r\n---\r\nHi\r\n", "Hi"),
        ("---\nmodel: m\n---\nHi\n---\nthere\n---\n", "Hi\n---\nthere\n---"),
        ("---\ndescription: a --- b\n---\nHi", "Hi"),
        ("---\ndescription: '---'\n---\nHi", "Hi"),
        ("---\ndescription: |\n  ---\n  x\n---\nHi", "Hi"),
        ("---\n# ---\n---\nHi", "Hi"),
    ],
)
def test_the_header_ends_at_the_first_line_that_is_exactly_a_fence(tmp_path: Path, text: str, expected: str):
    assert content(tmp_path, text) == expected


@pytest.mark.parametrize("text", ["Hi\n---\nmodel: m\n---", "----\nmodel: m"])
def test_a_fence_that_is_not_the_first_line_is_text(tmp_path: Path, text: str):
    assert content(tmp_path, text) == text
    assert prompts(tmp_path, text).header("reply") == Header()


@pytest.mark.parametrize(
    ("text", "line"),
    [(" ---\nmodel: m\n---\nHi", 1), ("--- \nmodel: m\n---\nHi", 1), ("\n\n---\nmodel: m\n---\nHi", 3)],
)
def test_what_was_meant_as_a_header_is_never_sent_to_the_model(tmp_path: Path, text: str, line: int):
    with pytest.raises(FileError) as caught:
        content(tmp_path, text)

    assert (caught.value.slug, str(caught.value.at)) == (
        "header-misplaced",
        f"prompts/reply.prompt.j2:{line}:1",
    )


@pytest.mark.parametrize(
    "text",
    [
        "---",
        "---\n",
        "---\nmodel: m\n",
        "---\nmodel: m\n--- \nHi",
        "---\nmodel: m\n ---\nHi",
        "---\nm\n----\n",
    ],
)
def test_a_header_that_never_ends_is_an_error_and_no_text(tmp_path: Path, text: str):
    with pytest.raises(PromptctlError) as caught:
        prompts(tmp_path, text).version("reply")

    assert (caught.value.slug, caught.value.at) == ("header-not-closed", Place(PATH))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("headers")


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\ufeff{"), max_size=80))
def test_a_header_is_never_part_of_the_text(folder: Path, body: str):
    found = prompts(folder, f"---\nmodel: SECRET\nallow_empty: true\n---\n{body}")

    [message] = found.render("reply", {})

    assert found.header("reply").model == "SECRET"
    assert message.content == without_blank_ends(body)


@given(
    st.text("-\nmodel: [a]'\"", max_size=40) | st.just("---\n").map(lambda fence: f"{fence}model: a\n{fence}")
)
def test_any_beginning_is_a_header_a_text_or_an_error_with_a_place(folder: Path, text: str):
    text += "\nEND"
    try:
        [message] = prompts(folder, text).render("reply", {})
    except PromptctlError as error:
        said = (error.slug, error.at, error.fix)
        assert text.startswith("---\n"), said
        assert all(said)
        return

    lines = text.split("\n")
    fences = [number for number, line in enumerate(lines) if line == "---"]
    body = lines[fences[1] + 1 :] if lines[0] == "---" else lines
    assert message.content == without_blank_ends("\n".join(body))


# What it says


def test_a_header_says_all_it_can():
    header = read_header(
        "promptctl: 1\n"
        "description: Answer a ticket\n"
        "model: qwen-plus\n"
        "params: {temperature: 0.20, max_output_tokens: 600, stop: ['0.20']}\n"
        "inputs:\n"
        "  ticket: string\n"
        "  tone: {type: string, enum: [warm, formal], default: warm}\n"
        "  history: {type: messages, default: [], roles: [user, system]}\n"
        "  note: {optional: true, description: from the shop}\n"
        "renamed_from: old/reply\n"
        "meta: {owner: support}\n"
        "x-team: anything\n",
        PATH,
    )

    assert header == Header(
        description="Answer a ticket",
        model="qwen-plus",
        params={"temperature": 0.2, "max_output_tokens": 600, "stop": ["0.20"]},
        inputs={
            "ticket": InputSpec(name="ticket"),
            "tone": InputSpec(name="tone", enum=("warm", "formal"), default="warm"),
            "history": InputSpec(name="history", type="messages", default=[], roles=("user", "system")),
            "note": InputSpec(name="note", optional=True, description="from the shop"),
        },
        renamed_from="old/reply",
        meta={"owner": "support"},
    )


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("{schema: a/b.json}", OutputSpec(format="json_schema", schema="a/b.json")),
        (
            "{format: json_schema, name: reply, strict: false, schema: a.json}",
            OutputSpec(format="json_schema", name="reply", strict=False, schema="a.json"),
        ),
        ("{format: json_object}", OutputSpec(format="json_object")),
        ("{format: text}", OutputSpec()),
    ],
)
def test_the_shape_of_the_answer_is_read(text: str, output: OutputSpec):
    assert read_header(f"output: {text}", PATH) == Header(output=output)


def test_tools_are_files_in_their_order():
    assert read_header("tools: [b.json, a/c.json]", PATH) == Header(tools=("b.json", "a/c.json"))
    assert read_header("tools: []", PATH) == Header()


def test_of_the_flags_those_are_kept_that_differ_from_ours():
    found = read_header(
        "jinja: {trim_blocks: false, lstrip_blocks: true, keep_trailing_newline: false}", PATH
    )

    assert found.jinja == {"trim_blocks": False, "keep_trailing_newline": False}


def test_an_image_may_have_an_address_as_its_default():
    found = read_header("inputs: {a: {type: image, default: 'https://x.test/a.png'}, b: image}", PATH)

    assert found.inputs == {
        "a": InputSpec(name="a", type="image", default="https://x.test/a.png"),
        "b": InputSpec(name="b", type="image"),
    }


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1.10", 1.1),
        (".5", 0.5),
        ("1e-5", 0.00001),
        ("-1.5E3", -1500.0),
        ("010", "010"),
        ("1.2.3", "1.2.3"),
        ("1e400", "1e400"),
        ("'0.5'", "0.5"),
    ],
)
def test_what_looks_like_a_number_is_one_in_params_unless_it_is_quoted(written: str, value: object):
    assert read_header(f"params: {{top_p: {written}}}", PATH).params == {"top_p": value}


@pytest.mark.parametrize("text", ["", "\n", "# only a comment\n"])
def test_an_empty_header_is_the_default_one(text: str):
    assert read_header(text, PATH) == Header()


def test_declaring_no_inputs_is_not_the_same_as_declaring_nothing(tmp_path: Path):
    assert read_header("inputs: {}\n", PATH).inputs == {}
    assert read_header("model: m\n", PATH).inputs is None
    assert content(tmp_path, "---\nmodel: m\n---\n{{ ticket }}", ticket="x") == "x"


MISTAKES = {
    "unknown key": ("modle: m", "unknown-key", "2:1"),
    "duplicate key": ("model: m\nmodel: n", "duplicate-key", "3:1"),
    "unknown type": ("inputs: {a: strng}", "wrong-value", "2:10"),
    "unknown type, long form": ("inputs:\n  a: {type: strng}", "wrong-value", "3:7"),
    "unknown key of an input": ("inputs:\n  a: {typ: string}", "unknown-key", "3:7"),
    "an input that is no name": ("inputs: {a-b: string}", "bad-input-name", "2:10"),
    "an unknown role": ("inputs: {h: {type: messages, roles: [root]}}", "unknown-role", "2:30"),
    "a limit in words": ("params: {max_output_tokens: many}", "wrong-value", "2:10"),
    "a limit below 1": ("params: {max_output_tokens: 0}", "wrong-value", "2:10"),
    "a broken limit": ("params: {max_output_tokens: 1.5}", "wrong-value", "2:10"),
    "a newer format": ("promptctl: 2", "newer-format", "2:1"),
    "a wrong type": ("model: [m]", "wrong-type", "2:1"),
    "a list": ("- model: m", "wrong-type", "2:1"),
    "a text": ("just text", "wrong-type", "2:1"),
    "not YAML": ("model: 'm", "bad-yaml", "2:8"),
    "an output that says nothing": ("output: {}", "bad-output", "2:1"),
    "an output that is no mapping": ("output: json_object", "wrong-type", "2:1"),
    "an unknown format": ("output: {format: json}", "wrong-value", "2:10"),
    "an unknown key of the output": ("output: {shema: a.json}", "unknown-key", "2:10"),
    "a format without its schema": ("output: {format: json_schema}", "bad-output", "2:10"),
    "a schema without its format": ("output: {format: json_object, schema: a.json}", "bad-output", "2:31"),
    "strict without a schema": ("output: {format: json_object, strict: true}", "bad-output", "2:31"),
    "a name without a schema": ("output: {format: text, name: reply}", "bad-output", "2:24"),
    "a name that no server takes": ("output: {schema: a.json, name: my reply}", "wrong-value", "2:26"),
    "a schema written out": ("output:\n  schema: {type: object}", "wrong-type", "3:3"),
    "a schema above the folder": ("output: {schema: ../a.json}", "outside-prompts", "2:10"),
    "a schema by its whole path": ("output: {schema: /etc/passwd}", "outside-prompts", "2:10"),
    "a schema by its address": ("output: {schema: 'https://x.test/a.json'}", "outside-prompts", "2:10"),
    "a schema from here": ("output: {schema: ./a.json}", "outside-prompts", "2:10"),
    "a schema in another system's words": ("output: {schema: 'a\\\\b.json'}", "outside-prompts", "2:10"),
    "tools that are no list": ("tools: a.json", "wrong-type", "2:1"),
    "a tool written out": ("tools:\n  - a.json\n  - {type: function}", "wrong-type", "4:5"),
    "a tool that climbs": ("tools: [a.json, b/../../c.json]", "outside-prompts", "2:17"),
    "an unknown flag": ("jinja: {trim_block: false}", "unknown-key", "2:9"),
    "a flag that is no yes or no": ("jinja: {trim_blocks: 'no'}", "wrong-type", "2:9"),
    "a menu of images": ("inputs: {a: {type: image, enum: [x]}}", "wrong-place", "2:27"),
    "a file as the default of an image": (
        "inputs: {a: {type: image, default: cat.png}}",
        "bad-image",
        "2:10",
    ),
    **{f"{name} in params": (f"params: {{{name}: 1}}", "reserved-param", "2:10") for name in RESERVED},
}


@pytest.mark.parametrize(("text", "slug", "at"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_has_line_and_column_of_the_file(text: str, slug: str, at: str):
    [error] = refused(text)

    assert (error.slug, str(error.at)) == (slug, f"{PATH}:{at}")
    assert error.fix


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("modle: m", "model"),
        ("paramss: {}", "params"),
        ("input: {}", "inputs"),
        ("outptu: {format: text}", "output"),
        ("jnija: {trim_blocks: false}", "jinja"),
        ("inputs: {tone: {defualt: warm}}", "default"),
    ],
)
def test_an_unknown_key_names_the_nearest(text: str, hint: str):
    [error] = refused(text)

    assert f'"{hint}"' in str(error.fix) or f"'{hint}'" in str(error.fix)


def test_all_mistakes_are_found_at_once():
    slugs = {error.slug for error in refused("modle: m\nparams: {n: 2}\ninputs: {a-b: string}")}

    assert slugs == {"unknown-key", "reserved-param", "bad-input-name"}


def test_a_prompt_that_is_not_there_names_the_nearest(tmp_path: Path):
    with pytest.raises(PromptctlError) as caught:
        prompts(tmp_path, "Hi").version("repli")

    assert caught.value.slug == "unknown-prompt"
    assert '"reply"' in str(caught.value.fix)
