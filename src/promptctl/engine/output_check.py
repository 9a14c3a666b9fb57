"""What a prompt's own schema asks of every answer: a required check that no suite has to write."""

from promptctl.core.case import Case, CheckSpec, Suite
from promptctl.core.dialects import sent_format
from promptctl.core.prompt import PromptVersion
from promptctl.core.record import replace
from promptctl.core.routes import Route
from promptctl.engine.check import build
from promptctl.engine.schemas import refuse_bad_schemas
from promptctl.errors import Place, PromptctlError
from promptctl.store.case_checks import with_unique_names
from promptctl.store.prompts import Prompts

NAME = "output_schema"


def with_output_check(suite: Suite, prompts: Prompts) -> Suite:
    """The suite with the schema of its prompt as the last check of every case; as it is where there is none.

    A case that asks for the very same schema already is left alone.

    Raises:
        PromptctlError: the prompt cannot be read, or its schema is not valid.
    """
    version = prompts.version(suite.prompt)
    refuse_bad_schemas(prompts, suite.prompt)
    output = version.header.output
    if version.schema is None or output is None:
        return suite
    spec = CheckSpec(
        kind="json_schema",
        name=NAME,
        args={"schema": version.schema},
        implied=True,
        place=Place(f"{prompts.folder}/{output.schema}"),
    )
    asked = build(spec).spec.args
    return replace(suite, cases=tuple(_with(case, spec, asked) for case in suite.cases))


def format_note(version: PromptVersion, route: Route | None) -> str | None:
    """What is asked of the server in place of the format that the prompt wants; None where that is what it gets."""
    wanted = version.response_format
    if route is None or wanted is None:
        return None
    sent = sent_format(wanted, route.dialect)
    if sent == wanted:
        return None
    instead = f"{sent['type']} is sent" if sent else "no response_format is sent"
    judged = f", {NAME} checks the answers" if version.schema is not None else ""
    return f"{route.provider} takes no {wanted['type']}: {instead}{judged}"


def _with(case: Case, spec: CheckSpec, asked: object) -> Case:
    own = case.checks_all if case.turns else case.checks
    if any(_is_same(check, asked) for check in own):
        return case
    checks = with_unique_names((*own, spec))
    return replace(case, checks_all=checks) if case.turns else replace(case, checks=checks)


def _is_same(check: CheckSpec, asked: object) -> bool:
    if check.kind != "json_schema" or not check.required or check.extract is not None:
        return False
    try:
        return build(check).spec.args == asked
    except PromptctlError:
        return False  # said where the suite's own checks are made
