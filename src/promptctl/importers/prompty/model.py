"""The `model` of a Prompty file: its name, its parameters, and who serves it there."""

from typing import Any

from promptctl.core.routes import route
from promptctl.importers.chat_output import output_header
from promptctl.importers.chat_params import chat_params, unserved
from promptctl.importers.imported import LeftOut, Note
from promptctl.importers.keys import Keys
from promptctl.importers.prompty.references import CONNECTIONS, REFERENCE

_NOT_CHAT = ("embedding", "image", "completion")
_ANTHROPIC_LIMIT = 4096
# What the second version sends of `options`; what else stands there goes nowhere.
_OPTIONS = (
    *("temperature", "maxOutputTokens", "topP", "topK", "frequencyPenalty", "presencePenalty"),
    *("stopSequences", "seed"),
)


class Model:
    """The model as it is asked.

    `old` says that the file is of the first version. `response_format` is what goes out, `output` the header's words
    for it, `tools` a list of tools among the parameters, where the first version has it. Mistakes go into the errors
    of `keys`, `left_out` and `notes` grow.
    """

    def __init__(
        self, keys: Keys, prompt_id: str, files: dict[str, str], left_out: list[LeftOut], notes: list[Note]
    ) -> None:
        self._prompt_id, self._files, self._left_out, self._notes = prompt_id, files, left_out, notes
        self.old = False
        self.params: dict[str, Any] = {}
        self.response_format: dict[str, Any] | None = None
        self.output: dict[str, Any] | None = None
        self.tools: Keys | None = None
        self._provider = ""
        value = keys.any("model")
        if value is None or isinstance(value, str):
            self.name: str | None = value
            notes += unserved(value, keys.place("model"))
            return
        own = keys.mapping("model")
        self.old = any(name in own for name in ("api", "configuration", "parameters"))
        self._kind(own)
        self._provider = own.text("provider") or ""
        self.name = own.text("id") or self._deployment(own)
        notes += unserved(self.name, own.place("id"))
        self._connection(own)
        self.params = self._parameters(own)

    def _kind(self, own: Keys) -> None:
        name = "apiType" if "apiType" in own else "api"
        kind = own.text(name) or "chat"
        if kind in _NOT_CHAT:
            message = f"{kind} makes no chat request: promptctl asks chat models only"
            fix = "there is nothing to import from this file"
            own.wrong(message, name, slug="import-unsupported", fix=fix)
        elif kind != "chat":
            cure = "it is asked through chat completions"
            self._left_out.append(LeftOut(f"{name} {kind}", own.place(name), cure))

    def _deployment(self, own: Keys) -> str | None:
        """The model that a connection of the first version names."""
        configuration = own.any("configuration")
        if not isinstance(configuration, dict):
            return None
        self._provider = self._provider or str(configuration.get("type", ""))
        for name in ("azure_deployment", "name", "model"):
            if isinstance(configuration.get(name), str) and not REFERENCE.match(configuration[name]):
                return str(configuration[name])
        return None

    def _connection(self, own: Keys) -> None:
        for name in CONNECTIONS:
            if own.any(name) is not None:
                cure = "keys and addresses stand in promptctl.toml, by the name of a variable"
                self._left_out.append(LeftOut(f"model.{name}", own.place(name), cure))
        known = route(self.name, {}, {}) if self.name else None
        if self._provider and (known is None or known.provider != self._provider.lower()):
            asked = f"{known.provider} serves {self.name} here" if known else "no one serves it here yet"
            cure = f"{asked}: say otherwise under [models] in promptctl.toml"
            where = "provider" if "provider" in own else "configuration"
            self._left_out.append(LeftOut(f"provider {self._provider}", own.place(where), cure))

    def _parameters(self, model: Keys) -> dict[str, Any]:
        name = "options" if "options" in model else "parameters"
        own, within = model.mapping(name), f"model.{name}"
        params: dict[str, Any] = {}
        if self.old:
            self.response_format, self.output = output_header(
                own, "response_format", self._prompt_id, self._files, self._left_out
            )
            self.tools = own if own.any("tools") else None
        elif "additionalProperties" in own:
            more = own.mapping("additionalProperties")
            given = {key: more.any(key) for key in more.value}
            inside = f"{within}.additionalProperties"
            params = chat_params(given, self.name, more.place, self._left_out, within=inside)
        options = {key: own.any(key) for key in own.value if key in _OPTIONS or self._passes(key)}
        if not self.old:
            for key in own.value:
                if key not in options and key != "additionalProperties":
                    self._unsent(own, within, key)
        if options.get("topK") is not None and self._provider != "anthropic":
            self._unsent(own, within, "topK")
            del options["topK"]
        params |= chat_params(options, self.name, own.place, self._left_out, within=within)
        if self._provider == "anthropic" and "max_output_tokens" not in params:
            params["max_output_tokens"] = _ANTHROPIC_LIMIT
            said = f"Prompty sends a limit of {_ANTHROPIC_LIMIT} tokens where none is set, and so does this prompt"
            self._notes.append(Note(said, model.place()))
        return params

    def _passes(self, key: str) -> bool:
        """The first version passes every parameter on."""
        return self.old and key not in ("response_format", "tools")

    def _unsent(self, own: Keys, within: str, key: str) -> None:
        own.any(key)
        cure = "Prompty does not send it to this provider either"
        self._left_out.append(LeftOut(f"{within}.{key}", own.place(key), cure))
