"""Rules for mutes, bans, reports and the word filter. Pure: the store passes the facts of its transaction.

A function `…_refusal` returns the error with which to refuse, or None.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from suhbat.errors import BadRequest, Forbidden, RateLimited, SuhbatError
from suhbat.protocol.objects import Role

from .model import Actor
from .normalise import normalise
from .policy import Rank, Until, outranks

OPEN_REPORTS = 100
"""Open reports by one user."""
_WAIT_SECONDS = 3600
"""`retry_after` of one more report."""


def sanction_refusal(actor: Actor, rank: Rank, person: Actor, theirs: Rank) -> SuhbatError | None:
    """Of muting or banning a person. `rank`: of the actor; `theirs`: of the person."""
    if person.uid == actor.uid:
        return BadRequest(reason="that would be yourself")
    return None if outranks(rank, theirs) else Forbidden("forbidden.rank")


def mute_refusal(person: Actor, roles: Mapping[str, Role] | None) -> SuhbatError | None:
    """The refusal of a mute, or None. `roles`: the roles of the members, None in the lobby. A ban, unlike a mute, may
    concern a user who is no member."""
    if roles is None or person.uid in roles:
        return None
    return BadRequest(reason="this person is no member")


def changes_sanction(held: Mapping[str, Until], uid: str, *, on: bool, until: Until) -> bool:
    """Whether a mute or a ban is a change. `held`: the present ones."""
    return (uid in held) != on or held.get(uid) != (until if on else None)


def report_refusal(open_reports: int) -> SuhbatError | None:
    """The refusal of one more report by a user who has `open_reports`, or None."""
    if open_reports < OPEN_REPORTS:
        return None
    return RateLimited("rate_limited.reports", retry_after=_WAIT_SECONDS, scope="command", seconds=_WAIT_SECONDS)


def owner_refusal(actor: Actor) -> SuhbatError | None:
    """Of an action that only the owner of the server may do."""
    return None if actor.role == "owner" else Forbidden()


def one_form(words: Collection[str]) -> tuple[str, ...]:
    """Words as the filter stores them: normalised and sorted, without empty ones."""
    return tuple(sorted({word for word in map(normalise, words) if word}))


def words_refusal(text: str, words: Collection[str]) -> SuhbatError | None:
    """Of a text with one of these filtered words (see `one_form`) as a whole word, in any spelling."""
    said = f" {normalise(text)} "
    return Forbidden("forbidden.words") if any(f" {word} " in said for word in words) else None
