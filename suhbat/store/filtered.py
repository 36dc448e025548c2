"""Words that no message may have."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, delete, insert, select

from suhbat.chat.model import Milliseconds
from suhbat.chat.normalise import normalise
from suhbat.errors import Forbidden, SuhbatError

from .tables import filtered
from .writer_cache import WriterCache


def words(connection: Connection) -> tuple[str, ...]:
    """In their one form, sorted."""
    return tuple(connection.execute(select(filtered.c.word).order_by(filtered.c.word)).scalars())


def put(connection: Connection, cache: WriterCache, wanted: Collection[str], at: Milliseconds) -> None:
    """These and no others; what is no word is left out."""
    chosen = sorted({word for word in map(normalise, wanted) if word})
    connection.execute(delete(filtered))
    if chosen:
        connection.execute(insert(filtered), [{"word": word, "at": at} for word in chosen])
    cache.words = tuple(chosen)


def refusal(connection: Connection, cache: WriterCache, text: str) -> SuhbatError | None:
    """Forbidden where a text has one of them, in whatever spelling, as a whole word."""
    if cache.words is None:
        cache.words = words(connection)
    if not cache.words:
        return None
    said = f" {normalise(text)} "
    return Forbidden("forbidden.words") if any(f" {word} " in said for word in cache.words) else None
