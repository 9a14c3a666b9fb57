"""`promptctl show` and `promptctl render`: what they print of a prompt."""

from pathlib import Path

import pytest

from tests.cli.run import promptctl
from tests.repository import Repo


@pytest.mark.parametrize("args", [("show", "reply"), ("render", "reply", "--var", "ticket=x")])
def test_params_are_shown_as_they_are_sent(args: tuple[str, ...], tmp_path: Path):
    repo = Repo(tmp_path / "project")
    params = "{temperature: 0.2, stop: [END, 结束], store: true, user: null, tier: flex}"
    repo.write({"prompts/reply.prompt.j2": f"---\nparams: {params}\n---\n{{{{ ticket }}}}"})

    shown = promptctl(*args, cwd=repo.path).out

    assert 'temperature 0.2, stop ["END", "结束"], store true, user null, tier flex' in shown
