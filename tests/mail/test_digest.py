"""The mail about what somebody missed: when it is written, and the whole way to the button that ends it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import httpx2
import pytest

from suhbat.chat.model import Account, Mail, MailAddress, MailCode, MissedMessage, MissedPlace
from suhbat.chat.ports import MailStore
from suhbat.config import Settings
from suhbat.mail import dispatcher, writing
from suhbat.mail.letter import Letter
from suhbat.mail.page import page
from suhbat.mail.plain import plain
from suhbat.mail.ports import Postponed
from suhbat.mail.unsubscribing import Unsubscribing
from suhbat.mail.writing import HOUR, SETTLED, LetterWriter
from suhbat.runtime import mail as runtime
from suhbat.runtime.app import create_app
from suhbat.store.people import mail_queue
from tests.fakes import FakeClock
from tests.store.people.test_people import account

from .parts import MailBox, part

PUBLIC = "https://chat.example.org"
ADDRESS = "ali@example.org"
PASSWORD = "uzun parol 1"


class Store:
    """What the writer of letters reads."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.held = MailAddress("u-ali", ADDRESS, confirmed_at=1)
        self.unread: list[MissedPlace] = []
        self.codes: list[MailCode] = []
        self.since = -1
        self.asked = 0

    async def mail_address(self, uid: str) -> MailAddress | None:
        return self.held

    async def missed(self, account: Account, since: int, now: int) -> list[MissedPlace]:
        self.since = since
        return self.unread

    async def ask_digest(self, uid: str, since: int) -> None:
        self.asked += 1

    async def add_code(self, code: MailCode) -> None:
        self.codes.append(code)


class House:
    """A writer with its surroundings. `later`: when to ask again about somebody who must not be told now."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = Store(self.clock)
        self.ali: Account | None = account("ali", locale="ru")
        self.later: int | None = None
        store = cast(MailStore, self.store)
        unsubscribing = Unsubscribing(store, PUBLIC)
        unsubscribing._secret = b"secret"
        self.writer = LetterWriter(
            store, self.clock, PUBLIC, self._account, self._back_at, lambda: ("code", b"hash"), unsubscribing
        )

    async def _account(self, uid: str) -> Account | None:
        return self.ali

    async def _back_at(self, account: Account) -> int | None:
        return self.later

    def message(self, text: str = "salom", seconds: float = 900, **fields: Any) -> MissedMessage:
        row = {"seq": 1, "at": self.clock.wall() - int(seconds * 1000), "sender": "Vali", "text": text, "files": 0}
        return MissedMessage(**(row | fields))

    def mail(self, kind: str = "digest", **fields: Any) -> Mail:
        now = self.clock.wall()
        row: dict[str, Any] = {"key": "k", "uid": "u-ali", "address": ADDRESS, "about": "{}", "created_at": now}
        return Mail("m1", cast(Any, kind), **(row | {"due_at": now, "expires_at": now + HOUR} | fields))

    async def digest(self) -> Letter:
        found = await self.writer.write(self.mail())
        assert isinstance(found, Letter)
        return found


@pytest.fixture
def house() -> House:
    house = House()
    house.store.unread = [MissedPlace("d1", "", (house.message(),))]
    return house


async def test_what_a_digest_says(house: House) -> None:
    """In the language of the account: a few messages of a few conversations, and how many more there are."""
    many = tuple(house.message(f"**salom** {number}") for number in range(5))
    rooms = [MissedPlace(f"r{number}", f"Xona\n{number}", (house.message("x" * 500),)) for number in range(6)]
    house.store.unread = [MissedPlace("d1", "", many), *rooms]
    letter = await house.digest()
    assert letter.language == "ru" and "Непрочитанные" in letter.subject
    first, second = letter.places[:2]
    assert first.url == f"{PUBLIC}/#/c/d1"
    assert (first.title, [one.text for one in first.messages]) == ("Vali", ["salom 2", "salom 3", "salom 4"])
    assert [one.sender for one in first.messages] == [""] * 3 and "2" in first.more
    assert second.title == "Xona 0" and second.messages[0].sender == "Vali"
    assert len(second.messages[0].text) == 201 and len(letter.places) == 5 and "(2)" in letter.after
    assert letter.unsubscribe is not None and letter.unsubscribe.url.startswith(
        f"{PUBLIC}/mail/unsubscribe?account=u-ali&"
    )
    assert letter.upto == house.clock.wall() - SETTLED and house.store.asked == 0


async def test_the_lines_of_a_message(house: House) -> None:
    """A quote and a list keep their lines, of which a few are shown; nothing that a message says begins a line of the mail."""
    quote = "> Koʻrdim\n\nRoziman\r\n-- \nserver"
    house.store.unread = [
        MissedPlace("r1", "Xona", (house.message(quote), house.message("\n".join(f"- {n}" for n in range(9)))))
    ]
    letter = await house.digest()
    first, second = letter.places[0].messages
    assert first.text == "> Koʻrdim\nRoziman\n--\nserver"
    assert second.text.split("\n") == ["• 0", "• 1", "• 2", "• 3", "…"]
    assert "<bdi>&gt; Koʻrdim<br>Roziman<br>--<br>server</bdi>" in page(letter)
    assert "\n  Vali: > Koʻrdim\n    Roziman\n    --\n" in plain(letter)


async def test_texts_stay_where_somebody_wants_that(house: House) -> None:
    """Without `push_text` a mail says from whom there is something, and not what."""
    assert house.ali is not None
    house.ali = replace(house.ali, push_text=False)
    letter = await house.digest()
    assert [(place.title, [one.text for one in place.messages]) for place in letter.places] == [
        ("Vali", ["Новое сообщение"])
    ]


async def test_when_there_is_none(house: House) -> None:
    """Nothing is unread any more; the address, the account or the wish is gone; the mailbox does not exist."""
    now = house.clock.wall()
    held = house.store.held
    for changed in (
        replace(held, digest=False),
        replace(held, refused_at=now),
        replace(held, address="new@example.org"),
        replace(held, address=None),
    ):
        house.store.held = changed
        assert await house.writer.write(house.mail()) is None
    house.store.held, house.store.unread = held, []
    assert await house.writer.write(house.mail()) is None
    for gone in (None, account("ali", disabled=True)):
        house.ali = gone
        assert await house.writer.write(house.mail()) is None


async def test_when_it_waits(house: House) -> None:
    """For an hour after the last one, and for whoever is here or has quiet hours."""
    now = house.clock.wall()
    house.later = now + 60_000
    assert await house.writer.write(house.mail()) == Postponed(now + 60_000)
    house.later = None
    house.store.held = replace(house.store.held, digest_at=now - HOUR + 1)
    assert await house.writer.write(house.mail()) == Postponed(now + 1)
    house.clock.advance(1)
    await house.digest()
    assert house.store.since == now - HOUR + 1


async def test_a_message_of_this_moment(house: House) -> None:
    """It comes in the next digest, since an older one may not be committed yet; and there is a next one."""
    house.store.unread = [MissedPlace("d1", "", (house.message("old"), house.message("new", seconds=1)))]
    letter = await house.digest()
    assert [one.text for one in letter.places[0].messages] == ["old"] and house.store.asked == 1
    house.store.unread = [MissedPlace("d1", "", (house.message("new", seconds=1),))]
    assert await house.writer.write(house.mail()) is None and house.store.asked == 2


async def test_codes_are_made_when_they_are_sent(house: House) -> None:
    """The store gets the hash of a code with its end; a mail for an address that is not wanted any more gets none."""
    now = house.clock.wall()
    letter = await house.writer.write(house.mail("reset"))
    assert isinstance(letter, Letter) and letter.button is not None and letter.button.url == f"{PUBLIC}/#/reset/code"
    assert house.store.codes == [MailCode(b"hash", "reset", "u-ali", ADDRESS, now + 30 * 60_000)]
    assert await house.writer.write(house.mail("reset", address="old@example.org")) is None
    assert await house.writer.write(house.mail("confirm")) is None
    assert len(house.store.codes) == 1


@asynccontextmanager
async def chat(data: Path, box: MailBox) -> AsyncIterator[tuple[httpx2.AsyncClient, httpx2.AsyncClient, MailStore]]:
    """A server with two accounts; ali has an address."""
    url = f"smtp://127.0.0.1:{box.port}"
    suhbat = create_app(
        Settings(data=data, send_rate=0, smtp_url=url, mail_from="chat@example.org", public_url=PUBLIC), quiet=True
    )
    async with suhbat.lifespan(suhbat.fastapi):
        transport = httpx2.ASGITransport(suhbat.fastapi)
        async with (
            httpx2.AsyncClient(transport=transport, base_url="http://localhost:8000") as ali,
            httpx2.AsyncClient(transport=transport, base_url="http://localhost:8000") as vali,
        ):
            for name, client in (("ali", ali), ("vali", vali)):
                answer = await client.post("/api/v1/accounts", json={"user_id": name, "password": PASSWORD})
                client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
            yield ali, vali, suhbat.node.store


async def test_a_digest_and_its_unsubscribe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A direct to somebody who is away becomes a mail; its button ends such mails, with one click and without a login."""
    monkeypatch.setattr(mail_queue, "AWAY", 0)
    monkeypatch.setattr(runtime, "AWAY", 200)
    monkeypatch.setattr(writing, "SETTLED", 0)
    monkeypatch.setattr(dispatcher, "LOOK_SECONDS", 0.1)
    box = MailBox(tmp_path / "mails")
    box.directory.mkdir()
    with box.running():
        async with chat(tmp_path / "data", box) as (ali, vali, store):
            body = {"address": ADDRESS, "current_password": PASSWORD}
            assert (await ali.put("/api/v1/me/email", json=body)).status_code == 200
            [asks] = await asyncio.to_thread(box.wait, 1)
            code = part(asks, "plain").partition("/#/confirm/")[2].split()[0]
            assert (await ali.post("/api/v1/email-confirmations", json={"code": code})).status_code == 204
            place = (await vali.post("/api/v1/directs", json={"users": ["ali"]})).json()["conversation"]
            await vali.post(f"/api/v1/conversations/{place}/messages", json={"text": "Salom <b>Ali</b>"})
            mail = (await asyncio.to_thread(box.wait, 2))[1]
            assert mail["To"] == ADDRESS and "Salom <b>Ali</b>" in part(mail, "plain")
            assert "Salom &lt;b&gt;Ali&lt;/b&gt;" in part(mail, "html")
            assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
            link = mail["List-Unsubscribe"].strip(" <>").removeprefix(PUBLIC)
            assert link.startswith("/mail/unsubscribe?") and link in part(mail, "plain")

            nobody = {"authorization": ""}
            form = {"content-type": "application/x-www-form-urlencoded"}
            for method in ("GET", "POST"):
                forged = await ali.request(method, link[:-1] + "-", headers=nobody)
                assert forged.status_code == 404 and "<button" not in forged.text
            page = await ali.get(link, headers=nobody | {"accept-language": "uz"})
            assert page.status_code == 200 and '<form method="post">' in page.text and "Toʻxtatish" in page.text
            assert "form-action 'self'" in page.headers["content-security-policy"]
            assert (await ali.get("/api/v1/me/email")).json()["digest"] is True
            done = await ali.post(link, headers=nobody | form, content="List-Unsubscribe=One-Click")
            assert done.status_code == 200
            assert (await ali.get("/api/v1/me/email")).json()["digest"] is False
            await vali.post(f"/api/v1/conversations/{place}/messages", json={"text": "yana"})
            while await store.gather_pushes(0):
                pass
            assert (await store.mail_backlog(0)).waiting == 0
    assert len(box.mails) == 2


def test_who_was_here_by_a_clock_that_was_wrong() -> None:
    """They are away all the same: their time comes again only in a day. Clocks of nodes may differ by a few seconds."""
    now = 1_795_000_000_000
    assert runtime.away_at(now - 60_000, now) == now - 60_000 + runtime.AWAY
    assert runtime.away_at(now + 5_000, now) == now + runtime.AWAY
    assert [runtime.away_at(seen, now) for seen in (None, now - runtime.AWAY, now + 86_400_000)] == [None] * 3
