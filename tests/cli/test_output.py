"""What every command writes is harmless to a terminal, whoever wrote the text; and files go where they are meant."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from promptctl.cli import output
from promptctl.cli.output import save, talk, write
from tests.cli.run import Done, clean_environment, promptctl
from tests.e2e.shop import PROMPT, shop_in, sorting
from tests.repository import Repo

TITLE = "\x1b]0;pwned\x07"


def test_what_is_written_and_said_is_harmless_unless_a_reporter_made_it(capsys: pytest.CaptureFixture[str]):
    write(f"a{TITLE}\nb")
    write("\x1b[31mFAIL\x1b[0m", trusted=True)
    talk(f"c{TITLE}")
    talk("\x1b[32mPASS\x1b[0m", trusted=True)

    said = capsys.readouterr()
    assert said.out == "a\\x1b]0;pwned\\x07\nb\n\x1b[31mFAIL\x1b[0m\n"
    assert said.err == "c\\x1b]0;pwned\\x07\n\x1b[32mPASS\x1b[0m\n"


def test_no_command_writes_past_the_two_functions_that_make_text_harmless():
    folder = Path(output.__file__).parent
    allowed = {"output.py", "main.py", "progress.py"}  # the sink itself, the errors, and a line of numbers
    marks = ("sys.stdout.write", "sys.stderr.write", "click.echo", "click.secho", "print(")

    past = [file.name for file in folder.glob("*.py") if any(mark in file.read_text() for mark in marks)]

    assert set(past) <= allowed


@pytest.mark.parametrize(
    "command",
    [
        ("show", "reply"),
        ("render", "reply", "--var", "input=x"),
        ("ask", "reply", "--var", "input=x"),
        ("test", "--no-base"),
        ("list",),
        ("lint",),
        ("doctor",),
    ],
    ids=lambda command: command[0],
)
def test_a_header_cannot_send_a_terminal_its_own_sequences(command: tuple[str, ...], tmp_path: Path):
    header = '---\nmodel: "m1\\e]0;pwned\\a"\ndescription: "d\\e[2J"\nparams: {stop: "\\e[31m"}\n---\n'
    repo = Repo(tmp_path / "project")
    repo.write(
        {
            "promptctl.toml": '[models]\n"m1*" = "embedded"\n',
            "prompts/reply.prompt.j2": header + "{{ input }}\n",
            "evals/reply.yaml": "- {id: a, input: x, checks: [{contains: x}]}\n",
        }
    )

    done: Done = promptctl(*command, cwd=repo.path)

    assert done.code in (0, 1, 2, 3), done.err
    assert not {"\x1b", "\x07"} & set(done.out + done.err)


# Where results go


def test_a_result_goes_through_a_pipe_and_leaves_it_a_pipe(tmp_path: Path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()

    save("{}\n", str(pipe))

    reader.join(timeout=30)
    assert read == [b"{}\n"]
    assert pipe.is_fifo()


def test_a_result_goes_to_where_a_link_leads_and_the_link_stays(tmp_path: Path):
    (tmp_path / "there").mkdir()
    for name in ("old", "new"):
        (tmp_path / name).symlink_to(tmp_path / "there" / name)
    (tmp_path / "there" / "old").write_text("before")

    save("after", str(tmp_path / "old"))
    save("after", str(tmp_path / "new"))

    assert (tmp_path / "old").is_symlink()
    assert (tmp_path / "new").is_symlink()
    assert {path.name: path.read_text() for path in (tmp_path / "there").iterdir()} == {
        "old": "after",
        "new": "after",
    }


def test_a_result_goes_to_a_device_and_does_not_take_its_place():
    ours, device = os.openpty()  # not /dev/null: a mistake here would take it from the whole machine
    name = os.ttyname(device)

    save("{}\n", name)

    assert os.read(ours, 100) == b"{}\r\n"
    assert Path(name).is_char_device()
    os.close(ours)
    os.close(device)


def test_a_result_on_the_shells_own_standard_output_follows_what_is_there_already(tmp_path: Path):
    out = tmp_path / "out"
    code = (
        "from promptctl.cli.output import save, write; import sys;"
        "write('first'); sys.stdout.flush(); save('second\\n', '/dev/stdout')"
    )
    with out.open("wb") as stdout:
        subprocess.run([sys.executable, "-c", code], stdout=stdout, check=True)

    assert out.read_text() == "first\nsecond\n"


# When nobody reads


@pytest.mark.parametrize(
    ("command", "code"),
    [("list", 0), ("log reply", 0), ("--help", 0), ("test", 1), ("show nope", 2)],
)
def test_a_reader_that_goes_does_not_change_the_exit_code(command: str, code: int, failing: Repo):
    read, written = os.pipe()
    os.close(read)

    done = _run(failing, *command.split(), stdout=written, stderr=written)

    assert done.returncode == code


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_behind_standard_output_is_said_and_no_bug(failing: Repo):
    with Path("/dev/full").open("wb") as full:
        done = _run(failing, "list", stdout=full, stderr=subprocess.PIPE)

    assert (done.returncode, "[cannot-write]" in done.stderr.decode()) == (2, True)


def test_a_closed_standard_output_is_no_bug(failing: Repo):
    words = [sys.executable, "-m", "promptctl", "list"]

    done = subprocess.run(["sh", "-c", '"$@" >&-', "sh", *words], cwd=failing.path, stderr=subprocess.PIPE)

    assert (done.returncode, done.stderr) == (0, b"")


@pytest.fixture
def failing(tmp_path: Path) -> Repo:
    repo = shop_in(tmp_path)
    repo.branch("change").write({PROMPT: sorting(pear="herb"), "prompts/reply.prompt.j2": "Hi {{ x }}\n"})
    repo.commit("worse")
    return repo


def _run(repo: Repo, *args: str, **streams: Any) -> subprocess.CompletedProcess[bytes]:
    words = [sys.executable, "-m", "promptctl", *args]
    return subprocess.run(words, cwd=repo.path, env=clean_environment(repo.path), check=False, **streams)
