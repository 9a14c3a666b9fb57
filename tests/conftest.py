"""What every test may rely on: nothing beyond loopback, nothing of the machine's environment, one profile."""

import ipaddress
import os
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# A shell starts what runs in its background deaf to Ctrl-C, and so would be every command that a test interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No deadline: two test processes share two cores, so the time of one example says nothing.
settings.register_profile("promptctl", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("promptctl")

# Proxies go too: one that listens on loopback would lead a test out past the guard.
INHERITED = re.compile(
    r"CI$|GITHUB_|GIT_|XDG_|PROMPTCTL_(?!(REAL_DATA|REFERENCE)$)|"
    r"(OPENAI|AZURE|ANTHROPIC|GEMINI|GOOGLE|DASHSCOPE|QIANFAN|ARK|DEEPSEEK|ZHIPU|MOONSHOT|OPENROUTER|VLLM|OLLAMA)_|"
    r".*(_KEY|_TOKEN|_SECRET|_PROXY)$|(FORCE_COLOR|CLICOLOR|CLICOLOR_FORCE|COLUMNS|LINES|PAGER|LC_\w+|LANG|LANGUAGE)$",
    re.IGNORECASE,
)


@pytest.fixture(scope="session", autouse=True)
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A fresh machine: no keys, no CI, no Git settings, an empty home, no colours, UTF-8."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if INHERITED.match(name):
                patch.delenv(name)
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("NO_COLOR", "1")
        patch.setenv("LC_ALL", "C.UTF-8")
        yield


class BeyondLoopback(AssertionError):
    """A test tried to reach something that is not this machine."""


@pytest.fixture(scope="session")
def attempts() -> Iterator[list[str]]:
    """The refused attempts of this test to leave loopback. Only the guard's own tests empty it."""
    refused: list[str] = []

    def refuse(what: str) -> None:
        refused.append(what)
        raise BeyondLoopback(f"{what}: tests stay on loopback")

    def guarded(method: Any) -> Any:
        def call(self: socket.socket, address: Any, *rest: Any) -> Any:
            if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address[0]):
                refuse(f"{method.__name__} to {address[0]}")
            return method(self, address, *rest)

        return call

    def lookup(host: Any, *rest: Any, **options: Any) -> Any:
        if not _is_loopback(host):
            refuse(f"look-up of {host}")
        return getaddrinfo(host, *rest, **options)

    getaddrinfo = socket.getaddrinfo
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded(socket.socket.connect))
        patch.setattr(socket.socket, "connect_ex", guarded(socket.socket.connect_ex))
        patch.setattr(socket, "getaddrinfo", lookup)
        yield refused


@pytest.fixture(autouse=True)
def stays_on_loopback(attempts: list[str]) -> Iterator[None]:
    """Fails the test that tried to leave loopback, even where the code under test swallowed the refusal."""
    attempts.clear()
    yield
    assert not attempts, f"this test tried to leave loopback: {', '.join(attempts)}"


def _is_loopback(host: Any) -> bool:
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(name).partition("%")[0]).is_loopback
    except ValueError:
        return str(name).endswith(".localhost")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of recorded outputs, verdicts and labels; the test is skipped where there is none."""
    named = os.environ.get("PROMPTCTL_REAL_DATA")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no real data here: set PROMPTCTL_REAL_DATA to its folder")
    return folder
