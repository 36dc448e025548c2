"""Rules for bots. Pure: the store passes the facts of its transaction."""

from __future__ import annotations

from suhbat.errors import BadRequest, Forbidden, SuhbatError
from suhbat.protocol.objects import Role

from .model import Actor, Milliseconds
from .policy import RANKS

BOTS_OF_ONE = 20
"""Bots of an account."""


KEY_KEPT: Milliseconds = 30 * 60 * 1000
"""For how long a bot may answer a command or a press of a button with its key."""
KEYS_OF_ONE = 100
"""Open keys of one user with one bot; a new one replaces the oldest."""
ANSWERS = 5
"""Answers with one key."""


def most_bots(number: int) -> None:
    """Raise BadRequest for one more bot of an account that has this number of them."""
    if number >= BOTS_OF_ONE:
        raise BadRequest(reason="bots.many")


def buttons_refusal(actor: Actor, actions: object) -> SuhbatError | None:
    """Of buttons in a message of this user: only programs send them."""
    return Forbidden("forbidden.actions") if actions and actor.kind not in ("bot", "hook") else None


def lower_role(role: Role, of_owner: Role | None) -> Role | None:
    """The role of a bot that has one role and whose owner has the other; None if the owner is no member."""
    return None if of_owner is None else min(role, of_owner, key=RANKS.index)
