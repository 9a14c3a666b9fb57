"""XML, HTML and Markdown in outputs."""

import pytest

from promptctl.checks.html_text import html_fault
from promptctl.checks.markdown import headings
from promptctl.errors import FileError
from tests.checks.asking import built, opinion_of, says

# XML


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("<a/>", "pass"),
        ("\n <?xml version='1.0' encoding='gbk'?><a>退款</a>\n", "pass"),
        ("<a xmlns:b='c'><b:d/></a>", "pass"),
        ("<a><![CDATA[<b>]]></a>", "pass"),
        ("<a>&amp;&#20320;</a>", "pass"),
        ("<a>&nbsp;</a>", "fail"),
        ("<a/><b/>", "fail"),
        ("<a", "fail"),
        ("<a b=c/>", "fail"),
        ("text", "fail"),
        ("<a>\x00</a>", "fail"),
        ("<a>\ud800</a>", "fail"),
        ("```xml\n<a/>\n```", "fail"),
    ],
)
def test_xml_is_well_formed_or_fails_with_a_reason(text: str, status: str):
    opinion = opinion_of("is_xml", text)

    assert opinion.status == status
    assert opinion.reason
    assert "\n" not in opinion.reason


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE a [<!ENTITY b "lol"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>',
        '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        '<!DOCTYPE a SYSTEM "http://example.com/a.dtd"><a/>',
        '<!DOCTYPE a [<!ENTITY % b SYSTEM "http://example.com/b"> %b;]><a/>',
    ],
    ids=["laughs", "file", "address", "parameter"],
)
def test_a_document_type_is_never_read(text: str):
    assert opinion_of("is_xml", text).reason == "not XML that is read: it has a DOCTYPE"


@pytest.mark.parametrize(
    ("has", "status"),
    [
        ("a", "pass"),
        ("a/b", "pass"),
        (["a/b", "a/b/c"], "pass"),
        ("b", "fail"),
        ("a/c", "fail"),
        (["a", "a/x"], "fail"),
    ],
)
def test_an_element_is_named_by_its_path_from_the_root(has: object, status: str):
    assert says({"is_xml": has}, "<a><b><c/></b><b/></a>") == status


@pytest.mark.parametrize("has", ["", [], "a//b", "/a", ["a", ""]])
def test_a_path_that_is_none_is_refused(has: object):
    with pytest.raises(FileError, match="bad-check-arguments"):
        built({"is_xml": {"has": has}})


# HTML


@pytest.mark.parametrize(
    "text",
    [
        "<div>Hello</div>",
        "<!DOCTYPE html><html><head><title>A <b> here</title></head><body>x</body></html>",
        "<!-- a -->\n<p>One<p>Two",
        "<ul><li>1<li>2<ul><li>3</ul></ul>",
        "<table><tr><td>1<td>2<tr><td>3</table>",
        "<br><br/><img src='a>b' alt=\"<p>\">",
        "<script>if (a < b) { x = '</p>' }</script>",
        "<SCRIPT>x</Script >",
        "<svg viewBox='0'><path d='M0'/><g><circle r='1'/></g></svg>",
        "<my-card title=退款>1 < 2 & 3</my-card>",
        "<p>a < b, I <3 you</p>",
        "<dl><dt>a<dd>b</dl>",
        "<select><option>1<option>2</select>",
        "<textarea><b></textarea>",
    ],
)
def test_html_that_a_browser_takes_as_it_is_passes(text: str):
    assert html_fault(text) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "the output is empty"),
        ("hello", 'the text "hello" stands outside of every element'),
        ("<b>a</b> and more", 'the text "and more" stands outside of every element'),
        ("<div><b>a</div>", "<b> is not closed before </div>"),
        ("<div>a", "<div> is never closed"),
        ("a</p>", "outside"),
        ("</p>", "</p> closes nothing"),
        ("<br></br>", "</br> closes nothing"),
        ("<notarealtag>", "<notarealtag> is no element of HTML"),
        ("<div", '"<div" is no tag'),
        ("<div <p>x</p>", "<div> is not closed before </p>"),
        ("<?xml version='1.0'?><a/>", "is no tag"),
        ("<!-- a", "a comment never ends"),
        ("<!-- a -->", "it has no element"),
        ("<script>x", "<script> is never closed"),
        ("<p>x</p><!doctype html>", "a DOCTYPE stands behind the first element"),
        ("<div/>", "<div> is never closed"),
        ("2 < 3", "outside"),
        ("<p>Dear <john@example.com></p>", "is no element of HTML"),
    ],
)
def test_html_that_is_none_is_told_why(text: str, why: str):
    assert why in (html_fault(text) or "")


def test_an_element_that_html_does_not_know_cannot_be_asked_for():
    with pytest.raises(FileError, match='"headline" names no element'):
        built({"is_html": "headline"})
    assert says({"is_html": ["h1", "x-card"]}, "<H1>a</H1><x-card></x-card>") == "pass"


HOSTILE = [
    "<a ",
    "<a x='",
    "<p>",
    "</p>",
    "<!--",
    "<b><i>",
    "<svg>",
    "&lt;",
    "<!doctype ",
    "<script>",
    "<p>a < b ",
]


@pytest.mark.timeout(60)  # a second for the slowest; what reads the rest once per tag takes hours
@pytest.mark.parametrize("piece", HOSTILE)
def test_a_megabyte_of_tags_is_read_once(piece: str):
    assert html_fault(f"<div>{piece * (1_000_000 // len(piece))}</i>")


# Markdown


def test_headings_are_those_of_both_forms_and_none_of_code():
    text = (
        "# One #\n\nTwo\n===\n\nThree\n---\n\n```\n# no\n```\n    # no\n#no\n####### no\n- a\n---\n"
        "| a |\n---\n> q\n---\n###### Six\n#\n"
    )

    assert [(part.level, part.text) for part in headings(text)] == [
        (1, "one"),
        (1, "two"),
        (2, "three"),
        (6, "six"),
        (1, ""),
    ]


def test_a_section_ends_at_the_next_heading_of_its_level_or_above():
    text = "# A\n1\n## B\n2\n### C\n3\n## D\n4\n# E\n5"

    owns = {part.text: text.split("\n")[part.start : part.end] for part in headings(text)}

    assert owns["a"] == ["1", "## B", "2", "### C", "3", "## D", "4"]
    assert owns["b"] == ["2", "### C", "3"]
    assert owns["d"] == ["4"]
    assert owns["e"] == ["5"]


@pytest.mark.parametrize(
    ("args", "status"),
    [
        ("refunds", "pass"),
        ({"heading": "Refunds", "level": 2}, "pass"),
        ({"heading": "Refunds", "level": 1}, "fail"),
        ({"heading": "Refunds", "contains": "14 days"}, "pass"),
        ({"heading": "Refunds", "contains": "21 days"}, "fail"),
        ({"heading": "Code", "contains": "print"}, "pass"),
        (["Help", "Refunds", "Post"], "pass"),
        (["Refunds", "Help"], "fail"),
        (["Refunds", "Refunds"], "fail"),
        ({"heading": ["Help", "Post"], "level": 2}, "fail"),
    ],
    ids=str,
)
def test_sections_are_found_by_heading_level_order_and_text(args: object, status: str):
    text = "# Help\r\n\r\n## **Refunds**:\r\n14 days\r\n## Post\r\n21 days\n# Code\n```py\nprint(1)\n```\n"

    assert says({"markdown_section": args}, text) == status


def test_headings_without_end_are_no_burden():
    assert says({"markdown_section": {"heading": "x", "contains": "y"}}, "# a\n" * 200_000) == "fail"
    assert says({"markdown_section": {"heading": "a", "contains": "y"}}, "###### a\n" * 100_000) == "fail"


CODE = "```python\nx = 1\n```\ntext\n```JSON\n{}\n```\n```\nplain\n```"


@pytest.mark.parametrize(
    ("args", "status"),
    [
        (None, "pass"),
        ("python", "pass"),
        ("Json", "pass"),
        (["sql", "json"], "pass"),
        ("sql", "fail"),
        ({"count": 3}, "pass"),
        ({"count": 2}, "fail"),
        ({"language": "json", "count": 1, "parses": True}, "pass"),
    ],
    ids=str,
)
def test_code_blocks_are_found_by_language_and_counted(args: object, status: str):
    assert says({"code_block": args}, CODE) == status


@pytest.mark.parametrize(
    ("language", "good", "bad"),
    [
        ("json", "[1]", "[1,]"),
        ("yaml", "a: 1", "a: b: c"),
        ("yml", "just text", "a: *b"),
        ("toml", "a = 1", "a = "),
        ("xml", "<a/>", "<a>"),
        ("html", "<p>x", "<q>"),
        ("python", "def f():\n    return '退款'", "def f(:"),
        ("py", "x", "\0"),
    ],
)
def test_code_is_parsed_as_what_it_says_it_is(language: str, good: str, bad: str):
    check = {"code_block": {"language": language, "parses": True}}

    assert says(check, f"```{language}\n{good}\n```") == "pass"
    opinion = opinion_of(check, f"```{language}\n{good}\n```\n```{language}\n{bad}\n```")
    assert opinion.status == "fail"
    assert opinion.reason.startswith("code block 2: ")


@pytest.mark.parametrize("piece", ["(", "-", "not ", "lambda:", "a.", "[", "a=", "f(", "1 if 1 else ", "{1:"])
def test_code_that_would_break_a_parser_is_survived(piece: str):
    code = piece * (90_000 // len(piece))

    assert says({"code_block": {"language": "python", "parses": True}}, f"```python\n{code}1\n```") in (
        "pass",
        "fail",
    )


def test_a_toml_key_that_would_take_a_minute_is_unscored():
    code = "a." * 30_000 + "a=1"

    assert says({"code_block": {"language": "toml", "parses": True}}, f"```toml\n{code}\n```") == "unscored"


def test_code_that_is_too_long_is_unscored():
    assert (
        says({"code_block": {"language": "py", "parses": True}}, f"```py\n{'x=1;' * 50_000}\n```")
        == "unscored"
    )


@pytest.mark.parametrize(
    "check",
    [
        {"code_block": []},
        {"code_block": {"count": 0}},
        {"code_block": {"parses": True}},
        {"code_block": {"language": ["json", "sql"], "parses": True}},
        {"markdown_section": ""},
        {"markdown_section": "**"},
        {"markdown_section": {"heading": "a", "level": 7}},
        {"markdown_section": {"heading": ["a", "b"], "contains": "c"}},
        {"markdown_section": {"heading": "a", "contains": ""}},
    ],
    ids=str,
)
def test_what_cannot_be_asked_of_markdown_is_refused(check: object):
    with pytest.raises(FileError, match="bad-check-arguments"):
        built(check)
