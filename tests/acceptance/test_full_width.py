"""Full-width signs where YAML, TOML, Jinja or the command line needs the half-width form; and never in prose."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from promptctl.engine.lint.walk import lint
from tests.cli.run import promptctl
from tests.repository import Repo

PROMPT, SUITE, CASE = "prompts/sort.prompt.j2", "evals/sort.yaml", "evals/sort/cases/a.yaml"
SOUND = {
    "promptctl.toml": '[project]\nmodel = "nearest-example"\n',
    PROMPT: "工单：{{ ticket }}\n",
    SUITE: "- {id: a, input: 我的钱什么时候退？, expected: 退款}\n",
}
HEADER = "---\nmodel: nearest-example\ninputs: {ticket: string}\n---\n"


def found(folder: Path, files: Mapping[str, str | None]) -> list[tuple[str, str, str, str]]:
    """(level, slug, place, fix) of every finding of lint on a sound project with these files instead."""
    for name, text in {**SOUND, **files}.items():
        if text is not None:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
    return [(one.level, one.slug, one.at, one.fix or "") for one in lint(folder).findings]


def suite(item: str) -> dict[str, str | None]:
    return {SUITE: item}


CONFIRMED: dict[str, tuple[dict[str, str | None], str, str]] = {
    # YAML that cannot be read
    "colon behind a key": (suite("- input：退款\n  expected: x\n"), f"{SUITE}:1:8", ": instead of ："),
    "colon behind the second key": (
        suite("- input: 退\n  expected： x\n  id: a\n"),
        f"{SUITE}:2:11",
        ": instead of ：",
    ),
    "comma between entries": (
        suite("- {input: 我，你好，expected: x}\n"),
        f"{SUITE}:1:15",
        ", instead of ，",
    ),
    "comma between quoted items": (
        suite('- {input: x, checks: [{contains_any: ["甲"，"乙"]}]}\n'),
        f"{SUITE}:1:42",
        ", instead of ，",
    ),
    "closing brace": (suite("- {input: 退, expected: x｝\n"), f"{SUITE}:1:25", "} instead of ｝"),
    "closing bracket": (
        suite("- input: x\n  tags: [a］\n  expected: y\n"),
        f"{SUITE}:2:11",
        "] instead of ］",
    ),
    "quote around a colon": (suite("- input: “a: b”\n  expected: x\n"), f"{SUITE}:1:10", '" instead of “'),
    "comment": (suite("＃ 客服\n- {input: x, expected: y}\n"), f"{SUITE}:1:1", "# instead of ＃"),
    "space as indentation": (suite("- id: a\n　input: x\n  expected: y\n"), f"{SUITE}:2:1", "a plain space"),
    "space behind a colon": (suite("- input:　退款\n  expected: y\n"), f"{SUITE}:1:9", "a plain space"),
    "dash of an item": (
        suite("- {input: x, expected: y}\n— {input: z, expected: y}\n"),
        f"{SUITE}:2:1",
        "- instead of —",
    ),
    "colon in a header": (
        {PROMPT: "---\nmodel： a\ninputs: {ticket: string}\n---\n{{ ticket }}"},
        f"{PROMPT}:2:6",
        ":",
    ),
    "opening fence": ({PROMPT: "－－－\nmodel: a\n－－－\n{{ ticket }}"}, f"{PROMPT}:1:1", "---"),
    "opening fence of em dashes": ({PROMPT: "———\nmodel: a\n---\n{{ ticket }}"}, f"{PROMPT}:1:1", "---"),
    "closing fence": ({PROMPT: "---\nmodel: a\n———\n{{ ticket }}\n---\n"}, f"{PROMPT}:3:1", "---"),
    # TOML
    "equals sign": ({"promptctl.toml": '[project]\nmodel ＝ "a"\n'}, "promptctl.toml:2:7", "= instead of ＝"),
    "colon for an equals sign": (
        {"promptctl.toml": '[project]\nmodel： "a"\n'},
        "promptctl.toml:2:6",
        "= instead of ：",
    ),
    "bracket of a table": ({"promptctl.toml": "[project］\n"}, "promptctl.toml:1:9", "] instead of ］"),
    # Jinja that cannot be read
    "quote in a tag": ({PROMPT: "工单“”：{{ ticket | default(“x”) }}"}, f"{PROMPT}:1:26", '" instead of “'),
    "bar in a tag": ({PROMPT: "“甲｜乙”{{ ticket ｜ upper }}"}, f"{PROMPT}:1:16", "| instead of ｜"),
    "closing braces": ({PROMPT: "{{ ticket ｝｝"}, f"{PROMPT}:1:11", "} instead of ｝"),
    "one closing brace": ({PROMPT: f"{HEADER}工单：{{{{ ticket }}｝"}, f"{PROMPT}:5:15", "} instead of ｝"),
    "closing percent": (
        {PROMPT: f"{HEADER}{{% if ticket ％}}x{{% endif %}}"},
        f"{PROMPT}:5:14",
        "% instead of ％",
    ),
    "equals in a tag": ({PROMPT: "{% if ticket ＝＝ 1 %}{% endif %}"}, f"{PROMPT}:1:14", "= instead of ＝"),
    # Text that can only be meant for Jinja
    "placeholder of a declared input": (
        {PROMPT: f"{HEADER}{{{{ ticket }}}}｛｛ ticket ｝｝"},
        f"{PROMPT}:5:13",
        "{{ ticket }}",
    ),
    "placeholder that a case fills": (
        {PROMPT: "{{ 工单 }}｛｛ 语气 ｝｝", SUITE: "- {vars: {工单: x, 语气: y}, expected: z}\n"},
        f"{PROMPT}:1:9",
        "{{ 语气 }}",
    ),
    "half of the brackets": ({PROMPT: "{{ ticket }}{｛ ticket }}"}, f"{PROMPT}:1:13", "{{ ticket }}"),
    "tag": ({PROMPT: "{{ ticket }}\n｛％ if ticket ％｝"}, f"{PROMPT}:2:1", "{% if ticket %}"),
    "end of a role": ({PROMPT: "{{ ticket }}｛% endsystem %｝"}, f"{PROMPT}:1:13", "{% endsystem %}"),
}


@pytest.mark.parametrize(("files", "at", "fix"), CONFIRMED.values(), ids=CONFIRMED)
def test_a_sign_that_changes_what_a_file_says_is_an_error_at_its_place(
    files: dict[str, str | None], at: str, fix: str, tmp_path: Path
):
    errors = [one for one in found(tmp_path, files) if one[1] == "full-width"]

    assert [one[:3] for one in errors[:1]] == [("error", "full-width", at)], errors
    assert fix in errors[0][3]


NAMED: dict[str, tuple[dict[str, str | None], str, str, str]] = {
    "keys of one line": (
        suite("- {input：x, expected：y}\n"),
        "unknown-key",
        f"{SUITE}:1:9",
        ": instead of ：",
    ),
    "a case that became a text": (
        suite("- input： 你好，世界\n"),
        "wrong-type",
        f"{SUITE}:1:8",
        ": instead of ：",
    ),
    "braces of a case": (suite("- ｛input：x｝\n"), "wrong-type", f"{SUITE}:1:3", "{ instead of ｛"),
    "brackets of checks": (
        suite("- {input: x, checks: ［not_empty］}\n"),
        "wrong-type",
        f"{SUITE}:1:22",
        "[ instead of ［",
    ),
    "dashes of checks": (
        suite("- input: x\n  checks:\n    － not_empty\n    － is_json\n"),
        "wrong-type",
        f"{SUITE}:3:5",
        "- instead of －",
    ),
    "colon behind a check": (
        suite("- {input: x, checks: [contains：退款]}\n"),
        "unknown-check",
        f"{SUITE}:1:31",
        ": instead",
    ),
    "quotes of a key": (
        suite("- {“input”: x, expected: y}\n"),
        "unknown-key",
        f"{SUITE}:1:4",
        '" instead of “',
    ),
    "indented key": (
        {SUITE: None, CASE: "id: a\ninput: x\nexpected: y\n　　tags: [a]\n"},
        "unknown-key",
        f"{CASE}:4:1",
        "a plain",
    ),
    "quotes of a word": (
        suite("- {input: x, expected: y, status: “active”}\n"),
        "wrong-value",
        f"{SUITE}:1:35",
        '" instead',
    ),
    "variable": (
        suite("- {vars: {ticket：x}, expected: y}\n"),
        "unused-variable",
        f"{SUITE}:1:17",
        ": instead of ：",
    ),
    "digits": (
        suite("- {input: x, expected: y}\n")
        | {SUITE: None, CASE: "id: a\ninput: x\nexpected: y\n", "evals/sort/suite.yaml": "samples: ３\n"},
        "wrong-type",
        "evals/sort/suite.yaml:1:1",
        "write 3 instead of ３",
    ),
    "letters of a key": (
        suite("- {ｉｎｐｕｔ: x, expected: y}\n"),
        "unknown-key",
        f"{SUITE}:1:4",
        "write input instead",
    ),
    "letters of a variable": (
        {PROMPT: f"{HEADER}{{{{ ticket }}}}{{{{ ｔone }}}}"},
        "undeclared-variable",
        f"{PROMPT}:5:16",
        "write tone instead",
    ),
    "model": (
        {PROMPT: "---\nmodel: “qwen”\n---\n{{ ticket }}"},
        "unknown-model",
        f"{PROMPT}:2:8",
        '" instead of “',
    ),
}


@pytest.mark.parametrize(("files", "slug", "at", "fix"), NAMED.values(), ids=NAMED)
def test_a_name_or_a_list_that_is_not_understood_names_the_sign_and_its_place(
    files: dict[str, str | None], slug: str, at: str, fix: str, tmp_path: Path
):
    told = [one for one in found(tmp_path, files) if one[1] == slug]

    assert told, found(tmp_path, files)
    assert told[0][2] == at
    assert fix in told[0][3]


DOUBTED: dict[str, tuple[dict[str, str | None], str]] = {
    "list of one text": (suite("- {input: x, checks: [{contains_any: [退款，物流]}]}\n"), f"{SUITE}:1:41"),
    "quoted list of one text": (
        suite("- {input: x, checks: [{contains_any: [“甲”，“乙”]}]}\n"),
        f"{SUITE}:1:42",
    ),
    "tags": (suite("- {input: x, expected: y, tags: [退款、投诉]}\n"), f"{SUITE}:1:36"),
    "comment behind a value": (suite("- input: x\n  expected: 退款 ＃ 客服\n"), f"{SUITE}:2:16"),
    "text cut at a comment": (suite("- input: “第 # 1 单”\n  expected: y\n"), f"{SUITE}:1:10"),
    "space at the end": (suite("- input: x\n  expected: 退款　\n"), f"{SUITE}:2:15"),
    "header": (
        {PROMPT: "---\ndescription: 退款 ＃ 客服\ninputs: {ticket: string}\n---\n{{ ticket }}"},
        f"{PROMPT}:2:17",
    ),
    "placeholder of nothing known": ({PROMPT: f"{HEADER}{{{{ ticket }}}}\n｛｛ 退款 ｝｝"}, f"{PROMPT}:6:1"),
}


@pytest.mark.parametrize(("files", "at"), DOUBTED.values(), ids=DOUBTED)
def test_what_may_be_meant_is_a_warning(files: dict[str, str | None], at: str, tmp_path: Path):
    assert [one[:3] for one in found(tmp_path, files)] == [("warning", "full-width", at)]


def test_all_lines_of_a_file_are_told_together(tmp_path: Path):
    text = "- input： 你好，世界\n  expected: b\n- input： 几点：几分？\n  expected： b\n  id: c\n"

    places = [one[2] for one in found(tmp_path, suite(text)) if one[1] == "full-width"]

    assert places == [f"{SUITE}:1:8", f"{SUITE}:3:8", f"{SUITE}:4:11"]


def test_prose_is_not_blamed_for_another_mistake(tmp_path: Path):
    [error] = found(tmp_path, suite("- input: 你好，“世界”：再见: x\n  expected: y\n"))[:1]

    assert (error[1], error[3]) == ("bad-yaml", 'put a text that contains ": " in quotes')


WORDS = st.text("退款物流客服订单多少天啊的了", min_size=1, max_size=6)
MARKS = st.sampled_from(
    [
        "，",
        "：",
        "。",
        "？",
        "“",
        "”",
        "、",
        "（",
        "）",
        "；",
        "！",
        "《",
        "》",
        "—",
        "……",
        "｛",
        "｝",
        "％",
        "＃1",
    ]
)
SENTENCES = st.lists(st.tuples(WORDS, MARKS), min_size=1, max_size=5).map(
    lambda pairs: "".join(word + mark for word, mark in pairs)
)


@settings(max_examples=150)
@given(SENTENCES, SENTENCES)
@example("他说：“退款要几天？”，我答：（七天）。", "｛退款｝＃退款＃：百分之五％")
@example("注意：1，退款；2，物流。", "“退款”怎么办？")
def test_prose_in_values_and_templates_is_never_flagged(one: str, two: str):
    files = {
        PROMPT: f"{HEADER}{one}\n“{two}”：{{{{ ticket }}}}\n{{# ｛｛ ticket ｝｝ #}}",
        SUITE: f"checks:\n  - contains: {one}\n  - contains_any: [{one.replace('，', '')}, '{two}，退款']\n"
        f"cases:\n  - input: {one}{two}\n    expected: {two}\n    why: |\n      　　{one}\n"
        f"  - {{input: {two}, expected: '{one}', tags: ['{two}']}}\n"
        f'  - input: >\n      {two} ＃ {one}\n    expected: "{one}，{two}"\n',
    }

    with tempfile.TemporaryDirectory() as folder:
        told = [finding for finding in found(Path(folder), files) if finding[1] != "wrong-type"]

    assert told == []


def test_lint_shows_the_three_lines(tmp_path: Path):
    repo = Repo(tmp_path / "shop").write({**SOUND, PROMPT: "工单：｛｛ ticket ｝｝{{ ticket }}"})

    done = promptctl("lint", cwd=repo.path)

    assert done.out == (
        'error: "｛｛ ticket ｝｝" is plain text: its brackets are full-width, '
        "Jinja reads half-width ones  [full-width]\n"
        f"  at   {PROMPT}:1:4\n"
        "  fix  write {{ ticket }}\n"
        "1 prompt, 1 suite, 1 case: 1 error\n"
    )
    assert done.code == 2


def test_the_equals_sign_of_a_variable_is_named(tmp_path: Path):
    repo = Repo(tmp_path / "shop").write(SOUND)

    done = promptctl("render", "sort", "--var", "ticket＝我的钱", cwd=repo.path)

    assert (done.code, "  fix  write = instead of ＝: --var 'ticket=我的钱'" in done.err) == (2, True), (
        done.err
    )


def test_a_name_before_a_later_equals_sign_is_no_name(tmp_path: Path):
    repo = Repo(tmp_path / "shop").write(SOUND)

    done = promptctl("render", "sort", "--var", "ticket＝a=b", cwd=repo.path)

    assert "write = instead of ＝" in done.err


@pytest.mark.parametrize("option", ["－－offline", "—offline", "––offline", "−−offline"])
def test_a_dash_that_is_no_hyphen_is_named(option: str, tmp_path: Path):
    repo = Repo(tmp_path / "shop").write(SOUND)

    done = promptctl("test", option, cwd=repo.path)

    assert done.code == 2
    assert "write --offline" in done.err
