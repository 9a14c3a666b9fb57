"""`promptctl ask`: one answer now, several side by side, and `--save`, which makes it a case."""

from pathlib import Path

import click

from promptctl.api.asking import Asked, Destination, Reply, destination, refuse_unanswered, save
from promptctl.api.asking import ask as ask_now
from promptctl.api.project import Project
from promptctl.cli.output import refuse_both, talk, write
from promptctl.cli.progress import Bar
from promptctl.cli.prompts import values_of
from promptctl.core.exchange import Output, Source, Usage
from promptctl.core.words import plural
from promptctl.errors import PromptctlError
from promptctl.reporters.safe import terminal_line

EPILOG = """\b
Examples:
  promptctl ask support/reply --var ticket='Where is my parcel?'
  promptctl ask support/reply@main support/reply --case late-refund-3f9c2a
  promptctl ask support/reply --vars ticket.json --model qwen-plus --model qwen-max
  promptctl ask support/reply --var ticket='…' --save
  promptctl ask support/reply --var ticket='…' --rejected 'it is 14 days, not 30'
"""

_FINISHES = {
    "length": "cut off at the token limit",
    "refusal": "the model refused",
    "content_filter": "stopped by the provider's content filter",
    "tool_calls": "it calls tools",
}
_SOURCES = {
    Source.STORE: "from the store: nothing was asked",
    Source.IMPORTED: "from the store, imported: nothing was asked",
    Source.RECORDED: "recorded beside the suite: nothing was asked",
}


@click.command(epilog=EPILOG)
@click.argument("prompts", nargs=-1, required=True, metavar="PROMPT[@REV]...")
@click.option("--var", "variables", multiple=True, metavar="K=V", help="One value; may be given again.")
@click.option("--vars", "file", type=click.Path(path_type=Path), metavar="FILE.json", help="All values.")
@click.option("--case", "case_id", metavar="ID", help="The values of this case.")
@click.option("--model", "models", multiple=True, metavar="M", help="This model; may be given again.")
@click.option("--save", "keep", is_flag=True, help="Write a case that expects this answer.")
@click.option("--rejected", metavar="WHY", help="Write a case that fails while this answer comes.")
@click.option("--suite", metavar="S", help="The suite that gets the case, where the prompt has several.")
def ask(
    prompts: tuple[str, ...],
    variables: tuple[str, ...],
    file: Path | None,
    case_id: str | None,
    models: tuple[str, ...],
    keep: bool,
    rejected: str | None,
    suite: str | None,
) -> None:
    """One answer now, with its tokens, seconds and cost.

    The answer goes to standard output, all else to standard error. What was answered before comes from the store.
    Several revisions and models are answered side by side.
    """
    if case_id and (variables or file):
        raise refuse_both("--case", "--var" if variables else "--vars")
    keep = keep or rejected is not None
    if keep:
        _refuse_what_cannot_be_saved(prompts, models, case_id, rejected)
    project = Project()
    values = None if case_id else values_of(variables, file)
    target = destination(project, prompts[0], values or {}, suite) if keep else None
    asked = ask_now(
        project,
        prompts,
        case_id=case_id,
        values=values,
        models=models,
        progress=Bar(currency=project.config.project.currency),
    )
    _show(project, asked)
    refuse_unanswered(project, asked.replies)
    if target is not None:
        _save(project, target, asked.replies[0], rejected)


def _refuse_what_cannot_be_saved(
    prompts: tuple[str, ...], models: tuple[str, ...], case_id: str | None, rejected: str | None
) -> None:
    option = "--save" if rejected is None else "--rejected"
    if len(prompts) > 1 or len(models) > 1:
        raise PromptctlError(
            "several answers are asked for, and a case keeps one",
            slug="usage",
            at=option,
            fix="give one PROMPT and at most one --model",
        )
    if case_id:
        raise PromptctlError(
            f"{case_id} is a case already",
            slug="usage",
            at=f"--case {case_id} {option}",
            fix="edit its file, or give the values of a new case with --var",
        )
    if rejected is not None and not rejected.strip():
        raise PromptctlError(
            "there is no reason in --rejected",
            slug="usage",
            at=option,
            fix="say what is wrong with the answer",
        )


def _show(project: Project, asked: Asked) -> None:
    for warning in asked.warnings:
        talk(f"warning: {terminal_line(warning)}")
    if asked.tally.twice:
        talk(
            f"{plural(asked.tally.twice, 'call')} possibly paid twice: an answer was lost and asked for again"
        )
    several = len(asked.replies) > 1
    currency = project.config.project.currency
    for reply in asked.replies:
        who = f"{reply.label}, {reply.model}"
        if reply.turns:
            _show_turns(reply, who, currency)
            continue
        output = reply.answered.answer
        if not isinstance(output, Output):
            continue
        facts = _facts(reply.answered.source, output, reply.cost, currency)
        if several:
            write(f"--- {terminal_line(who)}: {facts}")
        write(output.text)
        if not several:
            talk(f"--- {terminal_line(who)}: {facts}")


def _show_turns(reply: Reply, who: str, currency: str) -> None:
    """A conversation: what the user says and what comes back, turn by turn."""
    write(f"--- {terminal_line(who)}: {plural(len(reply.turns), 'turn')}")
    for number, turn in enumerate(reply.turns, 1):
        output = turn.answered.answer
        if not isinstance(output, Output):
            break
        write(f"--- user\n{turn.say}\n--- assistant\n{output.text}")
        talk(f"--- turn {number}: {_facts(turn.answered.source, output, turn.cost, currency)}")
    if reply.ended:
        talk(f"--- the conversation ends here: {reply.ended}")


def _facts(source: Source, output: Output, cost: float | None, currency: str) -> str:
    """Tokens, seconds and cost; then where it came from, and what of it is not shown."""
    usage = output.usage or Usage()
    numbers = [
        f"{plural(count, 'token')} {way}"
        for count, way in ((usage.input, "in"), (usage.output, "out"))
        if count is not None
    ]
    if output.seconds is not None:
        numbers.append(f"{output.seconds:.1f} s")
    if cost is not None:
        numbers.append(f"cost {cost:.6f}".rstrip("0").rstrip(".") + f" {currency}")
    elif output.usage:
        numbers.append("cost unknown (no price in promptctl.toml)")
    else:
        numbers.append("cost unknown (tokens not counted)")
    notes = [
        _SOURCES.get(source),
        _FINISHES.get(output.finish),
        f"{plural(len(output.tool_calls), 'tool call')} not shown" if output.tool_calls else None,
        f"reasoning of {len(output.reasoning)} characters not shown" if output.reasoning else None,
        "the answer is empty" if not output.text.strip() else None,
    ]
    return "; ".join([", ".join(numbers), *filter(None, notes)])


def _save(project: Project, target: Destination, reply: Reply, rejected: str | None) -> None:
    output = reply.answered.answer
    if not isinstance(output, Output):
        raise AssertionError(reply)
    saved = save(project, target, output, rejected=rejected)
    talk(f"saved      {terminal_line(saved.path)}")
    talk(f"checks     {terminal_line(', '.join(saved.checks)) or 'none'}")
    if rejected is not None:
        talk(
            "           It fails while this answer comes; a check of what is wrong would catch other wordings too."
        )
    elif output.finish != "stop":
        talk(f"           It fails as it is: {_FINISHES[output.finish]}.")
    elif "matches_expected" not in " ".join(saved.checks):
        talk("           The suite's checks decide; the answer is kept as `expected` for checks that use it.")
    if saved.draft:
        talk(
            "draft      the suite compares with `expected`: write the right answer there, and status: active"
        )
        return
    talk(f"next       promptctl test --case {terminal_line(saved.case_id)}")
