"""The gate against the verdicts of the reference."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from promptctl.core.record import replace
from promptctl.core.run import Pair
from tests.builders import a_table, ruled, shown

REFERENCE = Path(
    os.environ.get("PROMPTCTL_REFERENCE")
    or Path(__file__).parents[3] / "shared" / "reference" / "stat_reference.json"
)


def reference() -> list[Any]:
    if not REFERENCE.is_file():
        reason = "no reference here: set PROMPTCTL_REFERENCE to stat_reference.json"
        return [pytest.param(None, marks=pytest.mark.skip(reason=reason))]
    return json.loads(REFERENCE.read_text(encoding="utf-8"))["gate_verdict"]["cases"]


WORDS = {"pass": "PASS", "fail": "FAIL", "undecided": "INCONCLUSIVE"}


def verdict(row: dict[str, Any]) -> str:
    """What the gate says of the table of `row`, in the words of the reference."""
    return WORDS[ruled(pairs_of(row)).status]


def pairs_of(row: dict[str, Any]) -> list[Pair]:
    pairs = a_table(row["n"], broken=row["broken_first"], fixed=row["fixed_first"], confirmed=False)
    confirmed = {"broken": row["confirmed_broken"], "fixed": row["confirmed_fixed"]}
    must = {f"broken-{n:03}" for n in range(row["confirmed_broken_must_pass"])}
    return [
        replace(
            pair,
            final=any(
                pair.case == f"{kind}-{n:03}" for kind, count in confirmed.items() for n in range(count)
            ),
            severity="blocker" if pair.case in must else "normal",
        )
        for pair in pairs
    ]


@pytest.mark.parametrize("row", reference())
def test_the_verdicts_of_the_reference_are_reproduced(row: dict[str, Any]):
    pairs = pairs_of(row)

    _, evidence = shown(pairs)

    assert verdict(row) == row["verdict"]
    assert evidence.p_worse == pytest.approx(row["p_midp_worse"], abs=1e-9)
    assert evidence.bound == pytest.approx(row["tango90_lower"], abs=1e-9)
