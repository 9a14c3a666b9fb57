"""A schema in the header is asked of every answer, on both sides, without a word in the suite."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.run import promptctl
from tests.e2e.answering import CALLED, PROMPT, SCHEMA, a_project
from tests.e2e.shop import Compared, compared

FITS, MISFITS = '{"kind": "fruit"}', '{"sort": "fruit"}'
CASE = "- {id: pear, input: pear, checks: [contains: fruit]}\n"


def verdicts(found: Compared, case: str = "pear", side: str = "head") -> dict[str, str]:
    """What each check says of a case's first draw."""
    [result] = [entry for entry in found.suite["results"] if entry["case"] == case]
    return {verdict["check"]: verdict["status"] for verdict in result[side][0]["verdicts"]}


@pytest.mark.parametrize(("answer", "status"), [(FITS, "pass"), (MISFITS, "fail"), ("fruit", "fail")])
def test_every_answer_must_fit_the_schema_of_its_prompt(answer: str, status: str, tmp_path: Path):
    repo = a_project(tmp_path, CASE, {"pear": answer})

    found = compared(repo.path, "--no-base")

    assert verdicts(found) == {"finished": "pass", "contains": "pass", "output_schema": status}
    assert [check["check"] for check in found.suite["checks"]] == ["contains", "finished", "output_schema"]
    assert found.state("pear") == {"pass": "new_pass", "fail": "new_fail"}[status]


def test_a_schema_that_the_suite_asks_for_too_is_not_asked_twice(tmp_path: Path):
    cases = f"checks: [{{json_schema: {json.dumps(SCHEMA)}}}]\ncases:\n  {CASE}"
    repo = a_project(tmp_path, cases, {"pear": FITS})

    assert set(verdicts(compared(repo.path, "--no-base"))) == {"finished", "json_schema", "contains"}


@pytest.mark.parametrize("own", ["{json_schema: {type: object}}", "{json_schema: %s, required: false}"])
def test_a_schema_that_asks_for_something_else_stands_beside_it(own: str, tmp_path: Path):
    check = own.replace("%s", json.dumps(SCHEMA))
    repo = a_project(tmp_path, f"- {{id: pear, input: pear, checks: [{check}]}}\n", {"pear": FITS})

    assert set(verdicts(compared(repo.path, "--no-base"))) == {"finished", "json_schema", "output_schema"}


def test_heads_schema_judges_both_sides(tmp_path: Path):
    repo = a_project(tmp_path, CASE, {"pear": FITS})
    repo.branch("change").write({"prompts/kind.json": json.dumps({**SCHEMA, "required": ["kind", "why"]})})

    found = compared(repo.path)

    assert verdicts(found, side="base")["output_schema"] == "fail"
    assert verdicts(found, side="head")["output_schema"] == "fail"
    assert found.result["affected"][0]["changed"] == ["prompts/kind.json"]


def test_a_schema_that_the_prompt_changes_is_no_change_of_the_yardstick(tmp_path: Path):
    blocker = CASE.replace("{id", "{severity: blocker, id")
    repo = a_project(tmp_path, blocker, {"pear": FITS})
    repo.branch("change").write({"prompts/kind.json": json.dumps({**SCHEMA, "title": "Kind"})})

    found = compared(repo.path)

    assert (found.code, found.suite["yardstick"]) == (0, [])


def test_where_the_server_takes_no_schema_a_changed_one_still_judges_the_same_answers_anew(tmp_path: Path):
    repo = a_project(tmp_path, CASE, {"pear": FITS}, model="qwen-plus", provider="qwen")
    compared(repo.path, "--no-base")
    repo.branch("change").write({"prompts/kind.json": json.dumps({**SCHEMA, "required": ["why"]})})

    found = compared(repo.path)

    assert found.sent == 0
    assert found.state("pear") == "unchanged"
    assert "checks of 1 case changed: 1 that passed now fail" in found.suite["notes"]


WHOLE = {"type": "json_schema", "json_schema": {"name": "output", "schema": SCHEMA}}
LACKING = "takes no json_schema"


@pytest.mark.parametrize(
    ("model", "provider", "sent", "notes"),
    [
        (
            "qwen-plus",
            "qwen",
            {"type": "json_object"},
            [f"qwen {LACKING}: json_object is sent, output_schema checks the answers"],
        ),
        (
            "claude-x",
            "anthropic",
            None,
            [f"anthropic {LACKING}: no response_format is sent, output_schema checks the answers"],
        ),
        ("gpt-x", "openai", WHOLE, []),
        ("m", "own", WHOLE, []),
    ],
)
def test_what_a_server_cannot_do_is_said_and_the_text_stays(
    model: str, provider: str, sent: dict[str, Any] | None, notes: list[str], tmp_path: Path
):
    repo = a_project(tmp_path, CASE, {"pear": FITS}, model=model, provider=provider)

    shown = json.loads(promptctl("render", "sort", "--case", "pear", "--json", cwd=repo.path).out)
    found = compared(repo.path, "--no-base")
    read = promptctl("render", "sort", "--case", "pear", cwd=repo.path).out

    assert shown.get("response_format") == sent
    assert shown["messages"] == [{"role": "user", "content": "Sort it, in JSON: pear"}]
    assert found.suite["notes"] == notes
    assert [f"--- {note}" for note in notes] == [line for line in read.splitlines() if LACKING in line]


def test_an_answer_that_calls_a_tool_has_finished_and_has_no_text_to_fit(tmp_path: Path):
    prompt = PROMPT.replace("---\n", "---\ntools: [look_up.json]\n", 1)
    cases = "- {id: pear, input: pear, checks: [{not: {contains: fruit}}]}\n"
    repo = a_project(tmp_path, cases, {"pear": CALLED}, prompt=prompt)

    found = compared(repo.path, "--no-base")

    assert verdicts(found) == {"finished": "pass", "not": "pass"}
    assert found.state("pear") == "new_pass"


def test_a_call_of_a_tool_that_nobody_offered_has_not_finished(tmp_path: Path):
    repo = a_project(tmp_path, CASE, {"pear": CALLED})

    assert verdicts(compared(repo.path, "--no-base"))["finished"] == "fail"


def test_each_side_may_call_what_it_offered(tmp_path: Path):
    prompt = PROMPT.replace("---\n", "---\ntools: [look_up.json]\n", 1)
    cases = "- {id: pear, input: pear, checks: [{not: {contains: fruit}}]}\n"
    repo = a_project(tmp_path, cases, {"pear": CALLED}, prompt=prompt)
    repo.branch("change").write({"prompts/sort.prompt.j2": PROMPT})

    found = compared(repo.path)

    assert verdicts(found, side="base") == {"finished": "pass", "not": "pass"}
    assert verdicts(found, side="head")["finished"] == "fail"


def test_every_reply_of_a_conversation_must_fit(tmp_path: Path):
    prompt = "---\noutput: {schema: kind.json}\ninputs: {history: {type: messages, default: []}, item: string}\n---\n"
    prompt += "{% insert history %}{% user %}JSON: {{ item }}{% enduser %}"
    cases = "- {id: talk, turns: [pear, plum], checks_all: [contains: fruit]}\n"
    repo = a_project(tmp_path, cases, {"plum": FITS, "pear": MISFITS}, prompt=prompt)

    assert verdicts(compared(repo.path, "--no-base"), "talk")["output_schema (turn 1)"] == "fail"


@pytest.mark.parametrize(
    "schema", ['{"type": "objct"}', "{}", '{"$ref": "https://x.test/a"}', "[", '{"a": 1, "a": 2}']
)
@pytest.mark.parametrize("command", [("test", "--no-base"), ("lint",), ("render", "sort", "--case", "pear")])
def test_a_schema_that_is_none_is_named_before_anything_is_asked(
    schema: str, command: tuple[str, ...], tmp_path: Path
):
    repo = a_project(tmp_path, CASE, {"pear": FITS}, files={"prompts/kind.json": schema})

    done = promptctl(*command, cwd=repo.path)

    assert done.code == 2
    assert "at   prompts/kind.json:1:" in done.out + done.err
    assert "Traceback" not in done.err


def test_a_broken_schema_of_base_does_not_block_its_own_fix(tmp_path: Path):
    repo = a_project(tmp_path, CASE, {"pear": FITS}, files={"prompts/kind.json": '{"type": "objct"}'})
    repo.branch("change").write({"prompts/kind.json": json.dumps(SCHEMA)})

    found = compared(repo.path)

    assert (found.code, found.state("pear")) == (0, "pass")


def test_a_schema_that_base_cannot_read_leaves_head_alone_with_a_note(tmp_path: Path):
    repo = a_project(tmp_path, CASE, {"pear": FITS}, files={"prompts/kind.json": "["})
    repo.branch("change").write({"prompts/kind.json": json.dumps(SCHEMA)})

    found = compared(repo.path)

    assert found.state("pear") == "new_pass"
    assert any("prompt sort of base cannot be read (bad-json" in note for note in found.result["notes"])
