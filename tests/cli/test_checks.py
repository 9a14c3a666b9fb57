"""`promptctl checks`, in a process of its own."""

from pathlib import Path

import pytest

from promptctl.registry import names
from tests.cli.run import promptctl


def test_the_catalogue_names_every_check_and_ends_with_their_number(tmp_path: Path):
    done = promptctl("checks", cwd=tmp_path)

    words = done.out.split()
    assert [name for name in names("checks") if name not in words] == []
    assert done.out.split("\n")[-2].startswith(f"{len(names('checks'))} checks; ")
    assert (done.code, done.err) == (0, "")


def test_the_catalogue_fits_88_columns(tmp_path: Path):
    done = promptctl("checks", cwd=tmp_path)

    assert [line for line in done.out.split("\n") if len(line) > 88] == []


@pytest.mark.parametrize("name", ["contains_any", "not", "any", "all"])
def test_a_check_has_a_page_with_an_example(name: str, tmp_path: Path):
    done = promptctl("checks", name, cwd=tmp_path)

    assert done.out.startswith(f"{name} (")
    assert f"  - {name}: " in done.out.partition("Examples")[2]
    assert done.code == 0


def test_an_unknown_check_names_the_nearest_in_three_lines(tmp_path: Path):
    done = promptctl("checks", "contain", cwd=tmp_path)

    lines = done.err.split("\n")
    assert lines[0] == 'error: check "contain" is unknown  [unknown-check]'
    assert lines[1] == "  at   promptctl checks contain"
    assert lines[2].startswith('  fix  did you mean "contains"? ')
    assert (done.code, done.out) == (2, "")


def test_a_name_cannot_act_on_the_terminal(tmp_path: Path):
    done = promptctl("checks", "\x1b[2J", cwd=tmp_path)

    assert done.code == 2
    assert "\x1b" not in done.err
