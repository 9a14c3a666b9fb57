"""promptctl.toml, or `[tool.promptctl]` of pyproject.toml, read into a `Config`."""

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Literal

from promptctl.core.case import Accept, Gate
from promptctl.core.config import (
    BudgetConfig,
    Config,
    JudgeConfig,
    Price,
    ProjectConfig,
    ReportConfig,
)
from promptctl.core.record import replace
from promptctl.core.routes import Preset
from promptctl.store.config_providers import read_models, read_provider
from promptctl.store.documents import Document, Fields, read_toml
from promptctl.store.places import is_below

LANGUAGES: tuple[Literal["en", "zh"], ...] = ("en", "zh")
PASS_OR_FAIL: tuple[Literal["pass", "fail"], ...] = ("pass", "fail")
WARN_OR_FAIL: tuple[Literal["warn", "fail"], ...] = ("warn", "fail")
EXCUSED: tuple[Literal["broken", "removed", "weakened"], ...] = ("broken", "removed", "weakened")
NAME = "promptctl.toml"
PYPROJECT = "pyproject.toml"

_TABLE = re.compile(r"^[ \t]*\[[ \t]*tool[ \t]*\.[ \t]*\"?promptctl\"?[ \t]*[.\]]", re.MULTILINE)
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
        models=read_models(fields.section("models"), presets, providers),
        providers={name: read_provider(one, name, presets) for name, one in providers.items()},
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
