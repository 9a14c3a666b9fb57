"""A prompt that is reworded, and a script that says which answers that spoils: for tests of what the gate decides.

    repo = reworded(tmp_path, suite("w0", "w1"), says={"New: w1": "bad"})     # the change breaks w1
    compared(repo.path).rules

Base says `Old: …` before its input, head says `New: …`. Every answer is "ok" but those that the script names, and the
same request is always answered alike, so that a flip is confirmed by its first draw.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.repository import Repo

CONFIG = """\
[project]
model = "m"
[models]
m = "scripted"
[providers.scripted]
kind = "scripted"
script = "script.json"
"""
PROMPT = "prompts/ask.prompt.j2"
SUITE = "evals/ask.yaml"
OLD, NEW = "Old: {{ word }}", "New: {{ word }}"
SLOW = {"kind": "timeout", "message": "no answer in time"}


def case(word: str, more: str = "", *, expected: str = "ok") -> str:
    """One case named and asked by a word; `more` are further keys, `severity: blocker`."""
    return f"{{id: {word}, input: {word}, expected: {expected}{', ' if more else ''}{more}}}"


def suite(*cases: str, settings: str = "") -> str:
    """A suite of these cases; a bare word is `case(word)`."""
    listed = [one if one.startswith("{") else case(one) for one in cases]
    return f"{settings}\ncases:\n" + "".join(f"  - {one}\n" for one in listed)


def reworded(
    folder: Path,
    before: str,
    after: str | None = None,
    *,
    says: Mapping[str, str] | None = None,
    slow: Sequence[str] = (),
    files: Mapping[str, str | bytes | None] | None = None,
    prompt: str = NEW,
    deterministic: bool = True,
) -> Repo:
    """A repository on a branch where the prompt, the suite (`after`) and other files (`files`) are changed.

    Args:
        says: Part of a request → its answer.
        slow: Parts of requests that get no answer.
        prompt: Head's; `OLD` changes nothing.
        deterministic: False for a model that is drawn again before a flip is believed, and answers alike all the same.
    """
    script = {
        "default": "ok",
        "contains": list((says or {}).items()),
        "failures": [[part, SLOW] for part in slow],
        "deterministic": deterministic,
    }
    repo = Repo(folder / "project")
    repo.commit(
        "first", {"promptctl.toml": CONFIG, "script.json": json.dumps(script), PROMPT: OLD, SUITE: before}
    )
    return repo.branch("change").write({PROMPT: prompt, SUITE: after or before, **(files or {})})
