"""The project's own checks: what their answers mean, what is known of them before they run, how they may break."""

import ast
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptctl.checks.own import Command, Python
from promptctl.core.exchange import Output
from promptctl.core.verdict import Opinion
from promptctl.engine.own import worker_program, workers
from promptctl.errors import FileError
from tests.checks.asking import built, opinion_of, place_of

CODE = "evals/_checks/own.py"


def asked(
    body: str, output: str | Output = "text", files: Mapping[str, str] | None = None, **more: Any
) -> Opinion:
    """What the function `f` of a module says; `more` are further keywords of the check."""
    return opinion_of({"python": {"function": "own:f", **more}}, output, None, {CODE: body, **(files or {})})


def returning(value: str, **more: Any) -> Opinion:
    return asked(f"def f(output):\n    return {value}\n", **more)


def broken(body: str, **more: Any) -> str:
    """Why a function makes the trial an error."""
    with pytest.raises((ValueError, TimeoutError)) as caught:
        asked(body, **more)
    return str(caught.value)


def refused(files: Mapping[str, str | bytes], check: Any = "own:f") -> FileError:
    with pytest.raises(FileError) as caught:
        built({"python": check} if not isinstance(check, dict) or "command" not in check else check, files)
    return caught.value


# what is returned


@pytest.mark.parametrize(
    ("value", "more", "opinion"),
    [
        ("True", {}, ("pass", "f says yes", None)),
        ("False", {}, ("fail", "f says no", None)),
        ("None", {}, ("unscored", "f could not tell", None)),
        ("0.7", {"at_least": 0.7}, ("pass", "f gives 0.7, at least 0.7 wanted", 0.7)),
        ("0", {"at_least": 0.7}, ("fail", "f gives 0, at least 0.7 wanted", 0.0)),
        ("{'pass': True}", {}, ("pass", "f says yes", None)),
        ("{'pass': False, 'score': 2, 'reason': 'too\\nlong'}", {}, ("fail", "too long", 2.0)),
        ("{'pass': None, 'reason': 'no idea'}", {}, ("unscored", "no idea", None)),
        ("{'score': 0.9}", {"at_least": 0.5}, ("pass", "f gives 0.9, at least 0.5 wanted", 0.9)),
        ("{'pass': True, 'score': 0.1}", {"at_least": 0.5}, ("pass", "f says yes", 0.1)),
        ("{'pass': True, 'reason': '退款' + chr(0xd800)}", {}, ("pass", "退款?", None)),
    ],
)
def test_an_answer_is_a_verdict_a_number_or_both_with_a_reason(
    value: str, more: dict[str, Any], opinion: tuple[Any, ...]
):
    found = returning(value, **more)

    assert (found.status, found.reason, found.score) == opinion


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("'yes'", 'own:f returned "yes", which is no verdict'),
        ("1", "own:f returned the number 1: from where on is that a pass? add at_least"),
        ("{}", "own:f returned an empty mapping"),
        ("{'ok': True}", 'own:f returned the key "ok"'),
        ("{'pass': 1}", "neither true nor false"),
        ("{'pass': True, 'score': 'high'}", "which is no number"),
        ("{'pass': True, 'reason': 3}", "a reason that is no text"),
        ("[True]", "which is no verdict"),
        ("float('nan')", "it returned float nan, which is no verdict"),
        ("{1}", "it returned set {1}, which is no verdict"),
        ("object", "which is no verdict"),
        ("{'reason': 'x' * 2_000_000}", "it wrote more than 1,000,000 bytes"),
    ],
)
def test_an_answer_that_is_no_verdict_is_an_error(value: str, why: str):
    assert why in broken(f"def f(output):\n    return {value}\n")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["pass", "score", "reason", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(JSON, st.none() | st.floats(-1, 1))
def test_any_answer_is_an_opinion_or_a_reason_why_not(value: Any, at_least: float | None):
    rule = Python(function="own:f", at_least=at_least)

    try:
        said = rule.opinion(value).reason
    except ValueError as error:
        said = str(error)
    assert said
    assert "\n" not in said


# how a function breaks


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("def f(o):\n    return {}['x']\n", "evals/_checks/own.py:2: KeyError: 'x'"),
        (
            "def f(o):\n    return g(o)\n\ndef g(o):\n    raise ValueError('bad\\nday')\n",
            "own.py:5: ValueError: bad day",
        ),
        ("def f(o):\n    return f(o)\n", "own.py:2: RecursionError"),
        ("def f(o):\n    return bytearray(10**12)\n", "own.py:2: MemoryError"),
        ("import sys\ndef f(o):\n    sys.exit(0)\n", "own.py:3: SystemExit: 0"),
        ("import os\ndef f(o):\n    os._exit(3)\n", "its process ended with exit code 3"),
        (
            "import os, signal\ndef f(o):\n    os.kill(os.getpid(), signal.SIGSEGV)\n",
            "ended by signal 11 (SIGSEGV)",
        ),
        ("import os\ndef f(o):\n    os.write(4, b'garbage\\n')\n    return True\n", "its process wrote"),
        ("import nothing_of_the_kind\ndef f(o):\n    return True\n", "own.py:1: ModuleNotFoundError"),
        ("from _checks import f\n", "own.py:1: ModuleNotFoundError"),
    ],
)
def test_a_function_that_breaks_is_an_error_with_its_line_and_the_next_call_is_fine(body: str, why: str):
    check = built({"python": "own:f"}, {CODE: body + "\nused = True\n"})

    for _ in range(2):
        with pytest.raises(ValueError) as caught:  # noqa: PT011 - the text is looked at below
            check.ask(subject())
        assert why in str(caught.value)
    assert returning("True").status == "pass"


def subject() -> Any:
    from promptctl.core.case import Case
    from promptctl.engine.grading import subject_of

    return subject_of(Case(id="case"), Output(text="text"))


def test_a_function_that_hangs_is_ended_and_after_three_times_not_asked_again(tmp_path: Path):
    calls = tmp_path / "calls"
    body = f"def f(o):\n    open({str(calls)!r}, 'a').write('x')\n    while True: pass\n"
    check = built({"python": {"function": "own:f", "timeout": 2}}, {CODE: body})

    for said in ["longer than 2 s$"] * 3 + ["not asked again"] * 2:
        with pytest.raises(TimeoutError, match=said):
            check.ask(subject())

    assert calls.read_text() == "xxx"


@pytest.mark.timeout(60)  # the last line waits as long as the child lives
def test_a_function_that_hangs_takes_its_children_with_it(tmp_path: Path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    child = (
        f"import time; open({str(pipe)!r}, 'w').write('x'); held = open({str(pipe)!r}, 'w'); time.sleep(1000)"
    )
    body = f"import subprocess, sys\ndef f(o):\n    subprocess.run([sys.executable, '-c', {child!r}])\n"

    assert "longer than 3 s" in broken(body, timeout=3)

    os.set_blocking(reader, True)
    assert os.read(reader, 10) == b"x", "the child never began"
    assert os.read(reader, 10) == b""
    os.close(reader)


@pytest.mark.parametrize(
    "in_the_fork",
    ["return False", "import sys; sys.exit(0)", "raise ValueError('child')", "import time; time.sleep(60)"],
)
def test_a_function_that_forks_answers_once_and_spoils_no_later_case(in_the_fork: str):
    body = f"import os\ndef f(o):\n    if os.fork() == 0:\n        {in_the_fork}\n    return True\n"
    check = built({"python": "own:f"}, {CODE: body})

    assert [check.ask(subject()).status for _ in range(5)] == ["pass"] * 5


def test_what_a_function_prints_and_reads_is_nobodys():
    body = (
        "import sys\ndef f(o):\n    for _ in range(100_000): print('x' * 100)\n"
        "    sys.stderr.write('y' * 100_000)\n    return sys.stdin.read() == ''\n"
    )

    assert asked(body).status == "pass"


def test_a_function_finds_nothing_of_ours_around_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    body = (
        "import os\ndef f(o):\n"
        "    return {'pass': 'OPENAI_API_KEY' not in os.environ and 'PATH' not in os.environ\n"
        "            and os.listdir() == ['evals'], 'reason': str(sorted(os.environ)) + str(os.listdir())}\n"
    )

    found = asked(body)

    assert found.status == "pass", found.reason


def test_a_function_is_given_the_output_its_arguments_and_what_the_case_holds():
    body = (
        "def f(output, *, least, case):\n"
        "    return {'pass': len(output) >= least, 'reason': ' '.join(sorted(case)) + ' ' + case['finish']}\n"
    )

    found = asked(body, "退款" * 500_000, arguments={"least": 1_000_000})

    assert found.status == "pass"
    assert found.reason == "contexts expected finish rejected tool_calls vars stop"


def test_modules_beside_it_and_files_that_are_named_are_there():
    files = {
        "evals/_checks/own.py": "from words.lists import good\nfrom pathlib import Path\n"
        "def f(o):\n    return o in good() and o in Path(__file__).with_name('more.txt').read_text()\n",
        "evals/_checks/words/__init__.py": "",
        "evals/_checks/words/lists.py": "from . import base\ndef good():\n    return base.WORDS\n",
        "evals/_checks/words/base.py": "WORDS = ['text']\n",
        "evals/_checks/more.txt": "text",
        "evals/_checks/other.py": "WORDS = []\n",
    }

    check = built({"python": {"function": "own:f", "files": ["more.txt"]}}, files)

    assert check.ask(subject()).status == "pass"
    assert set(check.spec.files) == set(files) - {"evals/_checks/other.py"}


def test_a_change_of_a_file_that_a_check_needs_is_a_change_of_the_check():
    def meaning(helper: str, other: str = "") -> dict[str, Any]:
        files = {CODE: "import helper\ndef f(o): return True\n", "evals/_checks/helper.py": helper}
        return built({"python": "own:f"}, {**files, "evals/_checks/other.py": other}).spec.meaning()

    assert meaning("a = 1") == meaning("a = 1", other="b = 1")
    assert meaning("a = 1") != meaning("a = 2")


def test_a_check_that_was_made_once_is_made_again_without_the_files():
    from promptctl.engine.check import build

    spec = built({"python": "own:f"}, {CODE: "def f(o): return True\n"}).spec

    assert build(spec).ask(subject()).status == "pass"


def test_one_process_answers_every_call():
    body = "import os\ndef f(o):\n    return {'pass': True, 'reason': str(os.getpid())}\n"
    check = built({"python": "own:f"}, {CODE: body})

    assert len({check.ask(subject()).reason for _ in range(5)}) == 1


def test_few_processes_are_kept_however_many_checks_there_are():
    for number in range(12):
        assert returning(f"True or {number}").status == "pass"

    assert len(workers._workers) <= 8


def test_the_program_of_a_worker_imports_nothing_but_the_standard_library():
    tree = ast.parse(Path(worker_program.__file__).read_text(encoding="utf-8"))
    named = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]

    assert "promptctl" not in ast.unparse(ast.Module(body=list(named), type_ignores=[]))


# what is known before it runs


@pytest.mark.parametrize(
    ("files", "check", "slug", "at", "said"),
    [
        ({}, "own:f", "no-check-code", None, "there is no evals/_checks/own.py"),
        ({"evals/_checks/owl.py": ""}, "own:f", "no-check-code", None, 'did you mean "owl"?'),
        ({CODE: "def g(o): pass"}, "own:f", "no-check-code", None, "has no function f"),
        ({CODE: "def ff(o): pass"}, "own:f", "no-check-code", None, 'did you mean "ff"?'),
        ({CODE: ""}, "json:loads", "no-check-code", None, "Python has a module json of its own"),
        ({CODE: "\n\ndef f(:"}, "own:f", "bad-python", f"{CODE}:3:7", "this is not Python"),
        ({CODE: "# a zero byte\n\0\n"}, "own:f", "bad-python", f"{CODE}:1:1", "this is not Python"),
        ({CODE: b"caf\xe9"}, "own:f", "not-utf8", f"{CODE}:1:4", "UTF-8"),
        (
            {CODE: "import h\ndef f(o): pass", "evals/_checks/h.py": "1 +"},
            "own:f",
            "bad-python",
            "evals/_checks/h.py:1:4",
            "",
        ),
        ({CODE: "x = 1\nasync def f(o): pass"}, "own:f", "no-check-code", f"{CODE}:2:1", "f is async"),
        ({CODE: "def f(): pass"}, "own:f", "no-check-code", f"{CODE}:1:1", "too many positional arguments"),
        (
            {CODE: "def f(o, n): pass"},
            "own:f",
            "no-check-code",
            f"{CODE}:1:1",
            "missing a required argument: 'n'",
        ),
        (
            {CODE: "def f(o, number=1): pass"},
            {"function": "own:f", "arguments": {"numbr": 1}},
            "no-check-code",
            f"{CODE}:1:1",
            'did you mean "number"?',
        ),
        ({CODE: "def f(o): pass"}, "own.f", "bad-check-arguments", None, "is no module:function"),
        ({CODE: "def f(o): pass"}, "../own:f", "bad-check-arguments", None, "is no module:function"),
        (
            {CODE: "def f(o): pass"},
            {"function": "own:f", "timeout": 0},
            "bad-check-arguments",
            None,
            "above 0",
        ),
        (
            {CODE: "def f(o): pass"},
            {"function": "own:f", "timeout": 3600},
            "bad-check-arguments",
            None,
            "600 at most",
        ),
        (
            {CODE: "def f(o): pass"},
            {"function": "own:f", "files": ["../x"]},
            "bad-check-arguments",
            None,
            "named from it",
        ),
        (
            {CODE: "def f(o): pass"},
            {"function": "own:f", "files": ["x"]},
            "no-such-file",
            None,
            "evals/_checks/x",
        ),
        (
            {CODE: "def f(o): pass"},
            {"function": "own:f", "arguments": {"case": 1}},
            "bad-check-arguments",
            None,
            "`case`",
        ),
        (
            {CODE: "def f(o): pass"},
            {"function": "own:f", "at_least": "high"},
            "bad-check-arguments",
            None,
            "a number",
        ),
    ],
)
def test_a_function_that_cannot_be_called_is_refused_before_it_runs(
    files: dict[str, str | bytes], check: Any, slug: str, at: str | None, said: str
):
    error = refused(files, check)

    assert error.slug == slug
    assert str(error.at) == (at or str(place_of("checks", 0)))
    assert said in f"{error.message} {error.fix}"
    assert error.fix


@pytest.mark.parametrize(
    "body",
    [
        "f = lambda o: True\n",
        "from helper import f\n",
        "from helper import *\n",
        "import helper as f\n",
        "if True:\n    def f(o): return True\n",
        "try:\n    import nothing\nexcept ImportError:\n    def f(o, /, case=None, *a, n=1, **k): return True\n",
        "import functools\n@functools.cache\ndef f(o): return True\n",
        "def g(o): return True\nf: object = g\n",
    ],
)
def test_a_name_that_a_module_binds_in_any_way_is_taken(body: str):
    built({"python": "own:f"}, {CODE: body, "evals/_checks/helper.py": "def f(o): return True\n"})


@settings(max_examples=200)
@given(st.text(max_size=80) | st.text(alphabet="def f(o):\n\t import.*[]{}'\"\\\0", max_size=60))
def test_no_text_of_a_module_breaks_what_looks_it_over(body: str):
    try:
        built({"python": "own:f"}, {CODE: body})
    except FileError as error:
        slug = error.slug
    else:
        slug = None
    assert slug in (None, "no-check-code", "bad-python", "not-utf8")


# programs


def ran(*run: str, files: Mapping[str, str] | None = None, **more: Any) -> Opinion:
    return opinion_of({"command": {"run": list(run), **more}}, "text", {"text": "wanted"}, files)


def test_the_exit_code_of_a_program_is_the_verdict_and_its_first_line_the_reason():
    assert ran("true") == Opinion(status="pass", reason="true ends with 0")
    assert ran("sh", "-c", "echo; echo too long; echo more; exit 1") == Opinion(
        status="fail", reason="too long"
    )


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("exit 2", "sh ended with 2"),
        ("echo first >&2; echo second >&2; exit 127", "sh ended with 127: first second"),
        ("echo only here; exit 3", "sh ended with 3: only here"),
        ("kill -9 $$", "its process ended by signal 9 (SIGKILL)"),
        ("yes", "it wrote more than 1,000,000 bytes"),
        ("yes >&2", "it wrote more than 1,000,000 bytes"),
        ("sleep 100", "it took longer than 0.5 s"),
        ("sleep 100 & exit 0", "it took longer than 0.5 s"),
        ("exec >&- 2>&-; sleep 100", "it took longer than 0.5 s"),
    ],
)
def test_a_program_that_breaks_is_an_error_with_what_it_said(script: str, why: str):
    with pytest.raises((ValueError, TimeoutError)) as caught:
        ran("sh", "-c", script, timeout=0.5 if "longer" in why else 10)

    assert str(caught.value) == why


def test_a_program_that_is_not_there_is_an_error():
    with pytest.raises(ValueError, match="no-such-program cannot be started: No such file"):
        ran("no-such-program")


def test_a_program_reads_the_case_as_json_and_has_a_path_and_a_language(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    script = (
        "import json, os, sys\nasked = json.load(sys.stdin)\n"
        "print(asked['output'], asked['expected']['text'], *sorted(os.environ), *os.listdir())\n"
    )
    files = {"evals/_checks/look.py": script}

    # Not `python3`, which may be a script of a version manager, with variables of its own.
    opinion = ran(sys.executable, "evals/_checks/look.py", files=files)

    assert opinion == Opinion(status="pass", reason="text wanted LANG PATH evals")
    assert os.environ["PATH"], "else the test proves little"


def test_a_program_that_reads_nothing_is_no_error():
    assert opinion_of({"command": ["true"]}, "x" * 3_000_000).status == "pass"


def test_a_script_may_be_called_by_its_path_and_brings_what_it_imports():
    files = {
        "evals/_checks/run.py": "#!/usr/bin/env python3\nimport helper, sys\nsys.exit(helper.code)\n",
        "evals/_checks/helper.py": "code = 1\n",
        "evals/_checks/words.txt": "x",
        "evals/_checks/other.py": "",
    }

    check = built({"command": {"run": ["evals/_checks/run.py"], "files": ["words.txt"]}}, files)

    assert check.ask(subject()).status == "fail"
    assert set(check.spec.files) == {
        "evals/_checks/run.py",
        "evals/_checks/helper.py",
        "evals/_checks/words.txt",
    }


@pytest.mark.parametrize(
    ("check", "slug"),
    [
        ({"command": []}, "bad-check-arguments"),
        ({"command": "grep x"}, "bad-check-arguments"),
        ({"command": ["grep x"]}, "bad-check-arguments"),
        ({"command": ["a\0b"]}, "bad-check-arguments"),
        ({"command": ["python3", "evals/_checks/gone.py"]}, "no-such-file"),
        ({"command": {"run": ["true"], "timeout": -1}}, "bad-check-arguments"),
    ],
    ids=str,
)
def test_a_program_that_cannot_be_called_is_refused(check: Any, slug: str):
    assert refused({}, check).slug == slug


@given(st.text(), st.booleans())
def test_whatever_a_program_prints_is_one_line(printed: str, passed: bool):
    opinion = Command(run=("a",)).opinion(passed, printed)

    assert opinion.status == ("pass" if passed else "fail")
    assert opinion.reason.isprintable() or "\n" not in opinion.reason
    assert len(opinion.reason) <= 300
