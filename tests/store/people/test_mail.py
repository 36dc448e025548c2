"""Every sentence of chat.ports.mail, over every store."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from suhbat.chat.model import Mail, MailAddress, MailCode
from suhbat.chat.ports import MailLimits, Store
from suhbat.errors import Busy, NotFound, RateLimited
from suhbat.protocol.types import LOBBY
from suhbat.store.people.mail_queue import AWAY
from tests.store.parts import ALI, VALI, Listener, direct

from .test_people import account

LIMITS = MailLimits()
ADDRESS = "ali@example.org"
HOUR = 3_600_000
NOW = 1_700_000_000_000


def mail(id: str = "m1", **fields: Any) -> Mail:
    row: dict[str, Any] = {
        "id": id, "kind": "confirm", "key": f"confirm:{id}", "uid": "u-ali", "address": ADDRESS, "about": "{}",
        "created_at": NOW, "due_at": NOW, "expires_at": NOW + 24 * HOUR,
    }  # fmt: skip
    return Mail(**(row | fields))


def code(value: bytes = b"c" * 32, **fields: Any) -> MailCode:
    row: dict[str, Any] = {
        "hash": value, "use": "confirm", "uid": "u-ali", "address": ADDRESS, "expires_at": NOW + HOUR,
    }  # fmt: skip
    return MailCode(**(row | fields))


@pytest.fixture
async def people(store: Store) -> Store:
    """The store, with two accounts."""
    for name in ("ali", "vali"):
        await store.add_account(account(name))
    return store


async def confirmed(store: Store, uid: str = "u-ali", address: str = ADDRESS) -> None:
    """This account has this address, confirmed."""
    hashed = f"{uid}{address}".encode().ljust(32, b".")
    waiting = mail(f"m-{uid}", key=f"confirm:{uid}", uid=uid, address=address)
    await store.want_address(uid, address, waiting, LIMITS._replace(account=0, mailbox=0))
    await store.add_code(code(hashed, uid=uid, address=address))
    assert await store.confirm_address(hashed, NOW) is not None
    await store.end_mail(waiting, NOW)


async def test_an_address_is_confirmed_with_its_code(people: Store) -> None:
    """Until then the address before stays; each code is good once, until it expires, for the address that it was sent to."""
    assert await people.mail_address("u-ali") is None
    await people.want_address("u-ali", ADDRESS, mail(), LIMITS)
    assert await people.mail_address("u-ali") == MailAddress("u-ali", wanted=ADDRESS)
    assert await people.mail_owners(ADDRESS, 5) == []
    await people.add_code(code())
    assert await people.confirm_address(b"x" * 32, NOW) is None
    assert await people.confirm_address(code().hash, NOW + HOUR) is None
    assert await people.take_code(code().hash, "reset", NOW) is None
    before, after = (await people.confirm_address(code().hash, NOW)) or (None, None)
    assert before == MailAddress("u-ali", wanted=ADDRESS)
    assert after == MailAddress("u-ali", address=ADDRESS, confirmed_at=NOW) == await people.mail_address("u-ali")
    assert await people.mail_owners(ADDRESS.upper(), 5) == ["u-ali"]
    assert await people.confirm_address(code().hash, NOW) is None


async def test_another_address(people: Store) -> None:
    """A code for the address that was wanted before is void, and the confirmed one stays until the new one is confirmed."""
    await confirmed(people)
    await people.want_address(
        "u-ali", "b@example.org", mail("m2", key="confirm:u-ali", address="b@example.org"), LIMITS
    )
    await people.add_code(code(b"2" * 32, address="b@example.org"))
    await people.want_address(
        "u-ali", "c@example.org", mail("m3", key="confirm:u-ali", address="c@example.org"), LIMITS
    )
    assert await people.confirm_address(b"2" * 32, NOW) is None
    held = await people.mail_address("u-ali")
    assert held is not None and (held.address, held.wanted) == (ADDRESS, "c@example.org")
    assert [one.address for one in await people.claim_mails(9, NOW, NOW + 1)] == ["c@example.org"]
    # Also one that is added late, by a node that had the mail in hand.
    await people.add_code(code(b"3" * 32, address="b@example.org"))
    assert await people.confirm_address(b"3" * 32, NOW) is None


async def test_a_code_for_a_password(people: Store) -> None:
    """It is good once, and not after another address, after the removal of the address, or after another password."""
    ways = [
        lambda: people.take_code(b"r" * 32, "reset", NOW),
        lambda: confirmed(people, address="new@example.org"),
        lambda: people.forget_address("u-ali"),
        lambda: people.save_account(replace(account("ali"), password_hash="another")),
    ]
    for void in ways:
        await confirmed(people)
        await people.add_code(code(b"r" * 32, use="reset"))
        assert await people.mail_code(b"r" * 32, "reset", NOW) == code(b"r" * 32, use="reset")
        await void()
        assert await people.mail_code(b"r" * 32, "reset", NOW) is None
        assert await people.take_code(b"r" * 32, "reset", NOW) is None
    await people.add_code(code(b"r" * 32, use="reset"))
    await people.save_account(replace(account("ali"), password_hash="another", display_name="Ali V."))
    assert await people.mail_code(b"r" * 32, "reset", NOW) is not None


async def test_one_code_voids_the_others(people: Store) -> None:
    """Two links were mailed; after one of them was used, the other one is of no use to anybody."""
    for value in (b"1" * 32, b"2" * 32):
        await people.add_code(code(value, use="reset"))
    assert await people.take_code(b"1" * 32, "reset", NOW) is not None
    assert await people.mail_code(b"2" * 32, "reset", NOW) is None
    with pytest.raises(NotFound):
        await people.add_code(code(b"3" * 32, uid="u-nobody"))
    await people.add_code(code(b"4" * 32))
    await people.drop_codes(NOW + HOUR)
    assert await people.mail_code(b"4" * 32, "confirm", NOW) is None


async def test_claims_of_a_process_that_is_gone(people: Store) -> None:
    """At its start a server that has no other nodes ends all claims: after kill -9 a mail about a new password waited for a
    quarter of an hour."""
    await people.queue_mail(mail("m1", due_at=NOW), LIMITS)
    await people.queue_mail(mail("m2", due_at=NOW + 9_000), LIMITS)
    assert [one.id for one in await people.claim_mails(5, NOW, NOW + 900_000)] == ["m1"]
    await people.free_mails()
    assert [one.id for one in await people.claim_mails(5, NOW, NOW + 900_000)] == ["m1"]


async def test_the_queue(people: Store) -> None:
    """A mail is claimed by one at a time, in the order in which they are due; a claim ends by itself."""
    for number, due in ((1, NOW + 5), (2, NOW), (3, NOW + 9_000)):
        await people.queue_mail(mail(f"m{number}", due_at=due), LIMITS)
    assert not await people.mails_due(NOW - 1) and await people.mails_due(NOW)
    assert [one.id for one in await people.claim_mails(5, NOW + 5, NOW + 100)] == ["m2", "m1"]
    assert await people.claim_mails(5, NOW + 6, NOW + 100) == [] and not await people.mails_due(NOW + 6)
    again = await people.claim_mails(1, NOW + 100, NOW + 200)
    assert [(one.id, one.attempts) for one in again] == [("m2", 0)]
    await people.delay_mails(again, NOW + 300, tried=True)
    assert [one.id for one in await people.claim_mails(5, NOW + 100, NOW + 200)] == ["m1"]
    later = await people.claim_mails(5, NOW + 300, NOW + 400)
    assert sorted((one.id, one.attempts) for one in later) == [("m1", 0), ("m2", 1)]
    backlog = await people.mail_backlog(NOW + 300)
    assert (backlog.waiting, backlog.oldest) == (3, NOW + 5)


async def test_the_end_of_a_mail(people: Store) -> None:
    """It is deleted. One that was asked for again meanwhile waits anew."""
    await confirmed(people)
    await people.ask_digest("u-ali", NOW - AWAY)
    [digest] = await people.claim_mails(5, NOW, NOW + 100)
    await people.ask_digest("u-ali", NOW)
    await people.end_mail(digest, NOW + HOUR)
    assert not await people.mails_due(NOW + HOUR - 1)
    [again] = await people.claim_mails(5, NOW + HOUR, NOW + HOUR + 1)
    assert (again.id, again.version) == (digest.id, 2)
    await people.end_mail(again, NOW)
    assert (await people.mail_backlog(NOW)).waiting == 0


async def test_mails_expire(people: Store) -> None:
    """After a long outage of the mail server nobody gets what is of no use any more."""
    await people.queue_mail(mail(expires_at=NOW + 10), LIMITS)
    assert await people.claim_mails(5, NOW + 10, NOW + 20) == []
    assert (await people.mail_backlog(NOW)).waiting == 0


async def digests(people: Store) -> list[str]:
    """The addresses of the digests that wait. They are given back."""
    waiting = await people.claim_mails(9, NOW + 2 * AWAY, NOW + 2 * AWAY)
    return [one.address for one in waiting if one.kind == "digest"]


async def test_a_digest_needs_a_confirmed_address(people: Store) -> None:
    """Nobody gets one without, after it was switched off, or at an address that was refused."""
    await people.ask_digest("u-ali", NOW)
    assert not await people.set_digest("u-ali", True)
    await people.want_address("u-ali", ADDRESS, mail(), LIMITS)
    await people.ask_digest("u-ali", NOW)
    await confirmed(people)
    assert await people.set_digest("u-ali", False)
    await people.ask_digest("u-ali", NOW)
    await people.set_digest("u-ali", True)
    await people.refuse_address("u-ali", ADDRESS, NOW)
    await people.ask_digest("u-ali", NOW)
    await people.refuse_address("u-ali", "other@example.org", None)
    assert await digests(people) == []
    await people.refuse_address("u-ali", ADDRESS, None)
    await people.ask_digest("u-ali", NOW)
    assert await digests(people) == [ADDRESS]
    await people.digest_sent("u-ali", NOW)
    held = await people.mail_address("u-ali")
    assert held is not None and (held.refused_at, held.digest_at) == (None, NOW)


async def test_a_message_asks_for_a_digest(people: Store, listener: Listener) -> None:
    """A direct and a mention do, 15 minutes after the first of them; other messages, and one's own, do not."""
    await people.save_account(replace(account("vali"), display_name="Vali"))
    await confirmed(people)
    place = await direct(people, ALI, VALI, NOW)
    for text, fields in (
        ("salom", {"conversation": LOBBY}),
        ("@ali salom", {"conversation": LOBBY, "named": ("u-ali",)}),
        ("salom", {"conversation": place}),
    ):
        await gather(people)
        before = await people.mail_backlog(NOW)
        await listener.send(people, VALI, text, at=NOW, **fields)
        await listener.send(people, ALI, text, at=NOW, **fields)
        await gather(people)
        waiting = await people.claim_mails(9, NOW + AWAY, NOW + AWAY)
        asked = [one for one in waiting if one.kind == "digest"]
        assert len(asked) == ("named" in fields or fields["conversation"] == place), text
        assert before.waiting == 0 and not await people.mails_due(NOW + AWAY - 1)
        for one in waiting:
            await people.end_mail(one, NOW)


async def gather(people: Store) -> None:
    """What `notify` does all the time."""
    while await people.gather_pushes(8_000):
        pass


async def test_limits(people: Store) -> None:
    """An account causes so many mails a day; one mailbox gets so many, however it is spelt, which nobody is told."""
    few = MailLimits(account=3, mailbox=2, waiting=100)
    for number in range(3):
        await people.queue_mail(mail(f"m{number}", address=f"x{number}@example.org"), few)
    with pytest.raises(RateLimited):
        await people.queue_mail(mail("m4", address="x4@example.org"), few)
    for number, address in enumerate(("b.o.b@example.org", "BOB+chat@example.org", "bob@Example.org")):
        await people.queue_mail(mail(f"v{number}", uid="u-vali", address=address), few)
    assert (await people.mail_backlog(NOW)).waiting == 5
    # Links to a new password are counted apart, and notices are not counted.
    await people.queue_mail(mail("r1", kind="reset", address="bob@example.org"), few)
    await people.queue_mail(mail("n1", kind="changed", address="bob@example.org"), few)
    assert (await people.mail_backlog(NOW)).waiting == 7
    with pytest.raises(Busy):
        await people.queue_mail(mail("f1", kind="changed"), few._replace(waiting=7))
    await people.queue_mail(mail("m5", created_at=NOW + 24 * HOUR, address="x5@example.org"), few)


async def test_one_mail_of_a_key(people: Store) -> None:
    """Who asks ten times while the mail server is down gets one mail."""
    for number in range(10):
        await people.queue_mail(mail(f"r{number}", kind="reset", key="reset:u-ali"), LIMITS)
    assert [one.id for one in await people.claim_mails(9, NOW, NOW + 1)] == ["r0"]


async def test_an_erased_account(people: Store) -> None:
    """Its address, codes and mails go with it."""
    await confirmed(people)
    await people.add_code(code(b"r" * 32, use="reset"))
    await people.queue_mail(mail("m2"), LIMITS)
    await people.erase(ALI, NOW, with_messages=False)
    assert await people.mail_address("u-ali") is None and await people.mail_code(b"r" * 32, "reset", NOW) is None
    assert (await people.mail_backlog(NOW)).waiting == 0


async def test_a_removed_address(people: Store) -> None:
    """What waits for it is not sent, but the notices are."""
    await confirmed(people)
    for id, kind in (("m2", "reset"), ("m3", "digest"), ("m4", "changed"), ("m5", "password")):
        await people.queue_mail(mail(id, kind=kind), LIMITS)
    before = await people.forget_address("u-ali")
    assert before is not None and before.address == ADDRESS
    assert sorted(one.id for one in await people.claim_mails(9, NOW, NOW + 1)) == ["m4", "m5"]
    assert await people.forget_address("u-ali") is None


async def test_the_secret_stays(people: Store) -> None:
    """The links in old mails stay valid."""
    assert await people.mail_secret() == await people.mail_secret()
    assert len(await people.mail_secret()) == 32
