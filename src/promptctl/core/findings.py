"""What a result says of how a suite was decided: redraws, drift, looks, the numbers that the rules read."""

from promptctl.core.record import Shown


class Redraws(Shown):
    """What asking again about flips showed.

    `each` is how many draws of a side must agree, the first included, where `asked` cases are asked in the whole run. A
    `contradicted` flip is a flaky case; an `unconfirmed` one could not be drawn again, or was `spared` because first
    draws decide already. Of `compared` redraws at a
    temperature above 0, `identical` repeat their first draw word for word; `cached` says that so many of them do that
    something between us and the model answers instead of it, and confirms nothing.
    """

    each: int
    asked: int
    confirmed: int = 0
    contradicted: int = 0
    unconfirmed: int = 0
    spared: int = 0
    compared: int = 0
    identical: int = 0
    cached: bool = False


class Drift(Shown):
    """How many of base's answers changed their verdict when they were drawn again, without any change of base.

    `by` is `canary`, cases drawn again because their answers are old, or `flips`, flips that were contradicted by base.
    `missing` canaries got no answer that passes or fails, and say nothing. `p` is the chance of so many where `usual`
    is the share that changes anyway; of flips, the share of the `contradicted` ones that base would contradict if
    either side did. `redrawn`: base was drawn anew for all cases, and that table decides.
    """

    by: str
    drawn: int
    changed: int
    missing: int = 0
    contradicted: int | None = None
    usual: float | None = None
    p: float | None = None
    redrawn: bool = False


class Looks(Shown):
    """An early stop: at `look` of `looks`, `z` at the margin against `boundary`, over `asked` of `planned` cases."""

    looks: int
    look: int
    z: float
    boundary: float
    asked: int
    planned: int
    stopped: bool = False


class EvidenceRecord(Shown):
    """What the rules read beside the difference and the test.

    `bound` is the one-sided 95 % lower bound of the change with the `missing` pairs (unscored and errors) counted as
    broken. `p_adjusted` is the p-value of harm after Holm over `suites` suites. `samples` are first draws a side of a
    case, from `samples` runs where `--fresh` added them. `clusters` is None where no two counted cases share a group.
    `floor_upper` is the one-sided 95 % upper bound of head's rate, None without a floor. `flip_rate` is the share of
    cases that flip, or with several draws or groups the variance in its place; `detectable` is computed from it.
    """

    margin: float
    min_pass_rate: float
    max_errors: int
    bound: float | None = None
    missing: int = 0
    p_adjusted: float | None = None
    suites: int = 1
    samples: int = 1
    clusters: int | None = None
    floor_upper: float | None = None
    flip_rate: float | None = None


class Exploratory(Shown):
    """One tag or check by itself, over counted cases; `p` is two-sided, `adjusted` after Benjamini-Hochberg."""

    kind: str
    name: str
    n: int
    broken: int
    fixed: int
    p: float
    adjusted: float


class Measured(Shown):
    """A quantity on both sides and its difference, head minus base, case by case, over `cases` cases.

    `centre` says what `base` and `head` are: a `rate`, a `mean` or a `median`. `difference` is that of the cases' own,
    which for medians is not that of the sides. `ratio` is head by base, of medians the median of the cases' own, so
    that it never says more where the difference says less; None where base is 0. `low` and `high` are None where the
    cases are too few for `level`.
    """

    cases: int
    centre: str
    base: float
    head: float
    difference: float
    low: float | None
    high: float | None
    level: float
    method: str
    ratio: float | None = None


class Trade(Shown):
    """What a variant gains and what that costs, over first draws: `head` against `base`, as they were given.

    `cost` is in the project's currency for one answer of a case, `seconds` are those until it is there. Each is None
    where no case knows it on both sides.
    """

    base: str
    head: str
    quality: Measured | None = None
    cost: Measured | None = None
    seconds: Measured | None = None
