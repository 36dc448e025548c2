"""Frames for the tests of the SDK: short to write, complete on the wire."""

from __future__ import annotations

from typing import Any

from suhbat.client.effects import Deliver, Effect, Say
from suhbat.client.frames import Frame, decode
from suhbat.client.state import State
from suhbat.protocol.commands import Ping, Sync
from suhbat.protocol.events import ConversationAdded, ConversationRemoved, ConversationUpdated, MessageCreated
from suhbat.protocol.objects import ConversationKind, ConversationState, Message, User
from suhbat.protocol.replies import CaughtUp, Pong, Reset, Snapshot, Welcome, encode
from suhbat.protocol.types import ME

ANNA = User(uid="ua", user_id="anna")
BOBUR = User(uid="ub", user_id="bobur")


def message(seq: int, log: str = "lobby", *, by: User = BOBUR, **fields: Any) -> MessageCreated:
    said = Message(
        conversation=log,
        seq=seq,
        ordinal=fields.pop("ordinal", seq),
        sender=by.user_id,
        sender_uid=by.uid,
        text=fields.pop("text", f"m{seq}"),
        sent_at=seq,
        **fields,
    )
    return MessageCreated(conversation=log, seq=seq, at=seq, actor=by.user_id, actor_uid=by.uid, message=said)


def conversation(id: str = "lobby", head: int = 0, **fields: Any) -> ConversationState:
    kind: ConversationKind = "lobby" if id == "lobby" else "direct"
    return ConversationState(conversation=id, kind=kind, title=id, head=head, **fields)


def added(seq: int, id: str, head: int = 0) -> ConversationAdded:
    state = conversation(id, head)
    return ConversationAdded(conversation=ME, seq=seq, at=seq, actor="bobur", actor_uid="ub", state=state)


def removed(seq: int, id: str) -> ConversationRemoved:
    return ConversationRemoved(conversation=ME, seq=seq, at=seq, actor="bobur", actor_uid="ub", removed=id)


def updated(seq: int, log: str = "lobby", **settings: Any) -> ConversationUpdated:
    return ConversationUpdated(conversation=log, seq=seq, at=seq, actor="bobur", actor_uid="ub", title=log, **settings)


def welcome(*, resumed: bool = False, epoch: str = "e1", user: User = ANNA) -> Welcome:
    return Welcome(id="hello", user=user, connection="n1", epoch=epoch, resumed=resumed)


def snapshot(**heads: int) -> Snapshot:
    """A snapshot with these heads. `me`: the head of the user's own log."""
    cursors = {ME if log == "me" else log: head for log, head in ({"me": 0, "lobby": 0} | heads).items()}
    states = tuple(conversation(log, head) for log, head in cursors.items() if log != ME)
    return Snapshot(conversations=states, users=(ANNA,), cursors=cursors)


def reset(id: str, head: int) -> Reset:
    return Reset(conversation=id, state=conversation(id, head), reason="too_far")


def pong(**heads: int) -> Pong:
    return Pong(id="ping1", heads=heads)


def opened(**heads: int) -> State:
    """A state after its first opening, with every time 0."""
    state = State()
    state.hello("token", 0)
    for frame in (welcome(), snapshot(**heads), CaughtUp()):
        state.receive(frame, 0)
    return state


def delivered(effects: list[Effect] | tuple[Effect, ...] | Any) -> list[Any]:
    return [effect.happening for effect in effects if isinstance(effect, Deliver)]


def seqs(effects: Any) -> list[int]:
    return [happening.seq for happening in delivered(effects)]


def said(effects: Any) -> list[Ping | Sync]:
    return [effect.command for effect in effects if isinstance(effect, Say)]


def synced(effects: Any) -> list[dict[str, int]]:
    """The cursors of every `sync` among the effects."""
    return [command.cursors for command in said(effects) if isinstance(command, Sync)]


def wire(frame: Any) -> Frame | None:
    """The frame as decoded from the wire."""
    return decode(encode(frame))
