"""A tiny project to tell stories with: a prompt that sorts greens by its own worked examples, and its cases.

    shop = shop_in(tmp_path)                          # a repository, on main, with one commit
    shop.branch("change").write({PROMPT: sorting(pear="herb")})
    tested = compared(shop.path)
    tested.code, tested.suite["rule"], tested.state("pear")

The embedded model answers with the label of the nearest example, so an edited label is an answer that changes.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

from tests.cli.run import promptctl
from tests.repository import Repo

PROMPT = "prompts/sort.prompt.j2"
SUITE = "evals/sort.yaml"
LABELS = {"apple": "fruit", "pear": "fruit", "leek": "vegetable", "kale": "vegetable", "mint": "herb"}
BROKEN = {"pear": "herb"}
NO_CALLS = {"sent": 0, "reused": 0, "saved_equal": len(LABELS)}


class Compared(NamedTuple):
    """How `promptctl test --json -` ended, with its result read."""

    code: int
    result: dict[str, Any]
    report: str

    @property
    def suite(self) -> dict[str, Any]:
        """The only suite of the result."""
        [suite] = self.result["suites"]
        return suite

    @property
    def last_line(self) -> str:
        """The decision as it is shown."""
        return self.report.splitlines()[-1]

    @property
    def rules(self) -> list[str]:
        """Why the run ended as it did, the worst first."""
        return [reason["rule"] for reason in self.result["decision"]["reasons"]]

    @property
    def sent(self) -> int:
        """Calls that were made."""
        return self.result["calls"]["prompt"]["sent"]

    def state(self, case: str) -> str:
        """The state of one case of the only suite."""
        return next(found["state"] for found in self.suite["results"] if found["case"] == case)


def examples(**changed: str) -> str:
    """Worked examples for every green, with some labels changed."""
    return "".join(f"Green: {name}\nKind: {kind}\n\n" for name, kind in {**LABELS, **changed}.items())


def sorting(*, name: str = "green", **changed: str) -> str:
    """The prompt, with some labels changed; `name` is its variable."""
    return f"Say what kind it is.\n\n{examples(**changed)}Green: {{{{ {name} }}}}\nKind:\n"


def case(name: str, more: str = "") -> str:
    """One case in a list; `more` are further keys, `status: draft`."""
    return f"- {{id: {name}, input: {name}, expected: {LABELS[name]}{', ' if more else ''}{more}}}\n"


def cases(**more: str) -> str:
    """A case for every green, with further keys for some; "-" leaves one out."""
    return "".join(case(name, more.get(name, "")) for name in LABELS if more.get(name) != "-")


def with_settings(settings: str, listed: str) -> str:
    """A suite as a map: settings before its cases."""
    return f"{settings}\ncases:\n" + "".join(f"  {line}\n" for line in listed.splitlines())


def shop_in(folder: Path, files: dict[str, str | bytes | None] | None = None) -> Repo:
    """A repository on `main` with the project committed, and `files` over it; None leaves one out."""
    held = {PROMPT: sorting(), SUITE: cases(), **(files or {})}
    repo = Repo(folder / "shop")
    repo.commit("start", {name: content for name, content in held.items() if content is not None})
    return repo


def compared(folder: Path, *args: str, env: dict[str, str] | None = None) -> Compared:
    """Runs `promptctl test --json - ARGS`. It must come to a result, whatever it says."""
    done = promptctl("test", "--json", "-", *args, cwd=folder, env=env)
    assert done.out, done.err
    return Compared(done.code, json.loads(done.out), done.err.rstrip("\n"))
