"""The policy: which rank may do what. One table, pure.

The decision that counts is made in the writer's transaction, with its facts. An earlier check only saves work. A conversation
that a user may not see is refused like one that does not exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from suhbat.errors import Forbidden, NotFound, SuhbatError
from suhbat.protocol.objects import ConversationKind, FileSenders, Role

from .model import Actor, ConversationFacts, Milliseconds

Action = Literal[
    "see", "read", "post", "attach", "reply", "react", "edit", "delete", "delete_any", "pin", "mention_all",
    "mark", "draft", "typing", "report", "join", "leave", "add", "remove", "ban", "mute", "set_role",
    "rename", "configure", "archive", "erase", "hook",
]  # fmt: skip
Rank = Literal["stranger", "member", "moderator", "owner"]
Rule = Rank | None
"""The lowest rank that may do it; None: nobody."""

RANKS: tuple[Rank, ...] = ("stranger", "member", "moderator", "owner")

_EVERYWHERE: dict[Action, Rule] = dict.fromkeys(
    ("see", "read", "post", "attach", "reply", "react", "edit", "delete", "mark", "draft", "typing", "report"), "member"
)
_NOWHERE: dict[Action, Rule] = dict.fromkeys(
    ("join", "leave", "add", "remove", "ban", "mute", "set_role", "rename", "configure", "archive", "erase",
     "delete_any", "mention_all", "pin", "hook"),
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
        "hook": "moderator",
        "configure": "owner",
    },
    "direct": _NOWHERE | _EVERYWHERE | {"pin": "member", "mention_all": "member", "leave": "member", "hook": "member"},
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
        "hook": "moderator",
        "set_role": "owner",
        "configure": "owner",
        "archive": "owner",
        "erase": "owner",
    },
}
"""By kind of conversation and action. In a public room strangers may also `see` (not `read`)."""

WRITING: frozenset[Action] = frozenset(
    ("post", "attach", "reply", "react", "edit", "pin", "mention_all", "typing", "draft")
)
"""Actions that are refused while an actor is muted. Users may always delete their own messages."""
ARCHIVED: frozenset[Action] = WRITING | {"join", "add", "rename", "set_role"}
"""Actions that are refused in an archived conversation."""


def decide(actor: Actor, action: Action, facts: ConversationFacts | None) -> SuhbatError | None:
    """The error with which to refuse the action, or None. `facts`: None if the conversation does not exist."""
    if facts is None:
        return NotFound()
    rank = rank_of(actor, facts)
    if facts.banned:
        # A ban from the lobby is a ban from the server, and the user is told so. A room seems not to exist any more.
        told = facts.kind == "lobby" or (action == "join" and facts.visibility == "public")
        return Forbidden("forbidden.banned") if told else NotFound()
    # Rooms are for users who can come back; a bare guest sees none.
    # A bot sees no room that it is not in; it may join one in which its owner is.
    if actor.kind == "bot" and rank == "stranger" and not (action == "join" and facts.has_owner):
        return NotFound()
    visible = rank != "stranger" or (facts.kind == "room" and facts.visibility == "public" and actor.lasting)
    # An invitation permits to join, but shows nothing of the room.
    visible = visible or (facts.invited and action == "join")
    if not visible:
        return NotFound()
    rule = "stranger" if action == "see" else RULES[facts.kind][action]
    if rule is None:
        return Forbidden("forbidden.kind")
    if RANKS.index(rank) < RANKS.index(rule):
        return Forbidden("forbidden.member" if rank == "stranger" else None)
    if action == "attach" and not _sends_files(actor, rank, facts.files):
        return Forbidden("forbidden.files")
    if facts.archived and action in ARCHIVED:
        return Forbidden("forbidden.archived")
    if facts.muted and action in WRITING:
        return Forbidden("forbidden.muted")
    return None


def _sends_files(actor: Actor, rank: Rank, senders: FileSenders) -> bool:
    if senders in ("everyone", "accounts"):
        return senders == "everyone" or actor.kind != "guest"
    return RANKS.index(rank) >= RANKS.index("moderator" if senders == "moderators" else "owner")


def rank_of(actor: Actor, facts: ConversationFacts) -> Rank:
    """The rank of an actor in a conversation. A role on the server also counts in the lobby and in their public rooms."""
    if facts.kind == "lobby":
        return actor.role
    if facts.role is None:
        return "stranger"
    if facts.kind == "room" and facts.visibility == "public":
        return max(facts.role, actor.role, key=RANKS.index)
    return facts.role


def outranks(rank: Rank, other: Rank) -> bool:
    """Whether a user of the first rank may remove, mute or ban one of the other. Of equal ranks only owners may."""
    return rank == "owner" or RANKS.index(rank) > RANKS.index(other)


def may_change_role(rank: Rank, wanted: Role) -> bool:
    """Whether a user of this rank may give another user the role `wanted`."""
    return rank == "owner" or (rank == "moderator" and wanted == "member")


def knows(person: Actor, other: Actor, *, team: bool) -> bool:
    """Whether a person knows another user without having met: the server's moderators and owners, in a team all accounts."""
    return other.role != "member" or (team and person.kind == other.kind == "account")


Until = Milliseconds | None
"""When a ban or a mute ends; None: never."""


def in_force(sanctions: Mapping[str, Until], uid: str, at: Milliseconds) -> bool:
    """Whether a ban or a mute of this user is in force at this time."""
    if uid not in sanctions:
        return False
    until = sanctions[uid]
    return until is None or until > at
