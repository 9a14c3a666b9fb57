"""The frame of imports: reading a folder safely, telling formats apart, proving, writing down."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from promptctl.core.config import Config
from promptctl.engine.imports.folder import Folder
from promptctl.engine.imports.proof import prove_all
from promptctl.engine.imports.recognise import importer, looks_like, recognised
from promptctl.engine.imports.written import as_toml, files_of
from promptctl.errors import FileError, Place, PromptctlError
from promptctl.importers.imported import ForeignRequest, Imported, ImportedPrompt, ImportedSuite
from promptctl.store.documents import read_toml


def refusal(folder: Folder, path: str) -> str:
    with pytest.raises(FileError) as caught:
        folder.text(path)
    return caught.value.slug


def test_a_file_is_read_with_line_ends_and_mark_as_everywhere(tmp_path: Path):
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfa\r\nb")

    folder = Folder(tmp_path)

    assert folder.text("./a.txt") == "a\nb"
    assert folder.read == {"a.txt"}


@pytest.mark.parametrize("path", ["../a", "/etc/passwd", "a/../../b", "a\\b", "", "a\0b"])
def test_a_path_that_leaves_the_folder_is_refused(tmp_path: Path, path: str):
    assert refusal(Folder(tmp_path), path) == "outside-import"


def test_what_is_no_plain_text_file_is_refused(tmp_path: Path):
    (tmp_path / "dir").mkdir()
    (tmp_path / "link.txt").symlink_to(tmp_path / "other.txt")
    (tmp_path / "linked").symlink_to(tmp_path / "dir")
    (tmp_path / "dir" / "a.txt").write_text("a", encoding="utf-8")
    (tmp_path / "zero.txt").write_bytes(b"a\n\0")
    (tmp_path / "wide.txt").write_bytes("abc".encode("utf-16"))
    (tmp_path / "big.txt").write_bytes(b"x" * 5_000_001)
    os.mkfifo(tmp_path / "pipe.txt")
    folder = Folder(tmp_path)

    found = {name: refusal(folder, name) for name in ("dir", "link.txt", "linked/a.txt", "zero.txt")}
    found |= {name: refusal(folder, name) for name in ("wide.txt", "big.txt", "pipe.txt", "none.txt")}

    assert found == {
        "dir": "cannot-read",
        "link.txt": "symlink",
        "linked/a.txt": "symlink",
        "zero.txt": "not-utf8",
        "wide.txt": "not-utf8",
        "big.txt": "too-large",
        "pipe.txt": "cannot-read",
        "none.txt": "no-such-file",
    }


def test_a_glob_finds_files_below_and_never_hidden_or_installed_ones(tmp_path: Path):
    for name in ("a.csv", "sub/b.csv", "sub/deep/c.csv", ".git/d.csv", "node_modules/e.csv", "sub/f.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    folder = Folder(tmp_path)

    assert folder.matching("**/*.csv") == ["a.csv", "sub/b.csv", "sub/deep/c.csv"]
    assert folder.matching("*.csv") == ["a.csv"]
    assert folder.matching("sub/?.csv") == ["sub/b.csv"]
    assert folder.matching("./sub/**") == ["sub/b.csv", "sub/deep/c.csv", "sub/f.txt"]


def test_places_are_shown_as_they_were_typed(tmp_path: Path):
    folder = Folder(tmp_path, "old/")

    error = folder.error(FileError("x", slug="bad-yaml", at=Place("a.yml", 2, 3), fix="y"))

    assert str(error.at) == "old/a.yml:2:3"


@pytest.mark.parametrize(
    ("name", "text", "format_"),
    [
        ("a.prompty", "", "prompty"),
        ("a.prompt", "", "dotprompt"),
        ("a.yml", "model: x\nmessages: []\n", "github_models"),
        ("a.json", '{"name": "a", "version": 1, "prompt": "x"}', "langfuse"),
        ("a.txt", "Hi {name}", None),
        ("a.yml", "on: push\njobs: {}\n", None),
        ("a.json", "{", None),
        ("a.json", "[" * 100_000, None),
    ],
)
def test_a_format_is_recognised_by_name_and_first_keys(name: str, text: str, format_: str | None):
    assert recognised(name, text) == format_


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("w.yml", "on: push\njobs: {}\n", "a GitHub Actions workflow"),
        ("c.csv", "a,b\n", "a table (CSV)"),
        ("r.jsonl", "{}\n", "a list of records (JSON lines)"),
        ("requirements.txt", "openai\n", "a list of Python packages"),
        ("o.json", '{"results": [], "config": {}}', "the result file of a promptfoo run"),
        ("m.json", '[{"role": "user", "content": "x"}]', "a list of chat messages without a model or a name"),
        ("m.yaml", "# c\n- role: user\n  content: x\n", "a list of chat messages without a model or a name"),
        ("l.yaml", "- a\n", "a YAML list"),
        ("b.json", "{", "a file that is not valid JSON"),
        ("n.json", "3", "a single JSON value"),
        ("s.json", '{"type": "object", "properties": {}}', "a JSON Schema"),
        ("p.py", "print()", "a program"),
        ("e.md", "  \n", "an empty file"),
        ("t.md", "Hello", None),
    ],
)
def test_what_is_no_prompt_is_called_by_its_name(name: str, text: str, what: str | None):
    assert looks_like(name, text) == what


def test_an_unknown_format_names_the_nearest():
    with pytest.raises(PromptctlError) as caught:
        importer("promty")

    assert caught.value.slug == "unknown-format"
    assert 'did you mean "prompty"?' in str(caught.value.fix)


def prompt(
    body: str, wanted: list[dict[str, Any]], header: dict[str, Any] | None = None, **request: Any
) -> ImportedPrompt:
    """An imported prompt with one sample, for which the original sends `wanted`."""

    def original(values: Mapping[str, Any]) -> ForeignRequest:
        return ForeignRequest(**{"model": None, "messages": tuple(wanted), **request})

    return ImportedPrompt(
        "a", header or {"inputs": {"x": "string"}}, body, original, Place("f"), {}, ({"x": "1"},)
    )


def difference(one: ImportedPrompt, suite: ImportedSuite | None = None) -> str:
    imported = Imported((one,), (suite,) if suite else ())
    texts = files_of(imported, "prompts", "evals")
    with pytest.raises(FileError) as caught:
        prove_all(imported, texts, Config())
    assert caught.value.slug == "import-differs"
    return caught.value.message.partition("sends: ")[2]


USER = {"role": "user", "content": "Say 1"}


def test_equal_requests_are_counted():
    imported = Imported((prompt("Say {{ x }}", [{"role": "user", "content": "\n \nSay 1\n"}]),))

    proof = prove_all(imported, files_of(imported, "prompts", "evals"), Config())

    assert proof == [(1, True)]


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (prompt("Say  {{ x }}", [USER]), "message 1 (user): 'Say 1' there and 'Say  1' here (sample 1)"),
        (prompt(" Say {{ x }}", [USER]), "message 1 (user): 'Say 1' there and ' Say 1' here (sample 1)"),
        (prompt("Say {{ x }}", [USER, USER]), "the messages are user, user there and user here (sample 1)"),
        (prompt("Say {{ x }}", [USER], model="m"), "the model is 'm' there and None here (sample 1)"),
        (prompt("Say {{ x }}", [USER], params={"n": 1}), "n is 1 there and null here (sample 1)"),
        (
            prompt("Say {{ x }}", [USER], tools=({"a": 1},)),
            'tools is [{"a": 1}] there and [] here (sample 1)',
        ),
        (
            prompt("Say {{ x }}", [USER], response_format={"type": "json_object"}),
            'response_format is {"type": "json_object"} there and null here (sample 1)',
        ),
        (
            prompt("Say {{ y }}", [USER]),
            "our template does not render (sample 1): the template uses 'y', which is not given",
        ),
    ],
)
def test_what_differs_is_named(one: ImportedPrompt, said: str):
    assert difference(one) == said


def test_the_requests_of_every_case_are_compared_too():
    suite = ImportedSuite("a", "a", ({"id": "c", "vars": {"x": "2"}, "watch": True},), Place("f"))

    assert (
        difference(prompt("Say {{ x }}", [USER]), suite)
        == "message 1 (user): 'Say 1' there and 'Say 2' here (case c)"
    )


def test_a_limit_of_tokens_is_one_thing_under_all_its_names():
    header = {"params": {"max_output_tokens": 5}, "inputs": {"x": "string"}}
    imported = Imported((prompt("Say {{ x }}", [USER], header, params={"max_completion_tokens": 5.0}),))

    assert prove_all(imported, files_of(imported, "prompts", "evals"), Config())


def test_a_suite_that_would_not_be_read_is_refused_before_it_is_written():
    suite = ImportedSuite(
        "a", "a", ({"id": "c", "vars": {"x": "1"}, "checks": [{"contain": "x"}]},), Place("f", 7)
    )
    imported = Imported((prompt("Say {{ x }}", [USER]),), (suite,))

    with pytest.raises(FileError) as caught:
        prove_all(imported, files_of(imported, "prompts", "evals"), Config())

    assert (caught.value.slug, str(caught.value.at)) == ("import-unwritable", "f:7:1")
    assert "unknown-check" in caught.value.message


def test_two_prompts_of_one_id_are_refused():
    one = prompt("Say {{ x }}", [USER])

    with pytest.raises(FileError) as caught:
        files_of(Imported((one, one)), "prompts", "evals")

    assert caught.value.slug == "import-exists"


def test_a_large_suite_becomes_a_folder_with_a_file_a_case():
    cases = tuple({"id": f"c{n}", "watch": True} for n in range(21))
    suite = ImportedSuite("a/b", "c", cases, Place("f"), {"samples": 2})

    files = files_of(Imported((), (suite,)), "prompts", "evals")

    assert len(files) == 22
    assert files["evals/a/b/suite.yaml"] == "promptctl: 1\nprompt: c\nsamples: 2\n"
    assert files["evals/a/b/cases/c3.yaml"] == "id: c3\nwatch: true\n"


def test_tables_are_written_as_toml_that_reads_back():
    tables = {
        "models": {"openai/gpt-4o": {"provider": "openai", "name": "gpt-4o"}, 'a"b': "x"},
        "providers": {"vllm": {"base_url": "http://x", "allow_http": True, "concurrency": 3, "list": ["a"]}},
    }

    assert read_toml(as_toml(tables), "f").value == tables
    assert as_toml({}) == ""
