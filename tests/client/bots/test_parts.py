"""The pure parts of bots: filters, routes, progress, states, stores, and who works when."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from suhbat.client import Resume
from suhbat.client.bots import Bot, ChatState, F, FileStore, MemoryStore, Router, State, StatesGroup, button
from suhbat.client.bots.conveyor import Conveyor
from suhbat.client.bots.filters import passes
from suhbat.client.bots.keeping import KEY, Keeper
from suhbat.client.bots.progress import BotProgress, decode
from suhbat.client.bots.signals import stopping_on_signals
from suhbat.client.bots.states import ChatStates, UpdateStates, chat_key, written_through
from suhbat.client.bots.stores import BotStorage
from tests.servers import PATIENCE


def update(**fields: Any) -> Any:
    return SimpleNamespace(**{"bot": None, "state": None, "chat_state": None, "chat": None} | fields)


@pytest.mark.parametrize(
    ("filter", "fits", "not_"),
    [
        (F.text, "salom", ""),
        (F.text == "salom", "salom", "xayr"),
        (F.text != "salom", "xayr", "salom"),
        (F.text.lower().startswith("sal"), "SALOM", "xayr"),
        (F.text.endswith("m") & ~F.text.contains("x"), "salom", "xom"),
        ((F.text == "ha") | (F.text == "yoʻq"), "ha", "balki"),
        (F.text.in_({"ha", "yoʻq"}), "ha", "balki"),
        (F.text.len() > 4, "salom", "ha"),
        (F.text.len() <= 2, "ha", "salom"),
        (F.text.regexp(r"\d+"), "12 ta", "x12"),
        (F.text[0] == "s", "salom", ""),
        (F.text.func(str.isupper), "HA", "ha"),
    ],
)
async def test_magic_filters(filter: Any, fits: str, not_: str) -> None:
    """F reads as the sentence that it is."""
    assert await passes([filter], update(text=fits)) is not None
    assert await passes([filter], update(text=not_)) is None


async def test_filters() -> None:
    """What is missing on the way refuses. All filters must pass; some are async; a dict goes to the handler."""
    assert await passes([F.chat.kind == "direct"], update()) is None
    assert await passes([F.nothing.of.this], update()) is None

    async def named(update: Any) -> dict[str, str]:
        return {"name": update.text}

    given = await passes([named, F.text.regexp(r"(\w)").as_("match")], update(text="ali"))
    assert given is not None and given["name"] == "ali" and given["match"][1] == "a"
    assert await passes([named, lambda update: False], update(text="ali")) is None
    with pytest.raises(AttributeError):
        F._private  # noqa: B018


async def test_routes() -> None:
    """The first handler that fits gets the update, with those of its arguments that it names; included routers come later."""
    router, inner = Router(), Router()
    seen: list[Any] = []

    @router.message(F.text == "a")
    async def first(message: Any) -> None:
        seen.append("first")

    @inner.message(F.text.regexp(".").as_("match"))
    async def second(message: Any, match: Any, state: Any) -> None:
        seen.append((match[0], state))

    @router.action("yes", F.data)
    async def pressed(press: Any, **given: Any) -> None:
        seen.append(sorted(given))

    router.include_router(inner)
    assert [await router.route("message", update(text=text, state=1)) for text in ("a", "b", "")] == [True, True, False]
    assert await router.route("action", update(data="yes")) and not await router.route("action", update(data="no"))
    assert seen == ["first", ("b", 1), ["bot", "chat_state", "state"]]
    assert router.hears("message") and not router.hears("edited_message")
    with pytest.raises(TypeError, match="async def"):
        router.message()(lambda message: None)


def test_commands_are_described() -> None:
    """The description is given, or is the first line of the docstring, or the name. A name that the server refuses raises."""
    router = Router()

    @router.command("hi", usage="<name>")
    async def hi(command: Any) -> None:
        """Greets.

        And more."""

    @router.command("bye", description="Leaves")
    @router.command("x")
    async def bye(command: Any) -> None:
        pass

    assert [(one.name, one.description, one.usage) for one in router.commands] == [
        ("hi", "Greets.", "<name>"), ("x", "x", ""), ("bye", "Leaves", ""),
    ]  # fmt: skip
    with pytest.raises(ValueError, match="command"):
        router.command("not-this!")(bye)


def test_buttons() -> None:
    """A button has something to do, and one thing."""
    assert button("Ha", "yes").model_dump(exclude_none=True) == {"label": "Ha", "id": "yes"}
    for wrong in ({}, {"data": "x", "url": "https://example.org"}):
        with pytest.raises(ValueError, match="button"):
            button("Ha", **wrong)


# How far a bot is


def test_progress() -> None:
    """The cursor stays below the first event that is not done. It survives encoding; another epoch begins anew."""
    progress = BotProgress()
    assert not progress.begin_at(Resume(epoch="e1", uid="u", cursors={"@me": 3, "c1": 0}))
    logs = {seq: progress.begin("@me", seq) for seq in (4, 5, 6)}
    assert decode(progress.encode()).cursors == {"@me": 3, "c1": 0}
    progress.finish(logs[5], 5)
    assert decode(progress.encode()).cursors["@me"] == 3
    progress.finish(logs[4], 4)
    assert decode(progress.encode()).cursors["@me"] == 5
    progress.begin("c9", 7)
    assert progress.begin_at(Resume(epoch="e1", uid="u", cursors={"@me": 3, "c2": 8}))
    assert decode(progress.encode()).cursors == {"@me": 5, "c1": 0, "c9": 6, "c2": 8}
    assert not progress.begin_at(Resume(epoch="e2", uid="u", cursors={"c1": 1}))
    assert decode(progress.encode()) == Resume(epoch="e2", uid="u", cursors={"c1": 1})
    assert decode(None) == Resume(epoch="")


# States and stores


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BotStorage:
    return MemoryStore() if request.param == "memory" else FileStore(tmp_path / "bot.db")


async def test_stores(store: BotStorage) -> None:
    """What was put is there; None deletes; all or nothing."""
    await store.open()
    await store.put({"a": "1", "b": "ʻ"})
    await store.put({"a": None, "c": "3"})
    assert [await store.get(key) for key in "abc"] == [None, "ʻ", "3"]
    await store.close()


async def test_a_file_is_for_one_process(tmp_path: Path) -> None:
    """What was put is there after a restart. A second process gets an error that says why, instead of handling all events a
    second time."""
    first, second = FileStore(tmp_path / "bot.db"), FileStore(tmp_path / "bot.db")
    await first.open()
    await first.put({"a": "1"})
    with pytest.raises(OSError, match="another process"):
        await second.open()
    await first.close()
    await second.open()
    assert await second.get("a") == "1"
    await second.close()
    with pytest.raises(RuntimeError):
        await second.get("a")


async def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    """Also a file that is something else, and one in a folder that does not exist, are an OSError with the path."""
    other = tmp_path / "notes.txt"
    other.write_text("not a database, but long enough to be taken for one " * 20)
    for path in (other, tmp_path / "nowhere" / "bot.db"):
        with pytest.raises(OSError, match=path.name) as refused:
            await FileStore(path).open()
        assert "another process" not in str(refused.value)


async def test_why_it_could_not_be_written(tmp_path: Path) -> None:
    """If the database has rolled back by itself, as on a full disk, a second rollback fails, and must not hide the reason."""
    store = FileStore(tmp_path / "bot.db")
    await store.open()
    database = store._database
    assert database is not None

    class Full:
        def execute(self, statement: str, *rest: Any) -> Any:
            if statement == "COMMIT":
                database.execute("ROLLBACK")
                raise sqlite3.OperationalError("database or disk is full")
            return database.execute(statement, *rest)

        def executemany(self, *rest: Any) -> Any:
            return database.executemany(*rest)

    store._database = Full()
    with pytest.raises(sqlite3.OperationalError, match="disk is full"):
        await store.put({"a": "1"})
    store._database = database
    assert await store.get("a") is None
    await store.close()


class Form(StatesGroup):
    name = State()
    age = State()


async def test_states(store: BotStorage) -> None:
    """As in aiogram: a state and data for each person in each conversation, until `clear`. A state is a filter."""
    await store.open()
    states = UpdateStates(ChatStates(store))
    mine, other = ChatState(states, chat_key("c1", "ua")), ChatState(states, chat_key("c1", "ub"))
    assert await mine.get_state() is None and await mine.get_data() == {}
    await mine.set_state(Form.name)
    assert await mine.update_data(name="Ali") == {"name": "Ali"} and await mine.update_data(age=7) == {
        "name": "Ali",
        "age": 7,
    }
    assert await mine.get_state() == "Form:name" and await other.get_state() is None
    assert await Form.name(update(state=mine)) and not await Form.age(update(state=mine))
    with pytest.raises(TypeError):
        await mine.update_data(odd=object())
    await mine.set_state()
    assert await mine.get_state() is None and await mine.get_data() == {"name": "Ali", "age": 7}
    await mine.clear()
    assert await mine.get_data() == {}
    await store.close()


async def test_a_state_changes_when_its_event_is_done() -> None:
    """A handler that is broken off has changed nothing. A task that outlives its handler writes at once."""
    all, store = ChatStates(MemoryStore()), MemoryStore()
    broken, ended = UpdateStates(all), UpdateStates(all)
    await ChatState(broken, "k").set_state("lost")
    assert await ChatState(ended, "k").get_state() is None
    await ChatState(ended, "k").set_state("kept")
    assert not all.changed
    ended.done()
    assert await ChatState(UpdateStates(all), "k").get_state() == "kept"
    await ChatState(ended, "k").set_state("later")
    keeper = Keeper(store, BotProgress(), all)
    await keeper.save()
    assert json.loads(store.items["k"]) == {"state": "later"} and KEY in store.items
    assert not all.changed


async def test_changes_at_once() -> None:
    """Two tasks that change different values of the same state at the same time both succeed. None removes a value."""

    class Slow(MemoryStore):
        async def get(self, key: str) -> str | None:
            await asyncio.sleep(0)
            return await super().get(key)

    states = ChatStates(Slow())
    one, other = (ChatState(written_through(states), "k") for _ in range(2))
    await asyncio.gather(one.update_data(a=1), other.update_data(b=2), one.set_state("x"))
    assert await one.get_data() == {"a": 1, "b": 2} and await one.get_state() == "x"
    assert await one.update_data(a=None) == {"b": 2} == await other.get_data()


async def test_a_store_that_fails() -> None:
    """Nothing is lost: it is tried again with what came meanwhile."""

    class Full(MemoryStore):
        is_full = True

        async def put(self, items: Any) -> None:
            if self.is_full:
                raise OSError("no space")
            await super().put(items)

    store, progress = Full(), BotProgress()
    states = ChatStates(store)
    states.change({"a": "1", "b": "1"})
    with pytest.raises(OSError, match="no space"):
        await Keeper(store, progress, states).save()
    states.change({"b": "2"})
    assert (await states.get("a"), await states.get("b")) == ("1", "2")
    store.is_full = False
    await Keeper(store, progress, states).save()
    assert store.items["a"] == "1" and store.items["b"] == "2"


# Who works when


class Work:
    """Handlers that a test ends by hand."""

    def __init__(self, **limits: int) -> None:
        self.running: list[str] = []
        self.most = 0
        self.gates: dict[str, asyncio.Event] = {}
        self.conveyor = Conveyor(self.handle, **{"at_once": 2, "waiting": 3} | limits)
        self.done: list[str] = []

    async def handle(self, item: str) -> None:
        self.running.append(item)
        self.most = max(self.most, len(self.running))
        await self.gates.setdefault(item, asyncio.Event()).wait()
        self.running.remove(item)
        self.done.append(item)

    async def put(self, *items: str) -> None:
        for item in items:
            await self.conveyor.put(item[0], item)

    async def end(self, *items: str) -> None:
        for item in items:
            self.gates.setdefault(item, asyncio.Event()).set()
        await turns()


async def turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_order_within_and_at_once_between() -> None:
    """Items of one key run in order, one at a time; those of another key do not wait for them, up to the bound."""
    work = Work()
    await work.put("a1", "a2", "b1")
    await turns()
    assert work.running == ["a1", "b1"]
    await work.put("c1")
    await turns()
    assert work.running == ["a1", "b1"]
    await work.end("b1")
    assert work.running == ["a1", "c1"]
    await work.end("a1", "c1", "a2")
    assert sorted(work.done) == ["a1", "a2", "b1", "c1"] and work.done.index("a1") < work.done.index("a2")
    assert work.most == 2
    await work.put("d1")
    await work.end("d1")
    assert work.done[-1] == "d1"


async def test_who_puts_has_to_wait() -> None:
    """When too many items wait, the next one waits outside."""
    work = Work(at_once=1, waiting=2)
    await work.put("a1")
    await turns()
    await work.put("a2", "a3")
    putting = asyncio.create_task(work.put("a4"))
    await turns()
    assert not putting.done()
    await work.end("a1")
    assert putting.done()
    await work.end("a2", "a3", "a4")
    assert work.done == ["a1", "a2", "a3", "a4"]


async def test_closing() -> None:
    """Nothing new begins; who is at work may end, and who does not in time is broken off."""
    work = Work()
    await work.put("a1", "a2", "b1")
    await turns()
    closing = asyncio.create_task(work.conveyor.close(PATIENCE))
    await work.end("a1", "b1")
    assert await closing == 0 and work.done == ["a1", "b1"]
    work = Work()
    await work.put("a1")
    await turns()
    assert await work.conveyor.close(0.01) == 1 and work.done == []


async def test_a_signal_stops_once() -> None:
    """The first signal asks the bot to stop and the next one is that of before. Works without `add_signal_handler`."""
    stopped: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: stopped.append(number))
    try:
        asked = asyncio.Event()
        with stopping_on_signals(asked.set):
            signal.raise_signal(signal.SIGINT)
            async with asyncio.timeout(PATIENCE):
                await asked.wait()
            signal.raise_signal(signal.SIGINT)
        assert stopped == [signal.SIGINT]
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_bot_that_has_not_started() -> None:
    """It says so."""
    with pytest.raises(RuntimeError, match="not started"):
        Bot("http://localhost:8000", "token").chat  # noqa: B018
