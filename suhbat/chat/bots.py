"""Rules for bots. Pure: the store passes the facts of its transaction."""

from __future__ import annotations

from suhbat.errors import BadRequest
from suhbat.protocol.objects import Role

from .policy import RANKS

BOTS_OF_ONE = 20
"""Bots of an account."""


def most_bots(number: int) -> None:
    """Raise BadRequest for one more bot of an account that has this number of them."""
    if number >= BOTS_OF_ONE:
        raise BadRequest(reason="bots.many")


def lower_role(role: Role, of_owner: Role | None) -> Role | None:
    """The role of a bot that has one role and whose owner has the other; None if the owner is no member."""
    return None if of_owner is None else min(role, of_owner, key=RANKS.index)
