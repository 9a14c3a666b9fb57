"""`promptctl demo`: a sample repository, one change that is better and one that is stopped."""

import shlex
from pathlib import Path

import click

from promptctl.api.demo import Branch, Sample, check_out, make_sample
from promptctl.api.project import Project
from promptctl.cli.output import style, talk, write
from promptctl.core.record import replace
from promptctl.core.result import Result
from promptctl.core.words import plural
from promptctl.engine.demo_story import BETTER, MAIN, STOPPED
from promptctl.reporters import terminal
from promptctl.reporters.safe import terminal_line


@click.command(
    epilog="\b\nExamples:\n  promptctl demo              in ./promptctl-demo\n"
    "  promptctl demo /tmp/shop    in a folder of your choice, new or empty\n\n\b\n"
    "Exit codes: 0 one change passed as better and the other was stopped, as they\n"
    "should; 1 they were not; 2 the folder is not empty or cannot be written."
)
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), default="promptctl-demo")
def demo(folder: Path) -> int:
    """Makes a sample Git repository and shows `promptctl test` on two of its branches.

    No key, no network: the models of the sample ship with promptctl. The repository stays, to try more on.
    """
    sample = make_sample(folder)
    write(_about(sample))
    results = {branch.name: _show(sample, branch) for branch in sample.branches}
    write(_look_next(folder))
    wrong = _unexpected(results)
    for sentence in wrong:
        talk(f"error: {sentence}  [demo-unexpected]")
    if wrong:
        talk(f"  at   {terminal_line(str(folder))}")
        talk("  fix  report it with the output above and `promptctl doctor`; nothing of yours was involved")
    return 1 if wrong else 0


def _about(sample: Sample) -> str:
    return (
        f"A shop's prompts, their cases and {plural(sample.commits, 'commit')} are in "
        f"{terminal_line(str(sample.folder))}, a Git repository.\n"
        "Its small models ship with promptctl and answer from the prompt: no key, no network."
    )


def _show(sample: Sample, branch: Branch) -> Result:
    check_out(sample.folder, branch.name)
    write(f'\n\n$ git switch {branch.name}        "{branch.message}"\n$ promptctl test\n')
    # In the folder itself, where the reader goes next, the defaults choose the same two sides.
    result = replace(Project(sample.folder).test(base=MAIN), sides=())
    write(terminal.render(result, style()), trusted=True)
    return result


def _look_next(folder: Path) -> str:
    steps = [
        (f"cd {shlex.quote(str(folder))}", f"you are on the branch {STOPPED}"),
        (f"git diff {MAIN}", "what it changes"),
        ("promptctl test -v", "every case with both outputs; nothing asked twice"),
        ("edit prompts/_policy.j2", "mend it, then `promptctl test` again"),
        (f"promptctl test --base {BETTER}", "any two revisions can be compared"),
        ("promptctl init DIR", "a project of your own"),
    ]
    lines = [f"  {terminal_line(command):<35} {why}" for command, why in steps]
    return "\n".join(("\n\nlook next", *lines))


def _unexpected(results: dict[str, Result]) -> list[str]:
    """What the two changes should have shown and did not; nothing when all is well."""
    better, stopped = results[BETTER], results[STOPPED]
    wrong = []
    if better.decision.status != "pass" or not any(suite.better for suite in better.suites):
        wrong.append(f"{BETTER} should be a PASS that is better, and is {_word(better)}")
    if stopped.decision.status != "fail":
        wrong.append(f"{STOPPED} should be a FAIL, and is {_word(stopped)}")
    return wrong


def _word(result: Result) -> str:
    rule = result.decision.reasons[0].rule if result.decision.reasons else "nothing-changed"
    word = result.decision.reasons[0].word if result.decision.reasons else "PASS"
    return f"{word} [{rule}]"
