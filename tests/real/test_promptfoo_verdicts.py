"""promptfoo's own verdicts against ours: on its assertion tests, on weights and sets, on cells of tables."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from promptctl.core.case import Case
from promptctl.core.exchange import Output
from promptctl.engine.check import build
from promptctl.engine.grading import grade
from promptctl.errors import Place
from promptctl.importers.foreign import Foreign, Spot
from promptctl.importers.promptfoo.assertions import TYPES, Context, check_of
from promptctl.importers.promptfoo.config import Part
from promptctl.importers.promptfoo.csv import assertion_of
from promptctl.importers.promptfoo.not_carried import NotCarried
from promptctl.importers.promptfoo.scores import checks_of
from promptctl.importers.promptfoo.shapes import tools_of
from promptctl.importers.promptfoo.sources import Sources
from promptctl.importers.promptfoo.suites import short
from promptctl.store.checkspecs import parse_checks
from tests.real.projects import read_lines

NO_FILES = Sources(None, "")  # type: ignore[arg-type]

# Types that have no check of equal meaning; docs/importing.md lists them.
LEFT_OUT = {
    *("bleu", "gleu", "meteor", "rouge-n", "perplexity", "perplexity-score", "guardrails", "is-refusal"),
    *("is-sql", "contains-sql", "contains-xml", "contains-html"),
}

YAML_BRACES = "promptfoo reads braces as YAML and closes missing ones; here only JSON counts"
ANY_EMPTY = "an empty text is in every output: a check that cannot fail is left out"
NO_TOOLS = "tools made by a template, or none: left out"
NO_FINISH = "every answer has a way it ended here; one that says none stopped"
NOT_A_CALL = "calls written into the text are text here: the protocol has a place of its own for them"
MCP = "promptctl runs no tools, so no answer tells of their results"
ZERO = "a limit of 0 ms cannot be met: left out"
UNKNOWN = "unscored, where promptfoo stops with an error"

# Where our verdict is another one on purpose, or there is none: the test that promptfoo has it from, and why.
DIFFERENCES = {
    **dict.fromkeys(
        [f"test/util/json.test.ts:{line}" for line in (213, 235, 322, 451, 457, 463, 469, 485, 506, 536)],
        YAML_BRACES,
    ),
    **dict.fromkeys(
        [f"test/assertions/contains.test.ts:{line}" for line in (268, 304, 450, 522, 540, 558)], ANY_EMPTY
    ),
    **dict.fromkeys(
        [f"test/assertions/openai.test.ts:{line}" for line in (306, 336, 742, 778, 813, 1044)], NO_TOOLS
    ),
    **dict.fromkeys([f"test/assertions/finishReason.test.ts:{line}" for line in (35, 95)], NO_FINISH),
    **dict.fromkeys(
        [f"test/assertions/toolCallF1.test.ts:{line}" for line in (252, 264, 276, 301, 313)], NOT_A_CALL
    ),
    **dict.fromkeys(
        [f"test/assertions/openai.test.ts:{line}" for line in (1078, 1125, 1177, 1204, 1277, 1335)], MCP
    ),
    **dict.fromkeys([f"test/assertions/runAssertion.test.ts:{line}" for line in (2054, 2076)], ZERO),
    "test/assertions/cost.test.ts@0ed6f63d:23": UNKNOWN,
    "test/assertions/runAssertion.test.ts:1973": UNKNOWN,
}


def calls_in(output: Any) -> list[dict[str, Any]] | None:
    """The tool calls of an output in any vendor's form, as the servers that promptctl asks give them."""
    if isinstance(output, list):
        found = [call for item in output if isinstance(item, dict) for call in calls_in(item) or []]
        return found or None
    if not isinstance(output, dict):
        return None
    for key in ("tool_calls", "toolCall", "functionCalls"):
        if key in output:
            return calls_in(output[key]) or []
    call = output.get("function") or output.get("function_call") or output.get("functionCall") or output
    if not isinstance(call, dict) or "name" not in call:
        return None
    return [
        {"type": "function", "function": {"name": call["name"], "arguments": call.get("arguments", "{}")}}
    ]


def answer_of(row: Mapping[str, Any]) -> Output:
    """The answer that an assertion of promptfoo's tests looks at."""
    output = row.get("output")
    calls = calls_in(output) if "call" in row["type"] else None
    text = (
        output if isinstance(output, str) else "" if output is None or calls is not None else _as_json(output)
    )
    return Output(
        text=text,
        finish=(row.get("finish_reason") or "stop").lower(),
        tool_calls=tuple(calls or ()),
        seconds=None if row.get("latency_ms") is None else row["latency_ms"] / 1000,
        cost=row.get("cost"),
    )


def _as_json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def outcome(checks: list[Any], output: Output) -> str:
    """What the engine says of an output."""
    specs = parse_checks(checks, lambda *_: Place("suite.yaml"))
    return grade([build(spec) for spec in specs], Case(id="x"), output, finished=False).outcome


def part_of(value: Any) -> Part:
    return Part(Foreign(value, "promptfooconfig.yaml", Spot(1, 1)), value)


def our_verdict(row: Mapping[str, Any]) -> str:
    """pass, fail, unscored, or `left out`."""
    assertion = {key: row[key] for key in ("type", "value", "threshold") if row.get(key) is not None}
    config = row.get("provider_config") or {}
    key = "tools" if "tools" in row["type"] else "functions"
    tools = tools_of({key: config.get(key)}, NO_FILES, part_of(config), [])
    offered = tools if "is-valid" in row["type"] else []
    try:
        written = check_of(assertion, Context(row.get("vars") or {}, NO_FILES, offered))
    except NotCarried:
        return "left out"
    return outcome([short(written.check)], answer_of(row))


def test_every_assertion_that_has_a_check_gives_promptfoos_verdict_but_for_the_listed_differences(
    real_data: Path,
):
    counts: Counter[str] = Counter()
    seen, wrong = set(), []
    for row in read_lines(real_data / "promptfoo_assertions" / "promptfoo_cases.jsonl"):
        found = our_verdict(row)
        if row["type"].removeprefix("not-") in LEFT_OUT:
            assert found == "left out", row["type"]
            counts["no equal"] += 1
            continue
        wanted = "left out" if row.get("raises") else "pass" if row["pass"] else "fail"
        if row["source"] in DIFFERENCES:
            seen.add(row["source"])
            counts["listed"] += found != wanted
        elif found == wanted:
            counts["agree"] += 1
        else:
            wrong.append((row["source"], row["type"], wanted, found))

    assert wrong == []
    assert seen == set(DIFFERENCES)
    assert counts == {"agree": 250, "listed": 39, "no equal": 229}


def test_weights_thresholds_and_sets_decide_as_in_promptfoo(real_data: Path):
    compared = 0
    for row in read_lines(real_data / "promptfoo_assertions" / "promptfoo_aggregation.jsonl"):
        asserts = part_of(row["assert"]).items()
        found = checks_of(asserts, row["test_threshold"], Context(row["vars"], NO_FILES))
        if found.left_out:
            assert "threshold" in found.left_out[0].what, row["source"]
            continue
        output = row["output"] if isinstance(row["output"], str) else _as_json(row["output"])
        if row["pass"] is not None:
            said = outcome([short(check) for check in found.checks], Output(text=output))
            assert said == ("pass" if row["pass"] else "fail"), row["source"]
            compared += 1

    assert compared == 16


def test_the_small_language_of_tables_is_read_as_promptfoo_reads_it(real_data: Path):
    rows = list(read_lines(real_data / "promptfoo_assertions" / "promptfoo_expected_syntax.jsonl"))

    # One of promptfoo's tests leaves out a threshold that another asks for: it is compared as far as it goes.
    wrong = [
        row["source"]
        for row in rows
        if not row["assertion"].items() <= assertion_of(row["input"], TYPES).items()
    ]

    assert (wrong, len(rows)) == ([], 52)
