"""What draws have in common: the value that most of them say."""

import unicodedata
from collections.abc import Sequence

from promptctl.core.case import Case, Extract
from promptctl.core.digest import canonical_json
from promptctl.core.exchange import Output
from promptctl.engine.extract import finder


def majority(case: Case, replies: Sequence[Output]) -> int:
    """Which of the replies, at least one, says what most say; of a tie the earliest.

    They are compared by what the case's checks `extract`, where any does, else whole: without the case and width of
    letters and without spare spaces, and with the calls of tools. A reply that has no such part has no vote.
    """
    extract = next((check.extract for check in case.checks if check.extract), None)
    said = [_said(reply, extract) for reply in replies]
    votes = [one for one in said if one is not None]
    if not votes:
        return 0
    most = max(votes, key=votes.count)  # the first of those with the most votes
    return said.index(most)


def _said(reply: Output, extract: Extract | None) -> str | None:
    text = finder(extract)(reply.text) if extract else reply.text
    if text is None:
        return _normal(reply.text) if extract and extract.otherwise == "whole" else None
    calls = [call.get("function") for call in reply.tool_calls]
    return _normal(text) + (canonical_json(calls) if calls else "")


def _normal(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
