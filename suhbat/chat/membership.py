"""Rules for membership and roles in a room. Pure: the store passes the facts of its transaction.

`roles`: of the members of the room, by uid. A function `…_refusal` returns the error with which to refuse, or None.
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
"""Members of a room."""

Roles = Mapping[str, Role]


def admission_action(person: Actor, wanted: Role, roles: Roles) -> Action:
    """The action that a user must be allowed in order to give a person this role."""
    return "add" if roles.get(person.uid) in (None, wanted) else "set_role"


def admission_refusal(rank: Rank, person: Actor, wanted: Role, roles: Roles, *, banned: bool) -> SuhbatError | None:
    """Of adding a person, or of changing a member's role. `rank`: of the actor. `banned`: whether the person is banned."""
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
    """Whether the actor may add a person without asking them. `added_by`: the setting of the person. `acquainted`: whether they
    are in a room together, or the person has written to the actor."""
    if added_by != "known":
        return added_by == "everyone"
    return acquainted or knows(person, actor, team=team)


def invitation_refusal(person: Actor, *, by_actor: int, of_person: int) -> SuhbatError | None:
    """Of one more invitation. `by_actor`, `of_person`: the open invitations that the actor has made, and the person has."""
    if by_actor >= INVITED_BY_ONE:
        return TooManyInvitations(limit=INVITED_BY_ONE)
    if of_person >= INVITATIONS:
        return TooManyInvitations("too_many_invitations.person", user_id=person.user_id)
    return None


def invite_lets_in(uid: str, roles: Roles, *, archived: bool, banned: bool, crowded: bool) -> bool:
    """Whether a user who registered with an invite is added to its room. If not, nobody is told."""
    return uid not in roles and not archived and not banned and not crowded and full_room(roles) is None


def full_room(roles: Roles) -> SuhbatError | None:
    """Of one more member: the room is full."""
    if len(roles) < LARGEST_ROOM:
        return None
    return BadRequest(reason=f"the room is full: it has {LARGEST_ROOM} members")


def role_on_entry(wanted: Role, roles: Roles) -> Role:
    """The role of a new member. The first one in an empty room becomes its owner."""
    return wanted if roles else "owner"


def removal_refusal(rank: Rank, person: Actor, roles: Roles) -> SuhbatError | None:
    """Of removing a member. `rank`: of the actor."""
    if person.uid not in roles:
        return UserNotFound(user_id=person.user_id)
    return None if outranks(rank, roles[person.uid]) else Forbidden("forbidden.rank")


def needs_owner(left: Role, roles: Roles) -> bool:
    """Whether the remaining members have no owner, after a member with the role `left` has left."""
    return left == "owner" and bool(roles) and not _owners(roles)


class Candidate(NamedTuple):
    """A member who may become the owner."""

    uid: str
    role: Role
    joined_at: Milliseconds


def successor(members: Iterable[Candidate]) -> str:
    """The uid of the next owner: of the members with the highest role, the one who joined first. `members`: not empty."""
    heir = min(members, key=lambda one: (-RANKS.index(one.role), one.joined_at, one.uid))
    return heir.uid


def _owners(roles: Roles) -> int:
    return sum(role == "owner" for role in roles.values())
