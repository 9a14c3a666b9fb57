"""What a project keeps on this machine: stored answers and runs."""

from pathlib import Path
from typing import NamedTuple

from promptctl.engine.answering import STORE
from promptctl.errors import PromptctlError
from promptctl.store.answer_past import StoreStats
from promptctl.store.answers import open_store
from promptctl.store.files import state_folder
from promptctl.store.runs import RESULT, RUNS

PATIENCE_SECONDS = 2.0  # a run holds the store for moments at a time


class Answers(NamedTuple):
    """The answer store: `stats` is None where there is none or where it cannot be read."""

    path: str
    stats: StoreStats | None
    problems: tuple[PromptctlError, ...] = ()


class Runs(NamedTuple):
    """How many runs are kept, and how many of them have no result: killed, or still under way."""

    kept: int
    without_result: int


def answers_of(root: Path) -> Answers:
    """The project's stored answers. Nothing is written, and a store that another process writes to is waited for."""
    store = open_store(state_folder(root) / STORE, readonly=True, busy_seconds=PATIENCE_SECONDS)
    path = store.path.relative_to(root).as_posix()
    try:
        if not store.path.is_file():
            return Answers(path, None)
        stats = store.stats()
        return Answers(path, stats, tuple(_said(warning) for warning in store.warnings))
    except PromptctlError as error:
        return Answers(path, None, (error,))
    finally:
        store.close()


def runs_of(root: Path) -> Runs:
    """The runs that are kept below .promptctl/runs/."""
    folder = state_folder(root) / RUNS
    try:
        kept = [run for run in folder.iterdir() if run.is_dir()]
    except OSError:
        return Runs(0, 0)
    return Runs(len(kept), sum(not (run / RESULT).is_file() for run in kept))


def _said(warning: str) -> PromptctlError:
    slug, _, text = warning.removeprefix("[").partition("] ")
    return PromptctlError(
        text,
        slug=slug,
        fix="`promptctl answers verify` says what can still be read, and --salvage keeps that",
    )
