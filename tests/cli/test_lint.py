"""`promptctl lint`, in a process of its own: what it finds, where it says it is, and how it ends."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.run import Done, promptctl
from tests.repository import Repo

SOUND: dict[str, str | bytes | None] = {
    "promptctl.toml": '[project]\nmodel = "nearest-example"\n',
    "prompts/sort.prompt.j2": "Input: {{ ticket }}\nLabel:\n",
    "evals/sort.yaml": "- {id: a, vars: {ticket: money back}, expected: refund}\n",
}
FINDING = re.compile(
    r"^(error|warning): (.*)  \[([a-z0-9-]+)\]\n(?:  at   (.*)\n)?(?:  fix  (.*)\n)?", re.MULTILINE
)


def project(folder: Path, files: Mapping[str, str | bytes | None] | None = None) -> Repo:
    """A sound project in Git, with `files` instead of or besides its own; None leaves one out."""
    given = {**SOUND, **(files or {})}
    repo = Repo(folder / "shop")
    return repo.write({name: content for name, content in given.items() if content is not None})


def lint(repo: Repo, *paths: str) -> Done:
    return promptctl("lint", *paths, cwd=repo.path)


def findings(done: Done) -> list[tuple[str, str, str]]:
    """(level, slug, place) of each finding, in the order shown."""
    return [(found[1], found[3], found[4] or "") for found in FINDING.finditer(done.out)]


def slugs(done: Done) -> set[str]:
    return {slug for _, slug, _ in findings(done)}


def test_a_sound_project_ends_with_one_line_and_code_0(tmp_path: Path):
    done = lint(project(tmp_path))

    assert done == Done(0, "1 prompt, 1 suite, 1 case: no errors\n", "")


def test_a_project_without_git_is_looked_at_too(tmp_path: Path):
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "a.prompt.j2").write_text("{% if %}", encoding="utf-8")

    done = promptctl("lint", cwd=tmp_path)

    assert findings(done) == [("error", "template-syntax", "prompts/a.prompt.j2:1:1")]


CASE = "evals/sort.yaml"
PROMPT = "prompts/sort.prompt.j2"
HEADER = "---\ninputs: {ticket: string}\n---\n"

ERRORS: dict[str, tuple[dict[str, str | bytes | None], str, str]] = {
    "configuration": (
        {"promptctl.toml": '[project]\nmodle = "x"\n'},
        "unknown-key",
        "promptctl.toml:2:1",
    ),
    "configuration that is no TOML": ({"promptctl.toml": "[project\n"}, "bad-toml", "promptctl.toml:1:9"),
    "header": ({PROMPT: "---\nmodle: x\n---\n{{ ticket }}"}, "unknown-key", f"{PROMPT}:2:1"),
    "header without end": ({PROMPT: "---\nmodel: x\n"}, "header-not-closed", f"{PROMPT}:1:1"),
    "template syntax": ({PROMPT: "\n{{ ticket"}, "template-syntax", f"{PROMPT}:2:1"),
    "missing include": (
        {PROMPT: '{{ ticket }}\n{% include "_a.j2" %}'},
        "template-not-found",
        f"{PROMPT}:2:13",
    ),
    "include outside the prompts": (
        {PROMPT: '{{ ticket }}{% include "../promptctl.toml" %}'},
        "outside-prompts",
        f"{PROMPT}:1:25",
    ),
    "nested role": (
        {PROMPT: "{% user %}{{ ticket }}\n{% system %}kind{% endsystem %}{% enduser %}"},
        "nested-role",
        f"{PROMPT}:2:1",
    ),
    "template in another encoding": ({PROMPT: b"caf\xe9"}, "not-utf8", f"{PROMPT}:1:4"),
    "template in Git LFS": (
        {"prompts/a.prompt.j2": "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n"},
        "lfs-pointer",
        "prompts/a.prompt.j2:1:1",
    ),
    "partial that no prompt reaches": ({"prompts/_a.j2": "{% if %}"}, "template-syntax", "prompts/_a.j2:1:1"),
    "template that is neither prompt nor partial": (
        {"prompts/reply.j2": "hello"},
        "stray-file",
        "prompts/reply.j2:1:1",
    ),
    "suite key": (
        {CASE: "chekcs: []\ncases: [{id: a, input: x, expected: y}]"},
        "unknown-key",
        f"{CASE}:1:1",
    ),
    "case key": ({CASE: "- {id: a, input: x, expected: y, tgas: [z]}"}, "unknown-key", f"{CASE}:1:34"),
    "case that cannot fail": ({CASE: "- {id: a, input: x}"}, "case-cannot-fail", f"{CASE}:1:3"),
    "unknown check": ({CASE: "- {id: a, input: x, checks: [contain: y]}"}, "unknown-check", f"{CASE}:1:30"),
    "bad argument": (
        {CASE: "- {id: a, input: x, checks: [max_words: many]}"},
        "bad-check-arguments",
        f"{CASE}:1:30",
    ),
    "check that cannot fail": (
        {CASE: "- {id: a, input: x, checks: [contains_any: []]}"},
        "bad-check-arguments",
        f"{CASE}:1:30",
    ),
    "unknown prompt": (
        {"evals/srot.yaml": "- {input: x, expected: y}"},
        "unknown-prompt",
        "evals/srot.yaml:1:1",
    ),
    "cases among the settings of a folder": (
        {CASE: None, CASE.removesuffix(".yaml") + "/suite.yaml": "cases:\n- {input: x, expected: y}"},
        "wrong-place",
        CASE.removesuffix(".yaml") + "/suite.yaml:1:1",
    ),
    "empty suite": ({CASE: "cases: []"}, "empty-suite", f"{CASE}:1:1"),
    "stray file": ({"evals/more.yml": "- {input: x, expected: y}"}, "stray-file", "evals/more.yml:1:1"),
    "recorded answers": (
        {
            CASE: None,
            "evals/sort/suite.yaml": "{}",
            "evals/sort/cases/a.yaml": "{input: x, expected: y}",
            "evals/sort/answers/a.jsonl": "{",
        },
        "bad-recording",
        "evals/sort/answers/a.jsonl:1:1",
    ),
    "rendering": (
        {PROMPT: "---\ninputs: {ticket: integer}\n---\n{{ ticket }}"},
        "wrong-input-type",
        f"{CASE}:1:3",
    ),
}


@pytest.mark.parametrize(("files", "slug", "at"), ERRORS.values(), ids=ERRORS)
def test_a_mistake_is_an_error_with_its_place_and_a_cure(
    files: dict[str, str | bytes | None], slug: str, at: str, tmp_path: Path
):
    done = lint(project(tmp_path, files))

    errors = [found for found in findings(done) if found[0] == "error"]
    assert errors == [("error", slug, at)], done.out
    assert "  fix  " in done.out
    assert done.code == 2


def test_a_case_that_cannot_be_rendered_names_the_template_and_the_case(tmp_path: Path):
    repo = project(tmp_path, {PROMPT: "Dear {{ name }}, {{ ticket }}"})

    done = lint(repo)

    assert findings(done) == [
        ("error", "undefined-variable", "prompts/sort.prompt.j2:1:9, case a at evals/sort.yaml:1:3")
    ]


def test_a_template_mistake_that_many_cases_meet_is_told_once_and_counted(tmp_path: Path):
    cases = "".join(f"- {{id: c{n}, vars: {{ticket: x}}, expected: y}}\n" for n in range(7))

    done = lint(project(tmp_path, {PROMPT: "{{ ticket.no.such }}", CASE: cases}))

    assert [place for _, _, place in findings(done)] == [
        "prompts/sort.prompt.j2:1:11, case c0 at evals/sort.yaml:1:3, and 6 more cases"
    ]


@pytest.mark.parametrize(
    ("status", "found"), [("draft", set()), ("retired", set()), ("quarantined", {"undeclared-input"})]
)
def test_cases_that_are_asked_are_rendered_and_no_others(status: str, found: set[str], tmp_path: Path):
    case = "- {id: a, vars: {ticket: x}, expected: y}\n- {id: b, vars: {tikcet: x}, expected: y, STATUS}\n"
    until = f'status: {status}, quarantine: {{reason: "r", until: "2999-01-01"}}'

    done = lint(project(tmp_path, {PROMPT: f"{HEADER}{{{{ ticket }}}}", CASE: case.replace("STATUS", until)}))

    assert slugs(done) == found


def test_a_circle_of_includes_is_told_once_from_however_many_prompts_it_is_entered(tmp_path: Path):
    files = {
        "prompts/one.prompt.j2": '{% include "_a.j2" %}',
        "prompts/two.prompt.j2": '{% include "_a.j2" %}',
        "prompts/_a.j2": '{% include "_b.j2" %}',
        "prompts/_b.j2": '{% include "_a.j2" %}',
    }

    done = lint(project(tmp_path, files))

    errors = [found for found in findings(done) if found[0] == "error"]
    assert errors == [("error", "include-cycle", "prompts/_b.j2:1:1")]


def test_a_symbolic_link_is_refused_by_its_path_and_its_target_never_shown(tmp_path: Path):
    (tmp_path / "secret").write_text("do not read me {{", encoding="utf-8")
    repo = project(tmp_path).symlink("prompts/a.prompt.j2", str(tmp_path / "secret"))

    done = lint(repo)

    assert findings(done) == [("error", "symlink", "prompts/a.prompt.j2:1:1")]
    assert "do not read me" not in done.out


def test_mistakes_of_all_files_are_told_together_errors_first_and_by_file(tmp_path: Path):
    files = {
        "promptctl.toml": '[project]\nmodle = "x"\n',
        "prompts/a.prompt.j2": "{% if %}",
        "prompts/b.prompt.j2": "｛｛ name ｝｝",
        "prompts/c.prompt.j2": '{% include "_none.j2" %}',
        CASE: "- {id: a, input: x, checks: [contain: y]}",
        "evals/two.yml": "",
    }

    done = lint(project(tmp_path, files))

    assert [slug for _, slug, _ in findings(done)] == [
        "unknown-check",
        "stray-file",
        "unknown-key",
        "template-syntax",
        "full-width",
        "template-not-found",
        "untested-prompt",
    ]
    assert done.out.endswith("\n4 prompts, 1 suite, 1 case: 6 errors, 1 warning\n")


def test_one_broken_case_does_not_hide_the_wrong_checks_of_its_suite(tmp_path: Path):
    files = {
        CASE: None,
        "evals/sort/suite.yaml": "checks:\n  - contain: x\n",
        "evals/sort/cases/a.yaml": "{id: a, input: x, expectd: y, checks: [max_words: 0]}",
    }

    done = lint(project(tmp_path, files))

    assert slugs(done) == {"unknown-check", "unknown-key", "bad-check-arguments"}


def test_a_broken_configuration_hides_no_mistake_of_the_folders_that_it_names(tmp_path: Path):
    files = {
        "promptctl.toml": '[project]\nprompts = "templates"\nmodle = "x"\n',
        PROMPT: None,
        "templates/sort.prompt.j2": "{{ ticket",
    }

    done = lint(project(tmp_path, files))

    assert [place for _, _, place in findings(done)] == [
        "promptctl.toml:3:1",
        "templates/sort.prompt.j2:1:1",
    ]


WARNINGS: dict[str, tuple[dict[str, str | bytes | None], str, str]] = {
    "input in a system block": (
        {PROMPT: f"{HEADER}{{% system %}}Be kind. {{{{ ticket }}}}{{% endsystem %}}"},
        "input-in-system",
        f"{PROMPT}:4:25",
    ),
    "undeclared variable": (
        {PROMPT: f"{HEADER}{{{{ ticket }}}}\n{{{{ tone | default('warm') }}}}"},
        "undeclared-variable",
        f"{PROMPT}:5:4",
    ),
    "undeclared variable in a partial": (
        {PROMPT: f'{HEADER}{{{{ ticket }}}}{{% include "_a.j2" %}}', "prompts/_a.j2": "{{ x | default(1) }}"},
        "undeclared-variable",
        "prompts/_a.j2:1:4",
    ),
    "unused input": (
        {PROMPT: "---\ninputs:\n  ticket: string\n  tone: {type: string, default: warm}\n---\n{{ ticket }}"},
        "unused-input",
        f"{PROMPT}:4:3",
    ),
    "dynamic include": (
        {
            PROMPT: '{{ ticket }}\n{% include ["_a.j2", "_b.j2"][ticket | length % 2] %}',
            "prompts/_a.j2": "a",
            "prompts/_b.j2": "b",
        },
        "dynamic-include",
        f"{PROMPT}:2:1",
    ),
    "partial that nothing reaches": ({"prompts/_a.j2": "a"}, "unused-partial", "prompts/_a.j2:1:1"),
    "variable that a prompt without header does not use": (
        {CASE: "- {id: a, vars: {ticket: x, tone: y}, expected: z}"},
        "unused-variable",
        f"{CASE}:1:3",
    ),
    "prompt without a case": ({"prompts/b.prompt.j2": "b"}, "untested-prompt", "prompts/b.prompt.j2:1:1"),
    "prompt whose cases are all drafts": (
        {CASE: "- {id: a, input: x, expected: y, status: draft}"},
        "untested-prompt",
        f"{PROMPT}:1:1",
    ),
    "model that nobody serves": (
        {PROMPT: "---\nmodel: gtp-5\n---\n{{ ticket }}"},
        "unknown-model",
        f"{PROMPT}:2:1",
    ),
    "full-width brackets": ({PROMPT: "{{ ticket }}\n工单：｛｛ 退款 ｝｝"}, "full-width", f"{PROMPT}:2:4"),
    "two configurations": (
        {"pyproject.toml": '[tool.promptctl.project]\nmodel = "x"\n'},
        "config-not-read",
        "promptctl.toml:1:1",
    ),
    "no prompt": ({PROMPT: None, CASE: None, "prompts/notes.txt": "x"}, "no-prompt", "prompts:1:1"),
}


@pytest.mark.parametrize(("files", "slug", "at"), WARNINGS.values(), ids=WARNINGS)
def test_what_is_allowed_and_probably_not_meant_is_a_warning_and_ends_well(
    files: dict[str, str | bytes | None], slug: str, at: str, tmp_path: Path
):
    done = lint(project(tmp_path, files))

    assert findings(done) == [("warning", slug, at)], done.out
    assert done.out.endswith(": no errors, 1 warning\n")
    assert done.code == 0


REFUSED_PARAMS: dict[str, tuple[dict[str, str | bytes | None], str, str]] = {
    "parameter that the server does not read": (
        {PROMPT: "---\nmodel: gpt-5\nparams:\n  max_tokens: 9\n---\n{{ ticket }}"},
        "ignored-param",
        f"{PROMPT}:4:3",
    ),
    "parameter that another server does not read": (
        {PROMPT: "---\nmodel: qwen-plus\nparams: {max_completion_tokens: 9}\n---\n{{ ticket }}"},
        "ignored-param",
        f"{PROMPT}:3:10",
    ),
}


@pytest.mark.parametrize(("files", "slug", "at"), REFUSED_PARAMS.values(), ids=REFUSED_PARAMS)
def test_a_parameter_that_the_server_ignores_or_refuses_is_an_error(
    files: dict[str, str | bytes | None], slug: str, at: str, tmp_path: Path
):
    done = lint(project(tmp_path, files))

    assert (done.code, findings(done)) == (2, [("error", slug, at)]), done.out


QUIET: dict[str, dict[str, str | bytes | None]] = {
    "a menu in a system block": {
        PROMPT: "---\ninputs:\n  ticket: string\n  tone: {type: string, enum: [warm, cool], default: warm}\n"
        "---\n{% system %}{{ tone }}{% endsystem %}{% user %}{{ ticket }}{% enduser %}"
    },
    "an input that only a partial uses": {
        PROMPT: f'{HEADER}{{% include "_a.j2" %}}',
        "prompts/_a.j2": "{{ ticket }}",
    },
    "messages that are inserted": {
        PROMPT: "---\ninputs: {ticket: string, history: {type: messages, default: []}}\n---\n"
        "{% insert history %}{% user %}{{ ticket }}{% enduser %}"
    },
    "a limit by our own name": {
        PROMPT: "---\nmodel: gpt-5\nparams: {max_output_tokens: 9}\n---\n{{ ticket }}"
    },
    "full-width punctuation in the text": {PROMPT: "请回答：“退款”，｛退款｝。{{ ticket }}"},
    "a text file that a prompt includes": {
        PROMPT: '{{ ticket }}{% include "terms.txt" %}',
        "prompts/terms.txt": "Terms.",
    },
    "a readme among the prompts": {"prompts/README.md": "{{ not a template"},
}


@pytest.mark.parametrize("files", QUIET.values(), ids=QUIET)
def test_what_is_meant_is_not_warned_of(files: dict[str, str | bytes | None], tmp_path: Path):
    done = lint(project(tmp_path, files))

    assert findings(done) == []


def test_fifty_findings_are_shown_and_the_rest_is_counted(tmp_path: Path):
    files = {f"prompts/p{n:02}.prompt.j2": "{{" for n in range(53)}

    done = lint(project(tmp_path, files))

    assert len(findings(done)) == 50
    assert done.out.endswith("… and 3 more findings\n54 prompts, 1 suite, 1 case: 53 errors\n")


@pytest.mark.parametrize("path", ["prompts/a.prompt.j2", "prompts/deep", "./prompts/deep/../a.prompt.j2"])
def test_a_path_limits_the_findings_to_what_concerns_it(path: str, tmp_path: Path):
    files = {"prompts/a.prompt.j2": "{{", "prompts/deep/b.prompt.j2": "{{"}

    done = lint(project(tmp_path, files), path)

    assert len(findings(done)) == 1
    assert done.out.endswith("\n1 prompt, 0 suites, 0 cases: 1 error\n")


def test_the_path_of_a_partial_shows_what_the_cases_of_its_prompts_meet(tmp_path: Path):
    files = {
        PROMPT: f'{HEADER}{{% include "_a.j2" %}}',
        "prompts/_a.j2": "{{ ticket }}",
        CASE: "- {id: a, vars: {tikcet: x}, expected: y}",
        "prompts/other.prompt.j2": "{{",
    }

    done = lint(project(tmp_path, files), "prompts/_a.j2")

    assert findings(done) == [("error", "undeclared-input", "evals/sort.yaml:1:3")]


def test_paths_are_read_from_the_folder_where_they_are_typed(tmp_path: Path):
    repo = project(tmp_path, {"prompts/deep/b.prompt.j2": "{{"})

    done = promptctl("lint", "b.prompt.j2", cwd=repo.path / "prompts" / "deep")

    assert findings(done) == [("error", "template-syntax", "prompts/deep/b.prompt.j2:1:1")]


@pytest.mark.parametrize(("path", "slug"), [("prompts/none", "no-such-file"), ("..", "outside-project")])
def test_a_path_that_cannot_be_meant_is_refused(path: str, slug: str, tmp_path: Path):
    done = lint(project(tmp_path), path)

    assert done.code == 2
    assert f"[{slug}]" in done.err
    assert done.out == ""


def test_what_a_file_says_cannot_act_on_the_terminal(tmp_path: Path):
    files = {
        "prompts/\x1b[2Jx.prompt.j2": "{{",
        CASE: '- {id: a, input: x, checks: ["con\\u202etain\\e]0;owned\\a"]}',
    }

    done = lint(project(tmp_path, files))

    assert slugs(done) == {"template-syntax", "unknown-check"}
    assert not re.search("[\x1b\x07\u202e]", done.out + done.err)


def test_outside_a_project_it_says_how_to_begin(tmp_path: Path):
    done = promptctl("lint", cwd=tmp_path)

    assert done.code == 2
    assert "[no-project]" in done.err
