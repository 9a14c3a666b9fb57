"""What pyproject.toml promises is what constraints/, the workflow, the Makefile and `promptctl doctor` go by."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from promptctl.engine.doctor.machine import TESTED
from promptctl.store.documents import read_yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def workflow(name: str) -> Any:
    path = ROOT / ".github" / "workflows" / name
    return read_yaml(path.read_text(encoding="utf-8"), name).value


def words(variable: str) -> list[str]:
    """The words of a variable of the Makefile."""
    found = re.search(rf"^{variable} := (.*)$", MAKEFILE, re.MULTILINE)
    assert found
    return found[1].split()


def constraints(name: str) -> list[str]:
    lines = (ROOT / "constraints" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def test_the_lowest_dependencies_that_are_tested_are_those_that_are_promised():
    extras = PROJECT.get("optional-dependencies", {}).values()
    promised = [*PROJECT["dependencies"], *(dependency for extra in extras for dependency in extra)]
    lowest = {re.sub(r"\[.*?\]", "", dependency).split(",")[0].replace(">=", "==") for dependency in promised}

    assert all("==" in bound for bound in lowest), "each dependency has a lower bound"
    assert constraints("lowest") == sorted(lowest)


def test_doctor_knows_how_new_a_dependency_may_be():
    names = {re.split(r"[\[<>=]", dependency)[0] for dependency in PROJECT["dependencies"]}

    assert set(TESTED) == names


def test_every_python_that_is_named_is_tested_and_every_other_is_not():
    classified = [
        line.rpartition(" ")[2]
        for line in PROJECT["classifiers"]
        if re.search(r":: Python :: 3\.[0-9]+$", line)
    ]

    matrix = workflow("ci.yml")["jobs"]["check"]["strategy"]["matrix"]

    assert matrix["python"] == classified == words("PYTHONS")
    assert PROJECT["requires-python"] == f">={classified[0]}"


def test_every_set_of_dependencies_is_tested():
    sets = sorted(path.stem for path in (ROOT / "constraints").glob("*.txt"))

    matrix = workflow("ci.yml")["jobs"]["check"]["strategy"]["matrix"]

    assert sorted(matrix["dependencies"]) == sorted(words("DEPENDENCIES")) == sets


WORKFLOWS = sorted(path.name for path in (ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_may_do_nothing_by_default_and_runs_only_code_that_cannot_change(name: str):
    document = workflow(name)
    steps = [step for job in document["jobs"].values() for step in job.get("steps", [])]

    assert document["permissions"] == {}
    used = [step["uses"] for step in steps if "uses" in step and not step["uses"].startswith("./")]
    assert [one for one in used if not re.search(r"@[0-9a-f]{40}$", one)] == []
    checkouts = [step for step in steps if "actions/checkout@" in step.get("uses", "")]
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_make_lists_the_commands_that_people_need():
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    for command in ("demo", "check", "matrix", "bench"):
        assert re.search(rf"^  make {command} +\S", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("target", ["matrix-3.12-lowest", "matrix-3.13-openai-2"])
def test_an_environment_of_the_matrix_has_the_python_and_the_dependencies_of_its_name(target: str):
    _, version, dependencies = target.split("-", 2)

    plan = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True).stdout

    assert f'"python{version}" -m venv' in plan
    assert f"--constraint constraints/{dependencies}.txt" in plan
    assert f".venv-{version}-{dependencies}/bin/python -m pytest" in plan


def test_the_version_is_written_once():
    import promptctl

    done = subprocess.run([sys.executable, "-m", "promptctl", "--version"], capture_output=True, text=True)

    assert done.stdout == f"promptctl {promptctl.__version__}\n"
