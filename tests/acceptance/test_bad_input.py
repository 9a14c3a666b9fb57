"""Bad input through the real command: the right exit code, three lines that help, and nothing done on the side."""

import json
import os
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.refusing import PROJECT, REPLY, SUITE, Refusal, every_file, refused, run
from tests.cli.run import clean_environment
from tests.repository import Repo

BULK = "evals/reply/cases.jsonl"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "project")


def ways(*names: str) -> pytest.MarkDecorator:
    """Each command that may be given what is wrong."""
    return pytest.mark.parametrize("command", [tuple(shlex.split(name)) for name in names], ids=names)


def case_lines(count: int, **last: str) -> str:
    """`count` cases as JSON lines, c1 and so on; the last one with the variables `last`."""
    values = [{"ticket": "t"}] * (count - 1) + [dict(last)]
    return "".join(
        json.dumps({"id": f"c{number}", "vars": value, "expected": "x"}) + "\n"
        for number, value in enumerate(values, 1)
    )


# Row 1: an undefined variable in one of many cases


def test_a_misspelt_input_names_the_template_the_case_and_the_nearest_name(repo: Repo):
    repo.write({REPLY: PROJECT[REPLY], BULK: case_lines(17, tikket="t")})

    error = refused(repo, "test")

    assert error.slug == "undefined-variable"
    assert error.at == f"{REPLY}:3:12, case c17 at {BULK}:17:1"
    assert "'tikket'" in error.fix


def test_a_misspelt_variable_that_only_one_case_reaches_is_found_before_any_call(repo: Repo):
    template = "---\ninputs: {ticket: string}\n---\nTicket: {{ ticket }}\n{% if ticket == 'x' %}{{ tickt }}{% endif %}"
    repo.write({REPLY: template, BULK: case_lines(17, ticket="x")})

    error = refused(repo, "test")

    assert error.slug == "undefined-variable"
    assert error.at == f"{REPLY}:5:26, case c17 at {BULK}:17:1"
    assert '"ticket"' in error.fix


# Row 4: leaving the sandbox

ESCAPES = {
    "attributes": "{{ ''.__class__.__mro__ }}",
    "item": "{{ ticket['__class__'] }}",
    "globals": "{{ self.__init__.__globals__.__builtins__.open('CANARY', 'w') }}",
    "CVE-2016-10745 str.format": "{{ '{0.__class__}'.format(ticket) }}",
    "CVE-2019-10906 str.format_map": "{{ '{a.__class__}'.format_map({'a': ticket}) }}",
    "CVE-2024-56326 format kept in a variable": "{% set f = '{0.__class__}'.format %}{{ f(ticket) }}",
    "CVE-2024-56326 format kept in a mapping": "{{ {'f': '{0.__class__}'.format}['f'](ticket) }}",
    "CVE-2024-56326 format through map": "{{ ['{0.__class__}']|map('format', ticket)|first }}",
    "CVE-2025-27516 attr": "{{ ('{0.__class__}'|attr('format'))(ticket) }}",
    "CVE-2025-27516 attr of attr": "{{ (('{0.__class__}'|attr('fo' ~ 'rmat'))(ticket)) }}",
    "attr to an underscore": "{{ ticket|attr('__class__') }}",
    "map to an underscore": "{{ [ticket]|map(attribute='__class__')|first }}",
    "a list that changes": "{{ [].append(ticket) }}",
    "lipsum": "{{ lipsum.__globals__['os'].popen('touch CANARY').read() }}",
    "cycler": "{{ cycler.__init__.__globals__.os.popen('touch CANARY').read() }}",
    "joiner": "{{ joiner.__init__.__globals__.os.popen('touch CANARY').read() }}",
}


@pytest.mark.parametrize("template", ESCAPES.values(), ids=ESCAPES.keys())
def test_a_template_cannot_leave_the_sandbox(repo: Repo, template: str):
    repo.write({REPLY: f"Ticket: {{{{ ticket }}}}\n{template}\n"})

    error = refused(repo, "render", "reply", "--var", "ticket=secret-value")

    assert error.slug in ("not-allowed", "undefined-variable", "template-error", "not-text")
    assert error.at.startswith(f"{REPLY}:2:")
    assert "class 'str'" not in str(error)


@pytest.mark.parametrize("template", [ESCAPES["attributes"], ESCAPES["item"], ESCAPES["CVE-2025-27516 attr"]])
def test_an_escape_is_called_not_allowed_in_templates(repo: Repo, template: str):
    repo.write({**PROJECT, REPLY: f"Ticket: {{{{ ticket }}}}\n{template}\n"})

    error = refused(repo, "test")

    assert error.slug == "not-allowed"
    assert error.message.startswith("not allowed in templates")


def test_a_template_whose_name_is_code_runs_nothing(repo: Repo):
    """CVE-2024-56201: the compiler once put the file's name into the code it made."""
    name = "x'+__import__('os').system('touch CANARY')+'\n__import__('os').system('touch CANARY')#{{ 7*7 }}"
    repo.write({f"prompts/{name}.prompt.j2": "{% macro m() %}x{% endmacro %}Ticket: {{ m() }}{{ ticket }}\n"})

    done = run(repo, "render", name, "--var", "ticket=t", "--json")

    assert json.loads(done.out)["messages"] == [{"role": "user", "content": "Ticket: xt"}]
    assert set(every_file(repo.path)) == {"prompts", f"prompts/{name}.prompt.j2"}


# Row 5: leaving the prompt folder

OUTSIDE = [
    "../../etc/passwd",
    "../secret.txt",
    "/etc/passwd",
    "a/../../secret.txt",
    "..\\\\secret.txt",
    "C:/x",
]


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize("tag", ["include", "extends", "import"])
def test_no_tag_reaches_a_file_outside_the_prompt_folder(repo: Repo, tag: str, name: str):
    more = " as other" if tag == "import" else ""
    repo.write({**PROJECT, REPLY: f"Ticket: {{{{ ticket }}}}\n{{% {tag} '{name}'{more} %}}\n"})
    os.mkfifo(repo.path / "secret.txt")  # to open it would be to wait for ever

    error = refused(repo, "test", timeout=20)

    assert error.slug == "outside-prompts"
    assert error.at.startswith(f"{REPLY}:2:")
    assert "outside prompts/" in error.message


def test_a_name_that_a_value_computes_stays_inside_too(repo: Repo):
    repo.write({REPLY: "Ticket\n{% include ticket %}\n"})
    os.mkfifo(repo.path / "secret.txt")

    error = refused(repo, "render", "reply", "--var", "ticket=../secret.txt", timeout=20)

    assert (error.slug, error.at) == ("outside-prompts", f"{REPLY}:2:1")


def test_a_symbolic_link_is_refused_by_its_path_and_never_followed(repo: Repo):
    repo.write({**PROJECT, REPLY: "{% include 'link.j2' %}{{ ticket }}\n"}).symlink(
        "prompts/link.j2", "../fifo"
    )
    os.mkfifo(repo.path / "fifo")

    error = refused(repo, "test", timeout=20)

    assert (error.slug, error.at) == ("symlink", "prompts/link.j2:1:1")


# Row 6: too deep

DEEP = {
    "200 nested ifs": "{% if 1 %}" * 200 + "x" + "{% endif %}" * 200,
    "self-include": "{% include 'reply.prompt.j2' %}",
    "self-extends": "{% extends 'reply.prompt.j2' %}",
    "recursive macro": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "300 brackets": "{{ " + "(" * 300 + "1" + ")" * 300 + " }}",
    "3000 nots": "{{ " + "not " * 3000 + "1 }}",
}


@pytest.mark.parametrize("template", DEEP.values(), ids=DEEP.keys())
def test_a_template_without_end_is_refused_by_name(repo: Repo, template: str):
    repo.write({**PROJECT, REPLY: f"Ticket: {{{{ ticket }}}}\n{template}\n"})

    error = refused(repo, "test")

    assert error.slug in ("template-too-deep", "include-cycle")
    assert error.at.startswith(f"{REPLY}:")
    assert "Recursion" not in str(error)
    assert "indented" not in str(error)


# Row 7: what is no revision. (A NUL cannot be given to a process; tests/store/test_repo.py has it.)

NO_COMMITS = [
    "--output=CANARY",
    "-h",
    "--help",
    "a\nb",
    "HEAD:prompts/reply.prompt.j2",
    "HEAD^{tree}",
    "nowhere",
]


@pytest.mark.parametrize("revision", NO_COMMITS)
@ways("test --base", "test --head", "render --var ticket=t reply", "show reply")
def test_what_is_no_commit_is_refused_and_writes_nothing(repo: Repo, command: tuple[str, ...], revision: str):
    repo.commit(files=PROJECT)
    words = [*command[:-1], f"reply@{revision}"] if command[-1] == "reply" else [*command, revision]

    error = refused(repo, *words)

    assert error.slug == "not-a-commit"
    assert "is not a commit" in error.message


@ways("test --base", "test --head")
def test_nothing_and_the_id_of_a_tree_or_a_file_are_no_commits(repo: Repo, command: tuple[str, ...]):
    repo.commit(files=PROJECT)

    for revision in ("", repo.git("rev-parse", "HEAD^{tree}"), repo.git("rev-parse", f"HEAD:{REPLY}")):
        assert refused(repo, *command, revision).slug == "not-a-commit"


@ways(
    "render --var ticket=t", "show", "log", "diff", "ask --var ticket=t", "test --base", "diff reply --base"
)
def test_a_prompt_at_no_revision_is_not_the_working_tree(repo: Repo, command: tuple[str, ...]):
    repo.commit(files=PROJECT)

    assert refused(repo, *command, "reply@").slug == "not-a-commit"


# Row 8: a shallow clone


@pytest.fixture
def shallow(repo: Repo, tmp_path: Path) -> Repo:
    for number in range(3):
        repo.commit(files={**PROJECT, REPLY: f"Answer {number}. {{{{ ticket }}}}\n"})
    return repo.clone(tmp_path / "clone" / "project", depth=1)


@pytest.mark.parametrize(("base", "depth"), [("HEAD~1", 2), ("main~2", 0)])
def test_a_shallow_clone_without_the_base_is_incomplete_and_says_which_depth(
    shallow: Repo, base: str, depth: int
):
    error = refused(shallow, "test", "--base", base, code=3)

    assert error.slug == "no-base-revision"
    assert f"fetch-depth: {depth}" in error.fix


def test_a_shallow_clone_compares_nothing_wrong(shallow: Repo):
    done = run(shallow, "test", "--base", "main~2", "--json", "-")

    result = json.loads(done.out)
    assert (done.code, result["decision"]["status"], result["suites"]) == (3, "incomplete", [])
    assert done.err.splitlines()[0].endswith("[no-base-revision]")


# Row 9: repositories in odd states


def test_a_repository_of_another_user_names_the_command_that_cures_it(repo: Repo):
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder to another user")
    repo.commit(files=PROJECT)
    subprocess.run(["chown", "-R", "12345", str(repo.path)], check=True)

    error = refused(repo, "test")

    assert error.slug == "dubious-ownership"
    subprocess.run(shlex.split(error.fix), check=True, env=clean_environment(repo.path))
    assert run(repo, "test").code == 0


def test_without_the_git_program_a_repository_says_so_and_a_folder_works(repo: Repo, tmp_path: Path):
    repo.write(PROJECT)
    folder = Repo(tmp_path / "folder", init=False).write(PROJECT)

    assert refused(repo, "test", env={"PATH": "/nowhere"}).slug == "git-missing"
    assert run(folder, "test", env={"PATH": "/nowhere"}).out.splitlines()[-1].startswith("NO BASE")


def test_outside_git_head_alone_is_scored_and_a_base_is_refused(tmp_path: Path):
    folder = Repo(tmp_path / "folder", init=False).write(PROJECT)

    assert refused(folder, "test", "--base", "main") == Refusal(
        "main needs a Git repository, and this project is in none",
        "no-repository",
        "--base main",
        "`git init`, then commit the project; without it, head alone is scored: `promptctl test`",
    )
    done = run(folder, "test")
    assert (done.code, done.out.splitlines()[-1].split("  ")[0]) == (0, "NO BASE")


def test_before_the_first_commit_head_alone_is_scored(repo: Repo):
    repo.write(PROJECT)

    done = run(repo, "test")

    assert (done.code, done.out.splitlines()[-1].split("  ")[0]) == (0, "NO BASE")


def test_a_detached_head_is_compared_as_any_other(repo: Repo):
    repo.commit(files=PROJECT)
    repo.commit(files={REPLY: "Answer in one word. {{ ticket }}\n"})
    repo.checkout("HEAD", detach=True)

    done = run(repo, "test", "--base", "HEAD~1")

    assert done.code == 0
    assert done.out.startswith("comparing  HEAD~1@")


# Row 11: what Git shows differently on disk

POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 12345\n"


def test_a_prompt_in_git_lfs_is_refused_by_its_path(repo: Repo):
    repo.commit(files={**PROJECT, REPLY: POINTER})

    error = refused(repo, "test")

    assert (error.slug, error.at) == ("lfs-pointer", f"{REPLY}:1:1")


def test_the_committed_bytes_are_used_whatever_export_subst_says(repo: Repo):
    repo.commit(files={REPLY: "$Format:%H$ {{ ticket }}\n", ".gitattributes": "*.j2 export-subst\n"})

    done = run(repo, "render", "reply@HEAD", "--var", "ticket=t", "--json")

    assert json.loads(done.out)["messages"][0]["content"] == "$Format:%H$ t"


def test_a_file_that_differs_only_in_line_ends_is_unchanged_and_costs_no_call(repo: Repo):
    repo.commit(files=PROJECT)
    repo.branch("feature").write({name: text.replace("\n", "\r\n") for name, text in PROJECT.items()})

    done = run(repo, "test", "--json", "-")

    result = json.loads(done.out)
    assert (done.code, result["decision"]["status"]) == (0, "pass")
    assert (result["affected"], result["suites"]) == ([], [])
    assert result["calls"]["prompt"]["sent"] == 0
    assert done.err.splitlines()[-1].endswith("[nothing-changed]")


# Rows 12 and 13 stand in test_bad_files.py, row 22 in test_bad_keys.py.

# Row 15: nothing to do

EMPTY = {
    "empty file": ("", "empty-suite"),
    "empty list": ("[]\n", "empty-suite"),
    "no cases": ("cases: []\n", "empty-suite"),
    "all drafts": ("- {id: a, input: x, expected: y, status: draft}\n", "nothing-selected"),
    "all retired": ("- {id: a, input: x, expected: y, status: retired}\n", "nothing-selected"),
}


@pytest.mark.parametrize(("suite", "slug"), EMPTY.values(), ids=EMPTY.keys())
@ways("test", "test reply")
def test_a_suite_with_nothing_to_ask_is_no_pass(repo: Repo, command: tuple[str, ...], suite: str, slug: str):
    repo.write({REPLY: PROJECT[REPLY], SUITE: suite})

    error = refused(repo, *command)

    assert (error.slug, error.at) == (slug, f"{SUITE}:1:1")


@ways("test nope", "test 'zz*'", "test --case nope", "test --tag nope", "test reply --case nope")
def test_a_filter_that_selects_nothing_is_no_pass(repo: Repo, command: tuple[str, ...]):
    repo.commit(files=PROJECT)

    assert refused(repo, *command).slug == "nothing-selected"


def test_there_is_no_way_to_allow_an_empty_run(repo: Repo):
    repo.write({REPLY: PROJECT[REPLY], SUITE: ""})

    assert refused(repo, "test", "--allow-empty").slug == "usage"
