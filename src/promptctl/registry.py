"""Names → where their code is. Built-ins and strangers come through the same tables.

A new check, provider or reporter is one file (or one class in its family's file) and one line here. Third
parties add theirs by entry points `promptctl.checks`, `promptctl.providers`, `promptctl.reporters`,
`promptctl.importers`; they are looked up only when a project asks for a name that is not built in, so nothing
installed by accident runs.
"""

from functools import cache
from importlib import import_module
from typing import Any

from promptctl.errors import PromptctlError

CHECKS: dict[str, str] = {
    "equals": "promptctl.checks.text:Equals",
    "contains": "promptctl.checks.text:Contains",
    "contains_any": "promptctl.checks.text:ContainsAny",
    "contains_all": "promptctl.checks.text:ContainsAll",
    "starts_with": "promptctl.checks.text:StartsWith",
    "ends_with": "promptctl.checks.text:EndsWith",
    "regex": "promptctl.checks.pattern:Regex",
    "word_count": "promptctl.checks.counts:WordCount",
    "char_count": "promptctl.checks.counts:CharCount",
    "line_count": "promptctl.checks.counts:LineCount",
    "sentence_count": "promptctl.checks.counts:SentenceCount",
    "paragraph_count": "promptctl.checks.counts:ParagraphCount",
    "matches_expected": "promptctl.checks.expected:MatchesExpected",
    "number_close": "promptctl.checks.expected:NumberClose",
    "one_of": "promptctl.checks.expected:OneOf",
    "is_json": "promptctl.checks.json_shape:IsJson",
    "contains_json": "promptctl.checks.json_shape:ContainsJson",
    "json_schema": "promptctl.checks.json_shape:JsonSchema",
    "json_equals": "promptctl.checks.json_shape:JsonEquals",
    "json_path": "promptctl.checks.json_shape:JsonPath",
    "is_yaml": "promptctl.checks.yaml_text:IsYaml",
    "is_xml": "promptctl.checks.xml_text:IsXml",
    "is_html": "promptctl.checks.html_text:IsHtml",
    "is_csv": "promptctl.checks.tables:IsCsv",
    "is_sql": "promptctl.checks.sql:IsSql",
    "code_block": "promptctl.checks.markdown:CodeBlock",
    "markdown_section": "promptctl.checks.markdown:MarkdownSection",
    "table": "promptctl.checks.tables:Table",
    "levenshtein": "promptctl.checks.edits:Levenshtein",
    "max_words": "promptctl.checks.limits:MaxWords",
    "max_tokens": "promptctl.checks.limits:MaxTokens",
    "latency": "promptctl.checks.limits:Latency",
    "cost": "promptctl.checks.limits:Cost",
    "not_empty": "promptctl.checks.limits:NotEmpty",
    "not_truncated": "promptctl.checks.limits:NotTruncated",
    "finish_reason": "promptctl.checks.limits:FinishReason",
    "blocklist": "promptctl.checks.limits:Blocklist",
    "python": "promptctl.checks.own:Python",
    "command": "promptctl.checks.own:Command",
    "tool_called": "promptctl.checks.tools:ToolCalled",
    "no_tool_call": "promptctl.checks.tools:NoToolCall",
    "tool_args_schema": "promptctl.checks.tools:ToolArgsSchema",
    "tool_call_f1": "promptctl.checks.tools:ToolCallF1",
}

PROVIDERS: dict[str, str] = {
    "openai": "promptctl.providers.openai:OpenAIProvider",
    "embedded": "promptctl.providers.embedded:EmbeddedProvider",
    "scripted": "promptctl.providers.scripted:ScriptedProvider",
}

REPORTERS: dict[str, str] = {
    "terminal": "promptctl.reporters.terminal:render",
    "json": "promptctl.reporters.json:render",
}

IMPORTERS: dict[str, str] = {
    "github_models": "promptctl.importers.github_models.importer:GithubModels",
    "prompty": "promptctl.importers.prompty.importer:Prompty",
    "dotprompt": "promptctl.importers.dotprompt.importer:Dotprompt",
    "langfuse": "promptctl.importers.langfuse:Langfuse",
    "promptfoo": "promptctl.importers.promptfoo.importer:Promptfoo",
    "text": "promptctl.importers.text:Text",
    "fstring": "promptctl.importers.text:FString",
    "mustache": "promptctl.importers.text:Mustache",
}

_TABLES = {"checks": CHECKS, "providers": PROVIDERS, "reporters": REPORTERS, "importers": IMPORTERS}


def names(room: str) -> list[str]:
    """All built-in names of a room, sorted."""
    return sorted(_TABLES[room])


def foreign_names(room: str) -> list[str]:
    """The names that installed packages add to a room, sorted. Nothing of theirs is imported."""
    return sorted(_foreign(room))


@cache
def find(room: str, name: str) -> Any | None:
    """What `name` stands for in `room` (`checks`, `providers`, `reporters`, `importers`), or None."""
    path = _TABLES[room].get(name) or _foreign(room).get(name)
    if path is None:
        return None
    module, _, attribute = path.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise PromptctlError(
            f"{room[:-1]} {name!r} is registered as {path}, which does not load: {error}",
            slug="broken-plugin",
            at=f"entry point promptctl.{room}",
            fix="reinstall the package that brings it, or remove the name from the project",
        ) from error


@cache
def _foreign(room: str) -> dict[str, str]:
    from importlib.metadata import entry_points  # 50 ms: only for names that are not built in

    return {point.name: point.value for point in entry_points(group=f"promptctl.{room}")}
