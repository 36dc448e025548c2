"""What one client, or one mistake in starting the server, must not do to everybody else."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest
from websockets.sync.client import connect

from suhbat.protocol.types import MAX_FRAME
from tests.servers import COMMANDS, ROOT, Server, free_port, running

from .raw import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Raw, simple

_numbers = count(1)

Misdeed = Callable[[Raw], object]


def name(base: str = "user") -> str:
    """One that no other test has."""
    return f"{base}-{next(_numbers)}"


@pytest.fixture(scope="module", params=["suhbat", "uvicorn"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One with its defaults, for the tests that need no other."""
    with running(request.param, tmp_path_factory.mktemp("limits") / "data") as running_server:
        yield running_server


# Bytes


def _in_pieces(size: int) -> Misdeed:
    """A message of fragments that are each small."""

    def say(raw: Raw) -> None:
        piece = 16_000
        raw.frame(TEXT, b'{"message":"', fin=False)
        for _ in range(size // piece):
            raw.frame(CONTINUATION, b"x" * piece, fin=False)
        raw.frame(CONTINUATION, b'"}')

    return say


MISDEEDS: dict[str, tuple[int, Misdeed]] = {
    "no mask": (1002, lambda raw: raw.frame(TEXT, b'{"message":"hi"}', mask=False)),
    "reserved bit 1 (deflate was not agreed)": (1002, lambda raw: raw.frame(TEXT, b'{"message":"hi"}', rsv=4)),
    "reserved bit 3": (1002, lambda raw: raw.frame(TEXT, b'{"message":"hi"}', rsv=1)),
    "unknown opcode": (1002, lambda raw: raw.frame(3, b"hi")),
    "unknown control opcode": (1002, lambda raw: raw.frame(11, b"hi")),
    "continuation of nothing": (1002, lambda raw: raw.frame(CONTINUATION, b"hi")),
    "a message within a message": (1002, lambda raw: (raw.frame(TEXT, b"a", fin=False), raw.frame(TEXT, b"b"))),
    "ping in pieces": (1002, lambda raw: raw.frame(PING, b"hi", fin=False)),
    "ping of 126 bytes": (1002, lambda raw: raw.frame(PING, b"x" * 126)),
    "close of one byte": (1002, lambda raw: raw.frame(CLOSE, b"x")),
    "close with a code that may not be sent": (1002, lambda raw: raw.frame(CLOSE, struct.pack("!H", 1006))),
    "text that is not UTF-8": (1007, lambda raw: raw.frame(TEXT, b'{"message":"\xff\xfe"}')),
    "UTF-8 broken off": (1007, lambda raw: raw.frame(TEXT, '{"message":"oʻ'.encode()[:-1])),
    "a surrogate as UTF-8": (1007, lambda raw: raw.frame(TEXT, b'{"message":"\xed\xa0\x80"}')),
    "frame over 64 KiB": (1009, lambda raw: raw.frame(TEXT, b"x" * (MAX_FRAME + 1))),
    "message over 64 KiB in pieces": (1009, _in_pieces(80_000)),
    "a length that nobody has": (1009, lambda raw: raw.socket.sendall(b"\x81\xff" + b"\x7f" * 8 + b"mask")),
    "binary": (1003, lambda raw: raw.frame(BINARY, b'{"message":"hi"}')),
}


@pytest.mark.parametrize("misdeed", MISDEEDS)
@pytest.mark.parametrize("dialect", ["simple", "v1"])
def test_bytes_that_may_not_be(server: Server, dialect: str, misdeed: str) -> None:
    """Who breaks RFC 6455 or the limits is closed with the code for it; somebody else hears nothing but `left`."""
    code, do = MISDEEDS[misdeed]
    witness, offender = name("witness"), name("offender")
    with simple(server.port, witness) as other:
        with Raw(server.port, f"/ws/{offender}" if dialect == "simple" else "/api/v1/ws") as raw:
            if dialect == "simple":
                raw.until("joined", user_id=offender)
            else:
                raw.hello(server.guest(offender))
            other.until("joined", user_id=offender)
            do(raw)
            assert raw.closed() == code
        heard = other.hear()
        assert (heard["type"], heard["user_id"]) == ("left", offender)
        other.say({"message": "still here"})
        assert other.hear()["message"] == "still here"


def test_bytes_before_hello(server: Server) -> None:
    """Who is nobody yet is closed with the same codes."""
    for code, do in MISDEEDS.values():
        with Raw(server.port, "/api/v1/ws") as raw:
            do(raw)
            assert raw.closed() == code


def test_a_ping_is_answered_with_its_payload(server: Server) -> None:
    """A pong carries what the ping carried, also between the pieces of a message, and the message is whole."""
    with simple(server.port, name()) as raw:
        for payload in (b"", b"are you there?", bytes(range(125))):
            raw.frame(PING, payload)
            assert raw.read() == (PONG, payload)
        raw.frame(TEXT, b'{"message": "in', fin=False)
        raw.frame(PING, b"between")
        assert raw.read() == (PONG, b"between")
        raw.frame(CONTINUATION, b" pieces", fin=False)
        raw.frame(CONTINUATION, b'"}')
        assert raw.until("message")["message"] == "in pieces"


def test_a_close_is_answered(server: Server) -> None:
    """Who says goodbye is told goodbye with the same code, and a pong that nobody asked for harms nothing."""
    with simple(server.port, name()) as raw:
        raw.frame(PONG, b"unasked")
        raw.frame(CLOSE, struct.pack("!H", 4321) + b"bye")
        assert raw.closed() == 4321


def test_a_full_frame_is_taken(server: Server) -> None:
    """64 KiB is allowed: the text is too long then, and the connection stays."""
    with simple(server.port, name()) as raw:
        padding = MAX_FRAME - len(b'{"message":""}')
        raw.frame(TEXT, b'{"message":"' + b"x" * padding + b'"}')
        assert raw.hear()["code"] == "bad_request"
        raw.frame(TEXT, b'{"message":"short"}')
        assert raw.until("message")["message"] == "short"


def test_pings_of_somebody_who_does_not_read(server: Server) -> None:
    """Answers to pings do not gather in the server's memory for a client that never takes them."""
    assert server.process is not None
    with simple(server.port, name(), deaf=True, patience=1.0) as raw:
        before = _resident(server.process.pid)
        ping, said, until = _pings(), 0, time.monotonic() + 2.0
        try:
            while time.monotonic() < until and said < 64 << 20:
                said += raw.socket.send(ping)
        except TimeoutError:
            pass  # it reads no more: that is the right answer
        except OSError:
            pass  # or it had enough
        grown = _resident(server.process.pid) - before
    assert grown < 16 << 20, f"{said >> 20} MB of pings cost the server {grown >> 20} MB"


def _pings() -> bytes:
    with_length = bytes([0x80 | PING, 0x80 | 125])
    return (with_length + bytes(4) + b"x" * 125) * 500


def _resident(pid: int) -> int:
    import psutil

    return int(psutil.Process(pid).memory_info().rss)


# Time


class Late:
    """A connection that never says hello, and when it was closed."""

    def __init__(self, port: int) -> None:
        with Raw(port, "/api/v1/ws") as raw:
            began = time.monotonic()
            self.error = raw.hear()
            self.code = raw.closed()
            self.seconds = time.monotonic() - began


@pytest.fixture(scope="module")
def late(limited: Server) -> Iterator[Future[Late]]:
    """Waits for its ten seconds while other tests run."""
    with ThreadPoolExecutor(1) as thread:
        yield thread.submit(Late, limited.port)


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of few connections, few of which are announced."""
    data = tmp_path_factory.mktemp("limited") / "data"
    with running("uvicorn", data, connections_per_address="5", announce_limit="2") as server:
        yield server


def test_a_silent_holder_loses_its_name(limited: Server, late: Future[Late]) -> None:
    """Somebody else asks for a name: its holder is pinged, and dropped if nothing comes for 10 s; then it can be had.
    A holder that answers keeps it.
    """
    with (
        Raw(limited.port, "/ws/silent") as silent,  # its answers to pings would have to be made by hand
        connect(f"{limited.ws}/ws/alive", compression=None, proxy=None),
    ):
        silent.until("joined", user_id="silent")
        began = time.monotonic()
        while True:
            assert time.monotonic() - began < 15, "the name was not freed"
            if _may_have(limited, "silent"):
                break
            assert not _may_have(limited, "alive")
            time.sleep(0.25)
        assert 9.5 < time.monotonic() - began < 12.5
        assert silent.closed() == 1006, "dropped, without the ceremony that it would not answer"
        assert not _may_have(limited, "alive")


def _may_have(server: Server, wanted: str) -> bool:
    with Raw(server.port, f"/ws/{wanted}") as raw:
        frame = raw.hear()
        if frame["type"] == "joined":
            return True
        assert (frame["code"], frame["retry_after"]) == ("name_in_use", 10)
        assert raw.closed() == 4509
        return False


def test_connections_of_one_address(limited: Server, late: Future[Late]) -> None:
    """The sixth of five is told why and closed with 4029, in both dialects; when one leaves there is room again."""
    late.result(15)
    with simple(limited.port, "first"), Raw(limited.port, "/ws/second") as second:
        others = [Raw(limited.port, "/api/v1/ws") for _ in range(3)]
        for path in ("/ws/sixth", "/api/v1/ws"):
            with Raw(limited.port, path) as sixth:
                error = sixth.hear()
                assert (error["type"], error["code"]) == ("error", "rate_limited") and error["retry_after"] > 0
                assert sixth.closed() == 4029
        second.frame(CLOSE, struct.pack("!H", 1000))
        assert second.closed() == 1000
        with simple(limited.port, "third", patience=5):
            pass
        for other in others:
            other.close()


def test_a_crowd_is_not_announced(limited: Server, late: Future[Late]) -> None:
    """Up to `announce_limit` connections joins and leaves are told one by one; above it nobody hears of them."""
    late.result(15)
    _wait(lambda: "suhbat_connections 0.0" in limited.request("GET", "/metrics")[1])
    with simple(limited.port, "anna") as anna:
        with simple(limited.port, "bobur"):
            assert anna.hear()["user_id"] == "bobur"
            with Raw(limited.port, "/ws/vali") as third:
                third.say({"message": "salom"})
                assert third.hear()["message"] == "salom", "not its own joined either"
                assert anna.hear()["message"] == "salom"
            _wait(lambda: "suhbat_connections 2.0" in limited.request("GET", "/metrics")[1])
        left = anna.hear()
        assert (left["type"], left["user_id"]) == ("left", "bobur")


def test_hello_has_ten_seconds(late: Future[Late]) -> None:
    """Who connects to v1 and says nothing is closed after 10 s with 4501, and told why."""
    closed = late.result(15)
    assert closed.code == 4501 and closed.error["code"] == "unauthenticated"
    assert 9.5 < closed.seconds < 12


def _wait(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.05)


# Starting and stopping


def test_access_closed(tmp_path: Path) -> None:
    """With access = closed a bare name is refused in words, whatever the name; v1 without a token too; no new guests."""
    with running("suhbat", tmp_path / "data", access="closed") as server:
        for path in ("/ws/user1", "/ws/%20"):
            with Raw(server.port, path) as raw:
                assert raw.hear()["code"] == "unauthenticated"
                assert raw.closed() == 4501
        with Raw(server.port, "/api/v1/ws") as raw:
            raw.say({"type": "hello", "id": 1})
            assert raw.hear()["code"] == "unauthenticated"
            assert raw.closed() == 4501
        status, answer = server.request("POST", "/api/v1/guests", {"user_id": "user1"})
        assert (status, answer["code"]) == (403, "forbidden")


@pytest.mark.parametrize("kind", ["suhbat", "uvicorn"])
def test_two_processes_on_one_directory(kind: str, server: Server) -> None:
    """The second process ends at once, says whose the directory is, and does the first no harm."""
    status, said = _run(kind, SUHBAT_DATA=str(server.data))
    assert server.process is not None
    assert status not in (0, None)
    assert f"{server.data} is in use by another Suhbat process (pid {server.process.pid})" in said
    assert "Traceback" not in said
    assert server.request("GET", "/readyz")[0] == 200


def test_two_workers_are_refused(tmp_path: Path) -> None:
    """`uvicorn main:app --workers 2` without a bus ends and says why, and makes no database."""
    status, said = _run("uvicorn", "--workers", "2", SUHBAT_DATA=str(tmp_path / "data"))
    assert status is not None
    assert "2 workers need a bus (the setting bus_url)" in said and "Traceback" not in said
    assert not (tmp_path / "data").exists()
    status, said = _run("suhbat", "--workers", "2", SUHBAT_DATA=str(tmp_path / "data"))
    assert status == 2 and "workers = 2 needs bus_url" in said


def _run(kind: str, *options: str, **environment: str) -> tuple[int | None, str]:
    """A server that should not start: its status, None if it had to be ended, and what it printed."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("SUHBAT_")}
    command = [part.format(port=free_port()) for part in COMMANDS[kind]]
    with subprocess.Popen(
        [sys.executable, *command, *options],
        cwd=ROOT,
        env=inherited | {"PYTHONPATH": str(ROOT)} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        try:
            said, _ = process.communicate(timeout=20)
            return process.returncode, said.decode()
        except subprocess.TimeoutExpired:
            process.terminate()
            return None, process.communicate(timeout=20)[0].decode()


@pytest.mark.parametrize("kind", ["suhbat", "uvicorn"])
def test_stopping(kind: str, tmp_path: Path) -> None:
    """SIGTERM with people connected, one of whom never reads: those who listen hear 1012, the process is gone within
    10 s, and the next start has everything, under the same epoch.
    """
    server = Server(kind, tmp_path / "data", settings={"SUHBAT_SEND_RATE": "0"})
    server.start()
    try:
        with (
            simple(server.port, "listener") as listener,
            Raw(server.port, "/api/v1/ws") as v1,
            simple(server.port, "deaf", deaf=True),
            Raw(server.port, "/api/v1/ws") as nobody,
        ):
            token = server.guest("member")
            v1.say({"type": "hello", "id": 0, "token": token})
            epoch = v1.hear()["epoch"]
            for number in range(150):
                listener.say({"message": f"{number} " + "x" * 3_000})
            for number in range(150):
                assert listener.until("message")["message"].startswith(f"{number} ")
            assert server.process is not None
            server.process.terminate()
            began = time.monotonic()
            for raw in (listener, v1, nobody):
                assert raw.closed() == 1012
            server.process.wait(15)
            assert time.monotonic() - began < 10
        assert "Traceback" not in server.printed()
        server.start()
        with Raw(server.port, "/api/v1/ws") as raw:
            raw.say({"type": "hello", "id": 0, "token": token})
            assert raw.hear()["epoch"] == epoch
            (lobby,) = raw.until("snapshot")["conversations"]
            assert lobby["head"] == 150
        assert server.stop() in (0, -15)
        assert not list(server.data.glob("*-wal")), "a clean stop leaves one whole file"
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()
