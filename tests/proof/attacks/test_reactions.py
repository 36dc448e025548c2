"""Thousands of different emoji under one message."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from suhbat.protocol.emoji_table import SEQUENCES
from tests.servers import running
from tests.talk import V1

from .siege import Siege, name
from .sizes import FULL

NONE = 15_000 if FULL else 3_000
"""What is no emoji, each another."""
PEOPLE = 24
CHUNK = 250
SNAPSHOT = 256 * 1024
"""Bytes, at the most."""


async def test_thousands_of_emoji_under_one_message(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Text that is no emoji is refused, and so is the 21st different emoji. A message shows the first twenty users of each,
    and a snapshot keeps its usual size. Removing and adding again does not make it larger."""
    with running("suhbat", tmp_path_factory.mktemp("emoji") / "suhbat", send_rate="0", address_rate="0") as server:
        siege = Siege(server)
        victim = siege.guest(name("victim"))
        async with V1(server.ws, victim) as one:
            room = (await one.ask("create", title="Choyxona", visibility="public"))["conversation"]
            seq = (await one.ask("send", conversation=room, text="salom"))["seq"]
        real = [emoji for emoji in SEQUENCES.split() if len(emoji) == 1][100:1_100]
        with siege.attack():
            for number in range(PEOPLE):
                async with V1(server.ws, siege.guest(name("crowd"))) as guest:
                    await guest.ask("join", conversation=room)
                    place = {"type": "react", "conversation": room, "seq": seq}
                    wanted = real if number == 0 else real[:20]
                    if number == 1:
                        wanted = [f"१{at}" for at in range(NONE)] + wanted
                    codes: Counter[str] = Counter()
                    for start in range(0, len(wanted), CHUNK):
                        asked = wanted[start : start + CHUNK]
                        for emoji in asked:
                            await guest.say(place | {"id": "put", "emoji": emoji, "on": True})
                        answers = 0
                        while answers < len(asked):
                            frame = await guest.hear()
                            if frame.get("id") == "put":
                                answers += 1
                                codes[frame.get("code", "ok")] += 1
                    expected = {"ok": 20, "too_many_reactions": len(real) - 20} if number == 0 else {"ok": 20}
                    assert codes == expected | ({"bad_request": NONE} if number == 1 else {})
        async with V1(server.ws, victim) as again:
            assert len(json.dumps(again.snapshot, ensure_ascii=False).encode()) < SNAPSHOT
            state = next(one for one in again.snapshot["conversations"] if one["conversation"] == room)
            reactions = state["last_message"]["reactions"]
            assert [(one["count"], len(one["users"]), one["mine"]) for one in reactions] == [(PEOPLE, 20, False)] * 20
