"""Commands that must be refused: three lines an error, no traceback, and every file as it was before."""

import re
from pathlib import Path
from typing import Any, NamedTuple

from tests.cli.run import Done, promptctl
from tests.repository import Repo

REPLY, SUITE, BULK = "prompts/reply.prompt.j2", "evals/reply.yaml", "evals/reply/cases.jsonl"
PROJECT = {
    REPLY: "Answer the customer.\n\nTicket: {{ ticket }}\n",
    SUITE: "- {id: when, input: When, expected: 14 days}\n",
}
ERROR = re.compile(
    r"error: (?P<message>.+)  \[(?P<slug>[a-z0-9-]+)\]\n  at   (?P<at>.+)\n  fix  (?P<fix>.+)\n"
)


class Refusal(NamedTuple):
    """The three lines of one error."""

    message: str
    slug: str
    at: str
    fix: str


def run(repo: Repo, *args: str, **options: Any) -> Done:
    done = promptctl(*args, cwd=repo.path, **options)
    assert "Traceback" not in done.out + done.err
    return done


def refusals(repo: Repo, *args: str, code: int = 2, **options: Any) -> list[Refusal]:
    """The errors of a command that must be refused, and must leave every file as it was."""
    before = every_file(repo.path.parent)
    done = run(repo, *args, **options)
    assert done.code == code, done
    assert every_file(repo.path.parent) == before
    shown = re.sub(r"^(plan {7}|… and ).*\n", "", done.err, flags=re.MULTILINE)
    assert ERROR.sub("", shown) == "", f"not three lines an error:\n{done.err}"
    return [Refusal(**found.groupdict()) for found in ERROR.finditer(shown)]


def refused(repo: Repo, *args: str, **options: Any) -> Refusal:
    """The one error of a command that must be refused, and must leave every file as it was."""
    found = refusals(repo, *args, **options)
    assert len(found) == 1, found
    return found[0]


def every_file(folder: Path, *, records: bool = False) -> dict[str, bytes | None]:
    """All files below `folder` but Git's own and the home; with `records`, also what a run notes of itself."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
        if not {".git", "home"} & set(path.parts)
        and (records or ".promptctl" not in path.parts or path.suffix == ".db")
    }
