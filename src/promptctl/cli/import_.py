"""`promptctl import`: other people's prompt files, proved equal and written as prompts, suites and cases."""

import click

from promptctl.api.importing import ImportedFile, ImportReport, import_prompts
from promptctl.cli.main import show_error
from promptctl.cli.output import talk, write
from promptctl.core.words import plural
from promptctl.errors import PromptctlError, Several
from promptctl.reporters.safe import terminal_line

NAMED = 5

EPILOG = """\b
Examples:
  promptctl import triage.prompt.yml
  promptctl import prompts/*.prompty --to imported
  promptctl import old-prompts/ --dry-run
  promptctl import welcome.txt --as fstring --name mail/welcome

\b
Exit codes: 0 something was imported, 2 nothing could be; with --strict 2 also
where something would be left out.
"""


@click.command("import", epilog=EPILOG)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--as", "as_format", metavar="FORMAT", help="The format, instead of recognising it.")
@click.option("--name", metavar="ID", help="The id of the prompt; by default the file's name.")
@click.option("--to", default="", metavar="FOLDER", help="Below prompts/ and evals/: where to put it all.")
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
@click.option("--strict", is_flag=True, help="Write nothing if anything would be left out.")
def import_(
    paths: tuple[str, ...], as_format: str | None, name: str | None, to: str, dry_run: bool, strict: bool
) -> int:
    """Takes over prompts of other tools, with their cases and checks.

    PATH is a file or a folder: GitHub Models, Prompty, Dotprompt, Langfuse, promptfoo, or a plain text. Each prompt is
    rendered both ways and written only if the requests are equal. What cannot be carried over is listed with its
    place. No file of the project is ever overwritten.
    """
    report = import_prompts(paths, as_format=as_format, name=name, to=to, dry_run=dry_run, strict=strict)
    for file in report.files:
        _show(file, written=not report.held_back)
    if any(file.blank_ends for file in report.files):
        write("note  blank lines at the ends of messages are not sent by promptctl")
    _show_config(report)
    _talk_of_the_rest(report)
    if report.refused:
        show_error(Several(report.refused))
    if not report.files:
        if not report.refused:
            raise _nothing(paths)
        return 2
    write(_summary(report))
    if strict and (report.left_out or report.refused):
        show_error(_strictly(report))
        return 2
    return 0


def _show(file: ImportedFile, *, written: bool) -> None:
    write(f"{terminal_line(file.path)}   {file.format}")
    for path in file.written:
        write(f"  {'wrote' if written else 'would write'}  {terminal_line(path)}")
    for path in file.there:
        write(f"  already there  {terminal_line(path)}")
    if file.prompts:
        write(f"  proved  {file.proved} of {plural(file.proved, 'request')} equal")
    for note in file.notes:
        write(f"  note  {terminal_line(f'{note.at}: {note.what}')}")
    for one in file.left_out:
        write(f"  left out  {terminal_line(f'{one.at}: {one.what} — {one.instead}')}")


def _show_config(report: ImportReport) -> None:
    if not report.config:
        return
    if report.config_written:
        write("wrote  promptctl.toml")
        return
    write("add to promptctl.toml:")
    for line in report.config.rstrip("\n").split("\n"):
        write(f"  {terminal_line(line)}" if line else "")


def _talk_of_the_rest(report: ImportReport) -> None:
    if report.passed_over:
        first = ", ".join(report.passed_over[:NAMED])
        rest = len(report.passed_over) - NAMED
        more = f" and {rest} more" if rest > 0 else ""
        talk(terminal_line(f"in no known format, passed over: {first}{more}"))


def _summary(report: ImportReport) -> str:
    prompts = sum(len(file.prompts) for file in report.files)
    cases = sum(file.cases for file in report.files)
    counts = f"{plural(prompts, 'prompt')}, {plural(cases, 'case')}"
    verb = "read, nothing written" if report.held_back else "imported"
    left = f"; {plural(report.left_out, 'thing')} left out" if report.left_out else ""
    return f"{counts} {verb}{left}"


def _strictly(report: ImportReport) -> PromptctlError:
    parts = [
        plural(report.left_out, "thing") + " would be left out" if report.left_out else "",
        plural(len(report.refused), "refusal") if report.refused else "",
    ]
    return PromptctlError(
        f"nothing was written: {' and '.join(part for part in parts if part)}",
        slug="import-strict",
        at="--strict",
        fix="mend the originals, or import without --strict",
    )


def _nothing(paths: tuple[str, ...]) -> PromptctlError:
    return PromptctlError(
        "no file here is in a known format",
        slug="import-unknown",
        at=f"promptctl import {' '.join(paths)}",
        fix="name the file, or its format: --as FORMAT",
    )
