"""What strangers do without end, and what somebody beside them notices: `python -m tests.proof.strangers [SECONDS]`.

Prints for each attack how long a bystander's messages take until they are acknowledged, before it and during it.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from websockets.sync.client import connect

from tests.servers import Server, running

ATTACKERS = 24
"""Threads, in the same process as the bystander: which costs it something, also before it is the server's turn."""
WORDS = "bugun yaxshi kun salom dostlar qalay"
PASSWORD = "a very secret passphrase"
MESSAGES = 2_000


def main(seconds: float) -> None:
    with tempfile.TemporaryDirectory() as place:
        options = {"send_rate": "0", "room_rate": "0", "address_rate": "0", "trusted_proxies": "127.0.0.1"}
        with running("suhbat", Path(place) / "data", **options) as server:
            tokens = [_account(server, f"hujum{number}") for number in range(9)]
            bystander = _account(server, "guvoh")
            _fill(server, bystander)
            phrases = quote(f'"{WORDS}" "{WORDS} yoq"')
            attacks: dict[str, Callable[[int, int], tuple[int, object]]] = {
                # What costs the server nothing to speak of: the rest is what the attackers cost by being there.
                "nothing (/healthz)": lambda number, n: server.request("GET", "/healthz"),
                "phrase searches": lambda number, n: server.request(
                    "GET", f"/api/v1/search?q={phrases}", token=tokens[number % 9]
                ),
                "exports": lambda number, n: server.request(
                    "GET", "/api/v1/conversations/lobby/export", token=tokens[number % 9]
                ),
                "password changes": lambda number, n: server.request(
                    "PATCH",
                    "/api/v1/me",
                    {"password": PASSWORD, "current_password": PASSWORD},
                    token=tokens[number % 9],
                    **{"X-Forwarded-For": "198.51.100.1"},
                ),
                "guests": lambda number, n: server.request(
                    "POST",
                    "/api/v1/guests",
                    {"user_id": f"mehmon-{number}-{n}"},
                    **{"X-Forwarded-For": "198.51.100.1"},
                ),
            }
            for name, attack in attacks.items():
                before = _talk(server, bystander, seconds)
                codes: dict[int, int] = {}
                over = threading.Event()
                threads = [threading.Thread(target=_repeat, args=(attack, n, over, codes)) for n in range(ATTACKERS)]
                for thread in threads:
                    thread.start()
                during = _talk(server, bystander, seconds)
                over.set()
                for thread in threads:
                    thread.join()
                print(
                    f"{name}: p99 {during * 1e3:.0f} ms during, {before * 1e3:.0f} ms before; answers {codes}",
                    flush=True,
                )


def _account(server: Server, name: str) -> str:
    _, answer = server.request("POST", "/api/v1/accounts", {"user_id": name, "password": PASSWORD})
    token: str = answer["token"]
    return token


def _fill(server: Server, token: str) -> None:
    with connect(f"{server.ws}/api/v1/ws", compression=None, proxy=None, max_queue=None) as socket:
        socket.send(json.dumps({"type": "hello", "token": token}))
        for number in range(MESSAGES):
            said = {"type": "send", "conversation": "lobby", "text": f"{WORDS} {number} {WORDS}"}
            socket.send(json.dumps(said | ({"id": number} if number == MESSAGES - 1 else {})))
        while json.loads(socket.recv(60)).get("id") != MESSAGES - 1:
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
            time.sleep(0.01)
    return sorted(took)[int(len(took) * 0.99)]


def _repeat(
    attack: Callable[[int, int], tuple[int, object]], number: int, over: threading.Event, codes: dict[int, int]
) -> None:
    n = 0
    while not over.is_set():
        n += 1
        try:
            status, _ = attack(number, n)
        except TimeoutError:
            status = 0  # it stopped waiting
        codes[status] = codes.get(status, 0) + 1


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 10.0)
