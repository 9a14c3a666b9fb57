"""The published schemas: made from the code, and of one mind with the readers about what a file may say."""

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.api.project import Project
from promptctl.core.routes import PRESETS
from promptctl.engine.arguments import fields_of
from promptctl.engine.check import build
from promptctl.engine.grader import Grader
from promptctl.errors import PromptctlError
from promptctl.registry import find, names
from promptctl.reporters import json as json_reporter
from promptctl.store.cases import read_case
from promptctl.store.config import read_config
from promptctl.store.documents import Document, Fields, read_yaml
from promptctl.store.headers import read_header
from promptctl.store.suites import Suites
from promptctl.store.trees import Picture
from promptctl.templating.header import split_header
from tests.generate_schemas import MADE, published, text_of
from tests.test_docs import PLAYED, ROOT, Command, steps


@cache
def validator(kind: str) -> Any:
    schema = MADE[kind]()
    return jsonschema.validators.validator_for(schema)(schema)


def fits(kind: str, value: Any) -> bool:
    return bool(validator(kind).is_valid(value))


@pytest.mark.parametrize("kind", MADE)
def test_a_published_schema_is_the_one_that_the_code_makes(kind: str):
    assert published(kind).read_text(encoding="utf-8") == text_of(kind), (
        "run `python -m tests.generate_schemas`"
    )


@pytest.mark.parametrize("kind", MADE)
def test_a_schema_is_one(kind: str):
    schema = MADE[kind]()

    jsonschema.validators.validator_for(schema).check_schema(schema)


def test_a_real_result_follows_its_schema(tmp_path: Path):
    (tmp_path / "prompts").mkdir()
    (tmp_path / "evals").mkdir()
    (tmp_path / "prompts" / "t.prompt.j2").write_text("One of: yes, no.\nInput: {{ q }}\nLabel:")
    (tmp_path / "evals" / "t.yaml").write_text("- {input: yes please, expected: 'yes'}\n")

    result = Project(tmp_path).test()

    validator("result").validate(json.loads(json_reporter.render(result)))


# what people write


def kind_of(path: str) -> str | None:
    """Which schema a file of a project is for."""
    if path == "promptctl.toml":
        return "config"
    if path.endswith(".prompt.j2"):
        return "header"
    if path.startswith("evals/") and path.endswith(".yaml"):
        return "case" if "/cases/" in path else "suite"
    return None


def value_of(kind: str, text: str, path: str) -> Any:
    if kind == "config":
        return tomllib.loads(text)
    if kind == "header":
        text = split_header(text, path).header or ""
    return read_yaml(text, path).value


def written() -> Iterator[tuple[str, str, str]]:
    """Every file that the repository shows people: (where it is shown, its path, its text)."""
    starter = ROOT / "src" / "promptctl" / "api" / "starter"
    for root in (ROOT, starter):
        for path in (
            sorted(root.glob("*.toml"))
            + sorted((root / "prompts").rglob("*"))
            + sorted((root / "evals").rglob("*"))
        ):
            if path.is_file():
                name = path.relative_to(root).as_posix()
                yield str(path.relative_to(ROOT)), name, path.read_text(encoding="utf-8")
    for page in PLAYED:
        text = page.read_text(encoding="utf-8")
        step: Any
        for step, following in zip(steps(text), [*list(steps(text))[1:], None], strict=True):
            wrong = isinstance(following, Command) and following.code == 2
            if not isinstance(step, Command) and not wrong:
                yield page.name, step[0], step[1]


WRITTEN = [(where, path, text) for where, path, text in written() if kind_of(path)]


@pytest.mark.parametrize(("where", "path", "text"), WRITTEN, ids=lambda value: str(value)[:40])
def test_every_file_that_the_repository_shows_fits(where: str, path: str, text: str):
    kind = kind_of(path)
    assert kind is not None

    validator(kind).validate(value_of(kind, text, path))


def test_every_kind_of_file_is_shown_somewhere():
    assert {kind_of(path) for _, path, _ in WRITTEN} == {"suite", "case", "header", "config"}


# what the readers refuse


def refusals(kind: str, text: str) -> list[PromptctlError]:
    """What the reader of a kind of file says against it."""
    try:
        if kind == "config":
            read_config(text, presets=PRESETS)
        elif kind == "header":
            read_header(text, "x")
        else:
            files = {"suite": {"evals/s.yaml": text}, "case": {"evals/s/cases/c.yaml": text}}[kind]
            tree = Picture("x", {path: text.encode() for path, text in files.items()}, {}, {})
            Grader(Suites(tree).suite("s"))
    except PromptctlError as error:
        return list(error.each())
    return []


CASE = "input: a\nexpected: b\n"
BAD = [
    ("suite", "chekcs: []", "unknown-key"),
    ("suite", "promptctl: 2", "newer-format"),
    ("suite", "samples: many", "wrong-type"),
    ("suite", "samples: 0", "out-of-range"),
    ("suite", "finished: maybe", "wrong-type"),
    ("suite", "prompt: [a]", "wrong-type"),
    ("suite", "gate: {margn: 0.1}", "unknown-key"),
    ("suite", "gate: {margin: 3}", "out-of-range"),
    ("suite", "gate: {on_undecided: maybe}", "wrong-value"),
    ("suite", "gate: {on_untested: warn}", "wrong-place"),
    ("suite", "accept: [{case: a}]", "missing-field"),
    ("suite", "accept: [{case: a, what: gone, because: b}]", "wrong-value"),
    ("suite", "checks: {contains: a}", "wrong-type"),
    ("suite", "checks: [contain: a]\ncases: [{input: a, expected: b}]", "unknown-check"),
    ("suite", "- {input: a, expected: b, checks: [contain: a]}", "unknown-check"),
    ("suite", "cases: [{input: a, expected: b, chekcs: []}]", "unknown-key"),
    ("case", CASE + "cheks: []", "unknown-key"),
    ("case", CASE + "status: activ", "wrong-value"),
    ("case", CASE + "severity: high", "wrong-value"),
    ("case", CASE + "tags: refund", "wrong-type"),
    ("case", CASE + "tags: [1]", "wrong-type"),
    ("case", CASE + "vars: [a]", "wrong-type"),
    ("case", CASE + "watch: maybe", "wrong-type"),
    ("case", CASE + "contexts: [{id: a}]", "wrong-type"),
    ("case", CASE + "rejected: {reason: b}", "wrong-type"),
    ("case", CASE + "rejected: {text: a, why: b}", "unknown-key"),
    ("case", "input: a\nexpected: [a]", "wrong-type"),
    ("case", "input: a\nexpected: {txt: a}", "unknown-key"),
    ("case", CASE + "quarantine: {until: '2026-12-01'}", "missing-field"),
    ("case", CASE + "quarantine: {reason: a, until: soon}", "bad-date"),
    ("case", "expected: a\nmessages: []", "wrong-value"),
    ("case", "expected: a\nmessages: [{role: boss, content: a}]", "wrong-value"),
    ("case", "expected: a\nmessages: [{role: user, content: a, name: b}]", "unknown-key"),
    ("case", "expected: a\nturns: []", "wrong-value"),
    ("case", "expected: a\nturns: [{says: a}]", "unknown-key"),
    ("case", "expected: a\nturns: [{say: a, checks: [contain: a]}]", "unknown-check"),
    ("case", "expected: a\nturns: [a]\nchecks_all: [contain: a]", "unknown-check"),
    *[
        ("case", CASE + f"checks: [{check}]", slug)
        for check, slug in (
            ("contains", "bad-check-arguments"),
            ("contains: {valeu: a}", "bad-check-arguments"),
            ("contains: [a]", "bad-check-arguments"),
            ("contains: {value: a, ignore_case: maybe}", "bad-check-arguments"),
            ("contains_any: a", "bad-check-arguments"),
            ("word_count: ten", "bad-check-arguments"),
            ("word_count: {min: 1.5}", "bad-check-arguments"),
            ("is_json: 3", "bad-check-arguments"),
            ("matches_expected: numbr", "bad-check-arguments"),
            ("finish_reason: stopped", "bad-check-arguments"),
            ("latency: quick", "bad-check-arguments"),
            ("is_csv: {delimeter: ','}", "bad-check-arguments"),
            ("python: {functon: 'a:b'}", "bad-check-arguments"),
            ("command: grep", "bad-check-arguments"),
            ("contains: {value: a, required: maybe}", "bad-check-arguments"),
            ("contains: {value: a, extract: {regx: a}}", "unknown-key"),
            ("contains: {value: a, extract: {line: second}}", "bad-check-arguments"),
            ("not: {contain: a}", "unknown-check"),
            ("not: [{contains: a}]", "bad-check"),
            ("any: []", "bad-check"),
            ("all: {contains: a}", "bad-check"),
            ("{contains: a, is_json: null}", "bad-check"),
            ("{name: a}", "bad-check"),
            ("[contains]", "bad-check"),
            ("3", "bad-check"),
        )
    ],
    ("header", "modle: x", "unknown-key"),
    ("header", "promptctl: 2", "newer-format"),
    ("header", "model: [x]", "wrong-type"),
    ("header", "params: {stream: true}", "reserved-param"),
    ("header", "params: {max_output_tokens: many}", "wrong-value"),
    ("header", "inputs: {a: text}", "wrong-value"),
    ("header", "inputs: {a: {typ: string}}", "unknown-key"),
    ("header", "inputs: {a: {enum: x}}", "wrong-type"),
    ("header", "inputs: {1a: string}", "bad-input-name"),
    ("header", "inputs: {a: {type: messages, roles: [boss]}}", "unknown-role"),
    ("header", "output: {}", "bad-output"),
    ("header", "output: {schema: {type: object}}", "wrong-type"),
    ("header", "output: {format: xml}", "wrong-value"),
    ("header", "tools: tools/a.json", "wrong-type"),
    ("header", "jinja: {trim_block: false}", "unknown-key"),
    ("header", "allow_empty: maybe", "wrong-type"),
    ("config", "[projct]", "unknown-key"),
    ("config", "[project]\nmodle = 'a'", "unknown-key"),
    ("config", "[project]\nmodel = 3", "wrong-type"),
    ("config", "[models]\na = {nam = 'b'}", "unknown-key"),
    ("config", "[providers.a]\nbase_url = 'https://a'\nconcurrency = 0", "out-of-range"),
    ("config", "[providers.a]\nbase_url = 'https://a'\nkey = 'b'", "unknown-key"),
    ("config", "[prices.a]\ninput = 1", "missing-field"),
    ("config", "[prices.a]\ninput = -1\noutput = 2", "out-of-range"),
    ("config", "[gate]\nmax_errors = 'none'", "wrong-type"),
    ("config", "[budget]\nmax_calls = 1.5", "wrong-type"),
    ("config", "[report]\nlanguage = 'de'", "wrong-value"),
    ("config", "[[accept]]\ncase = 'a'", "missing-field"),
]


@pytest.mark.parametrize(("kind", "text", "slug"), BAD, ids=lambda value: str(value)[-50:])
def test_a_slip_that_the_reader_refuses_is_marked_by_the_schema(kind: str, text: str, slug: str):
    assert slug in {error.slug for error in refusals(kind, text)}
    assert not fits(kind, tomllib.loads(text) if kind == "config" else read_yaml(text, "x").value)


PLACES: list[tuple[str, str, Callable[[Any], Any]]] = [
    ("suite", "zzz: 1", lambda made: made["anyOf"][0]),
    ("suite", "gate: {zzz: 1}", lambda made: made["anyOf"][0]["properties"]["gate"]["anyOf"][0]),
    ("suite", "accept: [{zzz: 1}]", lambda made: made["anyOf"][0]["properties"]["accept"]["items"]),
    ("suite", "- {zzz: 1}", lambda made: made["definitions"]["case"]),
    ("case", "zzz: 1", lambda made: made),
    ("case", "quarantine: {zzz: 1}", lambda made: made["properties"]["quarantine"]["anyOf"][0]),
    ("case", "rejected: {zzz: 1}", lambda made: made["properties"]["rejected"]["anyOf"][1]),
    ("case", "turns: [{zzz: 1}]", lambda made: made["properties"]["turns"]["items"]["anyOf"][1]),
    ("case", "messages: [{zzz: 1, tool_calls: []}]", lambda made: made["properties"]["messages"]["items"]),
    ("header", "zzz: 1", lambda made: made["anyOf"][0]),
    ("header", "output: {zzz: 1}", lambda made: made["anyOf"][0]["properties"]["output"]),
    (
        "header",
        "inputs: {a: {zzz: 1}}",
        lambda made: made["anyOf"][0]["properties"]["inputs"]["anyOf"][0]["additionalProperties"]["anyOf"][1],
    ),
    ("header", "jinja: {zzz: true}", lambda made: made["anyOf"][0]["properties"]["jinja"]["anyOf"][0]),
    ("config", "zzz = 1", lambda made: made),
    *[
        ("config", f"[{name}]\nzzz = 1", lambda made, name=name: made["properties"][name])
        for name in ("project", "judge", "gate", "budget", "report")
    ],
    (
        "config",
        "[providers.a]\nzzz = 1",
        lambda made: made["properties"]["providers"]["additionalProperties"],
    ),
    ("config", "[prices.a]\nzzz = 1", lambda made: made["properties"]["prices"]["additionalProperties"]),
]


@pytest.mark.parametrize(
    ("kind", "text", "find_part"), PLACES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_reader_and_schema_know_the_same_keys_and_each_is_described(
    kind: str, text: str, find_part: Callable[[Any], Any]
):
    [error] = [one for one in refusals(kind, text) if one.slug == "unknown-key" and '"zzz"' in one.message]
    properties = find_part(MADE[kind]())["properties"]

    known = re.search("known here: ([^;]*)", error.fix or "")
    assert known is not None
    # A suite's gate knows on_untested only to say where it belongs.
    for name in {*known[1].split(", "), *properties} - {"on_untested"}:
        said = {one.slug for one in refusals(kind, text.replace("zzz", name)) if f'"{name}"' in one.message}
        assert (name in properties) == ("unknown-key" not in said), (name, said)
    assert [name for name, about in properties.items() if "description" not in about] == []


def test_an_editor_is_offered_every_check_with_its_page_and_its_arguments():
    mapping = MADE["suite"]()["definitions"]["check"]["anyOf"][1]["properties"]

    assert {*names("checks"), "not", "any", "all"} <= set(mapping)
    for name in names("checks"):
        kind = find("checks", name)
        assert mapping[name]["description"].startswith(kind.__doc__.split("\n")[0])
        offered = mapping[name]["anyOf"][-1]["properties"]
        assert {field.encode_name for field in fields_of(kind)} <= set(offered)


# what the readers take

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 9)
    | st.sampled_from([0.5, "a", "any", "0.10", "a:b", "/a", "退款"])
)
WORDS = st.lists(st.sampled_from(["a", "json", "stop", 3, "退款"]), max_size=2)
ANYTHING = SCALARS | WORDS | st.dictionaries(st.sampled_from(["a", "type", "at"]), SCALARS, max_size=2)
NAMES = [name for name in names("checks") if name not in ("python", "command")]


@st.composite
def checks(draw: Any) -> Any:
    """A check as somebody may write it, seldom a good one."""
    name = draw(st.sampled_from(NAMES))
    if draw(st.booleans()):
        value = draw(ANYTHING)
    else:
        keys = [field.encode_name for field in fields_of(find("checks", name))] + [
            "name",
            "required",
            "extract",
        ]
        value = draw(st.dictionaries(st.sampled_from(keys), ANYTHING, max_size=3))
    check = {name: value}
    group = draw(st.sampled_from(["", "", "", "not", "any", "all"]))
    return {group: check if group == "not" else [check]} if group else check


@given(checks())
def test_a_check_that_can_be_built_fits(check: Any):
    try:
        fields = Fields(Document({"input": "a", "checks": [check]}, "c.yaml"))
        case = read_case(fields, ())
        fields.finish()
        for spec in case.checks:
            build(spec)
    except PromptctlError:
        return

    validator("case").validate({"input": "a", "checks": [check]})


VALUES: dict[str, Any] = {
    "id": st.sampled_from(["a", "退款-1", None]),
    "status": st.sampled_from(["active", "draft", "quarantined", "gone"]),
    "severity": st.sampled_from(["normal", "blocker", "high"]),
    "tags": WORDS,
    "group": SCALARS,
    "why": SCALARS,
    "vars": ANYTHING,
    "input": ANYTHING,
    "messages": st.lists(
        st.fixed_dictionaries(
            {"role": st.sampled_from(["user", "tool", "x"])}, optional={"content": ANYTHING}
        ),
        max_size=2,
    ),
    "turns": st.lists(SCALARS | st.fixed_dictionaries({"say": SCALARS}), max_size=2),
    "contexts": st.lists(st.fixed_dictionaries({"id": SCALARS}, optional={"text": SCALARS}), max_size=2),
    "relevant": WORDS,
    "expected": SCALARS | st.dictionaries(st.sampled_from(["text", "json", "label"]), SCALARS, max_size=2),
    "rejected": SCALARS | st.dictionaries(st.sampled_from(["text", "reason"]), SCALARS, max_size=2),
    "watch": SCALARS,
    "source": ANYTHING,
    "redacted": WORDS,
    "quarantine": st.fixed_dictionaries(
        {"reason": SCALARS, "until": st.sampled_from(["2026-12-01", "soon"])}
    ),
}


@given(st.fixed_dictionaries({}, optional=VALUES))
def test_a_case_that_can_be_read_fits(value: dict[str, Any]):
    try:
        fields = Fields(Document(value, "c.yaml"))
        read_case(fields, ())
        fields.finish()
    except PromptctlError:
        return

    validator("case").validate(value)


GATES = st.dictionaries(
    st.sampled_from(["margin", "min_pass_rate", "on_undecided", "max_errors", "zzz"]),
    st.sampled_from([0, 1, 0.05, 2, "pass", "fail", True, None]),
    max_size=3,
)
SETTINGS: dict[str, Any] = {
    "promptctl": SCALARS,
    "prompt": SCALARS,
    "samples": SCALARS,
    "finished": SCALARS,
    "gate": GATES | st.none(),
    "judge": ANYTHING,
    "renamed_from": SCALARS,
    "accept": st.lists(
        st.fixed_dictionaries(
            {"case": SCALARS, "what": st.sampled_from(["broken", "x"]), "because": SCALARS},
            optional={"until": st.sampled_from(["2026-12-31", "soon", None])},
        ),
        max_size=1,
    ),
}


@given(st.fixed_dictionaries({}, optional=SETTINGS))
def test_settings_that_can_be_read_fit(value: dict[str, Any]):
    if not refusals("suite", json.dumps(value)):
        validator("suite").validate(value)


HEADERS: dict[str, Any] = {
    "promptctl": SCALARS,
    "description": SCALARS,
    "model": SCALARS,
    "params": st.dictionaries(
        st.sampled_from(["temperature", "stream", "max_output_tokens"]), SCALARS, max_size=2
    ),
    "inputs": st.dictionaries(
        st.sampled_from(["a", "退款", "1a", "a b"]),
        st.sampled_from(["string", "messages", "text"])
        | st.fixed_dictionaries(
            {},
            optional={"type": st.sampled_from(["string", "list", "x"]), "optional": SCALARS, "enum": WORDS},
        ),
        max_size=2,
    ),
    "output": st.dictionaries(
        st.sampled_from(["format", "schema", "name", "strict"]),
        st.sampled_from(["json_object", "a.json", True, None]),
    ),
    "tools": WORDS | SCALARS,
    "jinja": st.dictionaries(st.sampled_from(["trim_blocks", "x"]), SCALARS, max_size=1) | st.none(),
    "allow_empty": SCALARS,
    "meta": ANYTHING,
    "x-own": ANYTHING,
}


@given(st.fixed_dictionaries({}, optional=HEADERS))
def test_a_header_that_can_be_read_fits(value: dict[str, Any]):
    if not refusals("header", json.dumps(value)):
        validator("header").validate(value)
