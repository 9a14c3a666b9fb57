"""The sample project as a Git repository with a history: a real one, made in one stream, for `promptctl demo`.

Everything else in the package only reads Git. What writes it is here alone, and only into a new folder.
"""

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from promptctl.engine.demo_story import MAIN, Commit, history
from promptctl.errors import PromptctlError
from promptctl.store.files import cannot_write, read_bytes
from promptctl.store.places import decode

PACKAGE = Path(__file__).parents[1]
FOLDERS = ("prompts", "evals")
SETTINGS = """\
# Every line is optional; these are the defaults. The prompts name embedded models: no key, no network.

[project]
default_branch = "main"

[gate]
margin = 0.05
"""
_WHO = "promptctl demo <demo@promptctl.invalid>"
_FIRST_COMMIT = 1_789_981_200  # 2026-09-21 09:00 UTC, a Monday; one commit a week, so ids never change
_WEEK = 7 * 24 * 3600
# Nothing of the machine's takes part: no hooks, no signing, no templates, no line-end conversion.
_GIT = (
    "git",
    "-c",
    f"core.hooksPath={os.devnull}",
    "-c",
    "commit.gpgSign=false",
    "-c",
    "core.autocrlf=false",
)


class Branch(NamedTuple):
    """A branch of the story, with the message of its last commit."""

    name: str
    message: str


class Sample(NamedTuple):
    """A sample repository: where it is, how many commits it has, its branches other than main."""

    folder: Path
    commits: int
    branches: tuple[Branch, ...]


def make_sample(folder: Path) -> Sample:
    """Writes the sample repository into `folder`, which must be empty or absent. `main` is checked out.

    Raises:
        PromptctlError: `not-empty`, `cannot-write`, `git-missing`, `git-failed`, `no-sample`, `sample-differs`.
    """
    commits = _story(_sample_files())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        full = any(folder.iterdir())
    except OSError as error:
        raise cannot_write(folder, error) from error
    if full:
        fix = "remove it, or name a new folder: `promptctl demo DIR`"
        raise PromptctlError("this folder is not empty", slug="not-empty", at=str(folder), fix=fix)
    _git(folder, "init", "--quiet", "--template=", f"--initial-branch={MAIN}")
    _git(folder, "fast-import", "--quiet", data=b"".join(_stream(commits)))
    check_out(folder, MAIN)
    tips = {commit.branch: commit for commit, _ in commits if commit.branch != MAIN}
    branches = tuple(Branch(name, commit.message.splitlines()[0]) for name, commit in tips.items())
    return Sample(folder, len(commits), branches)


def check_out(folder: Path, branch: str) -> None:
    """Goes to a branch of the sample.

    Raises:
        PromptctlError: `git-missing`, `git-failed`.
    """
    _git(folder, "checkout", "--quiet", "--force", branch)


def _story(sample: Mapping[str, str]) -> list[tuple[Commit, dict[str, str]]]:
    try:
        return list(history({**sample, "promptctl.toml": SETTINGS}))
    except ValueError as error:
        fix = "bring back prompts/ and evals/ as they were committed"
        message = f"the sample project no longer tells its story: {error}"
        raise PromptctlError(message, slug="sample-differs", at="promptctl demo", fix=fix) from error


def _sample_files() -> dict[str, str]:
    """The sample project, path → text: in the installed package, or at the root of a checkout."""
    for root in (PACKAGE / "sample", PACKAGE.parents[1]):
        if all((root / folder).is_dir() for folder in FOLDERS):
            paths = sorted(path for folder in FOLDERS for path in (root / folder).rglob("*"))
            names = {path.relative_to(root).as_posix(): path for path in paths if path.is_file()}
            return {name: decode(read_bytes(path), name) for name, path in names.items()}
    fix = "install promptctl again: the wheel brings the sample along"
    raise PromptctlError("the sample project is missing", slug="no-sample", at=str(PACKAGE), fix=fix)


def _stream(commits: list[tuple[Commit, dict[str, str]]]) -> Iterator[bytes]:
    """The history as `git fast-import` reads it. A branch starts at main's last commit before it."""
    marks: dict[str, int] = {}
    for mark, (commit, files) in enumerate(commits, start=1):
        yield f"commit refs/heads/{commit.branch}\nmark :{mark}\n".encode()
        yield f"committer {_WHO} {_FIRST_COMMIT + mark * _WEEK} +0000\n".encode()
        yield _data(commit.message + "\n")
        if parent := marks.get(commit.branch, marks.get(MAIN)):
            yield f"from :{parent}\n".encode()
        yield b"deleteall\n"
        for path, text in files.items():
            yield f"M 100644 inline {path}\n".encode() + _data(text)
        marks[commit.branch] = mark


def _data(text: str) -> bytes:
    content = text.encode()
    return b"data %d\n%s\n" % (len(content), content)


def _git(folder: Path, *args: str, data: bytes = b"") -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            [*_GIT, *args], cwd=folder, env=environment, input=data, capture_output=True, check=False
        )
    except (FileNotFoundError, PermissionError) as error:
        fix = "install Git, on PATH"
        raise PromptctlError("there is no program `git`", slug="git-missing", at="PATH", fix=fix) from error
    if done.returncode:
        said = (done.stderr.decode("utf-8", "replace").strip() or "no reason given").splitlines()[0]
        raise PromptctlError(
            f"git {args[0]} failed: {said.removeprefix('fatal: ')}",
            slug="git-failed",
            at=str(folder),
            fix="the demo needs Git 2.28 or newer and a folder that can be written; remove what is left of this one",
        )
