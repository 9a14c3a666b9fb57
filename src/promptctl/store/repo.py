"""Git, read through a few commands, in one thread. Nothing else in the package imports `git`.

GitPython starts the processes and nothing more: its own object database cannot read SHA-256 repositories,
"resolves" commits that a shallow clone lacks, and leaves `cat-file` children behind. A user's revision passes
only through `resolve`, and nothing here clones, fetches, pushes or writes.
"""

import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Self

from promptctl.store.git_faults import cut_off, failure, git_missing, not_a_commit, not_fetched, speakable

SYMLINK, SUBMODULE = "120000", "160000"

_ENVIRONMENT = {
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    # A partial clone would fetch missing blobs in the middle of `cat-file`: no transport, no fetch.
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    # A .git was seen upward, so a mount point in between (a project mounted into a container) is no end.
    "GIT_DISCOVERY_ACROSS_FILESYSTEM": "1",
}
# The file system monitor is a daemon that would outlive the command.
_GIT = ("git", "--no-pager", "-c", "core.fsmonitor=false", "-c", "diff.relative=false")
_RAW = ("-z", "--no-abbrev", "-M", "-l1000")
# While a push is being received, its commits lie in quarantine, which only these name.
_QUARANTINE = frozenset({"GIT_QUARANTINE_PATH", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"})
_COMMIT_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class TreeEntry(NamedTuple):
    """A file of a commit: its mode (octal text), object id, and size in bytes where it is known."""

    mode: str
    id: str
    size: int | None


class Tip(NamedTuple):
    """What a ref points at: a commit, and the ref it stands for where it is symbolic (`origin/HEAD`)."""

    commit: str
    symref: str


class Repository:
    """A Git repository. Paths are relative to `root`, with `/`, undecodable bytes as surrogate escapes.

    `root` is the top of the work tree. A repository that has none (`bare`) has its own folder as root, or the
    folder it was found from where that lies outside (a file `.git` can point to it).
    """

    def __init__(
        self, root: Path, *, head: str | None, branch: str | None, shallow: bool, bare: bool
    ) -> None:
        self.root, self.bare = root, bare
        self._head, self._branch, self._shallow = head, branch, shallow
        self._run = partial(_run, root)

    @classmethod
    def find(cls, folder: Path) -> Self | None:
        """The repository that `folder` lies in; None when there is none upward.

        Raises:
            PromptctlError: `git-missing`, `dubious-ownership`, or `git-failed` with Git's own words.
        """
        folder = folder.resolve()
        while not os.path.isdir(folder):  # noqa: PTH112 - Path.is_dir raises for a name that is too long
            folder = folder.parent
        if not any(_looks_like_git(above) for above in (folder, *folder.parents)):
            return None
        facts = ("--is-bare-repository", "--is-inside-work-tree", "--is-shallow-repository")
        names = ("--show-cdup", "HEAD", "--symbolic-full-name", "HEAD")
        status, out, said = _run(folder, "rev-parse", *facts, *names, accept=(0, 128))
        if status and "not a git repository (or any" in said:
            return None
        lines = out.decode("utf-8", "surrogateescape").split("\n")
        if len(lines) < 4:
            raise failure(folder, said)
        bare, inside, shallow = (line == "true" for line in lines[:3])
        rest = lines[3:]
        root = (folder / rest.pop(0)).resolve() if inside else _own_folder(folder)
        head = rest[0] if _COMMIT_ID.fullmatch(rest[0]) else None
        ref = rest[1] if head and rest[1] else _symbolic_head(folder)
        branch = ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else None
        return cls(root, head=head, branch=branch, shallow=shallow, bare=bare)

    def head(self) -> str | None:
        """The full id of HEAD; None before the first commit."""
        return self._head

    def branch(self) -> str | None:
        """The branch that HEAD is on; None when it is detached."""
        return self._branch

    def is_shallow(self) -> bool:
        """Whether history was cut off when the repository was cloned."""
        return self._shallow

    def relative(self, folder: Path) -> str:
        """`folder` relative to `root`, with `/`; empty for the root itself.

        Raises:
            ValueError: `folder` lies outside.
        """
        text = folder.resolve().relative_to(self.root).as_posix()
        return "" if text == "." else text

    def resolve(self, revision: str) -> str:
        """The full id of the commit that a user's `revision` names.

        Raises:
            PromptctlError: `not-a-commit`.
            Incomplete: `no-base-revision`, when a shallow clone may lack it.
        """
        if not speakable(revision):
            raise not_a_commit(revision)
        question = ("--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        status, out, _ = self._run("rev-parse", *question, accept=(0, 1, 128))
        answer = out.decode("ascii", "replace").strip()
        if status == 0 and _COMMIT_ID.fullmatch(answer):
            return answer
        # What is there and is a file, a tree or `^REV` is a mistake, however shallow the clone.
        if (
            status == 0
            or not self._shallow
            or self._run("cat-file", "-t", revision, accept=(0, 1, 128))[0] == 0
        ):
            raise not_a_commit(revision)
        raise cut_off(revision)

    def parents(self, commit: str) -> list[str]:
        """The parents as the commit itself records them, even those that a shallow clone lacks."""
        header = self._run("cat-file", "commit", commit)[1].split(b"\n\n", 1)[0]
        lines = header.decode("ascii", "replace").split("\n")
        return [line.removeprefix("parent ") for line in lines if line.startswith("parent ")]

    def is_cut_off(self, commit: str) -> bool:
        """Whether `commit` has parents that this clone was told to leave out."""
        if not self._shallow:
            return False
        shown = self._run("rev-list", "--parents", "--max-count=1", commit)[1].split()
        return len(shown) == 1 and bool(self.parents(commit))

    def merge_base(self, a: str, b: str) -> str | None:
        """The best common ancestor of two commits. None means unknown: unrelated, or cut off."""
        status, out, _ = self._run("merge-base", a, b, accept=(0, 1))
        return out.decode("ascii").split("\n")[0] if status == 0 else None

    def is_ancestor(self, a: str, b: str) -> bool:
        """Whether commit `a` is `b` or lies in its history."""
        return self._run("merge-base", "--is-ancestor", a, b, accept=(0, 1))[0] == 0

    def tips(self, refs: Sequence[str]) -> dict[str, Tip]:
        """Those of the full ref names (`refs/heads/main`) that exist."""
        form = "--format=%(refname)%00%(objectname)%00%(symref)"
        out = self._run("for-each-ref", form, *(ref for ref in refs if "\0" not in ref))[1]
        rows = [line.split("\0") for line in out.decode("utf-8", "surrogateescape").split("\n") if line]
        return {name: Tip(commit, symref) for name, commit, symref in rows if name in refs}

    def names(self, prefixes: Sequence[str]) -> list[str]:
        """The short names of all refs below `prefixes` (`refs/heads`)."""
        out = self._run("for-each-ref", "--format=%(refname:short)", *prefixes)[1]
        return out.decode("utf-8", "surrogateescape").split()

    def setting(self, name: str) -> str | None:
        """The value of one of Git's own settings here (`extensions.refstorage`); None where it is not set."""
        status, out, _ = self._run("config", "--get", name, accept=(0, 1))
        return None if status else out.decode("utf-8", "replace").strip()

    def files(self, commit: str, folders: Sequence[str]) -> dict[str, TreeEntry]:
        """Every file of `commit` under `folders` (or that is one of them), by path. One process."""
        entries = {}
        for row in _fields(self._run("ls-tree", "-r", "-z", "-l", "--full-tree", commit, *_only(folders))[1]):
            facts, path = row.split("\t", 1)
            mode, _, object_id, size = facts.split()
            entries[path] = TreeEntry(mode, object_id, int(size) if size.isdigit() else None)
        return entries

    def blobs(self, ids: Iterable[str]) -> dict[str, bytes]:
        """The bytes of each object, by id. One process for all of them, none for none.

        Raises:
            Incomplete: `no-base-revision`, when a partial clone lacks one.
        """
        wanted = sorted(set(ids))
        if not wanted:
            return {}
        out = self._run("cat-file", "--batch", data="".join(f"{i}\n" for i in wanted).encode())[1]
        contents, at = {}, 0
        for object_id in wanted:
            end = out.index(b"\n", at)
            header = out[at:end].split()
            if len(header) != 3:
                raise not_fetched(f"object {object_id[:12]}")
            start, size = end + 1, int(header[2])
            contents[object_id] = out[start : start + size]
            at = start + size + 1
        return contents

    def cat_file(self) -> Any:
        """A process `cat-file --batch`, as `subprocess.Popen`. Whoever starts it ends it."""
        return _start(self.root, "cat-file", "--batch", stdin=subprocess.PIPE)

    def log(self, commit: str, paths: Sequence[str], form: Sequence[str]) -> list[str]:
        """The history of `commit` that made `paths` what they are, no parent before its child. One process.

        Args:
            form: What is wanted of each commit, in words of `git log --format`.

        Returns:
            The fields of Git's output: for each commit two empty ones, those of `form`, then, but for a merge, its
            raw differences from its parent. As always with paths, Git follows of a merge only the first parent
            whose paths are equal, and tells as a parent (`%P`) the next commit that is in the list itself.
        """
        how = ("--raw", *_RAW, "--root", "--date-order", "--parents")
        # Whatever is configured.
        plain = ("--no-show-signature", "--ignore-submodules=none", "--encoding=UTF-8")
        wanted = "--format=%x00%x00" + "%x00".join(form)
        return _fields(self._run("log", *how, *plain, wanted, commit, *_only(paths))[1])

    def compare(self, trees: Sequence[tuple[str, str]], paths: Sequence[str]) -> list[str]:
        """The raw differences within `paths` of each pair of tree ids, one behind the other. One process.

        Returns:
            The fields of Git's output: before the differences of a pair a line with its two ids.
        """
        asked = "".join(f"{before} {after}\n" for before, after in trees).encode()
        return _fields(self._run("diff-tree", "--stdin", "-r", *_RAW, *_only(paths), data=asked)[1])

    def worktree_entries(self, folders: Sequence[str]) -> dict[str, str]:
        """What is on disk under `folders` and not ignored: path to the mode in the index, "" if untracked.

        A repository inside this one counts as a submodule. One process.
        """
        listing = ("-z", "-t", "--stage", "--cached", "--others", "--exclude-standard")
        entries = {}
        for row in _fields(self._run("ls-files", *listing, *_only(folders))[1]):
            tag, rest = row.split(" ", 1)
            facts, path = ("", rest) if tag == "?" else rest.split("\t", 1)
            mode = SUBMODULE if path.endswith("/") else facts.split(" ")[0]
            if os.path.lexists(self.root / path):
                entries[path.rstrip("/")] = mode
        return entries

    def is_dirty(self, folders: Sequence[str]) -> bool:
        """Whether anything under `folders` differs from HEAD: staged, changed or untracked, not ignored."""
        options = ("--porcelain=v1", "-z", "--untracked-files=all", "--no-renames")
        return bool(self._run("status", *options, *_only(folders))[1])

    def ignored(self, path: str) -> bool:
        """Whether Git ignores `path`; a tracked file never is, nor one outside the repository."""
        path = path if path.startswith("/") else f"./{path}"  # so that `:` begins no pathspec
        return self._run("check-ignore", "--quiet", "--", path, accept=(0, 1, 128))[0] == 0

    def kept_in_lfs(self, paths: Sequence[str]) -> set[str]:
        """Those of `paths` that Git attributes hand to Git LFS, whatever the work tree holds."""
        asked = b"".join(os.fsencode(path) + b"\0" for path in paths)
        fields = _fields(self._run("check-attr", "-z", "--stdin", "filter", data=asked)[1]) if paths else []
        return {path for path, value in zip(fields[::3], fields[2::3], strict=True) if value == "lfs"}


def _run(
    folder: Path, *args: str, data: bytes | None = None, accept: Sequence[int] = (0,)
) -> tuple[int, bytes, str]:
    """Runs one Git command in `folder` to its end: exit status, stdout, stderr."""
    process = _start(folder, *args, stdin=None if data is None else subprocess.PIPE)
    out, err = process.communicate(data)
    status, said = process.returncode, err.decode("utf-8", "replace").strip()
    if status not in accept or "dubious ownership" in said:
        raise failure(folder, said)
    return status, out, said


def _start(folder: Path, *args: str, stdin: int | None) -> Any:
    literal = [] if args[0] == "check-ignore" else ["--literal-pathspecs"]  # it refuses to be told
    with _without_git_variables():
        from git import cmd, exc

        try:
            command = [*_GIT, *literal, *args]
            return cmd.Git(folder).execute(command, istream=stdin, as_process=True, env=_ENVIRONMENT)
        except (exc.GitCommandNotFound, PermissionError) as error:
            raise git_missing(folder) from error
        except (OSError, ValueError) as error:  # what no process can be given: NUL, an endless argument
            raise failure(folder, str(error)) from error


@contextmanager
def _without_git_variables() -> Iterator[None]:
    """Takes GIT_* away while a child starts: GitPython can add variables but not remove them.

    A hook sets GIT_DIR, and Git would read that repository instead of the one asked for.
    """
    kept = _QUARANTINE if "GIT_QUARANTINE_PATH" in os.environ else frozenset()
    inherited = {
        name: os.environ.pop(name)
        for name in list(os.environ)
        if name.startswith("GIT_") and name not in kept
    }
    os.environ["GIT_PYTHON_REFRESH"] = "quiet"  # otherwise importing `git` raises where there is no git
    try:
        yield
    finally:
        del os.environ["GIT_PYTHON_REFRESH"]
        os.environ.update(inherited)


def _looks_like_git(folder: Path) -> bool:
    bare = ("HEAD", "objects", "refs")
    return os.path.lexists(folder / ".git") or all(os.path.lexists(folder / name) for name in bare)


def _own_folder(folder: Path) -> Path:
    """The repository's own folder, where `folder` lies in it; else `folder` itself."""
    out = _run(folder, "rev-parse", "--absolute-git-dir")[1]
    own = Path(os.fsdecode(out.removesuffix(b"\n"))).resolve()
    return own if folder.is_relative_to(own) else folder


def _symbolic_head(folder: Path) -> str:
    """The ref that HEAD stands for, which need not exist yet; empty when it is detached. A damaged one raises."""
    out = _run(folder, "symbolic-ref", "--quiet", "HEAD", accept=(0, 1))[1]
    return out.decode("utf-8", "surrogateescape").strip()


def _only(folders: Sequence[str]) -> list[str]:
    """The end of a command that looks at `folders` alone; at everything for none or the root."""
    return ["--"] if not {"", "."}.isdisjoint(folders) else ["--", *folders]


def _fields(out: bytes) -> list[str]:
    return out.decode("utf-8", "surrogateescape").split("\0")[:-1]
