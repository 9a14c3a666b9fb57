"""A project with two versions of one prompt and recorded outputs of both, compared by the real command."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from scipy.optimize import brentq
from scipy.stats import binom, norm

from tests.cli.run import Done, promptctl
from tests.repository import Repo


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a file of JSON lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def as_lines(objects: Iterable[Mapping[str, Any]]) -> str:
    """Objects as JSON lines."""
    return "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in objects)


def import_outputs(repo: Repo, name: str, outputs: Mapping[str, str], prompt: str) -> Done:
    """`promptctl answers import` of outputs by case, from a file outside the project."""
    path = repo.path.parent / f"{name}.jsonl"
    path.write_text(
        as_lines({"case": case, "output": text} for case, text in outputs.items()), encoding="utf-8"
    )
    return promptctl("answers", "import", str(path), "--prompt", prompt, cwd=repo.path)


def compared(repo: Repo) -> tuple[Done, dict[str, Any]]:
    """`promptctl test` of the last commit, without asking anything, and its result."""
    done = promptctl("test", "--base", "HEAD~1", "--offline", "--json", "-", cwd=repo.path)
    return done, json.loads(done.out)


def tango(broken: int, fixed: int, n: int, level: float) -> tuple[float, float]:
    """Tango's score interval of a paired difference with scipy's root finder, written apart from the code.

    `broken` and `fixed` are at least 1, and not all cases flipped.
    """

    def score(change: float) -> float:
        def slope(
            rate: float,
        ) -> float:  # of the likelihood of `rate` breaks, where the difference is `change`
            same = 2 * (n - broken - fixed) / (1 - 2 * rate - change)
            return broken / rate + fixed / (rate + change) - same

        rate = brentq(slope, max(0.0, -change) + 1e-12, (1 - change) / 2 - 1e-12, xtol=1e-15)
        return float((fixed - broken - n * change) / (n * (2 * rate + change * (1 - change))) ** 0.5)

    z, estimate = norm.ppf((1 + level) / 2), (fixed - broken) / n
    low = brentq(lambda change: score(change) - z, -0.999, estimate, xtol=1e-13)
    high = brentq(lambda change: score(change) + z, estimate, 0.999, xtol=1e-13)
    return low, high


def midp(broken: int, fixed: int) -> float:
    """The one-sided mid-p of at least so many breaks, by scipy."""
    flips = broken + fixed
    return float(binom.sf(broken, flips, 0.5) + binom.pmf(broken, flips, 0.5) / 2)
