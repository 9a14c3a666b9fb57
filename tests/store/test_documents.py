"""What all readers of files share: sizes, encodings, and how little they need."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.errors import FileError
from promptctl.store.documents import decode, read_json, read_toml, read_yaml
from tests.store.reading import reads_or_refuses, refused


@pytest.mark.parametrize("read", [read_yaml, read_json, read_toml])
def test_a_file_beyond_5_mb_is_refused_before_it_is_parsed(read: Callable[..., Any]):
    # Parsing any of these would end in another error.
    assert refused(read, "[" * 5_000_001).slug == "too-large"
    assert refused(read, '"' + "字" * 1_700_000).slug == "too-large"


def test_prompts_load_with_yaml_and_without_msgspec_or_tomllib():
    code = (
        "import sys; from promptctl.store.documents import *; Fields(read_yaml('a: 1', 'f')).integer('a');"
        "print(sorted(m for m in ('msgspec', 'tomllib', 'jinja2', 'click', 'jsonschema') if m in sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


def test_text_of_another_encoding_is_refused_at_its_byte():
    with pytest.raises(FileError) as caught:
        decode("a: 1\nb: 退é".encode() + b"\xe9", "f")

    assert (caught.value.slug, str(caught.value.at)) == ("not-utf8", "f:2:6")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16_is_named_also_where_its_first_character_is_chinese(encoding: str):
    with pytest.raises(FileError) as caught:
        decode("退: hello".encode(encoding), "f")

    assert (caught.value.slug, caught.value.message) == ("not-utf8", "this file is UTF-16")


def test_decoding_eats_the_byte_order_mark_and_makes_lf_of_crlf():
    assert decode(b"\xef\xbb\xbfa\r\nb", "f") == "a\nb"


@given(st.binary())
def test_any_bytes_are_text_or_refused_with_their_place(data: bytes):
    reads_or_refuses(decode, data)
