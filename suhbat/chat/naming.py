"""Whom a text names with @, of those who are there."""

from __future__ import annotations

from suhbat.protocol.mentions import EVERYBODY as WORDS
from suhbat.protocol.mentions import mentions

from .ports import Directory
from .rate import MOST_NAMES

EVERYBODY = "*"
"""Among the uids: all who are there."""
LOOKED = MOST_NAMES
"""Names looked up for one message. Most are found at once; those of nobody are shortened and looked up again."""


def named(text: str, directory: Directory) -> tuple[str, ...]:
    """The uids of those who are named and can come back to read it; EVERYBODY where all are meant."""
    if "@" not in text:
        return ()
    found: dict[str, None] = {}
    looked: set[str] = set()
    for spellings in mentions(text):
        for name in spellings:
            if name in looked:
                break  # it was somebody's, or nobody's, and so are those that are shorter
            if name in WORDS:
                found[EVERYBODY] = None
                break
            if len(looked) >= LOOKED:
                return tuple(found)
            looked.add(name)
            person = directory.holder(name)
            if person is not None:
                if person.lasting:
                    found[person.uid] = None
                break
    return tuple(found)
