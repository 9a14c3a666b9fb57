"""`promptctl diff`: two versions of a prompt side by side, without a call."""

import shlex

import click

from promptctl.api.project import Project
from promptctl.api.versions import diff as diff_of
from promptctl.cli.diff_page import DiffPage
from promptctl.cli.output import style, talk, write
from promptctl.errors import PromptctlError
from promptctl.reporters.safe import terminal_line

FIRST = 3
"""Different changes of requests that are shown without --all."""
EPILOG = """\b
Examples:
  promptctl diff support/reply                    what this branch changes
  promptctl diff support/reply@main               since main
  promptctl diff support/reply --base v1 --head v2
  promptctl diff support/reply --rendered         what the cases would send
  promptctl diff reply-short --base reply@main    two prompts
"""


@click.command(epilog=EPILOG)
@click.argument("prompt", metavar="PROMPT[@REV]")
@click.option("--base", metavar="REV", help="The version before: any revision, WORKTREE or PROMPT@REV.")
@click.option("--head", metavar="REV", help="The version after; by default the working tree.")
@click.option("--rendered", is_flag=True, help="Compare the requests of its cases too.")
@click.option(
    "--case", "cases", multiple=True, metavar="ID", help="The request of this case; may be repeated."
)
@click.option("--all", "every", is_flag=True, help="Every request that changes, not the first few.")
def diff(
    prompt: str, base: str | None, head: str | None, rendered: bool, cases: tuple[str, ...], every: bool
) -> None:
    """Shows how a prompt differs between two revisions: settings first, then text, line by line.

    Compares what `promptctl test` compares by default. --rendered adds what the cases send on both sides; the same
    change in many cases is shown once. PROMPT@REV is the side that neither --base nor --head names. Nothing is
    asked, and the exit code is 0 also where they differ.
    """
    rendered = rendered or bool(cases) or every
    found = diff_of(Project(), prompt, base=base, head=head, rendered=rendered, cases=cases)
    page = DiffPage(style())
    for note in (*found.difference.notes, *(found.rendered.notes if found.rendered else ())):
        talk(f"note       {terminal_line(note)}")
    write("\n".join(page.source(found.difference)), trusted=True)
    if found.rendered is not None:
        shown = None if every or cases else FIRST
        write("\n".join(["", *page.rendered(found.rendered, shown)]), trusted=True)
    if not found.difference.changes and not found.difference.files:
        talk(f"older      promptctl log {shlex.quote(terminal_line(prompt.partition('@')[0]))}")
    if found.rendered is None and rendered:
        raise PromptctlError(
            "the head has no such prompt, so there is nothing to render",
            slug="unknown-prompt",
            at=prompt,
            fix="leave out --rendered, or name another head",
        )
