"""The data boundary: no case of an internal suite reaches a server that is not marked internal."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from promptctl.api.project import Project
from promptctl.core.exchange import Output
from promptctl.errors import PromptctlError
from promptctl.providers.scripted import ScriptedProvider
from tests.cli.run import Done, promptctl
from tests.providers.vendors import VENDORS, Served, serving
from tests.repository import Repo

PROMPT = "---\nmodel: {model}\n---\n{{% user %}}{text} {{{{ q }}}}{{% enduser %}}\n"
MARKED = "internal: true\ncases:\n- {id: one, input: hello, checks: [not_empty]}\n"
OPEN = MARKED.replace("internal: true\n", "")
AT = "evals/a.yaml:1:1"


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with serving(VENDORS["vllm"]) as served:
        yield served


def a_project(
    folder: Path, server: Served, *, model: str = "outside", text: str = "Say", suite: str = MARKED
) -> Repo:
    """A repository with one prompt and one suite, and two names for one server, of which one is internal."""
    server.received.clear()
    repo = Repo(folder / "project")
    config = (
        '[models]\noutside = {provider = "theirs", name = "m"}\ninside = {provider = "ours", name = "m"}\n'
        f'[providers.theirs]\nbase_url = "{server.base_url}"\n'
        f'[providers.ours]\nbase_url = "{server.base_url}"\ninternal = true\n'
    )
    files = {
        "promptctl.toml": config,
        "evals/a.yaml": suite,
        "prompts/a.prompt.j2": PROMPT.format(model=model, text=text),
    }
    repo.commit("start", files)
    return repo


def refused(done: Done, server: Served) -> bool:
    said = done.out + done.err
    return (done.code, "[internal-suite]" in said, AT in said, server.received) == (2, True, True, [])


ASKING = {
    "lint": ("lint",),
    "test": ("test", "--no-base"),
    "a plan": ("test", "--no-base", "--dry-run"),
    "another model": ("test", "--no-base", "--model", "outside"),
    "one case": ("ask", "a", "--case", "one"),
    "one case of a revision": ("ask", "a@HEAD", "--case", "one"),
}


@pytest.mark.parametrize("args", ASKING.values(), ids=ASKING)
def test_a_case_of_an_internal_suite_is_refused_before_anything_leaves(
    tmp_path: Path, server: Served, args: tuple[str, ...]
):
    repo = a_project(tmp_path, server)

    done = promptctl(*args, cwd=repo.path)

    assert refused(done, server), done.err
    assert "theirs" in done.out + done.err


def test_an_internal_server_gets_it(tmp_path: Path, server: Served):
    repo = a_project(tmp_path, server, model="inside")

    assert promptctl("lint", cwd=repo.path).code == 0
    done = promptctl("test", "--no-base", cwd=repo.path)

    assert done.code == 0, done.err
    assert len(server.received) == 1


def test_naming_another_model_does_not_get_round_it(tmp_path: Path, server: Served):
    repo = a_project(tmp_path, server, model="inside")

    assert refused(promptctl("test", "--no-base", "--model", "outside", cwd=repo.path), server)
    assert refused(promptctl("ask", "a", "--case", "one", "--model", "outside", cwd=repo.path), server)


def test_what_base_sends_counts_too(tmp_path: Path, server: Served):
    repo = a_project(tmp_path, server, model="outside")
    repo.branch("change").write({"prompts/a.prompt.j2": PROMPT.format(model="inside", text="Tell")})

    assert refused(promptctl("test", cwd=repo.path), server)


def test_a_change_cannot_open_the_suite_that_it_is_tested_on(tmp_path: Path, server: Served):
    repo = a_project(tmp_path, server)
    repo.branch("change").write(
        {"evals/a.yaml": OPEN, "prompts/a.prompt.j2": PROMPT.format(model="outside", text="Tell me")}
    )

    done = promptctl("test", cwd=repo.path)

    assert refused(done, server), done.err
    assert "internal on base" in done.err


def test_one_internal_suite_stops_the_whole_run_before_the_first_call(tmp_path: Path, server: Served):
    repo = a_project(tmp_path, server)
    repo.write({"prompts/b.prompt.j2": PROMPT.format(model="outside", text="B"), "evals/b.yaml": OPEN})

    assert refused(promptctl("test", "--no-base", cwd=repo.path), server)


def test_stored_answers_of_it_may_be_used(tmp_path: Path, server: Served):
    repo = a_project(tmp_path, server, suite=OPEN)
    assert promptctl("test", "--no-base", cwd=repo.path).code == 0
    repo.write({"evals/a.yaml": MARKED})
    server.received.clear()

    done = promptctl("test", "--no-base", "--offline", cwd=repo.path)

    assert done.code == 0, done.err
    assert server.received == []


def test_what_answers_by_itself_is_internal(tmp_path: Path, server: Served):
    repo = a_project(tmp_path, server, model="nearest-example")

    assert promptctl("lint", cwd=repo.path).code == 0
    assert promptctl("test", "--no-base", cwd=repo.path).code == 0


def test_the_list_and_the_prompt_say_it(tmp_path: Path, server: Served):
    repo = a_project(tmp_path, server)

    assert "a (internal)" in promptctl("list", cwd=repo.path).out
    assert "a (internal)" in promptctl("show", "a", cwd=repo.path).out


class Elsewhere(ScriptedProvider):
    """Somebody's own provider, which says nothing of where it is."""

    kind = "elsewhere"


def test_a_provider_that_a_program_gives_is_internal_if_it_says_so(tmp_path: Path, server: Served):
    repo = a_project(tmp_path, server)
    theirs, ours = Elsewhere(lambda *_: Output(text="hi")), Elsewhere(lambda *_: Output(text="hi"))
    ours.internal = True  # type: ignore[attr-defined]

    with pytest.raises(PromptctlError) as stopped:
        Project(repo.path, {"theirs": theirs}).test(no_base=True)
    result = Project(repo.path, {"*": ours}).test(no_base=True)

    assert (stopped.value.slug, theirs.asked) == ("internal-suite", [])
    assert (result.decision.exit_code, len(ours.asked)) == (0, 1)


@pytest.mark.parametrize("value", ["yes", '"true"'])
def test_what_is_neither_true_nor_false_is_refused(tmp_path: Path, server: Served, value: str):
    repo = a_project(tmp_path, server, suite=MARKED.replace("true", value, 1))

    done = promptctl("test", "--no-base", cwd=repo.path)

    assert (done.code, server.received) == (2, [])
    assert "[wrong-type]" in done.err
