"""One normalised form for every spelling of a word."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suhbat.chat.normalise import (
    _ASCII,
    APOSTROPHES,
    LONGEST,
    LONGEST_WORD,
    _folded,
    _words,
    letters,
    normalise,
)


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
    """A search for one spelling finds the others."""
    assert len({normalise(word) for word in spellings}) == 1


VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "search.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("spellings", VECTORS["spellings"], ids=lambda spellings: spellings[0])
def test_spellings_of_other_languages(spellings: list[str]) -> None:
    """The dotless i is an i, and a stroke through a letter is a mark; in whole words and in prefixes."""
    assert len({normalise(word) for word in spellings}) == 1
    assert len({letters(word) for word in spellings}) == 1


@pytest.mark.parametrize("case", VECTORS["beginnings"], ids=lambda case: case["name"])
def test_beginnings_of_names(case: dict[str, Any]) -> None:
    """Every prefix of a name, in any spelling, gives a prefix of its form; no other text does."""
    name = letters(case["name"])
    assert all(name.startswith(letters(begun)) for begun in case["typed"])
    assert not any(name.startswith(letters(other)) for other in case["not"])


@given(st.text(max_size=40), st.integers(0, 40))
def test_any_beginning(text: str, end: int) -> None:
    """A prefix of any text gives a prefix of its form, unless it ends before a mark."""
    begun = text[:end]
    if "\u0306" not in text:
        assert letters(text).startswith(letters(begun))


def test_characters_are_words_where_there_are_no_spaces() -> None:
    """Han, kana, Thai, Lao, Khmer and Burmese: each character with its vowels is a word. Words of other scripts between them
    stay."""
    assert normalise("我家在上海iPhone") == "我 家 在 上 海 iphone"
    assert normalise("ガ・カ ー") == "カ カ ー"
    assert len(normalise("สวัสดี").split()) == 4 and normalise("ดี") != normalise("ด")
    assert normalise("x" + "上" * 4_000).count("上") >= 3_990


def test_different_words_stay_different() -> None:
    """Spelling is folded, not meaning."""
    words = ["salom", "solom", "bor", "bur", "tosh", "toch", "qol", "kol", "xol", "hol"]
    assert len({normalise(word) for word in words}) == len(words)


def test_words_are_letters_and_digits() -> None:
    """Everything else separates words and disappears."""
    assert normalise("Hello, (world)! a_b C++ 3.14 — «ҳа»") == "hello world a b c 3 14 ha"


@given(st.text(max_size=300))
def test_the_same_again_changes_nothing(text: str) -> None:
    """Normalising is idempotent, so that index and query agree."""
    once = normalise(text)
    assert normalise(once) == once


@given(st.text(max_size=300))
def test_what_comes_out(text: str) -> None:
    """Letters and digits of any script in lower case, single spaces, words of bounded length."""
    for word in normalise(text).split(" "):
        assert len(word) <= LONGEST_WORD
        assert all(letter.isalnum() for letter in word)


@given(st.text(alphabet="ytsohce ", max_size=80))
def test_folding_goes_to_the_end(text: str) -> None:
    """Removing letters joins others; nothing that could be folded remains."""
    assert not any(part in normalise(text) for part in ("yo", "ye", "ts", "shch"))


def test_a_thousand_marks() -> None:
    """A letter with very many combining marks is that letter, in whatever order they are."""
    assert normalise("z\u0301" + "\u0316\u0301" * 1000 + "or") == "zor"


@pytest.mark.parametrize("sign", ["\ufdfa", "щ", "\u3316", "ß", "ﬃ", "t", "yo ", "上", "ดี", "\x1f上", "上\x1f"])
def test_what_comes_out_is_bounded(sign: str) -> None:
    """Some signs expand to a phrase, and the index takes no more than the longest message in Cyrillic needs."""
    long = normalise(sign * 4_000)
    assert len(long) <= LONGEST
    assert normalise(long) == long


@given(st.text(st.characters(max_codepoint=127), max_size=200))
def test_ascii_text_has_a_way_of_its_own(text: str) -> None:
    """It is the fast one, and must give the words of the general way."""
    general = _folded(_words(text.lower().translate(_ASCII)[:LONGEST]))
    assert normalise(text) == general


@pytest.mark.parametrize("text", ["a" * 200 + " b", "x'" * 9_000, "word " * 3_000, "A_b-C\x1f\x00d", "''``"])
def test_limits_of_ascii_text(text: str) -> None:
    """The limits of words and texts are the same too."""
    assert normalise(text) == _folded(_words(text.lower().translate(_ASCII)[:LONGEST]))
