"""Child processes: what they may use, how they end, and that nobody waits for them beyond the clock."""

import sys
from pathlib import Path

import pytest

from promptctl.processes.child import Child, Died, Limits, python
from promptctl.processes.worker import Patience, Worker

ECHO = "import json, sys\nfor line in sys.stdin:\n    print(line, end='', flush=True)\n"


def child(folder: Path, body: str, limits: Limits | None = None, most: int = 1_000_000) -> Child:
    program = folder / "program.py"
    program.write_text(body, encoding="utf-8")
    return Child(python(program, limits=limits or Limits(0)), folder, {}, most)


def test_lines_come_back_in_order_however_many_go_ahead(tmp_path: Path):
    echo = child(tmp_path, ECHO, most=10_000_000)
    lines = [f"{number} {'x' * 30_000}".encode() for number in range(200)]  # more than both pipes hold
    for line in lines:
        echo.send(line + b"\n")

    assert [echo.line(60) for _ in lines] == lines
    echo.kill()


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("import os; os._exit(7)", "ended with exit code 7"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", r"by signal 15 \(SIGTERM\)"),
        ("import sys; sys.stdout.write('x' * 3_000_000)", "it wrote more than 1,000,000 bytes"),
        ("import sys; sys.stderr.write('x' * 3_000_000)", "it wrote more than 1,000,000 bytes"),
    ],
)
def test_a_child_that_ends_or_floods_is_told_apart(tmp_path: Path, body: str, why: str):
    one = child(tmp_path, body)

    with pytest.raises(Died, match=why):
        one.line(60)
    one.kill()


def test_the_limits_hold_for_the_child_and_not_for_us(tmp_path: Path):
    body = (
        "import resource\n"
        "for which in (resource.RLIMIT_AS, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE, resource.RLIMIT_CORE):\n"
        "    print(*resource.getrlimit(which), flush=True)\n"
        "try:\n    bytearray(600 * 1024**2)\nexcept MemoryError:\n    print('refused', flush=True)\n"
    )

    one = child(tmp_path, body, Limits(memory=512 * 1024**2, file=4096, files=20))

    said = [one.line(60).decode() for _ in range(5)]
    one.kill()
    assert said == [f"{512 * 1024**2} {512 * 1024**2}", "4096 4096", "20 20", "0 0", "refused"]
    assert bytearray(600 * 1024**2)


def test_a_child_that_cannot_be_started_is_an_error_at_once(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        Child([str(tmp_path / "nothing")], tmp_path, {})


def test_a_worker_that_died_is_there_again_for_the_next_question(tmp_path: Path):
    program = tmp_path / "program.py"
    program.write_text(
        "import json, os, sys\nfor line in sys.stdin:\n    asked = json.loads(line)\n"
        "    if asked['do'] == 'die':\n        os._exit(1)\n    print(json.dumps(asked), flush=True)\n"
    )
    worker = Worker([sys.executable, "-I", str(program)], tmp_path)

    assert worker.call({"do": "one"}, 60)["do"] == "one"
    with pytest.raises(Died, match="exit code 1"):
        worker.call({"do": "die"}, 60)
    assert not worker.running
    assert worker.call({"do": "two"}, 60)["do"] == "two"
    worker.close()


def test_what_was_late_three_times_in_a_row_is_not_asked_again():
    patience, asked = Patience(), 0

    def late(times: int) -> None:
        nonlocal asked
        for _ in range(times):
            asked += 1
            with pytest.raises(TimeoutError), patience:
                raise TimeoutError("it took longer than 1 s")

    late(2)
    with patience:
        pass
    late(3)
    with (
        pytest.raises(TimeoutError, match="not asked again: it took longer than 1 s 3 times in a row"),
        patience,
    ):
        asked += 1

    assert asked == 5
