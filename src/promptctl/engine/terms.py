"""How a run may ask."""

from collections.abc import Callable
from typing import NamedTuple

from promptctl.core.ports import Progress
from promptctl.engine.asking.spending import NO_LIMITS, Limits
from promptctl.engine.bill import Forecast


class Terms(NamedTuple):
    """How a run may ask. `stop_early`: a large suite may pass before all its cases were asked."""

    offline: bool = False
    limits: Limits = NO_LIMITS
    strict: bool = False
    progress: Progress | None = None
    on_forecast: Callable[[Forecast], None] | None = None
    stop_early: bool = False
