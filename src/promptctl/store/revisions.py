"""Which two sides a comparison has: the defaults of `--base` and `--head`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from promptctl.errors import Incomplete, PromptctlError
from promptctl.store.git_faults import no_work_tree
from promptctl.store.repo import Repository

WORKTREE = "WORKTREE"
NOTHING = "nothing to compare; the last commit: `promptctl test --base HEAD~1`"

_MERGE_EVENTS = frozenset({"pull_request", "pull_request_target", "merge_group"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A commit, or the work tree. `label` is what a person would write.

    `commit` is a full id; None for a work tree that no commit holds (`dirty`).
    """

    label: str
    commit: str | None
    dirty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """What is compared. Without a `base`, head alone is scored.

    `nothing` is True when there is nothing to compare; `note` then says what could be asked instead.
    """

    base: Revision | None
    head: Revision
    note: str | None = None
    nothing: bool = False


def choose_sides(
    repository: Repository | None,
    *,
    base: str | None,
    head: str | None,
    no_base: bool,
    default_branch: str,
    environment: Mapping[str, str],
    folders: Sequence[str],
) -> Sides:
    """Base and head from what was asked for and where HEAD is.

    Args:
        repository: None where the project is in none.
        base, head: A user's revisions, or the word WORKTREE; None for the defaults, of which head is HEAD in a
            bare repository.
        no_base: Head alone; `base` is then not looked at.
        default_branch: Its configured name, such as "main".
        environment: For GITHUB_EVENT_NAME.
        folders: What makes the project dirty, relative to the top of the repository.

    Raises:
        PromptctlError: `no-repository`, `not-a-commit`, `no-work-tree`.
        Incomplete: `no-base-revision`, when there should be a base and it cannot be told which.
    """
    if repository is None:
        return _without_repository(None if no_base else base, head)
    here = "HEAD" if repository.bare else WORKTREE
    head_side = _side(repository, here if head is None else head, folders)
    if no_base:
        return Sides(base=None, head=head_side)
    if base is not None:
        return Sides(base=_side(repository, base, folders), head=head_side)
    if head_side.label == WORKTREE and repository.head() is None:
        return Sides(base=None, head=head_side)
    return _Defaults(repository, default_branch, environment).sides(head_side)


def _without_repository(base: str | None, head: str | None) -> Sides:
    given = next((revision for revision in (base, head) if revision not in (None, WORKTREE)), base)
    if given is not None:
        message = f"{given} needs a Git repository, and this project is in none"
        fix = "`git init`, then commit the project; without it, head alone is scored: `promptctl test`"
        raise PromptctlError(message, slug="no-repository", fix=fix)
    return Sides(base=None, head=Revision(label=WORKTREE, commit=None, dirty=True))


def _side(repository: Repository, revision: str, folders: Sequence[str]) -> Revision:
    if revision != WORKTREE:
        return Revision(label=revision, commit=repository.resolve(revision))
    if repository.bare:
        raise no_work_tree(fix="name revisions: `--base REV --head REV`")
    commit = None if repository.is_dirty(folders) else repository.head()
    return Revision(label=WORKTREE, commit=commit, dirty=commit is None)


class _Defaults:
    """The base that belongs to a head for which none was given."""

    def __init__(self, repository: Repository, default_branch: str, environment: Mapping[str, str]) -> None:
        self.repository, self.default_branch = repository, default_branch
        self.in_merge_event = environment.get("GITHUB_EVENT_NAME") in _MERGE_EVENTS
        self._candidates: dict[str, str] | None = None

    def sides(self, head: Revision) -> Sides:
        current = self.repository.head()
        is_current = head.label == WORKTREE or head.commit == current
        if is_current and (self.in_merge_event or self._is_merge_checkout()):
            return Sides(base=self._first_parent(), head=head)
        if head.label == WORKTREE and self._on_default_branch():
            return self._since_the_last_commit(head)
        tip = current if head.label == WORKTREE else head.commit
        base = self._merge_base(str(tip), head.label)
        if head.label != WORKTREE and base.commit == head.commit:
            command = f"promptctl test --base {head.label}~1 --head {head.label}"
            note = f"nothing to compare; its last commit: `{command}`"
            if self.repository.bare and head.label == "HEAD":
                note = NOTHING
            return Sides(base=base, head=head, note=note, nothing=True)
        return Sides(base=base, head=head)

    def _is_merge_checkout(self) -> bool:
        """Whether HEAD is detached at a merge, as a CI checkout of a pull request is."""
        current = self.repository.head()
        detached = self.repository.branch() is None and current is not None
        return detached and len(self.repository.parents(str(current))) > 1

    def _first_parent(self) -> Revision:
        try:
            return Revision(label="HEAD^1", commit=self.repository.resolve("HEAD^1"))
        except Incomplete:
            raise
        except PromptctlError as error:
            fix = "give `--base REV`, or `--no-base` to score head alone"
            raise Incomplete(
                "HEAD has no parent to compare with", slug="no-base-revision", fix=fix
            ) from error

    def _since_the_last_commit(self, head: Revision) -> Sides:
        last = Revision(label="HEAD", commit=self.repository.head())
        if head.dirty:
            return Sides(base=last, head=head)
        if not self.repository.parents(str(last.commit)):
            return Sides(base=None, head=head)  # the first commit: HEAD~1 is no advice
        return Sides(base=last, head=head, note=NOTHING, nothing=True)

    def _on_default_branch(self) -> bool:
        branch = self.repository.branch()
        if branch is None or branch == self.default_branch:
            return branch is not None
        return branch in {label.removeprefix("origin/") for label in self._branches()}

    def _branches(self) -> dict[str, str]:
        """The default branch, as it is here and as it was last seen at origin: label to commit."""
        if self._candidates is None:
            local, remote = f"refs/heads/{self.default_branch}", f"refs/remotes/origin/{self.default_branch}"
            tips = self.repository.tips([local, remote, "refs/remotes/origin/HEAD"])
            pointed = tips.pop("refs/remotes/origin/HEAD", None)
            found = {ref.split("/", 2)[2]: tip.commit for ref, tip in tips.items()}
            if not found and pointed:
                found = {pointed.symref.removeprefix("refs/remotes/") or "origin/HEAD": pointed.commit}
            self._candidates = found
        return self._candidates

    def _merge_base(self, commit: str, label: str) -> Revision:
        """Where `commit` left the default branch: the later of its merge bases with the local and remote tip."""
        best: Revision | None = None
        tips: dict[str, str] = {}
        for name, tip in self._branches().items():
            tips.setdefault(tip, name)
        for tip, name in tips.items():
            found = self.repository.merge_base(commit, tip)
            if found is None and self.repository.is_shallow():
                raise self._unknown(f"where {_said(label)} left {name} is not in this shallow clone")
            best = self._later(best, found, name)
        if best is None and self._branches():
            raise self._unknown(f"{_said(label)} and {' and '.join(self._branches())} share no history")
        if best is None:
            raise self._unknown(
                f"there is no branch {self.default_branch}, here or at origin, to compare with"
            )
        return best

    def _later(self, best: Revision | None, found: str | None, name: str) -> Revision | None:
        if found is None or (best is not None and best.commit == found):
            return best
        if best is None or self.repository.is_ancestor(str(best.commit), found):
            return Revision(label=name, commit=found)
        return best

    def _unknown(self, message: str) -> Incomplete:
        fix = "give `--base REV`, or set `default_branch` under [project] in promptctl.toml"
        if self.repository.is_shallow():
            fix = f"set `fetch-depth: 0` on actions/checkout, or run `git fetch --unshallow`; or {fix}"
        return Incomplete(message, slug="no-base-revision", fix=fix)


def _said(label: str) -> str:
    return "HEAD" if label == WORKTREE else label
