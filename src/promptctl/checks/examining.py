"""Compiles patterns, searches texts, fits values to schemas: what the examiner's process does, a line for a line."""

import json
from contextlib import suppress
from typing import Any

from promptctl.checks.matching import compiled, search, written
from promptctl.processes.inside import Clock, pipes


class _Late(BaseException):
    """The clock ran out. No `except Exception` may keep it."""


def serve(seconds: float) -> None:
    """Answers questions until there are no more; one that takes longer than `seconds` is told so."""
    import regex  # noqa: F401 - before the clock runs, which is for what is asked

    questions, answers = pipes()
    clock = Clock(seconds, _Late)
    with suppress(BrokenPipeError):  # nobody waits any more
        for line in questions:
            question = json.loads(line)
            answer = {"id": question["id"], **_answer(question, clock, seconds)}
            answers.write(json.dumps(answer).encode() + b"\n")
            answers.flush()


def _answer(question: dict[str, Any], clock: Clock, seconds: float) -> dict[str, Any]:
    if question["do"] in ("schema", "fit"):
        import jsonschema  # noqa: F401 - as above: on a slow disk it takes as long as a question may
    try:
        with clock:
            return _ANSWERS[question["do"]](question)
    except (_Late, TimeoutError) as error:
        pattern = question.get("pattern")
        late = f"{written(pattern)} took longer than {seconds:g} s" if pattern is not None else None
        return {"late": str(error) or late}
    except MemoryError:
        return {"error": "it takes too much memory"}
    except ValueError as error:
        return {"error": str(error)}


def _nothing(question: dict[str, Any]) -> dict[str, Any]:
    return {}


def _compile(question: dict[str, Any]) -> dict[str, Any]:
    program = compiled(question["pattern"], question["flags"])
    idle = search(program, "") is not None
    return {"groups": program.groups, "names": dict(program.groupindex), "idle": idle}


def _search(question: dict[str, Any]) -> dict[str, Any]:
    program = compiled(question["pattern"], question["flags"])
    found = search(program, question["text"], take=question["take"], full=question["full"])
    return {"found": None if found is None else [found.group(), *found.groups()]}


def _schema(question: dict[str, Any]) -> dict[str, Any]:
    from promptctl.checks.fitting import fitting

    try:
        fitting(question["schema"])
    except ValueError as error:
        return {"mistake": str(error), "inside": list(getattr(error.__cause__, "absolute_path", ()))}
    return {}


def _fit(question: dict[str, Any]) -> dict[str, Any]:
    from promptctl.checks.fitting import fitting

    return {"problem": fitting(question["schema"]).problem(question["value"])}


_ANSWERS = {"nothing": _nothing, "compile": _compile, "search": _search, "schema": _schema, "fit": _fit}
