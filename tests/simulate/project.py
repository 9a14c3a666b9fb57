"""A real project, planned once as `promptctl test` plans it, and carried out as often as is wanted."""

import atexit
import datetime
import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from promptctl.api.project import Project
from promptctl.core.result import Result
from promptctl.engine.answering import Providers
from promptctl.engine.load import find_home, open_side, sides_of
from promptctl.engine.pipeline import Run
from promptctl.engine.planner import make_plan
from promptctl.engine.selection import Selection
from promptctl.engine.terms import Terms
from promptctl.providers.scripted import ScriptedProvider
from promptctl.store.files import state_folder
from tests.repository import Repo
from tests.simulate.mix import CHECK, prompt


def a_project(folder: Path, sizes: Sequence[int]) -> Repo:
    """A repository whose working tree changes every prompt; a prompt and a suite for each of `sizes`, in cases."""
    repo = Repo(folder)
    files = {"promptctl.toml": "[project]\nmodel = 'invented'\n"}
    for suite, size in enumerate(sizes):
        files[f"prompts/sort{suite}.prompt.j2"] = prompt(0)
        cases = "".join(f"  - {{id: {name}, input: {name}}}\n" for name in tickets(suite, size))
        files[f"evals/sort{suite}.yaml"] = f"checks: [{{{CHECK}}}]\ncases:\n{cases}"
    repo.commit("first", files)
    return edited(repo, 1, len(sizes))


def edited(repo: Repo, edit: int, suites: int) -> Repo:
    """The working tree with this edit of every prompt."""
    return repo.write({f"prompts/sort{suite}.prompt.j2": prompt(edit) for suite in range(suites)})


def tickets(suite: int, size: int) -> list[str]:
    """The cases of a suite, which are their own inputs."""
    return [f"t{suite}-{number:03}" for number in range(size)]


class Planned:
    """A project of suites of these sizes, and its plan."""

    def __init__(self, folder: Path, sizes: Sequence[int]) -> None:
        self.suites = [tickets(suite, size) for suite, size in enumerate(sizes)]
        self._repo = a_project(folder, sizes)
        self._home = find_home(folder)
        self._sides = sides_of(self._home)
        head = open_side(self._home, self._sides.head, config=self._home.config)
        assert self._sides.base is not None
        base = open_side(self._home, self._sides.base, config=head.config)
        self._plan = make_plan(base, head, Selection(), datetime.date(2026, 1, 1))
        self._config = head.config

    def run(self, model: ScriptedProvider) -> Result:
        """What the shipped pipeline finds and decides where `model` answers and nothing is stored yet."""
        providers = Providers(self._home, self._config)
        providers.give("*", model)
        return Run(
            self._plan,
            run_id="simulated",
            base=self._sides.base,
            head=self._sides.head,
            config=self._config,
            providers=providers,
            store=None,
            recorded={},
            terms=Terms(),
            on_trial=lambda *_: None,
        ).result()

    def test(self, model: ScriptedProvider, edits: int) -> Result:
        """The last of so many edits by `Project.test`, as if nothing had been asked before the first of them.

        They are edits of the same base, which is asked once and found in the store from then on.
        """
        shutil.rmtree(state_folder(self._repo.path), ignore_errors=True)
        for edit in range(1, edits + 1):
            edited(self._repo, edit, len(self.suites))
            model.asked.clear()
            result = Project(self._repo.path, {"*": model}).test()
        return result


@cache
def planned(*sizes: int) -> Planned:
    """The same project, made and planned once in a process; its folder goes when the process ends."""
    folder = TemporaryDirectory(prefix="simulate-")
    atexit.register(folder.cleanup)
    return Planned(Path(folder.name) / "project", sizes)
