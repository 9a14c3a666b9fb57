"""`promptctl lint`: every mistake that can be found without a model, over all files."""

from pathlib import Path

import click

from promptctl.cli.output import write
from promptctl.core.words import plural
from promptctl.engine.lint.findings import Finding, LintReport
from promptctl.engine.lint.walk import lint as look
from promptctl.reporters.safe import terminal_line

SHOWN = 50

EPILOG = """\b
Examples:
  promptctl lint                           the whole project
  promptctl lint prompts/support           findings that concern these files
  promptctl lint evals/support/reply.yaml prompts/_policy.j2

\b
Exit codes: 0 no error (warnings are no errors), 2 at least one error.
"""


@click.command(epilog=EPILOG)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
def lint(paths: tuple[str, ...]) -> int:
    """Finds everything that can be known without a model.

    Reads configuration, prompts, partials, suites and cases of the working tree, builds every check and renders
    every active case. Nothing is asked. PATH limits the findings to files or folders.
    """
    report = look(Path(), paths)
    for finding in report.findings[:SHOWN]:
        _show(finding)
    if rest := report.findings[SHOWN:]:
        write(f"… and {plural(len(rest), 'more finding')}")
    write(_summary(report))
    return 2 if report.count("error") else 0


def _show(finding: Finding) -> None:
    write(f"{finding.level}: {terminal_line(finding.message)}  [{finding.slug}]")
    if finding.at:
        write(f"  at   {terminal_line(finding.where)}")
    if finding.fix:
        write(f"  fix  {terminal_line(finding.fix)}")


def _summary(report: LintReport) -> str:
    seen = ", ".join(
        plural(count, noun)
        for count, noun in ((report.prompts, "prompt"), (report.suites, "suite"), (report.cases, "case"))
    )
    errors, warnings = report.count("error"), report.count("warning")
    found = plural(errors, "error") if errors else "no errors"
    return f"{seen}: {found}" + (f", {plural(warnings, 'warning')}" if warnings else "")
