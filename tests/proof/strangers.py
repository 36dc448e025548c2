"""Endless attacks of strangers, and their effect on a bystander: `python -m tests.proof.strangers [SECONDS] [ATTACK]`.

For each attack it prints how long a bystander's messages take to be acknowledged, before and during the attack. The
server has one core for itself. The attackers are a process on the other core with a lower priority than the bystander,
so that their own computing is not mistaken for a cost of the server. All limits are the defaults.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from urllib.parse import quote

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.servers import Server

ATTACKERS = 24
"""Threads of the attacking process."""
ACCOUNTS = 9
WORDS = "bugun yaxshi kun salom dostlar qalay"
PASSWORD = "a very secret passphrase"
MESSAGES = 2_000
PAUSE = 0.025
"""Between two messages of the bystander: below the default of `send_rate`."""
SPAWN = get_context("spawn")


@dataclass(frozen=True)
class Where:
    """What an attacker knows: the server, its own account, and the number of its thread."""

    port: int
    tokens: tuple[str, ...]
    room: str
    seq: int
    """The seq of a message in the room."""
    number: int

    @property
    def token(self) -> str:
        return self.tokens[self.number % len(self.tokens)]

    @property
    def address(self) -> dict[str, str]:
        return {"X-Forwarded-For": "198.51.100.1"}

    def ask(self, method: str, path: str, body: object = None, token: str | None = None) -> str:
        server = Server("suhbat", Path(), port=self.port)
        return str(server.request(method, path, body, token=token, **self.address)[0])

    def say(self, frame: Callable[[int], dict[str, Any]], over: Callable[[], bool], told: Counter[str]) -> None:
        """Send frames on one connection, with at most 32 awaiting a reply."""
        url = f"ws://127.0.0.1:{self.port}/api/v1/ws"
        with connect(url, compression=None, proxy=None, max_queue=None, additional_headers=self.address) as socket:
            socket.send(json.dumps({"type": "hello", "token": self.token}))
            waiting = n = 0
            while not over():
                while waiting < 32:
                    n += 1
                    socket.send(json.dumps(frame(n) | {"id": n}))
                    waiting += 1
                answer = json.loads(socket.recv(60))
                if answer["type"] in ("ok", "error") and isinstance(answer.get("id"), int):
                    waiting -= 1
                    told[answer.get("code", "ok")] += 1


Attack = Callable[[Where, Callable[[], bool], Counter[str]], None]


def asking(once: Callable[[Where, int], str]) -> Attack:
    """Send one request after the other, for ever."""

    def attack(where: Where, over: Callable[[], bool], told: Counter[str]) -> None:
        n = 0
        while not over():
            n += 1
            told[once(where, n)] += 1

    return attack


def saying(frame: Callable[[Where, int], dict[str, Any]]) -> Attack:
    """Send one frame after the other, for ever."""

    def attack(where: Where, over: Callable[[], bool], told: Counter[str]) -> None:
        where.say(lambda n: frame(where, n), over, told)

    return attack


def _nobodys(where: Where, n: int) -> str:
    return " ".join(f"@kimsa{where.number}x{n}x{k}" for k in range(50))


def idling(pause: float) -> Attack:
    """Open connections that ask for nothing, as many as allowed, and another one after each interval of this many
    seconds."""
    import socket

    def attack(where: Where, over: Callable[[], bool], told: Counter[str]) -> None:
        held: list[socket.socket] = []
        while not over():
            one = socket.create_connection(("127.0.0.1", where.port), timeout=10)
            held = [*held[-200:], one]
            told["opened"] += 1
            time.sleep(pause)
        for one in held:
            one.close()

    return attack


PHRASE = quote(f'"{WORDS}" "{WORDS} yoq"')
ATTACKS: Mapping[str, Attack] = {
    # An attack that costs the server almost nothing: it shows the cost of the attackers' mere presence.
    "nothing (/healthz)": asking(lambda where, n: where.ask("GET", "/healthz")),
    "phrase searches": asking(lambda where, n: where.ask("GET", f"/api/v1/search?q={PHRASE}", token=where.token)),
    "exports": asking(lambda where, n: where.ask("GET", "/api/v1/conversations/lobby/export", token=where.token)),
    "password changes": asking(
        lambda where, n: where.ask(
            "PATCH", "/api/v1/me", {"password": PASSWORD, "current_password": PASSWORD}, token=where.token
        )
    ),
    "guests": asking(lambda where, n: where.ask("POST", "/api/v1/guests", {"user_id": f"mehmon-{where.number}-{n}"})),
    "rooms": asking(
        lambda where, n: where.ask("POST", "/api/v1/conversations", {"title": f"xona {n}"}, token=where.token)
    ),
    "@all": saying(lambda where, n: {"type": "send", "conversation": where.room, "text": "@all"}),
    "names of nobody": saying(
        lambda where, n: {"type": "send", "conversation": where.room, "text": _nobodys(where, n)}
    ),
    "reactions": saying(
        lambda where, n: {"type": "react", "conversation": where.room, "seq": where.seq, "emoji": chr(0x1F600 + n % 60)}
    ),
    "a reaction on and off": saying(
        lambda where, n: {
            "type": "react",
            "conversation": where.room,
            "seq": where.seq,
            "emoji": chr(0x1F600 + where.number),
            "on": n % 2 == 0,
        }
    ),
    "idle connections": idling(0.05),
    "connections without end": idling(0.002),
}


def main(seconds: float, only: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        pinned = ("taskset", "-c", "0") if shutil.which("taskset") and (os.cpu_count() or 1) > 1 else ()
        if pinned:
            os.sched_setaffinity(0, {1})
        settings = {"SUHBAT_TRUSTED_PROXIES": "127.0.0.1"}
        limitless = settings | {f"SUHBAT_{name}_RATE": "0" for name in ("SEND", "ADDRESS", "ROOM")}
        server = Server("suhbat", Path(place) / "data", settings=limitless, prefix=pinned)
        server.start()
        try:
            tokens = tuple(_account(server, f"hujum{number}") for number in range(ACCOUNTS))
            bystander = _account(server, "guvoh")
            room, seq = _room(server, tokens)
            _fill(server, bystander)
            server.stop()
            server.settings = settings
            server.start()
            for name in ATTACKS:
                if only in name:
                    _measure(server, Where(server.port, tokens, room, seq, 0), bystander, name, seconds)
        finally:
            server.stop()


def _measure(server: Server, where: Where, bystander: str, name: str, seconds: float) -> None:
    before = _talk(server, bystander, seconds)
    ready, over = SPAWN.Event(), SPAWN.Event()
    heard, said = SPAWN.Pipe(duplex=False)
    child = SPAWN.Process(target=_attack, args=(name, where, ready, over, said))
    child.start()
    ready.wait(60)
    during = _talk(server, bystander, seconds)
    over.set()
    told = heard.recv() if heard.poll(60) else {}
    child.join(10)
    if child.is_alive():
        child.kill()
    print(
        f"{name}: p99 {during * 1e3:.1f} ms during, {before * 1e3:.1f} ms before: {during / before:.2f}x; {told}",
        flush=True,
    )


def _attack(name: str, where: Where, ready: Any, over: Any, said: Any) -> None:
    if hasattr(os, "sched_setscheduler"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))  # so that the bystander runs first
    elif hasattr(os, "nice"):
        os.nice(19)
    told: Counter[str] = Counter()

    def run(number: int) -> None:
        mine = replace(where, number=number)
        while not over.is_set():
            try:
                ATTACKS[name](mine, over.is_set, told)
            except (OSError, TimeoutError, ConnectionClosed, InvalidStatus) as error:
                told[type(error).__name__] += 1
                time.sleep(0.05)

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(ATTACKERS)]
    for thread in threads:
        thread.start()
    time.sleep(1.0)
    ready.set()
    over.wait(600)
    for thread in threads:
        thread.join(5)
    said.send(dict(told.most_common()))


def _account(server: Server, name: str) -> str:
    status, answer = server.request("POST", "/api/v1/accounts", {"user_id": name, "password": PASSWORD})
    assert status == 201, answer
    token: str = answer["token"]
    return token


def _room(server: Server, tokens: tuple[str, ...]) -> tuple[str, int]:
    """A public room of all attackers, with a message to react to."""
    _, made = server.request(
        "POST", "/api/v1/conversations", {"title": "Maydon", "visibility": "public"}, token=tokens[0]
    )
    room: str = made["conversation"]
    for number, token in enumerate(tokens[1:], 1):
        server.request("PUT", f"/api/v1/conversations/{room}/members/hujum{number}", {}, token=token)
    _, said = server.request("POST", f"/api/v1/conversations/{room}/messages", {"text": "salom"}, token=tokens[0])
    return room, said["seq"]


def _fill(server: Server, token: str) -> None:
    with connect(f"{server.ws}/api/v1/ws", compression=None, proxy=None, max_queue=None) as socket:
        socket.send(json.dumps({"type": "hello", "token": token}))
        for number in range(MESSAGES):
            said = {"type": "send", "id": number, "conversation": "lobby", "text": f"{WORDS} {number} {WORDS}"}
            socket.send(json.dumps(said))
            while json.loads(socket.recv(60)).get("id") != number:
                pass


def _talk(server: Server, token: str, seconds: float) -> float:
    """The 99th percentile of the time until a message is acknowledged."""
    took = []
    with connect(f"{server.ws}/api/v1/ws", compression=None, proxy=None, max_queue=None) as socket:
        socket.send(json.dumps({"type": "hello", "token": token}))
        until = time.monotonic() + seconds
        number = 0
        while time.monotonic() < until:
            number += 1
            began = time.monotonic()
            socket.send(json.dumps({"type": "send", "id": number, "conversation": "lobby", "text": f"salom {number}"}))
            while json.loads(socket.recv(60)).get("id") != number:
                pass
            took.append(time.monotonic() - began)
            time.sleep(PAUSE)
    return sorted(took)[int(len(took) * 0.99)]


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 10.0, sys.argv[2] if len(sys.argv) > 2 else "")
