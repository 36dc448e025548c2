"""The dispatcher of mails, over a store and a mail server that are fakes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from suhbat.chat.model import Mail
from suhbat.chat.ports import MailStore
from suhbat.config.smtp import Sender
from suhbat.errors import Busy
from suhbat.mail.dispatcher import AT_ONCE, LOOK_SECONDS, MOST_PAUSE_SECONDS, PAUSE_SECONDS, MailDispatcher
from suhbat.mail.letter import Letter
from suhbat.mail.ports import Accepted, MailRefused, NoSuchMailbox, Outcome, Postponed, ServerFailed, TryLater
from tests.fakes import FakeClock

from .parts import parsed


class Queue:
    """The part of the store that the dispatcher uses: mails by id, with the time of their claim."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.mails: dict[str, Mail] = {}
        self.claimed: dict[str, int] = {}
        self.refused: dict[str, int | None] = {}
        self.digests: list[tuple[str, int]] = []

    def add(self, id: str, **fields: Any) -> None:
        now = self._clock.wall()
        row: dict[str, Any] = {
            "kind": "reset", "key": f"reset:{id}", "uid": f"u-{id}", "address": f"{id}@example.org", "about": "{}",
            "created_at": now, "due_at": now, "expires_at": now + 3_600_000,
        }  # fmt: skip
        self.mails[id] = Mail(id, **(row | fields))

    def _due(self, at: int) -> list[Mail]:
        due = [one for one in self.mails.values() if one.due_at <= at and self.claimed.get(one.id, 0) <= at]
        return sorted(due, key=lambda one: (one.due_at, one.id))

    async def mails_due(self, at: int) -> bool:
        return bool(self._due(at))

    async def claim_mails(self, most: int, at: int, until: int) -> list[Mail]:
        found = self._due(at)[:most]
        self.claimed |= {one.id: until for one in found}
        return found

    async def end_mail(self, mail: Mail, again_at: int) -> None:
        del self.mails[mail.id]

    async def delay_mails(self, mails: list[Mail], due_at: int, *, tried: bool) -> None:
        for one in mails:
            self.mails[one.id] = replace(one, due_at=due_at, attempts=one.attempts + tried)
            self.claimed[one.id] = 0

    async def refuse_address(self, uid: str, address: str, at: int | None) -> None:
        self.refused[uid] = at

    async def digest_sent(self, uid: str, at: int) -> None:
        self.digests.append((uid, at))


class Server:
    """A mail server. `answers`: by the address, Accepted for others; `down`: why it cannot be reached."""

    def __init__(self) -> None:
        self.answers: dict[str, Outcome] = {}
        self.down: str | None = None
        self.sent: list[tuple[str, bytes]] = []
        self.connected = self.closed = 0

    async def connect(self) -> Server | ServerFailed:
        if self.down is not None:
            return ServerFailed(self.down)
        self.connected += 1
        return self

    async def send(self, to: str, message: bytes) -> Outcome:
        self.sent.append((to, message))
        return self.answers.get(to, Accepted())

    async def close(self) -> None:
        self.closed += 1


class Writer:
    """Writes the same letter always. `others`: by the id of the mail, something else, or an exception."""

    def __init__(self) -> None:
        self.others: dict[str, Letter | Postponed | Exception | None] = {}

    async def write(self, mail: Mail) -> Letter | Postponed | None:
        found = self.others.get(mail.id, Letter("en", "chat.example.org", "A letter", ("Salom",)))
        if isinstance(found, Exception):
            raise found
        return found


class House:
    def __init__(self) -> None:
        self.clock, self.server, self.writer = FakeClock(), Server(), Writer()
        self.queue = Queue(self.clock)
        sender = Sender("", "chat@example.org")
        self.dispatcher = MailDispatcher(cast(MailStore, self.queue), self.clock, self.server, self.writer, sender)


@pytest.fixture
def house() -> House:
    return House()


async def test_what_is_due_is_sent(house: House) -> None:
    """All of it in one connection, each under the id of the mail, and only once."""
    for id in ("a", "b"):
        house.queue.add(id)
    house.queue.add("later", due_at=house.clock.wall() + 1)
    assert await house.dispatcher.step() == 0
    assert [to for to, _ in house.server.sent] == ["a@example.org", "b@example.org"]
    assert parsed(house.server.sent[0][1])["Message-ID"] == "<a@example.org>"
    assert (house.server.connected, house.server.closed) == (1, 1)
    assert await house.dispatcher.step() == LOOK_SECONDS and list(house.queue.mails) == ["later"]
    assert house.dispatcher.counts["sent"] == 2


async def test_a_few_at_once(house: House) -> None:
    """A long queue is sent in parts, so that a claim ends long after they were sent."""
    for number in range(AT_ONCE + 3):
        house.queue.add(f"m{number:02}")
    assert await house.dispatcher.step() == 0 and len(house.server.sent) == AT_ONCE
    assert await house.dispatcher.step() == 0 and not house.queue.mails


async def test_greylisting(house: House) -> None:
    """The mail is tried again with growing pauses; the others are not held up."""
    house.server.answers["a@example.org"] = TryLater("451 4.7.1 <a@example.org> greylisted")
    for id in ("a", "b"):
        house.queue.add(id)
    pauses = []
    for _ in range(9):
        assert await house.dispatcher.step() == 0
        pauses.append((house.queue.mails["a"].due_at - house.clock.wall()) // 1000)
        house.clock.advance(pauses[-1])
    assert "b" not in house.queue.mails and pauses == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    assert not house.dispatcher.is_failing and house.dispatcher.counts["put_off"] == 9
    house.server.answers.clear()
    await house.dispatcher.step()
    assert not house.queue.mails


async def test_an_address_that_does_not_exist(house: House) -> None:
    """It is marked, and the mail is not tried again. A mail that arrives takes the mark away."""
    house.server.answers = {"a@example.org": NoSuchMailbox("550 5.1.1"), "b@example.org": MailRefused("550 5.7.1")}
    for id in ("a", "b", "c"):
        house.queue.add(id)
    await house.dispatcher.step()
    assert not house.queue.mails and house.queue.refused == {"u-a": house.clock.wall(), "u-c": None}
    assert house.dispatcher.counts == {"refused": 2, "sent": 1}


async def test_a_server_that_is_down(house: House) -> None:
    """No mail counts as tried, and the pauses grow up to some minutes. When it works again, everything is sent."""
    house.server.down = "no answer in time"
    for id in ("a", "b"):
        house.queue.add(id)
    pauses = [await house.dispatcher.step() for _ in range(9)]
    assert pauses == [PAUSE_SECONDS * 2**n for n in range(6)] + [MOST_PAUSE_SECONDS] * 3
    assert house.dispatcher.is_failing and [one.attempts for one in house.queue.mails.values()] == [0, 0]
    house.server.down = None
    assert await house.dispatcher.step() == 0
    assert not house.queue.mails and not house.dispatcher.is_failing


async def test_a_connection_that_breaks(house: House) -> None:
    """The mail during which it broke is tried later than the others, because it may be the reason."""
    house.server.answers["a@example.org"] = ServerFailed("connection lost")
    for id in ("a", "b"):
        house.queue.add(id)
    assert await house.dispatcher.step() == PAUSE_SECONDS
    assert [to for to, _ in house.server.sent] == ["a@example.org"]
    assert [one.attempts for one in house.queue.mails.values()] == [1, 0] and house.server.closed == 1
    assert await house.dispatcher.step() == 0
    assert list(house.queue.mails) == ["a"] and house.queue.mails["a"].due_at > house.clock.wall()


async def test_nothing_to_tell(house: House) -> None:
    """Such a mail needs no connection. One for which it is not the time waits."""
    house.queue.add("a")
    house.queue.add("b")
    house.writer.others = {"a": None, "b": Postponed(house.clock.wall() + 900_000)}
    assert await house.dispatcher.step() == 0
    assert house.server.connected == 0 and list(house.queue.mails) == ["b"]
    assert house.queue.mails["b"].due_at == house.clock.wall() + 900_000 and house.queue.mails["b"].attempts == 0


async def test_a_mail_that_cannot_be_written(house: House) -> None:
    """A fault of ours in one mail does not stop the others."""
    house.queue.add("a")
    house.queue.add("b")
    house.writer.others["a"] = ValueError("a fault")
    assert await house.dispatcher.step() == 0
    assert [to for to, _ in house.server.sent] == ["b@example.org"] and house.queue.mails["a"].attempts == 1


async def test_an_address_that_no_header_can_hold(house: House) -> None:
    """A mail whose headers cannot be made is put off like one that cannot be written, and the others are sent: it was enough
    that one user wanted the address below, and nobody got a mail any more."""
    house.queue.add("a", address="=?x?q?a?=@example.org")
    house.queue.add("b")
    assert await house.dispatcher.step() == 0
    assert [to for to, _ in house.server.sent] == ["b@example.org"] and house.queue.mails["a"].attempts == 1


async def test_a_store_that_is_busy(house: House) -> None:
    """What was claimed is given back at once."""
    house.queue.add("a")
    house.writer.others["a"] = Busy(retry_after=1)
    with pytest.raises(Busy):
        await house.dispatcher.step()
    assert await house.queue.mails_due(house.clock.wall())


async def test_a_digest_is_noted(house: House) -> None:
    """Only when the mail server has it: the next one begins where this one ended."""
    house.queue.add("a", kind="digest")
    house.writer.others["a"] = Letter("en", "s", "A digest", ("Salom",), upto=123)
    house.server.answers["a@example.org"] = TryLater("451")
    await house.dispatcher.step()
    assert house.queue.digests == []
    house.clock.advance(60)
    house.server.answers.clear()
    await house.dispatcher.step()
    assert house.queue.digests == [("u-a", 123)]


async def test_the_log_has_no_address(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    """Servers repeat the address in their answers; the log has the id and the account."""
    house.server.answers = {
        "a@example.org": NoSuchMailbox("550 5.1.1 <a@example.org>: unknown"),
        "b@example.org": TryLater("451 <b@example.org> greylisted"),
    }
    for id in ("a", "b", "c"):
        house.queue.add(id)
    await house.dispatcher.step()
    said = "".join(capsys.readouterr())
    assert "mail: refused" in said and "mail: put off" in said and "u-a" in said and "@example.org" not in said
