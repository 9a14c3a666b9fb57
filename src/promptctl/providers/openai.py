"""Every server that speaks chat completions, through the official SDK.

The SDK brings authentication, connections and its own fast transport; retries are off, because the engine counts
them. Only names of `openai` are used, nothing of the HTTP library below it, which changed between its releases.
The body goes out as bytes and comes back as bytes: building and parsing typed objects is most of the SDK's cost per
call. An absolute address and no headers about this machine save a quarter of what is left.
"""

import os
import time
from typing import Any
from urllib.parse import urlsplit

import msgspec

from promptctl._version import __version__
from promptctl.core.dialects import sent_params, streams
from promptctl.core.exchange import Answer, Failure, Output, Request
from promptctl.core.record import replace
from promptctl.core.routes import Route, address_fault
from promptctl.errors import PromptctlError
from promptctl.providers.excerpts import excerpt
from promptctl.providers.interpret import interpret
from promptctl.providers.interpret_errors import codes_of, interpret_error, only_streams
from promptctl.providers.interpret_stream import has_token
from promptctl.providers.masks import without_key
from promptctl.providers.unconnected import unconnected

# The SDK's own limit is per read and only a second net: the deadline is the one that counts.
_SDK_GRACE_SECONDS = 5.0
_CONNECT_SECONDS = 10.0
# What the SDK tells every server about this machine.
_TOLD = ("Lang", "Package-Version", "OS", "Arch", "Runtime", "Runtime-Version", "Async")
_COUNTED = ("X-Stainless-Retry-Count", "X-Stainless-Read-Timeout")


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
        self.requests_per_minute = route.requests_per_minute
        self._route = route
        self._key = (key or "").strip() if route.key_env else ""
        self._client: Any = None
        self._takes_bytes = True
        self._options: dict[str, Any] = {}
        self._streamed: set[str] = set()

    def __repr__(self) -> str:
        return f"OpenAIProvider({self.name!r}, {self.base_url!r})"

    def prepare(self) -> None:
        """Checks the address, the key and the certificates.

        Raises:
            PromptctlError: `bad-address`, `key-in-file`, `plain-http`, `missing-key`, `bad-key`, `bad-ca-file`. None
                shows the key.
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
        if self._route.ca_file is not None:
            self._trusted(self._route.ca_file)

    async def ask(self, request: Request, sample: int) -> Answer:
        """One answer within the deadline. Sample i > 0 is sent with `seed + i` where a seed is set."""
        dialect = self._route.dialect
        streamed = request.model in self._streamed or streams(request.model, request.params, dialect)
        answer = await self._answer(request, sample, streamed)
        if isinstance(answer, Failure) and not streamed and dialect.stream == "auto" and only_streams(answer):
            self._streamed.add(request.model)
            answer = await self._answer(request, sample, True)
        if isinstance(answer, Output):
            return answer
        return replace(answer, message=without_key(answer.message, self._key)) if self._key else answer

    async def close(self) -> None:
        """Closes the connections."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.close()

    async def _answer(self, request: Request, sample: int, streamed: bool) -> Answer:
        import asyncio

        first: float | None = None
        try:
            client = self._connected()  # before the clock starts: importing the SDK takes half a second
            body = self._body(request, sample, streamed)
            started = time.monotonic()
            async with asyncio.timeout(self.deadline):
                if streamed:
                    received, first = await self._receive(client, body)
                else:
                    received = await self._post(client, body)
        except TimeoutError:
            message = f"no complete answer within {self.deadline:g} s"
            return Failure(kind="timeout", message=message, lost=True, passing=True)
        except Exception as error:
            return self._failed(error)
        return interpret(
            received,
            seconds=time.monotonic() - started,
            first_token_seconds=first and first - started,
            dialect=self._route.dialect,
        )

    async def _post(self, client: Any, body: dict[str, Any]) -> bytes:
        sent = {"content": msgspec.json.encode(body)} if self._takes_bytes else {"body": body}
        received: bytes = await client.post(self._url, cast_to=bytes, options=self._options, **sent)
        return received

    async def _receive(self, client: Any, body: dict[str, Any]) -> tuple[bytes, float | None]:
        """All parts of an answer, and when the first that says something was there."""
        received, first = bytearray(), None
        opened = client.chat.completions.with_streaming_response.create(
            model=body["model"],
            messages=[],
            stream=True,
            extra_body=body,
            extra_headers=self._options.get("headers"),
        )
        async with opened as response:
            async for part in response.iter_bytes():
                received += part
                if first is None and has_token(bytes(received)):
                    first = time.monotonic()
        return bytes(received), first

    def _connected(self) -> Any:
        if self._client is None:
            import inspect

            import openai

            omitted = openai.Omit()
            self._client = openai.AsyncOpenAI(
                api_key=self._key or "none",
                base_url=self.base_url,
                max_retries=0,
                timeout=openai.Timeout(
                    self.deadline + _SDK_GRACE_SECONDS, connect=min(_CONNECT_SECONDS, self.deadline / 2)
                ),
                default_headers=self._headers(omitted),
                default_query={"api-version": self._route.api_version} if self._route.api_version else None,
                http_client=self._transport(openai),
            )
            self._url = f"{self.base_url}/chat/completions"
            self._takes_bytes = "content" in inspect.signature(self._client.post).parameters
            dropped = dict.fromkeys(_COUNTED, omitted)
            if not self._key or self._route.api_version:
                dropped["Authorization"] = omitted
            self._options = {"follow_redirects": False, "headers": dropped}
        return self._client

    def _transport(self, openai: Any) -> Any:
        import ssl

        trust: dict[str, Any] = {}
        if self._route.ca_file is not None:
            trust["verify"] = self._trusted(self._route.ca_file)
        elif self.base_url.startswith("http:") and not _by_secure_proxy():
            # Reading the machine's certificates takes longer than the first call, and here none is ever looked at:
            # this one trusts nobody.
            trust["verify"] = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            return openai.DefaultAioHttpClient(follow_redirects=False, **trust)
        except RuntimeError:  # installed without its aiohttp extra
            return openai.DefaultAsyncHttpxClient(follow_redirects=False, **trust)

    def _trusted(self, ca_file: str) -> Any:
        """The machine's own certificates and those of `ca_file`."""
        import ssl

        try:
            context = ssl.create_default_context()
            context.load_verify_locations(cafile=ca_file)
        except OSError as error:  # SSLError is one: no certificate in it
            why = (
                "it holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror or str(error)
            )
            raise PromptctlError(
                f"the certificates in {ca_file} cannot be read: {why}",
                slug="bad-ca-file",
                at=f"[providers.{self.name}] ca_file",
                fix='name a file of certificates in PEM form, from the project\'s root: ca_file = "certs/ca.pem"',
            ) from None
        return context

    def _headers(self, omitted: Any) -> dict[str, Any]:
        headers: dict[str, Any] = dict.fromkeys((f"X-Stainless-{name}" for name in _TOLD), omitted)
        headers["User-Agent"] = f"promptctl/{__version__}"
        if urlsplit(self.base_url).hostname != "api.openai.com":
            # The SDK takes these two from the environment, whoever the server is.
            headers |= {"OpenAI-Organization": omitted, "OpenAI-Project": omitted}
        if self._route.api_version and self._key:
            headers["api-key"] = self._key
        return {**headers, **self._route.headers}

    def _body(self, request: Request, sample: int, streamed: bool) -> dict[str, Any]:
        body = sent_params(request.params, self._route.dialect)
        if sample and type(body.get("seed")) is int:
            body["seed"] += sample
        body["model"] = request.model
        body["messages"] = [message.as_dict() for message in request.messages]
        if request.tools:
            body["tools"] = request.tools
        if request.response_format is not None:
            body["response_format"] = request.response_format
        if streamed:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        return body

    def _failed(self, error: Exception) -> Output | Failure:
        import openai

        if isinstance(error, openai.AuthenticationError):  # its text repeats parts of the key
            whose = f"the key in {self._route.key_env}" if self._key else "a call without a key (no key_env)"
            # Qianfan says 401 also of a model that is not there.
            about = sorted(code for code in codes_of(error.body) if "model" in code or "appid" in code)
            message = f"{self.name} refused {whose} ({': '.join(['401', *about])})"
            return Failure(kind="rejected", message=message, fatal=True)
        if isinstance(error, openai.APIStatusError):
            headers = error.response.headers
            return interpret_error(error.status_code, error.body, headers, self._route.dialect)
        if isinstance(error, (TypeError, ValueError)) and not isinstance(error, UnicodeDecodeError):
            message = f"the request cannot be sent: {excerpt(str(error))}"
            return Failure(kind="rejected", message=message, sent=False)
        return unconnected(error, self.name, self.base_url)


def _by_secure_proxy() -> bool:
    return any(
        name.lower().endswith("_proxy") and value.startswith("https:") for name, value in os.environ.items()
    )
