"""Every server that speaks chat completions, through the official SDK.

The SDK brings authentication, connections and its own fast transport; retries are off, because the engine counts
them. Only names of `openai` are used, nothing of the HTTP library below it, which changed between its releases.
The body goes out as a plain object and comes back as text: building and parsing typed objects is most of the
SDK's cost per call.
"""

import base64
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

from promptctl.core.exchange import Answer, Failure, Output, Request
from promptctl.core.record import replace
from promptctl.core.routes import Route, address_fault, sent_params
from promptctl.errors import PromptctlError
from promptctl.providers.interpret import excerpt, interpret, interpret_error

# The SDK's own limit is per read and only a second net: the deadline is the one that counts.
_SDK_GRACE_SECONDS = 5.0
_TRACE = 8  # so many characters of a key in a row are taken for a piece of it


class OpenAIProvider:
    """Answers of one server. A request's `model` is sent as it stands: it is the name the server knows.

    Args:
        route: Address, dialect, deadline in seconds, calls at a time, extra headers.
        key: The value of the variable `route.key_env`; None or blank when it is not set.
    """

    kind = "openai"
    deterministic = False

    def __init__(self, route: Route, key: str | None = None) -> None:
        self.name, self.base_url = route.provider, route.base_url.rstrip("/")
        self.concurrency, self.deadline = route.concurrency, route.deadline
        self._route = route
        self._key = (key or "").strip() if route.key_env else ""
        self._client: Any = None

    def __repr__(self) -> str:
        return f"OpenAIProvider({self.name!r}, {self.base_url!r})"

    def prepare(self) -> None:
        """Checks the address and the key.

        Raises:
            PromptctlError: `bad-address`, `key-in-file`, `plain-http`, `missing-key`, `bad-key`. None shows the key.
        """
        if fault := address_fault(self.base_url, allow_http=self._route.allow_http):
            at = f"[providers.{self.name}] base_url"
            raise PromptctlError(fault.message, slug=fault.slug, at=at, fix=fault.fix)
        variable = self._route.key_env
        if variable and not self._key and not self._route.is_local:
            raise PromptctlError(
                f"provider {self.name} needs a key, and the variable {variable} is not set",
                slug="missing-key",
                at=f"environment variable {variable}",
                fix=f"set it: export {variable}=…, or a line {variable}=… in .env (which Git must ignore)",
            )
        if not all("!" <= char <= "~" for char in self._key):
            raise PromptctlError(
                f"the key in {variable} holds a space, a line break or a character that is not ASCII",
                slug="bad-key",
                at=f"environment variable {variable}",
                fix="copy the key again, without quotes or text around it",
            )

    async def ask(self, request: Request, sample: int) -> Answer:
        """One answer within the deadline. Sample i > 0 is sent with `seed + i` where a seed is set."""
        import asyncio

        try:
            client = self._connected()  # before the clock starts: importing the SDK takes half a second
            started = time.monotonic()
            async with asyncio.timeout(self.deadline):
                text = await self._post(client, self._body(request, sample))
        except TimeoutError:
            return Failure(kind="timeout", message=f"no complete answer within {self.deadline:g} s")
        except Exception as error:
            answer = self._failed(error)
        else:
            answer = interpret(text)
        if isinstance(answer, Failure):
            return replace(answer, message=without_key(answer.message, self._key))
        return replace(answer, seconds=time.monotonic() - started)

    async def close(self) -> None:
        """Closes the connections."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.close()

    def _connected(self) -> Any:
        if self._client is None:
            import openai

            try:
                transport: Any = openai.DefaultAioHttpClient()
            except RuntimeError:  # installed without its aiohttp extra
                transport = None
            self._client = openai.AsyncOpenAI(
                api_key=self._key or "none",
                base_url=self.base_url,
                max_retries=0,
                timeout=self.deadline + _SDK_GRACE_SECONDS,
                default_headers=self._headers(openai.Omit()),
                http_client=transport,
            )
        return self._client

    def _headers(self, omitted: Any) -> dict[str, Any]:
        # The SDK takes these two from the environment, whoever the server is.
        ours = urlsplit(self.base_url).hostname == "api.openai.com"
        private = {} if ours else {"OpenAI-Organization": omitted, "OpenAI-Project": omitted}
        return {**private, **self._route.headers}

    async def _post(self, client: Any, body: dict[str, Any]) -> str:
        import openai

        options: dict[str, Any] = {"follow_redirects": False}
        if not self._key:
            options["headers"] = {"Authorization": openai.Omit()}
        text: str = await client.post("/chat/completions", cast_to=str, body=body, options=options)
        return text

    def _body(self, request: Request, sample: int) -> dict[str, Any]:
        body = sent_params(request.params, self._route.dialect)
        if sample and type(body.get("seed")) is int:
            body["seed"] += sample
        body["model"] = request.model
        body["messages"] = [message.as_dict() for message in request.messages]
        if request.tools:
            body["tools"] = list(request.tools)
        if request.response_format is not None:
            body["response_format"] = request.response_format
        return body

    def _failed(self, error: Exception) -> Output | Failure:
        import openai

        if isinstance(error, openai.AuthenticationError):  # its text repeats parts of the key
            whose = f"the key in {self._route.key_env}" if self._key else "a call without a key (no key_env)"
            return Failure(kind="rejected", message=f"{self.name} refused {whose} (401)", fatal=True)
        if isinstance(error, openai.APIStatusError):
            return interpret_error(error.status_code, error.body)
        if isinstance(error, openai.APIConnectionError):
            return self._unconnected(error)
        if isinstance(error, UnicodeEncodeError):
            return Failure(kind="rejected", message=f"the request cannot be sent: {error}")
        return Failure(kind="unavailable", message=f"{type(error).__name__}: {excerpt(str(error))}")

    def _unconnected(self, error: Exception) -> Failure:
        causes = [error, *_causes(error)]
        # The aiohttp transport reports refused and dropped connections as timeouts; their causes tell.
        if any(isinstance(cause, TimeoutError) for cause in causes):
            return Failure(kind="timeout", message=f"{self.base_url} did not answer in time")
        said = next((str(cause) for cause in reversed(causes) if str(cause)), type(causes[-1]).__name__)
        hint = ""
        if any("certificate" in str(cause).lower() for cause in causes):
            hint = (
                " (its certificate is checked against the operating system's store: are CA files installed?)"
            )
        return Failure(
            kind="unavailable", message=f"no complete answer from {self.base_url}: {excerpt(said)}{hint}"
        )


def without_key(text: str, key: str) -> str:
    """`text` with the key, its encoded forms and longer pieces of them replaced by `***`."""
    if not key:
        return text
    encoded = base64.b64encode(key.encode()).decode()
    for form in (key, quote(key, safe=""), encoded, encoded.translate(str.maketrans("+/", "-_"))):
        text = _masked(text.replace(form, "***"), form)
    return text


def _masked(text: str, form: str) -> str:
    """`text` without the runs of characters that also stand in `form`."""
    hidden = bytearray(len(text))
    for start in range(len(text) - _TRACE + 1):
        if text[start : start + _TRACE] in form:
            hidden[start : start + _TRACE] = b"\x01" * _TRACE
    if not any(hidden):
        return text
    kept = (
        (char, gone, bool(at and hidden[at - 1]))
        for at, (char, gone) in enumerate(zip(text, hidden, strict=True))
    )
    return "".join(("" if again else "***") if gone else char for char, gone, again in kept)


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause = error.__cause__
    while cause is not None:
        yield cause
        cause = cause.__cause__
