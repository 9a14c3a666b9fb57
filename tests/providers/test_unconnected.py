import socket
import ssl
from itertools import pairwise

import pytest

from promptctl.core.exchange import Failure
from promptctl.providers.unconnected import unconnected


class ClientConnectorError(OSError):
    """As aiohttp calls a connection that was never there."""


class ConnectionTimeoutError(TimeoutError):
    """As aiohttp calls one that was not there in time."""


class ServerDisconnectedError(OSError):
    """As aiohttp calls one that was dropped."""


def raised(*causes: BaseException) -> BaseException:
    """The first of them, caused by the second, and so on."""
    for error, cause in pairwise(causes):
        error.__cause__ = cause
    return causes[0]


def a_certificate_error(why: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = why
    return error


FAULTS: dict[str, tuple[BaseException, str, dict[str, bool]]] = {
    "a name that nobody knows": (
        raised(
            RuntimeError("Connection error."), ClientConnectorError(), socket.gaierror(-2, "Name not known")
        ),
        "the name api.test is not known: Name not known",
        {"passing": True, "sent": False},
    ),
    "nobody is there": (
        raised(RuntimeError(), ClientConnectorError(), ConnectionRefusedError(111, "refused")),
        "api.test:8443 refuses connections: is the server running?",
        {"passing": True, "sent": False},
    ),
    "a certificate of nobody": (
        raised(RuntimeError(), ClientConnectorError(), a_certificate_error("self-signed certificate")),
        "the certificate of api.test is not trusted: self-signed certificate (certificates are checked against this "
        "machine's own: are CA files installed? `ca_file` under [providers.mine] adds others)",
        {"fatal": True, "sent": False},
    ),
    "no answer to the first knock": (
        raised(RuntimeError(), ConnectionTimeoutError("timeout to host")),
        "no connection to api.test:8443: it does not answer",
        {"passing": True, "sent": False},
    ),
    "dropped after the question": (
        raised(RuntimeError(), ServerDisconnectedError("Server disconnected")),
        "the connection to api.test:8443 broke before the answer was complete: Server disconnected",
        {"passing": True, "lost": True},
    ),
    "silence after the question": (
        raised(RuntimeError(), TimeoutError("read")),
        "https://api.test:8443/v1 did not answer in time",
        {"passing": True, "lost": True},
    ),
    "nothing that is known": (
        RuntimeError(),
        "the connection to api.test:8443 broke before the answer was complete: RuntimeError",
        {"passing": True, "lost": True},
    ),
}


@pytest.mark.parametrize(("error", "message", "more"), FAULTS.values(), ids=FAULTS)
def test_what_kept_an_answer_away_is_said_in_words(error: BaseException, message: str, more: dict[str, bool]):
    failure = unconnected(error, "mine", "https://api.test:8443/v1")

    kind = "timeout" if "in time" in message else "unavailable"
    assert failure == Failure(kind=kind, message=message, **more)


def test_a_chain_of_causes_that_bites_its_tail_ends():
    error = RuntimeError("a")
    error.__cause__ = other = RuntimeError("b")
    other.__cause__ = error

    assert unconnected(error, "mine", "https://api.test/v1").lost
