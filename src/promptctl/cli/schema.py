"""`promptctl schema`: the JSON Schema of a kind of file, for editors."""

import json

import click

from promptctl.cli.output import write

KINDS = ("suite", "case", "header", "config", "result")
EPILOG = """\b
Examples:
  promptctl schema suite > suite.schema.json    what an editor completes suites with
  promptctl schema config > config.schema.json  the same for promptctl.toml
"""


@click.command(epilog=EPILOG)
@click.argument("kind", type=click.Choice(KINDS))
def schema(kind: str) -> None:
    """Prints the JSON Schema of a kind of file.

    Editors complete keys and checks with it and mark what is unknown. Checks of installed packages are in it too.
    """
    if kind == "result":
        from promptctl.reporters.json import schema as made
    else:
        from promptctl.engine.editor.schemas import SCHEMAS

        made = SCHEMAS[kind]
    write(json.dumps(made(), indent=2), trusted=True)
