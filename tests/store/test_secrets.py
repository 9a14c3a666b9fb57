"""Keys are found where they may be, and shown nowhere."""

import base64
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.errors import PromptctlError
from promptctl.store.secrets import Redactor, read_key

KEY = "sk-live-4f/9+aa=="


def key(root: Path, *, ignored: bool = True, **environment: str) -> str | None:
    return read_key("SHOP_KEY", environment, root, lambda path: ignored)


def dotenv(root: Path, text: str) -> None:
    (root / ".env").write_text(text, encoding="utf-8")


def test_a_key_comes_from_its_variable_without_the_spaces_around_it(tmp_path: Path):
    assert key(tmp_path, SHOP_KEY=f" {KEY}\r\n") == KEY


@pytest.mark.parametrize("environment", [{}, {"SHOP_KEY": ""}, {"SHOP_KEY": " \n"}, {"OTHER_KEY": KEY}])
def test_without_its_variable_there_is_no_key(tmp_path: Path, environment: dict[str, str]):
    assert key(tmp_path, **environment) is None


@pytest.mark.parametrize(
    "bad",
    [
        "sk-live\nsecret1",
        "sk-live\x00secret1",
        "sk-live secret1",
        "sk-livé-secret1",
        "sk\x7f-secret1",
        "\ufeffsk-secret1",
    ],
)
def test_a_key_with_what_no_key_holds_is_refused_by_the_name_of_its_variable(tmp_path: Path, bad: str):
    with pytest.raises(PromptctlError) as caught:
        key(tmp_path, SHOP_KEY=bad)

    assert caught.value.slug == "bad-key"
    assert "SHOP_KEY" in caught.value.message
    assert "secret1" not in f"{caught.value!r} {caught.value} {caught.value.fix}"


@pytest.mark.parametrize(
    "text",
    [
        f"SHOP_KEY={KEY}",
        f"\ufeffSHOP_KEY={KEY}\r\n",
        f"# keys\nexport SHOP_KEY = '{KEY}' # ours\nOTHER_KEY=x\n",
        f'OTHER=1\nSHOP_KEY="{KEY}"',
        f"SHOP_KEY={KEY} # ours",
        f"SHOP_KEY=old-one-1\nSHOP_KEY={KEY}\n",
        f"no entry at all\n  SHOP_KEY={KEY}",
    ],
)
def test_outside_ci_a_key_may_stand_in_a_dotenv_file_that_git_ignores(tmp_path: Path, text: str):
    dotenv(tmp_path, text)

    assert key(tmp_path) == KEY
    assert key(tmp_path, CI="") == KEY


def test_the_variable_goes_before_the_dotenv_file(tmp_path: Path):
    dotenv(tmp_path, "SHOP_KEY=from-the-file")

    assert key(tmp_path, SHOP_KEY=KEY) == KEY


def test_in_ci_the_dotenv_file_is_not_read(tmp_path: Path):
    dotenv(tmp_path, f"SHOP_KEY={KEY}")

    assert key(tmp_path, CI="true") is None


def test_a_dotenv_file_that_git_does_not_ignore_is_not_read(tmp_path: Path):
    dotenv(tmp_path, f"SHOP_KEY={KEY}")
    asked: list[Path] = []

    assert read_key("SHOP_KEY", {}, tmp_path, lambda path: bool(asked.append(path))) is None
    assert asked == [tmp_path / ".env"]


def test_git_is_not_asked_about_a_dotenv_file_without_the_key(tmp_path: Path):
    dotenv(tmp_path, "OTHER=1\nSHOP_KEY=\n#SHOP_KEY=x\nMY_SHOP_KEY=x\n")

    assert read_key("SHOP_KEY", {}, tmp_path, lambda path: pytest.fail("asked")) is None


def test_a_dotenv_file_that_is_no_text_holds_no_key(tmp_path: Path):
    (tmp_path / ".env").write_bytes(b"\xff\xfe\x00=\x80")
    assert key(tmp_path) is None

    (tmp_path / ".env").unlink()
    (tmp_path / ".env").mkdir()
    assert key(tmp_path) is None


def test_a_bad_key_of_the_dotenv_file_names_the_file_and_the_variable(tmp_path: Path):
    dotenv(tmp_path, "SHOP_KEY=sk secret1")

    with pytest.raises(PromptctlError) as caught:
        key(tmp_path)

    assert str(caught.value.at) == f"{tmp_path / '.env'}, SHOP_KEY"
    assert "secret1" not in f"{caught.value} {caught.value.fix}"


def test_a_secret_is_replaced_in_each_of_its_forms():
    redactor = Redactor([KEY])
    encoded = base64.b64encode(KEY.encode()).decode()

    text = f"{KEY} {quote(KEY)} {quote(KEY, safe='')} {quote_plus(KEY)} {encoded}"

    assert redactor.clean(text) == "*** *** *** *** ***"


def test_a_longer_secret_is_replaced_whole_where_it_begins_like_a_shorter_one():
    redactor = Redactor(["secret-key", "secret-key-of-the-judge"])

    assert redactor.clean("Incorrect API key provided: secret-key-of-the-judge.") == (
        "Incorrect API key provided: ***."
    )


@pytest.mark.parametrize("short", [None, "", "abc", "1234567"])
def test_what_is_too_short_to_be_a_secret_is_left_in_place(short: str | None):
    assert Redactor([short]).clean(f"abc 1234567 {short}") == f"abc 1234567 {short}"


def test_a_secret_that_is_learnt_later_is_replaced_from_then_on():
    redactor = Redactor()
    assert redactor.clean(KEY) == KEY

    redactor.add(KEY)

    assert redactor.clean(KEY) == "***"


def test_a_redactor_does_not_show_what_it_hides():
    assert KEY not in repr(Redactor([KEY]))


SECRETS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=12, max_size=60)


@given(SECRETS, st.text(), st.text())
def test_no_secret_is_left_in_a_text(secret: str, before: str, after: str):
    assert secret not in Redactor([secret]).clean(before + secret + after).replace("***", "\x00")


@given(SECRETS, st.binary(max_size=9), st.binary(max_size=9))
def test_a_secret_inside_longer_base64_is_replaced_wherever_it_starts(
    secret: str, before: bytes, after: bytes
):
    redactor = Redactor([secret])

    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        text = encode(before + secret.encode() + after).decode()
        assert "***" in redactor.clean(text)


@given(st.lists(st.text()), st.text())
def test_a_redactor_takes_any_text(secrets: list[str], text: str):
    cleaned = Redactor(secrets).clean(text)

    assert all(len(secret) < 8 or secret not in cleaned.replace("***", "\x00") for secret in secrets)
