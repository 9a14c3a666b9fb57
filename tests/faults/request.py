"""One request as the server saw it."""

import hashlib
import json
from functools import cached_property
from typing import Any


class Request:
    """What came, when, on which connection, and what became of it.

    Attributes:
        number: 1 for the first request that arrived, also where several arrive on one connection.
        at: Seconds since the first request.
        attempt: 1 for a body that came for the first time.
        outcome: The name of the reply; `gone` where the client left before its end.
    """

    def __init__(
        self, *, number: int, attempt: int, at: float, connection: int, path: str, head: bytes, body: bytes
    ) -> None:
        self.number, self.attempt, self.at, self.connection = number, attempt, at, connection
        self.path, self.head, self.body = path, head, body
        self.outcome = ""

    @cached_property
    def json(self) -> dict[str, Any]:
        """The body, read."""
        read = json.loads(self.body)
        assert isinstance(read, dict)
        return read

    @property
    def prompt(self) -> str:
        """What the last message says."""
        return str(self.json["messages"][-1]["content"])

    @cached_property
    def digest(self) -> str:
        """A short name of the body, equal for equal bodies."""
        return hashlib.sha256(self.body).hexdigest()[:16]

    def __repr__(self) -> str:
        return f"Request({self.number}, attempt={self.attempt}, at={self.at:.3f}, outcome={self.outcome!r})"
