"""Messages in given ranges of logs, with whom they mention: what a reader of the journal asks about what is new."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import BigInteger, Connection, and_, column, false, select, table

from suhbat.chat.model import Milliseconds
from suhbat.store.dialect import select_for
from suhbat.store.journal import Range
from suhbat.store.message_data import has_grown, says_something
from suhbat.store.tables import IS_MESSAGE, events, everyone, mentions

Place = tuple[int, int]
"""The id of a log, and an ordinal in it."""

_RANGES = table("wanted", column("log", BigInteger), column("first", BigInteger), column("last", BigInteger))
_MESSAGES = select(
    events.c.conversation_id,
    events.c.seq,
    events.c.actor_uid,
    events.c.at,
    events.c.ordinal,
    events.c.thread,
    events.c.thread_ordinal,
    events.c.data,
).select_from(
    _RANGES.outerjoin(
        events,
        and_(
            events.c.conversation_id == _RANGES.c.log,
            events.c.seq.between(_RANGES.c.first, _RANGES.c.last),
            IS_MESSAGE,
            events.c.deleted == false(),
        ),
    )
)
_FINISH = events.alias("finish")
_FINISHED = select(
    events.c.conversation_id,
    events.c.seq,
    events.c.actor_uid,
    _FINISH.c.at,
    events.c.ordinal,
    events.c.thread,
    events.c.thread_ordinal,
    events.c.text,
    events.c.data,
).select_from(
    _RANGES.outerjoin(
        _FINISH,
        and_(
            _FINISH.c.conversation_id == _RANGES.c.log,
            _FINISH.c.seq.between(_RANGES.c.first, _RANGES.c.last),
            _FINISH.c.type == "message.finished",
        ),
    ).outerjoin(
        events,
        and_(
            events.c.conversation_id == _FINISH.c.conversation_id,
            events.c.seq == _FINISH.c.target,
            IS_MESSAGE,
            events.c.deleted == false(),
        ),
    )
)
"""The messages that stopped growing, as if they had been sent then."""
_MENTIONED = select(mentions.c.conversation_id, mentions.c.ordinal, mentions.c.uid).select_from(
    _RANGES.outerjoin(
        mentions,
        and_(
            mentions.c.conversation_id == _RANGES.c.log,
            mentions.c.ordinal.between(_RANGES.c.first, _RANGES.c.last),
        ),
    )
)
_TO_ALL = select(everyone.c.conversation_id, everyone.c.ordinal).select_from(
    _RANGES.outerjoin(
        everyone,
        and_(
            everyone.c.conversation_id == _RANGES.c.log,
            everyone.c.ordinal.between(_RANGES.c.first, _RANGES.c.last),
        ),
    )
)


class GatheredMessage(NamedTuple):
    """`thread`: of a reply, the root."""

    log_id: int
    seq: int
    sender: str
    at: Milliseconds
    ordinal: int | None
    thread: int | None
    thread_ordinal: int | None


def messages_in(connection: Connection, ranges: Iterable[Range]) -> list[GatheredMessage]:
    """The messages in these ranges that are not deleted. One that grew is not where it was created, but where it was
    finished; nowhere if it was cut before it had a text."""
    wanted = merged(ranges)
    rows = select_for(connection, _MESSAGES, _RANGES, wanted)
    found = [GatheredMessage(*row[:-1]) for row in rows if row[0] is not None and not has_grown(row[-1])]
    rows = select_for(connection, _FINISHED, _RANGES, wanted)
    return found + [
        GatheredMessage(*row[:-2]) for row in rows if row[0] is not None and says_something(row[-2], row[-1])
    ]


def plain_ones(messages: Sequence[GatheredMessage]) -> list[GatheredMessage]:
    """Those that are no replies in threads."""
    return [one for one in messages if one.thread_ordinal is None]


def mentions_in(connection: Connection, places: Collection[Place]) -> list[tuple[int, int, str]]:
    """Whom the messages at these places mention by name: log, ordinal, uid."""
    return [(row[0], row[1], row[2]) for row in select_for(connection, _MENTIONED, _RANGES, _around(places)) if row[2]]


def mentions_of_all_in(connection: Connection, places: Collection[Place]) -> list[Place]:
    """The places among these whose messages mention everybody."""
    return [(row[0], row[1]) for row in select_for(connection, _TO_ALL, _RANGES, _around(places)) if row[0] is not None]


def _around(places: Collection[Place]) -> list[Range]:
    return merged((log_id, ordinal, ordinal) for log_id, ordinal in places)


def merged(ranges: Iterable[Range]) -> list[Range]:
    """The same places in as few ranges as possible, which ascend. A conversation that takes turns with others has one for each
    of its messages, and to look each of them up takes several times as long."""
    found: list[Range] = []
    for log_id, first, last in sorted(ranges):
        if found and found[-1][0] == log_id and first <= found[-1][2] + 1:
            found[-1] = (log_id, found[-1][1], max(last, found[-1][2]))
        else:
            found.append((log_id, first, last))
    return found
