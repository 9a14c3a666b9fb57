"""A chat message. A plain dataclass: applications that only `load` a prompt must not need msgspec."""

from dataclasses import dataclass

ROLES = ("system", "developer", "user", "assistant", "tool")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a request. `role` is one of `ROLES`; `content` is the text as it is sent."""

    role: str
    content: str

    def as_dict(self) -> dict[str, str]:
        """The message as the chat-completions protocol writes it."""
        return {"role": self.role, "content": self.content}
