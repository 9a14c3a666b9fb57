"""What promptctl.toml says, with the defaults of an absent or empty one."""

from typing import Any, Literal

from promptctl.core.case import Accept, Gate
from promptctl.core.dialects import Streaming
from promptctl.core.record import Record


class ProjectConfig(Record):
    """`[project]`: where prompts and suites are, relative to the project's root, and what most prompts share.

    `cases_root` is a folder of private cases, as it is written: it may be absolute, or below `~/`.
    """

    prompts: str = "prompts"
    evals: str = "evals"
    default_branch: str = "main"
    model: str = "nearest-example"
    currency: str = "USD"
    cases_root: str | None = None


class ModelTarget(Record):
    """What a pattern of `[models]` leads to: a provider, and what the model is called there."""

    provider: str
    name: str | None = None


class ProviderConfig(Record):
    """`[providers.NAME]`. None: the preset of that name decides, else the common default.

    `script` is the JSON file of a `scripted` provider, relative to the project's root. `key_env` names the
    variable that holds the key. `deadline` is seconds for one attempt, `concurrency` calls at a time. `dialect` is the
    preset whose server stands at `base_url`, `stream` whether answers are asked for in parts, `ca_file` a file of
    certificates to trust, relative to the project's root. `internal`: the cases of internal suites may be sent there.
    """

    kind: str | None = None
    base_url: str | None = None
    allow_http: bool = False
    script: str | None = None
    key_env: str | None = None
    ca_file: str | None = None
    headers: dict[str, str] = {}
    concurrency: int | None = None
    deadline: float | None = None
    requests_per_minute: float | None = None
    dialect: str | None = None
    stream: Streaming | None = None
    api_version: str | None = None
    internal: bool = False


class Price(Record):
    """What a model costs per million tokens, in the project's currency; `as_of` is an ISO date."""

    input: float
    output: float
    as_of: str | None = None


class JudgeConfig(Record):
    """`[judge]`. Without a `model` the project's judges, with a note."""

    model: str | None = None
    require_calibration: bool = True


class BudgetConfig(Record):
    """`[budget]`: what one run may ask, and what that may cost in the project's currency; None: as much as it takes."""

    max_calls: int = 2000
    max_cost: float | None = None


class ReportConfig(Record):
    """`[report]`: the language of sentences; commands, slugs and keys stay English."""

    language: Literal["en", "zh"] = "en"


class Config(Record):
    """A project's configuration. `models` keeps the file's order: the first pattern that matches wins.

    `notes` are sentences for the user about how the file was read.
    """

    project: ProjectConfig = ProjectConfig()
    models: dict[str, ModelTarget] = {}
    providers: dict[str, ProviderConfig] = {}
    prices: dict[str, Price] = {}
    judge: JudgeConfig = JudgeConfig()
    gate: Gate = Gate()
    budget: BudgetConfig = BudgetConfig()
    report: ReportConfig = ReportConfig()
    accept: tuple[Accept, ...] = ()
    feedback: dict[str, Any] = {}
    notes: tuple[str, ...] = ()
