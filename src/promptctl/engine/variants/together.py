"""What changed besides the text, and the runs that tell the two apart."""

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from promptctl.core.yardstick import same
from promptctl.engine.load import Side
from promptctl.engine.selection import Selection
from promptctl.store.revisions import WORKTREE


def changed_together(
    base: Side,
    head: Side,
    prompts: tuple[str, str],
    models: tuple[str, str],
    suite: str,
    selection: Selection,
) -> Iterator[str]:
    """A sentence on the model and one on its settings, where they differ; base before head in every pair.

    Where something else changed as well, each names the run that shows it alone.
    """
    before, after = (
        side.prompts.header(name).params for side, name in zip((base, head), prompts, strict=True)
    )
    settings = [name for name in {**before, **after} if not same(before.get(name), after.get(name))]
    text = base.prompts.meaning(prompts[0])[0] != head.prompts.meaning(prompts[1])[0]
    model = models[0] != models[1]
    if model and (text or settings):
        what = "the text alone does" if not settings else "the rest of the change does"
        yield f"model {models[0]} → {models[1]}; `--model {models[0]}` shows what {what}"
    elif model:
        yield f"model {models[0]} → {models[1]}, and the text is the same"
    if not settings:
        return
    said = ", ".join(f"{name} {_value(before, name)} → {_value(after, name)}" for name in settings)
    if not text and not model:
        yield f"settings {said}, and the text is the same"
        return
    back = ",".join(f"{name}={json.dumps(before.get(name), ensure_ascii=False)}" for name in settings)
    words = ["promptctl", "test", suite, *_head(head, prompts[1], selection), "--param", back]
    yield f"settings {said}; `{shlex.join(words)}` shows what they do alone"


def _value(params: Mapping[str, Any], name: str) -> str:
    return json.dumps(params[name], ensure_ascii=False) if name in params else "unset"


def _head(head: Side, prompt: str, selection: Selection) -> list[str]:
    label = head.revision.label
    if selection.head_prompt:
        return [f"--head={prompt}@{label}"]
    return [] if label == WORKTREE else [f"--head={label}"]
