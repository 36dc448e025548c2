"""What somebody looks for: from what they typed to terms and filters. Every sign that is none of ours is text."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from suhbat.errors import BadRequest

from .model import Milliseconds
from .normalise import normalise

LONGEST = 500
"""Characters of a query."""
TERMS = 20
"""Words and phrases of a query; more are not looked at."""
_PART = re.compile(r'"([^"]*)"|(\S+)')
_FILTER = re.compile(r"(from|in|before|after|has):(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Query:
    """`terms` are normalised: each a word or a phrase, all of them must be there; a term in `beginnings` may go on.

    `sender` is a name as typed, `conversation` an id; `after` and `before` are moments; `link`: there is a link in it.
    """

    terms: tuple[str, ...] = ()
    beginnings: frozenset[str] = frozenset()
    sender: str | None = None
    conversation: str | None = None
    after: Milliseconds | None = None
    before: Milliseconds | None = None
    link: bool = False


def parse(text: str) -> Query:
    """`salom "yangi yil" choy* from:ali in:lobby before:2026-11-01 after:2026-10-01 has:link`.

    A word with * at its end finds all that begin so; days are in UTC. Raises BadRequest where nothing to look for is left.
    """
    if len(text) > LONGEST:
        raise BadRequest(reason="search.long")
    query = Query()
    terms: dict[str, None] = {}
    beginnings: set[str] = set()
    for match in _PART.finditer(text):
        phrase, word = match[1], match[2]
        if word is not None and (found := _FILTER.fullmatch(word)):
            changed = _filtered(query, found[1], found[2])
            if changed is not None:
                query = changed
                continue
        term = normalise(phrase if word is None else word)
        if term:
            terms[term] = None
            if word is not None and word.endswith("*"):
                beginnings.add(term)
    query = replace(query, terms=tuple(terms)[:TERMS], beginnings=frozenset(beginnings))
    if not query.terms and query.sender is None and not query.link:
        raise BadRequest(reason="search.empty")
    return query


def _filtered(query: Query, name: str, value: str) -> Query | None:
    """The query with this filter; None where it is none, and so is text."""
    if name == "from":
        return replace(query, sender=value[:128])
    if name == "in":
        return replace(query, conversation=value[:64])
    if name == "has":
        return replace(query, link=True) if value == "link" else None
    day = _day(value)
    if day is None:
        return None
    return replace(query, after=day) if name == "after" else replace(query, before=day)


def _day(text: str) -> Milliseconds | None:
    """The beginning of a day, in UTC."""
    try:
        return round(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
