"""What an outgoing webhook is told: events as they are now, as far as its maker may read them at this moment."""

from __future__ import annotations

from sqlalchemy import Connection, and_, select

from suhbat.chat.hooks import told_as
from suhbat.chat.model import Actor, DueHook, Milliseconds, OutgoingHook
from suhbat.chat.policy import in_force
from suhbat.protocol.event_marks import veil_of
from suhbat.protocol.logged_events import LoggedEvent, model_of
from suhbat.store.tables import accounts, conversations, members

from .events import event_page
from .floor import LobbyHistory, floor_of
from .moderation import server_bans


def hook_events(
    connection: Connection, due: DueHook, most: int, now: Milliseconds, lobby_history: LobbyHistory
) -> tuple[list[LoggedEvent], int]:
    """See `chat.ports.OutgoingHookStore.hook_events`."""
    floor = _floor(connection, due.maker, due.conversation, now, lobby_history)
    if floor is None or floor >= due.upto:
        return [], due.upto
    page = event_page(connection, due.conversation, max(due.after, floor), most)
    page = [one for one in page if one.event.seq <= due.upto]
    upto = page[-1].event.seq if len(page) == most else due.upto
    return [one for one in page if _is_told(due.hook, one, floor)], upto


def one_event(
    connection: Connection,
    hook: OutgoingHook,
    maker: Actor,
    conversation: str,
    seq: int,
    now: Milliseconds,
    lobby_history: LobbyHistory,
) -> LoggedEvent | None:
    """The event with this `seq`; None if the webhook is not to be told of it any more."""
    floor = _floor(connection, maker, conversation, now, lobby_history)
    page = event_page(connection, conversation, seq - 1, 1)
    if floor is None or seq <= floor or not page or page[0].event.seq != seq or not _is_told(hook, page[0], floor):
        return None
    return page[0]


def _is_told(hook: OutgoingHook, one: LoggedEvent, floor: int) -> bool:
    veil, event = veil_of(one.event), model_of(one.event)
    return told_as(event) in hook.types and event.at >= hook.created_at and (veil is None or veil > floor)


def _floor(
    connection: Connection, maker: Actor, conversation: str, now: Milliseconds, lobby_history: LobbyHistory
) -> int | None:
    """The maker's floor; None if they may not read there."""
    mine = and_(members.c.conversation_id == conversations.c.id, members.c.uid == maker.uid)
    row = connection.execute(
        select(conversations.c.kind, conversations.c.head, conversations.c.history, members.c.since)
        .select_from(conversations.outerjoin(members, mine))
        .where(conversations.c.name == conversation)
    ).one_or_none()
    disabled = connection.execute(select(accounts.c.disabled).where(accounts.c.uid == maker.uid)).scalar()
    if row is None or disabled is None or disabled or in_force(server_bans(connection), maker.uid, now):
        return None
    if row.kind != "lobby" and (row.kind not in ("room", "direct") or row.since is None):
        return None
    return floor_of(maker, row, lobby_history)
