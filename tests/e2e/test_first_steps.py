"""From nothing to a first comparison: the smallest project, and the one that `promptctl init` makes."""

from pathlib import Path

import pytest

from tests.cli.run import promptctl
from tests.e2e.shop import compared
from tests.repository import Repo

SMALLEST = {
    "prompts/triage.prompt.j2": "把工单分到：退款、物流、其他。只回答类别。工单：{{ ticket }}\n",
    "evals/triage.yaml": "- {input: 我的钱什么时候退？, expected: 退款}\n- {input: 包裹丢了, expected: 物流}\n",
}
MENDED = """\
Ticket: The colour is wrong and I do not want to keep it.
Queue: refund

Ticket: 钱还没有退给我。
Queue: refund

"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "work"
    made.mkdir()
    return made


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def smallest(folder: Path, model: str) -> None:
    write(folder, {**SMALLEST, "promptctl.toml": f'[project]\nmodel = "{model}"\n'})


# The smallest start


def test_three_files_are_a_project(folder: Path):
    smallest(folder, "nearest-example")

    tested = compared(folder)

    assert tested.code == 0
    assert tested.suite["counts"]["cases"] == tested.sent == 2
    assert tested.last_line.startswith("NO BASE  1 of 2 pass")


def test_a_missing_key_is_named_before_anything_is_asked(folder: Path):
    smallest(folder, "qwen-plus")

    done = promptctl("test", cwd=folder)

    assert done.code == 2
    assert "DASHSCOPE_API_KEY" in done.err
    assert "[missing-key]" in done.err
    assert not list(folder.glob(".promptctl/runs/*/trials.jsonl"))


# promptctl init


def test_init_then_test_needs_nothing_else(folder: Path):
    made = promptctl("init", "demo", cwd=folder)

    done = promptctl("test", cwd=folder / "demo")

    assert (made.code, done.code) == (0, 0), made.err + done.err
    assert done.out.splitlines()[-1].startswith("NO BASE  8 of 10 pass")


def test_init_says_what_it_wrote_and_three_commands(folder: Path):
    said = promptctl("init", "demo", cwd=folder).out.splitlines()

    assert said[:3] == [
        "wrote  demo/promptctl.toml",
        "wrote  demo/prompts/triage.prompt.j2",
        "wrote  demo/evals/triage.yaml",
    ]
    commands = [line.strip() for line in said[said.index("next") + 1 :: 2]]
    assert commands == [
        "cd demo && promptctl test",
        'git init -b main && git add promptctl.toml prompts evals && git commit -m "Add a prompt and its cases"',
        "git switch -c first-change",
    ]


def test_init_does_not_say_git_init_inside_a_repository(folder: Path):
    Repo(folder)

    assert "git init" not in promptctl("init", "demo", cwd=folder).out


def test_init_follows_the_name_of_the_default_branch(folder: Path):
    repo = Repo(folder, branch="trunk")
    repo.commit("start", {"README": "a repository\n"})
    promptctl("init", cwd=folder)
    repo.commit("add a prompt")

    repo.branch("change").write({"prompts/triage.prompt.j2": "{{ ticket }}\n"})

    assert compared(folder).result["base"]["label"] == "trunk"


def test_the_sample_that_init_writes_can_be_mended_on_a_branch(folder: Path):
    promptctl("init", cwd=folder)
    repo = Repo(folder)
    first = repo.commit("add a prompt")
    prompt = folder / "prompts/triage.prompt.j2"
    before = prompt.read_text(encoding="utf-8")
    repo.branch("first-change").write(
        {"prompts/triage.prompt.j2": before.replace("Ticket: 登录", f"{MENDED}Ticket: 登录")}
    )

    tested = compared(folder)

    assert tested.result["base"] == {"label": "main", "commit": first, "dirty": False}
    assert (tested.suite["counts"]["fixed"], tested.suite["counts"]["broken"]) == (2, 0)
    assert (tested.code, tested.rules) == (0, ["no-break-found"])


def test_init_twice_keeps_what_was_edited(folder: Path):
    promptctl("init", cwd=folder)
    edited = {"promptctl.toml": "[gate]\nmargin = 0.1\n", "prompts/triage.prompt.j2": "Mine: {{ ticket }}\n"}
    write(folder, edited)

    again = promptctl("init", cwd=folder)

    assert again.code == 0
    assert {name: (folder / name).read_text(encoding="utf-8") for name in edited} == edited
    assert [line for line in again.out.splitlines() if line.startswith(("kept", "wrote"))] == [
        "kept   promptctl.toml",
        "kept   prompts/triage.prompt.j2",
        "kept   evals/triage.yaml",
    ]


def test_init_gives_the_sample_back_its_lost_cases(folder: Path):
    promptctl("init", cwd=folder)
    (folder / "evals/triage.yaml").unlink()

    again = promptctl("init", cwd=folder)

    assert "wrote  evals/triage.yaml" in again.out


def test_init_adds_no_sample_beside_prompts_of_ones_own(folder: Path):
    write(folder, {"prompts/mine.prompt.j2": "Hello {{ name }}\n"})

    done = promptctl("init", cwd=folder)

    assert done.code == 0
    assert "kept   prompts/" in done.out
    assert "no sample was added" in done.out
    assert sorted(path.name for path in folder.rglob("*") if path.is_file()) == [
        "mine.prompt.j2",
        "promptctl.toml",
    ]


def test_init_uses_the_folders_of_an_existing_configuration(folder: Path):
    write(folder, {"promptctl.toml": '[project]\nprompts = "texts"\nevals = "proofs"\n'})

    done = promptctl("init", cwd=folder)

    assert (folder / "texts/triage.prompt.j2").is_file()
    assert (folder / "proofs/triage.yaml").is_file()
    assert "kept   promptctl.toml" in done.out
    assert compared(folder).suite["counts"]["cases"] == 10


def test_init_writes_no_second_configuration_beside_pyproject(folder: Path):
    write(folder, {"pyproject.toml": "[tool.promptctl.gate]\nmargin = 0.1\n"})

    done = promptctl("init", cwd=folder)

    assert "kept   pyproject.toml" in done.out
    assert not (folder / "promptctl.toml").exists()


@pytest.mark.parametrize("name", ["a-file", "a-file/below", "long-name" * 100])
def test_init_where_no_folder_can_be_is_three_lines(folder: Path, name: str):
    (folder / "a-file").write_text("mine", encoding="utf-8")

    done = promptctl("init", name, cwd=folder)

    first, second, third = done.err.splitlines()
    assert done.code == 2
    assert first.startswith("error: cannot write: ")
    assert first.endswith("[cannot-write]")
    assert second.startswith("  at   ")
    assert third.startswith("  fix  ")
    assert (folder / "a-file").read_text(encoding="utf-8") == "mine"


def test_init_with_a_configuration_that_cannot_be_read_writes_nothing(folder: Path):
    write(folder, {"demo/promptctl.toml": "[project\n"})

    done = promptctl("init", "demo", cwd=folder)

    assert done.code == 2
    assert "  at   demo/promptctl.toml:1:" in done.err
    assert [path.name for path in (folder / "demo").iterdir()] == ["promptctl.toml"]


@pytest.mark.parametrize("command", ["init", "demo"])
def test_help_shows_examples(folder: Path, command: str):
    done = promptctl(command, "--help", cwd=folder)

    assert done.code == 0
    assert f"promptctl {command} " in done.out.partition("Examples:")[2]
