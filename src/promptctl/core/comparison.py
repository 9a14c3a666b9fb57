"""What changed from base to head, as a value: a state per case and one table to decide from."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal

from promptctl.core.confirming import Side, outcomes_of, redrawn, redrawn_pair
from promptctl.core.record import Record
from promptctl.core.run import Outcome, Pair, Standing, Trial
from promptctl.core.yardstick import YardstickChange

State = Literal[
    "unchanged",
    "pass",
    "fixed",
    "broken",
    "still_failing",
    "flaky",
    "new_pass",
    "new_fail",
    "error",
    "unscored",
    "advisory",
    "watched",
    "not_asked",
]

REDRAWN: tuple[State, ...] = ("broken", "fixed", "new_fail")
"""States that one draw does not show: they stand when asking again does not contradict them."""

STATES: tuple[State, ...] = State.__args__  # type: ignore[attr-defined]


class Change(Record):
    """One case after comparing. `base` and `head` are pass rates over first draws in [0, 1], None where unknown.

    `counted` cases, and only they, are in the table. `confirmed`: redrawing could not contradict the flip.
    `contradicted`: the side whose redraw showed that it is none; the state is flaky then. `only_draw`: nothing was
    drawn again, or nothing that could confirm it, so that the first draws are all there is.
    """

    pair: Pair
    state: State
    counted: bool
    confirmed: bool = False
    contradicted: Side | None = None
    only_draw: bool = True
    base: float | None = None
    head: float | None = None

    @property
    def case(self) -> str:
        """The case's id."""
        return self.pair.case

    @property
    def unfinished(self) -> bool:
        """Whether an error kept us from drawing it again."""
        trials = (*self.pair.base, *self.pair.head)
        return not self.confirmed and any(t.role == "confirm" and t.outcome == "error" for t in trials)


class Comparison(Record):
    """All changes of one suite, sorted by case id, with what was taken out of it.

    `each` is how many draws of a side had to agree for a flip to be confirmed.
    """

    changes: tuple[Change, ...]
    yardstick: tuple[YardstickChange, ...] = ()
    has_base: bool = True
    each: int = 1

    def having(self, *states: State) -> tuple[Change, ...]:
        """The changes in any of these states."""
        return tuple(change for change in self.changes if change.state in states)

    def case(self, case_id: str) -> Change:
        """The change of one case. Raises KeyError."""
        for change in self.changes:
            if change.case == case_id:
                return change
        raise KeyError(case_id)

    @property
    def counted(self) -> tuple[Change, ...]:
        """The n cases that decide."""
        return tuple(change for change in self.changes if change.counted)

    @property
    def differences(self) -> tuple[float, ...]:
        """Head minus base per counted case, each in [-1, 1]; 0 where the requests are equal."""
        return tuple(_difference(change) for change in self.counted)

    @property
    def broken(self) -> int:
        """Counted cases whose first draws went from pass to fail."""
        return sum(_flip(change) < 0 for change in self.counted)

    @property
    def fixed(self) -> int:
        """Counted cases whose first draws went from fail to pass."""
        return sum(_flip(change) > 0 for change in self.counted)

    @property
    def all_equal(self) -> bool:
        """Every request of both sides is equal, so nothing can have changed."""
        return self.has_base and all(change.pair.unchanged for change in self.changes)

    def counts(self) -> dict[str, int]:
        """Cases by state. The states add up to `cases`; `removed` stands beside them."""
        found = {"cases": len(self.changes)}
        found.update({state: len(self.having(state)) for state in STATES})
        found["removed"] = sum(change.what == "removed" for change in self.yardstick)
        return found


def compare(
    pairs: Iterable[Pair],
    *,
    yardstick: Sequence[YardstickChange] = (),
    has_base: bool = True,
    each: int = 1000,
    cached: bool = False,
) -> Comparison:
    """The state of every case, from the outcomes of its trials.

    The order of `pairs` does not matter, nor that of the trials within a side and role.

    Args:
        each: Draws of a side that must agree for a flip to be confirmed, see `core.confirming.draws_each`.
        cached: Redraws come from a cache, so they confirm nothing.
    """
    found = (_change(pair, has_base, each, cached) for pair in pairs)
    changes = sorted(found, key=lambda change: change.case)
    return Comparison(changes=tuple(changes), yardstick=tuple(yardstick), has_base=has_base, each=each)


def _change(pair: Pair, has_base: bool, each: int, cached: bool) -> Change:
    base, head = _first(pair.base), _first(pair.head)
    state = _state(pair, base, head, has_base)
    alone = state in ("new_pass", "new_fail")
    again = redrawn_pair(pair, each, alone=alone) if state in REDRAWN and not pair.final else None
    contradicted = again.by if again else None
    if contradicted:
        state = "flaky"
    rate_base, rate_head = _rate(base), _rate(head)
    stands = state == "flaky" and not contradicted and not cached and has_base and _stands(pair, each)
    if stands and (flip := _direction(rate_base, rate_head)):
        state = "broken" if flip < 0 else "fixed"
    votes = state in ("pass", "fixed", "broken", "still_failing", "flaky", "unchanged")
    if not has_base:
        votes = state in ("new_pass", "new_fail", "flaky")
    worse = state == "broken" or (state == "flaky" and (rate_head or 0.0) < (rate_base or 0.0))
    excused = worse and pair.accepted is not None
    counted = votes and pair.standing is Standing.COUNTED and not excused
    confirmed = state in REDRAWN and (
        pair.final or stands or (again is not None and again.verdict == "confirmed" and not cached)
    )
    return Change(
        pair=pair,
        state=state,
        counted=counted,
        confirmed=confirmed,
        contradicted=contradicted,
        only_draw=cached or not any(trial.role == "confirm" for trial in (*pair.base, *pair.head)),
        base=rate_base,
        head=rate_head,
    )


def _stands(pair: Pair, each: int) -> bool:
    """Whether the first draw of each side flips, and redraws confirmed that before further first draws disagreed.

    Else one lucky draw of `--fresh` would undo what so many draws have shown.
    """
    base, head = (
        [trial for n, trial in enumerate(trials) if n == 0 or trial.role == "confirm"]
        for trials in (pair.base, pair.head)
    )
    if not base or not head or base[0].outcome == head[0].outcome:
        return False
    return redrawn(outcomes_of(base), outcomes_of(head), each).verdict == "confirmed"


def _direction(base: float | None, head: float | None) -> int:
    """-1 broken, +1 fixed: a side mean above one half against one below."""
    if base is None or head is None:
        return 0
    return (base < 0.5 < head) - (head < 0.5 < base)


def _state(pair: Pair, base: list[Outcome], head: list[Outcome], has_base: bool) -> State:
    if "error" in (*base, *head):
        return "error"
    if pair.standing is Standing.WATCHED:
        return "watched"
    if pair.unchanged and pair.standing is not Standing.NEW:
        return "unchanged"
    if not head or (has_base and not base and pair.standing is Standing.COUNTED):
        return "not_asked"
    alone = not has_base or pair.standing is Standing.NEW
    deciding = head if alone else [*base, *head]
    if pair.standing is Standing.LISTED or "advisory" in deciding:
        return "advisory"
    if "unscored" in deciding:
        return "unscored"
    passed = _rate(head)
    if alone:
        return "new_pass" if passed is not None and passed > 0.5 else "new_fail"
    return _paired_state(base, head)


def _paired_state(base: list[Outcome], head: list[Outcome]) -> State:
    if len(set(base)) > 1 or len(set(head)) > 1:
        return "flaky"  # several first draws that disagree: mixed without asking again
    match base[0], head[0]:
        case "pass", "pass":
            return "pass"
        case "pass", "fail":
            return "broken"
        case "fail", "pass":
            return "fixed"
    return "still_failing"


def _first(trials: Iterable[Trial]) -> list[Outcome]:
    return [trial.outcome for trial in trials if trial.role == "first"]


def _rate(outcomes: list[Outcome]) -> float | None:
    scored = [outcome for outcome in outcomes if outcome in ("pass", "fail")]
    return sum(outcome == "pass" for outcome in scored) / len(scored) if scored else None


def _difference(change: Change) -> float:
    if change.state == "unchanged" or change.base is None or change.head is None:
        return 0.0
    return change.head - change.base


def _flip(change: Change) -> int:
    """-1 broken, +1 fixed: a side mean above one half against one below."""
    return 0 if change.state == "unchanged" else _direction(change.base, change.head)


def is_mixed_flip(change: Change) -> bool:
    """Whether first draws of a side disagree, and the sides flip on average."""
    return change.state == "flaky" and change.contradicted is None and _flip(change) != 0


def cluster_sizes(changes: Sequence[Change]) -> dict[str, list[int]]:
    """Positions of the counted cases by cluster; a case without `group` is a cluster of its own."""
    clusters: dict[str, list[int]] = defaultdict(list)
    for position, change in enumerate(changes):
        clusters[f"group {change.pair.group}" if change.pair.group else f"case {change.case}"].append(
            position
        )
    return dict(clusters)
