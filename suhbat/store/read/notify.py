"""Of which messages users chose to be notified, and when."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from suhbat.protocol.objects import Notify, Quiet
from suhbat.store.dialect import select_for
from suhbat.store.tables import notify_levels

from .few_logs import WANTED

_CHOSEN = select(
    WANTED.c.uid, notify_levels.c.conversation_id, notify_levels.c.level, notify_levels.c.until
).select_from(WANTED.outerjoin(notify_levels, notify_levels.c.uid == WANTED.c.uid))


def chosen_levels(connection: Connection, uids: Collection[str]) -> dict[str, dict[int, Notify]]:
    """What these users chose, by uid and log id. Where they chose nothing, the default of the kind holds."""
    found: dict[str, dict[int, Notify]] = {}
    for uid, log_id, level, until in select_for(connection, _CHOSEN, WANTED, [(uid,) for uid in sorted(uids)]):
        if uid is not None and log_id is not None:
            found.setdefault(uid, {})[log_id] = Notify(level=level, until=until)
    return found


def quiet_of(stored: str | None) -> Quiet | None:
    """The quiet hours in the row of an account."""
    return None if stored is None else Quiet.model_validate_json(stored)
