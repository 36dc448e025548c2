"""The word filter: words that no message may contain."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, delete, insert, select

from suhbat.chat.model import Milliseconds
from suhbat.chat.moderation import one_form, words_refusal
from suhbat.errors import SuhbatError
from suhbat.store.tables import filtered

from .writer_cache import WriterCache


def words(connection: Connection) -> tuple[str, ...]:
    """The filtered words, normalised and sorted."""
    return tuple(connection.execute(select(filtered.c.word).order_by(filtered.c.word)).scalars())


def put(connection: Connection, cache: WriterCache, wanted: Collection[str], at: Milliseconds) -> None:
    """Replace the word filter. Strings that contain no word are left out."""
    chosen = one_form(wanted)
    connection.execute(delete(filtered))
    if chosen:
        connection.execute(insert(filtered), [{"word": word, "at": at} for word in chosen])
    cache.words = chosen


def refusal(connection: Connection, cache: WriterCache, text: str) -> SuhbatError | None:
    """The refusal of a text that contains a filtered word; None for any other text."""
    if cache.words is None:
        cache.words = words(connection)
    if not cache.words:
        return None
    return words_refusal(text, cache.words)
