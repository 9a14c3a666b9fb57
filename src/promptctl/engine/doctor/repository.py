"""What kind of Git repository a project lies in, and what `promptctl test` would compare there."""

from promptctl.engine.load import Home, sides_of
from promptctl.store.repo import Repository
from promptctl.store.revisions import WORKTREE, Revision


def kind(repository: Repository) -> list[str]:
    """What is unusual about a repository, in words: nothing for most."""
    git = repository.root / ".git"
    linked = ""
    if git.is_file():
        linked = "a submodule" if "/modules/" in git.read_text("utf-8", "replace") else "a linked worktree"
    partial = repository.setting("extensions.partialclone") or repository.setting("remote.origin.promisor")
    storage = repository.setting("extensions.refstorage")
    facts = {
        "a shallow clone": repository.is_shallow(),
        "a partial clone": bool(partial),
        "bare": repository.bare,
        linked: bool(linked),
        "SHA-256": repository.setting("extensions.objectformat") == "sha256",
        f"refs in {storage}": storage not in (None, "files"),
        "a sparse checkout": repository.setting("core.sparsecheckout") == "true",
    }
    return [words for words, holds in facts.items() if holds]


def branch_of(repository: Repository) -> str:
    """Where HEAD is, in words."""
    name = repository.branch()
    where = f"branch {name}" if name else "detached HEAD"
    return where if repository.head() else f"{where}, before the first commit"


def default_branches(home: Home) -> list[str]:
    """Those of the project's default branch that are here: local, `origin/`, or `origin/HEAD`."""
    name = home.config.project.default_branch
    wanted = (f"refs/heads/{name}", f"refs/remotes/origin/{name}", "refs/remotes/origin/HEAD")
    return [ref.split("/", 2)[2] for ref in home.repository.tips(wanted)] if home.repository else []


def sides_in_words(home: Home) -> str:
    """What `promptctl test` would compare.

    Raises:
        PromptctlError: it cannot be told, with the cure.
    """
    sides = sides_of(home)
    if sides.nothing:
        return sides.note or "nothing to compare"
    head = _named(sides.head)
    return f"{head} alone, without a base" if sides.base is None else f"{_named(sides.base)} → {head}"


def _named(revision: Revision) -> str:
    if revision.label == WORKTREE:
        return "working tree"
    return f"{revision.label}@{revision.commit[:7]}" if revision.commit else revision.label
