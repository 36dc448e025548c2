"""Rooms, invitations and directs that strangers make around one person. Each has a limit, which is reached here, and the
person can still connect and gets no large frame."""

from __future__ import annotations

import itertools
import json
import time
from typing import Any

from websockets.sync.client import connect

from suhbat.chat.bounds import INVITATIONS, INVITED_BY_ONE

from .conftest import WHATEVER
from .siege import DIRECTS, OPTIONS, PATIENCE, ROOMS, Siege, name

LARGEST = 256 * 1024
"""Bytes of a frame of a snapshot."""
WRITERS = 60
"""Guests who each write one message to the victim: together far more than a frame holds."""
A_WHILE = 3_600
"""Seconds. A longer wait means that the limit of the day is reached; a shorter one is a rate limit."""
LONG = "\u0416" * 3_900
"""A text of two bytes a letter."""


def opening(siege: Siege, token: str) -> list[tuple[int, dict[str, object]]]:
    """The frames of an opening, each with its size in bytes."""
    frames: list[tuple[int, dict[str, object]]] = []
    limit = time.monotonic() + PATIENCE
    with connect(f"{siege.server.ws}/api/v1/ws", max_size=None, **OPTIONS) as socket:
        socket.send(json.dumps({"type": "hello", "id": 1, "token": token}))
        while not frames or frames[-1][1]["type"] != "caught_up":
            data = socket.recv(timeout=max(0.0, limit - time.monotonic()))
            frames.append((len(data if isinstance(data, bytes) else data.encode()), json.loads(data)))
    return frames


def snapshots(siege: Siege, token: str) -> list[dict[str, object]]:
    """The frames of a snapshot: none is large, and all but the last announce another."""
    found = [(size, frame) for size, frame in opening(siege, token) if frame["type"] == "snapshot"]
    assert max(size for size, _ in found) < LARGEST
    assert [bool(frame.get("more")) for _, frame in found] == [True] * (len(found) - 1) + [False]
    return [frame for _, frame in found]


def patiently(siege: Siege, token: str, path: str, body: dict[str, object]) -> tuple[int, dict[str, Any]]:
    """Repeat a POST after each `retry_after`, unless that is another day; returns the last answer."""
    while True:
        status, answer = siege.server.request("POST", path, body, token=token)
        if status != 429 or answer["retry_after"] > A_WHILE:
            return status, answer
        time.sleep(answer["retry_after"])


@WHATEVER
def test_rooms_around_somebody(siege: Siege) -> None:
    """A guest makes as many rooms as a day allows and adds the victim to each, and others do the same. The victim becomes a
    member of none, has at most the limit of invitations, and can connect."""
    ask, person = siege.server.request, name("victim")
    victim = siege.guest(person)
    codes: list[str] = []
    with siege.attack():
        for attacker in range(INVITATIONS // INVITED_BY_ONE + 2):
            token = siege.guest(name("maker"))
            for _ in range(ROOMS if attacker == 0 else INVITED_BY_ONE + 1):
                status, made = patiently(siege, token, "/api/v1/conversations", {"title": "Keling"})
                if status == 201:
                    path = f"/api/v1/conversations/{made['conversation']}/members/{person}"
                    status, made = ask("PUT", path, {}, token=token)
                    assert (status, made) == (202, {"invited": True}) or status == 409, made
                codes.append(str(status if status < 400 else made["code"]))
            if attacker == 0:
                status, refused = patiently(siege, token, "/api/v1/conversations", {"title": "Keling"})
                assert (status, refused["code"]) == (429, "rate_limited") and refused["retry_after"] > A_WHILE
        assert codes.count("202") == INVITATIONS
        assert set(codes) == {"202", "too_many_invitations"}
        [snapshot] = snapshots(siege, victim)
        assert len(snapshot["conversations"]) == 1
        assert len(snapshot["invitations"]) == INVITATIONS


@WHATEVER
def test_directs_with_somebody(siege: Siege) -> None:
    """A guest opens as many directs with the victim as a day allows; the victim sees none of them. Directs in which guests
    write are all shown, in frames that are not large."""
    person = name("victim")
    victim, token = siege.guest(person), siege.guest(name("opener"))
    others = [name("other") for _ in range(9)]
    for other in others:
        siege.guest(other)
    groups = itertools.chain.from_iterable(itertools.combinations(others, size) for size in range(1, 9))
    with siege.attack():
        for group in itertools.islice(groups, DIRECTS):
            status, made = patiently(siege, token, "/api/v1/directs", {"users": [person, *group]})
            assert status == 201, made
        _, refused = patiently(siege, token, "/api/v1/directs", {"users": [person, *others]})
        assert refused["code"] == "rate_limited" and refused["retry_after"] > A_WHILE
        [snapshot] = snapshots(siege, victim)
        assert len(snapshot["conversations"]) == 1
        for _ in range(WRITERS):
            writer = siege.guest(name("writer"))
            with connect(f"{siege.server.ws}/api/v1/ws", **OPTIONS) as socket:
                socket.send(json.dumps({"type": "hello", "token": writer}))
                socket.send(json.dumps({"type": "send", "id": 1, "to_user": person, "text": LONG}))
                while json.loads(socket.recv(timeout=PATIENCE))["type"] != "ok":
                    pass
        found = snapshots(siege, victim)
        assert len(found) > 1
        seen = [state["conversation"] for frame in found for state in frame["conversations"]]
        assert len(seen) == len(set(seen)) == WRITERS + 1
