"""What Git could not do, in words that lead to the cure."""

import re
import shlex
from pathlib import Path

from promptctl.errors import Incomplete, PromptctlError

_LONGEST_REVISION = 4096
_PARENT_OF_HEAD = ("HEAD^1", "HEAD^", "HEAD~1", "HEAD~", "@^1", "@^", "@~1", "@~")
_EXTENSION = re.compile(r"unknown repository extensions? found:\s+(.+)", re.DOTALL)


def failure(folder: Path, said: str) -> PromptctlError:
    """The error for a Git command that failed in `folder`, from what it `said` on its standard error."""
    if "dubious ownership" in said:
        named = re.search(r"safe\.directory (.+)", said)
        fix = f"git config --global --add safe.directory {named[1] if named else shlex.quote(str(folder))}"
        return PromptctlError("the repository belongs to another user", slug="dubious-ownership", fix=fix)
    if "promisor" in said:
        return not_fetched("what this command needs")
    if extension := _EXTENSION.search(said):
        return _unknown_extension(folder, extension[1].split())
    reason = said.split("\n")[0].removeprefix("fatal: ") or "no reason given"
    fix = "`git status` there may say more; a newer Git may read what this one cannot"
    message = f"Git could not read the repository: {reason}"
    return PromptctlError(message, slug="git-failed", at=str(folder), fix=fix)


def _unknown_extension(folder: Path, names: list[str]) -> PromptctlError:
    listed, needed = ", ".join(names), "a newer one may"
    if "refstorage" in map(str.lower, names):
        listed, needed = f"{listed} (reftable)", "reftable needs Git 2.45 or later"
    message = f"this Git cannot read the repository: unknown repository extension {listed}"
    return PromptctlError(message, slug="git-failed", at=str(folder), fix=f"update Git: {needed}")


def git_missing(folder: Path) -> PromptctlError:
    """There is a repository, and nothing to read it with."""
    message, fix = "this is a Git repository, but there is no program `git`", "install Git, on PATH"
    return PromptctlError(message, slug="git-missing", at=str(folder), fix=fix)


def no_work_tree(
    at: str | None = None, *, fix: str = "clone it, and run the same command in the clone"
) -> PromptctlError:
    """A bare repository, where no file of the project can be read or written but in commits."""
    return PromptctlError("a bare repository has no work tree", slug="no-work-tree", at=at, fix=fix)


def speakable(revision: str) -> bool:
    """Whether a revision may reach a command line: an option or a control character may not."""
    plain = revision and not revision.startswith("-") and len(revision) <= _LONGEST_REVISION
    return bool(plain) and not re.search(r"[\x00-\x1f\x7f]|[\ud800-\udfff]", revision)


def not_a_commit(revision: str) -> PromptctlError:
    """What a user gave as a revision names no commit."""
    shown = revision if speakable(revision) else repr(revision[:80])
    fix = "give a branch, a tag or a commit id; `git log --oneline` lists commits"
    return PromptctlError(f"{shown} is not a commit", slug="not-a-commit", fix=fix)


def cut_off(revision: str) -> Incomplete:
    """A shallow clone may lack the revision."""
    depth, command = ("2", "--deepen=1") if revision in _PARENT_OF_HEAD else ("0", "--unshallow")
    fix = f"set `fetch-depth: {depth}` on actions/checkout, or run `git fetch {command}`"
    return Incomplete(f"{revision} is not in this shallow clone", slug="no-base-revision", fix=fix)


def not_fetched(what: str) -> Incomplete:
    """A partial clone lacks an object."""
    fix = "clone without `--filter`; promptctl fetches nothing by itself"
    return Incomplete(f"{what} is not in this partial clone", slug="no-base-revision", fix=fix)
