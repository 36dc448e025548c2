"""What the server permits to whom and where, written down for the page to offer the same (rights.mjs)."""

from __future__ import annotations

from itertools import product
from typing import Any, get_args

from suhbat.chat.model import Actor, ConversationFacts
from suhbat.chat.moderation import sanction_refusal
from suhbat.chat.policy import RULES, decide, rank_of
from suhbat.protocol.objects import ConversationKind, FileSenders, Role, UserKind, Visibility

ROLES: tuple[Role, ...] = get_args(Role)


def cases() -> list[dict[str, Any]]:
    """Every combination of a conversation that a user is in or sees, their role in it and on the server, and the role of
    another member. `may`: the actions that are permitted."""
    found = []
    kinds: tuple[UserKind, ...] = ("account", "guest")
    rooms = product(get_args(ConversationKind), get_args(Visibility), get_args(FileSenders), (False, True))
    for (kind, visibility, files, archived), of, role, own, theirs in product(
        rooms, kinds, (None, *ROLES), ROLES, ROLES
    ):
        restricted = archived or files != "everyone"
        if _exists(kind, visibility, role, own, restricted=restricted) and (of == "account" or own == "member"):
            actor = Actor("u1", "ali", of, 0, own)
            facts = ConversationFacts("r1", kind, role, visibility, archived, files=files)
            me = {"uid": "u1", "kind": of, "role": own}
            state = {"kind": kind, "visibility": visibility, "files": files, "archived": archived, "role": role}
            member = {"user": {"uid": "u2"}, "role": theirs}
            found.append({"me": me, "state": state, "member": member, "may": _permitted(actor, facts, theirs)})
    return found


def _exists(kind: ConversationKind, visibility: Visibility, role: Role | None, own: Role, *, restricted: bool) -> bool:
    """Whether there is such a conversation, and the user sees it."""
    if kind == "lobby":  # the state has the role on the server
        return visibility == "public" and role == own
    if kind == "direct":
        return visibility == "private" and role == "member" and not restricted
    return role is not None or visibility == "public"


def _permitted(actor: Actor, facts: ConversationFacts, theirs: Role) -> list[str]:
    """The actions that are permitted. In an archived room the page shows no composer; webhooks need an account."""
    hidden = {"attach"} if facts.archived else set()
    hidden |= {"hook"} if actor.kind == "guest" else set()
    may = [action for action in RULES[facts.kind] if action not in hidden and decide(actor, action, facts) is None]
    if sanction_refusal(actor, rank_of(actor, facts), Actor("u2", "vali"), theirs) is not None:
        may = [action for action in may if action not in ("remove", "ban", "mute")]
    return may
