"""An application with Suhbat in two processes' worth of nodes: which of them calls a handler."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from fastapi import FastAPI

import suhbat
from suhbat.runtime.embedding import EmbeddedChat
from suhbat.testing import serving, settings
from tests import engines
from tests.servers import PATIENCE


def application(place: Path, told: list[str]) -> tuple[FastAPI, EmbeddedChat]:
    app = FastAPI()
    shared = {"database_url": engines.database_of(place.parent / "shared"), "bus_url": engines.nats().url}
    chat = suhbat.mount(app, "/chat", settings=settings(place, **shared))

    @chat.on("message.created")
    async def hears(event: Any) -> None:
        told.append(event.message.text)

    return app, chat


def test_one_node_calls_a_handler(tmp_path: Path) -> None:
    """The node that stored the event calls it, the others do not. A message of the application reaches people on every node,
    and its speaker is the same user there."""
    heard: tuple[list[str], list[str]] = ([], [])
    (first, chat), (second, other) = (application(tmp_path / f"node{number}", heard[number]) for number in range(2))
    with serving(first, "/chat") as here, serving(second, "/chat") as there:
        ali, vali = here.person("ali"), there.person("vali")
        for number in range(5):
            ali.says(f"ali {number}")
            vali.says(f"vali {number}")
        senders = {
            chat.send_from_thread("lobby", "from the first", sender="shop").conversation,
            other.send_from_thread("lobby", "from the second", sender="shop").conversation,
        }
        assert senders == {"lobby"}
        said = [vali.waits_for(text) for text in ("from the first", "from the second")]
        assert {(one["sender"], one["sender_uid"]) for one in said} == {("shop", said[0]["sender_uid"])}
        ali.waits_for("from the second")
        until = time.monotonic() + PATIENCE
        while min(map(len, heard)) < 6:
            assert time.monotonic() < until, heard
            time.sleep(0.02)
    assert heard == (
        [*(f"ali {number}" for number in range(5)), "from the first"],
        [*(f"vali {number}" for number in range(5)), "from the second"],
    )
