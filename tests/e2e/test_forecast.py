"""What a run says it will cost, before it asks: text, images, and what goes with them."""

import re
from pathlib import Path

import pytest

from tests.cli.run import promptctl
from tests.pictures import PNG
from tests.repository import Repo

CONFIG = """\
[models]
"m" = "own"
[providers.own]
kind = "openai"
base_url = "http://127.0.0.1:9/v1"
[prices."m"]
input = 1000000
output = 0
"""


def tokens(folder: Path, prompt: str, cases: str = "- {input: abcd, watch: true}\n") -> float:
    """How many tokens the only call is taken to have: with this price, one costs one."""
    files: dict[str, str | bytes | None] = {
        "promptctl.toml": CONFIG,
        "prompts/a.prompt.j2": f"---\nmodel: m\n{prompt}",
        "prompts/s.json": '{"type": "object", "title": "' + "a" * 400 + '"}',
        "prompts/t.json": '{"type": "function", "function": {"name": "' + "a" * 40 + '"}}',
        "evals/a.png": PNG,
        "evals/a.yaml": cases,
    }
    done = promptctl("test", "--no-base", "--max-calls", "0", cwd=Repo(folder).write(files).path)
    found = re.search(r"about \$([0-9.]+)", done.err)
    assert found, done.err
    return float(found[1])


def test_text_has_a_token_for_four_letters_or_one_character(tmp_path: Path):
    assert tokens(tmp_path / "a", "---\n{{ ticket }}") == 1
    assert tokens(tmp_path / "b", "---\n{{ ticket }}退款") == 3


@pytest.mark.parametrize(
    ("detail", "expected"), [("", 1001), ("(detail='high')", 1001), ("(detail='low')", 86)]
)
def test_an_image_has_tokens_of_its_own(detail: str, expected: float, tmp_path: Path):
    prompt = f"inputs: {{photo: image}}\n---\nabcd{{{{ photo | image{detail} }}}}"

    assert tokens(tmp_path, prompt, "- {input: a.png, watch: true}\n") == expected


def test_a_schema_and_tools_are_sent_too(tmp_path: Path):
    schema = tokens(tmp_path / "a", "output: {schema: s.json}\n---\n{{ ticket }}")
    both = tokens(tmp_path / "b", "output: {schema: s.json}\ntools: [t.json]\n---\n{{ ticket }}")

    assert 101 < schema < both < 200
