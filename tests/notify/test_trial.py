"""A push that its owner asks for: what the browser gets, in their language."""

from __future__ import annotations

import json
from typing import Any

import pytest

from suhbat.errors import NotFound
from suhbat.notify.carrying import DirectCarrier
from suhbat.notify.sending import PushSender
from suhbat.notify.trial import PushTrial
from suhbat.notify.vapid import Vapid, make_key
from suhbat.outgoing.addresses import AllowedAddresses
from suhbat.outgoing.client import OutgoingClient
from suhbat.runtime.push_services import OutgoingPushServices
from suhbat.texts import Language
from tests.fakes import FakeClock, FakeStore

from .push_service import Browser, browser


def trial_for(one: Browser, address: str = "https://chat.example.org") -> PushTrial:
    store = FakeStore()
    subscription = one.subscription
    store.pushes = {subscription.id: subscription}
    client = OutgoingPushServices(OutgoingClient(AllowedAddresses(["127.0.0.0/8"])))
    vapid = Vapid(make_key(), "https://chat.example.org", FakeClock())
    return PushTrial(store, PushSender(DirectCarrier(client, lambda: vapid), FakeClock()), address)


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("en", "Notifications work"),
        ("uz", "Bildirishnomalar ishlayapti"),
        ("uz-Cyrl", "Билдиришномалар ишлаяпти"),
        ("ru", "Уведомления работают"),
    ],
)
async def test_what_arrives(language: Language, title: str) -> None:
    """The browser decrypts a declarative push in the language of the user, which leads to the settings of notifications."""
    async with browser() as one:
        assert await trial_for(one).send("u1", "p1", language) == "sent"
    (message,) = one.messages
    body: dict[str, Any] = json.loads(message)
    assert body["web_push"] == 8030
    shown = body["notification"]
    assert (shown["title"], shown["lang"], shown["tag"]) == (title, language, "trial")
    assert shown["navigate"] == "https://chat.example.org/#/settings/notifications"


async def test_only_the_own() -> None:
    """A subscription of another account, or one that does not exist, is not found, and nothing is sent."""
    async with browser() as one:
        for uid, id in (("u2", "p1"), ("u1", "p2")):
            with pytest.raises(NotFound):
                await trial_for(one).send(uid, id, "en")
    assert one.messages == []


async def test_an_unknown_browser_ends() -> None:
    """410 ends the subscription, so it is not found the next time."""
    async with browser() as one:
        one.status = "410 Gone"
        trial = trial_for(one)
        assert await trial.send("u1", "p1", "en") == "ended"
        with pytest.raises(NotFound):
            await trial.send("u1", "p1", "en")
