"""A query consists of words, phrases and a few filters; everything else is text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suhbat.chat.search import BEGINNINGS, LONGEST, PHRASE, WORDS, Query, parse
from suhbat.errors import BadRequest

DAY = 24 * 3600 * 1000
VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "search.json").read_text(encoding="utf-8"))


def test_words_and_phrases() -> None:
    """Each is a term, normalised, once."""
    query = parse('Салом "Yangi yil" salom choy*')
    assert query == Query(terms=("salom", "yangi yil", "choy"), beginnings=frozenset({"choy"}))


def test_filters() -> None:
    """They are removed from the text; of two of a kind the last counts."""
    query = parse("salom from:ali in:lobby after:1970-01-02 before:1970-01-03 has:link from:vali")
    assert query == Query(terms=("salom",), sender="vali", conversation="lobby", after=DAY, before=2 * DAY, link=True)


@pytest.mark.parametrize("case", VECTORS["filters"], ids=lambda case: case["q"])
def test_filters_as_people_write_them(case: dict[str, Any]) -> None:
    """In capitals, and with an @ before the name."""
    query = parse(case["q"])
    assert (query.sender, list(query.terms)) == (case["sender"], case["terms"])
    assert parse("salom", sender="@ali") == parse("salom", sender=" ali")
    assert parse("Salom Has:Link BEFORE:1970-01-03 In:lobby") == parse("salom has:link before:1970-01-03 in:lobby")


def test_times() -> None:
    """A day begins at midnight UTC, a time has its offset; both in any case."""
    query = parse("salom after:1970-01-02T05:00:00+05:00 before:1970-01-02T00:00:01.500z")
    assert (query.after, query.before) == (DAY, DAY + 1_500)
    assert parse("salom after:1970-01-02T00:00:00").terms == ("salom", "after 1970 01 02t00 00 00")


@pytest.mark.parametrize("text", ["before:yesterday", "after:2026-13-01", "has:photo", "form:ali", "http://a.uz"])
def test_what_only_looks_like_a_filter(text: str) -> None:
    """It is text, so that a typo is no error."""
    assert parse(text).terms


@pytest.mark.parametrize("text", ["", "   ", '""', "***", "!?", "in:lobby", "before:2026-11-01", "😀"])
def test_nothing_to_look_for(text: str) -> None:
    """Everything would be found, which is what the history is for."""
    with pytest.raises(BadRequest):
        parse(text)


def test_limits() -> None:
    """A long query is refused. Of very many words the first ones count, also in phrases, because each costs time."""
    with pytest.raises(BadRequest):
        parse("a" * (LONGEST + 1))
    words = [f"w{n}" for n in range(60)]
    assert parse(" ".join(words)).terms == tuple(words[:WORDS])
    assert parse('"' + "salom " * 80 + '"').terms == (" ".join(["salom"] * PHRASE),)
    phrases = parse(" ".join(f'"{a} {b} c d e"' for a in words[:5] for b in words[:5])).terms
    assert sum(len(term.split(" ")) for term in phrases) <= WORDS
    assert parse("salom " * 60 + "olam").terms == ("salom", "olam")


def test_beginnings() -> None:
    """Prefixes cost most: only the first few, of two letters or more. The others are ordinary words."""
    assert parse("c* ch* 1*") == Query(terms=("c", "ch", "1"), beginnings=frozenset({"ch"}))
    starred = parse("choy* non* suv* sut*")
    assert starred.terms == ("choy", "non", "suv", "sut") and len(starred.beginnings) == BEGINNINGS
    assert parse("a-b* a-bo*").beginnings == {"a bo"}
    assert not parse('"choy*" * **').beginnings


def test_what_is_given_beside_the_text() -> None:
    """Parameters replace filters in the text; a sender alone is a valid query."""
    query = parse("salom from:ali in:lobby", sender="vali", conversation="r1")
    assert query == Query(terms=("salom",), sender="vali", conversation="r1")
    assert parse("in:lobby", sender="ali") == Query(sender="ali", conversation="lobby")
    with pytest.raises(BadRequest):
        parse("", conversation="lobby")


@given(st.text(max_size=LONGEST))
def test_any_text(text: str) -> None:
    """Terms contain only letters, digits and spaces, so no operators of an index."""
    try:
        query = parse(text)
    except BadRequest:
        return
    for term in query.terms:
        assert term and all(letter.isalnum() or letter == " " for letter in term)
    assert query.beginnings <= set(query.terms)
    assert sum(len(term.split(" ")) for term in query.terms) <= WORDS
