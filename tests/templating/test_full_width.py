"""Text of a template that looks like Jinja, and the signs at which Jinja stops."""

import pytest

from promptctl.errors import PromptctlError
from promptctl.templating.full_width import lookalikes
from promptctl.templating.templates import Templates

FOUND = {
    "｛｛ 工单 ｝｝": (1, 1, "{{ 工单 }}"),
    "a\n：{｛ x }}": (2, 2, "{{ x }}"),
    "｛ { x } ｝": (1, 1, "{{ x }}"),
    "｛％ if x ％｝": (1, 1, "{% if x %}"),
    "｛＃ 说明 ＃｝": (1, 1, "{# 说明 #}"),
    "{{ x }}｛% endif %｝": (1, 8, "{% endif %}"),
    "｛｛ x": (1, 1, "{{ x"),
}


@pytest.mark.parametrize(("body", "found"), FOUND.items())
def test_a_lookalike_has_its_place_and_what_was_meant(body: str, found: tuple[int, int, str]):
    [one] = lookalikes(body)

    assert (one.line, one.column, one.meant) == found


@pytest.mark.parametrize(
    "body",
    [
        "请回答：｛退款｝。",
        "{# ｛｛ x ｝｝ #}",
        "{% raw %}｛｛ x ｝｝{% endraw %}",
        '{{ "｛｛ x ｝｝" }}',
        "“{{ x }}”，％、｜",
        "{退款}",
    ],
)
def test_prose_comments_raw_text_and_values_are_no_lookalikes(body: str):
    assert lookalikes(body) == []


STOPPED = {
    "引“文”{{ a ｜ upper }}": ("p:1:10", "write | instead of ｜"),
    "---\nmodel: m\n---\n“{{ x，y }}": ("p:4:6", "write , instead of ，"),
    "---\nmodel: m\n---\n\n{{ f（1，‘a’） }}": (
        "p:5:5",
        "write ( instead of （, , instead of ，, ' instead of ‘, ' instead of ’, ) instead of ）",
    ),
    "{{ '，' ~ x ｝｝": ("p:1:12", "write } instead of ｝"),
    "a {{ x }｝": ("p:1:9", "write } instead of ｝"),
    "－－－\n\nmodel： m\n---\n": ("p:1:1", "write --- with three half-width hyphens, alone on the line"),
}


@pytest.mark.parametrize(("text", "told"), STOPPED.items())
def test_a_sign_that_jinja_or_a_header_cannot_read_is_told_at_its_place(text: str, told: tuple[str, str]):
    with pytest.raises(PromptctlError) as caught:
        Templates({"a": text}, "p").facts("a")

    assert (caught.value.slug, str(caught.value.at).replace("/a:", ":"), caught.value.fix) == (
        "full-width",
        *told,
    )


@pytest.mark.parametrize("text", ["—— —\nmodel: m\n", "———\n退款政策\n———\n", "--- 说明 ---\n正文"])
def test_a_line_of_dashes_above_prose_is_no_header(text: str):
    assert Templates({"a": text}, "p").parts("a").header is None
