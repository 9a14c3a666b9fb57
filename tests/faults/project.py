"""A project whose model is served by the fault server: each case gives a word and expects it back.

with Server(every(2, limited(1)), says(word)) as server:
    project = a_project(tmp_path, server.url, words=many(20))
    tested = project.test("--concurrency", "4")
assert (tested.code, tested.passed) == (0, 20)
"""

import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

from tests.cli.run import clean_environment, promptctl
from tests.faults.request import Request

KEY = "sk-live-0123456789abcdefghij"
PROMPT = "Say the word and nothing else.\nWord: {{ word }}\n"
WATCHDOG_SECONDS = 60.0


def many(count: int) -> list[str]:
    """So many words."""
    return [f"w{number:04}" for number in range(count)]


def name_of(one: str) -> str:
    """The id of the case that gives this word."""
    return one.replace(" ", "-").lower()


def word(request: Request) -> str:
    """The word of a request: what a case expects."""
    return request.prompt.rpartition("Word: ")[2].strip()


class Ended(NamedTuple):
    """How `promptctl test` ended."""

    code: int
    out: str
    err: str
    result: dict[str, Any]

    @property
    def counts(self) -> dict[str, int]:
        """Cases by state."""
        [suite] = self.result["suites"]
        return suite["counts"]

    @property
    def passed(self) -> int:
        """Cases that passed."""
        return self.counts["new_pass"]

    @property
    def calls(self) -> dict[str, Any]:
        """What was asked, and what that cost."""
        return self.result["calls"]

    @property
    def sent(self) -> int:
        """Questions that were asked."""
        return self.calls["prompt"]["sent"]

    @property
    def reused(self) -> int:
        """Questions whose answer was stored."""
        return self.calls["prompt"]["reused"]

    @property
    def last_line(self) -> str:
        """The decision as it is shown."""
        return self.out.rstrip("\n").splitlines()[-1]

    @property
    def trials(self) -> dict[str, dict[str, Any]]:
        """The draw of each case, by its id; cases that have none are left out."""
        [suite] = self.result["suites"]
        return {case["case"]: case["head"][0] for case in suite["results"] if case["head"]}

    @property
    def failures(self) -> dict[str, dict[str, str]]:
        """Why a case got no answer: `{"kind", "message"}`."""
        return {name: trial["failure"] for name, trial in self.trials.items() if trial["failure"]}

    @property
    def kinds(self) -> Counter[str]:
        """The failures by kind."""
        return Counter(failure["kind"] for failure in self.failures.values())


class Running:
    """`promptctl test` while it runs."""

    def __init__(self, project: "Project", *args: str) -> None:
        self._project = project
        self._process = subprocess.Popen(
            [sys.executable, "-m", "promptctl", "test", *project.options(*args)],
            cwd=project.folder,
            env={**clean_environment(project.folder), **project.env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()  # of one that has ended, nothing
        self._process.communicate()

    def tells(self, number: signal.Signals) -> None:
        """Sends a signal."""
        self._process.send_signal(number)

    def says(self, said: str) -> None:
        """Returns when a line that begins with this, or whose last word it is, stood on its stderr."""
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if line.startswith(said.encode()) or line.split()[-1:] == [said.encode()]:
                return
        raise AssertionError(f"it ended without saying {said}")

    def ends(self, within: float = WATCHDOG_SECONDS) -> Ended:
        """How it ended. `within` is a watchdog: a process that is still there after so long is a failure."""
        out, err = self._process.communicate(timeout=within)
        return self._project.read(self._process.returncode, out, err)


class Project:
    """A folder with a project in it. `env` is what its commands find in the environment."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self.folder, self.env = folder, dict(env)

    @property
    def result(self) -> Path:
        """Where the result of a run is written."""
        return self.folder / "result.json"

    def options(self, *args: str) -> list[str]:
        """What every run is called with."""
        return ["--no-base", "--json", str(self.result), *args]

    def test(self, *args: str, within: float = WATCHDOG_SECONDS) -> Ended:
        """Runs `promptctl test` to its end."""
        with Running(self, *args) as running:
            return running.ends(within)

    def starts(self, *args: str) -> Running:
        """Starts `promptctl test`."""
        self.result.unlink(missing_ok=True)
        return Running(self, *args)

    def runs(self, *args: str) -> tuple[int, str, str]:
        """Runs any other command: its exit code, its output, what it said."""
        done = promptctl(*args, cwd=self.folder, env=self.env)
        assert "Traceback" not in done.out + done.err
        return done

    def read(self, code: int, out: bytes, err: bytes) -> Ended:
        """What a run left. Whatever happened, nobody saw a traceback or the key."""
        shown = (out + err).decode("utf-8", "replace")
        assert "Traceback" not in shown, shown
        assert code != 70, shown
        assert KEY not in shown
        result = json.loads(self.result.read_text(encoding="ascii")) if self.result.exists() else {}
        assert KEY not in json.dumps(result)
        return Ended(code, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"), result)


def a_project(
    folder: Path,
    url: str,
    *,
    words: Iterable[str],
    settings: str = "",
    more: str = "",
    suite: str = "",
    check: bool = True,
) -> Project:
    """A project outside Git with one prompt and a case for each word.

    Args:
        settings: Further lines of `[providers.local]`.
        more: Further tables of `promptctl.toml`.
        suite: Settings of the suite, before its cases.
        check: Whether a case expects its word; else any text will do.
    """
    home = folder / "project"
    (home / "prompts").mkdir(parents=True)
    (home / "evals" / "say").mkdir(parents=True)
    (home / "promptctl.toml").write_text(
        f"""\
[project]
model = "gpt-x"
[models]
"gpt-*" = "local"
[providers.local]
base_url = "{url}"
key_env = "LOCAL_KEY"
{settings}
{more}
""",
        encoding="utf-8",
    )
    (home / "prompts" / "say.prompt.j2").write_text(PROMPT, encoding="utf-8")
    (home / "evals" / "say" / "suite.yaml").write_text(suite or "{}\n", encoding="utf-8")
    lines = []
    for one in words:
        asked = {"expected": one} if check else {"checks": [{"char_count": {"max": 9_000_000}}]}
        lines.append(json.dumps({"id": name_of(one), "input": one, **asked}) + "\n")
    (home / "evals" / "say" / "cases.jsonl").write_text("".join(lines), encoding="utf-8")
    return Project(home, {"LOCAL_KEY": KEY})
