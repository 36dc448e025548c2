"""One run of a bot over a chat that the test plays: which events reach handlers, what counts as done, and stopping."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

import pytest

from suhbat.client import ChatClosed, Missed, OtherEvent, Refused, Resume
from suhbat.client.bots import Message, Router
from suhbat.client.bots.keeping import KEY, Keeper
from suhbat.client.bots.progress import BotProgress, decode
from suhbat.client.bots.running import BotLimits, Running
from suhbat.client.bots.states import ChatStates
from suhbat.client.bots.stores import BotMemoryStore
from suhbat.protocol.extras import HookFace
from suhbat.protocol.objects import Person
from suhbat.protocol.replies import Page
from tests.client.parts import ANNA, BOBUR, conversation, message
from tests.servers import PATIENCE

KINDS = {"ub": "account", "ubot": "bot"}


class PlayedChat:
    """Stands for `Suhbat`; the bot is anna."""

    def __init__(self) -> None:
        self.user = ANNA
        self.conversations = {"lobby": conversation("lobby")}
        self.pages: list[Page] = []
        self.asked: list[list[str]] = []
        self.refusal: Exception | None = None

    async def people(self, uids: list[str]) -> list[Person]:
        self.asked.append(uids)
        if self.refusal is not None:
            raise self.refusal
        kinds: Any = KINDS
        return [Person(uid=uid, user_id=uid, kind=kinds[uid], display_name="Bobur T.") for uid in uids if uid in KINDS]

    async def history(self, conversation: str, *, after: int, limit: int) -> Page:
        messages = tuple(message(seq).message for seq in range(after + 1, min(after + limit, 450) + 1))
        return Page(id=1, messages=messages, has_before=True, has_after=True, head=9_999)


class Played:
    """A bot that the test feeds. `store`: what it saved."""

    def __init__(self, router: Router, **limits: Any) -> None:
        self.chat, self.store, self.progress = PlayedChat(), BotMemoryStore(), BotProgress()
        states = ChatStates(self.store)
        chat: Any = self.chat
        bot: Any = SimpleNamespace(chat=chat)
        usual: dict[str, Any] = {"at_once": 10, "waiting": 10, "grace": PATIENCE, "hears_bots": False}
        self.errors: list[Exception] = []
        self.running = Running(bot, router, chat, states, self.progress, BotLimits(**usual | limits), [self._failed])
        self._keeper = Keeper(self.store, self.progress, states)
        self._happenings: asyncio.Queue[Any] = asyncio.Queue()
        self._stopping = asyncio.Event()
        self.say(Resume(epoch="e1", uid="ua", cursors={"@me": 0, "lobby": 0}))

    def say(self, *happenings: Any) -> None:
        for happening in happenings:
            self._happenings.put_nowait(happening)

    async def run(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self.running.until(self._stopping, self._events(), self._keeper)

    async def stopped(self, is_done: Callable[[], object]) -> dict[str, int]:
        """Run until this is so, then stop; gives the cursors that were saved."""
        running = asyncio.create_task(self.run())
        async with asyncio.timeout(PATIENCE):
            while not is_done():
                await asyncio.sleep(0)
        self._stopping.set()
        await running
        return self.cursors

    @property
    def cursors(self) -> dict[str, int]:
        return decode(self.store.items[KEY]).cursors

    async def _events(self) -> AsyncIterator[Any]:
        while True:
            happening = await self._happenings.get()
            if isinstance(happening, Exception):
                raise happening
            yield happening

    async def _failed(self, update: Any, error: Exception) -> None:
        self.errors.append(error)


def listening() -> tuple[Router, list[str]]:
    router, seen = Router(), list[str]()

    @router.message()
    async def said(message: Message) -> None:
        seen.append(f"{message.text} of {message.from_user.display_name}")

    return router, seen


async def test_which_messages_are_heard() -> None:
    """Those of others that are whole and still there, once each: not the bot's own, nor those of bots and webhooks. People are
    looked up once. What nobody handles counts as done."""
    router, seen = listening()
    bot, grown = Played(router), message(7).message
    bot.say(
        message(1),
        message(2, by=ANNA),
        message(3, deleted=True),
        message(4, hook=HookFace(name="CI")),
        message(5, by=BOBUR.model_copy(update={"uid": "ubot"})),
        message(6, streaming=True),
        message(7),
        OtherEvent.model_validate(
            {"type": "message.finished", "conversation": "lobby", "seq": 8, "message": grown.model_dump()}
        ),
        OtherEvent(type="member.joined", conversation="lobby", seq=9),
        message(10),
    )
    cursors = await bot.stopped(lambda: len(seen) == 3)
    assert seen == ["m1 of Bobur T.", "m7 of Bobur T.", "m10 of Bobur T."]
    assert cursors == {"@me": 0, "lobby": 10} and sorted(map(str, bot.chat.asked)) == ["['ub']", "['ubot']"]


async def test_bots_are_heard_on_request() -> None:
    """With `hears_bots` they are."""
    router, seen = listening()
    bot = Played(router, hears_bots=True)
    bot.say(message(1, hook=HookFace(name="CI")), message(2, by=BOBUR.model_copy(update={"uid": "ubot"})))
    await bot.stopped(lambda: len(seen) == 2)


async def test_a_handler_that_raises(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, the program is told, its event counts as handled, and the next one is handled."""
    router = Router()
    done: list[int] = []

    @router.message()
    async def fail(message: Message) -> None:
        done.append(message.seq)
        raise ZeroDivisionError("oops")

    bot = Played(router)
    bot.say(message(1), message(2))
    assert (await bot.stopped(lambda: len(done) == 2))["lobby"] == 2
    assert [str(error) for error in bot.errors] == ["oops", "oops"] and "oops" in caplog.text


async def test_nobody_knows_the_sender() -> None:
    """If the server does not say who it is, the name of the event has to do."""
    router, seen = listening()
    bot = Played(router)
    bot.chat.refusal = Refused("forbidden", "no")
    bot.say(message(1))
    await bot.stopped(lambda: seen)
    assert seen == ["m1 of bobur"]


async def test_what_is_broken_off_comes_again() -> None:
    """A stop waits for running handlers up to its limit. What was broken off, or did not begin, is not done."""
    router, begun = Router(), list[int]()

    @router.message()
    async def never(message: Message) -> None:
        begun.append(message.seq)
        await asyncio.Event().wait()

    bot = Played(router, grace=0.01)
    bot.say(message(1), message(2))
    assert (await bot.stopped(lambda: begun))["lobby"] == 0 and begun == [1]


async def test_cancelled() -> None:
    """Cancelling breaks off at once; what was done before is saved."""
    router, seen = listening()
    gate = asyncio.Event()

    @router.edited_message()
    async def wait(message: Message) -> None:
        await gate.wait()

    bot = Played(router)
    bot.say(message(1))
    running = asyncio.create_task(bot.run())
    async with asyncio.timeout(PATIENCE):
        while not seen:
            await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert bot.cursors["lobby"] == 1


async def test_a_crash_on_the_first_run() -> None:
    """Where the first run begins is saved before its first event is handled."""
    router, begun = Router(), asyncio.Event()
    saved: list[str] = []

    @router.message()
    async def die(message: Message) -> None:
        saved.append(bot.store.items[KEY])
        begun.set()

    bot = Played(router)
    bot.say(message(1))
    await bot.stopped(begun.is_set)
    assert decode(saved[0]).cursors["lobby"] == 0


async def test_the_chat_ends() -> None:
    """`start` raises why. A handler that fails because of it is not done."""
    router, begun = Router(), asyncio.Event()

    @router.message()
    async def answer(message: Message) -> None:
        begun.set()
        await asyncio.sleep(0.01)
        raise ChatClosed(4505, "session revoked")

    bot = Played(router)
    bot.say(message(1))
    running = asyncio.create_task(bot.run())
    await begun.wait()
    bot.say(ChatClosed(4505, "session revoked"))
    with pytest.raises(ChatClosed):
        await running
    assert bot.cursors["lobby"] == 0 and bot.errors == []


async def test_too_many_to_be_replayed(caplog: pytest.LogCaptureFixture) -> None:
    """The messages among them are read page by page, in order, before those that follow. Of the bot's own log it is logged."""
    router, seen = listening()
    bot = Played(router)
    bot.say(
        Missed(conversation="@me", after=0, up_to=7),
        Missed(conversation="lobby", after=0, up_to=450),
        message(451),
    )
    assert (await bot.stopped(lambda: len(seen) == 451))["lobby"] == 451
    assert [line.split()[0] for line in seen] == [f"m{seq}" for seq in range(1, 452)]
    assert "7 events of its own log" in caplog.text


async def test_what_retention_has_removed_is_missed_once() -> None:
    """It reaches up to the last event, so nothing follows that moves the place on: once it is done, the place is behind it, and
    it does not come again after a restart. Until then it would."""
    router, seen = listening()
    bot = Played(router)
    bot.say(Missed(conversation="@me", after=0, up_to=7), Missed(conversation="lobby", after=0, up_to=450))
    assert await bot.stopped(lambda: len(seen) == 450) == {"@me": 7, "lobby": 450}
    broken = Played(router)
    broken.say(Missed(conversation="lobby", after=0, up_to=450), ChatClosed(1000, "over"))
    broken.chat.history = _never
    with pytest.raises(ChatClosed):
        await broken.run()
    assert broken.cursors["lobby"] == 0


async def _never(*_: Any, **__: Any) -> Any:
    raise ChatClosed(1000, "over")


async def test_a_slow_handler_makes_the_server_wait() -> None:
    """With as many events as may wait, no further one is taken."""
    router, gate = Router(), asyncio.Event()
    seen: list[int] = []

    @router.message()
    async def slow(message: Message) -> None:
        await gate.wait()
        seen.append(message.seq)

    bot = Played(router, waiting=3)
    bot.say(*(message(seq) for seq in range(1, 21)))
    running = asyncio.create_task(bot.stopped(lambda: len(seen) == 20))
    for _ in range(100):
        await asyncio.sleep(0)
    assert bot._happenings.qsize() >= 14, "one runs, three wait, one is in between"
    gate.set()
    assert (await running)["lobby"] == 20 and seen == list(range(1, 21))


async def test_commands_and_presses() -> None:
    """They come in the bot's own log, with what was asked, and count as done there."""
    router, seen = Router(), list[Any]()

    @router.command("hi")
    async def hi(command: Any) -> None:
        seen.append((command.name, command.args, command.conversation, command.thread, command.key))

    @router.action("yes")
    async def yes(press: Any) -> None:
        seen.append((press.data, press.seq, press.conversation))

    who = {"conversation": "@me", "actor": "bobur", "actor_uid": "ub", "at": 5, "target": "c1", "key": "k"}
    bot = Played(router)
    bot.say(
        OtherEvent.model_validate({"type": "command.invoked", "seq": 1, "name": "hi", "args": "a b"} | who),
        OtherEvent.model_validate({"type": "command.invoked", "seq": 2, "name": "other", "args": ""} | who),
        OtherEvent.model_validate({"type": "action.pressed", "seq": 3, "action": "yes", "message": 9} | who),
    )
    assert (await bot.stopped(lambda: len(seen) == 2))["@me"] == 3
    assert seen == [("hi", "a b", "c1", None, "k"), ("yes", 9, "c1")]
