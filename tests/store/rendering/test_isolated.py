"""Templates in a process of their own: the same messages and errors as in ours, and hostile ones do no harm."""

import os
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptctl.core.message import Image, Message
from promptctl.core.prompt import InputSpec
from promptctl.errors import FileError, Place, PromptctlError, PromptError
from promptctl.processes.child import Limits
from promptctl.store.rendering import renderer as renderer_module
from promptctl.store.rendering.isolated import IsolatedTemplates
from promptctl.store.rendering.renderer import Renderer
from promptctl.templating.inputs import MissingInput
from promptctl.templating.limits import RENDERED_LIMIT
from promptctl.templating.templates import Templates
from tests.templating.hostile import HOSTILE

MEMORY = 100 * 1024**2
X = {"x": InputSpec(name="x")}


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    """In haste, but with the time to fill its memory."""
    one = Renderer(Limits(MEMORY, file=16 * 1024**2, files=32), seconds=1)
    yield one
    one.close()


@pytest.fixture(scope="module")
def patient() -> Iterator[Renderer]:
    """Without haste, for whatever has to go well on a busy machine."""
    one = Renderer()
    yield one
    one.close()


class Refusing(dict[str, str]):
    """Files of which one may not be read."""

    def __getitem__(self, name: str) -> str:
        if name == "_link.j2":
            raise FileError(
                "_link.j2 is a symbolic link", slug="symlink", at=Place("prompts/_link.j2"), fix="copy"
            )
        return super().__getitem__(name)


def said(
    templates: Templates, inputs: Mapping[str, InputSpec], values: Mapping[str, Any], **asked: Any
) -> tuple[Any, ...]:
    """The messages of `main.j2`, or its error with all that a user is told of it."""
    strict = asked.pop("strict", True)
    try:
        return templates.begin(templates.asked("main.j2", **asked), inputs, values, strict=strict)()
    except PromptctlError as error:
        name = error.name if isinstance(error, MissingInput) else None
        return type(error), error.message, error.slug, str(error.at), error.fix, name


def spec(kind: str, **more: Any) -> dict[str, InputSpec]:
    return {"x": InputSpec(name="x", type=kind, **more)}


PICTURE = "data:image/png;base64,iVBORw0KGgo="
CALL = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
HISTORY = [
    {
        "role": "user",
        "content": [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": PICTURE}}],
    },
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "content": "done", "tool_call_id": "1"},
]
SAME: dict[str, tuple[str, dict[str, InputSpec], dict[str, Any], dict[str, Any]]] = {
    "text": ("Hello {{ x }}\n", X, {"x": "退款 \ud800 \u2028 \0"}, {}),
    "roles": ("{% system %}a{% endsystem %}\n{% user %}{{ x }}{% enduser %}", X, {"x": "b"}, {}),
    "an image": ("{{ x | image(detail='low') }} see", spec("image"), {"x": PICTURE}, {}),
    "an image from a file": ("{{ x | image }}", spec("image"), {"x": Image(url=PICTURE)}, {}),
    "what looks like an image": ("{{ x }}", X, {"x": f'["{PICTURE}", null]'}, {}),
    "history": ("{% insert x %}", spec("messages"), {"x": HISTORY}, {}),
    "numbers": ("{{ x | tojson }}", spec("list"), {"x": [1.5, 2, 10**30, None, True, {"a": []}]}, {}),
    "a default": ("{{ x }}", spec("string", default="d"), {}, {}),
    "an optional input": ("a{% if x %}{{ x }}{% endif %}", spec("string", optional=True), {}, {}),
    "a flag": ("{{ x }}\n\n", X, {"x": "a"}, {"flags": {"keep_trailing_newline": False}}),
    "empty": ("{% user %}{% enduser %}", X, {"x": ""}, {}),
    "empty and allowed": ("{% user %}{% enduser %}", X, {"x": ""}, {"allow_empty": True}),
    "missing": ("{{ x }}{{ y }}", {**X, "y": InputSpec(name="y")}, {"x": "a"}, {}),
    "off the menu": ("{{ x }}", spec("string", enum=("a", "b")), {"x": "c"}, {}),
    "of another type": ("{{ x }}", spec("integer"), {"x": "c"}, {}),
    "not declared": ("{{ x }}", X, {"x": "a", "xx": "b"}, {}),
    "not declared, and left out": ("{{ x }}", X, {"x": "a", "xx": "b"}, {"strict": False}),
    "undefined": ("a\n{{ xx }}", X, {"x": "a"}, {}),
    "an escape": ("a\n{{ x.__class__ }}", X, {"x": "a"}, {}),
    "no text": ("{{ x }}", spec("list"), {"x": []}, {}),
    "a division": ("\n\n{{ 1 / (x | int) }}", X, {"x": "0"}, {}),
    "syntax": ("a\n{% if %}", X, {"x": "a"}, {}),
    "outside": ("a {% include '../b' %}", X, {"x": "a"}, {}),
    "included": ("{% include '_part.j2' %}", X, {"x": "a"}, {}),
    "imported": ("{% from '_part.j2' import m %}{{ m(x) }}", X, {"x": "a"}, {}),
    "not there": ("{% include '_prat.j2' %}", X, {"x": "a"}, {}),
    "a computed name": ("{% include x %}", X, {"x": "_part.j2"}, {}),
    "a computed name of no file": ("{% include x %}", X, {"x": "_prat.j2"}, {}),
    "a computed name of a link": ("{% include x %}", X, {"x": "_link.j2"}, {}),
    "a computed name outside": ("{% include x %}", X, {"x": "../a"}, {}),
    "outside the blocks": ("{% user %}a{% enduser %} {{ x }}", X, {"x": "b"}, {}),
    "too large": (
        "{% for a in range(999) %}{{ x }}{% endfor %}",
        X,
        {"x": "a" * (RENDERED_LIMIT // 900)},
        {},
    ),
    "endless": ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}{{ x }}", X, {"x": "b"}, {}),
}


@pytest.mark.parametrize(("text", "inputs", "values", "asked"), SAME.values(), ids=SAME)
def test_messages_and_errors_are_those_of_a_rendering_in_our_own_process(
    text: str, inputs: dict[str, InputSpec], values: dict[str, Any], asked: dict[str, Any], patient: Renderer
):
    files = Refusing(
        {"main.j2": text, "_part.j2": "{% macro m(y) %}[{{ y }}]{% endmacro %}part", "_link.j2": ""}
    )

    assert said(IsolatedTemplates(files, renderer=patient), inputs, values, **asked) == said(
        Templates(files), inputs, values, **asked
    )


@settings(max_examples=50, deadline=None)
@given(text=HOSTILE)
def test_a_hostile_value_is_the_same_text_as_in_our_own_process(text: str, patient: Renderer):
    files = {"main.j2": "{% system %}a{% endsystem %}{% user %}{{ x }}{% enduser %}"}

    assert said(IsolatedTemplates(files, renderer=patient), X, {"x": text}) == said(
        Templates(files), X, {"x": text}
    )


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(value=VALUES)
def test_any_plain_value_arrives_as_it_is(value: Any, patient: Renderer):
    files = {"main.j2": "{{ x | tojson }}"}

    assert said(IsolatedTemplates(files, renderer=patient), spec("list"), {"x": [value]}) == said(
        Templates(files), spec("list"), {"x": [value]}
    )


def test_a_value_that_is_no_data_is_refused(patient: Renderer):
    error = said(IsolatedTemplates({"main.j2": "{{ x }}"}, renderer=patient), spec("list"), {"x": [object()]})

    assert error[0] is PromptError
    assert error[2] == "wrong-input-type"


# hostile templates

SLOW, LARGE = "template-too-slow", "template-too-large"
TWO_LOOPS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
ATTACKS = {
    "loops": (TWO_LOOPS, SLOW),
    "times": ("{{ 'a' * 3000000000 }}", LARGE),
    "times, of a value": ("{{ x * 3000000000 }}", LARGE),
    "percent": ("{{ '%3000000000d' % 1 }}", LARGE),
    "center": ("{{ 'a' | center(3000000000) }}", LARGE),
    "center, of a value": ("{{ x | center(3000000000) }}", LARGE),
    "a large constant": ("{{ 'a' * 2000000 }}", LARGE),
    "slice": ("{{ [1] | slice(300000000) | max }}", SLOW),
    "slice, of a value": ("{{ [x] | slice(300000000) | max }}", SLOW),
    "power": ("{{ (10 ** 4000) ** (10 ** 6) }}", SLOW),
    "round": ("{{ 1.5 | round(100000000, 'ceil') }}", SLOW),
    "doubling": (
        "{% set n = namespace(a=x) %}{% for i in range(40) %}{% set n.a = n.a ~ n.a %}{% endfor %}{{ n.a | length }}",
        LARGE,
    ),
    "doubling a list": (
        "{% set n = namespace(a=[x]) %}{% for i in range(99) %}{% set n.a = n.a + n.a %}{% endfor %}{{ x }}",
        LARGE,
    ),
    "a constant that is no expression": (
        "{% autoescape (10 ** 4000) ** (10 ** 6) %}{% endautoescape %}",
        SLOW,
    ),
    "brackets": ("{{ " + "(" * 300 + "x" + ")" * 300 + " }}", "template-too-deep"),
}


@pytest.mark.parametrize(("text", "slug"), ATTACKS.values(), ids=ATTACKS)
@pytest.mark.parametrize("where", ["main.j2", "_part.j2"])
def test_a_hostile_template_is_an_error_at_its_line_and_the_next_is_rendered(
    text: str, slug: str, where: str, renderer: Renderer
):
    files = {"main.j2": "{% include '_part.j2' %}", "_part.j2": "fine", where: f"first line\n{text}\n"}
    attacked = IsolatedTemplates(files, renderer=renderer)

    error = said(attacked, X, {"x": "v"})

    # Jinja does not say where an expression is too deep.
    assert (error[2], error[3].split(":")[:2]) == (slug, [f"prompts/{where}", "1" if "((((" in text else "2"])
    assert error[4]
    fine = IsolatedTemplates({"main.j2": "Hello {{ x }}"}, renderer=renderer)
    assert said(fine, X, {"x": "v"}) == (Message(role="user", content="Hello v"),)
    assert peak_of(renderer) < MEMORY


def peak_of(renderer: Renderer) -> int:
    """The most memory that the process ever had, in bytes; 0 on a system that does not say."""
    status = Path(f"/proc/{renderer.pid}/status")
    if not status.exists():
        return 0
    [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


def test_a_prompt_that_was_too_slow_once_is_not_waited_for_again(renderer: Renderer):
    templates = IsolatedTemplates({"main.j2": f"a\n{TWO_LOOPS}", "other.j2": "b"}, renderer=renderer)
    asked = [templates.begin(templates.asked("main.j2"), {}, {}, strict=True) for _ in range(500)]
    asked.append(templates.begin(templates.asked("other.j2"), {}, {}, strict=True))

    met = []
    for one in asked[:-1]:
        with pytest.raises(PromptError) as caught:
            one()
        met.append((caught.value.slug, str(caught.value.at)))

    assert set(met) == {(SLOW, "prompts/main.j2:2:1")}  # 500 times a second would be minutes
    assert asked[-1]() == (Message(role="user", content="b"),)


def test_a_file_that_takes_too_long_to_read_is_read_once_for_all_that_include_it(renderer: Renderer):
    files = {"_slow.j2": "{{ [1] | slice(300000000) | max }}"}
    files |= {f"{number}.j2": "{% include '_slow.j2' %}" for number in range(500)}
    templates = IsolatedTemplates(files, renderer=renderer)

    for number in range(500):
        with pytest.raises(PromptError) as caught:
            templates.closure(f"{number}.j2")
        assert (caught.value.slug, str(caught.value.at)) == (SLOW, "prompts/_slow.j2:1:1")


def test_many_renderings_that_are_almost_too_slow_are_too_slow_together(renderer: Renderer):
    text = "{% for a in range(60) %}{% for b in range(99999) %}{% if x == 'v' %}{% endif %}{% endfor %}{% endfor %}a"
    for loops in (60, 30, 15, 8, 4):  # as many as this machine does in less than a second
        templates = IsolatedTemplates({"main.j2": text.replace("60", str(loops))}, renderer=renderer)
        if len(said(templates, X, {"x": "v"})) == 1:
            break

    slugs = [found[2] for _ in range(40) if len(found := said(templates, X, {"x": "v"})) > 1]

    assert slugs
    assert set(slugs) == {SLOW}


# the process


def test_only_what_a_killed_process_worked_on_is_an_error(patient: Renderer):
    templates = IsolatedTemplates({"main.j2": "{{ x }}"}, renderer=patient)
    said(templates, X, {"x": "first"})
    pid = patient.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    asked = [templates.begin(templates.asked("main.j2"), X, {"x": str(n)}, strict=True) for n in range(5)]
    os.kill(pid, signal.SIGKILL)

    with pytest.raises(PromptError, match="template-too-large"):  # as the system does when memory runs out
        asked[0]()
    again = said(templates, X, {"x": "last"})

    assert again == (Message(role="user", content="last"),)
    assert patient.pid != pid


def test_replies_belong_to_their_requests_in_whatever_order_they_are_taken(patient: Renderer):
    templates = IsolatedTemplates({"main.j2": "{{ x }}"}, renderer=patient)
    asked = [
        templates.begin(templates.asked("main.j2"), X, {"x": f"{n} " * 999}, strict=True) for n in range(300)
    ]

    found = {number: asked[number]()[0].text for number in reversed(range(300))}

    assert found == {number: f"{number} " * 999 for number in range(300)}


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="this system does not show environments")
def test_the_process_has_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    one = Renderer()
    said(IsolatedTemplates({"main.j2": "a"}, renderer=one), {}, {})

    assert Path(f"/proc/{one.pid}/environ").read_bytes() == b""
    assert os.getpgid(one.pid or 0) == one.pid
    one.close()


def test_a_renderer_that_cannot_start_is_an_error_with_a_cure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    program = tmp_path / "program.py"
    program.write_text("raise SystemExit('no such thing')")
    monkeypatch.setattr(renderer_module, "_PROGRAM", program)

    with pytest.raises(PromptctlError, match=r"cannot be started: no such thing \[no-renderer\]") as caught:
        IsolatedTemplates({"main.j2": "a"}, renderer=Renderer()).facts("main.j2")
    assert caught.value.fix
