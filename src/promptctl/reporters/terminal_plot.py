"""One line to look at: where the change of the pass rate lies, beside nothing and beside the margin."""

from promptctl.core.words import points, signed_points

WIDTH = 56
"""Columns of the axis, at most; the words beside it fill the rest of the line."""
_LEAST_REACH = 0.01  # half an axis, so that an interval of no width is a point on one


def interval_plot(low: float, estimate: float, high: float, margin: float | None = None) -> str:
    """`───┆─┣━━●━│━┫───` with the ends in points: `●` the estimate, `│` no change, `┆` the margin.

    Args:
        low, estimate, high: Fractions, in this order.
        margin: The loss that is accepted, a fraction; None draws no mark for it.
    """
    marks = [low, high, 0.0, *([-margin] if margin else [])]
    reach = max(max(marks) - min(marks), 2 * _LEAST_REACH)
    start = min(marks) - 0.05 * reach

    def column(value: float) -> int:
        return min(WIDTH - 1, max(0, round((value - start) / (1.1 * reach) * (WIDTH - 1))))

    axis = ["─"] * WIDTH
    axis[column(low) : column(high) + 1] = "━" * (column(high) - column(low) + 1)
    if margin:
        axis[column(-margin)] = "┆"
    axis[column(0.0)] = "│"
    axis[column(low)], axis[column(high)] = "┣", "┫"
    axis[column(estimate)] = "●"
    label = f"│ 0, ┆ −{points(margin)}" if margin else "│ 0"
    return f"{signed_points(low)} {''.join(axis)} {signed_points(high)}  {label}"
