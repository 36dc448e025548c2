"""One form for every spelling of a word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suhbat.chat.normalise import APOSTROPHES, LONGEST, LONGEST_WORD, normalise


@pytest.mark.parametrize(
    "spellings",
    [
        [f"o{sign}zbek" for sign in APOSTROPHES] + ["ўзбек", "Oʻzbek", "ЎЗБЕК", "ozbek"],
        ["salom", "салом", "SALOM", "Сaлом"],
        ["елка", "ёлка", "ЁЛКА", "е\u0308лка"],
        ["ёзаман", "yozaman", "езаман"],
        ["цирк", "sirk", "tsirk"],
        ["maʼno", "mano", "маъно"],
        ["gʻoz", "ғоз", "g'oz", "goz"],
        ["yaxshi", "яхши"],
        ["йўқ", "yoʻq", "yo'q", "и\u0306у\u0306қ", "ЙЎҚ", "И\u0306У\u0306Қ"],
        ["щи", "shi", "shchi"],
        ["choyxona", "чойхона"],
        ["ﬁne", "fine", "ｆｉｎｅ"],
    ],
)
def test_spellings_of_one_word(spellings: list[str]) -> None:
    """Whoever looks for one of them finds the others."""
    assert len({normalise(word) for word in spellings}) == 1


def test_different_words_stay_different() -> None:
    """What is folded is spelling, not meaning."""
    words = ["salom", "solom", "bor", "bur", "tosh", "toch", "qol", "kol", "xol", "hol"]
    assert len({normalise(word) for word in words}) == len(words)


def test_words_are_letters_and_digits() -> None:
    """Everything else separates words, and nothing of it is left."""
    assert normalise("Hello, (world)! a_b C++ 3.14 — «ҳа»") == "hello world a b c 3 14 ha"


@given(st.text(max_size=300))
def test_the_same_again_changes_nothing(text: str) -> None:
    """Index and query agree also about what was normalised before."""
    once = normalise(text)
    assert normalise(once) == once


@given(st.text(max_size=300))
def test_what_comes_out(text: str) -> None:
    """Letters and digits of any script in lower case, single spaces, words of a bounded length."""
    for word in normalise(text).split(" "):
        assert len(word) <= LONGEST_WORD
        assert all(letter.isalnum() for letter in word)


@given(st.text(alphabet="ytsohce ", max_size=80))
def test_folding_goes_to_the_end(text: str) -> None:
    """Taking letters out brings others together; nothing is left that could be folded."""
    assert not any(part in normalise(text) for part in ("yo", "ye", "ts", "shch"))


def test_a_thousand_marks() -> None:
    """A letter under a heap of combining marks is that letter, in whatever order they come."""
    assert normalise("z\u0301" + "\u0316\u0301" * 1000 + "or") == "zor"


@pytest.mark.parametrize("sign", ["\ufdfa", "щ", "\u3316", "ß", "ﬃ", "t", "yo "])
def test_what_comes_out_is_bounded(sign: str) -> None:
    """Some signs stand for a whole phrase, and the index takes no more than the longest message in Cyrillic needs."""
    long = normalise(sign * 4_000)
    assert len(long) <= LONGEST
    assert normalise(long) == long
