"""Mentions: everybody again and again, and fifty unknown names in each message."""

from __future__ import annotations

import itertools
import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from suhbat.chat.rate import NAMED_AT_ONCE
from tests.system.raw import TEXT, Frame, Raw, framed

from .siege import PATIENCE, Siege, name

PEOPLE = 60
"""In the room. What a message costs is counted, and does not grow with them."""
FLOOD = NAMED_AT_ONCE // PEOPLE + 70
"""Below what `send_rate` lets pass at once, so that it is the naming that is refused."""
LARGEST = 1_024
"""Bytes that a short message may take in the database."""


def test_everybody_without_end(siege: Siege) -> None:
    """Above the limit a mention of everybody is refused with the time to wait. An accepted one is stored once, not once per
    person, and every reader counts it."""
    owner, people = siege.guest(name("shouter")), [siege.guest(name("member")) for _ in range(PEOPLE - 1)]
    room = _room(siege, owner, people)
    with Raw(siege.server.port, "/api/v1/ws") as raw, siege.attack():
        raw.hello(owner)
        before = _stored(siege)
        answers = _send(raw, room, [f"@all {number}" for number in range(FLOOD)])
        events, size = (now - then for now, then in zip(_stored(siege), before, strict=True))
        after = _calm(raw, room)
    refused = [answer for answer in answers if answer["type"] == "error"]
    taken = len(answers) - len(refused)
    assert taken >= NAMED_AT_ONCE // PEOPLE and refused
    assert all(one["code"] == "rate_limited" and one["retry_after"] > 0 for one in refused)
    assert after, "what names nobody passes"
    # The two talk meanwhile; nobody else writes, and nobody's own log does.
    assert taken <= events < taken * (PEOPLE - 1) and size / events < LARGEST, (events, size / events)
    status, page = siege.server.request("GET", f"/api/v1/conversations/{room}", token=people[0])
    assert (status, page["mentions"]) == (200, taken)


def test_fifty_names_of_nobody(siege: Siege) -> None:
    """Messages with fifty different unknown names, in letters that are costly to normalise, are all answered."""
    token = siege.guest(name("namer"))
    numbers = itertools.count()
    texts = [" ".join(f"@ғўқҳ{_letters(next(numbers))}zz" for _ in range(50)) for _ in range(200)]
    with Raw(siege.server.port, "/api/v1/ws") as raw, siege.attack():
        raw.hello(token)
        answers = _send(raw, "lobby", texts)
    assert all(answer["type"] == "ok" or answer["code"] == "rate_limited" for answer in answers)


def _room(siege: Siege, owner: str, people: list[str]) -> str:
    body = {"kind": "room", "title": "Maydon", "visibility": "public"}
    status, room = siege.server.request("POST", "/api/v1/conversations", body, token=owner)
    assert status == 201, room
    with ThreadPoolExecutor(4) as pool:
        for status, answer in pool.map(lambda token: _join(siege, room["conversation"], token), people):
            assert status in (200, 201), answer
    return str(room["conversation"])


def _join(siege: Siege, room: str, token: str) -> tuple[int, object]:
    _, me = siege.server.request("GET", "/api/v1/me", token=token)
    path = f"/api/v1/conversations/{room}/members/{me['user_id']}"
    status, answer = siege.server.request("PUT", path, {}, token=token)
    return status, answer


def _send(raw: Raw, room: str, texts: list[str]) -> list[Frame]:
    """Send all at once; returns the answer to each."""
    frames = [
        json.dumps({"type": "send", "id": number, "conversation": room, "text": text}).encode()
        for number, text in enumerate(texts)
    ]
    answers: list[Frame] = []
    with ThreadPoolExecutor(1) as thread:
        writing = thread.submit(raw.socket.sendall, b"".join(framed(TEXT, frame) for frame in frames))
        while len(answers) < len(texts):
            answer = raw.hear()
            if answer["type"] in ("ok", "error"):
                answers.append(answer)
        writing.result(PATIENCE)
    return answers


def _calm(raw: Raw, room: str) -> bool:
    return _send(raw, room, ["hech kim"])[0]["type"] == "ok"


def _letters(number: int) -> str:
    return "".join("абвгдежзик"[int(digit)] for digit in str(number))


def _stored(siege: Siege) -> tuple[int, int]:
    """The number of events in the database, and the bytes of its used pages."""
    (file,) = siege.server.data.glob("*.db")
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        (events,) = database.execute("SELECT count(*) FROM events").fetchone()
        pages, free, size = (
            database.execute(f"PRAGMA {what}").fetchone()[0] for what in ("page_count", "freelist_count", "page_size")
        )
    return events, (pages - free) * size
