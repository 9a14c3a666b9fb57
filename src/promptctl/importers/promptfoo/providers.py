"""The providers of a configuration: which model answers, and where."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from promptctl.core.routes import address_fault, route
from promptctl.errors import FileError
from promptctl.importers.foreign import in_words
from promptctl.importers.imported import LeftOut
from promptctl.importers.promptfoo.config import Part, gathered
from promptctl.importers.promptfoo.settings import Model, Settings
from promptctl.importers.promptfoo.sources import Sources, is_code

KEYS = ("id", "label", "config", "prompts")
MAX_PROVIDERS = 1000
# The vendors of promptfoo whose models one of our presets serves, with whether promptfoo sends its defaults there.
_VENDORS = {
    "openai": ("openai", True),
    "openrouter": ("openrouter", True),
    "deepseek": ("deepseek", True),
    "anthropic": ("anthropic", True),
    "google": ("gemini", False),
    "ollama": ("ollama", False),
    **dict.fromkeys(("alibaba", "alicloud", "aliyun", "dashscope"), ("qwen", True)),
}
_KINDS = {
    "openai": ("chat", "responses"),
    "anthropic": ("messages",),
    "ollama": ("chat", "completion"),
}
_OTHER_KINDS = frozenset(
    {"completion", "embedding", "embeddings", "image", "assistant", "realtime", "moderation"}
    | {"speech", "transcription", "video", "agents", "chatkit", "codex-sdk", "live"}
)
_COMPLETION = re.compile(r"instruct|^davinci|^babbage")
_PROGRAMS = frozenset(
    {
        "exec",
        "python",
        "golang",
        "ruby",
        "file",
        "package",
        "http",
        "https",
        "webhook",
        "ws",
        "wss",
        "websocket",
    }
    | {"browser", "manual-input", "sequence", "mcp"}
)


class ProviderReader:
    """Reads `providers:`."""

    def __init__(self, sources: Sources, left_out: list[LeftOut]) -> None:
        self.sources, self.left_out = sources, left_out

    def read(self, part: Part) -> list[Part]:
        """Every provider as `{id, label, config, prompts}`, files of providers read."""
        found = [one for several in gathered(part.items(), self._item) for one in several]
        if len(found) > MAX_PROVIDERS:
            message = f"more than {MAX_PROVIDERS:,} providers"
            raise FileError(message, slug="too-large", at=part.place(), fix="import a part of them")
        gathered(found, lambda one: one.at("config").mapping("config"))
        return found

    def _item(self, item: Part) -> list[Part]:
        if isinstance(item.value, str) and item.value.startswith("file://") and not is_code(item.value):
            with self.sources.within(item.value):
                document = self.sources.document(item.value)
                return self.read(Part(document, document.value))
        if isinstance(item.value, str):
            return [_entry(item, {"id": item.value})]
        if not isinstance(item.value, dict):
            raise item.wrong(f"a provider must be a text or a mapping, found {in_words(item.value)}")
        if "id" not in item.value and len(item.value) == 1:
            [name] = item.value  # {"openai:gpt-4o": {config: …}}
            inner = item.at(name)
            return [_entry(inner, {"id": name, **inner.mapping("a provider")})]
        if not isinstance(item.value.get("id"), str):
            raise item.wrong("a provider needs an id")
        return [item]

    def model(self, part: Part, own: Part | None = None) -> Model:
        """What one provider asks of its server; `own` is what a prompt sets over its config."""
        entry = part.mapping("a provider")
        written = str(entry["id"])
        left_out = [
            LeftOut(f"provider.{key}", part.place(key), _BESIDE.get(key, "promptfoo does not read it either"))
            for key in entry
            if key not in KEYS
        ]
        base = Model(
            written, part.place("id"), label=str(entry.get("label") or ""), prompts=entry.get("prompts")
        )
        vendor, kind, name = _split(written)
        preset, defaults = _VENDORS.get(vendor, ("", False))
        if (
            not preset
            or not name
            or kind in _OTHER_KINDS
            or (vendor == "openai" and _COMPLETION.search(name))
        ):
            why = LeftOut(f"provider {written}", base.place, _cure(written, vendor))
            return base._replace(left_out=(*left_out, why))
        settings = {**part.at("config").mapping("config"), **(own.value if own else {})}
        config = part.at("config") if entry.get("config") else part
        reader = Settings(self.sources, config, settings, left_out)
        if fault := _address_fault(settings):
            left_out.append(
                LeftOut(f"config.apiBaseUrl: {fault}", config.place(), "name the server under [providers]")
            )
            settings = {key: value for key, value in settings.items() if key not in ("apiBaseUrl", "apiHost")}
        model = base._replace(name=name, config=_routed(name, preset, settings))
        return reader.applied(model, kind, defaults=defaults)


_BESIDE = {
    "transform": "name the part of the output with `extract:` in the checks",
    "delay": "write `requests_per_minute` under [providers.NAME] in promptctl.toml",
    "env": "set the variables where promptctl runs",
}


def _entry(item: Part, value: dict[str, Any]) -> Part:
    """A provider in its long form, whose parts stand where the short form does."""
    return Part(item.document, value, item.keys)


def _split(written: str) -> tuple[str, str, str]:
    """Vendor, kind of interface, and the model's name."""
    vendor, _, rest = written.partition(":")
    kind, _, name = rest.partition(":")
    if kind in _KINDS.get(vendor, ()) or kind in _OTHER_KINDS:
        return vendor, kind, name
    return vendor, "", rest


def _cure(written: str, vendor: str) -> str:
    if vendor == "echo":
        return "it repeats the prompt: `promptctl render PROMPT --case ID` shows it without a call"
    if is_code(written) or vendor in _PROGRAMS:
        return "a program of its own: import what it answers with `promptctl answers import`"
    if vendor in _VENDORS:
        return "promptctl asks chat completions only: write `model:` in the header"
    return (
        f"if {vendor} speaks the OpenAI protocol, give [providers.{vendor}] in promptctl.toml its base_url, lead the "
        f"model there under [models], and write `model:` in the header"
    )


def _address(settings: Mapping[str, Any]) -> str | None:
    if settings.get("apiHost"):
        return f"https://{settings['apiHost']}/v1"
    return str(settings["apiBaseUrl"]) if settings.get("apiBaseUrl") else None


def _address_fault(settings: Mapping[str, Any]) -> str | None:
    address = _address(settings)
    fault = address_fault(address, allow_http=False) if address is not None else None
    return None if fault is None else fault.message


def _routed(name: str, preset: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What promptctl.toml must say so that this model is asked at the same place."""
    if address := _address(settings):
        host = re.sub(r"\W+", "-", urlsplit(address).hostname or "") or "own"
        key = settings.get("apiKeyEnvar") or "OPENAI_API_KEY"
        table = {"kind": "openai", "base_url": address, "key_env": str(key)}
        return {"models": {name: host}, "providers": {host: table}}
    known = route(name, {}, {})
    return {} if known is not None and known.provider == preset else {"models": {name: preset}}
