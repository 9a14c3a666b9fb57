"""`promptctl cases export|import`: cases out to a spreadsheet and back in, and as JSON lines."""

from pathlib import Path

import click

from promptctl.api.case_sheets import Imported, export_cases, import_lines, import_sheet
from promptctl.api.project import Project
from promptctl.cli.output import refuse_both, save, talk, write
from promptctl.core.words import plural
from promptctl.errors import PromptctlError
from promptctl.reporters.safe import terminal_line
from promptctl.store.files import read_bytes
from promptctl.store.sheets import ENCODINGS

NAMED = 5


@click.command(
    short_help="Write a suite's cases as a spreadsheet, or as JSON lines.",
    epilog="\b\nExamples:\n  promptctl cases export support/reply --csv cases.csv\n"
    "  promptctl cases export triage --jsonl -",
)
@click.argument("suite")
@click.option(
    "--csv", "csv_file", metavar="F", help="For spreadsheets: UTF-8 with a byte order mark; - is stdout."
)
@click.option("--jsonl", "jsonl_file", metavar="F", help="One case a line, as `cases pack` writes them.")
def export(suite: str, csv_file: str | None, jsonl_file: str | None) -> None:
    """Writes a suite's cases as a table that `cases import` takes back, or as JSON lines.

    A column for each input and each key of a case. A cell is plain text where that reads back as the same value, and
    begins with `json:` elsewhere. What a spreadsheet would run as a formula gets an apostrophe before it.
    """
    if csv_file and jsonl_file:
        raise refuse_both("--csv", "--jsonl")
    target = csv_file or jsonl_file
    if target is None:
        raise PromptctlError(
            "no file is named",
            slug="usage",
            at=f"promptctl cases export {suite}",
            fix="give --csv F or --jsonl F",
        )
    done = export_cases(Project(), suite, as_csv=csv_file is not None)
    save(done.text, target)
    if target != "-":
        write(terminal_line(f"{plural(done.cases, 'case')} in {target}"))


@click.command(
    "import",
    short_help="Take cases from a spreadsheet, or from JSON lines.",
    epilog="\b\nExamples:\n  promptctl cases import support/reply cases.csv --dry-run\n"
    "  promptctl cases import triage tickets.csv --separator ';'\n"
    "  promptctl cases import triage cases.jsonl\n\n"
    "\b\nA table needs no more than the inputs by their names, and what is expected:\n"
    "  ticket,expected\n"
    "  My parcel is lost,delivery",
)
@click.argument("name", metavar="SUITE|PROMPT")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--csv", "as_csv", is_flag=True, help="The file is CSV, whatever its name.")
@click.option("--separator", default=",", metavar="C", help="What stands between cells, by default a comma.")
@click.option("--encoding", type=click.Choice(ENCODINGS), help="By default told by content.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
def import_(name: str, file: Path, as_csv: bool, separator: str, encoding: str | None, dry_run: bool) -> None:
    """Takes cases from a CSV or .jsonl file: all of them, or none.

    A row with the id of a case, or without an id and with its inputs, changes that case where it differs; any other is
    a new case. No case is deleted. Rows cannot bring checks that run code, nor name files.
    """
    if len(separator) != 1:
        raise PromptctlError(
            f"a separator is one character, not {separator!r}",
            slug="usage",
            at="--separator",
            fix="write --separator ';', or $'\\t' for a tab",
        )
    project, data = Project(), read_bytes(file)
    if as_csv or file.suffix != ".jsonl":
        done = import_sheet(
            project, name, data, str(file), separator=separator, encoding=encoding, write=not dry_run
        )
    else:
        done = import_lines(project, name, data, str(file), write=not dry_run)
    _say(done, dry_run)


def _say(done: Imported, dry_run: bool) -> None:
    if done.encoding != "utf-8":
        talk(f"read as {done.encoding.upper()}")
    counts = f"{len(done.new)} new, {len(done.changed)} changed, {done.equal} equal"
    write(terminal_line(f"{done.suite}: {counts}" + ("; nothing is written (--dry-run)" if dry_run else "")))
    for what, ids in (("new", done.new), ("changed", done.changed)):
        if ids:
            more = ", …" if len(ids) > NAMED else ""
            talk(terminal_line(f"{what:<10} {', '.join(ids[:NAMED])}{more}"))
    if done.written and not dry_run:
        files = done.written[0] if len(done.written) == 1 else plural(len(done.written), "file")
        talk(terminal_line(f"written    {files}"))
