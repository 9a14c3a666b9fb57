"""P-values that stay honest when several are looked at."""

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """P-values of several suites, each of which can stop a change, raised for the number of suites.

    Stopping at 0.02 of these keeps the chance of any false alarm in the whole run at 0.02.

    Args:
        p_values: One per suite, each in [0, 1], in any order; may be empty.

    Returns:
        Adjusted p-values in the order given, each in [0, 1] and not below the original.

    Raises:
        ValueError: a value outside [0, 1].

    Source: Holm 1979, Scandinavian Journal of Statistics 6.
    """
    _check(p_values)
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(_ascending(p_values)):
        largest = max(largest, min(1.0, p_values[index] * (len(p_values) - rank)))
        adjusted[index] = largest
    return tuple(adjusted)


def benjamini_hochberg(p_values: Sequence[float]) -> tuple[float, ...]:
    """P-values of an exploratory table, raised for the number of its rows.

    Of the rows at or below 0.10 of these, about one in ten is a false find.

    Args:
        p_values: One per tag or check, each in [0, 1], in any order; may be empty.

    Returns:
        Adjusted p-values in the order given, each in [0, 1] and not below the original.

    Raises:
        ValueError: a value outside [0, 1].

    Source: Benjamini and Hochberg 1995, Journal of the Royal Statistical Society B 57.
    """
    _check(p_values)
    count = len(p_values)
    adjusted = [0.0] * count
    smallest = 1.0
    for rank, index in reversed(list(enumerate(_ascending(p_values), start=1))):
        smallest = min(smallest, p_values[index] * count / rank)
        adjusted[index] = smallest
    return tuple(adjusted)


def _ascending(p_values: Sequence[float]) -> list[int]:
    return sorted(range(len(p_values)), key=p_values.__getitem__)


def _check(p_values: Sequence[float]) -> None:
    for p in p_values:
        if not 0 <= p <= 1:
            raise ValueError(f"a p-value must lie in [0, 1], not {p}")
