"""The expressions of Nunjucks: those whose meaning can be carried over to Jinja."""

import re
from collections.abc import Callable

from promptctl.importers.promptfoo.js import Unclear
from promptctl.importers.promptfoo.nodes import (
    Attr,
    Binary,
    Choice,
    Defined,
    Expr,
    Filter,
    Items,
    Literal,
    Name,
    Not,
    written,
)
from promptctl.importers.promptfoo.words import Word

TEXT_FILTERS = ("upper", "lower", "trim", "capitalize")
"""Filters of text that mean the same in both languages."""

FILTERS = (
    *TEXT_FILTERS,
    "replace",
    "default",
    "d",
    "join",
    "length",
    "first",
    "last",
    "dump",
    "load",
    "safe",
)


_IDENTIFIER = re.compile(r"[^\W\d]\w*\Z")


class Expressions:
    """Reads a tag's words, from the loosest operator to the tightest."""

    def __init__(self, words: list[Word]) -> None:
        self.words = words

    def printed(self) -> Expr:
        """An expression that is printed: `safe` behind it does nothing, for nothing is escaped."""
        expr = self.expression()
        while isinstance(expr, Filter) and expr.name == "safe":
            expr = expr.target
        return expr

    def expression(self) -> Expr:
        then = self.either()
        if not self.skip("name", "if"):
            return then
        condition = self.either()
        otherwise = self.either() if self.skip("name", "else") else None
        return Choice(condition, then, otherwise, then.at)

    def either(self) -> Expr:
        left = self.both()
        while self.skip("name", "or"):
            left = Binary("or", left, self.both(), left.at)
        return left

    def both(self) -> Expr:
        left = self.negation()
        while self.skip("name", "and"):
            left = Binary("and", left, self.negation(), left.at)
        return left

    def negation(self) -> Expr:
        at = self.words[0].at
        if not self.skip("name", "not"):
            return self.membership()
        operand = self.negation()
        if isinstance(operand, Binary) and operand.op != "in" and not operand.grouped:
            # Nunjucks writes JavaScript without brackets here, and there `!` takes the first word alone.
            raise Unclear(f"`not` before {operand.op} without brackets", at)
        return Not(operand, at)

    def membership(self) -> Expr:
        left = self.test()
        while True:
            if self.words[0][:2] == ("name", "not") and self.words[1][:2] == ("name", "in"):
                del self.words[:2]
                left = Not(Binary("in", left, self.test(), left.at), left.at)
            elif self.skip("name", "in"):
                left = Binary("in", left, self.test(), left.at)
            else:
                return left

    def test(self) -> Expr:
        operand = self.comparison()
        if not self.skip("name", "is"):
            return operand
        negated = self.skip("name", "not")
        word = self.take("name", "the name of a test")
        if word.value not in ("defined", "undefined"):
            raise Unclear(f"the test `is {word.value}`", word.at)
        defined = Defined(operand, operand.at)
        return Not(defined, operand.at) if negated == (word.value == "defined") else defined

    def comparison(self) -> Expr:
        left = self.joined()
        while self.words[0].kind == "op" and self.words[0].value in (
            "==", "===", "!=", "!==", "<", ">", "<=", ">=",
        ):  # fmt: skip
            operator = self.words.pop(0).value
            operator = {"===": "==", "!==": "!="}.get(operator, operator)
            left = Binary(operator, left, self.joined(), left.at)
        return left

    def joined(self) -> Expr:
        left = self.sum()
        while self.skip("op", "~"):
            right = self.sum()
            if isinstance(right, Binary) and not right.grouped:
                # `a ~ 1 + 2` is a12 in Nunjucks, which writes no brackets around the sum.
                raise Unclear(f"{right.op} behind ~ without brackets", right.at)
            left = Binary("~", left, right, left.at)
        return left

    def sum(self) -> Expr:
        return self._chain("+", self.difference)

    def difference(self) -> Expr:
        return self._chain("-", self.product)

    def product(self) -> Expr:
        return self._chain("*", self.unary)

    def _chain(self, operator: str, operand: Callable[[], Expr]) -> Expr:
        left = operand()
        while self.skip("op", operator):
            left = Binary(operator, left, operand(), left.at)
        if self.words[0].kind == "op" and self.words[0].value in ("/", "//", "%", "**"):
            raise Unclear(f"the operator {self.words[0].value}", self.words[0].at)
        return left

    def unary(self) -> Expr:
        at = self.words[0].at
        if self.skip("op", "-"):
            number = self.take("number", "a number after the minus sign")
            return self._filtered(Literal(-number.value, at))
        return self._filtered(self.primary())

    def primary(self) -> Expr:
        kind, value, at = self.words.pop(0)
        if kind in ("text", "number"):
            return self._postfix(Literal(value, at))
        if kind == "name":
            words = {"true": True, "false": False, "none": None, "null": None}
            return self._postfix(Literal(words[value], at) if value in words else self._variable(value, at))
        if (kind, value) == ("op", "("):
            inner = self.expression()
            self._close(")", at)
            if isinstance(inner, Binary):
                inner.grouped = True
            return self._postfix(inner)
        if (kind, value) == ("op", "["):
            items: list[Expr] = []
            while self.words[0][:2] != ("op", "]"):
                items.append(self.expression())
                if not self.skip("op", ","):
                    break
            self._close("]", at)
            return self._postfix(Items(items, at))
        what = (
            "a mapping written out in the template"
            if value == "{"
            else f"{value or 'the end'} where a value is due"
        )
        raise Unclear(what, at)

    def _variable(self, name: str, at: int) -> Name:
        if name == "env":
            raise Unclear("the environment (`env`)", at)
        if name == "_conversation":
            raise Unclear("the replies of earlier tests (`_conversation`)", at)
        if not _IDENTIFIER.match(name):
            raise Unclear(f"the variable name {name}", at)
        return Name(name, at)

    def identifier(self) -> str:
        word = self.take("name", "the name of a variable")
        return self._variable(str(word.value), word.at).name

    def _postfix(self, target: Expr) -> Expr:
        while True:
            if self.skip("op", "."):
                word = self.words.pop(0)
                if word.kind not in ("name", "number"):
                    raise Unclear("a dot without a name behind it", word.at)
                target = Attr(target, Literal(word.value, word.at), target.at)
            elif self.skip("op", "["):
                key = self.expression()
                if self.words[0][:2] == ("op", ":"):
                    raise Unclear("a slice", self.words[0].at)
                self._close("]", target.at)
                target = Attr(target, key, target.at)
            elif self.words[0][:2] == ("op", "("):
                raise Unclear(f"the call of {written(target)}(…)", target.at)
            else:
                return target

    def _filtered(self, target: Expr) -> Expr:
        while self.skip("op", "|"):
            word = self.take("name", "the name of a filter")
            if word.value not in FILTERS:
                raise Unclear(f"the filter {word.value}", word.at)
            args: list[Expr] = []
            if self.skip("op", "("):
                while self.words[0][:2] != ("op", ")"):
                    args.append(self.expression())
                    if self.words[0][:2] == ("op", "="):
                        raise Unclear(f"a named argument of the filter {word.value}", self.words[0].at)
                    if not self.skip("op", ","):
                        break
                self._close(")", word.at)
            target = Filter("default" if word.value == "d" else word.value, target, args, word.at)
        return target

    def skip(self, kind: str, value: str) -> bool:
        if self.words[0][:2] == (kind, value):
            self.words.pop(0)
            return True
        return False

    def take(self, kind: str, what: str) -> Word:
        word = self.words.pop(0)
        if word.kind != kind:
            raise Unclear(f"{word.value or 'the end'} where {what} is due", word.at)
        return word

    def _close(self, bracket: str, start: int) -> None:
        if not self.skip("op", bracket):
            raise Unclear(f"a bracket without its {bracket}", start)

    def finish(self) -> None:
        if self.words[0].kind != "end":
            raise Unclear(f"{self.words[0].value} in a place where the tag should end", self.words[0].at)
