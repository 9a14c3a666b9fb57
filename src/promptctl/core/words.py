"""Numbers and counts as people read them. A rate never rounds to 0 % or 100 % unless it is that."""

from collections.abc import Iterable, Sequence


def plural(count: int, noun: str) -> str:
    """`1 case`, `2 cases`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def cases_named(names: Sequence[str], noun: str = "case") -> str:
    """`1 case`, `3 blockers`."""
    return plural(len(names), noun)


def points(fraction: float) -> str:
    """A fraction as percentage points: 0.05 is `5`, 0.0713 is `7.1`."""
    text = f"{fraction * 100:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def signed_points(fraction: float) -> str:
    """`+9.4`, `−3.3`, `0.0`."""
    text = f"{fraction * 100:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text.replace("-", "−")


def percent(fraction: float) -> str:
    """A rate as a percentage that does not flatter: 0.999 is `99.9 %`, never `100 %`."""
    if fraction in (0.0, 1.0):
        return f"{fraction:.0%}".replace("%", " %")
    for digits in range(0, 6):
        shown = round(fraction * 100, digits)
        if 0 < shown < 100:
            return f"{shown:.{digits}f} %"
    return f"{fraction * 100} %"


def nearest(name: str, among: Iterable[str]) -> str | None:
    """The name that was probably meant."""
    from difflib import get_close_matches  # needed only on the way to an error

    close = get_close_matches(name, list(among), n=1, cutoff=0.6)
    return close[0] if close else None


def did_you_mean(name: str, among: Iterable[str]) -> str:
    """`did you mean "x"? `, or nothing."""
    close = nearest(name, among)
    return f'did you mean "{close}"? ' if close else ""
