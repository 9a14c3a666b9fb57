"""How near two texts are, in any script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.core.similarity import Index, fold, has_unspaced, index, ngrams, runs

TICKETS = ["Where is my parcel?", "I want my money back", "我的包裹在哪里", "我要退款"]


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("my parcel has not come", 0),
        ("money back please", 1),
        ("包裹还没到", 2),
        ("请给我退款", 3),
        ("ＭＯＮＥＹ ＢＡＣＫ", 1),
    ],
)
def test_the_nearest_text_shares_the_most_telling_parts(text: str, position: int):
    found, similarity = Index(TICKETS).nearest(text)

    assert found == position
    assert 0 < similarity < 1


def test_nothing_in_common_is_not_near():
    assert Index(TICKETS).similarities("zzz") == [0.0, 0.0, 0.0, 0.0]
    assert Index(TICKETS).nearest("") == (0, 0.0)
    assert Index([]).nearest("anything") == (-1, 0.0)


def test_of_equally_near_texts_the_first_wins():
    assert Index(["refund", "refund"]).nearest("refund")[0] == 0


def test_one_shared_word_does_not_make_a_long_question_near():
    short, long = "refund", "refund " + " ".join(f"word{n}" for n in range(40))

    assert Index(["refund"]).nearest(short)[1] > 0.99
    assert Index(["refund"]).nearest(long)[1] < 0.4


def test_words_are_cut_with_their_ends_and_chinese_without():
    assert ngrams("ab") == {" ab": 1, "ab ": 1, " ab ": 1}
    assert ngrams("退款") == {"退": 1, "款": 1, "退款": 1}
    assert runs("Hello, 世界 ok") == ["hello", "世界", "ok"]


def test_width_and_case_do_not_matter():
    assert fold("ＡＢＣ") == "abc"
    assert has_unspaced("ok 退") is True
    assert has_unspaced("ok") is False


def test_an_index_of_the_same_texts_is_made_once():
    assert index(("a", "b")) is index(("a", "b"))


@given(st.lists(st.text(), min_size=1, max_size=5), st.text())
def test_a_similarity_is_a_share_and_a_text_is_nearest_to_itself(texts: list[str], query: str):
    found = Index(texts)

    assert all(0 <= value <= 1 for value in found.similarities(query))
    for text in texts:
        if ngrams(text):
            assert found.nearest(text)[1] == pytest.approx(1.0)
