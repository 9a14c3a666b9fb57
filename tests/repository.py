"""Real Git repositories in temporary folders, with fixed people, fixed dates and no settings of the machine.

repo = Repo(tmp_path / "project")
first = repo.commit("first", {"prompts/reply.prompt.j2": "Hello {{ name }}\\n"})
repo.branch("feature").write({"prompts/reply.prompt.j2": "Hi {{ name }}\\n"})
"""

import os
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

_SETTINGS = {
    "commit.gpgsign": "false",
    "core.hooksPath": os.devnull,
    "gc.auto": "0",
    "maintenance.auto": "false",
    "protocol.file.allow": "always",
    "advice.detachedHead": "false",
}
_START = datetime(2026, 1, 1, tzinfo=UTC)


def git_environment(minute: int = 0) -> dict[str, str]:
    """The environment for a Git command that depends on nothing of this machine, `minute` minutes into 2026."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    date = (_START + timedelta(minutes=minute)).isoformat()
    people = {
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in {"NAME": "Ada", "EMAIL": "ada@example.org", "DATE": date}.items()
    }
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
    return inherited | people | alone | {"LC_ALL": "C.UTF-8"}


class Repo:
    """A repository to arrange a test with. Each commit is one minute later than the one before."""

    minute = 0

    def __init__(
        self,
        path: Path,
        *,
        branch: str = "main",
        object_format: str = "sha1",
        bare: bool = False,
        init: bool = True,
    ) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        if init:
            kind = ["--bare"] if bare else []
            self.git(
                "init", "--quiet", *kind, f"--initial-branch={branch}", f"--object-format={object_format}"
            )

    def git(self, *args: str) -> str:
        """Runs a Git command in the work tree and gives its stdout without the last line end."""
        settings = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
        done = subprocess.run(
            ["git", *settings, *args],
            cwd=self.path,
            env=git_environment(Repo.minute),
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )
        assert done.returncode == 0, f"git {' '.join(args)}: {done.stderr.decode('utf-8', 'replace')}"
        return done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")

    def write(self, files: Mapping[str, str | bytes | None]) -> Self:
        """Writes files of the work tree as they are given, line ends included; None deletes one."""
        for name, content in files.items():
            path = self.path / name
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return self

    def symlink(self, name: str, target: str) -> Self:
        """A symbolic link in the work tree, with `target` as it is given."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)
        return self

    def commit(self, message: str = "change", files: Mapping[str, str | bytes | None] | None = None) -> str:
        """Writes `files`, commits everything that is not ignored, also nothing, and gives the full id."""
        self.write(files or {})
        Repo.minute += 1
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.head

    @property
    def head(self) -> str:
        """The full id of HEAD."""
        return self.git("rev-parse", "HEAD")

    def branch(self, name: str, *, orphan: bool = False) -> Self:
        """Makes a branch here, or one without history, and goes to it."""
        self.git("checkout", "--quiet", "--orphan" if orphan else "-b", name)
        return self

    def checkout(self, revision: str, *, detach: bool = False) -> Self:
        """Goes to a branch or, detached, to any commit."""
        self.git("checkout", "--quiet", *(["--detach"] if detach else []), revision)
        return self

    def merge(self, revision: str, message: str = "merge") -> str:
        """Merges with a merge commit, always, and gives its full id."""
        Repo.minute += 1
        self.git("merge", "--quiet", "--no-ff", "-m", message, revision)
        return self.head

    def clone(self, dest: Path, *, depth: int | None = None, options: tuple[str, ...] = ()) -> "Repo":
        """A clone as from another machine; `depth` makes it shallow, with one branch alone."""
        shallow = () if depth is None else (f"--depth={depth}",)
        self.git("clone", "--quiet", *shallow, *options, f"file://{self.path}", str(dest))
        return Repo(dest, init=False)

    def worktree(self, dest: Path, revision: str) -> "Repo":
        """A linked work tree, detached at `revision`."""
        self.git("worktree", "add", "--quiet", "--detach", str(dest), revision)
        return Repo(dest, init=False)
