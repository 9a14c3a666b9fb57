"""Answers that come in parts, from servers with bad manners: the rows of test_bad_servers.py once more, streamed.

Parts that end too early are no answer; what merely looks different from the usual is one.
"""

import json
from pathlib import Path

from tests.faults.project import a_project, name_of, word
from tests.faults.replies import Reply, answer, raw, streamed
from tests.faults.rules import attempts, chosen, says
from tests.faults.server import Server

STREAMED = 'stream = "always"'
PRICES = '[prices."gpt-x"]\ninput = 1.0\noutput = 2.0\n'


def part(content: str | None = None, finish: str | None = None, **more: object) -> str:
    """One event's data."""
    delta = {} if content is None else {"content": content}
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return json.dumps({"model": "served", "choices": [choice], **more}, ensure_ascii=False)


def lines(*written: str, name: str = "events") -> Reply:
    """A body of events exactly as they are written."""
    return raw("".join(written), name=name, kind="text/event-stream", framing="chunked")


def test_answers_in_parts_are_joined_counted_and_stored(tmp_path: Path):
    usual = {
        "usual": streamed("usual"),
        "without done": streamed("without done", done=False),
        "in one piece": answer("in one piece"),
        "windows": lines(f"data: {part('win')}\r\n\r\n", f"data: {part('dows', 'stop')}\r\n\r\n"),
        "close together": lines(
            f"data:{part('close ')}\n\n", f"data:{part('together', 'stop')}\n\ndata:[DONE]\n\n"
        ),
        "comments": lines(
            ": hello\n\n", "event: message\n", f"data: {part('comments', 'stop')}\n\n", ": bye\n\n"
        ),
        "字字字": streamed("字字字", pieces=3).dripping(1, 0.001),
    }
    with Server(chosen(word, usual), says(word)) as server:
        project = a_project(tmp_path, server.url, words=usual, settings=STREAMED, more=PRICES)
        tested = project.test()
        again = project.test()

    assert (tested.code, tested.passed) == (0, len(usual)), tested.failures
    assert all(request.json["stream"] is True for request in server.requests)
    assert (again.sent, again.reused) == (0, len(usual))
    # Two of them never said how many tokens they took.
    assert tested.calls["cost"] is None


def test_usage_in_the_last_part_makes_the_cost(tmp_path: Path):
    with Server(says(word)) as server:
        tested = a_project(tmp_path, server.url, words=["a", "b"], settings=STREAMED, more=PRICES).test()

    assert tested.passed == 2
    assert tested.calls["tokens"] == {"input": 20, "output": 4}
    assert tested.calls["cost"] is not None
    assert all(request.json["stream_options"] == {"include_usage": True} for request in server.requests)


BROKEN = {
    "cut": streamed("one two three four", events=2),
    "cut politely": lines(f"data: {part('one ')}\n\n", f"data: {part('two')}\n\n"),
    "cut in a line": lines(f"data: {part('one ')}\n\n", f"data: {part('two', 'stop')[:30]}"),
    "reset": streamed("one two three four", events=3, ends="reset"),
    "error in the middle": lines(
        f"data: {part('one ')}\n\n", 'data: {"error": {"message": "out of memory", "code": 503}}\n\n'
    ),
    "broken part": lines(f"data: {part('one ')}\n\n", "data: {oops\n\n", "data: [DONE]\n\n"),
    "nothing": lines("data: [DONE]\n\n"),
    "empty": lines(""),
    "a page": raw("<html>503</html>", name="a page", kind="text/html"),
}


def test_parts_that_end_before_the_answer_are_an_error_of_the_case(tmp_path: Path):
    words = [one for number, name in enumerate(BROKEN) for one in (name, f"w{number}")]
    with Server(chosen(word, BROKEN), says(word)) as server:
        tested = a_project(tmp_path, server.url, words=words, settings=STREAMED).test()

    assert tested.code == 3
    assert set(tested.failures) == {name_of(name) for name in BROKEN}
    assert "out of memory" in tested.failures["error-in-the-middle"]["message"]
    assert tested.passed == len(BROKEN)
    assert max(server.attempts().values()) <= 5


def test_parts_that_were_lost_are_asked_for_once_more(tmp_path: Path):
    passing = [name for name in BROKEN if name != "nothing"]  # which is whole, and says nothing
    with Server(attempts([1], chosen(word, BROKEN)), says(word)) as server:
        tested = a_project(tmp_path, server.url, words=passing, settings=STREAMED).test()

    assert (tested.code, tested.passed) == (0, len(passing)), tested.failures
    assert set(server.attempts().values()) == {2}
    assert tested.calls["possibly_paid_twice"] >= 4


def test_parts_that_never_end_are_cut_at_the_deadline(tmp_path: Path):
    endless = lines(*[": still there\n\n"] * 400).dripping(20, 0.05)
    talking = lines(*[f"data: {part('more ')}\n\n"] * 400).dripping(100, 0.05)
    with Server(chosen(word, {"endless": endless, "talking": talking}), says(word)) as server:
        project = a_project(
            tmp_path,
            server.url,
            words=["endless", "talking", "quick"],
            settings=f"{STREAMED}\ndeadline = 0.5",
        )
        tested = project.test()

    assert tested.code == 3
    assert tested.kinds == {"timeout": 2}
    assert tested.passed == 1
    assert max(server.attempts().values()) <= 2
