"""Answers that are not what one hopes for, and texts that no terminal takes: rows 29 and 30 of the acceptance list.

Whatever the model did is an answer: it is stored as it came, checked, and shown so that nothing in it acts.
"""

import base64
import json
import re
import unicodedata
from pathlib import Path

import pytest

from tests.faults.project import KEY, PROMPT, Project, a_project, name_of, word
from tests.faults.replies import NASTY, Reply, answer, error, filtered, quota_spent, raw, tool_call
from tests.faults.rules import chosen, says
from tests.faults.server import Server

PRICES = '[prices."gpt-x"]\ninput = 1.0\noutput = 2.0\n'
ANSWERS: dict[str, tuple[Reply, str, str]] = {
    "null": (answer(None), "stop", ""),
    "blank": (answer(""), "stop", ""),
    "declined": (answer(None, refusal="I cannot help with that."), "refusal", "I cannot help with that."),
    "truncated": (answer("half an ans", finish="length"), "length", "half an ans"),
    "screened": (answer("", finish="content_filter"), "content_filter", ""),
    "forbidden input": (filtered(), "content_filter", ""),
    "calling": (tool_call(), "tool_calls", ""),
    "unmeasured": (answer("unmeasured", usage=None), "stop", "unmeasured"),
    "half measured": (answer("half measured", usage={"prompt_tokens": 3}), "stop", "half measured"),
    "odd counts": (
        answer("odd counts", usage={"prompt_tokens": "3", "completion_tokens": -1}),
        "stop",
        "odd counts",
    ),
    "in parts": (answer([{"type": "text", "text": "in parts"}]), "stop", "in parts"),
    "no reason": (answer("no reason", finish=None), "stop", "no reason"),
}
# C0 but line ends and tabs, DEL, C1, line separators, bidi controls, lone surrogates.
LIVE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def test_every_kind_of_answer_is_told_apart_stored_once_and_shown_with_its_cause(tmp_path: Path):
    with Server(chosen(word, {name: reply for name, (reply, _, _) in ANSWERS.items()}), says(word)) as server:
        project = a_project(tmp_path, server.url, words=[*ANSWERS, "usual"], more=PRICES, check=False)
        tested = project.test("-v")
        again = project.test()

    seen = {name: trial["answer"] for name, trial in tested.trials.items()}
    expected = {name_of(name): (finish, text) for name, (_, finish, text) in ANSWERS.items()}
    assert {name: (one["finish"], one["text"]) for name, one in seen.items() if name != "usual"} == expected
    assert tested.failures == {}
    assert set(server.attempts().values()) == {1}
    assert (again.sent, again.reused) == (0, len(ANSWERS) + 1)
    # Each cause stands in the report, in words.
    for said in ("cut off", "content filter", "I cannot help with that.", "called a tool"):
        assert said in tested.out
    # Three answers were not counted, or not so that one could reckon with it.
    assert tested.calls["cost"] is None
    assert tested.calls["cost_unknown_models"] == ["gpt-x"]
    assert "cost unknown" in tested.out


def test_a_price_and_a_count_for_every_answer_give_a_cost(tmp_path: Path):
    with Server(says(word)) as server:
        tested = a_project(tmp_path, server.url, words=["a", "b"], more=PRICES).test()

    # 10 and 2 tokens for each of them, per million.
    assert tested.calls["cost"] == pytest.approx(2 * (10 * 1.0 + 2 * 2.0) / 1_000_000)


def test_a_200_without_an_answer_may_have_been_billed(tmp_path: Path):
    empty = {
        "list": raw("[]", name="list"),
        "null": raw('{"choices": null}', name="null"),
        "error": raw('{"error": {"message": "upstream lost"}}', name="error"),
        "server error": raw(
            '{"error": {"message": "upstream lost", "code": "server_error"}}', name="server error"
        ),
    }
    costs = {}
    for name, reply in empty.items():
        with Server(chosen(word, {"odd": reply}), says(word)) as server:
            (tmp_path / name).mkdir()
            tested = a_project(tmp_path / name, server.url, words=["odd", "fine"], more=PRICES).test()
        costs[name] = tested.calls["cost"], tested.calls["cost_unknown_models"]

    assert costs == dict.fromkeys(empty, (None, ["gpt-x"]))


def test_an_answer_that_repeats_the_key_is_kept_without_it(tmp_path: Path):
    call = {"id": "1", "type": "function", "function": {"name": "say", "arguments": KEY}}
    said = answer(
        f"you sent {KEY}", reasoning_content=base64.b64encode(KEY.encode()).decode(), tool_calls=[call]
    )
    with Server(said) as server:
        project = a_project(tmp_path, server.url, words=["a"], check=False)
        tested = project.test("-v")

    assert tested.trials["a"]["answer"]["text"] == "you sent ***"
    kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    for form in (KEY.encode(), base64.b64encode(KEY.encode())):
        assert not any(form in text for text in (tested.out.encode(), tested.err.encode(), *kept))


def test_content_that_is_no_text_is_no_answer(tmp_path: Path):
    odd = {"number": answer(42), "mapping": answer({"a": 1}), "flag": answer(True)}
    with Server(chosen(word, odd), says(word)) as server:
        tested = a_project(tmp_path, server.url, words=[*odd, "fine"]).test()

    assert tested.code == 3
    assert tested.kinds == {"malformed": 3}
    assert tested.passed == 1


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, str, str]:
    """A project whose answers and errors are hostile, what its run showed, and the result as it was written."""
    long = "字" * 700_000 + "\nend"
    commands = "::add-mask::x\n##[error]y\n::stop-commands::z\r::error::q"
    replies = {
        "nasty": answer(NASTY),
        "long": answer(long),
        "commands": answer(commands),
        "broken": error(400, f"<b>{NASTY}</b>\n::error::bad"),
        "screened": error(400, f"no {NASTY}", code="data_inspection_failed"),
        "titled": answer("ok", finish=f"st{NASTY}op", role=NASTY),
        "called": answer(
            None,
            tool_calls=[{"id": "1", "type": "function", "function": {"name": NASTY, "arguments": NASTY}}],
        ),
    }
    folder = tmp_path_factory.mktemp("nasty")
    with Server(chosen(word, replies), says(word)) as server:
        project = a_project(folder, server.url, words=replies, check=False)
        tested = project.test("-v")
    assert set(tested.failures) == {"broken"}
    return project, tested.out + tested.err, project.result.read_text(encoding="ascii")


def test_nothing_that_a_server_says_acts_on_a_terminal(stored: tuple[Project, str, str]):
    project, shown, _ = stored
    code, out, err = project.runs("report", str(project.result))

    for text in (shown, out + err):
        assert LIVE.findall(text) == []
        assert "red" in text  # it is shown, made harmless
        assert not re.search(r"(?m)^\s*::(add-mask|error|stop-commands)::", text)
        assert "##[error]" not in text
        assert max(len(line) for line in text.splitlines()) < 1000
    assert code == 0


def test_nasty_and_long_answers_are_kept_as_they_came(stored: tuple[Project, str, str]):
    project, _, written = stored
    code, _, err = project.runs("answers", "export", "say")
    assert code == 0, err
    lines = [
        json.loads(line)
        for file in (project.folder / "evals" / "say" / "answers").glob("*.jsonl")
        for line in file.read_text(encoding="utf-8").split("\n")
        if line
    ]
    texts = {line["case"]: line["text"] for line in lines}

    # A lone surrogate is the one thing that no file can carry: it is replaced, and everything else is kept.
    assert texts["nasty"] == NASTY.replace("\ud800", "\ufffd")
    assert len(texts["long"].encode()) > 2_000_000
    assert texts["long"] == "字" * 700_000 + "\nend"
    assert unicodedata.normalize("NFC", texts["nasty"]) == texts["nasty"]
    result = json.loads(written)
    assert result["format"] == "promptctl.result/1"
    assert LIVE.findall(written.replace("\n", "")) == []


def test_stored_hostile_answers_are_read_back_without_a_call(stored: tuple[Project, str, str]):
    project, _, _ = stored
    again = project.test("--offline")

    assert (again.sent, again.reused) == (0, 6)
    assert again.trials["nasty"]["answer"]["text"].startswith("a\x00b\x1b[31m")


def test_a_key_that_a_server_repeats_is_shown_nowhere(tmp_path: Path):
    with Server(lambda request: error(400, f"bad header {request.head.decode()} for {PROMPT}")) as server:
        project = a_project(tmp_path, server.url, words=["a"])
        tested = project.test("-v")  # which looks for the key in everything that is written and shown

    assert tested.code == 3
    assert "bad header" in tested.out
    for path in project.folder.rglob("*"):
        assert not path.is_file() or project.env["LOCAL_KEY"].encode() not in path.read_bytes()


def test_an_account_without_money_is_told_from_too_many_calls(tmp_path: Path):
    with Server(quota_spent()) as server:
        tested = a_project(tmp_path, server.url, words=["a", "b"], settings="concurrency = 1").test()

    assert tested.code == 3
    assert server.count == 1
    assert "quota" in tested.out
