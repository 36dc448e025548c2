"""`chat.send` and `chat.on` in an application that has mounted Suhbat, and `suhbat.testing`."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

import suhbat
from suhbat.chat.model import PostResult
from suhbat.errors import BadRequest, Forbidden, NotFound, Unauthenticated, UserNotFound
from suhbat.identity.external import Asked, Authenticate
from suhbat.protocol.events import MessageCreated
from suhbat.runtime import handlers
from suhbat.runtime.embedding import EmbeddedChat
from suhbat.runtime.handlers import EventHandlers
from suhbat.tasks import Tasks
from suhbat.testing import Refused, TestServer, serving, settings
from tests.client.parts import message
from tests.servers import PATIENCE

pytest_plugins = ["suhbat.testing"]


class Application:
    """A FastAPI application with Suhbat, served, and what its handlers were told."""

    def __init__(self, data: Path) -> None:
        self.app = FastAPI()
        self.chat: EmbeddedChat = suhbat.mount(self.app, "/chat", settings=settings(data))
        self.told: list[tuple[str, str, str]] = []
        self.seen = threading.Event()

        @self.chat.on("message.created")
        async def fails(event: Any) -> None:
            raise ValueError("a handler's own mistake")

        @self.chat.on("message.created", "message.deleted")
        async def on_loop(event: Any) -> None:
            self._tell("loop", event)

        @self.chat.on("message.created")
        def in_thread(event: MessageCreated) -> None:
            assert threading.current_thread() is not threading.main_thread()
            self._tell("thread", event)

    def _tell(self, way: str, event: Any) -> None:
        text = event.message.text if event.type == "message.created" else ""
        self.told.append((way, event.type, text))
        if text == "last":
            self.seen.set()

    def on_loop(self, work: Callable[[], Any]) -> Any:
        loop = self.chat._loop
        assert loop is not None
        return asyncio.run_coroutine_threadsafe(work(), loop).result(30)


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Application, TestServer]]:
    application = Application(tmp_path_factory.mktemp("embedded") / "data")
    with serving(application.app, "/chat") as server:
        yield application, server


def test_sending(application: tuple[Application, TestServer]) -> None:
    """From the loop and from a thread; to a conversation and to a person; under a name of the application's own, or as one of
    its users. A `client_id` makes it happen once. A refusal is an error."""
    app, server = application
    ali, chat = server.person("ali"), app.chat
    first: PostResult = app.on_loop(lambda: chat.send("lobby", "from the loop", sender="shop", client_id="k"))
    again: PostResult = app.on_loop(lambda: chat.send("lobby", "from the loop", sender="shop", client_id="k"))
    assert (again.seq, again.duplicate) == (first.seq, True)
    assert chat.send_from_thread("lobby", "from a thread", sender="shop").seq == first.seq + 1
    app.on_loop(lambda: chat.send("lobby", "as a user", sender=suhbat.Person(id="user-17", name="vali")))
    assert [(one["sender"], one["text"]) for one in ali.messages()] == [
        ("shop", "from the loop"),
        ("shop", "from a thread"),
        ("vali", "as a user"),
    ]
    sent = app.on_loop(lambda: chat.send_to("ali", "to you alone", sender="shop"))
    assert ali.waits_for("to you alone", sent.conversation)["sender"] == "shop"
    for error, work in (
        (BadRequest, lambda: chat.send("lobby", " ", sender="shop")),
        (NotFound, lambda: chat.send("rnowhere", "x", sender="shop")),
        (UserNotFound, lambda: chat.send_to("nobody-at-all", "x", sender="shop")),
    ):
        with pytest.raises(error):
            app.on_loop(work)

    async def on_the_loop() -> None:
        with pytest.raises(RuntimeError, match="await"):
            chat.send_from_thread("lobby", "x", sender="shop")

    app.on_loop(on_the_loop)


def test_nobody_takes_the_name_of_the_application(application: tuple[Application, TestServer]) -> None:
    """Whoever has the name already keeps it, and the application speaks under another, not as that account."""
    app, server = application
    human = server.account("doʻkon")
    app.chat.send_from_thread("lobby", "from the application", sender="doʻkon")
    sender = human.waits_for("from the application")
    assert sender["sender"] != human.name and sender["sender_uid"] != human.user["uid"]


def test_handlers(application: tuple[Application, TestServer]) -> None:
    """Each is called once for each event, in order, coroutine functions on the loop and others in a thread. One that fails
    disturbs nobody."""
    app, server = application
    ali = server.person("ali-2")
    app.told.clear()
    seq = ali.says("first")
    ali.ask("DELETE", f"/conversations/lobby/messages/{seq}")
    ali.says("last")
    assert app.seen.wait(PATIENCE)
    ali.says("after the failure")
    ali.waits_for("after the failure")
    loop = [(type, text) for way, type, text in app.told if way == "loop"]
    assert loop[:3] == [("message.created", "first"), ("message.deleted", ""), ("message.created", "last")]
    with pytest.raises(ValueError, match="no event"):
        app.chat.on("message.made")(print)


async def test_before_the_start(tmp_path: Path) -> None:
    """There is nobody to send to before the application runs, and after it."""
    chat = suhbat.mount(FastAPI(), "/chat", settings=settings(tmp_path / "data"))
    with pytest.raises(RuntimeError, match="runs"):
        await chat.send("lobby", "x", sender="shop")
    with pytest.raises(RuntimeError, match="runs"):
        await asyncio.to_thread(chat.send_from_thread, "lobby", "x", sender="shop")


@asynccontextmanager
async def running(place: Path, authenticate: Authenticate | None = None) -> AsyncIterator[EmbeddedChat]:
    app = FastAPI()
    chat = suhbat.mount(app, "/chat", settings=settings(place / "data"), authenticate=authenticate)
    async with chat.lifespan(app):
        yield chat


async def test_who_is_banned_does_not_write(tmp_path: Path) -> None:
    """A ban from the server holds for `send` as for every other way to write."""
    async with running(tmp_path) as chat:
        vali = suhbat.Person(id="user-17", name="vali")
        await chat.send("lobby", "salom", sender=vali)
        chat.node.bans.put((await chat.node.external_accounts.of(vali)).uid, None, on=True)
        for work in (chat.send("lobby", "again", sender=vali), chat.send_to("shop", "again", sender=vali)):
            with pytest.raises(Forbidden):
                await work


async def test_no_user_is_the_application(tmp_path: Path) -> None:
    """A user whose id the application took from outside is not its own sender: neither at a login, nor in `send`."""
    thief = suhbat.Person(id="suhbat.sender:shop", name="ali")
    async with running(tmp_path, lambda asked: thief) as chat:
        await chat.send("lobby", "salom", sender="shop")
        external = chat.node.services.external
        assert external is not None
        with pytest.raises(Unauthenticated):
            await external.login(Asked("/", {}, {}))
        with pytest.raises(Unauthenticated):
            await chat.send("lobby", "I am the shop", sender=thief)


async def test_another_event_loop(tmp_path: Path) -> None:
    """The store belongs to the loop that the chat runs on: `send` on another one is refused, with what to use."""
    async with running(tmp_path) as chat:
        with pytest.raises(RuntimeError, match="send_from_thread"):
            await asyncio.to_thread(lambda: asyncio.run(chat.send("lobby", "salom", sender="shop")))


async def test_a_slow_handler_delays_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Events wait for it, up to a limit, which is logged once; other handlers go on. Events of users' own logs are not told."""
    monkeypatch.setattr(handlers, "WAITING", 3)
    told = EventHandlers()
    gate, fast = asyncio.Event(), list[int]()

    async def slow(event: Any) -> None:
        await gate.wait()

    async def quick(event: Any) -> None:
        fast.append(event.seq)

    told.add(slow, ["message.created"])
    told.add(quick, ["message.created"])
    tasks = Tasks()
    told.start(tasks)
    with capture_logs() as logs:
        for seq in range(1, 8):
            told.committed([handlers.LoggedEvent("lobby", message(seq))])
            for _ in range(5):
                await asyncio.sleep(0)
        told.committed([handlers.LoggedEvent("@me:u1", message(9, "@me"))])
        await asyncio.sleep(0)
    assert fast == list(range(1, 8))
    assert [line["event"] for line in logs] == ["embedding: a handler is too slow, events are dropped"]
    await tasks.close()


def test_the_fixture(suhbat_server: TestServer) -> None:
    """A server of its own, with guests, accounts and the SDK; a refusal is an error."""
    ali, vali = suhbat_server.account("ali"), suhbat_server.person("vali")
    ali.says("salom")
    assert vali.waits_for("salom")["sender"] == "ali"

    async def talk() -> str:
        async with vali.chat() as chat:
            await chat.send("lobby", "hello")
            return chat.user.user_id

    assert asyncio.run(talk()) == "vali"
    with pytest.raises(Refused):
        suhbat_server.person("vali")
