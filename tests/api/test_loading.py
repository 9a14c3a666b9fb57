"""`load`: what an application meets where its files are not as they should be."""

import os
from pathlib import Path

import pytest

from promptctl import load
from promptctl.errors import PromptctlError


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
