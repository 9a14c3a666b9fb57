"""The commits at which a prompt's version changed, newest first, each with what changed."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from promptctl.engine.history.changes import Change, changes_between
from promptctl.engine.history.states import Files, State, States, has, read_state
from promptctl.engine.load import Home, open_side
from promptctl.engine.pairing import Pairing
from promptctl.errors import PromptctlError
from promptctl.store.history import Commit, Objects, undo
from promptctl.store.prompts import Prompts
from promptctl.store.repo import Repository
from promptctl.store.revisions import WORKTREE, Revision
from promptctl.store.trees import WorkTree


class Watcher(Protocol):
    """Told how far the history has been read."""

    def start(self, total: int) -> None:
        """There are `total` commits."""
        ...

    def advance(self) -> None:
        """One more is read."""
        ...

    def end(self) -> None:
        """No more will be."""
        ...


class Entry(NamedTuple):
    """One line of the log. `commit` is None for changes that no commit holds yet.

    `prompt` is the id that the prompt had then; `digest` is None where it is gone or cannot be read.
    """

    commit: Commit | None
    prompt: str
    digest: str | None
    changes: tuple[Change, ...]


class Log(NamedTuple):
    """The entries, newest first. `more`: the history goes on behind the last."""

    entries: tuple[Entry, ...]
    more: bool


def log(
    home: Home, prompt: str, revision: Revision, *, limit: int | None = None, watcher: Watcher | None = None
) -> Log:
    """The commits that lead to `revision` at which the prompt's version digest changed; through renames.

    The whole graph is walked, not the first parents alone: a change that came in by a merge stands at the commit
    that made it, under its author. Where a merge leaves the version as one of its parents had it, only that parent
    is followed, as in `git log -- FILE`: what a side branch undid, or a merge threw away, never became this prompt.
    A merge stands in the log itself only where the version differs from all its parents, which is a version that
    no other commit had; told of it is what differs from all of them, because the rest is told where it was made.

    Args:
        prompt: Its id at `revision`, or one that it had before it was deleted.
        revision: The newest; the work tree shows changes that no commit holds as an entry without commit.
        limit: Entries at most.
        watcher: Told about progress.

    Raises:
        PromptctlError: `no-repository`; `unknown-prompt`, it was never there.
    """
    repository = home.repository
    if repository is None:
        fix = "`git init`, then commit the project: versions are commits"
        raise PromptctlError("a log needs a Git repository", slug="no-repository", at=str(home.root), fix=fix)
    with Objects(repository) as objects:
        walk = _Walk(home, repository, objects, watcher)
        found: list[Entry] = []
        for entry in walk.entries(prompt, revision):
            if len(found) == limit:
                return Log(tuple(found), more=True)
            found.append(entry)
    if not found:
        open_side(home, revision).prompts.require(prompt)
    return Log(tuple(found), more=False)


class _Walk:
    """One walk through the history of one prompt."""

    def __init__(self, home: Home, repository: Repository, objects: Objects, watcher: Watcher | None) -> None:
        self.home, self.repository, self.objects, self.watcher = home, repository, objects, watcher

    def entries(self, prompt: str, revision: Revision) -> Iterator[Entry]:
        """The log, newest first."""
        newest = self._worktree(prompt) if revision.label == WORKTREE else None
        tip = revision.commit if newest is None else self.repository.head()
        if tip is None:
            if newest is not None and newest.exists:
                yield Entry(None, prompt, newest.digest, _told(State((prompt,), newest.folder), newest))
            return
        self.states = States(self.home, self.repository, tip, self.objects)
        files, commits = self.states.history(tip)
        state = self.states.state(files, (prompt,))
        if newest is not None and newest.exists and not state.exists:
            state = self.states.state(files, (self._pairing(tip).base_prompt(prompt) or prompt,))
        if newest is not None and newest.key != state.key:
            successor = self._pairing(tip).head_prompt(prompt) if not newest.exists else None
            yield Entry(None, prompt, newest.digest, _told(state, newest, successor))
        if self.watcher:
            self.watcher.start(len(commits))
        try:
            yield from self._walk(commits, files, state)
        finally:
            if self.watcher:
                self.watcher.end()

    def _worktree(self, prompt: str) -> State:
        folder = self.home.config.project.prompts
        prompts = Prompts(
            WorkTree(self.home.root, [folder], self.repository, extra=()), folder, isolate=self.home.isolate
        )
        return read_state(prompts, prompt) if has(prompts, prompt) else State((prompt,), folder)

    def _pairing(self, tip: str) -> Pairing:
        """The last commit with the work tree: for a rename that is not committed."""
        last = open_side(self.home, Revision(label="HEAD", commit=tip), config=self.home.config)
        return Pairing(last, open_side(self.home, self.home.here))

    def _walk(self, commits: Sequence[Commit], files: Files, state: State) -> Iterator[Entry]:
        open_lines = {commits[0].id: (files, state)} if commits else {}
        for commit in commits:
            if self.watcher:
                self.watcher.advance()
            if commit.id not in open_lines:
                continue  # a side that a merge did not take
            files, state = open_lines.pop(commit.id)
            older = self._older(commit, files, state)
            same = next((n for n, (_, before) in enumerate(older) if before.key == state.key), None)
            if same is None:
                yield self._entry(commit, [before for _, before in older], state)
            for number, parent in enumerate(commit.parents):
                if same in (None, number):
                    open_lines.setdefault(parent, older[number])

    def _older(self, commit: Commit, files: Files, state: State) -> list[tuple[Files, State]]:
        """Files and state of each parent; of what was before the first commit, nothing."""
        found = []
        for number, changes in enumerate(commit.changes):
            last = number == len(commit.changes) - 1
            older = files if last else dict(files)
            undo(older, changes)
            found.append((older, self.states.before(state, changes, older)))
        return found

    def _entry(self, commit: Commit, before: Sequence[State], after: State) -> Entry:
        successor = None if after.exists else self.states.successor(commit, before[0], after)
        told = [_told(one, after, successor) for one in before]
        changes = told[0]
        if len(told) > 1:
            changes = (Change("merged"), *(c for c in told[0] if all(c in other for other in told[1:])))
        elif not before[0].exists and not commit.parents and self.repository.is_cut_off(commit.id):
            changes = (Change("cut_off"),)
        return Entry(commit, after.prompt, after.digest, changes)


def _told(before: State, after: State, successor: str | None = None) -> tuple[Change, ...]:
    """What changed between two states that differ. `successor`: what a prompt that is gone is called now."""
    if not before.exists:
        return (Change("created"), *_fault(after))
    if not after.exists:
        return (Change("renamed", after=successor) if successor else Change("deleted"),)
    if before.version and after.version:
        return changes_between(before.version, after.version)
    renamed = [Change("renamed", before=before.prompt, after=after.prompt)] * (before.prompt != after.prompt)
    return (*renamed, *(_fault(after) or [Change("mended")]))


def _fault(state: State) -> list[Change]:
    return [Change("broken", state.error.slug, after=str(state.error.at))] if state.error else []
