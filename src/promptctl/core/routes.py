"""From a model's name to who serves it: presets, built-in routes and a project's own, as data.

Nothing here connects to anything. `route` is the only door; a new service is one line in `PRESETS` and, if
its models are recognised by name, one in `BUILT_IN`.
"""

import ipaddress
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from msgspec import field

from promptctl.core import dialects
from promptctl.core.dialects import COMMON, COMPLETION_TOKENS, Dialect
from promptctl.core.record import Record, replace
from promptctl.errors import PromptctlError

DEADLINE_SECONDS = 120.0
CONCURRENCY = 32
STAYS_HERE = ("embedded", "scripted")
"""Kinds of providers that answer by themselves: nothing that they are asked leaves this machine."""


class Preset(Record):
    """A known service: the code that speaks to it (`kind`), its address, the variable that holds its key.

    Without an address it has one for each customer, which a project says; `example` is what such a one looks like.
    """

    name: str
    kind: str = "openai"
    base_url: str = ""
    key_env: str | None = None
    dialect: Dialect = COMMON
    example: str = "https://…/v1"


class Route(Record):
    """Who answers for `model`, and how to ask.

    `served_name` is what the server calls the model. `deadline` is seconds for one attempt, from sending to
    the last byte; `concurrency` is calls at a time. `key_env` names a variable; None: no key is sent. `known`: the
    dialect is that of a preset, so that what it does not read is known. `ca_file` holds certificates to trust besides
    the machine's own. `api_version` is that of an Azure address with a deployment in it. `internal`: what is sent stays
    with the people who may see it.
    """

    model: str
    provider: str
    kind: str
    base_url: str
    key_env: str | None
    served_name: str
    dialect: Dialect = COMMON
    deadline: float = DEADLINE_SECONDS
    concurrency: int = CONCURRENCY
    allow_http: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    known: bool = False
    ca_file: str | None = None
    requests_per_minute: float | None = None
    api_version: str | None = None
    internal: bool = False

    @property
    def is_local(self) -> bool:
        """Whether the server is on this machine; one there seldom asks for a key."""
        return is_loopback(_host(self.base_url) or "")


class AddressFault(NamedTuple):
    """Why nothing may be sent to an address, with the slug and the cure."""

    message: str
    slug: str
    fix: str


def is_loopback(host: str) -> bool:
    """Whether `host`, a name or a number, never leaves this machine. Nothing is looked up."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def address_fault(base_url: str, *, allow_http: bool) -> AddressFault | None:
    """What is wrong with the address of a server, if anything is. What may be secret is not repeated."""
    host = _host(base_url)
    if host is None or not base_url.isprintable() or " " in base_url:
        fix = 'write it whole: base_url = "https://host/v1"'
        return AddressFault("base_url is no address", slug="bad-address", fix=fix)
    url = urlsplit(base_url)
    if "@" in url.netloc:
        fix = "remove user and password, and name the variable that holds the key in key_env"
        return AddressFault("base_url holds a user or a password", slug="key-in-file", fix=fix)
    if url.query or url.fragment:
        fix = "remove it; answers are stored under this address, and a key is named in key_env"
        return AddressFault("base_url holds a query or a fragment", slug="bad-address", fix=fix)
    if url.scheme == "http" and not allow_http and not is_loopback(host):
        fix = "use https, or set allow_http = true if the network between is yours"
        message = f"base_url sends prompts and key unencrypted to {host}"
        return AddressFault(message, slug="plain-http", fix=fix)
    return None


def _host(base_url: str) -> str | None:
    try:
        url = urlsplit(base_url)
        _ = url.port  # raises for one that is no number
    except ValueError:
        return None
    return url.hostname if url.scheme in ("http", "https") else None


def _preset(name: str, base_url: str, key_env: str | None = None, dialect: Dialect = COMMON) -> Preset:
    return Preset(name=name, base_url=base_url, key_env=key_env, dialect=dialect)


PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        _preset("openai", "https://api.openai.com/v1", "OPENAI_API_KEY", COMPLETION_TOKENS),
        Preset(
            name="azure",
            key_env="AZURE_OPENAI_API_KEY",
            dialect=COMPLETION_TOKENS,
            example="https://NAME.openai.azure.com/openai/v1",
        ),
        _preset("anthropic", "https://api.anthropic.com/v1", "ANTHROPIC_API_KEY", dialects.ANTHROPIC),
        _preset(
            "gemini",
            "https://generativelanguage.googleapis.com/v1beta/openai",
            "GEMINI_API_KEY",
            dialects.GEMINI,
        ),
        _preset(
            "qwen", "https://dashscope.aliyuncs.com/compatible-mode/v1", "DASHSCOPE_API_KEY", dialects.QWEN
        ),
        _preset("ernie", "https://qianfan.baidubce.com/v2", "QIANFAN_API_KEY", COMPLETION_TOKENS),
        _preset("doubao", "https://ark.cn-beijing.volces.com/api/v3", "ARK_API_KEY", dialects.DOUBAO),
        _preset("deepseek", "https://api.deepseek.com/v1", "DEEPSEEK_API_KEY", dialects.DEEPSEEK),
        _preset("glm", "https://open.bigmodel.cn/api/paas/v4", "ZHIPUAI_API_KEY", dialects.GLM),
        _preset("kimi", "https://api.moonshot.cn/v1", "MOONSHOT_API_KEY", dialects.KIMI),
        _preset("openrouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY", dialects.BOTH_LIMITS),
        _preset("vllm", "http://localhost:8000/v1", dialect=dialects.BOTH_LIMITS),
        _preset("ollama", "http://localhost:11434/v1", dialect=dialects.OLLAMA),
        _preset("lm-studio", "http://localhost:1234/v1", dialect=dialects.LM_STUDIO),
        _preset("llama.cpp", "http://localhost:8080/v1", dialect=dialects.BOTH_LIMITS),
        Preset(name="embedded", kind="embedded"),
    )
}

BUILT_IN: tuple[tuple[str, str], ...] = (
    ("gpt-*", "openai"),
    ("o?-*", "openai"),
    ("qwen*", "qwen"),
    ("qwq*", "qwen"),
    ("qvq*", "qwen"),
    ("deepseek*", "deepseek"),
    ("glm-*", "glm"),
    ("kimi-*", "kimi"),
    ("ernie*", "ernie"),
    ("doubao*", "doubao"),
    ("claude-*", "anthropic"),
    ("gemini-*", "gemini"),
    ("nearest-example", "embedded"),
    ("nearest-passage", "embedded"),
    ("pick-fields", "embedded"),
)


def route(model: str, models: Mapping[str, Any], providers: Mapping[str, Any]) -> Route | None:
    """Who serves `model`, or None when nobody is known to.

    Args:
        models: A project's `[models]` in file order, pattern → provider name or `{provider, name}`. The first
            match wins, before the built-in routes.
        providers: A project's `[providers.*]`, name → settings, as mappings or records.

    Raises:
        PromptctlError: `unknown-provider`, a route names a provider that is neither a project's nor built in;
            `missing-field`, one whose address is the project's to say, and is not said.
    """
    for pattern, target in models.items():
        if fnmatchcase(model, pattern):
            provider, served_name = _target(target)
            return _route(model, provider, served_name or model, providers, at=f'[models] "{pattern}"')
    for pattern, provider in BUILT_IN:
        if fnmatchcase(model, pattern):
            return _route(model, provider, model, providers, at=f'built-in route "{pattern}"')
    return None


def _route(model: str, provider: str, served_name: str, providers: Mapping[str, Any], *, at: str) -> Route:
    settings, preset = providers.get(provider), PRESETS.get(provider)
    if settings is None and preset is None:
        raise PromptctlError(
            f"model {model!r} is routed to provider {provider!r}, which is not known",
            slug="unknown-provider",
            at=at,
            fix=f"add [providers.{provider}] to promptctl.toml, or name one of: {', '.join(PRESETS)}",
        )
    known = preset or PRESETS.get(_setting(settings, "dialect", ""))
    preset = preset or Preset(name=provider)
    own_url = _setting(settings, "base_url")
    kind = _setting(settings, "kind", preset.kind)
    if kind == "openai" and not own_url and not preset.base_url:
        raise PromptctlError(
            f"model {model!r} is routed to provider {provider!r}, whose address is not said",
            slug="missing-field",
            at=at,
            fix=f'add it under [providers.{provider}]: base_url = "{preset.example}"',
        )
    # A key goes only to the address it was named with: a preset's key never follows a project's own base_url.
    key_env = _setting(settings, "key_env", None if own_url else preset.key_env)
    return Route(
        model=model,
        provider=provider,
        kind=kind,
        base_url=str(own_url or preset.base_url).rstrip("/"),
        key_env=key_env,
        served_name=served_name,
        dialect=_dialect(settings, preset),
        deadline=float(_setting(settings, "deadline", DEADLINE_SECONDS)),
        concurrency=int(_setting(settings, "concurrency", CONCURRENCY)),
        allow_http=bool(_setting(settings, "allow_http", False)),
        headers=dict(_setting(settings, "headers", {})),
        known=known is not None,
        ca_file=_setting(settings, "ca_file"),
        requests_per_minute=_setting(settings, "requests_per_minute"),
        api_version=_setting(settings, "api_version"),
        internal=bool(_setting(settings, "internal", False)) or kind in STAYS_HERE,
    )


def _dialect(settings: Any, preset: Preset) -> Dialect:
    """The preset's, or that of the preset which the settings name; streamed as the settings say."""
    named = PRESETS.get(_setting(settings, "dialect", preset.name), preset)
    stream = _setting(settings, "stream")
    return replace(named.dialect, stream=stream) if stream else named.dialect


def _target(target: Any) -> tuple[str, str | None]:
    if isinstance(target, str):
        return target, None
    return str(_setting(target, "provider")), _setting(target, "name")


def _setting(settings: Any, name: str, default: Any = None) -> Any:
    """One setting of a mapping or a record; an absent one and None are alike."""
    value = settings.get(name) if isinstance(settings, Mapping) else getattr(settings, name, None)
    return default if value is None else value
