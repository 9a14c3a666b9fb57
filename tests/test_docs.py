"""The documentation holds: its transcripts run, its generated pages are fresh, every name has its heading.

In `README` and `docs/`, a code block behind a line that is only a file name in backquotes is that file. A `console`
block is run, line by line, in a folder that has the page's files so far: what stands below a command is what it
prints (a line `…` stands for lines left out), and `# exit 1` behind it is its exit code. Other blocks are not run.
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
from promptctl.core import gate
from promptctl.registry import CHECKS
from promptctl.store import trees
from tests.generate_commands import PAGES

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "promptctl"
DOCS = sorted((ROOT / "docs").glob("*.md"))
READMES = [ROOT / "README.md", ROOT / "README.zh-CN.md"]
ALL = [*READMES, ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", *DOCS]

BLOCK = re.compile(
    r"(?:^`(?P<path>[^`\n]+)`[:：]?\n\n?)?^```(?P<kind>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:)([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
COMMIT = re.compile(r"@[0-9a-f]{7}\b")
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
    rest, parts = printed, [[]]
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
    return [COMMIT.sub("@0000000", line.rstrip().replace(str(folder), "PROJECT")) for line in lines]


@pytest.mark.parametrize("page", [page for page in [*READMES, *DOCS] if "```console" in read(page)], ids=name)
def test_every_transcript_is_what_the_commands_print(page: Path, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    for step in steps(read(page)):
        if not isinstance(step, Command):
            (folder / step[0]).parent.mkdir(parents=True, exist_ok=True)
            (folder / step[0]).write_text(step[1], encoding="utf-8")
            continue
        done = run(step.words, folder)
        where = f"{name(page)}:{step.line}: {shlex.join(step.words)}"
        assert done.returncode == step.code, f"{where}\n{done.stdout}"
        printed = comparable(done.stdout.splitlines(), folder)
        if step.words[0] != "git":  # Git's own words differ from version to version
            assert agrees(comparable(step.output, folder), printed), f"{where}\n{done.stdout}"


@pytest.mark.parametrize("page", PAGES)
def test_a_generated_page_is_what_the_generator_gives_now(page: str) -> None:
    assert read(ROOT / "docs" / page) == PAGES[page](), "run `python -m tests.generate_commands`"


def test_every_slug_has_its_heading_and_every_heading_is_a_slug() -> None:
    text = "\n".join(read(file) for file in SOURCE.rglob("*.py"))
    slugs = {
        *re.findall(r'\b(?:slug|rule)="([a-z0-9-]+)"', text),
        *re.findall(r'\bslug(?:: str)?(?:, \w+)? = "([a-z0-9-]+)"', text),
        *re.findall(r'\b_(?:fail|incompletely|refused)\(\s*"([a-z0-9-]+)"', text),
        *re.findall(r'f?"\[([a-z]+-[a-z]+)\] \{', text),
        *re.findall(r'rule="[a-z-]+" if \w+ else "([a-z-]+)"', text),
        *re.findall(r'"([a-z]+-[a-z]+)" if near else "([a-z-]+)"', text)[0],
        *gate.WORDS,
        *trees._REFUSALS,
    }

    found = headings(read(ROOT / "docs" / "messages.md"))[1:]

    assert found == sorted(found)
    assert set(found) == slugs


def test_every_rule_of_the_gate_is_explained() -> None:
    rules = set(re.findall(r'(?:rule=|_fail\(|_incompletely\(\s*)"([a-z-]+)"', read(SOURCE / "core" / "gate.py")))
    text = read(ROOT / "docs" / "gate.md")

    assert [rule for rule in sorted({*rules, *gate.WORDS}) if f"`{rule}`" not in text] == []


def test_every_command_and_every_check_has_its_heading() -> None:
    assert {f"promptctl {command}" for command in COMMANDS} <= set(headings(read(ROOT / "docs" / "commands.md")))
    assert set(CHECKS) <= set(headings(read(ROOT / "docs" / "checks.md")))


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

    assert re.findall(r"(?<![\w.])/(?:home|root|tmp|Users|work|usr)/\S*", text) == []
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
