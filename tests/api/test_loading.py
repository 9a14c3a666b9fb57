"""`load`: what an application meets where its files are not as they should be."""

import json
import os
from pathlib import Path

import pytest

from promptctl import load
from promptctl.api.loading import Prompt
from promptctl.errors import PromptctlError
from tests.pictures import PNG, SVG, part, uri


def project(root: Path, config: str | None = None, **prompts: str) -> Path:
    """A project's files; a prompt's name is given with `__` for `/`."""
    for name, text in prompts.items():
        path = root / "prompts" / f"{name.replace('__', '/')}.j2"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    if config is not None:
        (root / "promptctl.toml").write_text(config, encoding="utf-8")
    return root


def refused(root: Path, prompt_id: str = "greet") -> PromptctlError:
    with pytest.raises(PromptctlError) as caught:
        load(prompt_id, root).messages()
    return caught.value


def test_a_prompt_is_loaded_from_the_folder_that_the_configuration_names(tmp_path: Path):
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "greet.prompt.j2").write_text("Hello {{ name }}\r\n", encoding="utf-8")

    prompt = load("greet", project(tmp_path, '[project]\nprompts = "./texts/"\n'))

    assert prompt.messages(name="Ada") == [{"role": "user", "content": "Hello Ada"}]


@pytest.mark.parametrize(
    ("config", "slug"),
    [
        ("project = 3\n", "wrong-type"),
        ("[[project]]\n", "wrong-type"),
        ("[project]\nprompts = 3\n", "wrong-type"),
        ('[project]\nprompts = ["a"]\n', "wrong-type"),
        ('[project]\nprompts = "/etc"\n', "bad-path"),
        ('[project]\nprompts = "../other"\n', "bad-path"),
        ('[project]\nprompts = "."\n', "bad-path"),
        ('[project]\nprompts = ""\n', "bad-path"),
        ("[project\n", "bad-toml"),
    ],
)
def test_a_mistake_in_the_configuration_is_told_in_three_lines(config: str, slug: str, tmp_path: Path):
    error = refused(project(tmp_path, config))

    assert error.slug == slug
    assert str(error.at) == f"{tmp_path}/promptctl.toml:1:1"
    assert error.message
    assert error.fix


def test_a_link_is_refused_even_where_it_stays_inside_the_folder(tmp_path: Path):
    root = project(tmp_path, **{"own.prompt": "x"})
    (root / "prompts" / "greet.prompt.j2").symlink_to("own.prompt.j2")

    assert refused(root).slug == "symlink"
    assert load("own", root).messages() == [{"role": "user", "content": "x"}]


def test_a_linked_partial_is_refused(tmp_path: Path):
    (tmp_path / "secret").write_text("s")
    root = project(tmp_path, **{"greet.prompt": "{% include '_a.j2' %}"})
    (root / "prompts" / "_a.j2").symlink_to(tmp_path / "secret")

    assert refused(root).slug == "symlink"


@pytest.mark.parametrize("linked", ["prompts", "prompts/sub"])
def test_a_linked_folder_is_not_followed(linked: str, tmp_path: Path):
    other = project(tmp_path / "other", **{"sub__greet.prompt": "x"})
    root = tmp_path / "root"
    (root / linked).parent.mkdir(parents=True, exist_ok=True)
    (root / linked).symlink_to(other / linked)

    error = refused(root, "sub/greet")

    assert (error.slug, str(error.at)) == ("symlink", "prompts/sub/greet.prompt.j2:1:1")


@pytest.mark.timeout(30)
def test_a_folder_that_is_linked_into_itself_and_a_pipe_end_the_search(tmp_path: Path):
    root = project(tmp_path, **{"greet.prompt": "x"})
    (root / "prompts" / "again").symlink_to(root / "prompts")
    os.mkfifo(root / "prompts" / "pipe.prompt.j2")

    assert load("greet", root).messages() == [{"role": "user", "content": "x"}]


SCHEMA = {"type": "object", "properties": {"answer": {"type": "string"}}}
TOOL = {"type": "function", "function": {"name": "look_up"}}
LOOK = (
    "params: {stop: [END]}\ninputs: {photo: image}\noutput: {schema: s.json, name: reply}\ntools: [t.json]\n"
)


def looking(root: Path) -> Prompt:
    """A prompt that shows a picture, offers a tool and asks for a schema."""
    project(root, **{"look.prompt": f"---\n{LOOK}---\n{{{{ photo | image }}}}", "plain.prompt": "x"})
    (root / "prompts" / "s.json").write_text(json.dumps(SCHEMA))
    (root / "prompts" / "t.json").write_text(json.dumps(TOOL))
    return load("look", root)


def test_an_application_gets_all_that_its_call_needs(tmp_path: Path):
    prompt = looking(tmp_path)

    assert prompt.tools == [TOOL]
    assert prompt.response_format == {
        "type": "json_schema",
        "json_schema": {"name": "reply", "schema": SCHEMA},
    }
    plain = load("plain", tmp_path)
    assert (plain.tools, plain.response_format) == ([], None)


def test_what_an_application_changes_is_its_own(tmp_path: Path):
    looking(tmp_path).tools[0]["function"]["name"] = "changed"
    load("look", tmp_path).params["stop"].append("changed")

    again = load("look", tmp_path)
    assert (again.tools, again.params) == ([TOOL], {"stop": ["END"]})


def test_an_application_gives_a_picture_as_a_path_or_as_an_address(tmp_path: Path):
    (tmp_path / "a.png").write_bytes(PNG)
    prompt = looking(tmp_path)

    assert prompt.messages(photo=tmp_path / "a.png") == [{"role": "user", "content": [part()]}]
    for address in (uri(), "https://x.test/a.png"):
        [message] = prompt.messages(photo=address)
        assert message["content"][0]["image_url"] == {"url": address}


@pytest.mark.parametrize("photo", ["a.png", "/etc/passwd", "file:///etc/passwd", "http://x.test/a.png"])
def test_a_text_never_names_a_file_of_the_application(photo: str, tmp_path: Path):
    (tmp_path / "a.png").write_bytes(PNG)

    with pytest.raises(PromptctlError) as caught:
        looking(tmp_path).messages(photo=photo)

    assert caught.value.slug == "bad-image"


def test_a_file_that_is_no_picture_is_refused(tmp_path: Path):
    (tmp_path / "a.png").write_bytes(SVG)

    for path, slug in ((tmp_path / "a.png", "bad-image"), (tmp_path / "b.png", "cannot-read")):
        with pytest.raises(PromptctlError) as caught:
            looking(tmp_path).messages(photo=path)
        assert caught.value.slug == slug
