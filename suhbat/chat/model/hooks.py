"""Webhooks as they are stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from .people import Actor, Milliseconds

HOOK_PREFIX = "webhook:"
"""With which the `user_id` of a webhook begins. No name of a user has a colon."""


@dataclass(frozen=True, slots=True)
class IncomingHook:
    """An incoming webhook. Whoever knows its token posts in `conversation`, as the identity `uid` under `name`, and only while
    the account `maker_uid` may write there. `token_hash`: SHA-256 of the token."""

    id: str
    uid: str
    conversation: str
    maker_uid: str
    name: str
    created_at: Milliseconds
    token_hash: bytes = field(repr=False)

    @property
    def user_id(self) -> str:
        """The name of the identity. It has a sign that no user's name has, so that nobody takes it for a user."""
        return HOOK_PREFIX + self.name


HookEnd = Literal["failing", "gone"]
"""Why an outgoing webhook was switched off: its receiver has failed for a day; or said that it is gone (410)."""


NoAnswer = Literal["address", "name", "refused", "unreachable", "timeout", "tls", "broken", "busy"]
"""Why a receiver did not answer. They are few words, because an error of the system can name addresses of the network around
the server, which the maker of a webhook did not write. Each is in docs/reference/http.md."""


@dataclass(frozen=True, slots=True)
class OutgoingHook:
    """An outgoing webhook: events of these `types` are sent to `url`, signed with `secret`, if `maker_uid` may read them.
    `conversations`: their names; None for all rooms in which the maker is. `off`: why it was switched off; None if its maker
    did it. `uid`: the identity that posts what the receiver answers. `failed_at`, `failed_status`, `failed_reason`: of the
    last attempt that failed, as in `HookDelivery`; None if none has. `failures`: how many attempts have failed since one
    succeeded.

    `bot_uid`: this is the webhook of a bot, which gets its updates (Telegram's Bot API), of the kinds `types`. Then
    `secret` goes along, `maker_uid` is the owner of the bot, and `uid` the bot itself."""

    id: str
    uid: str
    maker_uid: str
    name: str
    url: str = field(repr=False)
    secret: str = field(repr=False)
    types: tuple[str, ...]
    conversations: tuple[str, ...] | None
    created_at: Milliseconds
    is_on: bool = True
    off: HookEnd | None = None
    bot_uid: str | None = None
    failed_at: Milliseconds | None = None
    failed_status: int | None = None
    failed_reason: NoAnswer | None = None
    failures: int = 0

    @property
    def user_id(self) -> str:
        """As for `IncomingHook`."""
        return HOOK_PREFIX + self.name


@dataclass(frozen=True, slots=True)
class DueHook:
    """A claimed cursor of an outgoing webhook in the log `log_id`: the events above `after`, up to `upto`, are to be sent in
    order. The first of them was tried `attempts` times, for the first time at `failing_since`; `n`: its delivery.
    `claimed_until`: when the claim ends."""

    hook: OutgoingHook
    maker: Actor
    conversation: str
    log_id: int
    after: int
    upto: int
    attempts: int = 0
    failing_since: Milliseconds | None = None
    n: int | None = None
    failures: int = 0
    claimed_until: Milliseconds = 0

    @property
    def uid(self) -> str:
        """By which the dispatcher counts what is in progress: each webhook is served apart from all others."""
        return self.hook.id


TEST = "test"
"""The type under which a webhook is told that its maker tries it. No event has it."""


@dataclass(frozen=True, slots=True)
class HookDelivery:
    """An event that was sent, or tried to be, or a test: that has no event, its `conversation` is `@me`, and its `seq` 0. `n`:
    counts the deliveries of the webhook; None if it has none yet. `status`: what the receiver answered last; 0 without an
    answer, and then `reason` says why, if it is known. `at`: of the last attempt. `next_at`: when it is tried again; None if
    nothing is planned."""

    n: int | None
    conversation: str
    seq: int
    event: str
    status: int
    attempts: int
    at: Milliseconds
    reason: NoAnswer | None = None
    next_at: Milliseconds | None = None

    @property
    def is_test(self) -> bool:
        return self.event == TEST

    @property
    def is_done(self) -> bool:
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class SettledHook:
    """What became of a claimed cursor: everything up to `after` is settled. `again_at`: when the event after it is tried again,
    if that has failed; `off`: the webhook is switched off instead."""

    due: DueHook
    after: int
    deliveries: tuple[HookDelivery, ...]
    again_at: Milliseconds | None = None
    failing_since: Milliseconds | None = None
    pause_until: Milliseconds = 0
    off: HookEnd | None = None


@dataclass(frozen=True, slots=True)
class HookBacklog:
    """As `PushBacklog`."""

    is_behind: bool
    due_at: Milliseconds | None


@dataclass(frozen=True, slots=True)
class HookTotals:
    """The outgoing webhooks of all accounts, counted: those that are on and whose receivers answer (`working`) or fail in some
    conversation (`failing`), those that their makers have switched off (`off`), and those that the server has (`stopped`).
    `waiting`: events that were not sent yet to those that are on, whether they concern them or not."""

    working: int = 0
    failing: int = 0
    off: int = 0
    stopped: int = 0
    waiting: int = 0
