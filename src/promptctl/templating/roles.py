"""Role blocks as Jinja tags. Each block hands its text to a collector and leaves nothing behind.

Rendered text is never parsed again, so there is no marker that a value could forge: a value that spells
any dialect's role marker, Jinja tag or JSON message stays text inside the message it was put into. An image is
held by the collector too (see `marks`).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from jinja2 import Environment, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser

from promptctl.core.message import ROLES, Image, Message
from promptctl.templating.marks import Marks, RoleError, marked, parts, without_blank_ends
from promptctl.templating.values import MessageValue, Role


class Collector:
    """The messages of one rendering, in order, and the images that its text will be cut at."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.marks = Marks()
        self._inside = False

    @contextmanager
    def block(self) -> Iterator[None]:
        """While a role block renders: a second one inside it is refused, also through includes and macros."""
        if self._inside:
            raise RoleError(
                "a role block stands inside another",
                slug="nested-role",
                fix="end the outer block before the inner one begins",
            )
        self._inside = True
        try:
            yield
        finally:
            self._inside = False

    def add(self, role: str, text: str) -> None:
        """One more message; blank lines at its ends and beside images are dropped, nothing else."""
        content = self.marks.content(text)
        if role != "user" and not isinstance(content, str):
            raise RoleError(
                f"an image stands in a message of role {role}",
                slug="image-role",
                fix="put it into {% user %}: models look at images in user messages only",
            )
        self.messages.append(Message(role=str(role), content=content))


_collector: ContextVar[Collector] = ContextVar("promptctl_collector")


@contextmanager
def collecting() -> Iterator[Collector]:
    """A fresh collector for the rendering inside the block."""
    collector = Collector()
    token = _collector.set(collector)
    try:
        yield collector
    finally:
        _collector.reset(token)


class RoleBlocks(Extension):
    """`{% system %}…{% endsystem %}` and its kin, `{% message role=… %}`, `{% chat role=… %}`, `{% insert … %}`."""

    tags = {*ROLES, "message", "chat", "insert"}

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.filters["image"] = self._image

    def parse(self, parser: Parser) -> nodes.Node:
        """One tag to its syntax tree. Constant roles are checked here, computed ones while rendering."""
        token = next(parser.stream)
        if token.value == "insert":
            value = parser.parse_expression()
            return nodes.ExprStmt(self.call_method("_insert", [value]), lineno=token.lineno)
        role: nodes.Expr = nodes.Const(token.value)
        if token.value in ("message", "chat"):
            role = self._role_argument(parser, token.value)
        body = parser.parse_statements((f"name:end{token.value}",), drop_needle=True)
        call = self.call_method("_emit", [role], lineno=token.lineno)
        return nodes.CallBlock(call, [], [], body, lineno=token.lineno)

    def _role_argument(self, parser: Parser, tag: str) -> nodes.Expr:
        line = parser.stream.current.lineno
        name = parser.stream.expect("name")
        if name.value != "role":
            parser.fail(f"{tag} takes role=…, not {name.value}=…", line)
        parser.stream.expect("assign")
        role = parser.parse_expression()
        if isinstance(role, nodes.Const):
            if role.value not in ROLES:
                parser.fail(f"role {role.value!r} is not one of {', '.join(ROLES)}", line)
            # What the template itself spells out needs no provenance.
            return nodes.Const(str(role.value))
        return self.call_method("_checked", [role], lineno=line)

    def _checked(self, role: object) -> str:
        if isinstance(role, Role):
            return role
        raise RoleError(
            f"role={role!r} is computed, and not from an input of type messages",
            slug="dynamic-role",
            fix="write the role out, or take it from a message of an input declared as `type: messages`",
        )

    def _emit(self, role: str, caller: Callable[[], str]) -> str:
        collector = _collector.get()
        with collector.block():
            text = caller()
        collector.add(role, text)
        return ""

    def _insert(self, value: object) -> str:
        collector = _collector.get()
        if not isinstance(value, list) or not all(isinstance(item, MessageValue) for item in value):
            raise RoleError(
                "insert takes the messages of an input of type messages, nothing else",
                slug="insert-not-messages",
                fix="declare the input in the header as `history: {type: messages, default: []}`",
            )
        with collector.block():
            pass
        collector.messages += [_inserted(item) for item in value]
        return ""

    def _image(self, value: object, detail: object = None, **others: object) -> str:
        """`{{ photo | image(detail="low") }}`: the picture, at this place of the message."""
        for name in others:
            raise RoleError(
                f"`| image` takes no {name}", slug="image-detail", fix='write `| image(detail="low")`'
            )
        return marked(_collector.get().marks, value, detail)


def _inserted(item: MessageValue) -> Message:
    content = item["content"]
    if isinstance(content, str):
        content = without_blank_ends(content)
    else:
        content = parts(
            part["text"] if part["type"] == "text" else Image(**part["image_url"]) for part in content
        )
    return Message(
        role=str(item["role"]),
        content=content,
        tool_calls=tuple(item.get("tool_calls", ())),
        tool_call_id=item.get("tool_call_id"),
    )


def is_role_block(node: nodes.Node) -> bool:
    """Whether a node of a syntax tree adds messages."""
    call = node.call if isinstance(node, nodes.CallBlock) else getattr(node, "node", None)
    if isinstance(node, nodes.ExprStmt):
        call = node.node
    target = getattr(call, "node", None)
    return isinstance(target, nodes.ExtensionAttribute) and target.identifier == RoleBlocks.identifier
