"""Incoming webhooks in the store: who makes them, where they may post, and what is left of them."""

from __future__ import annotations

import itertools
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from structlog.testing import capture_logs

from suhbat.chat.bounds import DAY
from suhbat.chat.model import Actor, IncomingHook, OutgoingHook
from suhbat.chat.ports import Store
from suhbat.errors import Forbidden, NotFound, RateLimited, TooManyHooks
from suhbat.programs.hooks.incoming_hooks import OF_CONVERSATION, OF_MAKER, IncomingHooks, speaker
from suhbat.protocol import commands
from suhbat.protocol.events import MessageCreated
from suhbat.protocol.extras import Extra, HookFace
from suhbat.store.people import accounts
from suhbat.store.write import hooks, outgoing_hooks

from . import parts
from .house import AT, SOLI, House
from .parts import Listener
from .people.test_people import account

ALI, VALI = replace(parts.ALI, kind="account"), replace(parts.VALI, kind="account")
EXTRA = Extra(hook=HookFace(name="CI", icon="🚀"))


def hook(id: str, conversation: str, maker: Actor = ALI, **fields: Any) -> IncomingHook:
    row: dict[str, Any] = {
        "id": id, "uid": f"u-{id}", "conversation": conversation, "maker_uid": maker.uid, "name": f"CI {id}",
        "created_at": AT, "token_hash": id.encode(),
    }  # fmt: skip
    return IncomingHook(**(row | fields))


def outgoing(id: str, conversations: tuple[str, ...] | None, maker: Actor = ALI) -> OutgoingHook:
    return OutgoingHook(
        id, f"u-{id}", maker.uid, f"hook {id}", "https://hooks.example.org/", "whsec_c2VjcmV0", ("message.created",),
        conversations, AT,
    )  # fmt: skip


def voice(one: IncomingHook, maker: Actor = ALI) -> Actor:
    return speaker(one.uid, one.user_id, maker)


@pytest.fixture
async def house(store: Store, listener: Listener) -> House:
    """A store with two accounts."""
    for name in ("ali", "vali"):
        await store.add_account(account(name))
    return House(store, listener)


async def make(
    house: House, one: IncomingHook, maker: Actor = ALI, of_conversation: int = 10, of_maker: int = 50
) -> None:
    await house.store.add_hook(maker, one, AT, of_conversation=of_conversation, of_maker=of_maker)


async def test_a_webhook_is_read_as_it_was_written(house: House) -> None:
    """By its conversation, in the order of making, and by its token; those of another conversation are not among them."""
    room, other = await house.room(), await house.room()
    first, second, third = hook("h1", room, created_at=AT + 1), hook("h2", room), hook("h3", other)
    for one in (first, second, third):
        await make(house, one)
    assert await house.store.hooks_of(ALI, room) == [second, first]
    assert await house.store.hook_by_token(b"h3") == third
    assert await house.store.hook_by_token(b"h4") is None
    await house.store.end_hook(ALI, room, "h1", AT)
    assert await house.store.hooks_of(ALI, room) == [second]
    assert await house.store.hook_by_token(b"h1") is None
    for room_of_id, id in ((room, "h1"), (other, "h2")):
        with pytest.raises(NotFound):
            await house.store.end_hook(ALI, room_of_id, id, AT)
    assert [(one.action, one.data) for one in await house.store.audit(limit=2)] == [
        ("hook.remove", "CI h1"),
        ("hook.add", "CI h3"),
    ]


async def test_moderators_make_them_and_whoever_made_one_removes_it(house: House) -> None:
    """A member makes and sees none; one who has made one removes it as a member; for a stranger nothing exists."""
    room = await house.room(ALI, VALI)
    with pytest.raises(Forbidden):
        await make(house, hook("h1", room), replace(ALI, kind="guest"))
    for wrong, error in ((VALI, Forbidden), (SOLI, NotFound)):
        with pytest.raises(error):
            await make(house, hook("h1", room, wrong), wrong)
        with pytest.raises(error):
            await house.store.hooks_of(wrong, room)
        with pytest.raises(error):
            await house.store.end_hook(wrong, room, "h1", AT)
    await house.admit(ALI, room, VALI, "moderator")
    await make(house, hook("h1", room, VALI), VALI)
    await house.admit(ALI, room, VALI)
    await house.store.end_hook(VALI, room, "h1", AT)
    assert await house.store.hook_by_token(b"h1") is None


async def test_there_are_so_many_at_most(house: House) -> None:
    """In one conversation, and by one maker over all conversations."""
    room, other = await house.room(), await house.room()
    await make(house, hook("h1", room), of_conversation=1)
    with pytest.raises(TooManyHooks):
        await make(house, hook("h2", room), of_conversation=1)
    with pytest.raises(TooManyHooks):
        await make(house, hook("h2", other), of_maker=1)
    await make(house, hook("h2", other), of_conversation=1, of_maker=2)


async def test_as_many_as_there_may_be(house: House) -> None:
    """10 incoming webhooks of a conversation, and 50 of an account, made as over HTTP."""
    made = itertools.count()
    tokens: Any = SimpleNamespace(
        id=lambda prefix: f"{prefix}{next(made)}", token=lambda: f"{next(made)}", digest=str.encode
    )
    nothing: Any = None
    clock: Any = SimpleNamespace(wall=lambda: AT)
    incoming = IncomingHooks(house.store, nothing, nothing, nothing, clock, nothing, tokens, "")
    rooms = [await house.room() for _ in range(OF_MAKER // OF_CONVERSATION + 1)]
    for room in rooms[:-1]:
        for n in range(OF_CONVERSATION):
            await incoming.make(ALI, room, f"CI {n}")
        with pytest.raises(TooManyHooks):
            await incoming.make(ALI, room, "yana")
    with pytest.raises(TooManyHooks):
        await incoming.make(ALI, rooms[-1], "yana")
    assert len(await house.store.hooks_by(ALI.uid)) == OF_MAKER


async def test_so_many_in_a_day(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Incoming and outgoing webhooks and bots of one account in a day are limited, removed ones included, because each leaves
    a user behind."""
    for module in (accounts, hooks, outgoing_hooks):
        monkeypatch.setattr(module, "PROGRAMS_A_DAY", 2)
    room = await house.room()
    await make(house, hook("h1", room))
    await house.store.end_hook(ALI, room, "h1", AT)
    await house.store.add_outgoing(ALI, outgoing("h2", None), 10)
    for refused in (
        lambda: make(house, hook("h3", room)),
        lambda: house.store.add_outgoing(ALI, outgoing("h3", None), 10),
    ):
        with pytest.raises(RateLimited) as told:
            await refused()
        assert told.value.text == "rate_limited.hooks" and told.value.retry_after == DAY / 1000
    for name in ("b1", "b2"):
        await house.store.add_account(account(name, owner_uid=ALI.uid, created_at=AT))
    with pytest.raises(RateLimited, match="bots"):
        await house.store.add_account(account("b3", owner_uid=ALI.uid, created_at=AT))
    await house.store.add_account(account("b3", owner_uid=ALI.uid, created_at=AT + DAY))


async def test_a_webhook_posts_where_its_maker_may(house: House) -> None:
    """Although it is no member; under its own identity and face; at any rate in slow mode; and as unread for everybody."""
    room = await house.room(ALI, VALI)
    one = hook("h1", room)
    await make(house, one)
    await house.do(commands.Update, ALI, room, slow_mode=60)
    for text in ("bir", "ikki"):
        await house.write(voice(one), room, text, extra=EXTRA)
    created = (await house.log(room))[-1]
    assert isinstance(created, MessageCreated)
    assert (created.actor, created.actor_uid, created.message.hook) == ("webhook:CI h1", "u-h1", EXTRA.hook)
    assert (await house.state(VALI, room)).unread == 2 == (await house.state(ALI, room)).unread
    assert [member.user.user_id for member in (await house.store.members(ALI, room)).members] == ["ali", "vali"]


@pytest.mark.parametrize("ending", ["mute", "leave", "archive", "ban", "erase room", "erase maker"])
async def test_it_posts_no_longer_than_its_maker(house: House, ending: str) -> None:
    """Whatever keeps the maker from writing keeps the webhook from posting, at that moment."""
    room = await house.room(VALI)
    await house.admit(VALI, room, ALI, "moderator")
    one = hook("h1", room)
    await make(house, one)
    seq = await house.write(voice(one), room, extra=EXTRA)
    if ending == "mute":
        await house.do(commands.Mute, VALI, room, person=ALI, on=True)
    elif ending == "leave":
        await house.do(commands.Leave, ALI, room)
    elif ending == "archive":
        await house.do(commands.Update, VALI, room, archived=True)
    elif ending == "ban":
        await house.do(commands.Ban, VALI, room, person=ALI, on=True)
    elif ending == "erase room":
        await house.do(commands.Erase, VALI, room)
    else:
        await house.store.erase(ALI, AT, with_messages=True)
        while await house.store.erase_more(AT):
            pass
    assert isinstance(await house.cannot_write(voice(one), room, extra=EXTRA), Forbidden | NotFound)
    is_gone = ending.startswith("erase")
    assert (await house.store.hook_by_token(b"h1") is None) == is_gone
    if ending == "erase maker":
        assert seq in [message.seq for message in (await house.store.history(VALI, room)).messages if message.hook]


async def test_its_maker_deletes_what_it_posted(house: House) -> None:
    """As if it were one's own; other members may not; the tombstone has no face."""
    direct = (await house.do(commands.Meet, ALI, people=(VALI,))).conversation
    one = hook("h1", direct)
    await make(house, one)
    seq = await house.write(voice(one), direct, extra=EXTRA)
    await house.refused(Forbidden, None, commands.Delete, VALI, direct, seq=seq)
    await house.do(commands.Delete, ALI, direct, seq=seq)
    (tombstone,) = (await house.store.history(ALI, direct)).messages
    assert tombstone.deleted and tombstone.hook is None


async def test_it_mentions_whom_its_maker_may(house: House) -> None:
    """`@all` where the maker is a moderator; the budget is that of the maker."""
    room = await house.room(ALI, VALI)
    one = hook("h1", room)
    await make(house, one)
    await house.write(voice(one), room, "@all", named=("*",), extra=EXTRA)
    assert (await house.store.history(VALI, room)).messages[-1].mentions_all
    assert (await house.state(VALI, room)).mentions == 1
    other = replace(voice(one), uid="u-h2", owner=VALI.uid, role="member")
    await house.write(other, room, "@all", named=("*",), extra=EXTRA)
    assert not (await house.store.history(VALI, room)).messages[-1].mentions_all


async def test_it_speaks_in_the_lobby(house: House) -> None:
    """Where everybody is, its maker needs no membership; a ban from the server ends it."""
    one = hook("h1", "lobby")
    moderator = replace(ALI, role="moderator")
    await make(house, one, moderator)
    await house.write(voice(one, moderator), "lobby", extra=EXTRA)
    assert not isinstance(await house.cannot_write(replace(voice(one), owner="u-x"), "nowhere"), RateLimited)


async def test_a_maker_who_is_being_erased(house: House) -> None:
    """Their login was checked a moment ago. The answer is that of what does not exist, and no fault of the server."""
    with capture_logs() as logged:
        await house.store.erase(ALI, AT, with_messages=False)
        with pytest.raises(NotFound):
            await house.store.add_outgoing(ALI, outgoing("k1", None), 10)
        with pytest.raises(NotFound):
            await house.store.add_outgoing(ALI, outgoing("k2", ("lobby",)), 10)
        with pytest.raises(NotFound):
            await make(house, hook("h1", "lobby", replace(ALI, role="owner")), replace(ALI, role="owner"))
    assert [line for line in logged if line["log_level"] == "error"] == []
    assert await house.store.outgoing_of(ALI.uid) == []
    assert await house.store.hooks_by(ALI.uid) == []
