"""A first project: one prompt, its cases and a short configuration. Nothing that is there is touched."""

import json
import os
from pathlib import Path
from typing import NamedTuple

from promptctl.core.config import Config
from promptctl.core.routes import PRESETS
from promptctl.store.config import NAME, PYPROJECT, configures, read_config
from promptctl.store.files import cannot_write, read_bytes, write_atomically
from promptctl.store.git_faults import no_work_tree
from promptctl.store.places import decode
from promptctl.store.prompts import SUFFIX
from promptctl.store.repo import Repository

STARTER = Path(__file__).with_name("starter")
SAMPLE = f"triage{SUFFIX}"
SUITE = "triage.yaml"
_DEFAULT_BRANCH = 'default_branch = "main"'


class Scaffold(NamedTuple):
    """What was written and what was there before, as paths below `root`; a kept folder ends in a slash.

    `prompt` is the sample, to try a change on; None in a project that has prompts of its own. `paths` is what a
    first commit holds; `branch` the default branch.
    """

    root: Path
    written: tuple[str, ...]
    kept: tuple[str, ...]
    prompt: str | None
    paths: tuple[str, ...]
    in_git: bool
    branch: str


def write_project(root: Path) -> Scaffold:
    """Makes `root` a project that `promptctl test` runs at once on an embedded model.

    What exists stays as it is. A project with prompts of its own gets no sample beside them; an existing
    configuration says which folders are used.

    Raises:
        PromptctlError: the folder cannot be made or written, or its configuration or repository cannot be read.
    """
    repository = Repository.find(root)
    if repository is not None and repository.bare:
        raise no_work_tree(str(root))
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(root, error) from error
    texts = _text(root / NAME), _text(root / PYPROJECT)
    config = read_config(*texts, presets=PRESETS, folder=_prefix(root))
    branch = _default_branch(repository)
    wanted, kept = _sample(root, config)
    settings_file = PYPROJECT if texts[0] is None and configures(texts[1]) else NAME
    if settings_file == PYPROJECT:
        kept = [PYPROJECT, *kept]
    else:
        settings = decode((STARTER / NAME).read_bytes(), NAME)
        wanted = {NAME: settings.replace(_DEFAULT_BRANCH, f"default_branch = {json.dumps(branch)}"), **wanted}
    kept = [name for name in wanted if os.path.lexists(root / name)] + kept
    written = [name for name in wanted if name not in kept]
    for name in written:
        write_atomically(root / name, wanted[name])
    prompt = f"{config.project.prompts}/{SAMPLE}"
    held = settings_file, config.project.prompts, config.project.evals
    return Scaffold(
        root=root,
        written=tuple(written),
        kept=tuple(kept),
        prompt=prompt if prompt in wanted else None,
        paths=tuple(name for name in held if os.path.lexists(root / name)),
        in_git=repository is not None,
        branch=branch,
    )


def _sample(root: Path, config: Config) -> tuple[dict[str, str], list[str]]:
    """The sample prompt and its cases by path, or the folder of other prompts that is kept without them."""
    folder, evals = config.project.prompts, config.project.evals
    found = [path.relative_to(root).as_posix() for path in (root / folder).rglob(f"*{SUFFIX}")]
    if any(name != f"{folder}/{SAMPLE}" for name in found):
        return {}, [f"{folder}/"]
    prompt = decode((STARTER / "prompts" / SAMPLE).read_bytes(), SAMPLE)
    wanted = {f"{folder}/{SAMPLE}": prompt}
    suite = f"{evals}/{SUITE}"
    # Its cases belong to the sample as it was written, not to a prompt of that name.
    if not found or read_bytes(root / folder / SAMPLE) == prompt.encode() or os.path.lexists(root / suite):
        wanted[suite] = decode((STARTER / "evals" / SUITE).read_bytes(), SUITE)
    return wanted, []


def _default_branch(repository: Repository | None) -> str:
    """The repository's main branch, so that the first comparison needs no setting; `main` where it has none yet."""
    if repository is None:
        return "main"
    tips = repository.tips(
        [f"refs/{kind}/{name}" for kind in ("heads", "remotes/origin") for name in ("main", "master")]
        + ["refs/remotes/origin/HEAD"]
    )
    if head := tips.pop("refs/remotes/origin/HEAD", None):
        return head.symref.removeprefix("refs/remotes/origin/") or "main"
    names = sorted(name.rpartition("/")[2] for name in tips)
    return names[0] if names else repository.branch() or "main"


def _text(path: Path) -> str | None:
    return decode(read_bytes(path), str(path)) if path.is_file() else None


def _prefix(root: Path) -> str:
    return "" if root == Path() else f"{root.as_posix()}/"
