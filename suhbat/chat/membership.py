"""Who can be a member of a room, and as what. Pure: the store gives the facts, as they are in its transaction.

`roles` are the members of the room by uid. A function that gives a refusal gives None where there is no objection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from suhbat.errors import BadRequest, Forbidden, SuhbatError, TooManyInvitations, UserNotFound
from suhbat.protocol.objects import AddedBy, Role

from .bounds import INVITATIONS, INVITED_BY_ONE
from .model import Actor, Milliseconds
from .policy import RANKS, Action, Rank, knows, may_change_role, outranks

LARGEST_ROOM = 10_000
"""Members of one room."""

Roles = Mapping[str, Role]


def admission_action(person: Actor, wanted: Role, roles: Roles) -> Action:
    """What one must be allowed to do in order to make somebody this."""
    return "add" if roles.get(person.uid) in (None, wanted) else "set_role"


def admission_refusal(rank: Rank, person: Actor, wanted: Role, roles: Roles, *, banned: bool) -> SuhbatError | None:
    """Of making somebody a member, or giving a member another role. `rank`: of the one who does; `banned`: the person."""
    if not person.lasting:
        return UserNotFound("user_not_found.guest", user_id=person.user_id)
    if not may_change_role(rank, wanted):
        return Forbidden()
    present = roles.get(person.uid)
    if present is None:
        return Forbidden("forbidden.person_banned") if banned else full_room(roles)
    if present == "owner" and wanted != "owner" and _owners(roles) == 1:
        return BadRequest(reason="a room needs an owner: make somebody else one first")
    return None


def is_added_at_once(person: Actor, actor: Actor, added_by: AddedBy, *, team: bool, acquainted: bool) -> bool:
    """Whether the actor makes somebody a member without asking them. `added_by`: what the person has chosen; `acquainted`:
    whether they are in a room together, or the person has written to the actor."""
    if added_by != "known":
        return added_by == "everyone"
    return acquainted or knows(person, actor, team=team)


def invitation_refusal(person: Actor, *, by_actor: int, of_person: int) -> SuhbatError | None:
    """Of one more invitation, where the actor has made so many and the person has so many that are open."""
    if by_actor >= INVITED_BY_ONE:
        return TooManyInvitations(limit=INVITED_BY_ONE)
    if of_person >= INVITATIONS:
        return TooManyInvitations("too_many_invitations.person", user_id=person.user_id)
    return None


def invite_lets_in(uid: str, roles: Roles, *, archived: bool, banned: bool, crowded: bool) -> bool:
    """Whether somebody who comes with an invite becomes a member. The invite is the permission; nobody is told otherwise."""
    return uid not in roles and not archived and not banned and not crowded and full_room(roles) is None


def full_room(roles: Roles) -> SuhbatError | None:
    """The refusal of one more member."""
    if len(roles) < LARGEST_ROOM:
        return None
    return BadRequest(reason=f"the room is full: it has {LARGEST_ROOM} members")


def role_on_entry(wanted: Role, roles: Roles) -> Role:
    """A room that all have left belongs to the first who comes."""
    return wanted if roles else "owner"


def removal_refusal(rank: Rank, person: Actor, roles: Roles) -> SuhbatError | None:
    """Of putting somebody out. `rank`: of the one who does."""
    if person.uid not in roles:
        return UserNotFound(user_id=person.user_id)
    return None if outranks(rank, roles[person.uid]) else Forbidden("forbidden.rank")


def needs_owner(left: Role, roles: Roles) -> bool:
    """Whether those who stay have no owner any more, now that a member of role `left` has gone."""
    return left == "owner" and bool(roles) and not _owners(roles)


class Candidate(NamedTuple):
    """A member who may become the owner."""

    uid: str
    role: Role
    joined_at: Milliseconds


def successor(members: Iterable[Candidate]) -> str:
    """The uid of the next owner: the highest role, and of those the one who joined first. There is at least one member."""
    heir = min(members, key=lambda one: (-RANKS.index(one.role), one.joined_at, one.uid))
    return heir.uid


def _owners(roles: Roles) -> int:
    return sum(role == "owner" for role in roles.values())
