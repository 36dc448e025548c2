"""Texts that are commands of bots; buttons; the keys with which bots answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from suhbat.chat.bots import ANSWERS, KEY_KEPT, KEYS_OF_ONE
from suhbat.chat.model import PLAIN, Actor, PostResult
from suhbat.chat.ports import Store
from suhbat.chat.slash import Slash, slash_of
from suhbat.errors import Forbidden, IdempotencyConflict, NotFound, UnknownCommand
from suhbat.protocol import commands, http_commands
from suhbat.protocol.bots import BotCommand, NewButton
from suhbat.protocol.events import ActionPressed, CommandInvoked, MessageEdited
from suhbat.protocol.extras import Extra, MessageButton
from suhbat.protocol.types import LOBBY
from suhbat.store.write.commands import conversation_of, touched
from suhbat.store.write.writer_cache import WriterCache
from tests.store.house import House
from tests.store.parts import Listener
from tests.store.people.test_people import account

from .test_bots import BOT, OTHER, OWNER, THIRD

SECOND = Actor("u-second", "ob-havo", "bot", 0, owner="u-ali")
TELEGRAM = Actor("u-tg", "tg", "bot", 0, owner="u-ali")
YES = MessageButton(label="Ha", id="ha/1")
BUTTONS = Extra(actions=((YES, MessageButton(label="Sayt", url="https://example.org")),))


@pytest.fixture
async def house(store: Store, listener: Listener) -> AsyncIterator[House]:
    for name in ("ali", "vali", "soli"):
        await store.add_account(account(name))
    for bot in (BOT, SECOND, TELEGRAM):
        api = "telegram" if bot is TELEGRAM else "native"
        row = account(bot.user_id, uid=bot.uid, owner_uid="u-ali", bot_api=api, created_at=2_000)
        await store.add_account(row)
        kept = [BotCommand(name=name, description="…") for name in ("eslat", "salom")]
        await store.set_bot_commands(bot.uid, kept)
    yield House(store, listener)


async def room(house: House, *bots: Actor) -> str:
    made = await house.room(OWNER, OTHER)
    for bot in bots:
        await house.do(commands.Admit, OWNER, made, person=bot, role="member")
        house.at += 1
    return made


async def say(house: House, text: str, place: str, actor: Actor = OTHER, **fields: Any) -> PostResult:
    fields = {"at": house.at, "slash": slash_of(text), "conversation": place} | fields
    return await house.listener.send(house.store, actor, text, **fields)


async def asked(house: House, bot: Actor = BOT) -> list[CommandInvoked]:
    return [event for event in await house.own(bot) if isinstance(event, CommandInvoked)]


@pytest.mark.parametrize(
    ("text", "slash"),
    [
        ("/eslat", Slash("eslat", None, "")),
        ("/Eslat  ertaga soat 9\n", Slash("eslat", None, "ertaga soat 9")),
        ("/eslat@Ob-Havo bir\nikki", Slash("eslat", "ob-havo", "bir\nikki")),
        ("//eslat bu", Slash("eslat", None, "bu", escaped=True)),
        ("/", None), ("//", None), ("/ eslat", None), ("/eslat.", None), ("/usr/bin", None), ("///eslat", None),
        (" /eslat", None), ("eslat", None), ("/" + "x" * 33, None), ("/эслат", None), ("/eslat@", None),
    ],
)  # fmt: skip
def test_texts(text: str, slash: Slash | None) -> None:
    """A command is a slash, a name of Latin letters, digits and `_`, perhaps a bot, then blanks and anything."""
    assert slash_of(text) == slash


class TestCommands:
    async def test_a_registered_one(self, house: House) -> None:
        """The bot gets it, nobody else does, and no message is stored; the sender's result says so."""
        place = await room(house, BOT)
        head = (await house.store.heads([place]))[place]
        done = await say(house, "/Eslat ertaga", place)
        assert done == PostResult(place, 0, None, house.at, command=True)
        [event] = await asked(house)
        assert (event.target, event.name, event.args, event.actor, event.actor_uid) == (
            place, "eslat", "ertaga", "vali", OTHER.uid,
        )  # fmt: skip
        assert (await house.store.heads([place]))[place] == head
        assert len(event.key) >= 20 and "ertaga" not in repr(await house.log(place))

    async def test_what_is_none(self, house: House) -> None:
        """Other names, other bots, the lobby, bots of Telegram, the simple dialect, files aside: an ordinary message."""
        place = await room(house, BOT, TELEGRAM)
        elsewhere = await room(house, TELEGRAM)
        for text, where, fields in (
            ("/yoq", place, {}),
            ("/eslat@boshqa", place, {}),
            ("/eslat@tg", place, {}),
            ("/eslat", elsewhere, {}),
            ("/eslat", LOBBY, {}),
            ("/eslat", place, {"slash": None}),
            ("//yoq", place, {}),
            ("//eslat", elsewhere, {}),
        ):
            done = await say(house, text, where, **fields)
            assert not done.command and done.seq > 0
            [message] = (await house.store.history(OTHER, where, limit=1)).messages
            assert message.text == text
        assert await asked(house) == await asked(house, TELEGRAM) == []

    async def test_from_a_bot(self, house: House) -> None:
        """Bots do not give each other commands, so they cannot call each other for ever."""
        place = await room(house, BOT, SECOND)
        assert not (await say(house, "/eslat", place, SECOND)).command

    async def test_escaped(self, house: House) -> None:
        """`//` is a message that begins with `/`, only where `/` would be taken; its repetition is a duplicate."""
        place = await room(house, BOT)
        for _ in range(2):
            done = await say(house, "//eslat ertaga", place, client_id="k1")
        assert done.duplicate and not done.command
        assert await house.texts(OTHER, place) == ["/eslat ertaga"]
        refused = await house.listener.refused(house.store, OTHER, "/eslat ertaga", conversation=place, client_id="k1")
        assert type(refused) is IdempotencyConflict

    async def test_several_bots(self, house: House) -> None:
        """The one that has been there longest takes it, unless another one is named."""
        place = await room(house, SECOND, BOT)
        await say(house, "/eslat", place)
        await say(house, "/eslat@bot", place)
        await say(house, "/eslat@Ob-Havo", place)
        assert (len(await asked(house, SECOND)), len(await asked(house, BOT))) == (2, 1)

    async def test_a_repetition(self, house: House) -> None:
        """A key invokes once, within a batch and after it; another text under it is a conflict."""
        place = await room(house, BOT)
        answers = [
            house.listener.ask(
                house.store, OTHER, "/eslat", conversation=place, client_id="k1", slash=slash_of("/eslat"), at=house.at
            )
            for _ in range(3)
        ]
        outcomes = [await answer for answer in answers]
        first = PostResult(place, 0, None, house.at, command=True)
        assert outcomes == [first, replace(first, duplicate=True), replace(first, duplicate=True)]
        assert await house.store.answered(OTHER.uid, "k1", "/eslat", None) == replace(first, duplicate=True)
        assert len(await asked(house)) == 1
        refused = await house.listener.refused(house.store, OTHER, "/salom", conversation=place, client_id="k1")
        assert type(refused) is IdempotencyConflict

    async def test_the_policy(self, house: House) -> None:
        """Who may not write there gives no command: strangers, muted people."""
        place = await room(house, BOT)
        fields = {"conversation": place, "slash": slash_of("/eslat")}
        assert type(await house.listener.refused(house.store, THIRD, "/eslat", **fields)) is NotFound
        await house.do(commands.Mute, OWNER, place, person=OTHER, on=True, until=None, reason="")
        assert type(await house.listener.refused(house.store, OTHER, "/eslat", **fields)) is Forbidden
        assert await asked(house) == []

    @pytest.mark.parametrize("who", [BOT, OWNER])
    async def test_who_is_disabled(self, house: House, who: Actor) -> None:
        """A bot that is disabled, or whose owner is, takes no command: the next bot does, or the text is a message. Its
        buttons cannot be pressed."""
        place = await room(house, BOT)
        seq = await house.write(BOT, place, "Tanlang", extra=BUTTONS)
        made = (await house.do(commands.Meet, OTHER, people=[BOT])).conversation
        [before] = await house.store.accounts([who.uid])
        await house.store.save_account(replace(before, disabled=True))
        assert not (await say(house, "/eslat", place)).command
        assert not (await say(house, "/eslat", made)).command
        assert await house.texts(OTHER, place) == ["Tanlang", "/eslat"]
        await house.refused(NotFound, "not_found.bot", http_commands.Press, OTHER, place, seq=seq, action="ha/1")
        assert await asked(house) == []
        await house.store.save_account(before)
        assert (await say(house, "/eslat", place)).command

    async def test_no_bot_knows_it(self, house: House) -> None:
        """A room can have thousands of members. The writer does not read them for a command that no bot has, or whose bots
        are not in the room."""
        place, elsewhere = await room(house, BOT), await room(house, TELEGRAM)
        statements: list[str] = []

        def see(connection: object, cursor: object, statement: str, *_: object) -> None:
            statements.append(statement)

        event.listen(Engine, "before_cursor_execute", see)
        try:
            await say(house, "/yoq", place)
            await say(house, "/eslat", elsewhere)
        finally:
            event.remove(Engine, "before_cursor_execute", see)
        asked = [statement for statement in statements if "bot_commands" in statement]
        assert asked and not any("members" in statement for statement in asked)

    async def test_own_logs_are_locked_together(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """The bots of several commands in one transaction are locked at once, so that two nodes lock them in one order."""
        places = [await room(house, bot) for bot in (SECOND, BOT)]
        loaded: list[set[str]] = []
        load_own = WriterCache.load_own

        def seen(cache: WriterCache, connection: Connection, uids: Collection[str], at: int) -> None:
            loaded.append(set(uids))
            load_own(cache, connection, uids, at)

        monkeypatch.setattr(WriterCache, "load_own", seen)
        fields = {"at": house.at, "slash": slash_of("/eslat")}
        answers = [house.listener.ask(house.store, OTHER, "/eslat", conversation=place, **fields) for place in places]
        assert [(await answer).command for answer in answers] == [True, True]
        assert {BOT.uid, SECOND.uid} in loaded

    async def test_a_direct(self, house: House) -> None:
        """The first text to a bot may be a command; one that it does not know is refused there and only there."""
        slash = slash_of("/nima")
        refused = await house.listener.refused(house.store, OTHER, "/nima", peer=BOT, slash=slash)
        assert type(refused) is UnknownCommand
        done = await house.listener.send(house.store, OTHER, "/eslat non", peer=BOT, slash=slash_of("/eslat non"))
        assert done.command
        [event] = await asked(house)
        assert event.target == done.conversation
        assert await house.texts(BOT, done.conversation) == []
        refused = await house.listener.refused(house.store, OTHER, "/nima", conversation=done.conversation, slash=slash)
        assert type(refused) is UnknownCommand
        escaped = await house.listener.send(house.store, OTHER, "//nima", peer=BOT, slash=slash_of("//nima"))
        assert await house.texts(BOT, escaped.conversation) == ["/nima"]

    async def test_erased(self, house: House) -> None:
        """With the messages of an erased user, what they told bots is gone, and their keys; the name always is."""
        place = await room(house, BOT)
        await say(house, "/eslat sirim", place)
        await house.store.erase(OTHER, house.at, with_messages=True)
        while await house.store.erase_more(house.at):
            pass
        [event] = await asked(house)
        assert event.args == "" and event.actor == "deleted account"
        await house.refused(NotFound, "not_found.key", http_commands.AnswerKey, BOT, key=event.key)


class TestKeys:
    async def key(self, house: House, place: str) -> str:
        await say(house, "/eslat", place)
        return (await asked(house))[-1].key

    async def test_five_answers(self, house: House) -> None:
        """A key is good for so many answers of its bot, and for nobody else."""
        place = await room(house, BOT, SECOND)
        key = await self.key(house, place)
        for other in (OTHER, SECOND, OWNER):
            await house.refused(NotFound, "not_found.key", http_commands.AnswerKey, other, key=key)
        for _ in range(ANSWERS):
            done = await house.do(http_commands.AnswerKey, BOT, key=key)
            assert done.conversation == place and done.asked is not None and done.asked.uid == OTHER.uid
        await house.refused(NotFound, "not_found.key", http_commands.AnswerKey, BOT, key=key)
        await house.refused(NotFound, "not_found.key", http_commands.AnswerKey, BOT, key="unknown")

    async def test_a_repeated_answer(self, house: House) -> None:
        """An answer whose `client_id` is known uses nothing, so it can be repeated safely, the last one, too."""
        place = await room(house, BOT)
        key = await self.key(house, place)
        for number in range(ANSWERS):
            for _ in range(2):
                await house.do(http_commands.AnswerKey, BOT, key=key, client_id=f"k{number}")
                await house.listener.send(house.store, BOT, "Xoʻp", conversation=place, client_id=f"k{number}")
        for given in ("k9", None):
            await house.refused(NotFound, "not_found.key", http_commands.AnswerKey, BOT, key=key, client_id=given)

    async def test_what_it_locks(self, house: House) -> None:
        """The conversation only, not the bot's own log first: a command locks these in the other order."""
        place = await room(house, BOT)
        key = await self.key(house, place)
        command = http_commands.AnswerKey(key=key)
        assert touched(BOT, command, PLAIN) == frozenset()
        assert await house.store._read(lambda c: conversation_of(c, command)) == place
        assert await house.store._read(lambda c: conversation_of(c, http_commands.AnswerKey(key="x"))) is None

    async def test_half_an_hour(self, house: House) -> None:
        """After that it is unknown, and its row is gone with the next command."""
        place = await room(house, BOT)
        key = await self.key(house, place)
        house.at += KEY_KEPT - 1
        await house.do(http_commands.AnswerKey, BOT, key=key)
        house.at += 1
        await house.refused(NotFound, "not_found.key", http_commands.AnswerKey, BOT, key=key)

    async def test_most_keys(self, house: House) -> None:
        """Of more than a hundred of one user with one bot, the oldest is replaced."""
        place = await room(house, BOT)
        for _ in range(KEYS_OF_ONE + 1):
            house.at += 1
            await say(house, "/eslat", place)
        keys = [event.key for event in await asked(house)]
        await house.refused(NotFound, "not_found.key", http_commands.AnswerKey, BOT, key=keys[0])
        for key in (keys[1], keys[-1]):
            await house.do(http_commands.AnswerKey, BOT, key=key)

    async def test_who_went(self, house: House) -> None:
        """Neither a bot that left answers, nor is somebody answered who left."""
        place = await room(house, BOT)
        key = await self.key(house, place)
        await house.do(commands.Leave, OTHER, place)
        await house.refused(NotFound, "not_found.key", http_commands.AnswerKey, BOT, key=key)
        await house.admit(OWNER, place, OTHER)
        await house.do(commands.Leave, OWNER, place)
        await house.refused(NotFound, None, http_commands.AnswerKey, BOT, key=key)


class TestButtons:
    async def message(self, house: House, place: str) -> int:
        return await house.write(BOT, place, "Tanlang", extra=BUTTONS)

    async def test_pressed(self, house: House) -> None:
        """Whoever may read the message may press, also while muted; the bot gets it in its own log with a key."""
        place = await room(house, BOT)
        seq = await self.message(house, place)
        await house.do(commands.Mute, OWNER, place, person=OTHER, on=True, until=None, reason="")
        await house.do(http_commands.Press, OTHER, place, seq=seq, action="ha/1")
        event = (await house.own(BOT))[-1]
        assert isinstance(event, ActionPressed)
        assert (event.target, event.message, event.action, event.actor_uid) == (place, seq, "ha/1", OTHER.uid)
        done = await house.do(http_commands.AnswerKey, BOT, key=event.key)
        assert done.asked is not None and done.asked.uid == OTHER.uid

    async def test_refused(self, house: House) -> None:
        """Strangers, unknown buttons, links, deleted messages, messages of others, and a bot that is not there any more."""
        place = await room(house, BOT)
        seq = await self.message(house, place)
        plain = await house.write(OTHER, place)
        press = http_commands.Press
        await house.refused(NotFound, "not_found", press, THIRD, place, seq=seq, action="ha/1")
        for where, action in ((seq, "yoq"), (seq, "Sayt"), (plain, "ha/1")):
            await house.refused(NotFound, "not_found.button", press, OTHER, place, seq=where, action=action)
        await house.refused(NotFound, "not_found.message", press, OTHER, place, seq=plain + 9, action="ha/1")
        await house.do(commands.Remove, OWNER, place, person=BOT)
        await house.refused(NotFound, "not_found.bot", press, OTHER, place, seq=seq, action="ha/1")
        await house.do(commands.Delete, OWNER, place, seq=seq)
        await house.refused(NotFound, "not_found.message", press, OTHER, place, seq=seq, action="ha/1")

    async def test_edited(self, house: House) -> None:
        """The bot changes or removes them with an edit, and keeps them without `actions`; people have none."""
        place = await room(house, BOT)
        seq = await self.message(house, place)
        new = (NewButton(label="Yoʻq", id="yoq"),)
        for actions, shown in (((new,), ("yoq",)), (None, ("yoq",)), ((), ())):
            fields = {"text": "Tanlang" if actions is not None else "Yana", "actions": actions}
            [edited] = await house.told(commands.Edit, BOT, place, seq=seq, **fields)
            assert isinstance(edited, MessageEdited)
            assert tuple(one.id for row in edited.message.actions for one in row) == shown
        await house.quiet(commands.Edit, BOT, place, seq=seq, text="Tanlang", actions=())
        mine = await house.write(OTHER, place)
        await house.refused(
            Forbidden, "forbidden.actions", commands.Edit, OTHER, place, seq=mine, text="x", actions=(new,)
        )
