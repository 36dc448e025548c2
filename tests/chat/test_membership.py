"""Membership and roles in a room: tables of cases, and properties of every room."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suhbat.chat.bounds import INVITATIONS, INVITED_BY_ONE
from suhbat.chat.membership import (
    LARGEST_ROOM,
    Candidate,
    admission_action,
    admission_refusal,
    full_room,
    invitation_refusal,
    invite_lets_in,
    is_added_at_once,
    needs_owner,
    removal_refusal,
    role_on_entry,
    successor,
)
from suhbat.chat.model import Actor
from suhbat.chat.policy import RANKS, Rank, outranks
from suhbat.errors import SuhbatError
from suhbat.protocol.objects import AddedBy, Role

ALI = Actor("u-ali", "ali", "account", 0)
VALI = Actor("u-vali", "vali", "account", 0)
BARE = Actor("u-bare", "yolovchi")
MODERATOR = Actor("u-moderator", "posbon", "account", 0, "moderator")
FULL: dict[str, Role] = {f"u{n}": "member" for n in range(LARGEST_ROOM)}
ROLES: tuple[Role, ...] = ("member", "moderator", "owner")


def told(refusal: SuhbatError | None) -> str:
    """A refusal in one word; "" for none."""
    return "" if refusal is None else refusal.text


@pytest.mark.parametrize(
    ("present", "wanted", "action"),
    [
        (None, "member", "add"),
        (None, "owner", "add"),
        ("member", "member", "add"),
        ("owner", "owner", "add"),
        ("member", "moderator", "set_role"),
        ("owner", "member", "set_role"),
    ],
)
def test_what_one_must_be_allowed_to_do(present: Role | None, wanted: Role, action: str) -> None:
    """To add a new member, or one who has the role already; to set the role of another member."""
    assert admission_action(VALI, wanted, {} if present is None else {VALI.uid: present}) == action


@pytest.mark.parametrize(
    ("rank", "person", "wanted", "roles", "banned", "refusal"),
    [
        ("owner", VALI, "member", {}, False, ""),
        ("owner", VALI, "owner", {}, False, ""),
        ("owner", BARE, "member", {}, False, "user_not_found.guest"),
        ("moderator", VALI, "member", {}, False, ""),
        ("moderator", VALI, "moderator", {}, False, "forbidden"),
        ("moderator", VALI, "member", {}, True, "forbidden.person_banned"),
        ("owner", VALI, "member", {}, True, "forbidden.person_banned"),
        ("owner", VALI, "member", FULL, False, "bad_request"),
        ("owner", VALI, "member", FULL, True, "forbidden.person_banned"),
        ("owner", VALI, "moderator", FULL | {VALI.uid: "member"}, False, ""),
        ("owner", ALI, "member", {ALI.uid: "owner"}, False, "bad_request"),
        ("owner", ALI, "member", {ALI.uid: "owner", VALI.uid: "moderator"}, False, "bad_request"),
        ("owner", ALI, "member", {ALI.uid: "owner", VALI.uid: "owner"}, False, ""),
        ("owner", VALI, "member", {ALI.uid: "owner", VALI.uid: "moderator"}, False, ""),
    ],
)
def test_admission(rank: Rank, person: Actor, wanted: Role, roles: dict[str, Role], banned: bool, refusal: str) -> None:
    """Only users who can come back, up to the role that the actor may give, never a banned one; and an owner remains."""
    assert told(admission_refusal(rank, person, wanted, roles, banned=banned)) == refusal


@given(
    st.sampled_from(RANKS),
    st.sampled_from(ROLES),
    st.dictionaries(st.sampled_from([ALI.uid, VALI.uid, "u3"]), st.sampled_from(ROLES)),
    st.booleans(),
)
def test_no_admission_takes_the_last_owner(rank: Rank, wanted: Role, roles: dict[str, Role], banned: bool) -> None:
    """An admission that is not refused leaves a room that had an owner with one."""
    if admission_refusal(rank, ALI, wanted, roles, banned=banned) is None and "owner" in roles.values():
        assert "owner" in (roles | {ALI.uid: wanted}).values()


@pytest.mark.parametrize(
    ("added_by", "actor", "team", "acquainted", "at_once"),
    [
        ("everyone", ALI, False, False, True),
        ("nobody", ALI, True, True, False),
        ("nobody", MODERATOR, True, True, False),
        ("known", ALI, False, False, False),
        ("known", ALI, False, True, True),
        ("known", ALI, True, False, True),
        ("known", MODERATOR, False, False, True),
        ("known", BARE, True, False, False),
    ],
)
def test_added_at_once(added_by: AddedBy, actor: Actor, team: bool, acquainted: bool, at_once: bool) -> None:
    """As the person has set; by default only by users whom they know."""
    assert is_added_at_once(VALI, actor, added_by, team=team, acquainted=acquainted) is at_once


@pytest.mark.parametrize(
    ("by_actor", "of_person", "refusal"),
    [
        (0, 0, ""),
        (INVITED_BY_ONE - 1, INVITATIONS - 1, ""),
        (INVITED_BY_ONE, 0, "too_many_invitations"),
        (0, INVITATIONS, "too_many_invitations.person"),
        (INVITED_BY_ONE, INVITATIONS, "too_many_invitations"),
    ],
)
def test_invitations(by_actor: int, of_person: int, refusal: str) -> None:
    """Limits of one inviter and of one person; the inviter's own limit is reported first."""
    assert told(invitation_refusal(VALI, by_actor=by_actor, of_person=of_person)) == refusal


def test_an_invite() -> None:
    """It adds the user unless something prevents that."""
    assert invite_lets_in(VALI.uid, {ALI.uid: "owner"}, archived=False, banned=False, crowded=False)
    assert not invite_lets_in(VALI.uid, {VALI.uid: "member"}, archived=False, banned=False, crowded=False)
    assert not invite_lets_in(VALI.uid, FULL, archived=False, banned=False, crowded=False)
    for what in ("archived", "banned", "crowded"):
        assert not invite_lets_in(
            VALI.uid, {}, **({"archived": False, "banned": False, "crowded": False} | {what: True})
        )


def test_a_full_room() -> None:
    """The last place can be taken, and then none."""
    assert told(full_room(FULL)) == "bad_request"
    assert full_room({uid: role for uid, role in FULL.items() if uid != "u0"}) is None


def test_the_first_one_in_an_empty_room_owns_it() -> None:
    """Whatever role they were to have; later ones get the intended role."""
    for role in ROLES:
        assert role_on_entry(role, {}) == "owner"
        assert role_on_entry(role, {ALI.uid: "member"}) == role


@pytest.mark.parametrize("rank", RANKS)
@pytest.mark.parametrize("theirs", ROLES)
def test_removal(rank: Rank, theirs: Role) -> None:
    """Members of a lower rank can be removed, and owners by owners. A user who is no member cannot be removed."""
    refusal = told(removal_refusal(rank, VALI, {VALI.uid: theirs}))
    assert refusal == ("" if outranks(rank, theirs) else "forbidden.rank")
    assert told(removal_refusal(rank, VALI, {ALI.uid: theirs})) == "user_not_found"


@pytest.mark.parametrize(
    ("left", "roles", "needs"),
    [
        ("owner", {}, False),
        ("owner", {ALI.uid: "member"}, True),
        ("owner", {ALI.uid: "moderator", VALI.uid: "member"}, True),
        ("owner", {ALI.uid: "owner"}, False),
        ("member", {ALI.uid: "member"}, False),
        ("moderator", {ALI.uid: "owner"}, False),
    ],
)
def test_whether_an_owner_is_needed(left: Role, roles: dict[str, Role], needs: bool) -> None:
    """When the last owner has left and others stay. A room that never had an owner stays without one."""
    assert needs_owner(left, roles) is needs


CANDIDATES = st.lists(
    st.builds(Candidate, st.uuids().map(str), st.sampled_from(("member", "moderator")), st.integers(0, 5)),
    min_size=1,
    unique_by=lambda one: one.uid,
)


@given(CANDIDATES, st.randoms())
def test_the_successor(members: list[Candidate], random: object) -> None:
    """The successor is a member; none has a higher role, and none with that role joined earlier. The order does not matter."""
    heir = next(one for one in members if one.uid == successor(members))
    for one in members:
        assert RANKS.index(one.role) <= RANKS.index(heir.role)
        assert one.role != heir.role or one.joined_at >= heir.joined_at
    shuffled = members.copy()
    random.shuffle(shuffled)
    assert successor(shuffled) == heir.uid
