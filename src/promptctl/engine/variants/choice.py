"""What a command line says is to be compared: models, settings or strategies, one kind at a time."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from promptctl.core.words import did_you_mean
from promptctl.engine.variants.settings import Settings, read_settings
from promptctl.errors import PromptctlError

Kind = Literal["models", "params", "strategies"]

MOST_DRAWS = 100
"""Draws of one answer."""
_FORMS = {"majority": "majority:5", "best": "best:3:CHECK", "critique": "critique:PROMPT"}


class Wanted(NamedTuple):
    """A strategy as written: its name, how many draws, and the check or the prompt that it names."""

    written: str
    name: str
    each: int = 1
    by: str = ""


class Choice(NamedTuple):
    """The variants that are to be compared. `models` may hold one, which then is that of every variant."""

    models: tuple[str, ...] = ()
    params: tuple[Settings, ...] = ()
    strategies: tuple[Wanted, ...] = ()

    @property
    def kind(self) -> Kind | None:
        """What is compared; None where base and head are."""
        if len(self.models) > 1:
            return "models"
        return "params" if self.params else "strategies" if self.strategies else None

    @property
    def model(self) -> str | None:
        """The model of the first variant, where one is given."""
        return self.models[0] if self.models else None


def read_choice(models: Sequence[str], params: Sequence[str], strategies: Sequence[str]) -> Choice:
    """The choice that options make.

    Raises:
        PromptctlError: `same-variant`, `bad-param`, `bad-strategy`; `usage` where two kinds are mixed.
    """
    given = {"several --model": models[1:], "--param": params, "--strategy": strategies}
    kinds = [name for name, values in given.items() if values]
    if len(kinds) > 1:
        raise PromptctlError(
            f"{kinds[0]} and {kinds[1]} are compared one after the other, so that a difference has one cause",
            slug="usage",
            at=f"{kinds[0]} {kinds[1]}",
            fix="give one of them; one --model goes with either",
        )
    for option, values in (("--model", models), ("--param", params), ("--strategy", strategies)):
        for value in values:
            if values.count(value) > 1:
                raise _twice(f"{option} {value}")
    settings = tuple(map(read_settings, params))
    for number, one in enumerate(settings):
        if any(dict(one.values) == dict(other.values) for other in settings[:number]):
            raise _twice(f"--param {one.written}")
    return Choice(tuple(models), settings, tuple(map(_strategy, strategies)))


def refuse_beside(choice: Choice, *, base: str | None, fresh: bool) -> None:
    """Raises PromptctlError `usage` for what has no meaning beside a comparison of variants."""
    option = {"models": "several --model", "params": "--param", "strategies": "--strategy"}[
        choice.kind or "models"
    ]
    if base is not None:
        raise PromptctlError(
            f"{option} compares variants of head alone, so --base has no meaning",
            slug="usage",
            at=f"--base {base}",
            fix="leave it out; --head says which version",
        )
    if fresh and choice.kind == "strategies":
        raise PromptctlError(
            "--fresh adds a draw, and a strategy says itself how many it takes",
            slug="usage",
            at="--strategy --fresh",
            fix="leave --fresh out; --samples makes more answers",
        )


def _strategy(written: str) -> Wanted:
    name, *rest = written.split(":", 2 if written.startswith("best:") else 1)
    if name not in _FORMS:
        raise bad_strategy(
            written,
            f"there is no strategy {name!r}",
            did_you_mean(name, _FORMS)
            + f"write {', '.join(list(_FORMS.values())[:2])} or {_FORMS['critique']}",
        )
    form = f"write --strategy {_FORMS[name]}"
    if name == "critique":
        if not rest or not rest[0]:
            raise bad_strategy(written, "critique names no prompt", form)
        return Wanted(written, name, by=rest[0])
    each = int(rest[0]) if rest and rest[0].isascii() and rest[0].isdecimal() else 0
    if not 2 <= each <= MOST_DRAWS:
        raise bad_strategy(written, f"{name} needs a number of draws from 2 to {MOST_DRAWS}", form)
    if name == "best" and (len(rest) < 2 or not rest[1]):
        raise bad_strategy(written, "best names no check to choose by", form)
    return Wanted(written, name, each, rest[1] if name == "best" else "")


def bad_strategy(written: str, message: str, fix: str) -> PromptctlError:
    """A strategy that cannot be carried out."""
    return PromptctlError(message, slug="bad-strategy", at=f"--strategy {written}", fix=fix)


def _twice(at: str) -> PromptctlError:
    return PromptctlError(
        "the same variant is given twice", slug="same-variant", at=at, fix="leave one out, or change it"
    )
