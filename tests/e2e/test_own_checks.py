"""A project with checks of its own, through the real command: whose code runs, and what a change of it does."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.run import promptctl
from tests.e2e.shop import PROMPT, SUITE, cases, compared, shop_in, sorting, with_settings
from tests.repository import Repo

KIND = "evals/_checks/kind.py"
KNOWN = "evals/_checks/known.py"
PLAIN = "from known import KINDS\n\ndef is_kind(output):\n    return output in KINDS\n"
KINDS = 'KINDS = {"fruit", "vegetable", "herb"}\n'
OWN = {SUITE: with_settings('checks: [python: "kind:is_kind"]', cases()), KIND: PLAIN, KNOWN: KINDS}


def judged(shop: Repo, *args: str) -> dict[str, list[str]]:
    """What the check said of each case on head, by case."""
    tested = compared(shop.path, *args)
    return {
        found["case"]: [
            v["status"] for trial in found["head"] for v in trial["verdicts"] if v["check"] == "python"
        ]
        for found in tested.suite["results"]
    }


def test_a_function_of_the_project_judges_every_case(tmp_path: Path):
    shop = shop_in(tmp_path, OWN)

    assert set(map(tuple, judged(shop, "--no-base").values())) == {("pass",)}


def test_a_change_of_what_it_imports_regrades_both_sides_without_a_call(tmp_path: Path):
    shop = shop_in(tmp_path, OWN)
    before = compared(shop.path, "--no-base")
    shop.branch("change").write({KNOWN: KINDS.replace('"fruit", ', "")})

    tested = compared(shop.path)

    assert tested.suite["notes"] == ["checks of 5 cases changed: 2 that passed now fail"]
    assert tested.suite["digest"]["suite"] != before.suite["digest"]["suite"]
    assert tested.result["calls"]["prompt"] == {"sent": 0, "reused": 5, "saved_equal": 5}
    assert {found["state"] for found in tested.suite["results"]} == {"unchanged"}


def test_a_change_of_a_file_that_no_check_needs_is_no_change(tmp_path: Path):
    shop = shop_in(tmp_path, {**OWN, "evals/_checks/spare.py": "x = 1\n"})
    compared(shop.path, "--no-base")
    shop.branch("change").write({"evals/_checks/spare.py": "x = 2\n"})

    assert compared(shop.path).result["suites"] == []


def test_each_revision_is_judged_by_its_own_code(tmp_path: Path):
    shop = shop_in(tmp_path, OWN)
    shop.commit("stricter", {KNOWN: 'KINDS = {"herb"}\n'})
    shop.write({KIND: "def is_kind(:\n"})

    earlier, later = (judged(shop, "--no-base", "--head", revision) for revision in ("HEAD~1", "HEAD"))

    assert (earlier["apple"], later["apple"], later["mint"]) == (["pass"], ["fail"], ["pass"])


@pytest.mark.parametrize("head", [(), ("--head", "HEAD")], ids=["working tree", "commit"])
def test_a_script_of_the_project_is_found_in_any_revision(head: tuple[str, ...], tmp_path: Path):
    script = "import json, sys\nsys.exit(json.load(sys.stdin)['output'] not in ('fruit', 'herb'))\n"
    check = 'checks: [{command: ["python3", "evals/_checks/sweet.py"], name: python}]'
    shop = shop_in(tmp_path, {SUITE: with_settings(check, cases()), "evals/_checks/sweet.py": script})
    if head:
        shop.write({"evals/_checks/sweet.py": "import sys\nsys.exit(7)\n"})

    found = judged(shop, "--no-base", *head)

    assert (found["apple"], found["leek"]) == (["pass"], ["fail"])


def test_what_the_case_says_reaches_the_function(tmp_path: Path):
    code = "def f(output, case):\n    return (case['vars']['input'], case['expected']['text']) == ('apple', 'fruit')\n"
    shop = shop_in(tmp_path, {SUITE: with_settings('checks: [python: "kind:f"]', cases()), KIND: code})

    found = judged(shop, "--no-base")

    assert (found["apple"], found["pear"]) == (["pass"], ["fail"])


BROKEN = {
    "raises": ("raise KeyError('colour')", "evals/_checks/kind.py:3: KeyError: 'colour'"),
    "hangs": ("\n        while True: pass", "it took longer than 2 s"),
    "ends": ("os._exit(7)", "its process ended with exit code 7"),
    "floods": ("os.write(4, b'x' * 10**7)", "it wrote more than 1,000,000 bytes"),
    "answers nonsense": ("return 'fine'", 'kind:f returned "fine", which is no verdict'),
}


@pytest.mark.parametrize(("line", "why"), BROKEN.values(), ids=BROKEN)
def test_code_that_breaks_is_an_error_of_its_case_and_the_run_goes_on(line: str, why: str, tmp_path: Path):
    code = f"import os\ndef f(output):\n    if output == 'herb': {line}\n    return True\n"
    check = "checks: [{python: {function: 'kind:f', timeout: 2}}]"
    shop = shop_in(tmp_path, {SUITE: with_settings(check, cases()), KIND: code})

    tested = compared(shop.path, "--no-base")

    assert (tested.code, tested.rules) == (3, ["errors"])
    states = {found["case"]: found["state"] for found in tested.suite["results"]}
    assert states == {
        "apple": "new_pass",
        "pear": "new_pass",
        "leek": "new_pass",
        "kale": "new_pass",
        "mint": "error",
    }
    assert f'check "python" broke: {why}' in json.dumps(tested.suite, ensure_ascii=False).replace('\\"', '"')


def test_the_key_of_the_provider_is_not_in_the_environment_of_a_check(tmp_path: Path):
    code = "import os\ndef f(output):\n    return 'OPENAI_API_KEY' not in os.environ\n"
    shop = shop_in(tmp_path, {SUITE: with_settings('checks: [python: "kind:f"]', cases()), KIND: code})

    tested = compared(shop.path, "--no-base", env={"OPENAI_API_KEY": "sk-secret"})

    assert tested.suite["counts"]["new_pass"] == 5


@pytest.mark.parametrize("command", [("lint",), ("test", "--no-base")])
@pytest.mark.parametrize(
    ("files", "error"),
    [
        (
            {KIND: None},
            'error: check "python": there is no evals/_checks/kind.py  [no-check-code]\n'
            "  at   evals/sort.yaml:1:10\n"
            "  fix  write it, with `def is_kind(output, case):` in it\n",
        ),
        (
            {KIND: "def is_kin(output):\n    pass\n"},
            'error: check "python": evals/_checks/kind.py has no function is_kind  [no-check-code]\n'
            "  at   evals/sort.yaml:1:10\n"
            '  fix  did you mean "is_kin"? write `def is_kind(output, case):` in it\n',
        ),
        (
            {KIND: "def is_kind(output:\n"},
            "error: this is not Python: '(' was never closed  [bad-python]\n"
            "  at   evals/_checks/kind.py:1:12\n"
            "  fix  mend it; Python shows more of it\n",
        ),
        (
            {KIND: "open('ran', 'w')\ndef is_kind(output, least): pass\n"},
            "error: is_kind cannot be called with the output and these arguments: missing a required argument: 'least'"
            "  [no-check-code]\n"
            "  at   evals/_checks/kind.py:2:1\n"
            "  fix  `arguments` of the check are the function's keywords, beside output and case\n",
        ),
    ],
    ids=["no file", "no function", "no Python", "no argument"],
)
def test_code_that_cannot_run_is_said_with_its_place_and_nothing_runs(
    files: dict[str, Any], error: str, command: tuple[str, ...], tmp_path: Path
):
    shop = shop_in(tmp_path, OWN).write(files)

    done = promptctl(*command, cwd=shop.path)

    assert done.code == 2
    assert error in done.out + done.err
    assert not (shop.path / "ran").exists()


def test_the_broken_code_of_base_does_not_block_its_own_fix(tmp_path: Path):
    shop = shop_in(tmp_path, {**OWN, KIND: "def is_kind(:\n"})
    shop.branch("mend").write({KIND: PLAIN, PROMPT: sorting(pear="herb")})

    tested = compared(shop.path)

    assert tested.suite["counts"]["cases"] == 5
    assert any("base's cannot be read" in note for note in tested.suite["notes"])


def test_a_blocker_whose_code_changed_is_weakened(tmp_path: Path):
    suite = with_settings('checks: [python: "kind:is_kind"]', cases(apple="severity: blocker"))
    shop = shop_in(tmp_path, {**OWN, SUITE: suite})
    shop.branch("change").write({KIND: "def is_kind(output):\n    return True\n"})

    tested = compared(shop.path)

    assert tested.code == 1
    [change] = tested.suite["yardstick"]
    assert (change["case"], change["what"]) == ("apple", "weakened")
