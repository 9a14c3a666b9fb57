"""The process of a project's own checks, by itself."""

import json
import subprocess
import sys
from pathlib import Path

from promptctl.engine.own import worker_program


def test_a_check_that_hangs_ends_even_if_whoever_watches_it_was_killed(tmp_path: Path):
    (tmp_path / "slow.py").write_text("def check(output):\n    while True: pass\n")
    request = {
        "id": 1, "module": "slow", "function": "check", "arguments": {}, "output": "", "case": {}, "longest": 0.2
    }  # fmt: skip
    program = [sys.executable, str(worker_program.__file__), str(tmp_path), ""]

    run = subprocess.run(
        program, input=json.dumps(request) + "\n", capture_output=True, text=True, timeout=60
    )

    assert (run.returncode, run.stdout) == (1, "")
