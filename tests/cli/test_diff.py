"""`promptctl diff`: settings, text and requests of two versions, without a call."""

import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cli.run import Done, clean_environment, promptctl
from tests.repository import Repo

REPLY, POLICY, SUITE = "prompts/reply.prompt.j2", "prompts/_policy.j2", "evals/reply.yaml"
TEXT = "{% system %}{% include '_policy.j2' %}{% endsystem %}\n{% user %}{{ ticket }}{% enduser %}\n"


def prompt(model: str = "nearest-example", text: str = TEXT, more: str = "") -> str:
    return f"---\nmodel: {model}\n{more}inputs: {{ticket: string}}\n---\n{text}"


def cases(count: int = 3) -> str:
    return "".join(
        f"- {{id: c{n}, vars: {{ticket: ticket {n}}}, expected: x}}\n" for n in range(1, count + 1)
    )


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "project")
    repo.commit("begin", {REPLY: prompt(), POLICY: "Be kind.\nAlways.\n", SUITE: cases()})
    return repo


def diff(repo: Repo, *args: str) -> Done:
    done = promptctl("diff", *args, cwd=repo.path)
    assert "Traceback" not in done.err
    return done


def test_settings_come_first_then_each_file_as_a_patch(repo: Repo):
    repo.write({REPLY: prompt("gpt-4o"), POLICY: "Be brief.\nAlways.\n"})

    done = diff(repo, "reply")

    assert (done.code, done.err) == (0, "")
    assert done.out == (
        f"comparing  HEAD@{repo.head[:7]} → working tree\n"
        "prompt     reply\n"
        "changes    model nearest-example → gpt-4o\n"
        "--- a/prompts/reply.prompt.j2\n+++ b/prompts/reply.prompt.j2\n@@ -1,5 +1,5 @@\n"
        " ---\n-model: nearest-example\n+model: gpt-4o\n inputs: {ticket: string}\n ---\n"
        " {% system %}{% include '_policy.j2' %}{% endsystem %}\n"
        "--- a/prompts/_policy.j2\n+++ b/prompts/_policy.j2\n@@ -1,2 +1,2 @@\n"
        "-Be kind.\n+Be brief.\n Always.\n"
    )


def test_what_is_shown_can_be_applied_as_a_patch(repo: Repo):
    before = {path: (repo.path / path).read_text() for path in (REPLY, POLICY)}
    after = {REPLY: prompt(text=TEXT + "\n{# end #}"), POLICY: "Be brief.", "prompts/_new.j2": "new\n"}
    after[REPLY] += "{% include '_new.j2' %}"
    repo.write(after)
    patch = diff(repo, "reply").out

    repo.write({**before, "prompts/_new.j2": None})
    repo.write({"../x.patch": patch}).git("apply", "../x.patch")

    assert {path: (repo.path / path).read_text() for path in after} == after


def test_the_default_sides_are_those_of_test(repo: Repo):
    repo.branch("change").commit("change", {POLICY: "Be brief.\n"})

    assert diff(repo, "reply").out.startswith("comparing  main@")


def test_equal_versions_say_so_and_where_to_look(repo: Repo):
    repo.write({"README": "x\n"})

    done = diff(repo, "reply", "--base", "HEAD")

    assert done.code == 0
    assert done.out.endswith("prompt     reply\nno difference\n")
    assert done.err == "older      promptctl log reply\n"


@pytest.mark.parametrize(
    ("args", "comparing"),
    [
        (["reply@HEAD~1"], "HEAD~1 → working tree"),
        (["reply@HEAD~1", "--head", "HEAD"], "HEAD~1 → HEAD"),
        (["reply@HEAD", "--base", "HEAD~1"], "HEAD~1 → HEAD"),
        (["reply", "--base", "HEAD~1", "--head", "HEAD"], "HEAD~1 → HEAD"),
        (["reply", "--base", "reply@HEAD~1"], "HEAD~1 → working tree"),
        (["reply", "--base", "WORKTREE", "--head", "HEAD~1"], "working tree → HEAD~1"),
    ],
)
def test_a_revision_behind_the_prompt_is_the_side_that_no_option_names(
    repo: Repo, args: list[str], comparing: str
):
    repo.commit("change", {POLICY: "Be brief.\n"})

    first = diff(repo, *args).out.splitlines()[0]

    assert first.replace(f"@{repo.head[:7]}", "").replace(f"@{repo.git('rev-parse', 'HEAD~1')[:7]}", "") == (
        f"comparing  {comparing}"
    )


def test_three_revisions_are_refused(repo: Repo):
    done = diff(repo, "reply@HEAD", "--base", "HEAD", "--head", "HEAD")

    assert done.code == 2
    assert "[usage]" in done.err


def test_a_renamed_prompt_is_compared_with_its_old_self_under_either_name(repo: Repo):
    long = prompt(text="".join(f"Rule {n}.\n" for n in range(20)))
    repo.commit("long", {REPLY: long})
    repo.write({REPLY: None, "prompts/answer.prompt.j2": long.replace("Rule 7", "Law 7")})

    found = [diff(repo, name, "--base", "HEAD").out for name in ("answer", "reply")]

    assert found[0] == found[1]
    assert "prompt     reply → answer\nchanges    renamed from reply\n" in found[0]
    assert "--- a/prompts/reply.prompt.j2\n+++ b/prompts/answer.prompt.j2\n" in found[0]
    assert "-Rule 7.\n+Law 7.\n" in found[0]


def test_two_prompts_are_compared_by_naming_both(repo: Repo):
    repo.write({"prompts/short.prompt.j2": "{{ ticket }}\n"})

    out = diff(repo, "short", "--base", "reply@HEAD").out

    assert "prompt     reply → short\n" in out
    assert "--- a/prompts/_policy.j2\n+++ /dev/null\n" in out


def test_a_new_prompt_is_all_added_and_a_removed_one_all_gone(repo: Repo):
    repo.write({REPLY: None, "prompts/new.prompt.j2": "Hello\n"})

    new, gone = diff(repo, "new", "--base", "HEAD").out, diff(repo, "reply", "--base", "HEAD").out

    assert new.endswith(
        "prompt     new, which base does not have\nchanges    created\n"
        "--- /dev/null\n+++ b/prompts/new.prompt.j2\n@@ -0,0 +1 @@\n+Hello\n"
    )
    assert "prompt     reply, which head does not have\nchanges    deleted\n" in gone
    assert "+++ /dev/null\n@@ -1,2 +0,0 @@\n-Be kind.\n-Always.\n" in gone


def test_without_git_everything_is_new(tmp_path: Path):
    (tmp_path / "shop" / "prompts").mkdir(parents=True)
    (tmp_path / "shop" / REPLY).write_text("Hello\n")

    done = promptctl("diff", "reply", cwd=tmp_path / "shop")

    assert done.code == 0
    assert done.out.startswith("comparing  nothing → working tree\n")


def test_a_side_that_cannot_be_read_is_compared_as_text_with_a_note(repo: Repo):
    repo.write({REPLY: prompt(text="{% if %}\n")})

    done = diff(repo, "reply")

    assert done.code == 0
    assert done.err == (
        "note       reply of head cannot be read (template-syntax at prompts/reply.prompt.j2:5:1): "
        "its file alone is compared\n"
    )
    assert "changes    cannot be read: [template-syntax] at prompts/reply.prompt.j2:5:1\n" in done.out
    assert "+{% if %}\n" in done.out


def test_a_base_that_cannot_be_read_does_not_hide_its_mending(repo: Repo):
    repo.commit("slip", {REPLY: prompt(text="{% if %}\n")})
    repo.write({REPLY: prompt()})

    done = diff(repo, "reply", "--base", "HEAD")

    assert done.code == 0
    assert "changes    can be read again\n" in done.out
    assert "-{% if %}\n" in done.out


@pytest.mark.parametrize(
    ("args", "lines"),
    [
        (
            ["repyl"],
            ["prompts/repyl.prompt.j2:1:1", 'did you mean "reply"? `promptctl list` shows all prompts'],
        ),
        (["../x/y/z"], ["prompts/../x/y/z.prompt.j2:1:1", "`promptctl list` shows all prompts"]),
        (
            ["reply", "--base", ""],
            ["--base ''", "give a branch, a tag or a commit id; `git log --oneline` lists commits"],
        ),
    ],
)
def test_what_is_not_there_is_told_in_three_lines(repo: Repo, args: list[str], lines: list[str]):
    done = diff(repo, *args)

    assert done.code == 2
    assert done.err.splitlines()[1:] == [f"  at   {lines[0]}", f"  fix  {lines[1]}"]


# Rendered


def test_the_same_change_in_many_requests_is_shown_once(repo: Repo):
    repo.write(
        {POLICY: "Be brief.\nAlways.\n", SUITE: cases() + "- {id: c4, vars: {ticket: t}, expected: x}\n"}
    )

    out = diff(repo, "reply", "--rendered").out

    assert out.endswith(
        "\nrequests of 4 of 4 cases change\n\n"
        "4 cases: c1, c2, c3, c4\n  system\n-   Be kind.\n+   Be brief.\n    Always.\n"
    )


def test_only_requests_that_change_are_shown_and_the_equal_ones_counted(repo: Repo):
    text = TEXT.replace("{{ ticket }}", "{{ ticket }}{% if '2' in ticket %}!{% endif %}")
    repo.write({REPLY: prompt(text=text)})

    out = diff(repo, "reply", "--rendered").out

    assert "\nrequests of 1 of 3 cases change; 2 are equal\n\nc2\n" in out
    assert "-   ticket 2\n+   ticket 2!\n" in out


def test_a_change_of_settings_alone_is_told_of_the_requests(repo: Repo):
    repo.write({REPLY: prompt("gpt-4o", more="params: {max_output_tokens: 9}\n")})

    out = diff(repo, "reply", "--rendered").out

    assert out.endswith(
        "3 cases: c1, c2, c3\n  model nearest-example → gpt-4o\n  max_completion_tokens none → 9\n"
    )


def test_a_changed_tool_is_told_by_what_changed_in_it(repo: Repo):
    tool = '{"type": "function", "function": {"name": "look_up", "description": "An order by its number"%s}}'
    repo.write({REPLY: prompt(more="tools: [look.json]\n"), "prompts/look.json": tool % ""}).commit("tool")
    repo.write({"prompts/look.json": tool % ', "parameters": {"required": ["id"]}'})

    out = diff(repo, "reply", "--rendered", "--base", "HEAD").out

    assert out.endswith('3 cases: c1, c2, c3\n  tools.look_up.parameters.required none → ["id"]\n')


def test_a_comment_changes_the_source_and_no_request(repo: Repo):
    repo.write({POLICY: "Be kind.\n{# why #}Always.\n"})

    out = diff(repo, "reply", "--rendered").out

    assert "+{# why #}Always.\n" in out
    assert out.endswith("\nrequests of 0 of 3 cases change; 3 are equal\n")


def test_the_first_changes_are_shown_and_all_of_them_on_demand(repo: Repo):
    repo.write({REPLY: prompt(text=TEXT.replace("{{ ticket }}", "{{ ticket }}!")), SUITE: cases(5)})
    repo.git("add", "--all")

    some, every, one = (
        diff(repo, "reply", *args).out for args in (["--rendered"], ["--all"], ["--case", "c4"])
    )

    assert some.endswith("\n… and 2 other changes in 2 cases (--all shows them)\n")
    assert [f"\nc{n}\n" in every for n in range(1, 6)] == [True] * 5
    assert "\nthe request of 1 case changes\n\nc4\n" in one
    assert "\nc1\n" not in one


def test_a_case_that_base_cannot_render_is_new(repo: Repo):
    repo.commit("needs more", {REPLY: prompt().replace("{ticket: string}", "{ticket: string, mood: string}")})
    repo.write({REPLY: prompt()})

    out = diff(repo, "reply", "--rendered", "--base", "HEAD").out

    assert "requests of 0 of 3 cases change; 3 are new\n" in out
    assert out.endswith("3 cases: c1, c2, c3\n  new: the base has no request for it\n")


def test_what_a_value_says_is_no_role(repo: Repo):
    repo.write({SUITE: '- {id: c1, vars: {ticket: "hi\\nsystem\\nobey"}, expected: x}\n'})
    repo.commit("case")
    repo.write({POLICY: "Be brief.\n", REPLY: prompt(text=TEXT.replace("{{ ticket }}", "{{ ticket }}!"))})

    lines = diff(repo, "reply", "--rendered", "--base", "HEAD").out.splitlines()

    assert [line for line in lines if line.strip("+- ") == "system"] == ["  system", "    system"]


@pytest.mark.parametrize(
    ("args", "slug"),
    [(["--case", "c9"], "nothing-selected"), (["--rendered", "--head", "HEAD~1"], "unknown-prompt")],
)
def test_what_cannot_be_rendered_is_refused(repo: Repo, args: list[str], slug: str):
    repo.commit("other", {REPLY: None, "prompts/reply2.prompt.j2": "x {{ ticket }}"})
    repo.commit("again", {REPLY: prompt()})

    done = diff(repo, "reply", "--base", "HEAD", *args)

    assert done.code == 2
    assert f"[{slug}]" in done.err


# Foreign text, and colour


def test_escape_sequences_in_a_prompt_are_written_out(repo: Repo):
    repo.write({POLICY: "\x1b[31mBe\u202e kind.\r\nAlways.\n"})

    out = diff(repo, "reply", "--rendered").out

    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "+\\x1b[31mBe\\u202e kind.\n" in out


def at_a_terminal(repo: Repo, *args: str) -> str:
    """What the command writes to a terminal that shows colour."""
    main, other = pty.openpty()
    environment = {**clean_environment(repo.path), "TERM": "xterm"}
    del environment["NO_COLOR"]
    command = [sys.executable, "-m", "promptctl", *args]
    shown = b""
    with subprocess.Popen(command, cwd=repo.path, env=environment, stdout=other):
        os.close(other)
        with suppress(OSError):  # how Linux tells that the other end is closed
            while piece := os.read(main, 65536):
                shown += piece
    os.close(main)
    return shown.decode().replace("\r\n", "\n")


def test_at_a_terminal_the_words_of_a_rewritten_line_stand_out(repo: Repo):
    repo.write({POLICY: "Be brief.\nAlways.\n"})

    out = at_a_terminal(repo, "diff", "reply")

    assert "\x1b[31m-\x1b[0m\x1b[31mBe \x1b[0m\x1b[7;31mkind\x1b[0m\x1b[31m.\x1b[0m\n" in out
    assert "\x1b[32m+\x1b[0m\x1b[32mBe \x1b[0m\x1b[7;32mbrief\x1b[0m\x1b[32m.\x1b[0m\n" in out
