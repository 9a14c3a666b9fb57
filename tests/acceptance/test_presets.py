"""Every preset through the real command, against a server that behaves as its vendor's documentation says."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.cli.run import Done, promptctl
from tests.providers.vendors import KEY, VENDORS, Served, serving

SCHEMA = {"type": "object", "properties": {"seen": {"type": "string"}}, "required": ["seen"]}
HEADER = """\
---
model: m-{preset}
params: {{max_output_tokens: 50, temperature: 0, seed: 7}}
inputs: {{said: string}}
output: {{schema: seen.schema.json}}
---
{{% system %}}Answer in JSON: {{"seen": "what was said"}}{{% endsystem %}}
{{% user %}}{{{{ said }}}}{{% enduser %}}
"""
NO_SEED = {"anthropic", "gemini", "doubao", "deepseek", "glm", "kimi"}


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, Served]]:
    with ExitStack() as stack:
        yield {preset: stack.enter_context(serving(vendor)) for preset, vendor in VENDORS.items()}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, servers: dict[str, Served]) -> Path:
    """A prompt for each preset, all served from here."""
    root = tmp_path_factory.mktemp("presets") / "project"
    files = {"prompts/seen.schema.json": json.dumps(SCHEMA)}
    routes, providers = ["[models]"], []
    for preset, server in servers.items():
        name = preset.replace(".", "")
        files[f"prompts/{name}.prompt.j2"] = HEADER.format(preset=preset)
        files[f"evals/{name}.yaml"] = "samples: 2\ncases:\n- {id: hello, input: hello}\n"
        routes.append(f'"m-{preset}" = {{provider = "{preset}", name = "{server.vendor.model}"}}')
        providers.append(f'[providers."{preset}"]\nbase_url = "{server.base_url}"')
        if server.vendor.keyed:
            providers.append('key_env = "TEST_KEY"')
    files["promptctl.toml"] = "\n".join([*routes, *providers, ""])
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def tested(project: Path) -> Done:
    done = promptctl("test", "--no-base", "--json", "-", cwd=project, env={"TEST_KEY": KEY})
    assert done.out, done.err
    return done


@pytest.mark.parametrize("preset", VENDORS)
def test_a_preset_sends_what_its_vendor_reads_and_takes_what_it_says(
    tested: Done, servers: dict[str, Served], preset: str
):
    server, vendor = servers[preset], VENDORS[preset]
    name = preset.replace(".", "")
    [suite] = [found for found in json.loads(tested.out)["suites"] if found["suite"] == name]
    [result] = suite["results"]

    assert [trial["outcome"] for trial in result["head"]] == ["pass", "pass"], tested.err
    sent = sorted(server.received, key=lambda body: body.get("seed", 0))
    assert len(sent) == 2
    for body in sent:
        limits = {key: body[key] for key in ("max_tokens", "max_completion_tokens") if key in body}
        assert list(limits.values()) == [50]
        assert set(limits) <= set(vendor.token_limit)
        assert body["temperature"] == 0
        assert (body.get("response_format") or {"type": "none"})["type"] == expected_format(vendor.formats)
        assert body.get("stream", False) == (preset == "qwen")
    assert [body.get("seed") for body in sent] == ([None, None] if preset in NO_SEED else [7, 8])
    assert all(headers["user-agent"].startswith("promptctl/") for headers in server.headers)
    assert not any(key.startswith("openai-") for headers in server.headers for key in headers)


def expected_format(formats: tuple[str, ...]) -> str:
    return next((kind for kind in ("json_schema", "json_object") if kind in formats), "none")


def test_what_a_preset_cannot_do_is_said_by_lint(project: Path):
    done = promptctl("lint", cwd=project)

    said = [line for line in (done.out + done.err).splitlines() if "[ignored-param]" in line]
    assert done.code == 2
    assert {line.split("error: ")[-1].split(" ")[0] for line in said} == NO_SEED


ASKED: dict[str, tuple[str, str, str]] = {
    "no money in Chinese": ("glm", "empty", "429: 您的账户已欠费"),
    "no such model": ("ollama", "model", '404: model "local-model" not found'),
    "a wrong key": ("gemini", "key", "400: API key not valid"),
}


@pytest.mark.parametrize(("preset", "wanted", "said"), ASKED.values(), ids=ASKED)
def test_asking_names_the_cause_in_the_vendors_own_words(project: Path, preset: str, wanted: str, said: str):
    done = promptctl("ask", preset, "--var", f"said={wanted}", cwd=project, env={"TEST_KEY": KEY})

    assert done.code == 3
    assert said in done.err
    assert KEY not in done.err


def test_an_answer_that_the_filter_withheld_is_shown_as_one(project: Path):
    done = promptctl("ask", "qwen", "--var", "said=filter", cwd=project, env={"TEST_KEY": KEY})

    assert done.code == 0, done.err
    assert "content filter" in done.out + done.err


def test_thoughts_are_no_part_of_an_answer(project: Path):
    done = promptctl("ask", "lm-studio", "--var", "said=think", cwd=project, env={"TEST_KEY": KEY})

    assert done.code == 0, done.err
    assert '{"seen": "think"}' in done.out
    assert "<think>" not in done.out
