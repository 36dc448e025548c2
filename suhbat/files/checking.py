"""Compares the records of files with the bytes that are stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from suhbat.chat.files import cleaned_key

from .store import FileStore


@dataclass(frozen=True, slots=True)
class KnownBytes:
    """What the records say about one key. `size`: bytes that must be there. `parts`: of its thumbnails."""

    key: str
    size: int
    parts: Sequence[str] = ()
    is_in_work: bool = False
    """Whether it is being uploaded or processed, so that there may be more than this."""


@dataclass(frozen=True, slots=True)
class Difference:
    """`missing`: bytes of a file are not there, or not all of them. `orphan`: bytes that no file has."""

    kind: Literal["missing", "orphan"]
    key: str


def compare(
    store: FileStore, known: Callable[[], Iterator[KnownBytes]], queued: Callable[[], set[str]]
) -> Iterator[Difference]:
    """The differences between a store and its records. A server may be at work: the bytes are listed before the records are
    read, and a difference is looked at once more. `queued`: the keys whose removal is due."""
    there = set(store.keys())
    for one in known():
        there.discard(one.key)
        if one.is_in_work:
            there.discard(cleaned_key(one.key))
        if not _is_whole(store, one):
            yield Difference("missing", one.key)
    if orphans := there - queued():
        orphans &= set(store.keys())  # removals may have been finished meanwhile
    for key in sorted(orphans):
        yield Difference("orphan", key)


def _is_whole(store: FileStore, known: KnownBytes) -> bool:
    if known.size == 0 and known.is_in_work:
        return True  # an upload of which nothing was acknowledged
    for part in ("", *known.parts):
        try:
            size = store.size(known.key, part)
        except FileNotFoundError:
            return False
        if not part and (size < known.size if known.is_in_work else size != known.size):
            return False
    return True
