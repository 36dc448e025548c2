"""Whom a text names with @."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from .ports import Directory

EVERYBODY = "*"
ALL = frozenset(("all", "hamma", "ҳамма", "все"))
"""What stands for everybody, in every language."""
MOST = 50
"""Names looked for in one message, whether they are somebody's or not."""
LONGEST = 128
"""Code points of a name as typed; see `protocol.types.Name`."""
_AT = re.compile(r"(?<![\w@])@")
_QUOTES = "'`\u2018\u2019\u02bb\u02bc"
"""What Uzbek letters are typed with; also what a name may stand between."""
_INSIDE = frozenset("_-." + _QUOTES)


def named(text: str, directory: Directory) -> tuple[str, ...]:
    """The uids of those who are named and can come back to read it; EVERYBODY where all are meant."""
    if "@" not in text:
        return ()
    found: dict[str, None] = {}
    looked: set[str] = set()
    for typed in _typed(text):
        if typed in looked:
            continue
        looked.add(typed)
        # A name at the end of a sentence has its full stop with it, and one between quotes the second of them.
        bare = typed.rstrip(".-" + _QUOTES)
        if bare.casefold() in ALL:
            found[EVERYBODY] = None
            continue
        person = directory.find(typed) or (directory.find(bare) if bare != typed else None)
        if person is not None and person.lasting:
            found[person.uid] = None
        if len(looked) >= MOST:
            break
    return tuple(found)


def _typed(text: str) -> Iterator[str]:
    """What stands behind each @ and can be a name: whole words, with the marks that letters of many scripts have."""
    for match in _AT.finditer(text):
        start = end = match.end()
        while end < len(text) and _in_a_name(text[end]):
            end += 1
        if 0 < end - start <= LONGEST:
            yield text[start:end]


def _in_a_name(letter: str) -> bool:
    return letter in _INSIDE or unicodedata.category(letter)[0] in "LMN"
