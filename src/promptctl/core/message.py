"""A chat message. A plain dataclass: applications that only `load` a prompt must not need msgspec."""

from dataclasses import dataclass
from typing import Any

ROLES = ("system", "developer", "user", "assistant", "tool")


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture inside a message. `url` is an https address or a data URI, `detail` what the server may be told."""

    url: str
    detail: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The part as the chat-completions protocol writes it."""
        detail = {} if self.detail is None else {"detail": self.detail}
        return {"type": "image_url", "image_url": {"url": self.url, **detail}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a request. `role` is one of `ROLES`.

    `content` is the text as it is sent, or typed parts, texts and images, in order. `tool_calls` are those of an
    earlier reply of the model (role `assistant`), `tool_call_id` is which of them a `tool` message answers.
    """

    role: str
    content: str | tuple[str | Image, ...]
    tool_calls: tuple[dict[str, Any], ...] = ()
    tool_call_id: str | None = None

    @property
    def text(self) -> str:
        """The text alone, images left out; what stood on both sides of one is on lines of its own."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part for part in self.content if isinstance(part, str))

    @property
    def images(self) -> tuple[Image, ...]:
        """The pictures, in order."""
        if isinstance(self.content, str):
            return ()
        return tuple(part for part in self.content if isinstance(part, Image))

    def as_dict(self) -> dict[str, Any]:
        """The message as the chat-completions protocol writes it."""
        content: Any = self.content
        if self.tool_calls and not content:
            content = None  # an empty text beside calls is refused by some servers
        elif not isinstance(content, str):
            content = [
                {"type": "text", "text": part} if isinstance(part, str) else part.as_dict()
                for part in content
            ]
        written: dict[str, Any] = {"role": self.role, "content": content}
        if self.tool_calls:
            written["tool_calls"] = list(self.tool_calls)
        if self.tool_call_id is not None:
            written["tool_call_id"] = self.tool_call_id
        return written
