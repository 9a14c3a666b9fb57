"""Where the project lies in a commit of a bare repository."""

from pathlib import Path

import pytest

from promptctl.errors import PromptctlError
from promptctl.store.bare import folder_of_project
from promptctl.store.repo import Repository
from tests.repository import Repo

TABLE = "[tool.promptctl.project]\n"


def folder(tmp_path: Path, *paths: str, **texts: str) -> str:
    """The project's folder in a commit with these files; `pyproject` is the text of every pyproject.toml."""
    repo = Repo(tmp_path / "repo")
    repo.commit(files={path: texts.get("pyproject", "") for path in paths})
    repository = Repository.find(repo.path)
    assert repository is not None
    return folder_of_project(repository, repo.head)


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["promptctl.toml", "bots/promptctl.toml"], ""),
        (["prompts/a.prompt.j2", "bots/promptctl.toml"], ""),
        (["bots/promptctl.toml", "README"], "bots"),
        (["team/bots/prompts/x/a.prompt.j2", "src/prompts/readme"], "team/bots"),
        (["bots/promptctl.toml", "bots/examples/one/promptctl.toml", "bots/prompts/a.prompt.j2"], "bots"),
    ],
)
def test_the_top_goes_first_then_the_only_folder_that_has_what_a_project_has(
    tmp_path: Path, paths: list[str], expected: str
):
    assert folder(tmp_path, *paths) == expected


def test_a_pyproject_counts_where_it_configures_promptctl(tmp_path: Path):
    assert folder(tmp_path / "a", "bots/pyproject.toml", pyproject=TABLE) == "bots"
    assert folder(tmp_path / "b", "pyproject.toml", "x/prompts/a.prompt.j2") == "x"


@pytest.mark.parametrize(
    ("paths", "slug", "named"),
    [
        (["README", "src/prompts/readme", "lib/_x.j2"], "no-project", "no promptctl project"),
        (["b/promptctl.toml", "a/prompts/x.prompt.j2"], "several-projects", "a, b"),
    ],
)
def test_none_and_several_are_told(tmp_path: Path, paths: list[str], slug: str, named: str):
    with pytest.raises(PromptctlError, match=named) as caught:
        folder(tmp_path, *paths)

    assert caught.value.slug == slug
