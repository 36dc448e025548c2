"""The SDK over real sockets, against a server that the test controls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path

import pytest

from suhbat.client import ChatClosed, Happening, Refused, Reset, Snapshot, Suhbat, outbox
from suhbat.protocol.events import MessageCreated
from suhbat.protocol.replies import Acted, CaughtUp, Error, Page
from tests.servers import running

from .parts import message, pong, reset, snapshot, updated, welcome
from .server import PATIENCE, Scripted, Time


@pytest.fixture
async def server() -> AsyncIterator[Scripted]:
    async with Scripted() as scripted:
        yield scripted


async def take(chat: Suhbat, count: int) -> list[Happening]:
    """The next happenings of a chat."""
    happened: list[Happening] = []
    async with asyncio.timeout(PATIENCE):
        async for happening in chat.events():
            happened.append(happening)
            if len(happened) == count:
                break
    return happened


def texts(happened: list[Happening]) -> list[str]:
    return [event.message.text for event in happened if isinstance(event, MessageCreated)]


async def test_opening(server: Scripted) -> None:
    """Entering sends hello with the token and returns when the conversations are known."""
    async with server.chat() as (chat, peer):
        assert chat.user.user_id == "anna" and set(chat.conversations) == {"lobby"}
        assert peer.socket.subprotocol is None or peer.socket.subprotocol == "suhbat.v1"
        assert peer.socket.request is not None
        assert peer.socket.request.headers["Sec-WebSocket-Protocol"] == "suhbat.v1"


async def test_send_and_events(server: Scripted) -> None:
    """A send returns its acknowledgement, and its event comes like those of others."""
    async with server.chat() as (chat, peer):
        sending = asyncio.create_task(chat.send("lobby", "salom"))
        command = await peer.hear("send")
        assert command["conversation"] == "lobby" and command["text"] == "salom" and command["client_id"]
        await peer.say(message(1, text="salom"))
        await peer.acknowledge(command, 1)
        sent = await sending
        assert (sent.conversation, sent.seq, sent.ordinal, sent.duplicate) == ("lobby", 1, 1, False)
        assert texts(await take(chat, 1)) == ["salom"]
        assert chat.conversations["lobby"].head == 1


async def test_slow_mode_of_one_conversation(server: Scripted) -> None:
    """A message that waits for slow mode holds up no other conversation. A change of the room's settings ends the wait."""
    async with server.chat() as (chat, peer):
        slow = asyncio.create_task(chat.send("lobby", "salom"))
        command = await peer.hear("send")
        await peer.say(
            Error(id=command["id"], code="rate_limited", message="", retry_after=3_600, scope="conversation"),
            message(1),
        )
        await take(chat, 1)
        assert (chat.held("lobby"), chat.held("r2")) == (3_600, 0)
        other = asyncio.create_task(chat.send("r2", "salom"))
        await peer.acknowledge(await peer.hear("send"), 1)
        assert (await other).seq == 1 and not slow.done()
        await peer.say(updated(2))
        assert await peer.hear("send") == command
        await peer.acknowledge(command, 3)
        assert (await slow).seq == 3


async def test_history_and_typing(server: Scripted) -> None:
    """A page is returned as it came. Typing and active are sent and have no reply."""
    async with server.chat() as (chat, peer):
        asking = asyncio.create_task(chat.history("lobby", before=9, limit=2))
        command = await peer.hear("history")
        assert (command["before"], command["limit"]) == (9, 2) and "after" not in command
        page = Page(id=command["id"], messages=(message(7).message,), has_before=True, has_after=True, head=12)
        await peer.say(page)
        assert await asking == page
        asking = asyncio.create_task(chat.history("lobby", around_time=90_000))
        command = await peer.hear("history")
        assert command["around_time"] == "1970-01-01T00:01:30.000Z" and "around" not in command
        await peer.say(page.model_copy(update={"id": command["id"]}))
        assert (await asking).messages == page.messages
        await chat.typing("lobby")
        assert (await peer.hear("typing")).keys() == {"type", "conversation"}
        await chat.active(on=False)
        assert await peer.hear("active") == {"type": "active", "on": False}


async def test_killed_during_sends(server: Scripted) -> None:
    """If the connection breaks before the replies, the next one sends the same client_ids again, in order."""
    async with server.chat() as (chat, peer):
        sends = [asyncio.create_task(chat.send("lobby", text)) for text in ("one", "two", "three")]
        first = [await peer.hear("send") for _ in sends]
        await peer.acknowledge(first[0], 1)
        assert (await sends[0]).seq == 1
        peer.kill()
        peer = await server.next()
        hello = await peer.resume(message(1))
        assert hello["resume"] == {"epoch": "e1", "uid": "ua", "cursors": {"@me": 0, "lobby": 0}}
        again = [await peer.hear("send") for _ in range(2)]
        assert [command["client_id"] for command in again] == [command["client_id"] for command in first[1:]]
        assert [command["text"] for command in again] == ["two", "three"]
        await peer.acknowledge(again[0], 2, duplicate=True)
        await peer.acknowledge(again[1], 3)
        assert (await sends[1]).duplicate and not (await sends[2]).duplicate


async def test_resume_from_what_was_applied(server: Scripted) -> None:
    """After a restart (1012) the SDK sends its cursors, and gives each missed event once. After a connection that lasted
    the waits begin small again."""
    time = Time()
    async with server.chat(time) as (chat, peer):
        await peer.say(message(1), message(2))
        assert texts(await take(chat, 2)) == ["m1", "m2"]
        await peer.close(1012, "restart")
        peer = await server.next()
        hello = await peer.resume(message(2), message(3))
        assert hello["resume"]["cursors"] == {"@me": 0, "lobby": 2}
        assert texts(await take(chat, 1)) == ["m3"]
        time.now += 10
        await peer.close(1001)
        peer = await server.next()
        assert (await peer.resume())["resume"]["cursors"]["lobby"] == 3
        assert time.slept == [0.5, 0.5]


async def test_waits_grow_until_an_opening_is_over(server: Scripted) -> None:
    """A connection that breaks before `caught_up` does not reset the waits."""
    time = Time()
    async with server.chat(time) as (_, peer):
        peer.kill()
        for _ in range(3):
            peer = await server.next()
            await peer.hear("hello")
            await peer.say(welcome(resumed=True))
            peer.kill()
        await (await server.next()).resume()
        assert time.slept == [0.5, 1, 2, 4]


async def test_a_fault_before_welcome(server: Scripted) -> None:
    """If each connection ends with 1011 at once, the waits grow. The wait that the server asks for is added. The same
    holds for a chat that was never open."""
    time = Time()
    async with server.chat(time) as (_, peer):
        await peer.close(1011, "internal")
        for retry_after in (None, None, 30):
            peer = await server.next()
            await peer.hear("hello")
            if retry_after:
                await peer.say(Error(id="hello", code="internal", message="a fault", retry_after=retry_after))
            await peer.close(1011, "internal")
        await (await server.next()).resume()
        assert time.slept == [0.5, 1, 2, 34]
    time = Time()
    chat = Suhbat(server.url, token="t", uniform=lambda _, high: high, clock=time.clock, sleep=time.sleep)
    entering = asyncio.create_task(chat.__aenter__())
    for _ in range(3):
        peer = await server.next()
        await peer.hear("hello")
        await peer.close(1011, "internal")
    await (await server.next()).open()
    await entering
    assert time.slept == [0.5, 1, 2]
    await chat.__aexit__(None, None, None)


@pytest.mark.parametrize("code", [1006, 1011, 1012, 4001, 4008])
async def test_connections_that_end_soon(server: Scripted, code: int) -> None:
    """Whatever ends each connection soon after it opened (a proxy that cuts, a fault, polls that reach another node each
    time): the waits grow, until one stays open."""
    time = Time()
    async with server.chat(time) as (chat, peer):
        for seq, lasts in enumerate((0, 5, 0, 10), 1):
            time.now += lasts
            if code == 1006:
                peer.kill()
            else:
                await peer.close(code, "")
            peer = await server.next()
            await peer.resume()
            await peer.say(message(seq))
            await take(chat, 1)  # it is open now
        assert time.slept == [0.5, 1, 2, 0.5]


async def test_too_much_waits(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the server does not reply, one send too many is refused at once. Those before it arrive when the server
    replies again."""
    monkeypatch.setattr(outbox, "LIMIT", 3)
    async with server.chat() as (chat, peer):
        sends = [asyncio.create_task(chat.send("lobby", text)) for text in ("one", "two", "three")]
        asked = [await peer.hear("send") for _ in sends]
        with pytest.raises(Refused) as refused:
            await chat.send("lobby", "four")
        assert refused.value.code == outbox.FULL
        for seq, command in enumerate(asked, start=1):
            await peer.acknowledge(command, seq)
        assert [(await sent).seq for sent in sends] == [1, 2, 3]
        last = asyncio.create_task(chat.send("lobby", "four"))
        await peer.acknowledge(await peer.hear("send"), 4)
        assert (await last).seq == 4


async def test_rate_limited_goodbye(server: Scripted) -> None:
    """After 4029 the wait that the server asked for comes first."""
    time = Time()
    async with server.chat(time) as (_, peer):
        await peer.say(Error(code="rate_limited", message="slowly", retry_after=7.25))
        await peer.close(4029, "rate_limited")
        await (await server.next()).resume()
        assert time.slept == [7.75]


@pytest.mark.parametrize("code", [1000, 1008, 4501, 4505, 4509, 4999])
async def test_for_good(server: Scripted, code: int) -> None:
    """After such a close code the SDK does not reconnect: received events are still given, then events() and every send
    raise ChatClosed."""
    async with server.chat() as (chat, peer):
        sending = asyncio.create_task(chat.send("lobby", "salom"))
        await peer.hear("send")
        await peer.say(message(1))
        await peer.close(code, "because")
        with pytest.raises(ChatClosed) as unanswered:
            await sending
        assert (unanswered.value.code, unanswered.value.reason) == (code, "because")
        assert texts(await take(chat, 1)) == ["m1"]
        with pytest.raises(ChatClosed):
            await take(chat, 1)
        with pytest.raises(ChatClosed):
            await chat.send("lobby", "salom")
        assert server.peers.empty()


async def test_refused_at_the_door(server: Scripted) -> None:
    """With a wrong token entering raises ChatClosed with the server's text."""
    chat = Suhbat(server.url, token="wrong")
    entering = asyncio.create_task(chat.__aenter__())
    peer = await server.next()
    assert (await peer.hear("hello"))["token"] == "wrong"
    await peer.say(Error(id="hello", code="unauthenticated", message="Send a valid token."))
    await peer.close(4501, "unauthenticated")
    with pytest.raises(ChatClosed, match="Send a valid token") as closed:
        await entering
    assert closed.value.code == 4501


@pytest.mark.parametrize("status", [HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN])
async def test_a_socket_that_never_opens(server: Scripted, status: HTTPStatus) -> None:
    """After a refused upgrade the SDK asks /me: 401 and 403 end the chat, any other status means trying again."""
    time, server.refuse_upgrades = Time(), HTTPStatus.SERVICE_UNAVAILABLE

    async def sleep(seconds: float) -> None:
        await time.sleep(seconds)
        server.me = status if len(time.slept) == 2 else server.me

    with pytest.raises(ChatClosed) as closed:
        async with asyncio.timeout(PATIENCE), Suhbat(server.url, token="t", sleep=sleep):
            pass
    assert closed.value.code == 4503 and server.asked == ["Bearer t"] * 3


async def test_tokens_are_asked_for_anew(server: Scripted) -> None:
    """A function, async or not, gives the token of each connection. An exception that it raises ends the chat."""
    tokens = iter(["one", "two"])

    async def token() -> str:
        return next(tokens, "") or _fail()

    async with server.chat(token=token) as (chat, peer):
        peer.kill()
        peer = await server.next()
        assert (await peer.resume())["token"] == "two"
        peer.kill()
        with pytest.raises(LookupError, match="no more tokens"):
            await take(chat, 1)


def _fail() -> str:
    raise LookupError("no more tokens")


async def test_a_gap_is_asked_for(server: Scripted) -> None:
    """An event above cursor + 1 is not applied: the SDK sends `sync` with the cursor, and then gives everything in
    order."""
    async with server.chat() as (chat, peer):
        await peer.say(message(3))
        assert (await peer.hear("sync"))["cursors"] == {"lobby": 0}
        await peer.say(message(1), message(2), message(3), CaughtUp())
        assert texts(await take(chat, 3)) == ["m1", "m2", "m3"]


async def test_heartbeat(server: Scripted) -> None:
    """The SDK pings at each heartbeat, syncs logs whose head stays ahead, and drops a connection without a pong."""
    time = Time()
    async with server.chat(time) as (chat, peer):
        time.now = 25
        ping = await peer.hear("ping")
        assert ping["id"]
        await peer.say(pong(lobby=4))
        while not chat._line.state._gaps._gaps:
            await asyncio.sleep(0.005)
        time.now = 28
        assert (await peer.hear("sync"))["cursors"] == {"lobby": 0}
        time.now = 60
        await peer.hear("sync")
        await peer.hear("ping")
        time.now = 71
        await (await server.next()).resume()
        assert time.slept == [0.5]


async def test_resets_and_snapshots_are_told(server: Scripted) -> None:
    """A reset voids the cache of one conversation, a snapshot that of all; both are given to the program."""
    async with server.chat() as (chat, peer):
        await peer.say(reset("lobby", 40), message(41))
        told, event = await take(chat, 2)
        assert isinstance(told, Reset) and isinstance(event, MessageCreated)
        peer.kill()
        peer = await server.next()
        await peer.hear("hello")
        await peer.say(welcome(epoch="e2"), snapshot(lobby=3), CaughtUp(), message(4))
        told, event = await take(chat, 2)
        assert isinstance(told, Snapshot) and isinstance(event, MessageCreated) and event.seq == 4


async def test_refusals(server: Scripted) -> None:
    """The SDK repeats a rate-limited command with the same client_id after the time asked for. Other refusals are
    raised."""
    time = Time()
    async with server.chat(time) as (chat, peer):
        sending = asyncio.create_task(chat.send_to("bobur", "salom", client_id="k"))
        first = await peer.hear("send")
        await peer.say(Error(id=first["id"], code="busy", message="later", retry_after=0.125))
        second = await peer.hear("send")
        assert second == first and second["client_id"] == "k" and time.slept == [0.125]
        await peer.say(Error(id=second["id"], code="user_not_found", message="Nobody."))
        with pytest.raises(Refused) as refused:
            await sending
        assert (refused.value.code, refused.value.message) == ("user_not_found", "Nobody.")


@pytest.mark.parametrize("text", ["", "   ", "x" * 4001, "\0", "\ud800"])
async def test_what_cannot_be_sent_is_not(server: Scripted, text: str) -> None:
    """An invalid text is refused before it is sent, with the server's text."""
    async with server.chat() as (chat, _):
        with pytest.raises(Refused) as refused:
            await chat.send("lobby", text)
        assert refused.value.code == "bad_request"


async def test_a_slow_reader_loses_nothing(server: Scripted) -> None:
    """With a slow reader the socket is not read beyond the buffer. Every event comes in the end, once and in order."""
    count, big = 3000, "x" * 2000
    async with server.chat(buffer=10) as (chat, peer):
        events = chat.events()
        writing = asyncio.create_task(peer.say(*(message(seq, text=big) for seq in range(1, count + 1))))
        await asyncio.sleep(0.3)
        assert not writing.done(), "the server has to wait"
        assert chat.conversations["lobby"].head < 100
        seqs = [(await anext(events)).seq for _ in range(count)]
        assert seqs == list(range(1, count + 1))
        await writing


async def test_a_reader_that_sends_is_not_stuck(server: Scripted) -> None:
    """The reply to a reader's own send comes although its buffer is full. Events that did not fit are fetched later."""
    async with server.chat(buffer=2) as (chat, peer):
        chat.events()
        sending = asyncio.create_task(chat.send("lobby", "salom"))
        command = await peer.hear("send")
        await peer.say(*(message(seq) for seq in range(1, 41)))
        await peer.acknowledge(command, 41)
        assert (await sending).seq == 41
        assert chat.conversations["lobby"].head == 16
        assert texts(await take(chat, 16)) == [f"m{seq}" for seq in range(1, 17)]
        await peer.say(message(41))
        assert (await peer.hear("sync"))["cursors"] == {"lobby": 16}
        await peer.say(*(message(seq) for seq in range(17, 42)))
        assert texts(await take(chat, 25)) == [f"m{seq}" for seq in range(17, 42)]


async def test_a_program_that_only_sends_needs_no_reader(server: Scripted) -> None:
    """Events that nobody reads do not block replies. A reader that begins later gets a snapshot first."""
    async with server.chat(buffer=5) as (chat, peer):
        await peer.say(*(message(seq) for seq in range(1, 21)))
        sending = asyncio.create_task(chat.send("lobby", "salom"))
        await peer.acknowledge(await peer.hear("send"), 21)
        await sending
        await peer.say(message(21), message(22))
        while chat.conversations["lobby"].head < 22:
            await asyncio.sleep(0.005)
        await peer.say(message(23))
        told, event = await take(chat, 2)
        assert isinstance(told, Snapshot) and told.cursors["lobby"] == 22
        assert isinstance(event, MessageCreated) and event.seq == 23


async def test_leaving(server: Scripted) -> None:
    """Leaving closes with 1000, ends the iteration without an error, and fails commands without a reply."""
    async with server.chat() as (chat, peer):
        sending = asyncio.create_task(chat.send("lobby", "salom"))
        await peer.hear("send")
        events = chat.events()
    with pytest.raises(ChatClosed) as closed:
        await sending
    assert closed.value.code == 1000
    assert [event async for event in events] == []
    await peer.socket.wait_closed()
    assert peer.socket.close_code == 1000


async def test_a_cancelled_send_is_not_repeated(server: Scripted) -> None:
    """A cancelled send is not sent again on a new connection."""
    async with server.chat() as (chat, peer):
        sending = asyncio.create_task(chat.send("lobby", "never mind"))
        await peer.hear("send")
        sending.cancel()
        await asyncio.wait([sending])
        peer.kill()
        peer = await server.next()
        await peer.resume(message(1))
        await take(chat, 1)
        await chat.typing("lobby")
        await peer.hear("typing")


async def test_nonsense_ends_the_chat(server: Scripted) -> None:
    """A server that does not speak the protocol ends the chat instead of being asked again and again."""
    async with server.chat() as (chat, peer):
        await peer.socket.send("nonsense")
        with pytest.raises(ChatClosed) as closed:
            await take(chat, 1)
        assert closed.value.code == 1007


async def test_marks_and_saved_messages(server: Scripted) -> None:
    """Each is a command with the fields of the contract; the answer has what is unread."""
    async with server.chat() as (chat, peer):
        for asked, expected in (
            (chat.read("lobby", 7), {"type": "read", "ordinal": 7}),
            (chat.mark_unread("lobby", 3), {"type": "unread", "ordinal": 3}),
            (chat.save("lobby", 5), {"type": "save", "seq": 5, "on": True}),
            (chat.save("lobby", 5, on=False), {"type": "save", "seq": 5, "on": False}),
        ):
            task = asyncio.create_task(asked)
            command = await peer.hear(str(expected["type"]))
            assert command.items() >= expected.items() and command["conversation"] == "lobby"
            await peer.say(Acted(id=command["id"], conversation="lobby", seq=9, unread=4))
            assert (await task).unread == 4
        with pytest.raises(Refused) as refused:
            await chat.mark_unread("lobby", 0)
        assert refused.value.code == "bad_request"


async def test_lists(tmp_path: Path) -> None:
    """Mentions and saved messages come in pages."""
    with running("suhbat", tmp_path / "data") as real:
        url = f"http://127.0.0.1:{real.port}"
        async with asyncio.timeout(PATIENCE), Suhbat(url, name="ali") as ali, Suhbat(url, name="vali") as vali:
            sent = [await ali.send("lobby", f"@vali {number}") for number in range(3)]
            first = await vali.mentions(limit=2)
            second = await vali.mentions(limit=2, cursor=first.cursor)
            found = [one.message.text for one in (*first.mentions, *second.mentions)]
            assert (found, second.cursor) == (["@vali 2", "@vali 1", "@vali 0"], None)
            assert [(one.reason, one.unread) for one in first.mentions] == [("mention", True)] * 2
            await vali.save("lobby", sent[0].seq)
            assert [one.message.seq for one in (await vali.saved()).saved] == [sent[0].seq]
            await vali.read("lobby", sent[2].ordinal or 0)
            assert (await vali.mark_unread("lobby", sent[1].ordinal or 0)).unread == 2
            with pytest.raises(Refused):
                await vali.saved(cursor="x")
