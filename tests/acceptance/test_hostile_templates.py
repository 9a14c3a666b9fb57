"""Templates, patterns and checks from a stranger's pull request: the command ends, says where, and stays small."""

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.acceptance.refusing import ERROR
from tests.cli.run import clean_environment, promptctl
from tests.repository import Repo

LOOPS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
LARGEST = 1536  # megabytes that any one process may reach; the attacks ask for three thousand and more

# Runs a command, and says how large the largest process was that it, or a child of it, had.
MEASURED = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:])
largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(largest // (1024 * 1024 if sys.platform == "darwin" else 1024), file=open("../largest", "w"))
sys.exit(done.returncode)
"""


class Ended(NamedTuple):
    """How a command ended: its errors as slug → first place, its whole output, megabytes of its largest process."""

    code: int
    errors: dict[str, set[str]]
    said: str
    largest: int


def measured(repo: Repo, *args: str) -> Ended:
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, sys.executable, "-m", "promptctl", *args],
        cwd=repo.path,
        env=clean_environment(repo.path),
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    said = done.stdout + done.stderr
    assert "Traceback" not in said
    errors: dict[str, set[str]] = {}
    for found in ERROR.finditer(said):
        errors.setdefault(found["slug"], set()).add(found["at"].partition(",")[0].rpartition(":")[0])
    return Ended(done.returncode, errors, said, int((repo.path.parent / "largest").read_text()))


def suite(*ids: str) -> str:
    return json.dumps([{"id": one, "vars": {"x": one}, "checks": [{"contains": "x"}]} for one in ids])


@pytest.mark.timeout(300)
def test_lint_names_every_hostile_template_with_its_line_and_finds_what_is_wrong_with_the_others(
    tmp_path: Path,
):
    repo = Repo(tmp_path / "project")
    repo.write(
        {
            "prompts/folded.prompt.j2": "Line\n{{ 'a' * 3000000000 }}{{ x }}\n",
            "prompts/center.prompt.j2": "Line\n{{ x | center(3000000000) }}\n",
            "prompts/doubled.prompt.j2": "{% set n = namespace(a=x) %}\n{% for i in range(40) %}\n"
            "{% set n.a = n.a ~ n.a %}{% endfor %}{{ n.a }}\n",
            "prompts/hung.prompt.j2": "Line\n\n{% include '_hung.j2' %} {{ x }}\n",
            "prompts/_hung.j2": f"Line\n{LOOPS}\n",
            "prompts/slow-to-read.prompt.j2": "Line\n{{ [1] | slice(300000000) | list | length }}{{ x }}\n",
            "prompts/wrong.prompt.j2": "Line\nSay {{ z }}, {{ x }}\n",
            "prompts/fine.prompt.j2": "Say {{ x }}\n",
            **{
                f"evals/{name}.yaml": suite(*(f"{name}-{number}" for number in range(20)))
                for name in ("center", "doubled", "hung", "wrong", "fine")
            },
        }
    )

    ended = measured(repo, "lint")

    assert ended.code == 2, ended.said
    assert ended.errors["template-too-large"] >= {
        "prompts/folded.prompt.j2:2",
        "prompts/center.prompt.j2:2",
    }, ended.said
    assert ended.errors["template-too-slow"] >= {"prompts/_hung.j2:2", "prompts/slow-to-read.prompt.j2:2"}
    # Which limit it meets first depends on the machine.
    assert "prompts/doubled.prompt.j2:3" in {at for places in ended.errors.values() for at in places}
    assert ended.errors["undefined-variable"] == {"prompts/wrong.prompt.j2:2"}
    assert "fine.prompt.j2" not in ended.said
    assert ended.largest < LARGEST


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "command",
    [
        ("render", "reply", "--var", "x=a"),
        ("ask", "reply", "--var", "x=a"),
        ("test",),
        ("diff", "reply", "--rendered"),
    ],
    ids=lambda command: command[0],
)
def test_every_command_that_renders_refuses_a_template_that_fills_the_memory(
    command: tuple[str, ...], tmp_path: Path
):
    repo = Repo(tmp_path / "project")
    repo.commit("start", {"prompts/reply.prompt.j2": "Say {{ x }}\n", "evals/reply.yaml": suite("a")})
    repo.write({"prompts/reply.prompt.j2": "Say\n{{ '%3000000000d' % (x | length) }}\n"})

    ended = measured(repo, *command)

    assert (ended.code, ended.errors) == (2, {"template-too-large": {"prompts/reply.prompt.j2:2"}}), (
        ended.said
    )
    assert ended.largest < LARGEST


def test_without_isolation_the_same_is_rendered(tmp_path: Path):
    repo = Repo(tmp_path / "project")
    repo.commit("start", {"prompts/reply.prompt.j2": "Say {{ x }}\n", "evals/reply.yaml": suite("a")})

    results = []
    for isolated in ("--isolate", "--no-isolate"):
        done = promptctl("test", "--no-base", isolated, "--json", "-", cwd=repo.path)
        [tested] = json.loads(done.out)["suites"]
        results.append((done.code, tested["digest"], tested["results"][0]["head"][0]["answer"]))

    assert results[0] == results[1]


@pytest.mark.timeout(120)
def test_a_pattern_without_end_is_an_error_of_its_trial_and_the_others_are_scored(tmp_path: Path):
    repo = Repo(tmp_path / "project")
    endless = {"regex": "(x+x+)+y"}
    cases = [
        {"id": "endless", "input": "first", "checks": [endless]},
        {
            "id": "in-a-schema",
            "input": "second",
            "checks": [{"json_schema": {"schema": {"pattern": "(x+x+)+y"}}}],
        },
        {"id": "fine", "input": "third", "checks": [{"contains": "ok"}, {"regex": "o+k"}]},
    ]
    labels = {"first": "x" * 3000, "second": json.dumps("x" * 3000), "third": "ok"}
    examples = "".join(f"Input: {name}\nLabel: {label}\n\n" for name, label in labels.items())
    repo.write(
        {
            "prompts/reply.prompt.j2": f"{examples}Input: {{{{ input }}}}\nLabel:\n",
            "evals/reply.yaml": json.dumps(cases),
        }
    )

    done = promptctl("test", "--no-base", "--json", "-", cwd=repo.path)

    [tested] = json.loads(done.out)["suites"]
    found = {one["case"]: one["head"][0] for one in tested["results"]}
    assert {name: one["outcome"] for name, one in found.items()} == {
        "endless": "error",
        "in-a-schema": "error",
        "fine": "pass",
    }
    assert "took longer than 1 s" in json.dumps(found["endless"])
    assert "took longer than 1 s" in json.dumps(found["in-a-schema"])
    assert done.code == 3
    assert "Traceback" not in done.err
