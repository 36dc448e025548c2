"""May X do Y? One table, pure, asked in the writer's transaction with the facts as they are there.

Before the queue the same question is only a courtesy; the answer that counts is the one given there. What may not be seen
is refused like what does not exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from suhbat.errors import Forbidden, NotFound, SuhbatError
from suhbat.protocol.objects import ConversationKind, Role

from .model import Actor, ConversationFacts, Milliseconds

Action = Literal[
    "see", "read", "post", "reply", "react", "edit", "delete", "delete_any", "pin", "mention_all",
    "mark", "draft", "typing", "report", "join", "leave", "add", "remove", "ban", "mute", "set_role",
    "rename", "configure", "archive", "erase",
]  # fmt: skip
Rank = Literal["stranger", "member", "moderator", "owner"]
Rule = Rank | None
"""The lowest rank that may; None: nobody."""

RANKS: tuple[Rank, ...] = ("stranger", "member", "moderator", "owner")

_EVERYWHERE: dict[Action, Rule] = dict.fromkeys(
    ("see", "read", "post", "reply", "react", "edit", "delete", "mark", "draft", "typing", "report"), "member"
)
_NOWHERE: dict[Action, Rule] = dict.fromkeys(
    ("join", "leave", "add", "remove", "ban", "mute", "set_role", "rename", "configure", "archive", "erase",
     "delete_any", "mention_all", "pin"),
    None,
)  # fmt: skip

RULES: Mapping[ConversationKind, Mapping[Action, Rule]] = {
    "lobby": _NOWHERE
    | _EVERYWHERE
    | {
        "delete_any": "moderator",
        "pin": "moderator",
        "mute": "moderator",
        "ban": "moderator",
        "rename": "moderator",
        "configure": "owner",
    },
    "direct": _NOWHERE | _EVERYWHERE | {"pin": "member", "mention_all": "member", "leave": "member"},
    "room": _NOWHERE
    | _EVERYWHERE
    | {
        "join": "stranger",
        "leave": "member",
        "pin": "moderator",
        "mention_all": "moderator",
        "delete_any": "moderator",
        "add": "moderator",
        "remove": "moderator",
        "mute": "moderator",
        "ban": "moderator",
        "rename": "moderator",
        "set_role": "owner",
        "configure": "owner",
        "archive": "owner",
        "erase": "owner",
    },
}
"""Action by kind of conversation: the lowest rank that may. In a public room strangers may also `see` (not `read`)."""

WRITING: frozenset[Action] = frozenset(("post", "reply", "react", "edit", "pin", "mention_all", "typing", "draft"))
"""What is not possible in an archived conversation, and to who is muted. One's own words may always be deleted."""
ARCHIVED: frozenset[Action] = WRITING | {"join", "add", "rename", "set_role"}


def decide(actor: Actor, action: Action, facts: ConversationFacts | None) -> SuhbatError | None:
    """None if `actor` may do this there, else the refusal."""
    if facts is None:
        return NotFound()
    rank = rank_of(actor, facts)
    if facts.banned:
        # Who is banned from the lobby is banned from the server, and is told; a room is not there any more.
        told = facts.kind == "lobby" or (action == "join" and facts.visibility == "public")
        return Forbidden("forbidden.banned") if told else NotFound()
    # Rooms are for those who can come back; a bare guest sees none.
    visible = rank != "stranger" or (facts.kind == "room" and facts.visibility == "public" and actor.lasting)
    # An invitation opens the door, and shows nothing of what is behind it.
    visible = visible or (facts.invited and action == "join")
    if not visible:
        return NotFound()
    rule = "stranger" if action == "see" else RULES[facts.kind][action]
    if rule is None:
        return Forbidden("forbidden.kind")
    if RANKS.index(rank) < RANKS.index(rule):
        return Forbidden("forbidden.member" if rank == "stranger" else None)
    if facts.archived and action in ARCHIVED:
        return Forbidden("forbidden.archived")
    if facts.muted and action in WRITING:
        return Forbidden("forbidden.muted")
    return None


def rank_of(actor: Actor, facts: ConversationFacts) -> Rank:
    """What `actor` is there. Who keeps order on the server does so in the lobby and in the public rooms they are in."""
    if facts.kind == "lobby":
        return actor.role
    if facts.role is None:
        return "stranger"
    if facts.kind == "room" and facts.visibility == "public":
        return max(facts.role, actor.role, key=RANKS.index)
    return facts.role


def outranks(rank: Rank, other: Rank) -> bool:
    """Whether one may act on the other as a person: remove, mute, ban. Nobody does on their like, but among owners."""
    return rank == "owner" or RANKS.index(rank) > RANKS.index(other)


def may_change_role(rank: Rank, wanted: Role) -> bool:
    """Whether somebody of this rank may make another what is `wanted`."""
    return rank == "owner" or (rank == "moderator" and wanted == "member")


def knows(person: Actor, other: Actor, *, team: bool) -> bool:
    """Whether a person knows another without ever having met: who looks after the server, and in a team its accounts."""
    return other.role != "member" or (team and person.kind == other.kind == "account")


Until = Milliseconds | None
"""When a ban or a mute ends; None: never."""


def in_force(sanctions: Mapping[str, Until], uid: str, at: Milliseconds) -> bool:
    """Whether a ban or a mute of this person is in force at this moment."""
    if uid not in sanctions:
        return False
    until = sanctions[uid]
    return until is None or until > at
