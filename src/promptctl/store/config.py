"""promptctl.toml, or `[tool.promptctl]` of pyproject.toml, read into a `Config`."""

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Literal, get_args

from promptctl.core.case import Accept, Gate
from promptctl.core.config import (
    BudgetConfig,
    Config,
    JudgeConfig,
    ModelTarget,
    Price,
    ProjectConfig,
    ProviderConfig,
    ReportConfig,
)
from promptctl.core.dialects import Streaming
from promptctl.core.record import replace
from promptctl.core.routes import Preset, address_fault
from promptctl.core.words import did_you_mean
from promptctl.store.documents import Document, Fields, read_toml
from promptctl.store.places import is_below

STREAMING: tuple[Streaming, ...] = get_args(Streaming)
LANGUAGES: tuple[Literal["en", "zh"], ...] = ("en", "zh")
PASS_OR_FAIL: tuple[Literal["pass", "fail"], ...] = ("pass", "fail")
WARN_OR_FAIL: tuple[Literal["warn", "fail"], ...] = ("warn", "fail")
EXCUSED: tuple[Literal["broken", "removed", "weakened"], ...] = ("broken", "removed", "weakened")
NAME = "promptctl.toml"
PYPROJECT = "pyproject.toml"

_TABLE = re.compile(r"^[ \t]*\[[ \t]*tool[ \t]*\.[ \t]*\"?promptctl\"?[ \t]*[.\]]", re.MULTILINE)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_KEY_HEADERS = ("authorization", "proxy-authorization", "api-key", "x-api-key", "x-goog-api-key")
_SETTINGS = frozenset(ProviderConfig.__annotations__) - {"kind"}
# What the kinds that are no servers read.
_READ = {"embedded": frozenset({"internal"}), "scripted": frozenset({"script", "internal"})}
_ASIDE = f"{NAME} is used; [tool.promptctl] in {PYPROJECT} is not read"


def read_config(
    toml_text: str | None,
    pyproject_text: str | None = None,
    *,
    presets: Mapping[str, Preset],
    folder: str = "",
) -> Config:
    """A project's configuration; the defaults where neither file says anything.

    Args:
        toml_text, pyproject_text: The two files' texts, None for one that is absent. promptctl.toml wins.
        presets: The providers that are built in, by name.
        folder: What stands before the files' names in messages: empty, or ending in a slash.

    Raises:
        FileError: one mistake. `Several`: all of them, in the file's order.
    """
    in_pyproject = configures(pyproject_text)
    if toml_text is not None:
        document = read_toml(toml_text, folder + NAME)
        return _config(document, (), presets, (_ASIDE,) if in_pyproject else ())
    if pyproject_text is not None and in_pyproject:
        table = ("tool", "promptctl")
        return _config(read_toml(pyproject_text, folder + PYPROJECT, only=table), table, presets, ())
    return Config()


def find_root(folder: Path) -> Path | None:
    """The nearest folder upward with promptctl.toml, prompts/ or a pyproject.toml that configures promptctl."""
    for candidate in (folder, *folder.parents):
        if (candidate / "prompts").is_dir() or config_file(candidate):
            return candidate
    return None


def config_file(root: Path) -> str | None:
    """The name of the file that configures the project at `root`; None where the defaults hold."""
    if (root / NAME).is_file():
        return NAME
    return PYPROJECT if configures(_pyproject(root)) else None


def cure_of(note: str) -> str:
    """What to do about one of a configuration's `notes`."""
    return f"keep one of them; {NAME} wins" if note == _ASIDE else "take it out of the file"


def configures(pyproject_text: str | None) -> bool:
    """Whether a pyproject.toml configures promptctl.

    A broken one that names the table does: whoever reads it has to say what is wrong.
    """
    if pyproject_text is None or "promptctl" not in pyproject_text:
        return False
    import tomllib

    try:
        tool = tomllib.loads(pyproject_text.removeprefix("\ufeff")).get("tool")
    except (ValueError, RecursionError):
        return _TABLE.search(pyproject_text) is not None
    return isinstance(tool, dict) and "promptctl" in tool


def _pyproject(folder: Path) -> str | None:
    try:
        return (folder / PYPROJECT).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def _config(
    document: Document, keys: tuple[str, ...], presets: Mapping[str, Preset], notes: tuple[str, ...]
) -> Config:
    fields = Fields(document, keys)
    providers = fields.sections("providers")
    config = Config(
        project=_project(fields.section("project")),
        models=_models(fields.section("models"), {*presets, *providers}),
        providers={name: _provider(one, presets.get(name), presets) for name, one in providers.items()},
        prices={name: _price(one) for name, one in fields.sections("prices").items()},
        judge=_judge(fields.section("judge")),
        gate=read_gate(fields.section("gate")),
        budget=_budget(fields.section("budget")),
        report=ReportConfig(language=fields.section("report").choice("language", LANGUAGES, "en")),
        accept=tuple(read_accept(one) for one in fields.items("accept")),
        feedback=fields.mapping("feedback", {}),
        notes=notes,
    )
    fields.finish()
    return replace(config, notes=(*notes, *_unused(config)))


def _unused(config: Config) -> list[str]:
    """Settings of the format that this version reads and does not act on: said, never ignored in silence."""
    unused = {
        "[report] language": config.report.language != "en",
        "[judge]": config.judge != JudgeConfig(),
        "[feedback]": bool(config.feedback),
    }
    return [f"{name} has no effect yet" for name, is_set in unused.items() if is_set]


def read_gate(fields: Fields, defaults: Gate = Gate()) -> Gate:  # noqa: B008 - frozen
    """A `gate` mapping, of the project or of a suite. Rates and margins are fractions in [0, 1]."""
    return Gate(
        margin=fields.number("margin", defaults.margin, low=0.001, high=0.99),
        min_pass_rate=fields.number("min_pass_rate", defaults.min_pass_rate, low=0, high=1),
        on_undecided=fields.choice("on_undecided", PASS_OR_FAIL, defaults.on_undecided),
        on_untested=fields.choice("on_untested", WARN_OR_FAIL, defaults.on_untested),
        max_errors=fields.integer("max_errors", defaults.max_errors, low=0),
    )


def read_accept(fields: Fields) -> Accept:
    """One entry of an `accept` list: what is meant to break, why, and until when."""
    return Accept(
        case=fields.string("case"),
        what=fields.choice("what", EXCUSED),
        because=fields.string("because"),
        until=read_date(fields, "until"),
        suite=fields.string("suite", None),
    )


def read_date(fields: Fields, name: str) -> str | None:
    """An ISO date such as "2026-12-31", or None where it is absent."""
    text = fields.string(name, None)
    try:
        return None if text is None else date.fromisoformat(text).isoformat()
    except ValueError:
        fields.mistake(f"{name} is no date", name, slug="bad-date", fix='write year-month-day: "2026-12-31"')
        return None


def _project(fields: Fields) -> ProjectConfig:
    defaults = ProjectConfig()
    cases_root = fields.string("cases_root", None)
    if cases_root is not None and (not cases_root.strip() or "\0" in cases_root):
        fix = 'write a folder for private cases, such as "../private-cases", or take cases_root out'
        fields.mistake("cases_root names no folder", "cases_root", slug="bad-path", fix=fix)
    return ProjectConfig(
        prompts=_inside(fields, "prompts", defaults.prompts),
        evals=_inside(fields, "evals", defaults.evals),
        default_branch=fields.string("default_branch", defaults.default_branch),
        model=fields.string("model", defaults.model),
        currency=fields.string("currency", defaults.currency),
        cases_root=cases_root,
    )


def _inside(fields: Fields, name: str, default: str) -> str:
    """A folder below the project's root, without a slash at the end."""
    text = fields.string(name, default)
    if not is_below(text):
        fix = f'write a folder below the project, such as "{default}"'
        fields.mistake(f"{name} is no folder below the project", name, slug="bad-path", fix=fix)
    return str(PurePosixPath(text))


def _models(fields: Fields, known: set[str]) -> dict[str, ModelTarget]:
    targets = {}
    for pattern, written in fields.value.items():
        if isinstance(written, dict):
            inner = fields.section(pattern)
            target = ModelTarget(provider=inner.string("provider"), name=inner.string("name", None))
        else:
            target = ModelTarget(provider=fields.string(pattern))
        if target.provider and target.provider not in known:
            hint = did_you_mean(target.provider, known)
            fields.mistake(
                f'there is no provider "{target.provider}"',
                pattern,
                slug="unknown-provider",
                fix=f"{hint}add [providers.{target.provider}], or name one of: {', '.join(sorted(known))}",
            )
        targets[pattern] = target
    return targets


def _provider(fields: Fields, preset: Preset | None, presets: Mapping[str, Preset]) -> ProviderConfig:
    provider = ProviderConfig(
        kind=fields.string("kind", None),
        base_url=fields.string("base_url", None),
        allow_http=fields.boolean("allow_http", False),
        script=fields.string("script", None),
        key_env=fields.string("key_env", None),
        ca_file=fields.string("ca_file", None),
        headers=_headers(fields),
        concurrency=fields.integer("concurrency", None, low=1),
        deadline=fields.number("deadline", None, low=0.001),
        requests_per_minute=fields.number("requests_per_minute", None, low=0.001),
        dialect=_dialect(fields, presets),
        stream=fields.choice("stream", STREAMING) if "stream" in fields else None,
        api_version=fields.string("api_version", None),
        internal=fields.boolean("internal", False),
    )
    kind = provider.kind or (preset.kind if preset else "openai")
    read = _READ.get(kind, _SETTINGS - {"script"})
    unread = [name for name in fields.value if name in _SETTINGS - read]
    if unread:
        fix = "remove it" if len(unread) == 1 else "remove them"
        message = f'a provider of the kind "{kind}" does not read {" and ".join(unread)}'
        fields.mistake(message, unread[0], slug="unused-setting", fix=fix)
    elif provider.base_url is not None:
        if fault := address_fault(provider.base_url, allow_http=provider.allow_http):
            fields.mistake(fault.message, "base_url", slug=fault.slug, fix=fault.fix)
    elif kind == "openai" and not (preset and preset.base_url):
        fix = f'add its address: base_url = "{preset.example if preset else "https://…/v1"}"'
        fields.mistake("base_url is missing", slug="missing-field", fix=fix)
    if provider.key_env is not None and not _VARIABLE.match(provider.key_env):
        # The text itself is never shown: it may be the key.
        fix = 'write the name of the variable that holds the key: key_env = "VLLM_KEY"'
        fields.mistake("key_env is not the name of a variable", "key_env", slug="key-in-file", fix=fix)
    return provider


def _dialect(fields: Fields, presets: Mapping[str, Preset]) -> str | None:
    servers = sorted(name for name, preset in presets.items() if preset.kind == "openai")
    return fields.choice("dialect", servers) if "dialect" in fields else None


def _headers(fields: Fields) -> dict[str, str]:
    headers = fields.section("headers")
    read = {name: headers.string(name) for name in headers.value}
    for name, value in read.items():
        if name.lower() in _KEY_HEADERS:
            fix = "remove it, and name the variable that holds the key in key_env"
            headers.mistake(f"the header {name} would hold a key", name, slug="key-in-file", fix=fix)
        elif not (name + value).isascii() or not (name + value).isprintable():
            fix = "use printable ASCII characters"
            headers.mistake("a header cannot hold these characters", name, slug="bad-header", fix=fix)
    return read


def _price(fields: Fields) -> Price:
    return Price(
        input=fields.number("input", low=0),
        output=fields.number("output", low=0),
        as_of=read_date(fields, "as_of"),
    )


def _judge(fields: Fields) -> JudgeConfig:
    return JudgeConfig(
        model=fields.string("model", None),
        require_calibration=fields.boolean("require_calibration", True),
    )


def _budget(fields: Fields) -> BudgetConfig:
    return BudgetConfig(
        max_calls=fields.integer("max_calls", BudgetConfig().max_calls, low=0),
        max_cost=fields.number("max_cost", None, low=0),
    )
