"""The documentation holds: its transcripts run, its generated pages are fresh, every name has its heading.

In `README` and `docs/`, a code block behind a line that is only a file name in backquotes is that file. A `console`
block is run, line by line, in a folder that has the page's files so far: what stands below a command is what it
prints (a line `…` stands for lines left out), and `# exit 1` behind it is its exit code. Other blocks are not run.
`python -m tests.generate_commands` accepts what is printed now.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from promptctl.cli.main import COMMANDS
from promptctl.core import ruling
from promptctl.core.result import (
    AnswerRecord,
    Calls,
    CaseResult,
    DecisionRecord,
    Reason,
    Result,
    SuiteResult,
    TrialRecord,
)
from promptctl.registry import CHECKS
from promptctl.store import trees
from tests.generate_commands import PAGES

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "promptctl"
DOCS = sorted((ROOT / "docs").glob("*.md"))
READMES = [ROOT / "README.md", ROOT / "README.zh-CN.md"]
ALL = [*READMES, ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", *DOCS]

PLAYED = [page for page in [*READMES, *DOCS] if "```console" in page.read_text(encoding="utf-8")]

BLOCK = re.compile(
    r"(?:^`(?P<path>[^`\n]+)`[:：]?\n\n?)?^(?P<fence>`{3,})(?P<kind>\w*)\n(?P<body>.*?)^(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)
HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:)([^)\s]+)\)")
CODE = re.compile(r"^(`{3,}).*?^\1$", re.MULTILINE | re.DOTALL)
VOLATILE = (
    (r"@[0-9a-f]{7}\b", "@0000000"),
    (r"(?m)^[0-9a-f]{10}  \d{4}-\d\d-\d\d  ", "0000000000  DATE  "),
    (r"(--(?:base|head)) [0-9a-f]{10}\b", r"\1 0000000000"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "DATE"),
)
LEFT_OUT = "…"


class Command(NamedTuple):
    """One `$` line of a page, with the lines below it."""

    line: int
    words: list[str]
    code: int
    output: list[str]


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def headings(text: str) -> list[str]:
    return [found[2] for found in HEADING.finditer(CODE.sub("", text))]


def steps(text: str) -> Iterator[tuple[str, str] | Command]:
    """Files, as (path, text), and commands of a page, in order."""
    for block in BLOCK.finditer(text):
        if block["path"]:
            yield block["path"], block["body"]
        elif block["kind"] == "console":
            yield from commands(block["body"], text.count("\n", 0, block.start("body")) + 1)


def commands(body: str, first: int) -> Iterator[Command]:
    lines = body.split("\n")[:-1]
    starts = [index for index, line in enumerate(lines) if line.startswith("$ ")]
    assert starts[:1] == [0], f"line {first}: a console block begins with a command"
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        words = shlex.split(lines[start][2:], comments=True)
        code = re.search(r"# exit (\d+)$", lines[start])
        yield Command(first + start, words, int(code[1]) if code else 0, lines[start + 1 : end])


def run(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    programs = {"promptctl": [sys.executable, "-m", "promptctl"], "python": [sys.executable], "git": ["git"]}
    assert words[0] in programs, f"{words[0]} cannot stand in a console block; use sh for what is not run"
    person = {f"GIT_{who}_{what}": "docs" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    return subprocess.run(
        [*programs[words[0]], *words[1:]],
        cwd=folder,
        env={**os.environ, **person, "PYTHONUTF8": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )


def agrees(shown: list[str], printed: list[str]) -> bool:
    """Whether the lines are those printed, `…` standing for any number of them."""
    rest: list[str] = printed
    parts: list[list[str]] = [[]]
    for line in shown:
        if line.strip() == LEFT_OUT:
            parts.append([])
        else:
            parts[-1].append(line)
    if len(parts) == 1:
        return shown == printed
    first, *middle, last = parts
    if rest[: len(first)] != first or rest[len(rest) - len(last) :] != last:
        return False
    rest = rest[len(first) : len(rest) - len(last)]
    for part in middle:
        at = next((i for i in range(len(rest)) if rest[i : i + len(part)] == part), None)
        if at is None:
            return False
        rest = rest[at + len(part) :]
    return True


def comparable(lines: list[str], folder: Path) -> list[str]:
    text = "\n".join(line.rstrip() for line in lines).replace(str(folder), "PROJECT")
    for pattern, stand_in in VOLATILE:
        text = re.sub(pattern, stand_in, text)
    return text.split("\n") if lines else []


def play(text: str, folder: Path) -> Iterator[tuple[Command, int, list[str]]]:
    """Writes a page's files, runs its commands, and gives each command with its exit code and what it printed."""
    for step in steps(text):
        if isinstance(step, Command):
            done = run(step.words, folder)
            yield step, done.returncode, comparable(done.stdout.splitlines(), folder)
        else:
            (folder / step[0]).parent.mkdir(parents=True, exist_ok=True)
            (folder / step[0]).write_text(step[1], encoding="utf-8")


@pytest.mark.parametrize("page", PLAYED, ids=name)
def test_every_transcript_is_what_the_commands_print(page: Path, tmp_path: Path) -> None:
    for command, code, printed in play(read(page), tmp_path):
        where = f"{name(page)}:{command.line}: {shlex.join(command.words)}"
        told = f"{where}\n{chr(10).join(printed)}\n`python -m tests.generate_commands` accepts it"
        assert code == command.code, told
        if command.words[0] != "git":  # Git's own words differ from version to version
            assert agrees(comparable(command.output, tmp_path), printed), told


@pytest.mark.parametrize("page", PAGES)
def test_a_generated_page_is_what_the_generator_gives_now(page: str) -> None:
    assert read(ROOT / "docs" / page) == PAGES[page](), "run `python -m tests.generate_commands`"


SLUGS = (
    r'\b(?:slug|rule)="([a-z0-9-]+)"',
    r'\bslug(?:: str)?(?:, \w+)? = "([a-z0-9-]+)"',
    r'\b_(?:fail|incompletely|refused)\(\s*"([a-z0-9-]+)"',
    r'f"\[([a-z]+-[a-z]+)\] \{',
    r' \[([a-z]+-[a-z]+)\]"',
)
"""How a slug stands in the source."""


def test_every_slug_has_its_heading_and_every_heading_is_a_slug() -> None:
    text = "\n".join(read(file) for file in SOURCE.rglob("*.py"))
    slugs = {slug for pattern in SLUGS for slug in re.findall(pattern, text)}
    slugs |= {*ruling.WORDS, *trees._REFUSALS}

    found = headings(read(ROOT / "docs" / "messages.md"))[1:]

    assert found == sorted(found)
    assert sorted(slugs - set(found)) == [], "these have no heading in docs/messages.md"
    assert sorted(set(found) - slugs) == [], "these headings name no slug"


def test_every_rule_of_the_gate_is_explained() -> None:
    rules = set(
        re.findall(r'(?:rule=|_fail\(|_incompletely\(\s*)"([a-z-]+)"', read(SOURCE / "core" / "gate.py"))
    )
    text = read(ROOT / "docs" / "gate.md")

    assert [rule for rule in sorted({*rules, *ruling.WORDS}) if f"`{rule}`" not in text] == []


def test_every_command_and_every_check_has_its_heading() -> None:
    assert {f"promptctl {command}" for command in COMMANDS} <= set(
        headings(read(ROOT / "docs" / "commands.md"))
    )
    assert set(CHECKS) <= set(headings(read(ROOT / "docs" / "checks.md")))


def test_every_key_of_the_result_file_is_explained() -> None:
    text = read(ROOT / "docs" / "result-format.md")
    records = (Result, Calls, SuiteResult, CaseResult, TrialRecord, AnswerRecord, DecisionRecord, Reason)
    keys = {key for record in records for key in record.__struct_encode_fields__}

    assert sorted(key for key in keys if not re.search(rf"[`{{ .]{key}\b", text)) == []


@pytest.mark.parametrize("page", ALL, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(CODE.sub("", read(page))):
        path, _, anchor = target.partition("#")
        file = page if not path else page.parent / path
        assert file.exists(), target
        if anchor:
            assert anchor in {slug_of(heading) for heading in headings(read(file))}, target


def slug_of(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


@pytest.mark.parametrize("page", ALL, ids=name)
def test_no_page_names_a_path_of_a_machine_or_a_command_that_is_not_there(page: Path) -> None:
    text = read(page)

    assert re.findall(r"(?<![\w.])/(?:home|root|Users|work)/\S*", text) == []
    called = set(re.findall(r"(?:`|\$ |bin/)promptctl ([a-z][a-z_-]*)", text))
    assert called <= set(COMMANDS)


def test_both_readmes_say_the_same() -> None:
    english, chinese = map(read, READMES)

    assert [len(level) for level, _ in HEADING.findall(CODE.sub("", english))] == [
        len(level) for level, _ in HEADING.findall(CODE.sub("", chinese))
    ]
    assert list(steps_as_run(english)) == list(steps_as_run(chinese))
    named = r"`((?:promptctl|make|pip|git) [^`]*)`"
    assert set(re.findall(named, english)) == set(re.findall(named, chinese))


def steps_as_run(text: str) -> Iterator[object]:
    for step in steps(text):
        yield step._replace(line=0) if isinstance(step, Command) else step


def test_every_doc_can_be_reached_from_the_readmes() -> None:
    for readme in READMES:
        text = read(readme)
        assert [name(page) for page in DOCS if f"({name(page)})" not in text] == []
