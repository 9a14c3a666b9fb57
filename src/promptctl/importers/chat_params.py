"""Parameters of other tools under the names of the chat-completions protocol, and models with who serves them."""

from collections.abc import Callable, Mapping
from typing import Any

from promptctl.core.dialects import Dialect, unread_params
from promptctl.core.routes import PRESETS, route
from promptctl.errors import Place
from promptctl.importers.imported import LeftOut, Note

RENAMED = {
    "maxTokens": "max_output_tokens",
    "max_tokens": "max_output_tokens",
    "max_completion_tokens": "max_output_tokens",
    "maxOutputTokens": "max_output_tokens",
    "topP": "top_p",
    "topK": "top_k",
    "frequencyPenalty": "frequency_penalty",
    "presencePenalty": "presence_penalty",
    "stopSequences": "stop",
    "stop_sequences": "stop",
    "allowMultipleToolCalls": "parallel_tool_calls",
}
PARAMETERS = frozenset(
    {"temperature", "top_p", "top_k", "min_p", "seed", "stop", "frequency_penalty", "presence_penalty"}
    | {"repetition_penalty", "logit_bias", "logprobs", "top_logprobs", "parallel_tool_calls", "tool_choice"}
    | {"reasoning_effort", "verbosity", "service_tier", "user", "metadata", "store", "modalities"}
    | {*RENAMED, "max_output_tokens", "stream", "n"}
)
"""Keys that are parameters of a request, where a format mixes them with others."""

RESERVED = {
    "model": "write `model:` in the header",
    "messages": "the template makes the messages",
    "tools": "write `tools:` in the header",
    "response_format": "write `output:` in the header",
    "stream": "promptctl waits for whole answers",
    "n": "`samples:` in the suite asks several times",
}
"""What promptctl sets itself, with where it is said."""

# What comes before the slash of a model's name elsewhere, and the provider of ours that serves what comes after.
_MAKERS = {
    "openai": "openai",
    "anthropic": "anthropic",
    "googleai": "gemini",
    "google": "gemini",
    "vertexai": "gemini",
    "deepseek": "deepseek",
    "ollama": "ollama",
}


def chat_params(
    options: Mapping[str, Any],
    model: str | None,
    place: Callable[[str], Place],
    left_out: list[LeftOut],
    *,
    within: str,
) -> dict[str, Any]:
    """Options under the names that go out; what cannot go out is added to `left_out`.

    Args:
        options: As the original has them.
        model: The model; a known server's documented refusals are left out.
        place: Gives the place of an option by its name.
        left_out: Grows by what promptctl sets itself, and by what the server does not read.
        within: Where the options stand, for messages: `config`.
    """
    params: dict[str, Any] = {}
    from_name: dict[str, str] = {}
    for name, value in options.items():
        ours = RENAMED.get(name, name)
        if value is None:
            continue
        if ours in RESERVED:
            left_out.append(LeftOut(f"{within}.{name}", place(name), RESERVED[ours]))
        elif ours in params:
            left_out.append(LeftOut(f"{within}.{name}", place(name), f"{ours} is said already"))
        else:
            params[ours], from_name[ours] = value, name
    for ours, instead in list(unread_params(params, _dialect(model))):
        name = from_name[ours]
        cure = f"write {instead}" if instead else f"who serves {model} does not read it"
        left_out.append(LeftOut(f"{within}.{name}", place(name), cure))
        del params[ours]
    return params


def _dialect(model: str | None) -> Dialect:
    found = route(model, served(model).get("models", {}), {}) if model else None
    return found.dialect if found else Dialect()


def served(model: str | None) -> dict[str, Any]:
    """Tables of promptctl.toml that say who serves `maker/name`; none where a built-in route knows, or no one does."""
    if model is None or route(model, {}, {}) is not None:
        return {}
    maker, slash, name = model.partition("/")
    provider = _MAKERS.get(maker)
    if not slash or provider not in PRESETS or not name:
        return {}
    return {"models": {model: {"provider": provider, "name": name}}}


def unserved(model: str | None, at: Place) -> list[Note]:
    """What to say of a model that no route leads to."""
    if model is None or served(model) or route(model, {}, {}) is not None:
        return []
    cure = f'add "{model}" = "PROVIDER" under [models] in promptctl.toml'
    return [Note(f"no provider is known for the model {model}: {cure}", at)]
