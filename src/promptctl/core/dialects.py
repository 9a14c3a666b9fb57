"""How servers differ that all speak chat completions: names of parameters, what they refuse, how they must be asked.

Data from the vendors' own documentation, with the page it is from. `docs/providers.md` shows it as a table.
"""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, Literal, get_args

from promptctl.core.record import Record

TokenLimit = Literal["max_tokens", "max_completion_tokens"]
Streaming = Literal["auto", "always", "never"]


class Dialect(Record):
    """How a server's chat completions differ from the common ones. Grows by fields with a default.

    `token_limit` is the name it is sent under; with `any_token_limit` the server reads the other name too. `formats`
    are the kinds of `response_format` that the server acts on. `unread` are parameters that it is documented to
    ignore or refuse, each with what to write instead, or "" where there is nothing. Without `seed` none is sent.

    `stream`: whether answers are asked for in parts. "auto" does so for `streamed` models, names as in `fnmatch`, while
    they think where a parameter says so, and for those whose server refuses to answer otherwise.
    `quota_per_minute`: `insufficient_quota` means a limit that passes, and not an empty account.
    """

    token_limit: TokenLimit = "max_tokens"  # noqa: S105 - the name of a parameter, not a secret
    any_token_limit: bool = False
    formats: tuple[str, ...] = ("json_schema", "json_object")
    unread: dict[str, str] = {}
    seed: bool = True
    stream: Streaming = "auto"
    streamed: tuple[str, ...] = ()
    quota_per_minute: bool = False


COMMON = Dialect()
COMPLETION_TOKENS = Dialect(token_limit="max_completion_tokens")  # noqa: S106 - a parameter's name

_JSON_MODE = ("json_object",)
_NO_SEED = {"seed": ""}

# platform.claude.com/docs/en/api/openai-sdk lists what its OpenAI layer drops in silence.
ANTHROPIC = Dialect(
    any_token_limit=True,
    formats=(),
    seed=False,
    unread={
        **dict.fromkeys(
            ("audio", "frequency_penalty", "logit_bias", "logprobs", "metadata", "modalities"), ""
        ),
        **dict.fromkeys(("prediction", "presence_penalty", "service_tier", "store"), ""),
        **dict.fromkeys(("top_logprobs", "user"), ""),
        **_NO_SEED,
        "reasoning_effort": "thinking",
    },
)
# Its OpenAI layer answers each of these with 400: Unknown name "seed": Cannot find field.
GEMINI = Dialect(
    any_token_limit=True,
    seed=False,
    unread={**dict.fromkeys(("frequency_penalty", "presence_penalty", "top_k"), ""), **_NO_SEED},
)
# help.aliyun.com/model-studio: only some versions of qwen-plus take a schema (structured output). QwQ, QVQ and Omni
# answer in parts only; so do the open Qwen3 models while they think, which they do unless `enable_thinking` is false
# (deep thinking). A 429 with insufficient_quota is Throttling.AllocationQuota: tokens a minute (error codes).
QWEN = Dialect(
    formats=_JSON_MODE,
    streamed=("qwq*", "qvq*", "qwen*-omni*", "qwen3-[0-9]*b*", "qwen3-*thinking*"),
    quota_per_minute=True,
)
# volcengine.com/docs/82379: chat. Newer models read max_completion_tokens as well.
DOUBAO = Dialect(any_token_limit=True, seed=False, unread=_NO_SEED)
# api-docs.deepseek.com: create chat completion. A json_schema is answered by an error 400.
DEEPSEEK = Dialect(formats=_JSON_MODE, seed=False, unread=_NO_SEED)
# docs.bigmodel.cn and docs.z.ai: core parameters.
GLM = Dialect(
    formats=_JSON_MODE, seed=False, unread={**_NO_SEED, "frequency_penalty": "", "presence_penalty": ""}
)
# platform.kimi.ai/docs/api/chat: max_tokens is deprecated; JSON mode alone.
KIMI = Dialect(
    token_limit="max_completion_tokens",  # noqa: S106 - a parameter's name
    formats=_JSON_MODE,
    seed=False,
    unread=_NO_SEED,
)
OLLAMA = Dialect(unread={"logit_bias": "", "user": ""})  # docs.ollama.com/api/openai-compatibility
LM_STUDIO = Dialect(formats=("json_schema",))  # 'response_format.type' must be 'json_schema' or 'text'
BOTH_LIMITS = Dialect(any_token_limit=True)

MISNAMED: Mapping[str, str] = {
    "maxTokens": "max_output_tokens",
    "maxOutputTokens": "max_output_tokens",
    "max_new_tokens": "max_output_tokens",
    "max_tokens_to_sample": "max_output_tokens",
    "num_predict": "max_output_tokens",
    "stop_sequences": "stop",
    "stopSequences": "stop",
    "topP": "top_p",
    "frequencyPenalty": "frequency_penalty",
    "presencePenalty": "presence_penalty",
}
"""Names of other protocols: no server that speaks chat completions reads them."""


def sent_params(params: Mapping[str, Any], dialect: Dialect) -> dict[str, Any]:
    """`params` as this server reads them: `max_output_tokens` under the dialect's name, no seed where there is none.

    A limit that also stands under the dialect's own name keeps that one: it is the more specific.
    """
    sent = {name: value for name, value in params.items() if name != "max_output_tokens"}
    if "max_output_tokens" in params:
        sent.setdefault(dialect.token_limit, params["max_output_tokens"])
    if not dialect.seed:
        sent.pop("seed", None)
    return sent


def sent_format(wanted: Mapping[str, Any] | None, dialect: Dialect) -> dict[str, Any] | None:
    """The `response_format` for this server: what is wanted, else JSON without a schema, else none."""
    if wanted is None or wanted["type"] in dialect.formats:
        return None if wanted is None else dict(wanted)
    return {"type": "json_object"} if "json_object" in dialect.formats else None


def streams(model: str, params: Mapping[str, Any], dialect: Dialect) -> bool:
    """Whether an answer of this model is asked for in parts."""
    if dialect.stream != "auto":
        return dialect.stream == "always"
    if dialect.streamed and params.get("enable_thinking") is True:
        return True
    # Routers put the maker before the name: Qwen/QwQ-32B.
    name = model.lower().rpartition("/")[2]
    return any(fnmatchcase(name, pattern) for pattern in dialect.streamed)


def fix_of_unread(instead: str, provider: str) -> str:
    """What to do about a parameter that `unread_params` gave."""
    if instead == "max_output_tokens":
        return "write max_output_tokens: it is sent under the name that the server reads"
    return f"write {instead}" if instead else f"take it out: {provider} has nothing of the kind"


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
