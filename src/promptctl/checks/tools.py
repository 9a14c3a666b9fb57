"""Checks of the tools that an answer calls, in the form of the OpenAI protocol."""

from typing import Any, NamedTuple, Self

from promptctl.checks.json_text import brief, first_difference, parse_json
from promptctl.checks.schema import Schemed
from promptctl.checks.text import listed, shown
from promptctl.core.record import replace
from promptctl.core.rule import Example, Rule
from promptctl.core.verdict import Opinion, Subject, fails, passes
from promptctl.core.words import plural

_ORDER_7 = {"tool_calls": [{"function": {"name": "lookup_order", "arguments": '{"id": 7, "lang": "中文"}'}}]}


class Call(NamedTuple):
    """One call of a tool, with its arguments as the model wrote them."""

    name: str
    arguments: str


def calls_of(subject: Subject) -> list[Call]:
    """The calls of an answer, in order. Imported answers may hold anything: what is no call is left out."""
    calls = []
    for written in subject.output.tool_calls:
        function = written.get("function")
        if isinstance(function, dict) and isinstance(function.get("name"), str):
            arguments = function.get("arguments")
            calls.append(
                Call(function["name"], arguments if isinstance(arguments, str) else brief(arguments, 10**6))
            )
    return calls


def arguments_of(call: Call) -> Any:
    """The arguments as a value; a call without any has none, {}.

    Raises:
        ValueError: they are no JSON.
    """
    try:
        return parse_json(call.arguments) if call.arguments.strip() else {}
    except ValueError as error:
        raise ValueError(f"the arguments of {shown(call.name, 40)} are {error}") from None


def _called(calls: list[Call]) -> str:
    names = tuple(dict.fromkeys(call.name for call in calls))
    return f"it called {listed(names, 'and')}" if names else "it called no tool"


class ToolCalled(Rule):
    """The answer calls this tool; with a list, every one of these tools, in any order.

    `args` are arguments that one call of the tool must have, compared as in `json_equals`; others may stand beside
    them. `times` asks for exactly that many calls of the tool. Other tools may be called too: `tool_call_f1` and
    `no_tool_call` see them. The text, mostly empty beside a call, does not matter; an answer without a call fails.
    """

    SHORT = "tool"
    FAMILY = "tools"
    EXAMPLES = (
        Example(args="lookup_order", output="", answer=_ORDER_7, status="pass"),
        Example(args={"tool": "lookup_order", "args": {"id": 7}}, output="", answer=_ORDER_7, status="pass"),
        Example(args={"tool": "lookup_order", "args": {"id": 8}}, output="", answer=_ORDER_7, status="fail"),
        Example(args=["lookup_order", "refund"], output="", answer=_ORDER_7, status="fail"),
        Example(args="lookup_order", output="我查一下订单。", status="fail"),
    )

    tool: str | tuple[str, ...]
    args: dict[str, Any] | None = None
    times: int | None = None

    def __post_init__(self) -> None:
        if not self.tool or not all(self._tools()):
            raise ValueError("name at least one tool")
        if (self.args is not None or self.times is not None) and len(self._tools()) > 1:
            raise ValueError("`args` and `times` belong to one tool: write a check for each")
        if self.times is not None and self.times < 1:
            raise ValueError("`times` is 1 or more; for none, write `no_tool_call`")
        if self.args == {}:
            raise ValueError("`args` names no argument")

    def __call__(self, subject: Subject) -> Opinion:
        """Pass where they are called, as asked."""
        calls = calls_of(subject)
        if missing := [name for name in self._tools() if name not in {call.name for call in calls}]:
            return fails(f"no call of {listed(missing, 'and')}: {_called(calls)}")
        own = [call for call in calls if call.name == self._tools()[0]]
        if self.times is not None and len(own) != self.times:
            return fails(f"{plural(len(own), 'call')} of {shown(own[0].name)}, {self.times} wanted")
        differences = [self._difference(call) for call in own] if self.args is not None else []
        if differences and None not in differences:
            return fails(f"arguments of {shown(own[0].name)}: {differences[0]}")
        return passes(f"called {listed(self._tools(), 'and')}")

    def _difference(self, call: Call) -> str | None:
        try:
            found = arguments_of(call)
        except ValueError as error:
            return str(error)
        if not isinstance(found, dict):
            return f"{brief(found)} is no mapping"
        wanted = self.args or {}
        return first_difference(wanted, {name: found[name] for name in wanted if name in found})

    def _tools(self) -> tuple[str, ...]:
        return (self.tool,) if isinstance(self.tool, str) else self.tool


class NoToolCall(Rule):
    """The answer calls no tool; with names, none of these tools.

    An answer that only writes about a tool calls none. Passes for every answer of a prompt that offers no tools, empty
    or not.
    """

    SHORT = "tool"
    FAMILY = "tools"
    EXAMPLES = (
        Example(args=None, output="Refunds take 14 days.", status="pass"),
        Example(args=None, output="", answer=_ORDER_7, status="fail"),
        Example(args="refund", output="我查一下。", answer=_ORDER_7, status="pass"),
        Example(args=["refund", "lookup_order"], output="", answer=_ORDER_7, status="fail"),
    )

    tool: str | tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.tool is not None and (not self.tool or not all(self.tool)):
            raise ValueError("name at least one tool, or none for all of them")

    def __call__(self, subject: Subject) -> Opinion:
        """Fail with those that are called."""
        refused = (self.tool,) if isinstance(self.tool, str) else self.tool
        calls = [call for call in calls_of(subject) if refused is None or call.name in refused]
        return fails(_called(calls)) if calls else passes("no such call" if refused else "no tool is called")


class ToolArgsSchema(Schemed):
    """Every call of `tool` (of any tool, without it) has arguments that fit a JSON Schema.

    The schema stands under `schema` or in a `file`, as in `json_schema`. A file may be the tool's own definition, as
    the prompt's header names it: then its `parameters` are the schema, and `tool` is its name. Arguments that are no
    JSON fail, and so does an answer without such a call; its text, empty or not, does not matter.
    """

    SHORT = None
    FAMILY = "tools"
    EXAMPLES = (
        Example(
            args={"tool": "lookup_order", "schema": {"properties": {"id": {"type": "integer"}}}},
            output="",
            answer=_ORDER_7,
            status="pass",
        ),
        Example(args={"schema": {"required": ["shop"]}}, output="", answer=_ORDER_7, status="fail"),
        Example(
            args={"file": "prompts/tools/lookup_order.json"},
            files={
                "prompts/tools/lookup_order.json": '{"function": {"name": "lookup_order", '
                '"parameters": {"required": ["id"]}}}'
            },
            output="",
            answer=_ORDER_7,
            status="pass",
        ),
        Example(args={"schema": {"required": ["id"]}}, output="订单号是多少？", status="fail"),
    )

    tool: str | None = None

    def __post_init__(self) -> None:
        if self.schema is None and self.file is None:
            raise ValueError("no schema: write `schema`, or name a `file`")
        Schemed.__post_init__(self)

    def holding(self, document: dict[str, Any]) -> Self:
        """The same check with what its file holds: a schema, or a tool's definition with one in it."""
        function = document.get("function")
        if not isinstance(function, dict):
            return Schemed.holding(self, document)
        name, parameters = function.get("name"), function.get("parameters")
        if not isinstance(name, str) or not isinstance(parameters, dict):
            raise ValueError("the tool's `function` needs a `name` and `parameters`, a JSON Schema")
        if self.tool is not None and self.tool != name:
            raise ValueError(f"it defines the tool {shown(name, 40)}, not {shown(self.tool, 40)}")
        return replace(self, tool=name, schema=parameters, file=None)

    def __call__(self, subject: Subject) -> Opinion:
        """Pass where there are calls, and all of them fit."""
        calls = calls_of(subject)
        own = [call for call in calls if self.tool in (None, call.name)]
        if not own:
            return fails(
                f"no call of {shown(self.tool)}: {_called(calls)}" if self.tool else "no tool is called"
            )
        for call in own:
            try:
                problem = self.misfit(arguments_of(call))
            except ValueError as error:
                return fails(str(error))
            if problem is not None:
                return fails(f"arguments of {shown(call.name, 40)}: {problem}")
        return passes(f"the arguments of {plural(len(own), 'call')} fit")


class ToolCallF1(Rule):
    """The tools that the answer calls are these: F1 of the two sets of names is at least `at_least`.

    F1 is 2 × both / (called + wanted), 1.0 (the default limit) where the sets are equal; how often and in which order a
    tool is called does not matter. An answer without a call has 0, whether its text is empty or not. The score is F1,
    also under `not`.
    """

    SHORT = "tools"
    FAMILY = "tools"
    EXAMPLES = (
        Example(args=["lookup_order"], output="", answer=_ORDER_7, status="pass"),
        Example(args=["lookup_order", "refund"], output="", answer=_ORDER_7, status="fail"),
        Example(
            args={"tools": ["lookup_order", "refund"], "at_least": 0.6},
            output="",
            answer=_ORDER_7,
            status="pass",
        ),
        Example(args=["refund"], output="退款已提交。", status="fail"),
    )

    tools: tuple[str, ...]
    at_least: float = 1.0

    def __post_init__(self) -> None:
        if not self.tools or not all(self.tools):
            raise ValueError("name at least one tool; for none, write `no_tool_call`")
        if not 0 < self.at_least <= 1:
            raise ValueError("`at_least` is above 0 and at most 1")

    def __call__(self, subject: Subject) -> Opinion:
        """Pass from the limit on."""
        calls = calls_of(subject)
        wanted, called = set(self.tools), {call.name for call in calls}
        f1 = 2 * len(wanted & called) / (len(wanted) + len(called))
        reason = f"F1 {f1:.3g}: {_called(calls)}"
        # Sums of halves and thirds must not miss the limit by their last bit.
        return passes(reason, score=f1) if f1 >= self.at_least - 1e-9 else fails(reason, score=f1)
