"""`promptctl cases fmt|pack|unpack`: suites in their canonical form, and in other forms."""

import click

from promptctl.api import case_forms
from promptctl.api.project import Project
from promptctl.cli.output import talk, write
from promptctl.core.words import plural
from promptctl.errors import FileError, Place
from promptctl.reporters.safe import terminal_line
from promptctl.store.case_packing import Packed

_DROP = "Go on where comments of the files would be lost."


@click.command(
    short_help="Write ids, key order and block texts as they should be.",
    epilog="\b\nExamples:\n  promptctl cases fmt\n  promptctl cases fmt support/reply evals/triage.yaml\n"
    "  promptctl cases fmt --check",
)
@click.argument("names", nargs=-1, metavar="[SELECTOR|PATH]...")
@click.option("--check", is_flag=True, help="Change nothing; exit code 2 if something would change.")
def fmt(names: tuple[str, ...], check: bool) -> None:
    """Brings the files of suites into their canonical form.

    Cases without an id get a permanent one. Case files get their keys in order and long texts in blocks; .jsonl files
    are sorted by id. A case file with comments, and a suite in one file, get missing ids and are left alone otherwise.
    """
    found = case_forms.format_cases(Project(), names, write=not check)
    changing = [one for one in found if one.changes]
    for one in changing:
        ids = f"   {plural(one.ids, 'new id')}" if one.ids else ""
        write(terminal_line(f"{one.path}{ids}"))
    files = plural(len(found), "file")
    if changing and check:
        raise FileError(
            f"{len(changing)} of {files} not in canonical form",
            slug="not-canonical",
            at=Place(changing[0].path),
            fix="`promptctl cases fmt` brings them into it",
        )
    commented = sum(one.commented for one in found)
    if commented:
        talk(f"unchanged  {plural(commented, 'case file')}, because of comments")
    talk(f"{len(changing)} of {files} changed" if changing else f"{files}, all in canonical form")


@click.command(
    short_help="Put all cases of a suite into one .jsonl file.",
    epilog="\b\nExamples:\n  promptctl cases pack support/reply\n  promptctl cases pack triage --yaml",
)
@click.argument("suite")
@click.option(
    "--yaml", "whole", is_flag=True, help="Settings and cases in one file, evals/SUITE.yaml, instead."
)
@click.option("--drop-comments", is_flag=True, help=_DROP)
def pack(suite: str, whole: bool, drop_comments: bool) -> None:
    """Puts all cases of a suite into one .jsonl file, sorted by id; `unpack` is the way back.

    Every value stays exactly what it is. The new file is written before the old ones go.
    """
    _say(case_forms.pack(Project(), suite, whole=whole, drop_comments=drop_comments))


@click.command(
    short_help="Give each case of a suite a file of its own.",
    epilog="\b\nExample:\n  promptctl cases unpack support/reply",
)
@click.argument("suite")
@click.option("--drop-comments", is_flag=True, help=_DROP)
def unpack(suite: str, drop_comments: bool) -> None:
    """Gives each case of a suite a file of its own, named for its id; settings go to suite.yaml.

    Every value stays exactly what it is. The new files are written before the old one goes.
    """
    _say(case_forms.unpack(Project(), suite, drop_comments=drop_comments))


def _say(packed: Packed) -> None:
    if not packed.rewrite.changes:
        write(terminal_line(f"{plural(packed.cases, 'case')} in {packed.path} already"))
        return
    write(terminal_line(f"{plural(packed.cases, 'case')} in {packed.path}"))
    gone = len(packed.rewrite.remove)
    if gone == 1:
        talk(terminal_line(f"removed    {packed.rewrite.remove[0]}"))
    elif gone:
        talk(f"removed    {gone} files")
    if packed.lost:
        talk(f"dropped    {plural(len(packed.lost), 'comment')}")
