"""`[models]` and `[providers.NAME]` of a configuration: who serves which model, where, and how it is asked."""

import re
from collections.abc import Collection, Mapping
from typing import get_args

from promptctl.core.config import ModelTarget, ProviderConfig
from promptctl.core.dialects import Streaming
from promptctl.core.routes import Preset, address_fault
from promptctl.core.words import did_you_mean
from promptctl.store.fields import Fields

STREAMING: tuple[Streaming, ...] = get_args(Streaming)

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_KEY_HEADERS = ("authorization", "proxy-authorization", "api-key", "x-api-key", "x-goog-api-key")
_SETTINGS = frozenset(ProviderConfig.__annotations__) - {"kind"}
# What the kinds that are no servers read.
_READ = {"embedded": frozenset({"internal"}), "scripted": frozenset({"script", "internal"})}


def read_models(
    fields: Fields, presets: Mapping[str, Preset], providers: Collection[str]
) -> dict[str, ModelTarget]:
    """`[models]`: what each pattern leads to, in the file's order.

    Args:
        fields: The section.
        presets: The providers that are built in, by name.
        providers: The names of those that the file adds or changes.
    """
    known, targets = {*presets, *providers}, {}
    for pattern, written in fields.value.items():
        if isinstance(written, dict):
            inner = fields.section(pattern)
            target = ModelTarget(provider=inner.string("provider"), name=inner.string("name", None))
        else:
            target = ModelTarget(provider=fields.string(pattern))
        if target.provider and target.provider not in known:
            hint = did_you_mean(target.provider, known)
            fields.mistake(
                f'there is no provider "{target.provider}"',
                pattern,
                slug="unknown-provider",
                fix=f"{hint}add [providers.{target.provider}], or name one of: {', '.join(sorted(known))}",
            )
        elif target.provider not in providers and _wants_address(presets.get(target.provider)):
            fields.mistake(
                f'nothing says where "{target.provider}" is',
                pattern,
                slug="missing-field",
                fix=f'add [providers.{target.provider}] with base_url = "{presets[target.provider].example}"',
            )
        targets[pattern] = target
    return targets


def read_provider(fields: Fields, name: str, presets: Mapping[str, Preset]) -> ProviderConfig:
    """`[providers.NAME]`: one section, of a preset or of a server of one's own."""
    preset = presets.get(name)
    provider = ProviderConfig(
        kind=fields.string("kind", None),
        base_url=fields.string("base_url", None),
        allow_http=fields.boolean("allow_http", False),
        script=fields.string("script", None),
        key_env=fields.string("key_env", None),
        ca_file=fields.string("ca_file", None),
        headers=_headers(fields),
        concurrency=fields.integer("concurrency", None, low=1),
        deadline=fields.number("deadline", None, low=0.001),
        requests_per_minute=fields.number("requests_per_minute", None, low=0.001),
        dialect=_dialect(fields, presets),
        stream=fields.choice("stream", STREAMING) if "stream" in fields else None,
        api_version=fields.string("api_version", None),
        internal=fields.boolean("internal", False),
    )
    kind = provider.kind or (preset.kind if preset else "openai")
    read = _READ.get(kind, _SETTINGS - {"script"})
    unread = [name for name in fields.value if name in _SETTINGS - read]
    if unread:
        fix = "remove it" if len(unread) == 1 else "remove them"
        message = f'a provider of the kind "{kind}" does not read {" and ".join(unread)}'
        fields.mistake(message, unread[0], slug="unused-setting", fix=fix)
    elif provider.base_url is not None:
        if fault := address_fault(provider.base_url, allow_http=provider.allow_http):
            fields.mistake(fault.message, "base_url", slug=fault.slug, fix=fault.fix)
    elif kind == "openai" and (preset is None or _wants_address(preset)):
        fix = f'add its address: base_url = "{preset.example if preset else "https://…/v1"}"'
        fields.mistake("base_url is missing", slug="missing-field", fix=fix)
    if provider.key_env is not None and not _VARIABLE.match(provider.key_env):
        # The text itself is never shown: it may be the key.
        fix = 'write the name of the variable that holds the key: key_env = "VLLM_KEY"'
        fields.mistake("key_env is not the name of a variable", "key_env", slug="key-in-file", fix=fix)
    return provider


def _wants_address(preset: Preset | None) -> bool:
    """Whether the service has an address for each customer."""
    return preset is not None and preset.kind == "openai" and not preset.base_url


def _dialect(fields: Fields, presets: Mapping[str, Preset]) -> str | None:
    servers = sorted(name for name, preset in presets.items() if preset.kind == "openai")
    return fields.choice("dialect", servers) if "dialect" in fields else None


def _headers(fields: Fields) -> dict[str, str]:
    headers = fields.section("headers")
    read = {name: headers.string(name) for name in headers.value}
    for name, value in read.items():
        if name.lower() in _KEY_HEADERS:
            fix = "remove it, and name the variable that holds the key in key_env"
            headers.mistake(f"the header {name} would hold a key", name, slug="key-in-file", fix=fix)
        elif not (name + value).isascii() or not (name + value).isprintable():
            fix = "use printable ASCII characters"
            headers.mistake("a header cannot hold these characters", name, slug="bad-header", fix=fix)
    return read
