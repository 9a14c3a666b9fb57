"""Handlebars: the tree of a template, white space as the language has it, what cannot be read."""

import pytest

from promptctl.importers.dotprompt.handlebars import Broken, parse
from promptctl.importers.dotprompt.handlebars_tree import Block, Mustache, Node, Partial, Text


def printed(nodes: list[Node]) -> str:
    """The text that stays, with `<name>` for what is put in and `[…|…]` for a block."""
    written = ""
    for node in nodes:
        if isinstance(node, Text):
            written += node.text
        elif isinstance(node, Block):
            otherwise = "" if node.otherwise is None else f"|{printed(node.otherwise)}"
            written += f"[{printed(node.body)}{otherwise}]"
        elif isinstance(node, (Mustache, Partial)):
            written += f"<{node.tag.words[0].value}>"
    return written


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a {{b}} c", "a <b> c"),
        ("{{{b}}}{{&c}}", "<b><c>"),
        # A tag of a block that stands alone takes its line with it, one beside text does not.
        ("x\n{{#if a}}\ny\n{{/if}}\nz", "x\n[y\n]z"),
        ("x\n  {{#if a}}  \n  y\n  {{/if}}\nz", "x\n[  y\n]z"),
        ("x {{#if a}}\ny\n{{/if}} z", "x [\ny\n] z"),
        ("x {{#if a}}y{{/if}}\nz", "x [y]\nz"),
        ("{{#if a}}\ny\n{{else}}\nz\n{{/if}}\n", "[y\n|z\n]"),
        ("{{#if a}}\ny\n{{else if b}}\nz\n{{else}}\nw\n{{/if}}\n", "[y\n|[z\n|w\n]]"),
        ("{{#a}}\n{{#b}}\nx\n{{/b}}\n{{/a}}\n", "[[x\n]]"),
        # So does a comment, and a partial; a value does not.
        ("a\n{{! c }}\nb", "a\nb"),
        ("a\n  {{!-- c }} --}}\nb", "a\nb"),
        ("a {{! c }}\nb", "a \nb"),
        ("a\n{{> p}}\nb", "a\n<p>b"),
        ("a\n{{b}}\nc", "a\n<b>\nc"),
        ("{{#if a}}\n{{/if}}\n", "[]"),
        # ~ takes all white space on its side.
        ("a \n {{~b~}} \n c", "a<b>c"),
        ("a {{~#if b~}} c {{~/if~}} d", "a[c]d"),
        # Braces of the text.
        ('{"a": {"b": {{c}}}}', '{"a": {"b": <c>}}'),
        ("\\{{a}} \\\\{{b}}", "{{a}} \\<b>"),
    ],
)
def test_the_text_that_stays_is_what_handlebars_prints(source: str, text: str):
    assert printed(parse(source)) == text


def test_words_of_a_tag_keep_their_kind():
    node = parse("{{f a.b \"c\" 1 true @index (g h) x=y z='w'}}")[0]

    assert isinstance(node, Mustache)
    assert [(word.kind, word.value) for word in node.tag.words] == [
        ("path", "f"),
        ("path", "a.b"),
        ("text", "c"),
        ("literal", "1"),
        ("literal", "true"),
        ("path", "@index"),
        ("call", "g h"),
    ]
    assert {name: word.value for name, word in node.tag.named.items()} == {"x": "y", "z": "w"}


def test_a_partial_that_stands_alone_knows_its_indent():
    nodes = parse("a\n   {{> p}}\nb")

    assert [node.indent for node in nodes if isinstance(node, Partial)] == ["   "]


@pytest.mark.parametrize(
    ("source", "at"),
    [
        ("a {{", 2),
        ("a {{b", 2),
        ("a {{b {{c}}", 2),
        ("a }} b", 2),
        ("{{#if a}} b", 0),
        ("b {{/if}}", 2),
        ("b {{else}}", 2),
        ("{{#if a}}x{{/each}}", 10),
        ("{{#if a > 1}}x{{/if}}", 0),
        ("{{!-- a", 0),
        ("{{}}", 0),
        ("{{{{raw}}}} {{{{/raw}}}}", 0),
        ("{{^a}}x{{/a}}", 0),
        ("{{#> p}}x{{/p}}", 0),
        ("{{#if a}}" * 60 + "{{/if}}" * 60, 450),
    ],
)
def test_what_cannot_be_read_says_where(source: str, at: int):
    with pytest.raises(Broken) as caught:
        parse(source)

    assert caught.value.at == at
