"""From a model's name to who serves it: presets, built-in routes and a project's own, as data.

Nothing here connects to anything. `route` is the only door; a new service is one line in `PRESETS` and, if
its models are recognised by name, one in `BUILT_IN`.
"""

import ipaddress
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, Literal, NamedTuple, get_args
from urllib.parse import urlsplit

from msgspec import field

from promptctl.core.record import Record
from promptctl.errors import PromptctlError

DEADLINE_SECONDS = 120.0
CONCURRENCY = 32

TokenLimit = Literal["max_tokens", "max_completion_tokens"]


class Dialect(Record):
    """How a server's chat completions differ from the common ones. Grows by fields with a default.

    `token_limit` is the name it is sent under; with `any_token_limit` the server reads the other name too. `formats`
    are the kinds of `response_format` that the server acts on. `unread` are parameters that it is documented to
    ignore or refuse, each with what to write instead, or "" where there is nothing.
    """

    token_limit: TokenLimit = "max_tokens"  # noqa: S105 - the name of a parameter, not a secret
    any_token_limit: bool = False
    formats: tuple[str, ...] = ("json_schema", "json_object")
    unread: dict[str, str] = {}


COMMON = Dialect()
COMPLETION_TOKENS = Dialect(token_limit="max_completion_tokens")  # noqa: S106 - a parameter's name

_JSON_MODE = ("json_object",)
# docs.anthropic.com/en/api/openai-sdk lists what its OpenAI layer drops in silence.
_ANTHROPIC = Dialect(
    any_token_limit=True,
    formats=(),
    unread={
        **dict.fromkeys(
            ("audio", "frequency_penalty", "logit_bias", "logprobs", "metadata", "modalities"), ""
        ),
        **dict.fromkeys(("prediction", "presence_penalty", "seed", "service_tier", "store"), ""),
        **dict.fromkeys(("top_logprobs", "user"), ""),
        "reasoning_effort": "thinking",
    },
)
# Of the Qwen models only some versions of qwen-plus take a schema (Alibaba Cloud Model Studio, structured output).
_QWEN = Dialect(formats=_JSON_MODE)
# api-docs.deepseek.com: text and json_object; a json_schema is answered by an error 400.
_DEEPSEEK = Dialect(formats=_JSON_MODE)
# docs.bigmodel.cn: text and json_object.
_GLM = Dialect(formats=_JSON_MODE)
# platform.moonshot.ai: JSON mode alone; max_tokens is no longer honoured.
_KIMI = Dialect(token_limit="max_completion_tokens", formats=_JSON_MODE)  # noqa: S106 - a parameter's name
_LM_STUDIO = Dialect(formats=("json_schema",))  # answers json_object by an error 400
_BOTH_LIMITS = Dialect(any_token_limit=True)

MISNAMED: Mapping[str, str] = {
    "maxTokens": "max_output_tokens",
    "maxOutputTokens": "max_output_tokens",
    "max_new_tokens": "max_output_tokens",
    "max_tokens_to_sample": "max_output_tokens",
    "stop_sequences": "stop",
    "stopSequences": "stop",
    "topP": "top_p",
    "frequencyPenalty": "frequency_penalty",
    "presencePenalty": "presence_penalty",
}
"""Names of other protocols: no server that speaks chat completions reads them."""


class Preset(Record):
    """A known service: the code that speaks to it (`kind`), its address, the variable that holds its key."""

    name: str
    kind: str = "openai"
    base_url: str = ""
    key_env: str | None = None
    dialect: Dialect = COMMON


class Route(Record):
    """Who answers for `model`, and how to ask.

    `served_name` is what the server calls the model. `deadline` is seconds for one attempt, from sending to
    the last byte; `concurrency` is calls at a time. `key_env` names a variable; None: no key is sent.
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
        _preset("anthropic", "https://api.anthropic.com/v1", "ANTHROPIC_API_KEY", _ANTHROPIC),
        _preset("gemini", "https://generativelanguage.googleapis.com/v1beta/openai", "GEMINI_API_KEY"),
        _preset("qwen", "https://dashscope.aliyuncs.com/compatible-mode/v1", "DASHSCOPE_API_KEY", _QWEN),
        _preset("ernie", "https://qianfan.baidubce.com/v2", "QIANFAN_API_KEY", COMPLETION_TOKENS),
        _preset("doubao", "https://ark.cn-beijing.volces.com/api/v3", "ARK_API_KEY"),
        _preset("deepseek", "https://api.deepseek.com/v1", "DEEPSEEK_API_KEY", _DEEPSEEK),
        _preset("glm", "https://open.bigmodel.cn/api/paas/v4", "ZHIPUAI_API_KEY", _GLM),
        _preset("kimi", "https://api.moonshot.cn/v1", "MOONSHOT_API_KEY", _KIMI),
        _preset("openrouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY", _BOTH_LIMITS),
        _preset("vllm", "http://localhost:8000/v1", dialect=_BOTH_LIMITS),
        _preset("ollama", "http://localhost:11434/v1"),
        _preset("lm-studio", "http://localhost:1234/v1", dialect=_LM_STUDIO),
        _preset("llama.cpp", "http://localhost:8080/v1"),
        Preset(name="embedded", kind="embedded"),
    )
}

BUILT_IN: tuple[tuple[str, str], ...] = (
    ("gpt-*", "openai"),
    ("o?-*", "openai"),
    ("qwen*", "qwen"),
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
        PromptctlError: `unknown-provider`, a route names a provider that is neither a project's nor built in.
    """
    for pattern, target in models.items():
        if fnmatchcase(model, pattern):
            provider, served_name = _target(target)
            return _route(model, provider, served_name or model, providers, at=f'[models] "{pattern}"')
    for pattern, provider in BUILT_IN:
        if fnmatchcase(model, pattern):
            return _route(model, provider, model, providers, at=f'built-in route "{pattern}"')
    return None


def sent_params(params: Mapping[str, Any], dialect: Dialect) -> dict[str, Any]:
    """`params` as this server reads them: `max_output_tokens` under the dialect's name, the rest verbatim.

    A limit that also stands under the dialect's own name keeps that one: it is the more specific.
    """
    sent = {name: value for name, value in params.items() if name != "max_output_tokens"}
    if "max_output_tokens" in params:
        sent.setdefault(dialect.token_limit, params["max_output_tokens"])
    return sent


def sent_format(wanted: Mapping[str, Any] | None, dialect: Dialect) -> dict[str, Any] | None:
    """The `response_format` for this server: what is wanted, else JSON without a schema, else none."""
    if wanted is None or wanted["type"] in dialect.formats:
        return None if wanted is None else dict(wanted)
    return {"type": "json_object"} if "json_object" in dialect.formats else None


def unread_params(params: Mapping[str, Any], dialect: Dialect) -> Iterator[tuple[str, str]]:
    """The parameters that a known server ignores or refuses, each with what to write instead, or ""."""
    limits = get_args(TokenLimit)
    for name in params:
        if name in dialect.unread:
            yield name, dialect.unread[name]
        elif name in MISNAMED:
            yield name, MISNAMED[name]
        elif name in limits and name != dialect.token_limit and not dialect.any_token_limit:
            yield name, "max_output_tokens"


def _route(model: str, provider: str, served_name: str, providers: Mapping[str, Any], *, at: str) -> Route:
    settings, preset = providers.get(provider), PRESETS.get(provider)
    if settings is None and preset is None:
        raise PromptctlError(
            f"model {model!r} is routed to provider {provider!r}, which is not known",
            slug="unknown-provider",
            at=at,
            fix=f"add [providers.{provider}] to promptctl.toml, or name one of: {', '.join(PRESETS)}",
        )
    preset = preset or Preset(name=provider)
    own_url = _setting(settings, "base_url")
    # A key goes only to the address it was named with: a preset's key never follows a project's own base_url.
    key_env = _setting(settings, "key_env", None if own_url else preset.key_env)
    return Route(
        model=model,
        provider=provider,
        kind=_setting(settings, "kind", preset.kind),
        base_url=str(own_url or preset.base_url).rstrip("/"),
        key_env=key_env,
        served_name=served_name,
        dialect=preset.dialect,
        deadline=float(_setting(settings, "deadline", DEADLINE_SECONDS)),
        concurrency=int(_setting(settings, "concurrency", CONCURRENCY)),
        allow_http=bool(_setting(settings, "allow_http", False)),
        headers=dict(_setting(settings, "headers", {})),
    )


def _target(target: Any) -> tuple[str, str | None]:
    if isinstance(target, str):
        return target, None
    return str(_setting(target, "provider")), _setting(target, "name")


def _setting(settings: Any, name: str, default: Any = None) -> Any:
    """One setting of a mapping or a record; an absent one and None are alike."""
    value = settings.get(name) if isinstance(settings, Mapping) else getattr(settings, name, None)
    return default if value is None else value
