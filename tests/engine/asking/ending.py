"""Limits that end a run after some seconds from now."""

import time

from promptctl.engine.asking.spending import Limits


def ending_in(seconds: float) -> Limits:
    """As `--deadline` sets them."""
    return Limits(until=time.monotonic() + seconds, seconds=seconds)
