"""`promptctl import`, in a process of its own: what it says, how it ends, and that lint is content afterwards."""

from pathlib import Path

import pytest

from tests.cli.run import Done, promptctl

TRIAGE = """\
model: openai/gpt-4o-mini
messages:
  - {role: user, content: "Sort: {{ticket}}"}
testData:
  - {ticket: Where is my parcel?, expected: delivery, note: seen twice}
evaluators:
  - {name: word, string: {contains: delivery}}
  - {name: near, uses: github/similarity}
"""


def run(tmp_path: Path, *args: str, **files: str) -> Done:
    folder = tmp_path / "project"
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        path = folder / name.replace("__", ".").replace("_in_", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return promptctl("import", *args, cwd=folder)


def test_a_file_is_taken_over_and_what_is_left_out_is_named(tmp_path: Path):
    done = run(tmp_path, "triage.yml", triage__yml=TRIAGE)

    assert done == Done(
        0,
        """\
triage.yml   github_models
  wrote  prompts/triage.prompt.j2
  wrote  evals/triage.yaml
  proved  4 of 4 requests equal
  left out  triage.yml:5:55: testData[0].note — no message and no evaluator uses it
  left out  triage.yml:8:5: evaluator 'near' (github/similarity) — promptctl has no judges yet: ask what code can check
wrote  promptctl.toml
1 prompt, 1 case imported; 2 things left out
""",
        "",
    )
    assert promptctl("lint", cwd=tmp_path / "project") == Done(
        0, "1 prompt, 1 suite, 1 case: no errors\n", ""
    )


def test_a_workflow_is_told_from_a_prompt(tmp_path: Path):
    done = run(tmp_path, "ci.yml", ci__yml="name: x\non: push\njobs: {}\n")

    assert done.code == 2
    assert done.out == ""
    first, at, fix = done.err.splitlines()
    assert first == "error: this is a GitHub Actions workflow, not a prompt  [import-unknown]"
    assert at == "  at   ci.yml:1:1"
    assert fix.startswith("  fix  known formats are dotprompt, ")


def test_strict_writes_nothing_and_ends_with_2(tmp_path: Path):
    done = run(tmp_path, "triage.yml", "--strict", triage__yml=TRIAGE)

    assert done.code == 2
    assert "would write  prompts/triage.prompt.j2" in done.out
    assert "error: nothing was written: 2 things would be left out  [import-strict]" in done.err
    assert not (tmp_path / "project" / "prompts").exists()


def test_a_folder_imports_what_it_can_and_says_the_rest_on_stderr(tmp_path: Path):
    done = run(
        tmp_path,
        "old",
        old_in_a__prompty="user:\nHi\n",
        old_in_b__prompt="{{json x}}",
        old_in_c__csv="a,b\n",
    )

    assert done.code == 0
    assert done.out.endswith("1 prompt, 0 cases imported\n")
    assert (
        "error: the helper json cannot be carried over  [import-unsupported]\n  at   old/b.prompt:1:1"
        in done.err
    )
    assert "passed over: old/c.csv" in done.err


def test_a_folder_without_any_prompt_ends_with_2(tmp_path: Path):
    done = run(tmp_path, "old", old_in_c__csv="a,b\n")

    assert done.code == 2
    assert "error: no file here is in a known format  [import-unknown]" in done.err


def test_a_dry_run_says_what_it_would_write(tmp_path: Path):
    done = run(tmp_path, "a.txt", "--dry-run", "--to", "mail", a__txt="Hi {name}\n")

    assert done.out == (
        "a.txt   text\n"
        "  would write  prompts/mail/a.prompt.j2\n"
        "  proved  3 of 3 requests equal\n"
        "note  blank lines at the ends of messages are not sent by promptctl\n"
        "1 prompt, 0 cases read, nothing written\n"
    )


@pytest.mark.parametrize(
    ("args", "slug"),
    [
        ((), "usage"),
        (("a.txt", "--as", "nothing"), "unknown-format"),
        (("a.txt", "--name", "../x"), "usage"),
        (("none.txt",), "no-such-file"),
    ],
)
def test_a_wrong_call_ends_with_2_and_three_lines(tmp_path: Path, args: tuple[str, ...], slug: str):
    done = run(tmp_path, *args, a__txt="Hi {name}")

    assert done.code == 2
    assert f"[{slug}]" in done.err
    assert [line[:6] for line in done.err.splitlines()] == ["error:", "  at  ", "  fix "]


def test_foreign_names_cannot_act_on_the_terminal(tmp_path: Path):
    text = TRIAGE.replace("note:", '"no\\e[31mte":').replace("near", '"n\\e[2J"')

    done = run(tmp_path, "triage.yml", triage__yml=text)

    assert done.code == 0
    assert "\x1b" not in done.out + done.err
