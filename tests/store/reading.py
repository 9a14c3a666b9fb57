"""What the tests of readers share: any text, and what reading it may end in."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import strategies as st

from promptctl.errors import FileError, Place, PromptctlError

ANY_TEXT = st.text() | st.text(
    alphabet="ab:-[]{}&*!|>'\"%@`#,? \n\t\\<=~.0123456789\r\u2028：｛｝，“”＃－［］　", max_size=60
)


def refused(read: Callable[..., Any], text: Any) -> FileError:
    with pytest.raises(FileError) as caught:
        read(text, "f")
    return caught.value


def reads_or_refuses(read: Callable[..., Any], text: Any) -> None:
    try:
        read(text, "f")
    except PromptctlError as error:
        for one in getattr(error, "errors", (error,)):
            assert isinstance(one, FileError)
            assert isinstance(one.at, Place)
            assert one.at.line >= 1
            assert one.at.column >= 1
            assert one.fix
            assert one.message.isprintable()


def all_keys(value: Any, keys: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [keys, *(found for key, item in pairs for found in all_keys(item, (*keys, key)))]


def reach(value: Any, keys: tuple[Any, ...]) -> Any:
    for key in keys:
        value = value[key]
    return value
