"""Completion in the shell: what is offered, how fast, and that nothing but offers is ever printed."""

import os
import pty
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from promptctl.cli.main import COMMANDS
from promptctl.cli.main import promptctl as root
from promptctl.cli.suggestions import teach
from promptctl.registry import CHECKS
from tests.cli.run import Done, clean_environment, promptctl
from tests.repository import Repo

BREAKS = " \t\n\"'@><=;|&(:"  # Bash's own
FILES: dict[str, str | bytes | None] = {
    "promptctl.toml": '[project]\nmodel = "qwen-plus"\n[models]\n"local-*" = "vllm"\nwriter = "vllm"\n',
    "prompts/support/reply.prompt.j2": "---\nmodel: gpt-5\n---\nAnswer {{ ticket }}\n",
    "prompts/sort.prompt.j2": "Sort {{ ticket }}\n",
    "evals/support/reply/cases/late-refund.yaml": "id: late-refund\ntags: [refund]\ngroup: week-9\n"
    "input: x\nexpected: y\n",
    "evals/support/reply/more.jsonl": '{"id": "lost-parcel", "input": "x", "expected": "y", "tags": ["parcel"]}\n',
    "evals/分类.yaml": "prompt: sort\ncases:\n  - {id: 退款, input: x, expected: y, tags: [售后]}\n",
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    repo = Repo(tmp_path_factory.mktemp("completion") / "shop")
    repo.commit("first", FILES)
    repo.git("tag", "v1")
    return repo.branch("shorter-reply")


def ask(line: str, cwd: Path, shell: str = "bash") -> Done:
    """What the script of `shell` gets for a command line with the cursor at its end."""
    words = line.split(" ")
    env = {
        "_PROMPTCTL_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": words[-1] if shell == "fish" else str(len(words) - 1),
        "COMP_BREAKS": BREAKS,
    }
    return promptctl(cwd=cwd, env=env)


def offered(line: str, cwd: Path) -> list[str]:
    done = ask(line, cwd)
    assert (done.code, done.err) == (0, ""), done
    return [one.removeprefix("plain,") for one in done.out.split("\n") if one]


OFFERS = {
    "promptctl ": list(COMMANDS),
    "promptctl te": ["test"],
    "promptctl answers ex": ["export"],
    "promptctl test --off": ["--offline"],
    "promptctl show ": ["sort", "support/reply"],
    "promptctl show support/reply@": ["WORKTREE", "HEAD", "HEAD~1", "main", "shorter-reply", "v1"],
    "promptctl show support/reply@ma": ["main"],
    "promptctl ask sort support/reply@v": ["v1"],
    "promptctl test ": ["sort", "support/reply", "分类"],
    "promptctl test sort ": ["support/reply", "分类"],
    "promptctl test --case ": ["late-refund", "lost-parcel", "退款"],
    "promptctl test support/reply --case l": ["late-refund", "lost-parcel"],
    "promptctl test 分类 --case ": ["退款"],
    "promptctl render sort@main --case ": ["退款"],
    "promptctl test --tag ": ["parcel", "refund", "售后"],
    "promptctl test --base=ma": ["main"],
    "promptctl test --head sort@sh": ["shorter-reply"],
    "promptctl ask sort --model g": ["gpt-5"],
    "promptctl ask sort --model q": ["qwen-plus"],
    "promptctl ask sort --model w": ["writer"],
    "promptctl ask sort --model nearest-e": ["nearest-example"],
    "promptctl ask sort --suite ": ["support/reply", "分类"],
    "promptctl cases show l": ["late-refund", "lost-parcel"],
    "promptctl cases retire support/reply/l": ["support/reply/late-refund", "support/reply/lost-parcel"],
    "promptctl cases list --group ": ["week-9"],
    "promptctl cases export ": ["support/reply", "分类"],
    "promptctl cases add s": ["sort", "support/reply"],
    "promptctl cases add sort --id ": [],
    "promptctl answers export s": ["support/reply"],
    "promptctl checks is_j": ["is_json"],
    "promptctl report --format t": ["terminal"],
    "promptctl completion ": ["bash", "zsh", "fish"],
    "promptctl lint pro": ["file,pro"],
    "promptctl report res": ["file,res"],
    "promptctl test --samples ": [],
    "promptctl test --nonesuch ": ["sort", "support/reply", "分类"],
}


@pytest.mark.parametrize(("line", "names"), OFFERS.items())
def test_what_can_come_next_is_offered(line: str, names: list[str], shop: Repo):
    assert offered(line, shop.path) == names


def test_all_checks_are_offered(shop: Repo):
    assert set(offered("promptctl checks ", shop.path)) == {*CHECKS, "not", "any", "all"}


FREE = {"C", "DATE", "FOLDER", "K=V", "N", "R", "TEXT", "S", "WHY", "X", "YAML"}
"""What the help calls values that nothing could suggest."""


def parameters(command: click.Command, name: str = "promptctl") -> Iterator[tuple[str, click.Parameter]]:
    """Every parameter that takes a value, with the command line that it belongs to."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            assert found is not None
            yield from parameters(found, f"{name} {inner}")
        return
    teach(command)
    for param in command.params:
        if not getattr(param, "is_flag", False):
            yield f"{name} {param.opts[0]}", param


def test_no_value_that_could_be_suggested_is_forgotten():
    known = ("_Values", "_Paths", "Path", "Choice", "File")

    forgotten = [
        f"{name} {param.metavar}"
        for name, param in parameters(root)
        if type(param.type).__name__ not in known
        and param.metavar not in FREE
        and not {"--name", "--id"}.intersection(param.opts)
    ]

    assert forgotten == [], "name a source in cli/suggestions.py, or add what the help calls it to FREE"


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_see_commands_with_their_help(shell: str, shop: Repo):
    done = ask("promptctl doc", shop.path, shell)

    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("plain")
    assert COMMANDS["doctor"][1] in done.out


BROKEN: dict[str, dict[str, str | bytes | None]] = {
    "configuration": {"promptctl.toml": "[project\n"},
    "suite": {"evals/other.yaml": "- {id: a, input： b\n"},
    "prompt": {"prompts/a.prompt.j2": b"\xff\xfe"},
    "case": {"evals/support/reply/cases/late-refund.yaml": "[" * 9999},
}


@pytest.mark.parametrize("files", BROKEN.values(), ids=BROKEN)
def test_a_broken_project_offers_what_can_be_read_and_says_nothing(
    files: dict[str, str | bytes | None], tmp_path: Path
):
    repo = Repo(tmp_path / "shop").write({**FILES, **files})

    for line in (
        "promptctl test --case ",
        "promptctl show so",
        "promptctl test --tag ",
        "promptctl ask --model ",
    ):
        done = ask(line, repo.path)
        assert (done.code, done.err) == (0, "")
        assert done.out.strip(), line


def test_in_a_bare_repository_the_files_of_head_are_offered(shop: Repo, tmp_path: Path):
    bare = shop.clone(tmp_path / "shop.git", options=("--bare",))

    assert offered("promptctl show s", bare.path) == ["sort", "support/reply"]
    assert offered("promptctl test --case l", bare.path) == ["late-refund", "lost-parcel"]


@pytest.mark.parametrize("line", ["promptctl test --case ", "promptctl show x@", "promptctl nonesuch "])
def test_outside_a_project_nothing_is_printed_on_the_error_stream(line: str, tmp_path: Path):
    done = ask(line, tmp_path)

    assert "Traceback" not in done.out
    assert done.err == ""


@pytest.mark.parametrize(
    "env",
    [
        {"_PROMPTCTL_COMPLETE": "bash_complete"},
        {"_PROMPTCTL_COMPLETE": "tcsh_complete", "COMP_WORDS": "promptctl "},
        {"_PROMPTCTL_COMPLETE": ""},
        {"_PROMPTCTL_COMPLETE": "zsh_complete", "COMP_WORDS": "promptctl ", "COMP_CWORD": "x"},
    ],
)
def test_a_shell_that_asks_wrongly_gets_nothing(env: dict[str, str], tmp_path: Path):
    assert promptctl("test", cwd=tmp_path, env=env) == Done(1, "", "")


def test_no_command_and_no_library_is_loaded_to_offer_the_commands(tmp_path: Path):
    program = """
import atexit, sys
from promptctl.cli.main import main
atexit.register(lambda: print(*sorted(m for m in sys.modules if m.startswith("promptctl.cli.")), file=sys.stdout))
sys.exit(main([]))
"""
    env = {"_PROMPTCTL_COMPLETE": "bash_complete", "COMP_WORDS": "promptctl ", "COMP_BREAKS": BREAKS}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**clean_environment(tmp_path), **env},
        capture_output=True,
        text=True,
    )

    loaded = set(done.stdout.strip().split("\n")[-1].split())
    assert loaded == {f"promptctl.cli.{name}" for name in ("main", "completion", "suggestions", "output")}


def test_the_help_does_not_load_what_completes(tmp_path: Path):
    program = "import sys; from promptctl.cli.main import main; main(['--help']); print(*sys.modules)"

    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)

    loaded = set(done.stdout.split("\n")[-2].split())
    assert "promptctl.cli.main" in loaded
    assert not loaded & {"click.shell_completion", "promptctl.cli.completion", "promptctl.cli.suggestions"}


def test_a_shell_that_is_not_known_names_those_that_are(tmp_path: Path):
    done = promptctl("completion", "tcsh", cwd=tmp_path)

    assert done.code == 2
    assert "'bash', 'zsh', 'fish'" in done.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_help_says_how_each_script_is_installed(shell: str, tmp_path: Path):
    assert f"promptctl completion {shell}" in promptctl("completion", "--help", cwd=tmp_path).out


@pytest.fixture
def command(tmp_path: Path) -> dict[str, str]:
    """An environment in which `promptctl` is this one."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "promptctl"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m promptctl "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    env = clean_environment(tmp_path / "home")
    return {**env, "PATH": f"{folder}{os.pathsep}{env['PATH']}"}


def needs(shell: str) -> str:
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"{shell} is not installed here")
    return found


class Terminal:
    """A shell in a terminal of its own, into which keys are pressed."""

    def __init__(self, argv: list[str], cwd: Path, env: dict[str, str]) -> None:
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            os.execvpe(argv[0], argv, env)

    def press(self, keys: str, until: str, patience: float = 20) -> str:
        """What the terminal shows after these keys, up to `until`, or until nothing more comes for so many seconds."""
        os.write(self._terminal, keys.encode())
        shown = b""
        while until.encode() not in shown and select.select([self._terminal], [], [], patience)[0]:
            shown += os.read(self._terminal, 4096)
        return shown.decode("utf-8", "replace")

    def close(self) -> None:
        os.close(self._terminal)
        os.waitpid(self.pid, 0)


LINES = {
    "promptctl te": "test ",
    "promptctl show support/reply@ma": "main ",
    "promptctl show 'support/reply@sho": "rter-reply'",
    "promptctl test --base=ma": "main ",
    "promptctl lint promptctl.t": "promptctl.toml ",
    "promptctl test --case la": "late-refund ",
}


def test_bash_completes_the_line_that_is_typed(shop: Repo, command: dict[str, str]):
    argv = [needs("bash"), "--norc", "--noprofile", "-i"]
    terminal = Terminal(argv, shop.path, {**command, "PS1": "READY>", "TERM": "dumb"})
    terminal.press('eval "$(promptctl completion bash)"; echo DO""NE\n', until="DONE")

    shown = {}
    for line, end in LINES.items():
        shown[line] = terminal.press(f"{line}\t", until=end)
        terminal.press("\x15", until="\0", patience=0.3)  # Ctrl-U takes the line away
    terminal.close()

    assert {line: LINES[line] in text for line, text in shown.items()} == dict.fromkeys(LINES, True), shown


def test_zsh_registers_the_function(command: dict[str, str], tmp_path: Path):
    program = (
        'autoload -Uz compinit; compinit -D; eval "$(promptctl completion zsh)"; print $_comps[promptctl]'
    )

    done = subprocess.run([needs("zsh"), "-fc", program], env=command, capture_output=True, text=True)

    assert (done.stdout, done.stderr) == ("_promptctl_completion\n", "")


def test_fish_completes(shop: Repo, command: dict[str, str]):
    program = 'promptctl completion fish | source; complete -C "promptctl show support/reply@ma"'

    done = subprocess.run(
        [needs("fish"), "--no-config", "-c", program],
        cwd=shop.path,
        env=command,
        capture_output=True,
        text=True,
    )

    assert (done.stdout, done.stderr) == ("support/reply@main\n", "")
