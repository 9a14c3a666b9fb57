"""Why no answer came over the network, in plain words, and whether anything had been sent.

The libraries below the SDK wrap each other's errors, differently in each release. What is stable are Python's own
exceptions at the bottom of the chain, and the names by which the two transports call a connection that never was.
"""

import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

from promptctl.core.exchange import Failure
from promptctl.providers.bounds import TooLargeError
from promptctl.providers.excerpts import excerpt

CA_HINT = (
    "certificates are checked against this machine's own: are CA files installed? "
    "`ca_file` under [providers.{name}] adds others"
)
# Of aiohttp and of httpcore: the connection was never there.
_NEVER_THERE = (
    "ClientConnector",
    "ClientProxyConnection",
    "ConnectionTimeout",
    "ConnectError",
    "ConnectTimeout",
)


def unconnected(error: BaseException, name: str, base_url: str) -> Failure:
    """The failure that an exception of the transport stands for.

    Args:
        error: As it was raised while a request was sent or its answer read.
        name, base_url: The provider, for messages.
    """
    causes = list(_causes(error))
    host = urlsplit(base_url).hostname or base_url
    for cause in reversed(causes):  # aiohttp's own exception is one, too, and says less
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = getattr(cause, "verify_message", "") or str(cause)
            message = (
                f"the certificate of {host} is not trusted: {excerpt(why)} ({CA_HINT.format(name=name)})"
            )
            return Failure(kind="unavailable", message=message, fatal=True, sent=False)
    for cause in causes:
        if isinstance(cause, TooLargeError):
            return Failure(kind="malformed", message=str(cause), lost=True)
        if isinstance(cause, socket.gaierror):
            return _unsent(f"the name {host} is not known: {excerpt(cause.strerror or str(cause))}")
        if isinstance(cause, ConnectionRefusedError):
            return _unsent(f"{_place(base_url)} refuses connections: is the server running?")
    for cause in reversed(causes):
        if isinstance(cause, ssl.SSLError) and _never_there(causes):
            why = getattr(cause, "reason", "") or str(cause)
            return _unsent(f"no secure connection to {host}: {excerpt(why)} (does it speak https there?)")
    said = next((str(cause) for cause in reversed(causes) if str(cause)), type(causes[-1]).__name__)
    if _never_there(causes):
        timed_out = any(isinstance(cause, TimeoutError) for cause in causes)
        return _unsent(
            f"no connection to {_place(base_url)}: {'it does not answer' if timed_out else excerpt(said)}"
        )
    # The aiohttp transport reports dropped connections as timeouts; their causes tell.
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return Failure(kind="timeout", message=f"{base_url} did not answer in time", lost=True, passing=True)
    message = f"the connection to {_place(base_url)} broke before the answer was complete: {excerpt(said)}"
    return Failure(kind="unavailable", message=message, lost=True, passing=True)


def _unsent(message: str) -> Failure:
    return Failure(kind="unavailable", message=message, sent=False, passing=True)


def _never_there(causes: list[BaseException]) -> bool:
    # httpx has a ConnectTimeout for every broken connection over aiohttp: those below it tell.
    return any(
        type(cause).__name__.startswith(_NEVER_THERE) and not type(cause).__module__.startswith("httpx")
        for cause in causes
    )


def _place(base_url: str) -> str:
    return urlsplit(base_url).netloc or base_url


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        inner = getattr(cause, "os_error", None)  # aiohttp keeps it beside the chain
        if isinstance(inner, BaseException) and id(inner) not in seen:
            seen.add(id(inner))
            yield inner
        cause = cause.__cause__ or cause.__context__
