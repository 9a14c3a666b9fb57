"""What one provider of promptfoo asks of its server: parameters, tools, shape of answer.

What goes out follows promptfoo's own chat providers: where nothing is said, OpenAI's and those built on it send
temperature 0 and max_tokens 1024 (neither to reasoning models), Anthropic's the same.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from promptctl.errors import Place
from promptctl.importers.chat_params import RENAMED, chat_params
from promptctl.importers.imported import LeftOut, Note
from promptctl.importers.promptfoo.config import Part
from promptctl.importers.promptfoo.shapes import response_format_of, tools_of
from promptctl.importers.promptfoo.sources import Sources

DEFAULTS = {"temperature": 0, "max_tokens": 1024}
_REASONING = re.compile(r"(?:^|/)(?:o1|o3|o4|gpt-5)")
_SENT = frozenset(
    {"seed", "max_tokens", "max_completion_tokens", "reasoning_effort", "temperature", "top_p"}
    | {"presence_penalty", "frequency_penalty", "stop", "tool_choice", "user", "metadata", "store"}
    | {"service_tier", "verbosity", "safety_identifier", "prompt_cache_key", "thinking", "top_k"}
    | {"stop_sequences", "maxOutputTokens", "topP", "topK", "stopSequences", "num_predict"}
    | {"parallel_tool_calls"}
)
"""Settings that go out as they are."""

_SILENT = frozenset(
    {"apiKeyEnvar", "apiBaseUrl", "apiHost", "basePath", "maxRetries"}
    | {"omitDefaults", "showThinking", "apiKeyRequired", "tools", "functions"}
    | {"response_format", "passthrough", "instructions", "generationConfig"}
)
_ELSEWHERE = {
    **dict.fromkeys(("cost", "inputCost", "outputCost"), "write it under [prices] in promptctl.toml"),
    "apiKey": "keys are never copied: set the variable that the provider's `key_env` names",
    "headers": "write `headers` under [providers.NAME] in promptctl.toml",
    "organization": "write it as a header under [providers.NAME] in promptctl.toml",
    "functionToolCallbacks": "promptctl runs no tools: the answer is the call",
    "mcp": "promptctl runs no tools: name them in the header's `tools:`",
}


class Model(NamedTuple):
    """Who answers. `name` is None where promptctl serves nothing like it, and the project's model is taken.

    `written` is promptfoo's id, `prompts` what labels it is for, `system` what the provider puts before the prompt.
    """

    written: str
    place: Place
    name: str | None = None
    label: str = ""
    prompts: Any = None
    params: dict[str, Any] = {}
    tools: tuple[dict[str, Any], ...] = ()
    response_format: dict[str, Any] | None = None
    config: dict[str, Any] = {}
    system: str | None = None
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[Note, ...] = ()


class Settings:
    """One provider's config, key by key."""

    def __init__(
        self, sources: Sources, config: Part, settings: Mapping[str, Any], left_out: list[LeftOut]
    ) -> None:
        self.sources, self.config, self.settings, self.left_out = sources, config, settings, left_out

    def applied(self, model: Model, kind: str, *, defaults: bool) -> Model:
        """The model with all that its config asks for."""
        notes = []
        sent = self._sent(model.name or "", kind, defaults=defaults)
        if defaults and (
            implied := [name for name in DEFAULTS if name in sent and name not in self.settings]
        ):
            shown = " and ".join(f"{name}: {DEFAULTS[name]}" for name in implied)
            notes.append(
                Note(
                    f"{model.written}: promptfoo sends {shown} where nothing is said, so it is written down",
                    model.place,
                )
            )
        if self.settings.get("functions"):
            said = (
                f"the functions of {model.written} go out as tools, and their calls come back as tool calls"
            )
            notes.append(Note(said, self.config.place("functions")))
        if kind == "responses":
            said = f"{model.written} is asked through chat completions here, not through the Responses API"
            notes.append(Note(said, model.place))
        params = chat_params(sent, model.name, self.config.place, self.left_out, within="config")
        tools = tools_of(self.settings, self.sources, self.config, self.left_out)
        wanted = response_format_of(
            self.settings.get("response_format"), self.sources, self.config, self.left_out
        )
        instructions = self.settings.get("instructions") if kind == "responses" else None
        return model._replace(
            params=params,
            tools=tuple(tools),
            response_format=wanted,
            system=instructions if isinstance(instructions, str) else None,
            left_out=tuple(self.left_out),
            notes=tuple(notes),
        )

    def _sent(self, name: str, kind: str, *, defaults: bool) -> dict[str, Any]:
        """The parameters of the request, by the names of the original."""
        settings = {key: value for key, value in self.settings.items() if value is not None}
        settings.update(self._mapping("generationConfig"))
        sent: dict[str, Any] = {}
        for key, value in settings.items():
            if isinstance(value, str) and "{{" in value:
                self._drop(key, "a value from a test's variables is not carried over: write it out")
            elif key in _SENT or (kind == "responses" and key == "max_output_tokens"):
                sent["max_tokens" if key == "num_predict" else key] = value
            elif key == "function_call":
                sent["tool_choice"] = (
                    {"type": "function", "function": value} if isinstance(value, dict) else value
                )
            elif key in _ELSEWHERE:
                self._drop(key, _ELSEWHERE[key])
            elif key not in _SILENT:
                self._drop(key, "promptfoo does not send it either")
        sent.update(self._mapping("passthrough"))
        if isinstance(choice := sent.get("tool_choice"), dict) and choice.get("type") == "tool":
            sent["tool_choice"] = {"type": "function", "function": {"name": choice.get("name")}}
        reasoning = _REASONING.search(name) is not None
        if reasoning:
            for key in ("temperature", "max_tokens"):
                if key in sent:
                    del sent[key]
                    self._drop(key, "promptfoo does not send it to reasoning models")
        elif defaults and not settings.get("omitDefaults") and kind != "responses":
            limited = any(RENAMED.get(key) == "max_output_tokens" for key in sent)
            thinks = "thinking" in sent
            sent = {
                **({} if thinks else {"temperature": DEFAULTS["temperature"]}),
                **({} if limited else {"max_tokens": DEFAULTS["max_tokens"]}),
                **sent,
            }
        return sent

    def _mapping(self, key: str) -> Mapping[str, Any]:
        value = self.settings.get(key)
        if value is not None and not isinstance(value, dict):
            self._drop(key, "write it as a mapping")
        return value if isinstance(value, dict) else {}

    def _drop(self, key: str, instead: str) -> None:
        self.left_out.append(LeftOut(f"config.{key}", self.config.place(key), instead))
