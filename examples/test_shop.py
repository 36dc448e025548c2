"""How to test an application that has mounted Suhbat: `pytest examples/test_shop.py`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from examples.shop import make_app
from suhbat.testing import TestServer, serving, settings


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[TestServer]:
    with serving(make_app(settings(tmp_path)), "/chat") as server:
        yield server


def test_an_order_is_announced(shop: TestServer) -> None:
    ali = shop.person("ali")
    for path in ("orders?item=choy", "reports"):
        urlopen(Request(f"{shop.url}/{path}", method="POST")).close()  # noqa: S310
    assert ali.waits_for("Buyurtma: choy")["sender"] == "shop"
    ali.waits_for("Omborda 2 ta")


def test_a_question_is_answered(shop: TestServer) -> None:
    ali = shop.person("ali")
    asked = ali.says("!bormi choy")
    assert ali.waits_for("choy: 3 ta")["reply_to"] == asked


async def _talk(shop: TestServer) -> str:
    async with shop.person("vali").chat() as chat:
        await chat.send("lobby", "!bormi non")
        async for event in chat.events():
            if event.type == "message.created" and event.message.sender == "shop":
                return str(event.message.text)
    return ""


def test_with_the_sdk(shop: TestServer) -> None:
    import asyncio

    assert asyncio.run(_talk(shop)) == "non: 0 ta"
