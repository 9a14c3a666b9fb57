"""`promptctl answers`: outputs from elsewhere in, answers that can be committed out, and the store itself."""

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import click

from promptctl.api.answers import Exported, ExportedLine, export_answers, import_answers
from promptctl.api.project import Project
from promptctl.cli.output import save, talk, write
from promptctl.core.words import plural
from promptctl.engine.answering import own_store
from promptctl.errors import Incomplete, PromptctlError
from promptctl.reporters.safe import terminal_line
from promptctl.store.answer_salvage import Examined
from promptctl.store.claimant import this_process
from promptctl.store.files import read_bytes, write_atomically

NAMED = 3


@click.group(
    no_args_is_help=False,
    epilog="\b\nExamples:\n  promptctl answers import out.jsonl --prompt support/reply@main\n"
    "  promptctl answers export support/reply\n  promptctl answers stats\n  promptctl answers verify",
)
def answers() -> None:
    """Imports, exports, counts and verifies stored answers."""


@answers.command(
    "import",
    short_help="Take outputs that were produced elsewhere.",
    epilog="\b\nExamples:\n  promptctl answers import out.jsonl --prompt support/reply\n"
    "  promptctl answers import before.jsonl --prompt support/reply@main --model gpt-4o\n"
    "\n\b\nA line of FILE.jsonl; the last seven may be left out:\n"
    '  {"case": "late-refund-3f9c2a", "output": "Within 14 days.",\n'
    '   "sample": 0, "usage": {"input": 61, "output": 9}, "seconds": 0.8,\n'
    '   "cost": 0.0001, "contexts": [], "tool_calls": [],\n'
    '   "replies": ["the replies before it, where the case has turns"]}',
)
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.jsonl")
@click.option(
    "--prompt", required=True, metavar="PROMPT[@REV]", help="The version that produced the outputs."
)
@click.option("--suite", metavar="S", help="The suite whose cases are meant, where an id is in several.")
@click.option("--model", metavar="M", help="The model that produced them; by default the prompt's own.")
def import_(file: Path, prompt: str, suite: str | None, model: str | None) -> None:
    """Takes outputs that were produced elsewhere, for the cases of the working tree.

    `promptctl test` then compares them without a call. All lines are taken, or none.
    """
    done = import_answers(Project(), read_bytes(file), str(file), prompt=prompt, suite=suite, model=model)
    for warning in done.warnings:
        talk(f"warning: {terminal_line(warning)}")
    write(terminal_line(f"{done.new} new, {done.known} already there, for {done.label} under {done.model}"))
    if done.equal:
        talk(
            f"{plural(done.equal, 'line')} answered a request that another line answers too, with the same output"
        )
    if done.unanswered:
        first = ", ".join(done.unanswered[:NAMED])
        more = ", …" if len(done.unanswered) > NAMED else ""
        talk(
            f"no answer for {len(done.unanswered)} of {plural(done.cases, 'case')}: {terminal_line(first)}{more}"
        )
    if done.unused:
        talk(
            f"{done.unused} of them will not be used: an answer that was asked from {terminal_line(done.model)} "
            "is stored for the same request, and comes first"
        )


@answers.command(
    short_help="Write answers as files to commit beside the suites.",
    epilog="\b\nExamples:\n  promptctl answers export support/reply\n  promptctl answers export 'support/*' -o -",
)
@click.argument("suites", nargs=-1, required=True, metavar="SUITE...")
@click.option(
    "-o", "--output", metavar="F", help="One file for all, instead of one beside each suite; - is stdout."
)
def export(suites: tuple[str, ...], output: str | None) -> None:
    """Writes the answers that suites need as files to commit beside them.

    They are the answers to what the working tree sends, with the redraws of what flipped. Whoever has them can run
    `promptctl test --offline`.
    """
    project = Project()
    if output is None:
        project.require_work_tree()
    found = export_answers(project, suites)
    for one in found:
        _talk_of(one)
    if not any(one.lines for one in found):
        raise Incomplete(
            "nothing to export: no request of these suites has an answer",
            slug="no-answers",
            at=f"promptctl answers export {' '.join(suites)}",
            fix=f"ask for them first: `promptctl test {found[0].suite} --no-base`",
        )
    if output is not None:
        lines = sorted(line for one in found for line in one.lines)
        save(_text(lines), output)
        if output != "-":
            write(f"{plural(len(lines), 'answer')} in {terminal_line(output)}")
        return
    for one in found:
        if one.lines:
            write_atomically(project.root / one.path, _text(one.lines))
            write(terminal_line(f"{one.suite}: {plural(len(one.lines), 'answer')} in {one.path}"))


def _text(lines: Iterable[ExportedLine]) -> str:
    return "".join(f"{line.text}\n" for line in lines)


def _talk_of(one: Exported) -> None:
    for warning in one.warnings:
        talk(f"warning: {terminal_line(warning)}")
    if one.missing:
        first = ", ".join(one.missing[:NAMED]) + (", …" if len(one.missing) > NAMED else "")
        cure = f"`promptctl test {one.suite} --no-base` asks"
        talk(
            terminal_line(
                f"{one.suite}: {plural(len(one.missing), 'case')} without an answer ({first}); {cure}"
            )
        )


@answers.command(short_help="Count what is stored.", epilog="\b\nExample:\n  promptctl answers stats")
def stats() -> None:
    """Counts what is stored in .promptctl/answers.db.

    Asked answers are first draws, redraws of what flipped, and canaries, by which it is seen whether base's answers of
    more than a week ago still hold.
    """
    store = own_store(Project().root)
    try:
        counts = store.stats()
    finally:
        store.close()
    for warning in store.warnings:
        talk(f"warning: {terminal_line(warning)}")
    write(f"asked     {counts.answers}")
    write(f"first     {counts.first}")
    write(f"redraws   {counts.redraws}")
    write(f"canaries  {counts.canaries}")
    write(f"imported  {counts.imported}")
    write(f"requests  {counts.requests}")
    if counts.damaged:
        write(f"damaged   {counts.damaged}, kept apart and not used")
    write(f"size      {_size(counts.size)}")


@answers.command(
    short_help="Read every stored answer; say what is damaged.",
    epilog="\b\nExamples:\n  promptctl answers verify\n  promptctl answers verify --salvage",
)
@click.option(
    "--salvage",
    is_flag=True,
    help="Set a damaged store aside, and begin a new one with every answer that can be read.",
)
def verify(salvage: bool) -> None:
    """Reads every stored answer and says what is damaged.

    Each is compared with the SHA-256 that was stored with it, and the file is checked as a whole. Exit 2 if anything
    is damaged. Nothing is changed without --salvage, and nothing is deleted with it.
    """
    with closing(own_store(Project().root)) as store:
        found = store.examine()
        if salvage:
            saved = store.salvage(_damage(found))
            for warning in store.warnings:
                talk(f"warning: {terminal_line(warning)}")
            if saved:
                write(f"{plural(saved, 'answer')} taken over from damaged files kept aside")
            found = store.examine()
        if found is None:
            write("nothing is stored yet")
        else:
            write(f"asked     {found.answers} whole")
            write(f"imported  {found.imported} whole")
        if why := _damage(found):
            raise PromptctlError(
                why,
                slug="damaged-store" if found and found.faults else "damaged-answer",
                at=str(store.path),
                fix="`promptctl answers verify --salvage` begins a new store with all that can be read",
            )
        for path, count in store.kept_aside():
            lacks = (
                f"{plural(count, 'answer')} more, for --salvage"
                if count
                else "nothing more to be had from it"
            )
            write(f"aside     {terminal_line(path.name)}: {lacks}")


def _damage(found: Examined | None) -> str:
    """What is damaged, in one line; empty if nothing is."""
    if found is None or found.whole:
        return ""
    if found.faults:
        return f"the answer store is damaged: {' '.join('; '.join(found.faults).split())}"
    named = ", ".join(f"sample {row.sample} of request {row.request}" for row in found.damaged[:NAMED])
    more = ", …" if len(found.damaged) > NAMED else ""
    return f"{plural(len(found.damaged), 'stored answer')} changed since: {named}{more}"


@answers.command(
    short_help="Give back what nothing needs; no answer is removed.",
    epilog="\b\nExample:\n  promptctl answers gc",
)
def gc() -> None:
    """Gives back what nothing needs any more: claims of runs that were killed, and unused space of the file.

    No answer is ever removed, because one that is drawn again could please more. Runs may go on meanwhile.
    """
    with closing(own_store(Project().root)) as store:
        swept = store.sweep(this_process())
        kept = store.stats()
    for warning in store.warnings:
        talk(f"warning: {terminal_line(warning)}")
    write(f"claims    {swept.claims} of runs that have ended, removed")
    write(f"space     {_size(swept.size)} given back, {_size(kept.size)} in use")
    write(f"answers   {kept.answers + kept.imported}, all kept")


def _size(count: int) -> str:
    for unit, bytes_ in (("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)):
        if count >= bytes_:
            return f"{count / bytes_:.1f} {unit}"
    return plural(count, "byte")
