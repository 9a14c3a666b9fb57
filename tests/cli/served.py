"""A project whose models are served by a local server that speaks chat completions."""

import json
from pathlib import Path
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.cli.run import Done, promptctl
from tests.repository import Repo

KEY = "sk-live-0123456789abcdefghij"
PROMPT = "Reply to: {{ ticket }}\n"


class World:
    """A project whose models are served by a local server. `says` is its next answer, `received` what it got."""

    def __init__(self, repo: Repo, server: HTTPServer) -> None:
        self.repo, self.path = repo, repo.path
        self.received: list[dict[str, Any]] = []
        self.body: str = ""
        self.status, self.kind = 200, "application/json"
        self.headers: dict[str, str] = {}
        self.says("Within 14 days.")
        server.expect_request("/v1/chat/completions", method="POST").respond_with_handler(self._respond)

    def says(self, text: str, **message: Any) -> None:
        choice = {"message": {"role": "assistant", "content": text, **message}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 1000, "completion_tokens": 2000}
        self.body = json.dumps({"model": "served", "choices": [choice], "usage": usage})

    def fails(self, status: int, body: str, kind: str = "application/json", **headers: str) -> None:
        self.status, self.body, self.kind, self.headers = status, body, kind, headers

    def ask(self, *args: str, key: str | None = KEY) -> Done:
        return promptctl("ask", *args, cwd=self.path, env={"LOCAL_KEY": key})

    def _respond(self, request: Request) -> Response:
        self.received.append(json.loads(request.get_data()))
        return Response(self.body, self.status, self.headers, content_type=self.kind)


def a_world(tmp_path: Path, httpserver: HTTPServer) -> World:
    """A repository with the prompt `reply` and the model `gpt-x`, whose key is in LOCAL_KEY."""
    repo = Repo(tmp_path / "project")
    config = f"""\
[project]
model = "gpt-x"
currency = "EUR"
[models]
"gpt-*" = "local"
[providers.local]
base_url = "{httpserver.url_for("/v1")}"
key_env = "LOCAL_KEY"
[prices."gpt-x"]
input = 1.0
output = 2.0
"""
    repo.commit("first", {"promptctl.toml": config, "prompts/reply.prompt.j2": PROMPT})
    return World(repo, httpserver)
