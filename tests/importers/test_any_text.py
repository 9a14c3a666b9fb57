"""No file ends an import otherwise than by a prompt that is proved equal, or by a refusal with its place."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.core.config import Config
from promptctl.engine.imports.proof import prove_all
from promptctl.engine.imports.recognise import importer
from promptctl.engine.imports.written import files_of
from promptctl.errors import FileError, Place, PromptctlError

WORDS = st.sampled_from(
    [
        *(
            "{{",
            "}}",
            "{%",
            "%}",
            "{#",
            "#}",
            "{",
            "}",
            "~",
            "#",
            "/",
            "^",
            ">",
            "!",
            "&",
            "'",
            '"',
            "\\",
            "|",
        ),
        *(
            "if",
            "each",
            "else",
            "with",
            "unless",
            "role",
            "history",
            "media",
            "url=",
            "this",
            "../",
            "@index",
        ),
        *(
            "a",
            "b.c",
            "name",
            "1",
            " ",
            "\n",
            "\n\n",
            "  ",
            "---\n",
            "user:\n",
            "# system:\n",
            "[x=1]:",
            "```",
        ),
        *("{{a}}", "{{ b }}", "{{#if a}}", "{{/if}}", "{{#each b}}", "{{/each}}", "{{else}}", "{a}", "{a!r}"),
        *(
            "{% if a %}",
            "{% endif %}",
            "{% for x in b %}",
            "{% endfor %}",
            "{{ x }}",
            '{{role "user"}}',
            "退款",
        ),
    ]
)
BODY = st.lists(WORDS, max_size=14).map("".join)
FRONTS = [
    "",
    "---\n---\n",
    "---\nmodel: gpt-4o\ninputs:\n  a: {kind: image}\n  b: {kind: thread}\n---\n",
    "---\nmodel: gpt-4o\ntemplate: mustache\n---\n",
    "---\ninput: {schema: {a: string, b?(array): {c: string}}}\n---\n",
]


class OneFile:
    """The files of a folder that has one."""

    def __init__(self, path: str, text: str) -> None:
        self._path, self._text = path, text

    def text(self, path: str) -> str:
        if path != self._path:
            raise FileError(f"{path} is not there", slug="no-such-file", at=Place(path), fix="add it")
        return self._text

    def matching(self, pattern: str) -> list[str]:
        return [self._path] if pattern == self._path else []


def taken_or_refused(format_: str, path: str, text: str) -> None:
    reader = importer(format_)
    reader.recognises(path, text)
    try:
        imported = reader.read(OneFile(path, text), path)
        prove_all(imported, files_of(imported, "prompts", "evals"), Config())
    except PromptctlError as error:
        for one in error.each():
            assert isinstance(one.at, Place)
            assert one.fix


@pytest.mark.parametrize(
    ("format_", "path"),
    [
        ("prompty", "a.prompty"),
        ("dotprompt", "a.prompt"),
        ("text", "a.txt"),
        ("fstring", "a"),
        ("mustache", "a"),
    ],
)
@given(front=st.sampled_from(FRONTS), body=BODY)
def test_any_text_is_taken_over_or_refused(format_: str, path: str, front: str, body: str):
    taken_or_refused(format_, path, front + body)


@given(st.lists(BODY, min_size=1, max_size=3), st.dictionaries(BODY, BODY, max_size=3))
def test_any_messages_of_github_models_are_taken_over_or_refused(contents: list[str], row: dict[str, str]):
    file = {
        "model": "gpt-4o",
        "messages": [{"role": "user", "content": content} for content in contents],
        "testData": [row],
        "evaluators": [{"name": contents[0], "string": {"contains": contents[-1]}}],
    }
    taken_or_refused("github_models", "a.yml", json.dumps(file))


@given(st.lists(BODY, min_size=1, max_size=3), BODY)
def test_any_prompt_of_langfuse_is_taken_over_or_refused(contents: list[str], name: str):
    prompt = [{"role": "user", "content": content} for content in contents]
    file = [
        {"name": name, "version": 1, "prompt": contents[0]},
        {"name": f"{name}x", "version": 1, "prompt": [*prompt, {"type": "placeholder", "name": name}]},
    ]
    taken_or_refused("langfuse", "a.json", json.dumps(file))
