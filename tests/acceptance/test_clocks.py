"""Acceptance row 39: clocks that jump a year, and zones that change, between runs and while one runs.

Nothing expires or revives, no duration is negative, and the last run is the one that was begun last.
"""

from pathlib import Path

import pytest

from tests.faults.project import Project, a_project, many, word
from tests.faults.rules import says
from tests.faults.server import Server
from tests.soak.kill_loop import comparable

# What every Python reads first: the wall clock is off by some days, and by none again after some reads of it.
CLOCK = """
import datetime, itertools, os, time
_days, _reads = float(os.environ["OFF_BY_DAYS"]), int(os.environ["FOR_READS"])
_read, _time, _datetime = itertools.count(), time.time, datetime.datetime
def _off():
    return _days if next(_read) < _reads else 0.0
class _Clock(_datetime):
    @classmethod
    def now(cls, tz=None):
        return _datetime.now(tz) + datetime.timedelta(days=_off())
    @classmethod
    def utcnow(cls):
        return _datetime.utcnow() + datetime.timedelta(days=_off())
datetime.datetime = _Clock
time.time = lambda: _time() + 86400 * _off()
"""
ALWAYS = "1000000"


@pytest.fixture
def clock(tmp_path: Path) -> str:
    (tmp_path / "clock").mkdir()
    (tmp_path / "clock" / "sitecustomize.py").write_text(CLOCK)
    return str(tmp_path / "clock")


def at(project: Project, clock: str, days: float, *, reads: str = ALWAYS, zone: str = "UTC") -> Project:
    """The project on a machine whose clock is off by so many days."""
    off = {"PYTHONPATH": clock, "OFF_BY_DAYS": str(days), "FOR_READS": reads, "TZ": zone}
    return Project(project.folder, {**project.env, **off})


def test_a_clock_that_jumps_a_year_and_a_zone_that_changes_cost_no_call_and_no_order(
    tmp_path: Path, clock: str
):
    with Server(says(word)) as server:
        project = a_project(tmp_path, server.url, words=many(5))
        jumps = [
            at(project, clock, 0),
            at(project, clock, 366),
            at(project, clock, -366),
            at(project, clock, 366, reads="3"),  # set back a year while it runs
            at(project, clock, -366, reads="3", zone="Pacific/Kiritimati"),
            at(project, clock, 0, zone="Etc/GMT+12"),
        ]
        ended = [one.test() for one in jumps]
        calls = server.count

    assert [one.code for one in ended] == [0] * len(jumps)
    assert calls == 5
    assert all(comparable(one.result) == comparable(ended[0].result) for one in ended)
    assert {one.result["started_at"][:4] for one in ended} > {
        ended[0].result["started_at"][:4]
    }  # it did jump
    durations = [one.result["seconds"] for one in ended]
    durations += [trial["answer"]["seconds"] for one in ended for trial in one.trials.values()]
    assert min(durations) >= 0
    runs = sorted(run.name for run in (project.folder / ".promptctl" / "runs").iterdir())
    assert runs == [one.result["run"] for one in ended]
