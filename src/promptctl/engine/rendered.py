"""The requests of a plan, kept small: thousands of them share all but a few words."""

import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from promptctl.core.dialects import COMMON, sent_format, sent_params
from promptctl.core.digest import canonical_json, digest_of_text
from promptctl.core.exchange import Request
from promptctl.core.message import Message
from promptctl.core.prompt import PromptVersion
from promptctl.core.record import replace
from promptctl.core.routes import Route
from promptctl.engine.output_check import format_note

Messages = tuple[Message, ...]

_quoted = json.encoder.encode_basestring  # a text as `json.dumps(…, ensure_ascii=False)` writes it


class Later(NamedTuple):
    """How a conversation goes on after its first reply.

    `says` is what the user says, from the first turn on. `messages` gives those that are sent after these replies, at
    least one. `finished` says whether a reply that did not end by itself is the last.
    """

    says: tuple[str, ...]
    messages: Callable[[Sequence[str]], Messages]
    finished: bool = True


class Opening(NamedTuple):
    """The messages of a case's first request; in a conversation also how it goes on, and those after stand-ins."""

    messages: Messages
    later: Later | None = None
    ahead: tuple[Messages, ...] = ()


@dataclass(frozen=True, slots=True)
class Rendered:
    """A request by its digest, and what `sender` made it of.

    In a conversation it is the first one; `later` says how the others follow from the replies, and `ahead` are their
    digests where stand-ins take the place of the replies. `characters` counts those of its texts.
    """

    sender: "Sender"
    digest: str
    number: int
    characters: int
    later: Later | None = None
    ahead: tuple[str, ...] = ()

    @property
    def request(self) -> Request:
        """What is sent, made again each time it is looked at."""
        return replace(self.sender.blank, messages=self.sender.kept[self.number])

    @property
    def model(self) -> str:
        """The model as the project calls it, which says who answers."""
        return self.sender.model

    @property
    def note(self) -> str | None:
        """What the server cannot do that the prompt wants."""
        return self.sender.note

    @property
    def params(self) -> Mapping[str, Any]:
        """The settings that are sent."""
        return self.sender.blank.params

    @property
    def offers_tools(self) -> bool:
        """Whether the model may call a tool."""
        return bool(self.sender.blank.tools)

    @property
    def sends(self) -> tuple[str, ...]:
        """What is sent: equal where every request is, given equal replies."""
        return (self.digest, *self.ahead)

    def same_as(self, other: "Rendered") -> bool:
        """Whether both send the same to the same provider: servers may call different models alike."""
        return self.sends == other.sends and self.sender.provider == other.sender.provider


class Sender:
    """What all requests of one prompt under one model have in common, in the dialect of who answers."""

    def __init__(self, version: PromptVersion, model: str, route: Route | None) -> None:
        dialect = route.dialect if route else COMMON
        self.model, self.note = model, format_note(version, route)
        self.provider = route.provider if route else None
        self.kept = Kept()
        self.blank = Request(
            model=route.served_name if route else model,
            messages=(),
            params=sent_params(version.header.params, dialect),
            tools=version.tools,
            response_format=sent_format(version.response_format, dialect),
        )
        facts = {**self.blank.meaning(), "messages": 0}
        # In canonical JSON the messages come first, so the rest of every request's is the same text.
        self._before, self._after = canonical_json(facts).split("0", 1)

    def rendered(self, opening: Opening) -> Rendered:
        """The request for these messages; of a conversation with those that follow."""
        return Rendered(
            sender=self,
            digest=self._digest(opening.messages),
            number=self.kept.add(opening.messages),
            characters=sum(len(message.text) for message in opening.messages),
            later=opening.later,
            ahead=tuple(map(self._digest, opening.ahead)),
        )

    def _digest(self, messages: Messages) -> str:
        sent = ",".join(map(_canonical, messages))
        return digest_of_text("r1", f"{self._before}[{sent}]{self._after}")


def _canonical(message: Message) -> str:
    """The canonical JSON of a message; of one that is text alone without a look at its parts."""
    content = message.content
    if isinstance(content, str) and not message.tool_calls and message.tool_call_id is None:
        return f'{{"content":{_quoted(content)},"role":{_quoted(message.role)}}}'
    return canonical_json(message.as_dict())


class Kept:
    """The messages of many requests by number, from 0: compressed in batches, for they are alike."""

    _BATCH = 64

    def __init__(self) -> None:
        self._encode = msgspec.msgpack.Encoder().encode
        self._decoder = msgspec.msgpack.Decoder(list[Messages])
        self._open: list[Messages] = []
        self._closed: list[bytes | list[Messages]] = []
        self._last: tuple[int, list[Messages]] = (-1, [])

    def add(self, messages: Messages) -> int:
        """Keeps them, and gives their number."""
        number = len(self._closed) * self._BATCH + len(self._open)
        self._open.append(messages)
        if len(self._open) == self._BATCH:
            self._closed.append(self._packed(self._open))
            self._open = []
        return number

    def __getitem__(self, number: int) -> Messages:
        batch, place = divmod(number, self._BATCH)
        if batch == len(self._closed):
            return self._open[place]
        if self._last[0] != batch:  # asked for one after the other, mostly
            packed = self._closed[batch]
            found = self._decoder.decode(zlib.decompress(packed)) if isinstance(packed, bytes) else packed
            self._last = (batch, found)
        return self._last[1][place]

    def _packed(self, batch: list[Messages]) -> bytes | list[Messages]:
        try:
            return zlib.compress(self._encode(batch), 1)
        except (UnicodeEncodeError, OverflowError):  # half a character, or a number beyond 64 bits in a call
            return batch
