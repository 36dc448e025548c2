"""The policy: every entry of its table, and properties of all of it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import get_args

import pytest

from suhbat.chat.model import Actor, ConversationFacts
from suhbat.chat.policy import ARCHIVED, RANKS, RULES, WRITING, Action, Rank, decide, may_change_role, outranks, rank_of
from suhbat.errors import Forbidden, NotFound, SuhbatError
from suhbat.protocol.objects import ConversationKind, FileSenders, Role, Visibility

KINDS: tuple[ConversationKind, ...] = get_args(ConversationKind)
ACTIONS: tuple[Action, ...] = get_args(Action)
VISIBILITIES: tuple[Visibility, ...] = get_args(Visibility)
ROLES: tuple[Role, ...] = ("member", "moderator", "owner")
PLACES: tuple[tuple[ConversationKind, Visibility], ...] = (
    ("lobby", "private"), ("direct", "private"), ("room", "private"), ("room", "public"),
)  # fmt: skip


def actor(role: Role = "member", *, lasting: bool = True) -> Actor:
    return Actor("u1", "ali", lobby_from=0 if lasting else None, role=role)


def facts(
    kind: ConversationKind,
    rank: Rank,
    visibility: Visibility = "private",
    *,
    archived: bool = False,
    banned: bool = False,
    muted: bool = False,
) -> ConversationFacts:
    """The facts for an actor of this rank in a direct or a room. In the lobby the role on the server decides."""
    role: Role | None = None if rank == "stranger" else rank
    return ConversationFacts("c1", kind, role, visibility, archived, banned, muted)


def told(refusal: SuhbatError | None) -> str:
    """A refusal in one word; "" for none."""
    return "" if refusal is None else refusal.text


def ask(kind: ConversationKind, rank: Rank, action: Action, visibility: Visibility = "private", **fields: bool) -> str:
    """The refusal for a lasting actor of this rank."""
    if kind == "lobby":
        # Nobody is a stranger in the lobby.
        return told(decide(actor("member" if rank == "stranger" else rank), action, facts(kind, "member", **fields)))
    return told(decide(actor(), action, facts(kind, rank, visibility, **fields)))


def expected(kind: ConversationKind, rank: Rank, action: Action, visibility: Visibility) -> str:
    """The refusal according to the table."""
    if kind == "lobby" and rank == "stranger":
        rank = "member"
    if rank == "stranger" and (kind, visibility) != ("room", "public"):
        return "not_found"
    if action == "see":
        return ""
    lowest = RULES[kind][action]
    if lowest is None:
        return "forbidden.kind"
    if RANKS.index(rank) >= RANKS.index(lowest):
        return ""
    return "forbidden.member" if rank == "stranger" else "forbidden"


@pytest.mark.parametrize(("kind", "visibility"), PLACES)
@pytest.mark.parametrize("rank", RANKS)
def test_the_table(kind: ConversationKind, visibility: Visibility, rank: Rank) -> None:
    """Every action of every rank in every kind of conversation is decided as in the table, also if archived, and if muted."""
    for action in ACTIONS:
        plain = expected(kind, rank, action, visibility)
        assert ask(kind, rank, action, visibility) == plain, action
        archived = "forbidden.archived" if not plain and action in ARCHIVED else plain
        assert ask(kind, rank, action, visibility, archived=True) == archived, action
        muted = "forbidden.muted" if not plain and action in WRITING else plain
        assert ask(kind, rank, action, visibility, muted=True) == muted, action
        both = archived or muted
        assert ask(kind, rank, action, visibility, archived=True, muted=True) == both, action


def test_the_table_is_whole() -> None:
    """Every action has a rule for every kind, and no rule permits strangers more than `see`."""
    assert set(RULES) == set(KINDS)
    for kind in KINDS:
        assert set(RULES[kind]) == set(ACTIONS), kind
    assert ACTIONS and set(ACTIONS) > WRITING and set(ACTIONS) > ARCHIVED
    open_to_strangers = {action for action in ACTIONS if RULES["room"][action] == "stranger"}
    assert open_to_strangers == {"join"}


def everything() -> Iterator[tuple[Actor, Action, ConversationFacts]]:
    """Every actor, conversation and state."""
    flags = list(product((False, True), repeat=3))
    for (kind, visibility), rank, role, lasting, (archived, banned, muted), action in product(
        PLACES, RANKS, ROLES, (False, True), flags, ACTIONS
    ):
        there = facts(kind, rank, visibility, archived=archived, banned=banned, muted=muted)
        yield actor(role, lasting=lasting), action, there


def test_a_higher_rank_may_do_whatever_a_lower_one_may() -> None:
    """By the role in the conversation, and by the role on the server."""
    for who, action, there in everything():
        if decide(who, action, there) is not None:
            continue
        for role in ROLES[ROLES.index(who.role) :]:
            higher = Actor(who.uid, who.user_id, lobby_from=who.lobby_from, role=role)
            for rank in ROLES[ROLES.index(there.role) if there.role else 0 :]:
                above = ConversationFacts(
                    there.id, there.kind, rank, there.visibility, there.archived, False, there.muted
                )
                assert decide(higher, action, above) is None, (who, action, there, role, rank)


def test_a_stranger_of_what_is_private_finds_nothing() -> None:
    """NotFound for every action, as for an unknown conversation; also for the owner of the server."""
    for who, action, there in everything():
        if there.role is None and there.kind != "lobby" and there.visibility == "private":
            refusal = decide(who, action, there)
            assert type(refusal) is NotFound and refusal.text == told(decide(who, action, None)) == "not_found"


def test_a_stranger_of_a_public_room() -> None:
    """A lasting stranger may see and join it; a bare guest finds nothing."""
    for who, action, there in everything():
        if there.role is None and (there.kind, there.visibility) == ("room", "public") and not there.banned:
            refusal = decide(who, action, there)
            if not who.lasting:
                assert told(refusal) == "not_found"
            else:
                assert (refusal is None) == (action == "see" or (action == "join" and not there.archived))


def test_who_is_banned() -> None:
    """A banned user may do nothing. In the lobby, and when joining a public room, they are told so; elsewhere the conversation
    seems not to exist."""
    for who, action, there in everything():
        if there.banned:
            refusal = decide(who, action, there)
            door = there.kind == "lobby" or (action == "join" and there.visibility == "public")
            if told(refusal) != "not_found":
                assert door and isinstance(refusal, Forbidden) and refusal.text == "forbidden.banned"
            else:
                assert not door


def test_writing_is_for_nobody_who_is_muted_or_where_it_is_archived() -> None:
    """Whatever the rank. Reading, leaving, deleting and moderating remain."""
    for who, action, there in everything():
        if (there.muted or there.archived) and action in WRITING:
            assert decide(who, action, there) is not None
    assert not WRITING & {"see", "read", "mark", "delete", "leave", "report", "mute", "ban", "remove", "delete_any"}


def test_keeping_order_on_the_server() -> None:
    """A role on the server counts in the lobby, and in public rooms for their members; not in private rooms and directs."""
    for role in ROLES:
        assert rank_of(actor(role), facts("lobby", "member")) == role
        assert rank_of(actor(role), facts("room", "member", "public")) == role
        assert rank_of(actor(role), facts("room", "stranger", "public")) == "stranger"
        for kind, rank in product(("room", "direct"), RANKS):
            assert rank_of(actor(role), facts(kind, rank)) == rank
    assert rank_of(actor("moderator"), facts("room", "owner", "public")) == "owner"


def test_on_people() -> None:
    """A user may act on users of a lower rank, and an owner on other owners."""
    for rank, other in product(RANKS, RANKS):
        assert outranks(rank, other) == (rank == "owner" or RANKS.index(rank) > RANKS.index(other))
    for role in ROLES:
        assert may_change_role("owner", role)
        assert may_change_role("moderator", role) == (role == "member")
        assert not may_change_role("member", role) and not may_change_role("stranger", role)


def test_who_may_send_files() -> None:
    """The setting of the conversation narrows who may: of those who may write, not guests, or only from a rank on. A role on
    the server counts as everywhere."""
    people = {
        "guest": Actor("u1", "ali", "guest", 0),
        "account": Actor("u1", "ali", "account", 0),
        "moderator": Actor("u1", "ali", "account", 0, "moderator"),
        "owner": Actor("u1", "ali", "account", 0, "owner"),
    }
    expected: dict[FileSenders, set[str]] = {
        "everyone": {"guest", "account", "moderator", "owner"},
        "accounts": {"account", "moderator", "owner"},
        "moderators": {"moderator", "owner"},
        "owners": {"owner"},
    }
    for senders, may in expected.items():
        for kind, visibility in (("lobby", "private"), ("room", "public")):
            there = ConversationFacts("c1", kind, "member", visibility, files=senders)
            assert {name for name, who in people.items() if decide(who, "attach", there) is None} == may
            assert all(decide(who, "post", there) is None for who in people.values())
        in_room = {
            role: decide(people["account"], "attach", ConversationFacts("c1", "room", role, files=senders)) is None
            for role in ROLES
        }
        assert in_room == {role: ("account" if role == "member" else role) in may for role in ROLES}
        refusal = decide(people["guest"], "attach", ConversationFacts("c1", "room", "member", files="owners"))
        assert told(refusal) == "forbidden.files"
    stranger = ConversationFacts("c1", "room", None, "public", files="everyone")
    assert told(decide(people["account"], "attach", stranger)) == "forbidden.member"
