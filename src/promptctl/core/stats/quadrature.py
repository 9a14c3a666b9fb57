"""Areas below smooth curves over a finite range, from `math` alone."""

import math
from collections.abc import Callable
from functools import cache


def integral(curve: Callable[[float], float], low: float, high: float, *, points: int = 96) -> float:
    """The area below `curve` between `low` and `high`.

    `curve` must be smooth there, ends included: a corner or a pole at an end costs most of the digits.
    """
    return math.fsum(weight * curve(x) for x, weight in weighted_points(low, high, points))


def weighted_points(low: float, high: float, points: int) -> list[tuple[float, float]]:
    """Places between `low` and `high` with the width each stands for, so that Σ width·f(place) is the area.

    Source: Gauss-Legendre quadrature, exact for polynomials up to degree 2·points - 1 (DLMF 3.5.15).
    """
    middle, half = (low + high) / 2, (high - low) / 2
    return [(middle + half * x, half * weight) for x, weight in _legendre(points)]


@cache
def _legendre(points: int) -> tuple[tuple[float, float], ...]:
    """Zeros of the Legendre polynomial of this degree, at least 2, with their weights."""
    found = []
    for number in range(1, points + 1):
        x = math.cos(math.pi * (number - 0.25) / (points + 0.5))
        for _ in range(6):  # the start is good to 1e-4 and each step squares the error
            before, value = 1.0, x
            for degree in range(2, points + 1):
                before, value = value, ((2 * degree - 1) * x * value - (degree - 1) * before) / degree
            slope = points * (x * value - before) / (x * x - 1)
            x -= value / slope
        found.append((x, 2 / ((1 - x * x) * slope * slope)))
    return tuple(found)
