"""The programs and packages that promptctl runs with, against those that it needs and was tested with."""

import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from promptctl.errors import PromptctlError

DISTRIBUTION = "promptctl"
OLDEST_GIT = (2, 39)  # of those that the tests run with
# The newest that the tests ran with, as far as a difference would matter: a version behind it may still work.
TESTED = {
    "click": "8.5",
    "gitpython": "3.2",
    "jinja2": "3.1",
    "jsonschema": "4.26",
    "msgspec": "0.22",
    "openai": "3",
    "pyyaml": "6.0",
    "regex": "2026",
    "tabulate": "0.10",
    "wcwidth": "0.9",
}
PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")

_REQUIREMENT = re.compile(r"([\w.-]+)(?:\[[^\]]*\])?\s*([^;]*)(?:;.*extra *== *['\"]([\w-]+)['\"])?")
_BOUND = re.compile(r"(>=|<)\s*([0-9][0-9.]*)")

Version = tuple[int, ...]


class Requirement(NamedTuple):
    """A package that promptctl needs, or that one of its extras does: `extra` is empty for the former.

    `low` is the oldest version that will do, `high` the first that will not; empty where there is none.
    """

    name: str
    low: str
    high: str
    extra: str


class Package(NamedTuple):
    """A requirement as it is met: the version that is there, or None, and a remark on it."""

    name: str
    version: str | None
    remark: str = ""
    problem: PromptctlError | None = None


def python_remark(version: Version = sys.version_info[:2]) -> str:
    """Whether promptctl is tested on this Python; nothing where it is."""
    tested = _tested_pythons()
    if not tested or version in tested:
        return ""
    oldest, newest = (".".join(map(str, found)) for found in (min(tested), max(tested)))
    return f"not tested: {oldest} to {newest} are"


def git_version() -> str | None:
    """What `git --version` says, without its first words; None where there is no Git."""
    try:
        done = subprocess.run(["git", "--version"], capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace").strip().removeprefix("git version ") or None


def git_remark(version: str) -> str:
    """Whether this Git is older than those that are tested; nothing where it is not."""
    return (
        f"older than {'.'.join(map(str, OLDEST_GIT))}, the oldest tested"
        if numbers(version) < OLDEST_GIT
        else ""
    )


def packages() -> list[Package]:
    """Every package that promptctl needs, in the order of its metadata."""
    return [_package(requirement) for requirement in _requirements() if not requirement.extra]


def extras() -> dict[str, list[str]]:
    """The packages that each extra still needs, by extra; none for one that is installed."""
    found: dict[str, list[str]] = {}
    for requirement in _requirements():
        if requirement.extra:
            missing = found.setdefault(requirement.extra, [])
            if _installed(requirement.name) is None:
                missing.append(requirement.name)
    return found


def proxies(environment: Mapping[str, str]) -> list[tuple[str, str]]:
    """The proxies that are set, by variable, as scheme, host and port: the rest may hold a password."""
    found = []
    for name in PROXIES:
        value = environment.get(name.lower(), "").strip() or environment.get(name, "").strip()
        if value:
            found.append((name, value if name == "NO_PROXY" else _without_secrets(value)))
    return found


def completion_installed(shell: str, home: Path) -> Path | None:
    """The file that lets `shell` complete promptctl; None where none is found."""
    files = {
        "bash": (
            ".local/share/bash-completion/completions/promptctl",
            ".bashrc",
            ".bash_profile",
            ".profile",
        ),
        "zsh": (".zfunc/_promptctl", ".zsh/completions/_promptctl", ".zshrc", ".zprofile"),
        "fish": (".config/fish/completions/promptctl.fish", ".config/fish/config.fish"),
    }
    paths = [home / name for name in files.get(shell, ())]
    if shell == "zsh":
        paths.append(Path("/usr/local/share/zsh/site-functions/_promptctl"))
    for path in paths:
        try:
            text = path.read_text("utf-8", "replace")
        except OSError:
            continue
        if "_PROMPTCTL_COMPLETE" in text or "promptctl completion" in text:
            return path
    return None


def numbers(version: str) -> Version:
    """The numbers that a version begins with: `2.39.5.windows.1` is (2, 39, 5)."""
    found = re.match(r"[0-9]+(?:\.[0-9]+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def _package(requirement: Requirement) -> Package:
    name, version = requirement.name.lower(), _installed(requirement.name)
    if version is None:
        problem = PromptctlError(
            f"{name} is not installed",
            slug="missing-package",
            fix=f"install {DISTRIBUTION} again, with its dependencies",
        )
        return Package(name, None, problem=problem)
    there = numbers(version)
    if requirement.low and there < numbers(requirement.low):
        remark = f"older than {requirement.low}, which promptctl needs"
        return Package(name, version, remark, _unfit(name, version, remark, f"{name}>={requirement.low}"))
    if requirement.high and there >= numbers(requirement.high):
        remark = f"newer than promptctl can use: below {requirement.high}"
        return Package(name, version, remark, _unfit(name, version, remark, f"{name}<{requirement.high}"))
    tested = numbers(TESTED.get(name, ""))
    remark = f"newer than tested ({TESTED[name]})" if tested and there[: len(tested)] > tested else ""
    return Package(name, version, remark)


def _unfit(name: str, version: str, remark: str, wanted: str) -> PromptctlError:
    return PromptctlError(
        f"{name} {version} is {remark}",
        slug="unfit-package",
        fix=f"pip install '{wanted}', in this environment",
    )


def _requirements() -> list[Requirement]:
    from importlib.metadata import PackageNotFoundError, requires

    try:
        lines: Iterable[str] = requires(DISTRIBUTION) or ()
    except PackageNotFoundError:  # run from a folder that was never installed
        lines = TESTED
    found = []
    for line in lines:
        if parts := _REQUIREMENT.match(line):
            bounds = dict(_BOUND.findall(parts[2]))
            found.append(Requirement(parts[1], bounds.get(">=", ""), bounds.get("<", ""), parts[3] or ""))
    return found


def _tested_pythons() -> set[Version]:
    from importlib.metadata import PackageNotFoundError, metadata

    try:
        lines = metadata(DISTRIBUTION).get_all("Classifier") or []
    except PackageNotFoundError:
        return set()
    found = (re.fullmatch(r"Programming Language :: Python :: (3\.[0-9]+)", line) for line in lines)
    return {numbers(one[1]) for one in found if one}


def _installed(package: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _without_secrets(address: str) -> str:
    try:
        url = urlsplit(address if "://" in address else f"http://{address}")
        port = f":{url.port}" if url.port else ""
    except ValueError:
        return "set, and no address"
    return f"{url.scheme}://{url.hostname}{port}" if url.hostname else "set, and no address"
