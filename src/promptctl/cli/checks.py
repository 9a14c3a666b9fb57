"""`promptctl checks`: the catalogue of checks, and a page for each."""

import click

from promptctl.cli.output import write
from promptctl.core.words import plural
from promptctl.engine.pages import catalogue, page
from promptctl.reporters.terminal_page import COLUMNS

GROUPS = {
    "not": "passes where its check fails, and fails where it passes; unscored stays unscored.",
    "any": "passes when one of its checks passes; else unscored if one of them is; else fails.",
    "all": "fails when one of its checks fails; else unscored if one of them is; else passes.",
}
SHAPES = {
    "not": '  - not: {contains: "30 days"}',
    "any": '  - any: [{contains: "14 days"}, {contains: "two weeks"}]',
    "all": '  - all: [{starts_with: "Dear"}, {max_words: 180}]',
}
EPILOG = """\b
Examples:
  promptctl checks                         all checks by family
  promptctl checks contains_any            arguments, examples, what `not` does
"""


@click.command(epilog=EPILOG)
@click.argument("name", required=False)
def checks(name: str | None) -> None:
    """Lists the checks that cases and suites can use, or shows the page of one."""
    if name in GROUPS:
        write(f"{name} (combines checks)\n\n`{name}:` {GROUPS[name]}\n\nExamples\n\n{SHAPES[name]}")
    elif name is not None:
        write(page(name))
    else:
        _catalogue()


def _catalogue() -> None:
    from tabulate import tabulate

    found = catalogue()
    rows, before = [], ""
    for family, name, about, needs in found:
        said = about + (f" Needs {', '.join(needs)}." if needs else "")
        rows.append((family if family != before else "", name, said))
        before = family
    used = max(len(row[0]) for row in rows) + max(len(row[1]) for row in rows) + 4
    write(
        tabulate(
            rows,
            ("family", "check", "asks"),
            tablefmt="simple",
            disable_numparse=True,
            maxcolwidths=[None, None, COLUMNS - used],
        )
    )
    write("")
    write("`not:`, `any:` and `all:` combine them.")
    write(f"{plural(len(found), 'check')}; `promptctl checks NAME` shows the page of one")
