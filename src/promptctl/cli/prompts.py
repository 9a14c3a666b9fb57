"""`promptctl show` and `promptctl render`: a prompt at a revision, without a call."""

import json
import shlex
from itertools import pairwise
from pathlib import Path
from typing import Any

import click

from promptctl.api.project import Project
from promptctl.cli.output import refuse_both, write
from promptctl.core.message import Image, Message
from promptctl.core.prompt import PromptVersion
from promptctl.core.words import plural
from promptctl.engine.rendered import Rendered
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
        ("params", _params(header.params)),
        ("output", _output(version)),
        ("tools", ", ".join(tool["function"]["name"] for tool in version.tools)),
        ("jinja", ", ".join(f"{name} off" for name in header.jinja)),
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
    found = [side.suites.suite(name) for name in side.suites.ids]
    suites = [
        f"{suite.id} (internal)" if suite.internal else suite.id
        for suite in found
        if suite.prompt == prompt_id
    ]
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
        if "＝" in name:  # no variable has it in its name
            right = entry.replace("＝", "=", 1)
            raise PromptctlError(
                f"{entry!r} is no variable: ＝ is a full-width sign",
                slug="usage",
                at="--var",
                fix=f"write = instead of ＝: --var {shlex.quote(right)}",
            )
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
            **({"tools": list(request.tools)} if request.tools else {}),
            **({"response_format": request.response_format} if request.response_format else {}),
            "digest": request.digest,
            **_turns_data(rendered),
        }
        write(json.dumps(data, ensure_ascii=True, allow_nan=False, indent=2), trusted=True)
        return
    for message in request.messages:
        _write_message(message)
    for tool in request.tools:
        write(f"--- tool {terminal_line(_signature(tool))}")
    if request.response_format:
        write(f"--- answer {terminal_line(_format(request.response_format))}")
    if rendered.note:
        write(f"--- {terminal_line(rendered.note)}")
    params = _params(request.params)
    write(terminal_line(f"--- {request.model}{params and f', {params}'}, {request.digest[:15]}"))
    _write_turns(rendered)


def _turns(rendered: Rendered) -> list[tuple[Message, ...]]:
    """What is sent in each turn of a conversation, with `[reply 1]` where the model's first reply will stand."""
    later = rendered.later
    if later is None:
        return []
    stand_ins = [f"[reply {number}]" for number in range(1, len(later.says))]
    rest = [later.messages(stand_ins[:count]) for count in range(1, len(later.says))]
    return [rendered.request.messages, *rest]


def _write_turns(rendered: Rendered) -> None:
    """The later turns, each with the messages that it does not share with the one before."""
    turns = _turns(rendered)
    for number, (before, messages) in enumerate(pairwise(turns), 2):
        pairs = zip(before, messages, strict=False)
        same = next((at for at, (one, other) in enumerate(pairs) if one != other), len(before))
        kept = f"{plural(same, 'message')} as before, then" if same else "all anew"
        write(f"--- turn {number} of {len(turns)}, where [reply {number - 1}] is what the model says: {kept}")
        for message in messages[same:]:
            _write_message(message)


def _turns_data(rendered: Rendered) -> dict[str, Any]:
    later = rendered.later
    if later is None:
        return {}
    turns = zip(later.says, _turns(rendered), strict=True)
    return {"turns": [{"say": say, "messages": [m.as_dict() for m in messages]} for say, messages in turns]}


def _write_message(message: Message) -> None:
    answers = f", answers {message.tool_call_id}" if message.tool_call_id else ""
    write(terminal_line(f"--- {message.role}{answers}"))
    for part in (message.content,) if isinstance(message.content, str) else message.content:
        if isinstance(part, str):
            if part or not message.tool_calls:
                write(part)
        else:
            write(terminal_line(f"[image: {_picture(part)}]"))
    for call in message.tool_calls:
        function = call["function"]
        write(terminal_line(f"[call {call['id']}: {function['name']} {function['arguments']}]"))


def _params(params: dict[str, Any]) -> str:
    """`temperature 0.2, stop ["a"]`."""
    return ", ".join(
        f"{name} {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for name, value in params.items()
    )


def _picture(image: Image) -> str:
    """An address as it is; a data URI, which nobody reads, by its kind and size."""
    kind, data, code = image.url.partition(";base64,")
    about = (
        f"{kind.removeprefix('data:image/')}, {len(code) * 3 // 4 - code[-2:].count('='):,} bytes"
        if data
        else image.url
    )
    return about + (f", detail {image.detail}" if image.detail else "")


def _signature(tool: dict[str, Any]) -> str:
    """`lookup_order(order_id, region?)`: what the model may call, optional parameters with a question mark."""
    function = tool["function"]
    parameters = function.get("parameters", {})
    properties, required = parameters.get("properties", {}), parameters.get("required", ())
    names = ", ".join(name if name in required else f"{name}?" for name in properties)
    return f"{function['name']}({names})"


def _format(response_format: dict[str, Any]) -> str:
    schema = response_format.get("json_schema")
    if schema is None:
        return str(response_format["type"])
    strict = ", strict" if schema.get("strict") else ""
    return f"{response_format['type']} {schema['name']}{strict}: {json.dumps(schema['schema'], ensure_ascii=False)}"


def _output(version: PromptVersion) -> str:
    output = version.header.output
    if output is None or output.schema is None:
        return output.format if output else ""
    return f"{output.format} {output.name}{', strict' if output.strict else ''}, {output.schema}"
