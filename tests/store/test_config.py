"""What promptctl.toml says, and how its mistakes are told."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from promptctl.core.routes import PRESETS, route
from promptctl.errors import FileError, Place, PromptctlError
from promptctl.store.config import find_root, read_config

WHOLE = """
[project]
prompts = "prompts/"
evals = "tests/evals"
default_branch = "trunk"
model = "qwen-plus"
currency = "CNY"

[models]
"doubao-reply" = {provider = "doubao", name = "ep-2024-x"}
"local-*" = "vllm"
"*" = "openrouter"

[providers.vllm]
kind = "openai"
base_url = "http://10.0.0.7:8000/v1"
allow_http = true
key_env = "VLLM_KEY"
ca_file = "ca.pem"
headers = {X-Team = "support"}
concurrency = 8
deadline = 30
requests_per_minute = 60
dialect = "qwen"
stream = "always"
api_version = "2024-10-21"
internal = true

[prices."qwen-plus"]
input = 0.8
output = 2
as_of = "2026-11-01"

[judge]
model = "qwen-max"
require_calibration = false

[gate]
margin = 0.1
min_pass_rate = 0.9
on_undecided = "fail"
on_untested = "fail"
max_errors = 3

[budget]
max_calls = 50

[report]
language = "zh"

[[accept]]
case = "late-refund"
what = "removed"
because = "new policy"
until = "2026-12-31"
suite = "support/reply"

[feedback]
anything = {at = ["all", 1]}
"""


def read(text: str | None, pyproject: str | None = None) -> Config:
    return read_config(text, pyproject, presets=PRESETS)


def mistakes(text: str) -> list[tuple[str, str]]:
    with pytest.raises(PromptctlError) as caught:
        read(text)
    errors = getattr(caught.value, "errors", (caught.value,))
    assert all(error.fix for error in errors)
    return [(error.slug, str(error.at).removeprefix("promptctl.toml:")) for error in errors]


def mistake(text: str) -> FileError:
    with pytest.raises(FileError) as caught:
        read(text)
    return caught.value


def test_everything_that_the_file_may_say_is_read():
    assert read(WHOLE) == Config(
        project=ProjectConfig(
            prompts="prompts",
            evals="tests/evals",
            default_branch="trunk",
            model="qwen-plus",
            currency="CNY",
        ),
        models={
            "doubao-reply": ModelTarget(provider="doubao", name="ep-2024-x"),
            "local-*": ModelTarget(provider="vllm"),
            "*": ModelTarget(provider="openrouter"),
        },
        providers={
            "vllm": ProviderConfig(
                kind="openai",
                base_url="http://10.0.0.7:8000/v1",
                allow_http=True,
                key_env="VLLM_KEY",
                ca_file="ca.pem",
                headers={"X-Team": "support"},
                concurrency=8,
                deadline=30,
                requests_per_minute=60,
                dialect="qwen",
                stream="always",
                api_version="2024-10-21",
                internal=True,
            )
        },
        prices={"qwen-plus": Price(input=0.8, output=2, as_of="2026-11-01")},
        judge=JudgeConfig(model="qwen-max", require_calibration=False),
        gate=Gate(margin=0.1, min_pass_rate=0.9, on_undecided="fail", on_untested="fail", max_errors=3),
        budget=BudgetConfig(max_calls=50),
        report=ReportConfig(language="zh"),
        accept=(
            Accept(
                case="late-refund",
                what="removed",
                because="new policy",
                until="2026-12-31",
                suite="support/reply",
            ),
        ),
        feedback={"anything": {"at": ["all", 1]}},
        notes=(
            "[report] language has no effect yet",
            "[judge] has no effect yet",
            "[feedback] has no effect yet",
        ),
    )


@pytest.mark.parametrize("text", [None, "", "# nothing yet\n", "[project]\n[gate]\n"])
def test_an_absent_or_empty_file_means_the_defaults(text: str | None):
    config = read(text)

    assert config == Config()
    assert (config.project.prompts, config.project.evals, config.project.default_branch) == (
        "prompts",
        "evals",
        "main",
    )
    assert (config.project.model, config.project.currency) == ("nearest-example", "USD")
    assert (config.budget.max_calls, config.report.language, config.gate) == (2000, "en", Gate())


def test_the_first_model_pattern_that_matches_wins_over_later_and_built_in_ones():
    config = read(WHOLE.replace('"*" = "openrouter"', '"*" = "openrouter"\n"gpt-x" = "vllm"'))

    routed = route("gpt-x", config.models, config.providers)

    assert routed is not None
    assert routed.provider == "openrouter"


def test_a_provider_of_the_file_is_routed_with_its_settings():
    config = read(WHOLE)

    local, doubao = (route(name, config.models, config.providers) for name in ("local-7b", "doubao-reply"))

    assert local is not None
    assert doubao is not None
    assert (local.base_url, local.key_env, local.concurrency) == ("http://10.0.0.7:8000/v1", "VLLM_KEY", 8)
    assert (doubao.served_name, doubao.key_env) == ("ep-2024-x", "ARK_API_KEY")


# pyproject.toml

PYPROJECT = """
[project]
name = "shop"
[tool.other]
day = 2026-11-01
[tool.promptctl.project]
model = "qwen-plus"
[tool.promptctl]
unknown = 1
"""


def test_pyproject_is_read_where_there_is_no_promptctl_toml():
    assert read(None, PYPROJECT.replace("unknown = 1", "")).project.model == "qwen-plus"


def test_a_mistake_in_pyproject_has_its_place_there():
    with pytest.raises(FileError) as caught:
        read_config(None, PYPROJECT, presets={}, folder="shop/")

    assert (caught.value.slug, str(caught.value.at)) == ("unknown-key", "shop/pyproject.toml:9:1")


def test_promptctl_toml_wins_over_pyproject_and_says_so():
    config = read("", PYPROJECT)

    assert config.project.model == "nearest-example"
    assert config.notes == ("promptctl.toml is used; [tool.promptctl] in pyproject.toml is not read",)


@pytest.mark.parametrize(
    "text", ["[project]\nname = 'x'\n", "[tool.promptctl-other]\nx = 1\n", "not toml at all"]
)
def test_a_pyproject_that_says_nothing_of_promptctl_is_left_alone(text: str):
    assert read(None, text) == Config()
    assert read("", text).notes == ()


@pytest.mark.parametrize(
    "text",
    [
        "[tool]\npromptctl = {gate = {margin = 0.2}}\n",
        "tool.promptctl.gate.margin = 0.2\n",
        '["tool"."promptctl".gate]\nmargin = 0.2\n',
    ],
)
def test_pyproject_is_read_however_its_table_is_written(text: str):
    assert read(None, text).gate.margin == 0.2


def test_a_table_that_stands_in_a_text_of_pyproject_is_none():
    assert read(None, 'a = """\n[tool.promptctl]\nx = 1\n"""\n') == Config()


def test_a_broken_pyproject_that_names_promptctl_is_told():
    with pytest.raises(FileError) as caught:
        read(None, "[tool.promptctl]\ngate = \n")

    assert caught.value.slug == "bad-toml"


# Mistakes

MISTAKES = {
    "unknown table": ("[projct]\n", "unknown-key", "1:1"),
    "unknown key": ('[project]\nprompt = "x"\n', "unknown-key", "2:1"),
    "unknown key of a provider": (
        '[providers.vllm]\nbase_url = "https://x/v1"\nbaseurl = ""',
        "unknown-key",
        "3:1",
    ),
    "unknown key of a route": ('[models]\n"x" = {provider = "vllm", nam = "y"}', "unknown-key", "2:27"),
    "unknown key of a price": ("[prices.x]\ninput = 1\noutput = 1\nper = 1", "unknown-key", "4:1"),
    "unknown key of an acceptance": (
        '[[accept]]\ncase = "x"\nwhat = "broken"\nbecause = "y"\nuntill = ""',
        "unknown-key",
        "5:1",
    ),
    "wrong type": ("[project]\nmodel = 3\n", "wrong-type", "2:1"),
    "text for a number": ('[gate]\nmargin = "0.1"\n', "wrong-type", "2:1"),
    "a table that is none": ("gate = 1\n", "wrong-type", "1:1"),
    "a list for a table": ("[[gate]]\n", "wrong-type", "1:1"),
    "a table for a list": ("[accept]\n", "wrong-type", "1:1"),
    "a provider that is no table": ("[providers]\nvllm = 1\n", "wrong-type", "2:1"),
    "out of range": ("[gate]\nmargin = 1.5\n", "out-of-range", "2:1"),
    "negative": ("[budget]\nmax_calls = -1\n", "out-of-range", "2:1"),
    "no calls at a time": ("[providers.vllm]\nconcurrency = 0\n", "out-of-range", "2:1"),
    "negative price": ("[prices.x]\ninput = -1\noutput = 1", "out-of-range", "2:1"),
    "half a price": ("[prices.x]\ninput = 1\n", "missing-field", "1:1"),
    "wrong choice": ('[gate]\non_undecided = "warn"\n', "wrong-value", "2:1"),
    "wrong language": ('[report]\nlanguage = "fr"\n', "wrong-value", "2:1"),
    "no date": ('[prices.x]\ninput = 1\noutput = 1\nas_of = "soon"', "bad-date", "4:1"),
    "unquoted date": ("[prices.x]\ninput = 1\noutput = 1\nas_of = 2026-11-01", "toml-date", "4:1"),
    "path upwards": ('[project]\nprompts = "../x"\n', "bad-path", "2:1"),
    "absolute path": ('[project]\nevals = "/x"\n', "bad-path", "2:1"),
    "path of nothing": ('[project]\nevals = ""\n', "bad-path", "2:1"),
    "unknown provider": ('[models]\n"x-*" = "vlm"\n', "unknown-provider", "2:1"),
    "unknown provider in a table": ('[models]\n"x-*" = {provider = "vlm"}\n', "unknown-provider", "2:1"),
    "route to nowhere": ('[models]\nx = {name = "y"}\n', "missing-field", "2:1"),
    "provider without an address": ("[providers.mine]\n", "missing-field", "1:1"),
    "private cases nowhere": ('[project]\ncases_root = " "\n', "bad-path", "2:1"),
    "private cases at an impossible path": ('[project]\ncases_root = "a\\u0000b"\n', "bad-path", "2:1"),
    "a model at azure without its address": ('[models]\nx = "azure"\n', "missing-field", "2:1"),
    "azure without its address": ("[providers.azure]\nconcurrency = 2\n", "missing-field", "1:1"),
    "a dialect of nobody": ('[providers.vllm]\ndialect = "quen"\n', "wrong-value", "2:1"),
    "the dialect of no server": ('[providers.vllm]\ndialect = "embedded"\n', "wrong-value", "2:1"),
    "streaming sometimes": ('[providers.vllm]\nstream = "sometimes"\n', "wrong-value", "2:1"),
    "internal in words": ('[providers.vllm]\ninternal = "yes"\n', "wrong-type", "2:1"),
    "no address": ('[providers.vllm]\nbase_url = "10.0.0.7:8000"\n', "bad-address", "2:1"),
    "another scheme": ('[providers.vllm]\nbase_url = "ftp://x"\n', "bad-address", "2:1"),
    "address with a broken port": ('[providers.vllm]\nbase_url = "https://x:y"\n', "bad-address", "2:1"),
    "address with a broken bracket": ('[providers.vllm]\nbase_url = "https://[x"\n', "bad-address", "2:1"),
    "address without a host": ('[providers.vllm]\nbase_url = "https:///v1"\n', "bad-address", "2:1"),
    "address with a line break": ('[providers.vllm]\nbase_url = "https://x\\n"\n', "bad-address", "2:1"),
    "plain http": ('[providers.vllm]\nbase_url = "http://10.0.0.7/v1"\n', "plain-http", "2:1"),
    "plain http to a name like loopback": (
        '[providers.vllm]\nbase_url = "http://127.0.0.1.x.com"\n',
        "plain-http",
        "2:1",
    ),
    "a query": ('[providers.vllm]\nbase_url = "https://x/v1?a=b"\n', "bad-address", "2:1"),
    "an address for embedded models": (
        '[providers.embedded]\nconcurrency = 3\nbase_url = "https://x/v1"\n',
        "unused-setting",
        "2:1",
    ),
    "a key for embedded models": (
        '[providers.own]\nkind = "embedded"\nkey_env = "OWN_KEY"\n',
        "unused-setting",
        "3:1",
    ),
    "an address for a script": (
        '[providers.own]\nkind = "scripted"\nscript = "a.json"\nheaders = {a = "b"}\n',
        "unused-setting",
        "4:1",
    ),
    "a script for a server": ('[providers.vllm]\nscript = "a.json"\n', "unused-setting", "2:1"),
    "header with a line break": ('[providers.vllm]\nheaders = {a = "b\\r\\nc"}\n', "bad-header", "2:12"),
    "header of a key": ('[providers.vllm]\nheaders = {Authorization = "x"}\n', "key-in-file", "2:12"),
}


@pytest.mark.parametrize(("text", "slug", "at"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_at_its_place(text: str, slug: str, at: str):
    assert mistakes(text) == [(slug, at)]


def test_all_mistakes_of_a_file_are_told_in_its_order():
    text = '[gate]\nmargn = 1\nmargin = 2\n[project]\nmodel = 1\n[models]\nx = "nowhere"\n'

    assert mistakes(text) == [
        ("unknown-key", "2:1"),
        ("out-of-range", "3:1"),
        ("wrong-type", "5:1"),
        ("unknown-provider", "7:1"),
    ]


def test_an_unknown_provider_names_the_nearest_and_the_way_to_add_one():
    fix = mistake('[models]\n"x-*" = "opnai"\n').fix or ""

    assert fix.startswith('did you mean "openai"? add [providers.opnai], or name one of: anthropic,')


def test_settings_that_a_kind_does_not_read_are_named():
    text = '[providers.own]\nkind = "embedded"\nbase_url = "https://x/v1"\nkey_env = "OWN_KEY"\n'

    assert mistake(text).message == ('a provider of the kind "embedded" does not read base_url and key_env')


def test_a_provider_of_a_plugin_may_have_every_setting_of_a_server():
    assert read('[providers.own]\nkind = "theirs"\nkey_env = "OWN_KEY"\n').providers["own"].kind == "theirs"


def test_an_unknown_key_names_the_nearest():
    assert (mistake("[gate]\nmargn = 1\n").fix or "").startswith('did you mean "margin"?')


@pytest.mark.parametrize(
    "text",
    [
        'key_env = "sk-live-12345678"',
        'base_url = "https://user:sk-live-12345678@x/v1"',
        'headers = {api-key = "sk-live-12345678"}',
    ],
)
def test_a_key_in_the_file_is_refused_and_never_repeated(text: str):
    error = mistake(f"[providers.vllm]\n{text}\n")

    assert error.slug == "key-in-file"
    assert "12345678" not in f"{error} {error.fix}"


@pytest.mark.parametrize(
    "host", ["localhost:11434", "127.0.0.1", "127.9.9.9:80", "[::1]:8000", "api.localhost", "LOCALHOST"]
)
def test_plain_http_is_fine_within_this_machine(host: str):
    assert read(f'[providers.vllm]\nbase_url = "http://{host}/v1"\n').providers["vllm"].base_url


def test_plain_http_says_how_it_is_allowed():
    assert "allow_http = true" in (mistake('[providers.vllm]\nbase_url = "http://10.0.0.7/v1"\n').fix or "")


# Root


def test_the_root_is_the_nearest_folder_upward_that_is_a_project(tmp_path: Path):
    inner = tmp_path / "outer" / "inner" / "evals" / "support"
    inner.mkdir(parents=True)
    (tmp_path / "promptctl.toml").touch()
    (tmp_path / "outer" / "prompts").mkdir()

    assert find_root(inner) == tmp_path / "outer"
    (tmp_path / "outer" / "inner" / "promptctl.toml").touch()
    assert find_root(inner) == tmp_path / "outer" / "inner"


def test_a_pyproject_makes_a_root_only_if_it_configures_promptctl(tmp_path: Path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text("[tool.promptctl.gate]\nmargin = 0.1\n")
    (tmp_path / "a" / "pyproject.toml").write_text("[project]\nname = 'a'\n")
    (tmp_path / "a" / "b" / "pyproject.toml").write_bytes(b"\xff\xfe")

    assert find_root(tmp_path / "a" / "b") == tmp_path


def test_there_may_be_no_root(tmp_path: Path):
    assert find_root(tmp_path) is None


# Anything at all

TABLES = [
    "project",
    "models",
    "providers",
    "prices",
    "judge",
    "gate",
    "budget",
    "report",
    "accept",
    "feedback",
]
NAMES = [*TABLES, "model", "base_url", "margin", "case", "what", "until", "headers", "kind", "input", "x"]
VALUES: Any = st.sampled_from(
    ["1", "-1.5", "true", '""', '"x"', '"http://x"', "[]", "[1]", "{}", "1e400", "1979-05-27"]
)


ENTRIES = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4)
ANY_TABLES = st.dictionaries(
    st.tuples(st.sampled_from(TABLES), st.sampled_from(["", ".vllm", ".x"])), ENTRIES, max_size=4
)


@given(ANY_TABLES, st.booleans())
def test_any_configuration_is_read_or_refused_with_its_places(
    tables: dict[tuple[str, str], dict[str, str]], are_lists: bool
):
    text = ""
    for (table, inner), entries in tables.items():
        text += f"[[{table}{inner}]]\n" if are_lists else f"[{table}{inner}]\n"
        text += "".join(f"{name} = {value}\n" for name, value in entries.items())

    try:
        assert isinstance(read(text), Config)
    except PromptctlError as error:
        for one in getattr(error, "errors", (error,)):
            assert isinstance(one, FileError)
            assert isinstance(one.at, Place)
            assert one.fix
