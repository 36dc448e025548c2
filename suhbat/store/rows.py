"""From rows of `events` to what goes over the wire, rendered from the present."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from suhbat.protocol.events import EVENT, LogEntry, MessageCreated
from suhbat.protocol.objects import Message
from suhbat.protocol.types import ME, format_time

from .tables import events

AnyRow = Row[*tuple[Any, ...]]

MESSAGE = (
    events.c.seq,
    events.c.ordinal,
    events.c.actor,
    events.c.actor_uid,
    events.c.text,
    events.c.client_id,
    events.c.reply_to,
    events.c.at,
    events.c.edited_at,
    events.c.deleted,
)
"""What `message` takes, in this order."""
EVENT_ROW = (*MESSAGE, events.c.type, events.c.target, events.c.data)
"""What `entry` takes, in this order."""


def message(conversation: str, row: Sequence[Any]) -> Message:
    """A message as it is now: a deleted one is a tombstone."""
    seq, ordinal, actor, actor_uid, text, client_id, reply_to, at, edited_at, deleted, *_ = row
    return Message(
        conversation=conversation,
        seq=seq,
        ordinal=ordinal,
        sender=actor,
        sender_uid=actor_uid,
        text="" if deleted else text,
        client_id=client_id,
        reply_to=reply_to,
        sent_at=at,
        edited_at=edited_at,
        deleted=bool(deleted),
    )


def entry(log: str, row: AnyRow) -> LogEntry:
    """An event of a log; in a user's own log the conversation on the wire is `@me`."""
    *_, kind, target, data = row
    name = ME if log.startswith(ME) else log
    if kind == "message.created":
        return LogEntry(
            log,
            MessageCreated(
                conversation=name,
                seq=row.seq,
                at=row.at,
                actor=row.actor,
                actor_uid=row.actor_uid,
                message=message(name, row),
            ),
        )
    fields = json.loads(data) if data else {}
    if target is not None:
        fields["target"] = target
    fields |= {
        "type": kind,
        "conversation": name,
        "seq": row.seq,
        "at": format_time(row.at),
        "actor": row.actor,
        "actor_uid": row.actor_uid,
    }
    # As JSON, not as objects: strict validation takes lists for tuples only there.
    return LogEntry(log, EVENT.validate_json(json.dumps(fields)))
