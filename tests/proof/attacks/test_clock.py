"""The wall clock jumps, or the process is stopped for a while."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from websockets.sync.client import connect

from tests.servers import COMMANDS, PATIENCE, Server
from tests.weaknesses.hasty import SILENCE_SECONDS

from .siege import OPTIONS, Siege, name

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither SIGSTOP nor SIGUSR1")

HOUR = 3_600.0
SUMMER_TIME = 2 * HOUR
JUMPS = (SUMMER_TIME, -SUMMER_TIME, 0.0, 40 * 24 * HOUR, -400 * 24 * HOUR)
"""Both ways, and right again; longer than any session lives; before everything that was ever said."""
ASLEEP = 5.0
"""Seconds. With deadlines of a tenth (tests/weaknesses/hasty.py) it is nearly a minute."""
PASSWORD = "a very secret passphrase"


@contextmanager
def started(kind: str, data: Path, *before: str) -> Iterator[Server]:
    server = Server(kind, data, command=(*before, *COMMANDS[kind][1:]))
    server.start()
    try:
        yield server
    finally:
        server.stop()


def test_the_clock_jumps(tmp_path: Path) -> None:
    """After a jump `seq` still gives the order, connections stay, login sessions in use stay valid, and a new login
    works."""
    file = tmp_path / "wrong"
    file.write_text("0")
    with started("suhbat", tmp_path / "data", "-m", "tests.proof.attacks.wrong_clock", str(file)) as server:
        assert server.process is not None
        siege = Siege(server)
        user = name("ali")
        account, guest = siege.account(user, PASSWORD), siege.guest(name("vali"))
        with siege.attack():
            for jump in JUMPS:
                file.write_text(str(jump))
                os.kill(server.process.pid, signal.SIGUSR1)
                time.sleep(0.5)
                said = f"at {jump}"
                status, answer = server.request(
                    "POST", "/api/v1/conversations/lobby/messages", {"text": said}, token=siege.guest(name("new"))
                )
                assert status == 201, answer
                status, answer = server.request("POST", "/api/v1/sessions", {"user_id": user, "password": PASSWORD})
                assert status == 201, answer
                siege.secrets.add(answer["token"])
                if abs(jump) <= SUMMER_TIME:
                    for token in (account, guest, answer["token"]):
                        assert server.request("GET", "/api/v1/me", token=token)[0] == 200
        status, page = server.request(
            "GET", "/api/v1/conversations/lobby/messages?limit=200", token=siege.guest(name("x"))
        )
        assert status == 200, page


def test_the_process_is_stopped_for_a_while(tmp_path: Path) -> None:
    """After a pause of the server, connections whose peers are still there are not closed as dead, and messages sent during
    the pause are stored. Both kinds of servers pause at the same time."""
    with ThreadPoolExecutor() as threads:
        for done in [threads.submit(_stopped, kind, tmp_path / kind) for kind in ("suhbat", "uvicorn")]:
            done.result()


def _stopped(kind: str, data: Path) -> None:
    with started(kind, data, "-m", "tests.weaknesses.hasty") as server, ExitStack() as stack:
        assert server.process is not None
        siege = Siege(server)
        people = [name("patient") for _ in range(8)]
        sockets = [stack.enter_context(connect(f"{server.ws}/ws/{one}", **OPTIONS)) for one in people]
        with siege.attack():
            time.sleep(1)
            os.kill(server.process.pid, signal.SIGSTOP)
            try:
                for one, socket in zip(people, sockets, strict=True):
                    socket.send(f'{{"message": "{one} while it slept"}}')
                time.sleep(ASLEEP)
            finally:
                os.kill(server.process.pid, signal.SIGCONT)
            for one, socket in zip(people, sockets, strict=True):
                while f"{one} while it slept" not in socket.recv(timeout=PATIENCE):
                    pass
            time.sleep(SILENCE_SECONDS + 0.5)  # more than the silence after which somebody is dropped
            for one, socket in zip(people, sockets, strict=True):
                socket.send(f'{{"message": "{one} is here"}}')
                while f"{one} is here" not in socket.recv(timeout=PATIENCE):
                    pass
