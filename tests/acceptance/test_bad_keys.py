"""Keys that are missing, mangled or refused: said before or at the first call, and never shown or written."""

import base64
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.acceptance.refusing import PROJECT, every_file, refused, run
from tests.repository import Repo

KEY = "sk-test-4f2a9c1b7be15566-not-real"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "project")


def config(base_url: str) -> str:
    return f"""
[project]
model = "writer"
[models]
writer = "ours"
[providers.ours]
kind = "openai"
base_url = "{base_url}"
key_env = "OURS_KEY"
"""


def test_a_missing_key_is_said_before_any_call_by_its_variable(repo: Repo):
    repo.write({**PROJECT, "promptctl.toml": config("https://127.0.0.2.invalid/v1")})

    error = refused(repo, "test")

    assert error.slug == "missing-key"
    assert "OURS_KEY" in error.message
    assert "export OURS_KEY=" in error.fix


MANGLED = {
    "line break inside": f"{KEY[:12]}\n{KEY[12:]}",
    "carriage return inside": f"{KEY[:12]}\r{KEY[12:]}",
    "not ASCII": f"{KEY}é",
    "full-width": f"{KEY}，",
    "space inside": f"{KEY[:12]} {KEY[12:]}",
}


@pytest.mark.parametrize("key", MANGLED.values(), ids=MANGLED.keys())
def test_a_mangled_key_is_refused_before_any_call_and_never_shown(
    repo: Repo, httpserver: HTTPServer, key: str
):
    repo.write({**PROJECT, "promptctl.toml": config(httpserver.url_for("/v1"))})

    error = refused(repo, "test", env={"OURS_KEY": key})

    assert error.slug == "bad-key"
    assert "OURS_KEY" in error.at
    assert not any(piece in str(error) for piece in (KEY[:12], KEY[12:]))
    assert httpserver.log == []


@pytest.mark.parametrize("key", [KEY, f"  {KEY}\n"], ids=["wrong", "wrong, with white space around it"])
def test_a_key_that_the_server_refuses_ends_the_run_and_is_in_no_output_and_no_file(
    repo: Repo, httpserver: HTTPServer, key: str
):
    cases = "".join(f"- {{id: c{number}, input: t{number}, expected: x}}\n" for number in range(40))
    repo.write({**PROJECT, "evals/reply.yaml": cases, "promptctl.toml": config(httpserver.url_for("/v1"))})
    httpserver.expect_request("/v1/chat/completions").respond_with_handler(repeat_the_key)

    done = run(repo, "test", "-v", "--json", "result.json", env={"OURS_KEY": key})

    assert done.code == 3
    assert done.out.splitlines()[-1].startswith("INCOMPLETE")
    assert done.out.splitlines()[-1].endswith("[errors]")
    assert 1 <= len(httpserver.log) < 40
    written = every_file(repo.path, records=True)
    assert "result.json" in written
    assert any(name.startswith(".promptctl/runs/") for name in written)
    for text in (done.out.encode(), done.err.encode(), *filter(None, written.values())):
        assert not any(form in text for form in forms_of(KEY))


def repeat_the_key(request: Request) -> Response:
    """What servers say of a wrong key: they repeat it, plain, cut or encoded."""
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    said = f"Incorrect API key provided: {KEY} ({KEY[:14]}, {base64.b64encode(KEY.encode()).decode()})"
    return Response(
        f'{{"error": {{"message": "{said}", "code": "invalid_api_key"}}}}', 401, mimetype="application/json"
    )


def forms_of(key: str) -> list[bytes]:
    return [key.encode(), key[:14].encode(), key[-14:].encode(), base64.b64encode(key.encode())[:16]]
