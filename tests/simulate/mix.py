"""An invented model: how likely each case of a suite passes, before and after a change, and what is said then.

Four cases in five nearly always pass, some nearly never do, and the rest sometimes do: that is what makes a harmless
edit look harmful. Every chance hangs on what it is about and on nothing else, so neither the order of the calls nor how
many are under way changes a result.
"""

import hashlib
import random
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from promptctl.core.exchange import Request
from promptctl.providers.scripted import ScriptedProvider

FLAKY, FAILING = 0.12, 0.08
"""The share of flaky cases, with a chance from Beta(2, 2), and of what is left the share of failing ones."""
SELDOM, MOSTLY = 0.02, 0.985
"""The chance to pass of failing and of stable cases."""
BROKEN = 0.1
"""The chance of a case that a regression breaks; it breaks cases whose chance was above `WAS_GOOD`."""
WAS_GOOD = 0.9

CHECK = "contains: sorted"


def prompt(edit: int) -> str:
    """The prompt of base, and from 1 those of its edits: no case sends the same in two of them."""
    return f"{'Please ' * edit}sort it: {{{{ ticket }}}}\n"


class Chances(NamedTuple):
    """How likely a case passes on each side."""

    base: float
    head: float


def chances(seed: str, tickets: Iterable[str], loss: float) -> dict[str, Chances]:
    """The mix for these cases of one suite.

    Args:
        loss: What a regression takes from the pass rate, as a fraction; 0: head is as good as base.
    """
    before = {ticket: _chance(random.Random(f"{seed} {ticket}")) for ticket in tickets}
    good = sum(chance > WAS_GOOD for chance in before.values()) / len(before)
    share = loss / (good * (MOSTLY - BROKEN)) if good else 0.0
    return {
        ticket: Chances(
            chance, BROKEN if chance > WAS_GOOD and dice(f"{seed} {ticket} breaks") < share else chance
        )
        for ticket, chance in before.items()
    }


def _chance(throw: random.Random) -> float:
    if throw.random() < FLAKY:
        return throw.betavariate(2, 2)
    return SELDOM if throw.random() < FAILING else MOSTLY


def dice(name: str) -> float:
    """A number in [0, 1), always the same one for a name."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=7).digest()) / 2**56


def model(seed: str, known: Mapping[str, Chances], *, deterministic: bool = False) -> ScriptedProvider:
    """Answers by these chances, each draw by itself and each in other words.

    Args:
        deterministic: It says of itself that another draw would say the same, which is not true.
    """

    def says(request: Request, sample: int) -> str:
        wish, _, ticket = request.messages[-1].text.strip().rpartition(": ")
        thrown = dice(f"{seed} {ticket} {wish} {sample}")
        passes = thrown < (known[ticket].head if wish.startswith("Please") else known[ticket].base)
        return f"{'sorted' if passes else 'lost'} {thrown}"

    return ScriptedProvider(says, deterministic=deterministic)
