"""`promptctl cases retire|quarantine|activate|accept`: changes in the files that people wrote, and nothing beside."""

import click

from promptctl.api import case_changes
from promptctl.api.case_changes import Changed
from promptctl.api.project import Project
from promptctl.cli.output import talk, write
from promptctl.core.words import plural
from promptctl.reporters.safe import terminal_line
from promptctl.store.config import EXCUSED


@click.command(
    short_help="Take cases out of all runs; they stay in their files.",
    epilog="\b\nExamples:\n  promptctl cases retire late-refund-3f9c2a\n"
    "  promptctl cases retire support/reply/late-refund-3f9c2a triage/lost-1c2d3e",
)
@click.argument("cases", nargs=-1, required=True, metavar="[SUITE/]ID...")
def retire(cases: tuple[str, ...]) -> None:
    """Takes cases out of all runs: `status: retired`. They stay in their files, and say why in the commit."""
    done = case_changes.retire(Project(), cases)
    _say(done, "retired")
    blockers = [one for one in done if one.changed and one.severity == "blocker"]
    if blockers:
        names = " ".join(one.case_id for one in blockers)
        talk(
            f"{plural(len(blockers), 'blocker')} among them: the gate stops that, unless it is accepted:\n"
            f"next       promptctl cases accept {terminal_line(names)} --what weakened --because '…'"
        )


@click.command(
    short_help="Let drafts, retired and quarantined cases decide.",
    epilog="\b\nExample:\n  promptctl cases activate late-refund-3f9c2a",
)
@click.argument("cases", nargs=-1, required=True, metavar="[SUITE/]ID...")
def activate(cases: tuple[str, ...]) -> None:
    """Lets cases decide: `status: active`, and an end to their quarantine."""
    done = case_changes.activate(Project(), cases)
    _say(done, "active")
    if any(one.changed for one in done):
        words = " ".join(f"--case {one.case_id}" for one in done if one.changed)
        talk(f"next       promptctl test {terminal_line(words)}")


@click.command(
    short_help="Set cases aside until a day.",
    epilog="\b\nExample:\n  promptctl cases quarantine late-refund-3f9c2a --reason 'flaky at the provider' \\\n"
    "      --until 2027-01-31",
)
@click.argument("cases", nargs=-1, required=True, metavar="[SUITE/]ID...")
@click.option("--reason", required=True, metavar="R", help="Why they cannot be relied on.")
@click.option("--until", required=True, metavar="DATE", help="The last day; past it they count again.")
def quarantine(cases: tuple[str, ...], reason: str, until: str) -> None:
    """Sets cases aside: they are asked and listed, and decide nothing until the day is past."""
    _say(case_changes.quarantine(Project(), cases, reason=reason, until=until), "quarantined")


@click.command(
    short_help="Say that a break, a removal or a weakening is meant.",
    epilog="\b\nExamples:\n  promptctl cases accept late-refund-3f9c2a --because 'new policy'\n"
    "  promptctl cases accept late-refund-3f9c2a --what removed --because 'a double' \\\n"
    "      --suite support/reply --until 2027-01-31",
)
@click.argument("cases", nargs=-1, required=True, metavar="[SUITE/]ID...")
@click.option("--because", required=True, metavar="WHY", help="Why it is meant; every report shows it.")
@click.option("--what", type=click.Choice(EXCUSED), help="By default what the last run says of the case.")
@click.option("--until", metavar="DATE", help="The last day on which it holds.")
@click.option("--suite", metavar="S", help="The suite, where an id is in several.")
def accept(
    cases: tuple[str, ...], because: str, what: str | None, until: str | None, suite: str | None
) -> None:
    """Writes down that what became of cases is meant, so that it no longer stops the change.

    The entry goes into the suite, under `accept:`; where that cannot be (the suite is gone, or is a bare list of cases)
    into promptctl.toml as `[[accept]]`. It is reviewed with the change.
    """
    done = case_changes.accept(Project(), cases, because=because, what=what, until=until, suite_id=suite)
    for one in done:
        write(terminal_line(f"accepted   {one.suite}/{one.case_id}   {one.what}, in {one.path}"))
        if one.id_written:
            talk(
                terminal_line(
                    f"           Its id was computed from its inputs; it is written down now: {one.case_id}"
                )
            )
    talk("next       promptctl test")


def _say(done: list[Changed], status: str) -> None:
    for one in done:
        how = status if one.changed else f"{status} already"
        write(terminal_line(f"{how:<11} {one.suite}/{one.case_id}   {one.path}"))
