"""The prompts of a promptfoo configuration: every form of file, chats, and what is named or refused."""

from pathlib import Path

import pytest

from tests.importers.promptfoo_project import PROVIDER, config
from tests.importers.taking import refused, taken


def test_a_text_file_is_split_at_its_dashes(tmp_path: Path):
    done = config(
        tmp_path, "prompts: [file://p/*.txt]\n" + PROVIDER, p_in_退款__txt="一 {{ a }}\n---\n\n二\n"
    )

    assert done.said("退款-1", a="x") == [("user", "一 x")]
    assert done.said("退款-2") == [("user", "二")]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("p.md", "# Hi\n{{ a }}", [("user", "# Hi\nx")]),
        ("p.j2", "Hi {{ a }}", [("user", "Hi x")]),
        ("p.json", '[{"role": "system", "content": "S"}, {"role": "user", "content": "{{ a }}"}]',
         [("system", "S"), ("user", "x")]),
        ("p.yaml", "- {role: system, content: S}\n- {role: user, content: 'U {{ a }}'}\n",
         [("system", "S"), ("user", "U x")]),
        ("p.jsonl", '[{"role": "user", "content": "{{ a }}"}]\n', [("user", "x")]),
        ("p.csv", "prompt,label\nHi {{ a }},one\n", [("user", "Hi x")]),
    ],
)  # fmt: skip
def test_every_kind_of_prompt_file_is_read(name: str, text: str, said: list[tuple[str, str]], tmp_path: Path):
    done = taken(tmp_path, {"promptfooconfig.yaml": f"prompts: [file://{name}]\n{PROVIDER}", name: text})

    [prompt] = done.prompts.ids
    assert done.said(prompt, a="x") == said


def test_labels_name_the_prompts_and_a_name_that_is_taken_gets_a_number(tmp_path: Path):
    done = config(
        tmp_path,
        "prompts: [{raw: one, label: My Prompt!}, {id: a.txt, label: my prompt}, {raw: three}]\n" + PROVIDER,
        a__txt="two",
    )

    assert sorted(done.prompts.ids) == ["My-Prompt", "my-prompt-2", "three"]
    assert done.header("My-Prompt").description == "My Prompt!"


@pytest.mark.parametrize(
    ("prompt", "named"),
    [
        ("file://p.js", "a prompt made by a program (file://p.js)"),
        ("file://p.py:make", "a prompt made by a program (file://p.py:make)"),
        ("exec:./x.sh", "a prompt made by a program (exec:./x.sh)"),
        ("langfuse://greet:1", "a prompt kept in langfuse (langfuse://greet:1)"),
    ],
)
def test_a_prompt_that_is_no_text_is_left_out_by_name(prompt: str, named: str, tmp_path: Path):
    done = config(tmp_path, f"prompts: [hello, '{prompt}']\n{PROVIDER}", p__js="x", p__py="x")

    assert (done.prompts.ids, done.left_out) == (["hello"], [f"{named} @ 1:18"])


def test_nothing_but_programs_is_refused_by_name(tmp_path: Path):
    assert refused(tmp_path, {"promptfooconfig.yaml": "prompts: [exec:a, python:b]\n" + PROVIDER}) == [
        ("import-unsupported", "promptfooconfig.yaml:1:11"),
        ("import-unsupported", "promptfooconfig.yaml:1:19"),
    ]


HISTORY = """\
[
  {"role": "system", "content": "Be {{ tone }}"},
  {% for turn in history %}
  {"role": "{{ turn.role }}", "content": "{{ turn.content }}"},
  {% endfor %}
  {"role": "user", "content": "{{ question }}"}
]
"""


def test_a_loop_of_messages_inserts_a_history(tmp_path: Path):
    tests = "tests:\n  - vars: {tone: kind, question: Why?, history: [{role: user, content: a}]}\n"
    done = config(tmp_path, f"prompts: [file://chat.json]\n{PROVIDER}{tests}", chat__json=HISTORY)

    assert done.header("chat").inputs["history"].type == "messages"
    turns = [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]
    assert done.said("chat", tone="kind", question="Why?", history=turns) == [
        ("system", "Be kind"),
        ("user", "x"),
        ("assistant", "y"),
        ("user", "Why?"),
    ]


def test_a_value_that_breaks_the_text_of_a_chat_breaks_there_too_and_is_named(tmp_path: Path):
    tests = "tests:\n  - vars: {tone: a, question: 'He said \"no\"', history: []}\n  - vars: {tone: a, history: []}\n"
    done = config(tmp_path, f"prompts: [file://chat.json]\n{PROVIDER}{tests}", chat__json=HISTORY)

    assert len(done.suite("chat").cases) == 1
    what = "a test with a rendered prompt that looks like JSON and is none, where promptfoo stops"
    assert done.left_out == [f"{what} @ 4:5"]


def test_a_chat_that_is_json_as_it_stands_takes_every_value(tmp_path: Path):
    chat = '[{"role": "user", "content": "Say {{ a }}"}]'
    tests = 'tests:\n  - vars: {a: "\\"quoted\\" {braces}\\nand lines"}\n'
    done = config(tmp_path, f"prompts: [file://chat.json]\n{PROVIDER}{tests}", chat__json=chat)

    [case] = done.suite("chat").cases
    assert done.said("chat", **case.vars) == [("user", 'Say "quoted" {braces}\nand lines')]


@pytest.mark.parametrize(
    ("text", "feature"),
    [
        ('[{% for one in _conversation %}{"role": "user", "content": "x"},{% endfor %}{"role": "user", '
         '"content": "{{ q }}"}]', "_conversation"),
        ('[{"role": "user", "content": [{"type": "image_url"}]}]', "parts with images"),
        ("{{ a | nl2br }}", "the filter nl2br"),
        ("{% include 'x' %}", "{% include %}"),
        ("{{ env.HOME }}", "the environment"),
        ("{{ a.trim() }}", "the call of a.trim(…)"),
        ("{{ a", "a tag without its }}"),
    ],
)  # fmt: skip
def test_a_template_that_cannot_be_carried_over_is_refused_by_its_feature(
    text: str, feature: str, tmp_path: Path
):
    done = config(tmp_path, f"prompts: [file://p.json]\n{PROVIDER}", p__json=text)

    assert (done.files(), [slug for slug, _ in done.refusals]) == ([], ["import-unsupported"])
    assert feature in done.why
