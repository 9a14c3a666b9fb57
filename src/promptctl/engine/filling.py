"""From a case to the values of a prompt's inputs, for its first request and for the later ones of a conversation."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from promptctl.core.case import Case
from promptctl.core.prompt import InputSpec
from promptctl.errors import PromptError

_EARLIER = "the messages before the last"
_TAKING = {
    "contexts": ("contexts",),
    "messages": ("messages", "string"),
    "turns": ("messages", "string"),
    _EARLIER: ("messages",),
}
"""Which types of input a part of a case can go to; any, where it is not named."""


class Filling(NamedTuple):
    """What a case gives a prompt.

    `values` are those of the first request. In a conversation `said` is the input that takes what the user says, and
    `history` the one in which the messages before it grow, from `start` on; None where the prompt has no such input.
    """

    values: dict[str, Any]
    said: str | None = None
    history: str | None = None
    start: tuple[dict[str, Any], ...] = ()

    def after(self, says: Sequence[str], replies: Sequence[str]) -> dict[str, Any]:
        """The values once the model has given these replies, of a prompt that has a history."""
        grown = list(self.start)
        for say, reply in zip(says, replies, strict=False):
            grown += [_message("user", say), _message("assistant", reply)]
        now = says[len(replies)]
        spoken = {} if self.said is None else {self.said: now}
        if self.said is None:
            grown.append(_message("user", now))
        return {**self.values, **spoken, **({self.history: grown} if self.history else {})}


def fill(case: Case, inputs: Mapping[str, InputSpec], *, strict: bool = True) -> Filling:
    """What a case gives a prompt: its vars, and where `input`, `contexts` and a conversation go.

    Args:
        case: The case.
        inputs: The prompt's, by name.
        strict: Whether it is an error that a part of the case has no one place; otherwise that part is left out.

    Raises:
        PromptError: `ambiguous-input`, `given-twice`, `last-not-user`, at the case.
    """
    filler = _Filler(case, inputs, strict)
    if case.turns:
        return filler.turns()
    filler.messages()
    return Filling(filler.values)


class _Filler:
    def __init__(self, case: Case, inputs: Mapping[str, InputSpec], strict: bool) -> None:
        self.case, self.inputs, self.strict = case, inputs, strict
        self.values = dict(case.vars)
        if case.contexts:
            self._give("contexts", list(case.contexts), self._typed("contexts"))
        if case.input is not None:
            open_ = [name for name in inputs if name not in self.values]
            self._give("input", case.input, [name for name in open_ if inputs[name].required] or open_)

    def turns(self) -> Filling:
        says = [turn.say for turn in self.case.turns]
        said, history = self._said("turns"), self._history()
        if len(history) > 1 and (said is None or len(says) > 1):
            self._refuse("turns", history)
        elif said is None and not history:
            self._refuse("turns", [])
        grows = history[0] if len(history) == 1 else None
        default = self.inputs[grows].default if grows and self.inputs[grows].has_default else None
        filling = Filling(self.values, said, grows, tuple(default or ()))
        return filling._replace(values=filling.after(says, ()))

    def messages(self) -> None:
        messages = list(self.case.messages)
        if not messages:
            return
        said = self._said("messages")
        if said is not None:
            if messages[-1]["role"] == "user":
                self.values[said] = self._text(messages.pop(), said)
            elif self.strict:
                raise self._error(
                    f"the last message is of role {messages[-1]['role']}, and {said!r} takes what a user says",
                    slug="last-not-user",
                    fix=f"let the last message be the user's, or give {said!r} in vars",
                )
        history = self._history()
        if messages:
            self._give("messages" if said is None else _EARLIER, messages, history)
        elif len(history) == 1 and self.inputs[history[0]].required:
            self.values[history[0]] = []

    def _said(self, what: str) -> str | None:
        """The only required string that is not given yet; None where there is none."""
        names = [name for name in self._typed("string") if self.inputs[name].required]
        if len(names) > 1:
            self._refuse(what, names)
        return names[0] if len(names) == 1 else None

    def _history(self) -> list[str]:
        return self._typed("messages")

    def _typed(self, kind: str) -> list[str]:
        """The inputs of a type that vars do not give."""
        return [name for name, spec in self.inputs.items() if spec.type == kind and name not in self.values]

    def _give(self, what: str, value: Any, names: list[str]) -> None:
        if len(names) == 1:
            self.values[names[0]] = value
        else:
            self._refuse(what, names)

    def _text(self, message: Mapping[str, Any], name: str) -> str:
        content = message["content"]
        if isinstance(content, str):
            return content
        if self.strict and any(part["type"] != "text" for part in content):
            raise self._error(
                f"the last message holds an image, and {name!r} takes text",
                slug="wrong-input-type",
                fix="give the image in vars, to an input of type image",
            )
        return "\n".join(part["text"] for part in content if part["type"] == "text")

    def _refuse(self, what: str, names: list[str]) -> None:
        """Raises for a part of the case that fits no input, or more than one."""
        if not self.strict:
            return
        kinds = _TAKING.get(what)
        taken = [name for name in self.case.vars if name in self.inputs and self._is(name, kinds)]
        if taken and not names:
            raise self._error(
                f"{taken[0]!r} is given twice, by vars and by {what}",
                slug="given-twice",
                fix=f"take {taken[0]!r} out of vars, or {what} out of the case",
            )
        inputs = ", ".join(self.inputs) or "none"
        fix = f"write vars: {{NAME: …}} instead; the prompt's inputs are {inputs}"
        if what == _EARLIER and not names:
            fix = "declare `history: {type: messages, default: []}` in the header, and `{% insert history %}`"
        elif what not in ("input", "contexts"):
            fix = f"give all but one of them in vars; the prompt's inputs are {inputs}"
        raise self._error(
            f"{what} cannot be given: the prompt has {len(names)} inputs that it could fill",
            slug="ambiguous-input",
            fix=fix,
        )

    def _is(self, name: str, kinds: tuple[str, ...] | None) -> bool:
        return kinds is None or self.inputs[name].type in kinds

    def _error(self, message: str, *, slug: str, fix: str) -> PromptError:
        return PromptError(message, slug=slug, at=self.case.place, fix=fix)


def _message(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "content": text}
