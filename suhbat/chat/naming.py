"""Whom a text names with @."""

from __future__ import annotations

import re

from .ports import Directory

EVERYBODY = "*"
ALL = frozenset(("all", "hamma", "ҳамма", "все"))
"""What stands for everybody, in every language."""
MOST = 50
"""Names looked for in one message."""
_NAME = re.compile(r"(?<![\w@])@([\w.\-'`\u2018\u2019\u02bb\u02bc]{1,32})")


def named(text: str, directory: Directory) -> tuple[str, ...]:
    """The uids of those who are named and can come back to read it; EVERYBODY where all are meant."""
    if "@" not in text:
        return ()
    found: dict[str, None] = {}
    for match in _NAME.finditer(text):
        name = match[1]
        if name.casefold() in ALL:
            found[EVERYBODY] = None
            continue
        # A name at the end of a sentence has its full stop with it.
        person = directory.find(name) or directory.find(name.rstrip(".-'"))
        if person is not None and person.lasting:
            found[person.uid] = None
        if len(found) >= MOST:
            break
    return tuple(found)
