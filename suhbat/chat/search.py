"""The query language of the search: terms and filters. Any other sign is text."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from suhbat.errors import BadRequest
from suhbat.protocol.types import parse_time

from .model import Milliseconds
from .normalise import normalise

LONGEST = 500
"""Characters of a query."""
WORDS = 20
"""Words of a query, including those of its phrases; further ones are ignored."""
PHRASE = 6
"""Words of a phrase; further ones are ignored. A phrase of eighty common words took two seconds in a million messages."""
BEGINNINGS = 2
"""Words with a * that are searched as prefixes; further ones are searched as whole words."""
SHORTEST = 2
"""Letters of a prefix. A prefix of one letter has so many words that collecting them takes 60 ms."""
FILES = ("file", "image", "video", "audio")
"""What `has:` may ask for, beside links."""
_PART = re.compile(r'"([^"]*)"|(\S+)')
_DAY = re.compile(r"\d+-\d+-\d+")
_FILTER = re.compile(r"(from|in|before|after|has):(.+)", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query. `terms`: normalised words and phrases, all of which must occur; those in `beginnings` are prefixes.

    `sender`: a name as typed. `conversation`: an id. `after`, `before`: times. `link`: the message must contain a link.
    `files`: it must have files of these kinds; "file" is any.
    `in_thread`: it must be a reply; `thread`: in the thread of this message of the `conversation`.
    """

    terms: tuple[str, ...] = ()
    beginnings: frozenset[str] = frozenset()
    sender: str | None = None
    conversation: str | None = None
    after: Milliseconds | None = None
    before: Milliseconds | None = None
    link: bool = False
    files: tuple[str, ...] = ()
    in_thread: bool = False
    thread: int | None = None


def parse(text: str, *, sender: str | None = None, conversation: str | None = None, thread: int | None = None) -> Query:
    """`salom "yangi yil" choy* from:ali in:lobby before:2026-11-01 after:2026-10-01 has:link`, `has:file`.

    Filters may be in any case, and a name may have its @. A word is found as a whole; with * at its end it is a prefix of
    SHORTEST letters or more. Days are in UTC; `before:` and `after:` also take a time of RFC 3339. `in:thread` finds replies
    only. `sender` and `conversation` replace `from:` and `in:`; `thread` needs a conversation. Raises BadRequest if nothing
    to search for is left.
    """
    if len(text) > LONGEST:
        raise BadRequest(reason="search.long")
    query = Query()
    terms: dict[str, None] = {}
    beginnings: set[str] = set()
    left = WORDS
    for match in _PART.finditer(text):
        phrase, word = match[1], match[2]
        if word is not None and (found := _FILTER.fullmatch(word)):
            changed = _filtered(query, found[1].lower(), found[2])
            if changed is not None:
                query = changed
                continue
        said = normalise(phrase if word is None else word).split(" ")
        term = " ".join(said[: min(PHRASE, left)])
        if not term:
            continue
        if term not in terms:
            terms[term] = None
            left -= term.count(" ") + 1
        # The * belongs to the last word, if that was not cut off.
        starred = word is not None and word.endswith("*") and term == " ".join(said) and len(said[-1]) >= SHORTEST
        if starred and len(beginnings) < BEGINNINGS:
            beginnings.add(term)
    query = replace(query, terms=tuple(terms), beginnings=frozenset(beginnings))
    query = replace(query, sender=_name(sender) or query.sender, conversation=conversation or query.conversation)
    if thread is not None:
        if query.conversation is None:
            raise BadRequest(reason="search.thread")
        query = replace(query, thread=thread)
    if not query.terms and query.sender is None and not query.link and not query.files:
        raise BadRequest(reason="search.empty")
    return query


def _filtered(query: Query, name: str, value: str) -> Query | None:
    """The query with this filter; None if it is not a filter and therefore text."""
    if name == "from":
        return replace(query, sender=_name(value) or query.sender)
    if name == "in":
        return replace(query, in_thread=True) if value.lower() == "thread" else replace(query, conversation=value[:64])
    if name == "has":
        kind = value.lower()
        if kind in FILES:
            return replace(query, files=tuple(sorted({*query.files, kind})))
        return replace(query, link=True) if kind == "link" else None
    time = _time(value)
    if time is None:
        return None
    return replace(query, after=time) if name == "after" else replace(query, before=time)


def _name(typed: str | None) -> str | None:
    """A name as typed, without its @; None if it is empty."""
    return (typed or "").strip().removeprefix("@")[:128] or None


def _time(text: str) -> Milliseconds | None:
    """The beginning of a day in UTC, or a time with its offset; None if it is neither."""
    try:
        if _DAY.fullmatch(text):
            return round(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp() * 1000)
        time = parse_time(text.upper())
        return time if isinstance(time, int) else None
    except (ValueError, OverflowError):
        return None
