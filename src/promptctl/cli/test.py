"""`promptctl test`: compare two revisions, report, exit by the decision."""

from typing import Any

import click

from promptctl.api.project import Project
from promptctl.cli.main import show_error
from promptctl.cli.output import refuse_both, save, style, talk, write
from promptctl.cli.progress import Bar
from promptctl.core.result import Result
from promptctl.core.words import plural
from promptctl.engine.bill import Forecast
from promptctl.errors import Incomplete
from promptctl.reporters import json as json_reporter
from promptctl.reporters import terminal

EPILOG = """\b
Examples:
  promptctl test                           what this branch changes, against main
  promptctl test --base HEAD~1             what the last commit changed
  promptctl test support/reply -v          one prompt, every case with its outputs
  promptctl test --case late-refund-3f9c2a -v
  promptctl test --base reply@main --head reply-short@WORKTREE
  promptctl test --offline --json -        from stored answers, as JSON

\b
Exit codes: 0 passed or undecided, 1 the gate failed, 2 the project or the
command line is wrong, 3 the question could not be answered, 130 interrupted.
"""


@click.command(epilog=EPILOG)
@click.argument("selectors", nargs=-1, metavar="[SELECTOR]...")
@click.option("--base", metavar="REV", help="The version before: any revision, WORKTREE or PROMPT@REV.")
@click.option("--head", metavar="REV", help="The version after; by default the working tree.")
@click.option("--no-base", is_flag=True, help="Score head alone.")
@click.option("--all", "every", is_flag=True, help="Score unchanged cases too.")
@click.option("--tag", "tags", multiple=True, metavar="T", help="Only cases with this tag.")
@click.option("--case", "cases", multiple=True, metavar="ID", help="Only this case.")
@click.option("--samples", type=click.IntRange(1, 100), metavar="N", help="First draws per case and side.")
@click.option("--model", metavar="M", help="This model on both sides, instead of the prompt's own.")
@click.option("--offline", is_flag=True, help="Use stored and recorded answers only.")
@click.option("--max-calls", type=click.IntRange(0), metavar="N", help="Refuse a plan with more calls.")
@click.option("--strict", is_flag=True, help="Exit 3 where the evidence does not decide.")
@click.option("--json", "json_file", metavar="F", help="Write the result; - is standard output.")
@click.option("-v", "--verbose", is_flag=True, help="Every case with its outputs.")
@click.option("-q", "--quiet", is_flag=True, help="Only the decision.")
def test(
    json_file: str | None, verbose: bool, quiet: bool, no_base: bool, base: str | None, **options: Any
) -> int:
    """Says what a change to prompts breaks, what it fixes, and how sure that is.

    Compares the working tree with where this branch left the default branch. Only cases whose request differs
    are asked, and no question is asked twice. SELECTOR is a prompt or suite id, or a pattern.
    """
    if no_base and base is not None:
        raise refuse_both("--base", "--no-base")
    if verbose and quiet:
        raise refuse_both("--verbose", "--quiet")
    project = Project()
    selectors = options.pop("selectors")
    try:
        result = project.test(
            *selectors,
            base=base,
            no_base=no_base,
            progress=None if quiet else Bar(),
            on_forecast=None if quiet else lambda found: _tell(found, project.config.project.currency),
            **options,
        )
    except Incomplete as error:
        if not isinstance(error.result, Result):
            raise
        show_error(error)  # before the report, whose last line is the decision
        _show(error.result, json_file, verbose=verbose, quiet=True)
        return error.exit_code
    _show(result, json_file, verbose=verbose, quiet=quiet)
    return result.decision.exit_code


def _show(result: Result, json_file: str | None, *, verbose: bool, quiet: bool) -> None:
    report = terminal.render(result, style(verbose=verbose, brief=quiet))
    if json_file is not None:
        save(json_reporter.render(result), json_file)
    if json_file == "-":
        # The JSON alone goes to standard output, so that a pipe stays clean.
        talk(report.rstrip("\n"), trusted=True)
    else:
        write(report, trusted=True)


def _tell(found: Forecast, currency: str) -> None:
    """One line before anything is asked: how much differs, how many calls that takes, about what they cost."""
    if not found.cases:
        return
    cases = plural(found.cases, "case")
    if found.differ is not None:
        cases = f"{found.differ} of {cases} {'differs' if found.differ == 1 else 'differ'}"
    line = f"plan       {cases}: {plural(found.calls, 'call')}"
    if found.calls:
        line += f" to {', '.join(found.models)}"
    line += f", {plural(found.stored, 'answer')} stored"
    if found.calls and found.cost:
        line += f", about {'$' if currency == 'USD' else currency + ' '}{found.cost:.3f}"
    talk(line)
