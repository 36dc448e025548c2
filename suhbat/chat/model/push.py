"""Push subscriptions, and the queue of pushes, as they are stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from suhbat.protocol.files import File
from suhbat.protocol.objects import Quiet

from .people import Milliseconds


@dataclass(frozen=True, slots=True)
class PushSubscription:
    """A browser of an account that wants pushes (RFC 8030). It ends with the login session `session_id`.

    `endpoint`: whoever knows it and the private key of the server can push, so it is shown to nobody. `public_key`: 65 bytes, a
    point of P-256. `auth`: 16 bytes. `label`: what its owner recognises it by. `last_used_at`: the last push that was accepted,
    or the last time that the browser sent the subscription.
    """

    id: str
    uid: str
    session_id: str
    endpoint: str = field(repr=False)
    public_key: bytes = field(repr=False)
    auth: bytes = field(repr=False)
    label: str
    created_at: Milliseconds
    last_used_at: Milliseconds


@dataclass(frozen=True, slots=True)
class DuePush:
    """A claimed row of the queue: this user is to be told of the messages `first` to `seq` of the log `log_id`.

    `subscription`: the one to which the push is repeated, after so many `attempts`; empty for all of the user. `expires_at`:
    after this time it is not worth telling.
    """

    uid: str
    log_id: int
    subscription: str
    first: int
    seq: int
    attempts: int
    expires_at: Milliseconds


@dataclass(frozen=True, slots=True)
class PushFacts:
    """What a user is to be told now, as the store has it at this moment.

    `conversation`, `kind`, `title`: of the conversation, as the user sees it. `seq`, `sender`, `text`, `files`: of the newest
    message that notifies them; `thread`: of its thread, if it is a reply. `urgent`: it mentions them, or is a direct.
    `locale`, `push_text`, `quiet`: what the user chose. `badge`: how many messages they have not read.

    `subscriptions`: to push to. `waiting`: the ids of others, for which a push is being repeated, with the times until which
    their push services want no other.
    """

    due: DuePush
    conversation: str
    kind: Literal["lobby", "direct", "room"]
    title: str
    seq: int
    thread: int | None
    sender: str
    text: str
    files: tuple[File, ...]
    urgent: bool
    locale: str | None
    push_text: bool
    quiet: Quiet | None
    badge: int
    subscriptions: tuple[PushSubscription, ...]
    waiting: Mapping[str, Milliseconds]

    @property
    def uid(self) -> str:
        return self.due.uid


@dataclass(frozen=True, slots=True)
class SettledPush:
    """What became of a claimed row. `again_at`: when messages that came meanwhile are due; with `postponed` the whole row.

    `later`: the subscriptions to which the push is repeated, with the times. `waiting`: others that wait already, which were
    not tried. `reached`: those to which nothing is to be repeated any more.
    """

    due: DuePush
    again_at: Milliseconds
    postponed: bool = False
    later: Mapping[str, Milliseconds] = field(default_factory=dict)
    waiting: Mapping[str, Milliseconds] = field(default_factory=dict)
    reached: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PushBacklog:
    """`is_behind`: messages were committed of which it is not known yet who is to be told. `due_at`: of the next row, None if
    there is none."""

    is_behind: bool
    due_at: Milliseconds | None
