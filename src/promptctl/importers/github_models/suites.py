"""Test data and evaluators of a GitHub Models prompt file, as cases and checks.

By the rules of `gh models`: what the model answers is stripped at its ends, then `equals` compares it letter by letter;
`contains`, `startsWith` and `endsWith` ignore case. Of several keys of a `string` evaluator the first in this order
counts. Placeholders in it are filled in from the row.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from promptctl.importers.foreign import in_words
from promptctl.importers.imported import ImportedSuite, LeftOut, Note
from promptctl.importers.keys import Keys

_COMPARED = {"equals": "equals", "contains": "contains", "startsWith": "starts_with", "endsWith": "ends_with"}
_NO_JUDGE = "promptctl has no judges yet: ask what code can check"
# White space at the ends of an answer is no part of what these compare.
_STRIPPED = {"regex": r"(?s)\A\s*(.*?)\s*\Z"}


class _RowCheck(NamedTuple):
    """A check whose text is filled in from each row."""

    name: str
    kind: str
    text: str


class SuiteReader:
    """Reads `testData` and `evaluators`. Mistakes go into `keys.errors`; `left_out` and `notes` grow.

    `names` gives our inputs for the placeholders that the messages have.
    """

    def __init__(
        self,
        keys: Keys,
        suite_id: str,
        names: Mapping[str, str],
        left_out: list[LeftOut],
        notes: list[Note],
    ) -> None:
        self.keys, self.id, self.names = keys, suite_id, names
        self.left_out, self.notes = left_out, notes
        self.rows = keys.items("testData")
        self._row_names = {name for row in self.rows for name in row.value}
        self._checks: list[dict[str, Any]] = []
        self._row_checks: list[_RowCheck] = []

    def read(self) -> ImportedSuite | None:
        """The suite; None without test data."""
        for evaluator in self.keys.items("evaluators"):
            self._evaluator(evaluator)
        if not self.rows:
            if self._checks:
                cure = f"write cases into evals/{self.id}.yaml, with these checks"
                self.left_out.append(
                    LeftOut("evaluators without testData", self.keys.place("evaluators"), cure)
                )
            return None
        cases = tuple(self._case(number, row) for number, row in enumerate(self.rows, 1))
        settings = {"checks": _unique(self._checks)} if self._checks else {}
        return ImportedSuite(self.id, self.id, cases, self.keys.place("testData"), settings)

    def _evaluator(self, keys: Keys) -> None:
        name = keys.text("name") or "without a name"
        if "string" not in keys:
            self._judged(keys, name)
            return
        string = keys.mapping("string")
        given = {kind: string.text(kind) for kind in _COMPARED}
        wanted = [kind for kind, text in given.items() if text]
        if not wanted:
            said = f"evaluator {name!r}: nothing to compare with"
            self.left_out.append(
                LeftOut(said, keys.place(), "it stops gh models too: write what to look for")
            )
            return
        for kind in wanted[1:]:
            cure = f"gh models reads {wanted[0]} alone: write an evaluator for each"
            self.left_out.append(LeftOut(f"evaluator {name!r}: {kind}", string.place(kind), cure))
        kind, text = wanted[0], given[wanted[0]] or ""
        if any(_placeholder(key) in text for key in self._row_names):
            self._row_checks.append(_RowCheck(name, kind, text))
        else:
            self._checks.append(_check(name, kind, text))

    def _judged(self, keys: Keys, name: str) -> None:
        uses, llm = keys.text("uses"), keys.any("llm")
        if isinstance(llm, dict):
            what, cure = f"evaluator {name!r} (llm)", _NO_JUDGE
        elif uses:
            what, cure = f"evaluator {name!r} ({uses})", _NO_JUDGE
        else:
            what, cure = f"evaluator {name!r}", "it names neither string, llm nor uses"
        self.left_out.append(LeftOut(what, keys.place(), cure))

    def _case(self, number: int, row: Keys) -> dict[str, Any]:
        at = f"testData[{number - 1}]"
        values = {name: self._text(row, name) for name in row.value}
        case: dict[str, Any] = {"id": f"row-{number}", "vars": {}}
        for name, ours in self.names.items():
            case["vars"][ours] = values.get(name, _placeholder(name))
            if name not in values:
                said = f"{at} gives no {name!r}: {_placeholder(name)} itself is sent, as by gh models"
                self.notes.append(Note(said, row.place()))
        for name, value in values.items():
            if any(_placeholder(other) in value for other in values):
                said = f"{at}.{name} holds a placeholder: gh models fills it in by chance, here it stays text"
                self.notes.append(Note(said, row.place(name)))
        if values.get("expected"):
            case["expected"] = values["expected"]
        own = self._own_checks(at, row, values)
        if own:
            case["checks"] = own
        elif not self._checks:
            case["watch"] = True
            said = "no evaluator of this case could be carried over: it is watched, and decides nothing"
            self.notes.append(Note(said, row.place()))
        self._name_unused(at, row, values)
        return case

    def _own_checks(self, at: str, row: Keys, values: Mapping[str, str]) -> list[dict[str, Any]]:
        own = []
        for name, kind, text in self._row_checks:
            wanted = _put_in(text, values)
            if wanted:
                own.append(_check(name, kind, wanted))
            else:
                said = f"evaluator {name!r} of {at}"
                self.left_out.append(
                    LeftOut(said, row.place(), "it looks for an empty text, which is everywhere")
                )
        return _unique(own)

    def _name_unused(self, at: str, row: Keys, values: Mapping[str, str]) -> None:
        texts = [check.text for check in self._row_checks]
        for name in values:
            looked_for = any(_placeholder(name) in text for text in texts)
            if name not in self.names and name != "expected" and not looked_for:
                cure = "no message and no evaluator uses it"
                self.left_out.append(LeftOut(f"{at}.{name}", row.place(name), cure))

    def _text(self, row: Keys, name: str) -> str:
        """A value as Go prints it."""
        value = row.any(name)
        if isinstance(value, str):
            return value
        if value is None:
            return "<nil>"
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, (int, float)) and abs(value) < 1e15:
            text = repr(int(value) if float(value).is_integer() else value)
            if "e" not in text:
                return text
        row.wrong(f"{name} is {in_words(value)}, which cannot be put into a text", name)
        return ""


def _placeholder(name: str) -> str:
    return "{{" + name + "}}"


def _check(name: str, kind: str, text: str) -> dict[str, Any]:
    ours = _COMPARED[kind]
    shown = "".join(c for c in " ".join(name.split()) if c.isprintable())[:110]
    arguments: dict[str, Any] = {"value": text, "name": shown if shown and shown != "finished" else ours}
    if kind != "equals":
        arguments["ignore_case"] = True
    if kind != "contains":
        arguments["extract"] = dict(_STRIPPED)
    return {ours: arguments}


def _unique(checks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The checks with `-2`, `-3` … behind names that occur again."""
    taken: set[str] = set()
    for check in checks:
        (arguments,) = check.values()
        name, number = arguments["name"], 1
        while arguments["name"] in taken:
            number += 1
            arguments["name"] = f"{name}-{number}"
        taken.add(arguments["name"])
    return checks


def _put_in(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(_placeholder(name), value)
    return text
