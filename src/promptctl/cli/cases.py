"""`promptctl cases`: the cases of suites, listed, shown, written, changed and kept in other forms."""

import json
from pathlib import Path
from typing import Any

import click

from promptctl.api.cases import Filter, add_case, find_case, known_draws, list_cases, written_case
from promptctl.api.project import Project
from promptctl.cli.case_changes import accept, activate, quarantine, retire
from promptctl.cli.case_forms import fmt, pack, unpack
from promptctl.cli.case_sheets import export, import_
from promptctl.cli.case_text import check_words, draws_shown, first_words, tally
from promptctl.cli.output import refuse_both, table, talk, write
from promptctl.cli.prompts import values_of
from promptctl.core.case import Case
from promptctl.core.words import plural
from promptctl.errors import PromptctlError
from promptctl.reporters.safe import fit, terminal_line, width
from promptctl.store.cases import SEVERITIES, STATUSES
from promptctl.store.documents import read_yaml
from promptctl.store.written_cases import source_of

COLUMNS = 88


@click.group(
    no_args_is_help=False,
    epilog="\b\nExamples:\n  promptctl cases list support/reply --status draft\n"
    "  promptctl cases show late-refund-3f9c2a\n"
    "  promptctl cases add support/reply --var ticket='Where is it?' --expected '…'\n"
    "  promptctl cases accept late-refund-3f9c2a --because 'new policy'",
)
def cases() -> None:
    """Lists, shows, writes and changes cases, and keeps them in other forms."""


@cases.command(
    "list",
    short_help="Cases with status, severity, tags and why they are there.",
    epilog="\b\nExamples:\n  promptctl cases list\n  promptctl cases list 'support/*' --tag refund\n"
    "  promptctl cases list --status quarantined --status draft --json",
)
@click.argument("selectors", nargs=-1, metavar="[SELECTOR]...")
@click.option("--status", "statuses", multiple=True, type=click.Choice(STATUSES), help="May be given again.")
@click.option("--tag", "tags", multiple=True, metavar="T", help="Cases with this tag; may be given again.")
@click.option(
    "--severity", "severities", multiple=True, type=click.Choice(SEVERITIES), help="May be given again."
)
@click.option(
    "--group", "groups", multiple=True, metavar="G", help="Cases of this group; may be given again."
)
@click.option("--json", "as_json", is_flag=True, help="All of it as JSON.")
def list_(
    selectors: tuple[str, ...],
    statuses: tuple[str, ...],
    tags: tuple[str, ...],
    severities: tuple[str, ...],
    groups: tuple[str, ...],
    as_json: bool,
) -> None:
    """Lists the cases of suites, of all or of those that SELECTOR (an id of a suite or prompt, or a pattern) names."""
    side = Project().here()
    found = list_cases(side, selectors, Filter(statuses, tags, severities, groups))
    if as_json:
        rows = [_as_json(suite.id, case) for suite, cases in found for case in cases]
        write(json.dumps(rows, ensure_ascii=True, indent=2), trusted=True)
        return
    for number, (suite, cases) in enumerate(found):
        if number:
            write("")
        write(f"{terminal_line(suite.id)}   {plural(len(cases), 'case')}")
        write(table(("case", "status", "severity", "tags", "why, or what it gives"), _rows(cases)))
    if side.passed_over:
        talk("some files cannot be used as they are: `promptctl lint` says which and why")


@cases.command(
    short_help="One case as written, with its checks and its answers.",
    epilog="\b\nExamples:\n  promptctl cases show late-refund-3f9c2a\n"
    "  promptctl cases show support/reply/late-refund-3f9c2a --model qwen-max",
)
@click.argument("case", metavar="[SUITE/]ID")
@click.option(
    "--model", "models", multiple=True, metavar="M", help="Answers of this model; may be given again."
)
def show(case: str, models: tuple[str, ...]) -> None:
    """Shows a case as it is written, what is asked of its answers, and the answers that are stored for it.

    They are the draws for what the working tree sends, judged by the checks of the working tree. Nothing is asked.
    """
    project = Project()
    found = find_case(project.here(), case)
    one = written_case(found)
    write(terminal_line(f"{found.suite.id}/{found.case.id}   {one.slot.place}"))
    write("")
    write(source_of(found.side.tree, one))
    write("")
    own = {str(check.place) for check in found.suite.checks}
    rows = [
        (
            check.name,
            check_words(check),
            "" if check.required else "no vote",
            "suite" if str(check.place) in own else "",
        )
        for check in found.case.every_check
    ]
    write(table(("check", "asks", "vote", "from"), rows) if rows else "checks     none")
    for known in known_draws(project, found, models):
        for warning in known.warnings:
            talk(f"warning: {terminal_line(warning)}")
        write("")
        write(terminal_line(tally(known)))
        if known.trials:
            write(draws_shown(known))
        else:
            words = f"{found.suite.id} --case {found.case.id} --no-base"
            talk(terminal_line(f"next       promptctl test {words}"))


@cases.command(
    short_help="Write a new case.",
    epilog="\b\nExamples:\n"
    "  promptctl cases add triage --input 'My parcel is lost' --expected delivery\n"
    "  promptctl cases add support/reply --var ticket='Where is it?' \\\n"
    "      --check 'contains: 14 days' --check 'not: {contains: 30 days}'",
)
@click.argument("name", metavar="SUITE|PROMPT")
@click.option("--var", "variables", multiple=True, metavar="K=V", help="One value; may be given again.")
@click.option("--vars", "file", type=click.Path(path_type=Path), metavar="FILE.json", help="All values.")
@click.option("--input", "given", metavar="TEXT", help="The value of the prompt's only required input.")
@click.option("--expected", metavar="TEXT", help="The right answer.")
@click.option("--check", "checks", multiple=True, metavar="YAML", help="One check; may be given again.")
@click.option("--why", metavar="TEXT", help="Why the case is there.")
@click.option("--tag", "tags", multiple=True, metavar="T", help="May be given again.")
@click.option("--severity", type=click.Choice(SEVERITIES), help="By default normal.")
@click.option("--id", "case_id", metavar="ID", help="By default the first words and six random hex digits.")
@click.option("--watch", is_flag=True, help="Show its outputs side by side; it needs no check then.")
@click.option("--private", is_flag=True, help="Into the folder of private cases, which cases_root names.")
def add(
    name: str,
    variables: tuple[str, ...],
    file: Path | None,
    given: str | None,
    expected: str | None,
    checks: tuple[str, ...],
    why: str | None,
    tags: tuple[str, ...],
    severity: str | None,
    case_id: str | None,
    watch: bool,
    private: bool,
) -> None:
    """Writes a new case for a suite or a prompt: a file of its own, or the end of the suite's one file."""
    if given is not None and (variables or file):
        raise refuse_both("--input", "--var" if variables else "--vars")
    case: dict[str, Any] = {} if case_id is None else {"id": case_id}
    for key, value in (("severity", severity), ("tags", list(tags)), ("why", why)):
        if value:
            case[key] = value
    if given is not None:
        case["input"] = given
    elif variables or file:
        case["vars"] = values_of(variables, file)
    if expected is not None:
        case["expected"] = expected
    if checks:
        case["checks"] = [_check(text) for text in checks]
    if watch:
        case["watch"] = True
    added = add_case(Project(), name, case, at=f"promptctl cases add {name}", private=private)
    talk(f"added      {terminal_line(added.path)}")
    talk(f"checks     {terminal_line(', '.join(added.checks)) or 'none'}")
    talk(f"next       promptctl test --case {terminal_line(added.case_id)}")


def _check(text: str) -> Any:
    value = read_yaml(text, f"--check {text}").value
    if not isinstance(value, (str, dict)):
        raise PromptctlError(
            "a check is a name, or a name with its argument",
            slug="bad-check",
            at=f"--check {text}",
            fix="write it as in a suite, without the dash: --check 'contains: 14 days'",
        )
    return value


def _rows(found: tuple[Case, ...]) -> list[tuple[str, ...]]:
    """The table's rows; what a case gives is cut to what is left of the line, but never to nothing."""
    rows = [(case.id, case.status, case.severity, ", ".join(case.tags)) for case in found]
    taken = sum(max(width(row[column]) for row in rows) + 2 for column in range(4))
    room = max(24, COLUMNS - taken)
    return [
        (*row, fit(terminal_line(first_words(case)), room)) for row, case in zip(rows, found, strict=True)
    ]


def _as_json(suite_id: str, case: Case) -> dict[str, Any]:
    return {
        "suite": suite_id,
        "case": case.id,
        "status": case.status,
        "severity": case.severity,
        "tags": case.tags,
        "group": case.group,
        "why": case.why,
        "gives": first_words(case, with_why=False),
        "path": case.place.path if case.place else None,
        "line": case.place.line if case.place else None,
    }


for command in (fmt, pack, unpack, retire, quarantine, activate, accept, export, import_):
    cases.add_command(command)
