"""Mutes, bans, reports and the word filter: who may, and what changes nothing. Pure: the store gives the facts, as they are in
its transaction.

A function that gives a refusal gives None where there is no objection.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from suhbat.errors import BadRequest, Forbidden, RateLimited, SuhbatError
from suhbat.protocol.objects import Role

from .model import Actor
from .normalise import normalise
from .policy import Rank, Until, outranks

OPEN_REPORTS = 100
"""Reports of one person that nobody has looked at yet."""
_WAIT_SECONDS = 3600
"""After which somebody who has made that many may ask again."""


def sanction_refusal(actor: Actor, rank: Rank, person: Actor, theirs: Rank) -> SuhbatError | None:
    """Of muting or banning somebody. `rank` is the actor's, `theirs` that of the person."""
    if person.uid == actor.uid:
        return BadRequest(reason="that would be yourself")
    return None if outranks(rank, theirs) else Forbidden("forbidden.rank")


def mute_refusal(person: Actor, roles: Mapping[str, Role] | None) -> SuhbatError | None:
    """Of muting somebody; `roles`: of the members, None in the lobby. A ban needs no member: it keeps people away."""
    if roles is None or person.uid in roles:
        return None
    return BadRequest(reason="this person is no member")


def changes_sanction(held: Mapping[str, Until], uid: str, *, on: bool, until: Until) -> bool:
    """Whether a mute or a ban is anything new: it holds until the same moment already, or is lifted already."""
    return (uid in held) != on or held.get(uid) != (until if on else None)


def report_refusal(open_reports: int) -> SuhbatError | None:
    """Of one more report, where somebody has so many open."""
    if open_reports < OPEN_REPORTS:
        return None
    return RateLimited("rate_limited.reports", retry_after=_WAIT_SECONDS, seconds=_WAIT_SECONDS)


def owner_refusal(actor: Actor) -> SuhbatError | None:
    """Of what only the owner of the server may."""
    return None if actor.role == "owner" else Forbidden()


def one_form(words: Collection[str]) -> tuple[str, ...]:
    """Words as the filter keeps them, sorted; what is no word is left out."""
    return tuple(sorted({word for word in map(normalise, words) if word}))


def words_refusal(text: str, words: Collection[str]) -> SuhbatError | None:
    """Of a text that has one of these words (as `one_form` gives them), in whatever spelling, as a whole word."""
    said = f" {normalise(text)} "
    return Forbidden("forbidden.words") if any(f" {word} " in said for word in words) else None
