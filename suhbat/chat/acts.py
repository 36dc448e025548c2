"""Everything that changes state, but for sending: one frozen class each, with who does it and when it was received.

A dialect or HTTP makes one, the store's writer carries it out in a transaction (`Store.act`), asking the policy there.
`Done.seq` is that of the event in the conversation's log; where nothing had to change, the head.
"""

from __future__ import annotations

from dataclasses import dataclass

from suhbat.protocol.objects import HistoryFrom, Role, Visibility

from .model import Account, Actor, Milliseconds


@dataclass(frozen=True, slots=True)
class Done:
    """What became of it. `created`: it made something new. `unread`: after a read mark. `invited`: the person was asked
    instead of made a member."""

    conversation: str
    seq: int
    unread: int = 0
    created: bool = False
    invited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Act:
    actor: Actor
    at: Milliseconds
    conversation: str


# Messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Renew(_Act):
    """Write one's account anew, and tell one's devices of what others see of it."""

    account: Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit(_Act):
    """Change the text of one's own message."""

    seq: int
    text: str
    named: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete(_Act):
    """Take a message away; a tombstone stays."""

    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class React(_Act):
    """Put an emoji under a message, or take one's own back."""

    seq: int
    emoji: str
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin(_Act):
    """Pin a message, or unpin it."""

    seq: int
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(_Act):
    """Tell those who keep order of a message."""

    seq: int
    reason: str


# One's own


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark(_Act):
    """Read up to this ordinal. A mark never goes back."""

    ordinal: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft(_Act):
    """What one has begun to write; "" takes it away."""

    text: str


# The server


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """The words that no message may have from now on. The owner of the server's."""

    actor: Actor
    at: Milliseconds
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """A report was looked at: it is shown no more."""

    actor: Actor
    at: Milliseconds
    report: int


# Rooms


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """A new room; the one who makes it owns it. `exempt`: see `Admit`."""

    actor: Actor
    at: Milliseconds
    title: str
    topic: str = ""
    visibility: Visibility = "private"
    history: HistoryFrom = "all"
    exempt: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Meet:
    """The one direct of exactly these people, the actor among them; made if new, and then seen by the others when somebody
    writes. `exempt`: see `Admit`."""

    actor: Actor
    at: Milliseconds
    people: tuple[Actor, ...]
    exempt: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Update(_Act):
    """Change settings; None leaves one as it is."""

    title: str | None = None
    topic: str | None = None
    visibility: Visibility | None = None
    history: HistoryFrom | None = None
    archived: bool | None = None
    slow_mode: int | None = None
    retention: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Erase(_Act):
    """Take a room away with all that was said in it."""


# People


@dataclass(frozen=True, slots=True, kw_only=True)
class Join(_Act):
    """Become a member of a public room, or of one with an invitation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accept(_Act):
    """Come into a room by an invitation that was checked. A room that is gone or archived, or that they are banned from, is
    passed over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave(_Act):
    """Stop being a member of a room, or decline an invitation. When the last owner goes, the longest-standing of the highest
    rank follows. A direct is hidden until somebody writes in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admit(_Act):
    """Make somebody a member, or change what they are there. Who does not know the actor is invited instead.

    `exempt`: an order of the machine's owner, or of the application around this server, whom neither consent nor the limits
    hold up. Nothing that comes over the network sets it."""

    person: Actor
    role: Role
    exempt: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove(_Act):
    """Make somebody a member no more, or take an invitation back."""

    person: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Ban(_Act):
    """Remove somebody, and keep them away until then (None: for good); `on` False lifts it. In the lobby: the server."""

    person: Actor
    on: bool
    until: Milliseconds | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute(_Act):
    """Let somebody read but not write until then (None: for good); `on` False lifts it."""

    person: Actor
    on: bool
    until: Milliseconds | None = None
    reason: str = ""


Act = (
    Renew | Edit | Delete | React | Pin | Report | Mark | Draft
    | Filter | Settle | Create | Meet | Update | Erase
    | Join | Accept | Leave | Admit | Remove | Ban | Mute
)  # fmt: skip
