# ruff: noqa: T201  a script whose result is what it prints
"""What `promptctl log` costs on a history of 10,000 commits, against `git log --raw` of the same history.

    python tests/bench/history.py

Medians of five, interleaved in one run, because times of two runs on a shared machine cannot be compared. Of the
commits three in ten change one of 50 prompts, one in a hundred a partial that all of them include, and one in fifty
comes in by a merge; the rest change code. The log is of one prompt.
"""

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

ROUNDS = 5
COMMITS = 10_000
PROMPTS = 50
GIT = ("git", "-c", "user.name=Bench", "-c", "user.email=bench@localhost")
PROMPTCTL = (sys.executable, "-m", "promptctl")
WAYS = {
    "git log --raw": ("git", "log", "--raw", "-z"),
    "git log --raw -M -- prompts": ("git", "log", "--raw", "-z", "-M", "--date-order", "--", "prompts"),
    "promptctl --version": (*PROMPTCTL, "--version"),
    "promptctl log -n 10": (*PROMPTCTL, "log", "p7", "-n", "10"),
    "promptctl log": (*PROMPTCTL, "log", "p7"),
}


def main() -> None:
    """Prints the medians in milliseconds, and the ratios."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        write_history(project)
        times: dict[str, list[float]] = {name: [] for name in WAYS}
        for _ in range(ROUNDS):
            for name, command in WAYS.items():
                times[name].append(seconds(command, project))
        listed = len(output(WAYS["promptctl log"], project).splitlines()) // 2

    middle = {name: statistics.median(taken) for name, taken in times.items()}
    for name, taken in times.items():
        print(f"{name:<28} {middle[name] * 1000:7.0f} ms   fastest {min(taken) * 1000:.0f}")
    work = middle["promptctl log"] - middle["promptctl --version"]
    print(f"{COMMITS} commits, {listed} of them changed the prompt")
    print(f"promptctl log / git log --raw            {middle['promptctl log'] / middle['git log --raw']:.2f}")
    print(f"the same, without starting Python         {work / middle['git log --raw']:.2f}")


def write_history(project: Path) -> None:
    """The repository, written by `git fast-import`."""
    run([*GIT, "init", "--quiet", "--initial-branch=main"], project)
    subprocess.run(
        [*GIT, "fast-import", "--quiet"], cwd=project, input="".join(history()).encode(), check=True
    )
    run([*GIT, "reset", "--quiet", "--hard"], project)


def history() -> Iterator[str]:
    """The stream for `git fast-import`."""
    chance = random.Random(1)
    start = {f"prompts/p{number}.prompt.j2": prompt(number, 0) for number in range(PROMPTS)}
    start |= {"prompts/_policy.j2": "Be kind.\n", "promptctl.toml": ""}
    start |= {f"src/part{a}/file{b}.py": "print()\n" for a in range(20) for b in range(20)}
    yield commit(1, [], start)
    tip = 1
    for number in range(2, COMMITS + 1):
        files = change(chance, number)
        yield commit(number, [tip], files)
        if number % 50 == 0:
            yield commit(COMMITS + number, [tip, number], files)
            number += COMMITS
        tip = number


def change(chance: random.Random, number: int) -> dict[str, str]:
    """What one commit changes."""
    kind = chance.random()
    if kind < 0.3:
        which = chance.randrange(PROMPTS)
        return {f"prompts/p{which}.prompt.j2": prompt(which, number)}
    if kind < 0.31:
        return {"prompts/_policy.j2": f"Be kind, and brief: {number} words.\n"}
    path = f"src/part{chance.randrange(20)}/file{chance.randrange(20)}.py"
    return {path: f"print({number})\n"}


def prompt(which: int, number: int) -> str:
    """A prompt with a header, a partial and two roles."""
    header = f"---\nmodel: m{number % 5}\nparams: {{temperature: 0.{number % 10}}}\ninputs: {{ticket: string}}\n---\n"
    system = f"{{% system %}}\n{{% include '_policy.j2' %}}\nPrompt {which}, wording {number}.\n{{% endsystem %}}\n"
    return header + system + "{% user %}{{ ticket }}{% enduser %}\n"


def commit(mark: int, parents: Sequence[int], files: dict[str, str]) -> str:
    """One commit of the stream."""
    who = f"Ada <ada@example.org> {1_700_000_000 + mark} +0000"
    lines = [f"commit refs/heads/main\nmark :{mark}\nauthor {who}\ncommitter {who}\ndata 6\nchange\n"]
    lines += [f"{'merge' if number else 'from'} :{parent}\n" for number, parent in enumerate(parents)]
    lines += [f"M 100644 inline {path}\ndata {len(text)}\n{text}\n" for path, text in files.items()]
    return "".join(lines)


def seconds(command: Sequence[str], folder: Path) -> float:
    """Wall time of one process, which has to end well."""
    started = time.perf_counter()
    run(command, folder)
    return time.perf_counter() - started


def output(command: Sequence[str], folder: Path) -> str:
    """What a command prints."""
    return run(command, folder).decode("utf-8")


def run(command: Sequence[str], folder: Path) -> bytes:
    """Runs a command to its end."""
    environment = {**os.environ, "NO_COLOR": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True)
    if done.returncode:
        sys.exit(
            f"{' '.join(command)} ended with {done.returncode}\n{done.stderr.decode('utf-8', 'replace')}"
        )
    return done.stdout


if __name__ == "__main__":
    main()
