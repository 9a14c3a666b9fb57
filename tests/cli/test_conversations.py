"""Conversations through the other commands: render, ask, list, lint, answers."""

import json
from pathlib import Path

import pytest

from tests.cli.run import Done, promptctl
from tests.e2e.test_conversations import PROMPT, SUITE, TALK, prompt, script, shop_in
from tests.repository import Repo

ANSWERS = "evals/reply/answers/reply.jsonl"


@pytest.fixture
def shop(tmp_path: Path) -> Repo:
    return shop_in(tmp_path)


# render


def test_render_shows_the_first_request_and_what_follows_with_stand_ins(shop: Repo):
    done = promptctl("render", "reply", "--case", "talk", cwd=shop.path)

    assert done.out.splitlines()[:4] == ["--- system", "Be kind.", "--- user", "Where is my parcel?"]
    assert done.out.splitlines()[5:] == [
        "--- turn 2 of 3, where [reply 1] is what the model says: 2 messages as before, then",
        "--- assistant",
        "[reply 1]",
        "--- user",
        "And my refund?",
        "--- turn 3 of 3, where [reply 2] is what the model says: 4 messages as before, then",
        "--- assistant",
        "[reply 2]",
        "--- user",
        "Thanks",
    ]


def test_render_says_where_a_turn_shares_nothing_with_the_one_before(shop: Repo):
    shop.write({PROMPT: prompt("Message {{ history | length }}.")})

    done = promptctl("render", "reply", "--case", "talk", cwd=shop.path)

    assert (
        "--- turn 2 of 3, where [reply 1] is what the model says: all anew\n--- system\nMessage 2."
        in done.out
    )


def test_render_as_json_is_the_first_request_with_the_turns_added(shop: Repo):
    done = promptctl("render", "reply", "--case", "talk", "--json", cwd=shop.path)

    data = json.loads(done.out)
    first = data["turns"][0]
    assert list(data) == ["model", "messages", "params", "digest", "turns"]
    assert first == {"say": "Where is my parcel?", "messages": data["messages"]}
    assert data["turns"][1]["messages"][2:] == [
        {"role": "assistant", "content": "[reply 1]"},
        {"role": "user", "content": "And my refund?"},
    ]


def test_a_case_without_turns_renders_as_ever(shop: Repo):
    shop.write({SUITE: "- {id: talk, input: Thanks, expected: x}\n"})

    data = json.loads(promptctl("render", "reply", "--case", "talk", "--json", cwd=shop.path).out)

    assert "turns" not in data


# ask


def test_ask_walks_through_the_turns(shop: Repo):
    done = promptctl("ask", "reply", "--case", "talk", cwd=shop.path)

    assert done.out.splitlines() == [
        "--- reply, talker: 3 turns",
        *("--- user", "Where is my parcel?", "--- assistant", "It is late."),
        *("--- user", "And my refund?", "--- assistant", "Within 14 days."),
        *("--- user", "Thanks", "--- assistant", "You are welcome."),
    ]
    assert [line.partition(":")[0] for line in done.err.splitlines()] == [
        "--- turn 1",
        "--- turn 2",
        "--- turn 3",
    ]


def test_ask_asks_no_turn_twice(shop: Repo):
    promptctl("ask", "reply", "--case", "talk", cwd=shop.path)

    again = promptctl("ask", "reply", "--case", "talk", cwd=shop.path)

    assert again.err.count("from the store: nothing was asked") == 3


def test_ask_shows_the_replies_before_a_failure_and_names_its_turn(shop: Repo):
    failing = script(failures=[["refund", {"kind": "timeout", "message": "no answer in time"}]])
    shop.write({"script.json": failing})

    done = promptctl("ask", "reply", "--case", "talk", cwd=shop.path)

    assert (done.code, done.out.splitlines()[-1]) == (3, "It is late.")
    assert "error: no answer from talker in turn 2: no answer in time  [timeout]" in done.err


def test_ask_says_why_a_conversation_ended_early(shop: Repo):
    cut = ["refund", {"text": "Within", "finish": "length"}]
    shop.write({"script.json": script(cut)})  # type: ignore[arg-type]

    done = promptctl("ask", "reply", "--case", "talk", cwd=shop.path)

    assert (done.code, done.out.splitlines()[-1]) == (0, "Within")
    assert "the conversation ends here: cut off at the token limit" in done.err


# list and lint


def test_list_counts_the_checks_of_turns(shop: Repo):
    done = promptctl("list", cwd=shop.path)

    assert done.out.splitlines()[2].split()[-1] == "2"


def test_lint_reads_the_checks_of_turns_where_something_else_is_wrong(shop: Repo):
    shop.write({SUITE: TALK.replace("contains: 14", "contain: 14") + "  tag: [a]\n"})

    done = promptctl("lint", cwd=shop.path)

    assert [line.partition("[")[2] for line in done.out.splitlines() if line.startswith("error")] == [
        "unknown-check]",
        "unknown-key]",
    ]


def test_lint_renders_every_turn(shop: Repo):
    shop.write({PROMPT: prompt(before="{% if history | length > 2 %}{{ missing }}{% endif %}")})

    done = promptctl("lint", cwd=shop.path)

    assert "[undefined-variable]" in done.out
    assert "case talk at evals/reply.yaml:1:3" in done.out


# answers


def take(repo: Repo, *lines: object) -> Done:
    text = "".join(f"{json.dumps(line)}\n" for line in lines)
    (repo.path.parent / "out.jsonl").write_text(text)
    return promptctl("answers", "import", "../out.jsonl", "--prompt", "reply", cwd=repo.path)


def test_an_exported_conversation_replays_on_a_machine_without_a_store(shop: Repo, tmp_path: Path):
    promptctl("test", "--quiet", cwd=shop.path)
    exported = promptctl("answers", "export", "reply", cwd=shop.path)
    shop.commit("answers")
    clone = shop.clone(tmp_path / "clone").write({"script.json": script(["", "never asked"])})

    tested = promptctl("test", "--no-base", "--offline", "--json", "-", cwd=clone.path)
    again = promptctl("answers", "export", "reply", cwd=clone.path)

    lines = [json.loads(line) for line in (shop.path / ANSWERS).read_text().splitlines()]
    [found] = json.loads(tested.out)["suites"][0]["results"]
    assert exported.out == f"reply: 3 answers in {ANSWERS}\n"
    assert [(line["turn"], line["text"]) for line in lines] == [
        (1, "It is late."),
        (2, "Within 14 days."),
        (3, "You are welcome."),
    ]
    assert (found["state"], found["head"][0]["from"]) == ("new_pass", "recorded")
    assert again.code == 0
    assert (clone.path / ANSWERS).read_bytes() == (shop.path / ANSWERS).read_bytes()


def test_an_export_keeps_what_there_is_of_a_conversation_and_says_what_is_missing(shop: Repo):
    failing = {"failures": [["refund", {"kind": "timeout", "message": "late"}]]}
    shop.write({"script.json": script(**failing)})
    promptctl("test", "--quiet", cwd=shop.path)

    done = promptctl("answers", "export", "reply", cwd=shop.path)

    assert done.out == f"reply: 1 answer in {ANSWERS}\n"
    assert "reply: 1 case without an answer (talk)" in done.err


def test_an_imported_conversation_is_compared_without_a_call(shop: Repo):
    replies = ["It is late.", {"output": "Within 14 days.", "seconds": 2}]

    done = take(shop, {"case": "talk", "replies": replies, "output": "You are welcome."})
    tested = promptctl("test", "--offline", "--json", "-", cwd=shop.path)

    [found] = json.loads(tested.out)["suites"][0]["results"]
    assert done.out == "3 new, 0 already there, for reply under talker\n"
    assert (found["state"], found["head"][0]["from"]) == ("new_pass", "imported")
    assert found["head"][0]["replies"][1]["answer"]["seconds"] == 2


def test_a_conversation_that_ended_early_is_imported_as_far_as_it_went(shop: Repo):
    call = {"output": "", "tool_calls": [{"id": "c"}]}

    done = take(shop, {"case": "talk", "replies": ["It is late."], **call})
    tested = promptctl("test", "--offline", "--json", "-", cwd=shop.path)

    [found] = json.loads(tested.out)["suites"][0]["results"]
    assert done.code == 0
    assert (found["state"], found["head"][0]["turn"]) == ("new_fail", 2)


WRONG = {
    "no replies": ({"output": "x"}, "has 3 turns, so 2 in `replies` come before its output; the line has 0"),
    "too few": ({"replies": ["a"], "output": "x"}, "the line has 1"),
    "too many": ({"replies": ["a", "b", "c"], "output": "x"}, "the line has 3"),
    "behind an empty one": (
        {"replies": ["a", " "], "output": "x"},
        "a conversation ends with reply 2 of case 'talk': the reply is empty",
    ),
}


@pytest.mark.parametrize(("line", "why"), WRONG.values(), ids=WRONG)
def test_replies_that_do_not_fit_the_turns_are_refused(shop: Repo, line: dict[str, object], why: str):
    done = take(shop, {"case": "talk", **line})

    assert done.code == 2
    assert "[wrong-replies]" in done.err
    assert "../out.jsonl:1:1" in done.err
    assert why in done.err


def test_replies_for_a_case_without_turns_are_refused(shop: Repo):
    shop.write({SUITE: "- {id: talk, input: Thanks, expected: x}\n"})

    done = take(shop, {"case": "talk", "replies": ["a"], "output": "x"})

    assert "case 'talk' has no turns, and the line has replies  [wrong-replies]" in done.err


@pytest.mark.parametrize("replies", ["text", [1], [{"text": "a"}], [{"output": "a", "x": 1}], [None]])
def test_replies_of_another_shape_are_refused(shop: Repo, replies: object):
    done = take(shop, {"case": "talk", "replies": replies, "output": "x"})

    assert done.code == 2
    assert all(line[:7] in ("error: ", "  at   ", "  fix  ") for line in done.err.splitlines())


def test_one_reply_that_two_conversations_begin_with_must_be_the_same(shop: Repo):
    shop.write({SUITE: TALK + TALK.replace("id: talk", "id: more").replace("Thanks", "Bye")})
    line = {"replies": ["It is late.", "Within 14 days."], "output": "You are welcome."}

    agree = take(shop, {"case": "talk", **line}, {"case": "more", **line})
    differ = take(
        shop,
        {"case": "talk", **line, "sample": 1},
        {"case": "more", **line, "replies": ["No.", "No."], "sample": 1},
    )

    assert agree.out.startswith("4 new")
    assert (differ.code, "[same-request]" in differ.err) == (2, True)
