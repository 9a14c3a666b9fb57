"""`promptctl show` and `promptctl render`: a prompt at a revision, without a call."""

import json
from pathlib import Path
from typing import Any

import click

from promptctl.api.project import Project
from promptctl.cli.output import refuse_both, write
from promptctl.reporters.safe import terminal_line


@click.command(epilog="\b\nExamples:\n  promptctl show support/reply\n  promptctl show support/reply@main")
@click.argument("prompt", metavar="PROMPT[@REV]")
def show(prompt: str) -> None:
    """Shows a prompt's settings, inputs, files and digest."""
    project = Project()
    prompt_id, side = project.split(prompt)
    version = side.prompts.version(prompt_id)
    header = version.header
    rows = [
        ("prompt", prompt_id),
        ("revision", "working tree" if side.revision.label == "WORKTREE" else side.revision.label),
        ("about", header.description),
        ("model", header.model or f"{project.config.project.model} (the project's)"),
        ("params", ", ".join(f"{name} {value}" for name, value in header.params.items())),
        ("digest", version.digest),
    ]
    for name, value in rows:
        if value:
            write(f"{name:<10}{terminal_line(value)}")
    label = "inputs"
    for spec in version.inputs.values():
        about = spec.type + (
            "" if spec.required else ", optional" if spec.optional else f", default {spec.default!r}"
        )
        write(f"{label:<10}{terminal_line(f'{spec.name}: {about}')}")
        label = ""
    label = "files"
    for name in version.closure:
        write(f"{label:<10}{terminal_line(f'{side.prompts.folder}/{name}')}")
        label = ""
    suites = [name for name in side.suites.ids if side.suites.suite(name).prompt == prompt_id]
    where = ", ".join(suites) or f"none; cases go into {side.suites.folder}/{prompt_id}.yaml"
    write(f"{'suites':<10}{terminal_line(where)}")


def values_of(variables: tuple[str, ...], file: Path | None) -> dict[str, Any]:
    """The values of `--var K=V …` or `--vars FILE.json`."""
    from promptctl.errors import FileError, Place, PromptctlError
    from promptctl.store.documents import read_json
    from promptctl.store.files import read_bytes
    from promptctl.store.places import decode

    if file is not None:
        if variables:
            raise refuse_both("--var", "--vars")
        value = read_json(decode(read_bytes(file), str(file)), str(file)).value
        if not isinstance(value, dict):
            raise FileError(
                "variables are a JSON object",
                slug="wrong-type",
                at=Place(str(file)),
                fix='write {"name": "value"}',
            )
        return value
    values = {}
    for entry in variables:
        name, equals, value = entry.partition("=")
        if not equals or not name:
            raise PromptctlError(
                f"{entry!r} is no variable", slug="usage", at="--var", fix='write --var name="value"'
            )
        values[name] = value
    return values


@click.command(
    epilog="\b\nExamples:\n  promptctl render support/reply --var ticket='Where is my parcel?'\n"
    "  promptctl render support/reply@main --case late-refund-3f9c2a --json"
)
@click.argument("prompt", metavar="PROMPT[@REV]")
@click.option("--case", "case_id", metavar="ID", help="The values of this case.")
@click.option("--var", "variables", multiple=True, metavar="K=V", help="One value; may be given again.")
@click.option("--vars", "file", type=click.Path(path_type=Path), metavar="FILE.json", help="All values.")
@click.option("--json", "as_json", is_flag=True, help="The request as JSON.")
def render(
    prompt: str, case_id: str | None, variables: tuple[str, ...], file: Path | None, as_json: bool
) -> None:
    """Shows the exact messages that would be sent. Nothing is asked."""
    if case_id and (variables or file):
        raise refuse_both("--case", "--var")
    project = Project()
    rendered = project.render(prompt, case_id=case_id, values=None if case_id else values_of(variables, file))
    request = rendered.request
    if as_json:
        data = {
            "model": request.model,
            "messages": [message.as_dict() for message in request.messages],
            "params": request.params,
            "digest": request.digest,
        }
        write(json.dumps(data, ensure_ascii=True, allow_nan=False, indent=2), trusted=True)
        return
    for message in request.messages:
        write(f"--- {message.role}")
        write(message.text)
    params = ", ".join(f"{name} {value}" for name, value in request.params.items())
    write(terminal_line(f"--- {request.model}{params and f', {params}'}, {request.digest[:15]}"))
