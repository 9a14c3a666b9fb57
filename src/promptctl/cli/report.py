"""`promptctl report`: a result file, shown again."""

from pathlib import Path

import click

from promptctl.cli.output import refuse_both, save, style, write
from promptctl.reporters import json as json_reporter
from promptctl.reporters import terminal
from promptctl.store.files import read_bytes
from promptctl.store.places import decode


@click.command(
    epilog="\b\nExamples:\n  promptctl report result.json\n  promptctl report result.json --explain\n"
    "  promptctl report result.json --format json -o again.json"
)
@click.argument("result", type=click.Path(path_type=Path), metavar="RESULT.json")
@click.option(
    "--format", "form", type=click.Choice(["terminal", "json"]), default="terminal", show_default=True
)
@click.option("-o", "--output", metavar="F", help="Write to a file; - is standard output.")
@click.option("--explain", is_flag=True, help="The arithmetic of the decision, step by step.")
@click.option("-v", "--verbose", is_flag=True, help="Every case with its outputs.")
def report(result: Path, form: str, output: str | None, explain: bool, verbose: bool) -> None:
    """Shows a result that `promptctl test --json` wrote, without running anything."""
    if form == "json" and explain:
        raise refuse_both("--explain", "--format json")
    record = json_reporter.read(decode(read_bytes(result), str(result)), str(result))
    if form == "json":
        save(json_reporter.render(record), output or "-")
    elif output and output != "-":
        save(terminal.render(record, terminal.Style(verbose=verbose, explain=explain)), output)
    else:
        write(terminal.render(record, style(verbose=verbose, explain=explain)), trusted=True)
