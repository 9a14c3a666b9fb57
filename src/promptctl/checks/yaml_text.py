"""Reading YAML that models write: plain data, bounded, and nothing else. And the check `is_yaml`."""

import re
from typing import Any

import yaml

from promptctl.checks.json_text import TooMuchWork, brief, finite_number, whole_number
from promptctl.checks.schema import Schemed
from promptctl.core.rule import Example
from promptctl.core.verdict import Opinion, Subject, fails, passes, unscored

MAX_TEXT = 200_000  # PyYAML reads about 150,000 characters a second
MAX_DEPTH = 100
MAX_VALUES = 100_000  # with every alias counted as the values behind it: nine levels of nine are 387 million

_WORDS = {"": None, "~": None} | {
    form: value
    for word, value in {"null": None, "true": True, "false": False}.items()
    for form in (word, word.capitalize(), word.upper())
}
_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_TEXT_TAG = "tag:yaml.org,2002:str"


def read_yaml(text: str) -> Any:
    """The value of the one YAML document in `text`.

    Plain words are read as YAML 1.2 does: `no`, 2026-01-02 and 0o7 are text. Aliases share their value; tags are read
    over, and nothing in the text names a Python object. Keys become text, as in JSON.

    Raises:
        ValueError: one clause on why it is not YAML, with line and column.
        TooMuchWork: it is too long, or its aliases stand for too many values.
    """
    if not text.strip():
        raise ValueError("the output is empty")
    if len(text) > MAX_TEXT:
        raise TooMuchWork(f"{len(text)} characters are too many to be read as YAML")
    reader = _Reader()
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            reader.take(event)
    except yaml.reader.ReaderError as error:
        raise ValueError(f"not YAML: {error.reason} at position {error.position}") from None
    except yaml.MarkedYAMLError as error:
        raise ValueError(f"not YAML: {error.problem or error.context}{_where(error)}") from None
    except (ValueError, TooMuchWork):
        raise
    except (
        Exception
    ) as error:  # PyYAML leaks IndexError, OverflowError and RecursionError (its #357, #843, #895)
        raise ValueError(f"not YAML that can be read ({type(error).__name__})") from None
    return reader.value


def _where(error: Any) -> str:
    mark = error.problem_mark or error.context_mark
    return f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""


class _Node:
    """A list or mapping that is being read. `key` is what the next value of a mapping stands under."""

    def __init__(self, value: Any, anchor: str | None) -> None:
        self.value, self.anchor = value, anchor
        self.key: str | None = None
        self.size = 1


class _Reader:
    """Puts events together. No recursion, so that depth is counted and never felt."""

    def __init__(self) -> None:
        self.value: Any = None
        self._open: list[_Node] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise ValueError("a second document begins behind the first")
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise ValueError(f"nothing before it is called &{event.anchor}")
            self._put(*self._anchors[event.anchor])
        elif isinstance(event, yaml.ScalarEvent):
            plain = event.implicit[0] and event.tag != _TEXT_TAG
            self._close(_plain(event.value) if plain else _whole(event.value), 1, event.anchor)
        elif isinstance(event, (yaml.SequenceStartEvent, yaml.MappingStartEvent)):
            if len(self._open) >= MAX_DEPTH:
                raise ValueError(f"nested more than {MAX_DEPTH} deep")
            empty: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
            self._open.append(_Node(empty, event.anchor))
        elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            node = self._open.pop()
            self._close(node.value, node.size, node.anchor)

    def _close(self, value: Any, size: int, anchor: str | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = value, size
        self._put(value, size)

    def _put(self, value: Any, size: int) -> None:
        if not self._open:
            self.value = value
            return
        node = self._open[-1]
        node.size += size
        if node.size > MAX_VALUES:
            raise TooMuchWork(f"it stands for more than {MAX_VALUES:,} values")
        if isinstance(node.value, list):
            node.value.append(value)
        elif node.key is None:
            node.key = value if isinstance(value, str) else brief(value, 200)
            if node.key in node.value:
                raise ValueError(f"the key {brief(node.key)} is written twice")
        else:
            node.value[node.key] = value
            node.key = None


def _whole(text: str) -> str:
    """Text in quotes, in which JSON may write a character as two halves: "\\ud83d\\ude00"."""
    if text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _plain(text: str) -> Any:
    """What a word without quotes means. Numbers that JSON cannot hold stay text."""
    if text in _WORDS:
        return _WORDS[text]
    try:
        if _INTEGER.match(text):
            return whole_number(text)
        if _NUMBER.match(text):
            return finite_number(text)
    except ValueError:
        return text
    return text


class IsYaml(Schemed):
    """The whole output is a YAML mapping or list; with a schema, one that fits it.

    Every sentence is YAML too, so a text, a number or nothing alone fails. Plain words are read as YAML 1.2 does: `no`
    and 2026-01-02 are text. One document, no key twice, no code fence around it (for that:
    `is_yaml: {extract: {block: yaml}}`). Tags are read over. The JSON Schema stands under the check, under `schema` or
    in a `file`, as in `json_schema`. JSON is YAML and passes. An empty output fails, and so does one nested more than
    100 deep; one of more than 200,000 characters, or whose aliases stand for more than 100,000 values, is unscored.
    """

    EXAMPLES = (
        Example(args=None, output="name: Ada\ntags: [a, b]\n", status="pass"),
        Example(args=None, output="Sure, I can do that.", status="fail"),
        Example(args=None, output="a: 1\n b: 2", status="fail"),
        Example(args={"extract": {"block": "yaml"}}, output="Here:\n```yaml\n- 1\n```", status="pass"),
        Example(args={"schema": {"required": ["类别"]}}, output="类别: 退款", status="pass"),
        Example(args={"schema": {"required": ["类别"]}}, output="分类: 退款", status="fail"),
        Example(args=None, output="", status="fail"),
    )

    def __call__(self, subject: Subject) -> Opinion:
        """Pass where it can be read, and fits."""
        try:
            value = read_yaml(subject.text)
        except TooMuchWork as error:
            return unscored(str(error))
        except ValueError as error:
            return fails(str(error))
        if not isinstance(value, (dict, list)):
            return fails(f"{brief(value)} alone is no YAML mapping or list")
        problem = self.misfit(value)
        return passes("is YAML") if problem is None else fails(problem)
