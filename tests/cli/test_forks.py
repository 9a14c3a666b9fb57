"""A command as a fork of the tests' server is the command as a new process."""

import subprocess
from pathlib import Path

import pytest

from tests.cli.run import promptctl
from tests.e2e.shop import shop_in

NEW = {"PYTHONHASHSEED": "0"}
"""What Python reads when it starts, so that the command has to be a new process."""


@pytest.mark.parametrize("words", ["--version", "--help", "list", "test --no-base", "nonsense", "doctor", ""])
def test_a_fork_ends_and_prints_as_a_new_process_does(words: str, tmp_path: Path):
    shop = shop_in(tmp_path)
    promptctl("test", "--no-base", cwd=shop.path)  # so that both find the same answers stored

    fork, new = (promptctl(*words.split(), cwd=shop.path, env=env) for env in ({}, NEW))

    assert fork == new


def test_a_fork_that_takes_too_long_is_killed(tmp_path: Path):
    shop = shop_in(tmp_path)

    with pytest.raises(subprocess.TimeoutExpired):
        promptctl("test", cwd=shop.path, timeout=0)
