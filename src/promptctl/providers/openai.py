"""Every server that speaks chat completions, through the official SDK.

The SDK brings authentication, connections and its own fast transport; retries are off, because the engine counts
them. Only names of `openai` are imported, nothing of the HTTP library below it, which changed between its releases.
A request goes straight to the SDK's HTTP client, as bytes, with headers that the SDK made once: building options,
headers and typed objects anew for each call is seven eighths of what the SDK costs.
"""

import json
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
from promptctl.providers.bounds import bound
from promptctl.providers.excerpts import excerpt
from promptctl.providers.interpret import interpret
from promptctl.providers.interpret_errors import codes_of, interpret_error, only_streams
from promptctl.providers.interpret_stream import has_token
from promptctl.providers.masks import forms_of, without_forms, without_key
from promptctl.providers.unconnected import unconnected

# The SDK's own limit is per read and only a second net: the deadline is the one that counts.
_SDK_GRACE_SECONDS = 5.0
_CONNECT_SECONDS = 10.0
# What the SDK tells every server about this machine.
_TOLD = ("Lang", "Package-Version", "OS", "Arch", "Runtime", "Runtime-Version", "Async")
_COUNTED = ("X-Stainless-Retry-Count", "X-Stainless-Read-Timeout")


def load_sdk() -> None:
    """Imports the SDK on a thread of its own, while something else goes on that waits now and then."""
    import threading

    def load() -> None:
        import openai  # noqa: F401

    threading.Thread(target=load, daemon=True).start()


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
        self._hidden = forms_of(self._key) if self._key.isascii() else ()
        self._client: Any = None
        self._http: Any = None
        self._sent: dict[str, str] = {}
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
            return self._masked(answer)
        return replace(answer, message=without_key(answer.message, self._key)) if self._key else answer

    def _masked(self, answer: Output) -> Output:
        """The answer without the key: some gateways give back what they were sent."""
        texts = (answer.text, answer.reasoning, answer.model, answer.tool_calls)
        clean = without_forms(texts, self._hidden)
        if clean == texts:
            return answer
        text, reasoning, model, calls = clean
        return replace(answer, text=text, reasoning=reasoning, model=model, tool_calls=calls)

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
                    received = await self._post(body)
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

    async def _post(self, body: dict[str, Any]) -> bytes:
        request = self._http.build_request(
            "POST", self._url, content=msgspec.json.encode(body), headers=self._sent
        )
        response = await self._http.send(request, follow_redirects=False)
        received: bytes = response.content
        if response.status_code != 200:
            raise _RefusedError(response.status_code, received, response.headers)
        return received

    async def _receive(self, client: Any, body: dict[str, Any]) -> tuple[bytes, float | None]:
        """All parts of an answer, and when the first that says something was there."""
        received, first = bytearray(), None
        opened = client.chat.completions.with_streaming_response.create(
            model=body["model"],
            messages=[],
            stream=True,
            extra_body=body,
            extra_headers=self._dropped,
        )
        async with opened as response:
            async for part in response.iter_bytes():
                received += part
                if first is None and has_token(received, len(part)):
                    first = time.monotonic()
        return bytes(received), first

    def _connected(self) -> Any:
        if self._client is None:
            import openai

            omitted = openai.Omit()
            timeout = openai.Timeout(
                self.deadline + _SDK_GRACE_SECONDS, connect=min(_CONNECT_SECONDS, self.deadline / 2)
            )
            self._http = self._transport(openai, timeout)
            self._client = openai.AsyncOpenAI(
                api_key=self._key or "none",
                base_url=self.base_url,
                max_retries=0,
                timeout=timeout,
                default_headers=self._headers(omitted),
                default_query=self._query,
                http_client=self._http,
            )
            self._dropped: dict[str, Any] = dict.fromkeys(_COUNTED, omitted)
            if not self._key or self._route.api_version:
                self._dropped["Authorization"] = omitted
            made = (self._client.auth_headers, self._dropped, self._client.default_headers)
            last = {name.lower(): value for headers in made for name, value in headers.items()}
            self._sent = {name: value for name, value in last.items() if isinstance(value, str)}
            # An address that is read once is not read again for each call.
            address = f"{self.base_url}/chat/completions"
            self._url = self._http.build_request("POST", address, params=self._query).url
        return self._client

    @property
    def _query(self) -> dict[str, str] | None:
        return {"api-version": self._route.api_version} if self._route.api_version else None

    def _transport(self, openai: Any, timeout: Any) -> Any:
        import ssl

        options: dict[str, Any] = {
            "timeout": timeout,
            "follow_redirects": False,
            "event_hooks": {"response": [bound]},
        }
        if self._route.ca_file is not None:
            options["verify"] = self._trusted(self._route.ca_file)
        elif self.base_url.startswith("http:") and not _by_secure_proxy():
            # Reading the machine's certificates takes longer than the first call, and here none is ever looked at:
            # this one trusts nobody.
            options["verify"] = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            return openai.DefaultAioHttpClient(**options)
        except RuntimeError:  # installed without its aiohttp extra
            return openai.DefaultAsyncHttpxClient(**options)

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

        if isinstance(error, _RefusedError):
            return self._refused(error.status, error.body, error.headers)
        if isinstance(error, openai.APIStatusError):
            return self._refused(error.status_code, error.body, error.response.headers)
        if isinstance(error, (TypeError, ValueError)) and not isinstance(error, UnicodeDecodeError):
            message = f"the request cannot be sent: {excerpt(str(error))}"
            return Failure(kind="rejected", message=message, sent=False)
        return unconnected(error, self.name, self.base_url)

    def _refused(self, status: int, body: Any, headers: Any) -> Output | Failure:
        if status != 401:
            return interpret_error(status, body, headers, self._route.dialect)
        # The text of a 401 repeats parts of the key.
        whose = f"the key in {self._route.key_env}" if self._key else "a call without a key (no key_env)"
        # Qianfan says 401 also of a model that is not there.
        about = sorted(code for code in codes_of(body) if "model" in code or "appid" in code)
        message = f"{self.name} refused {whose} ({': '.join(['401', *about])})"
        return Failure(kind="rejected", message=message, fatal=True)


class _RefusedError(Exception):
    """Any status but 200. `body` is the inside of `{"error": …}`, as the SDK has it, or whatever else came."""

    def __init__(self, status: int, received: bytes, headers: Any) -> None:
        super().__init__(f"status {status}")
        self.status, self.headers = status, headers
        self.body: Any = received.decode("utf-8", "replace")
        try:
            said = json.loads(self.body)
        except (ValueError, RecursionError):
            return
        self.body = said.get("error", said) if isinstance(said, dict) else said


def _by_secure_proxy() -> bool:
    return any(
        name.lower().endswith("_proxy") and value.startswith("https:") for name, value in os.environ.items()
    )
