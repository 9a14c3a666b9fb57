"""`promptctl test`: compare two revisions, report, exit by the decision."""

import json
import math
from typing import Any

import click

from promptctl.api.project import Project
from promptctl.cli.main import show_error
from promptctl.cli.output import refuse_both, save, style, table, talk, write
from promptctl.cli.progress import Bar, money
from promptctl.core.result import Result
from promptctl.core.words import plural
from promptctl.engine.bill import Forecast
from promptctl.errors import Incomplete, Interrupted
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
  promptctl test --dry-run                 what would be asked, and about what it costs
  promptctl test --max-cost 0.50 --deadline 600
  promptctl test --model qwen-plus --model qwen-max     models, on head alone
  promptctl test --strategy majority:5     is the vote of five draws worth them?

\b
Exit codes: 0 passed or undecided, 1 the gate failed, 2 the project or the
command line is wrong, 3 the question could not be answered, 130 interrupted.
"""


class Amount(click.FloatRange):
    """A number of its range, and neither NaN, which no limit compares with, nor infinity."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number, or a mistake of the command line."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a number that can be counted up to", param, ctx)
        return number


def _named(_ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Refuses an empty name: a variable of the shell that is not set would choose nothing, silently."""
    if not all(value.strip() for value in values):
        raise click.BadParameter("a name is missing", param=param)
    return values


@click.command(epilog=EPILOG)
@click.argument("selectors", nargs=-1, metavar="[SELECTOR]...")
@click.option("--base", metavar="REV", help="The version before: any revision, WORKTREE or PROMPT@REV.")
@click.option("--head", metavar="REV", help="The version after; by default the working tree.")
@click.option("--no-base", is_flag=True, help="Score head alone.")
@click.option("--all", "every", is_flag=True, help="Score unchanged cases too.")
@click.option("--tag", "tags", multiple=True, metavar="T", help="Only cases with this tag.")
@click.option("--case", "cases", multiple=True, metavar="ID", help="Only this case.")
@click.option("--samples", type=click.IntRange(1, 100), metavar="N", help="First draws per case and side.")
@click.option(
    "--model",
    callback=_named,
    multiple=True,
    metavar="M",
    help="This model on both sides; several are compared on head.",
)
@click.option(
    "--param", "params", multiple=True, metavar="K=V", help="Compare settings: own with this, or several."
)
@click.option(
    "--strategy",
    "strategies",
    multiple=True,
    metavar="S",
    help="Compare with one draw: majority:N, best:N:CHECK, critique:PROMPT.",
)
@click.option("--offline", is_flag=True, help="Use stored and recorded answers only.")
@click.option("--fresh", is_flag=True, help="Draw once more what was drawn before, on both sides.")
@click.option("--max-calls", type=click.IntRange(0), metavar="N", help="Never more calls than this.")
@click.option("--max-cost", type=Amount(0), metavar="X", help="Never more than this, in the currency.")
@click.option("--deadline", type=Amount(0, min_open=True), metavar="S", help="Seconds for the whole run.")
@click.option(
    "--concurrency", type=click.IntRange(1, 10_000), metavar="N", help="Calls at a time to a provider."
)
@click.option(
    "--isolate/--no-isolate", default=True, help="Render in a process with limits of time and memory."
)
@click.option("--dry-run", is_flag=True, help="Say what would be asked and what it costs; ask nothing.")
@click.option("--stop-early", is_flag=True, help="Let 300 cases or more pass before all of them are asked.")
@click.option("--strict", is_flag=True, help="Exit 3 where the evidence does not decide.")
@click.option("--json", "json_file", metavar="F", help="Write the result; - is standard output.")
@click.option("--explain", is_flag=True, help="The arithmetic of the decision, step by step.")
@click.option("-v", "--verbose", is_flag=True, help="Every case with its outputs.")
@click.option("-q", "--quiet", is_flag=True, help="Only the decision.")
def test(
    json_file: str | None,
    explain: bool,
    verbose: bool,
    quiet: bool,
    no_base: bool,
    base: str | None,
    dry_run: bool,
    **options: Any,
) -> int:
    """Says what a change to prompts breaks, what it fixes, and how sure that is.

    Compares the working tree with where this branch left the default branch. Only cases whose request differs
    are asked, and no question is asked twice. SELECTOR is a prompt or suite id, or a pattern.
    """
    if no_base and base is not None:
        raise refuse_both("--base", "--no-base")
    if options["fresh"] and options["offline"]:
        raise refuse_both("--fresh", "--offline")
    if verbose and quiet:
        raise refuse_both("--verbose", "--quiet")
    project = Project(isolate=options.pop("isolate"))
    selectors = options.pop("selectors")
    if dry_run:
        return _foresee(project, selectors, json_file, base=base, no_base=no_base, **options)
    try:
        result = project.test(
            *selectors,
            base=base,
            no_base=no_base,
            progress=None if quiet else Bar(currency=project.config.project.currency),
            on_forecast=None if quiet else _tell,
            **options,
        )
    except (Incomplete, Interrupted) as error:
        if not isinstance(error.result, Result):
            raise
        show_error(error)  # before the report, whose last line is the decision
        _show(error.result, json_file, style(verbose=verbose, brief=True, explain=explain))
        return error.exit_code
    _show(result, json_file, style(verbose=verbose, brief=quiet, explain=explain))
    return result.decision.exit_code


def _show(result: Result, json_file: str | None, look: terminal.Style) -> None:
    report = terminal.render(result, look)
    if json_file is not None:
        save(json_reporter.render(result), json_file)
    if json_file == "-":
        # The JSON alone goes to standard output, so that a pipe stays clean.
        talk(report.rstrip("\n"), trusted=True)
    else:
        write(report, trusted=True)


def _foresee(project: Project, selectors: tuple[str, ...], json_file: str | None, **options: Any) -> int:
    """What would be asked, on standard output; a plan that would be refused is refused."""
    for name in (
        "offline",
        "strict",
        "deadline",
        "concurrency",
        "stop_early",
    ):  # they change nothing about the plan
        options.pop(name)
    found, refused = project.forecast(*selectors, **options)
    if json_file is not None:
        plan = {**found._asdict(), "suites": [one._asdict() for one in found.suites]}
        save(json.dumps(plan, indent=2, ensure_ascii=True) + "\n", json_file)
    if json_file != "-":
        write(_page(found))
    if refused:
        raise refused
    return 0


def _page(found: Forecast) -> str:
    if not found.cases:
        return "plan       nothing to ask: no case is affected"
    lines = [_plan_line(found)]
    if found.calls:
        cost = "cost unknown" if found.cost is None else money(found.cost, found.currency)
        missing = f" (no price of {', '.join(found.unpriced)})" if found.unpriced else ""
        lines.append(f"estimate   {found.tokens[0]:,} tokens in, {found.tokens[1]:,} out, {cost}{missing}")
    if len(found.suites) > 1:
        rows = [
            (
                one.suite,
                one.model,
                str(one.cases),
                "" if one.differ is None else str(one.differ),
                str(one.calls),
            )
            for one in found.suites
        ]
        lines += ["", table(("suite", "model", "cases", "differ", "calls"), rows)]
    return "\n".join(lines)


def _tell(found: Forecast) -> None:
    """One line before anything is asked: how much differs, how many calls that takes, about what they cost."""
    if found.cases:
        talk(_plan_line(found))


def _plan_line(found: Forecast) -> str:
    cases = plural(found.cases, "case")
    if found.differ is not None:
        cases = f"{found.differ} of {cases} {'differs' if found.differ == 1 else 'differ'}"
    line = f"plan       {cases}: {plural(found.calls, 'call')}"
    if found.calls:
        line += f" to {', '.join(found.models)}"
    line += f", {plural(found.stored, 'answer')} stored"
    if found.calls and found.cost:
        line += f", about {money(found.cost, found.currency)}"
    return line
