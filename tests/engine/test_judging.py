"""Cases are judged while others are still being asked."""

import asyncio
from pathlib import Path

from promptctl.api.project import Project
from promptctl.core.exchange import Answer, Output, Request
from tests.repository import Repo

LONGEST = 500  # looks, a hundredth of a second apart


class Patient:
    """Answers to `slow` only when the other case stands in the run's journal, judged."""

    kind = "patient"
    base_url = "here"
    deterministic = True
    concurrency = 2

    def __init__(self, runs: Path) -> None:
        self._runs = runs

    def prepare(self) -> None:
        """Nothing can be wrong."""

    async def ask(self, request: Request, sample: int) -> Answer:
        for _ in range(LONGEST if "slow" in request.messages[-1].text else 0):
            if any('"case":"fast"' in journal.read_text() for journal in self._runs.glob("*/trials.jsonl")):
                return Output(text="the other was judged")
            await asyncio.sleep(0.01)
        return Output(text="nothing was judged yet")

    async def close(self) -> None:
        """Nothing is held."""


def test_a_case_is_judged_while_another_is_still_being_asked(tmp_path: Path):
    repo = Repo(tmp_path / "project")
    repo.commit(
        "first",
        {
            "promptctl.toml": "",
            "prompts/sort.prompt.j2": "Sort {{ item }}",
            "evals/sort.yaml": "checks:\n- contains: judged\ncases:\n"
            "- {id: fast, input: fast}\n- {id: slow, input: slow}\n",
        },
    )
    project = Project(repo.path, providers={"*": Patient(repo.path / ".promptctl/runs")})

    result = project.test(no_base=True)

    said = {case.case: case.head[0].answer for case in result.suites[0].results}
    assert said["slow"]
    assert said["slow"].text == "the other was judged"
