"""The guarantee that kill -9 cannot test: a power cut. The system calls show that every acknowledged write is on the
disk first (G1)."""

from __future__ import annotations

import asyncio
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.servers import PATIENCE, Server
from tests.talk import V1, Simple

from .trace import OPTIONS, Place, Unsafe, calls, check

ALONE, PIPELINED, OVER_HTTP, PRIVATE = 40, 150, 5, 5

traced = pytest.mark.skipif(
    shutil.which("strace") is None, reason="needs strace, which Linux has (.ci/run installs it)"
)


class Recording(NamedTuple):
    """The output of strace, and the marks in the texts of the acknowledged messages."""

    lines: list[str]
    marks: dict[Place, bytes]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """A server under strace, with clients that write to it in every way there is."""
    folder = tmp_path_factory.mktemp("fsync")
    output = folder / "trace"
    settings = {"SUHBAT_SEND_RATE": "0"}
    server = Server("suhbat", folder / "data", settings=settings, prefix=("strace", *OPTIONS, "-o", str(output)))
    server.start()
    try:
        marks = asyncio.run(_talk(server))
    finally:
        server.stop()
    return Recording(_read(output), marks)


async def _talk(server: Server) -> dict[Place, bytes]:
    marks: dict[Place, bytes] = {}
    count = 0

    def text() -> str:
        nonlocal count
        count += 1
        return f"(message {count:05})"

    def note(reply: dict[str, object], said: str) -> None:
        marks[str(reply["conversation"]), int(str(reply["seq"]))] = said.encode()

    token = server.guest("http")
    async with (
        V1(server.ws, server.guest("one")) as one,
        V1(server.ws, server.guest("two")) as two,
        Simple(server.ws, "three") as three,
    ):
        for _ in range(ALONE):
            said = text()
            note(await one.ask("send", conversation="lobby", text=said), said)
        texts: dict[object, str] = {}
        for number in range(PIPELINED):
            for client in (one, two):
                id = f"{client is one}{number}"
                texts[id] = text()
                where = {"to_user": "two"} if number % 10 == 0 else {"conversation": "lobby"}
                await client.say({"type": "send", "id": id, "text": texts[id], **where})
        for client in (one, two):
            for _ in range(PIPELINED):
                reply = await client.until("ok")
                note(reply, texts[reply["id"]])
        for _ in range(OVER_HTTP):
            said = text()
            status, answer = server.request("POST", "/api/v1/conversations/lobby/messages", {"text": said}, token=token)
            assert status == 201
            note(answer, said)
        for _ in range(PRIVATE):
            said = text()
            await three.write(said, "one")
            note(await three.until("sent"), said)
    return marks


def _read(output: Path) -> list[str]:
    """The output of strace, once it has recorded the server's end."""
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit:
        lines = output.read_text(encoding="ascii").splitlines()
        if lines and "+++" in lines[-1]:
            return lines
        time.sleep(0.1)
    raise AssertionError("strace did not end with the server")


@traced
def test_every_acknowledgement_comes_after_its_fdatasync(recording: Recording) -> None:
    """Each `ok`, each `sent`, each HTTP response and each event to a reader begins to leave the process after an
    fdatasync of the WAL that began after the message's COMMIT was written, and that returned 0."""
    report = check(recording.lines, recording.marks)
    sends = ALONE + 2 * PIPELINED + OVER_HTTP + PRIVATE
    print(f"{sends} acknowledged, told in {report.writes} writes, after {report.flushes} flushes of the WAL")
    assert len(recording.marks) == sends
    assert report.told == recording.marks.keys(), "the trace does not show every acknowledgement"
    assert ALONE + OVER_HTTP + PRIVATE < report.flushes < sends, (
        "one flush for each single message, one for many others"
    )


_FLUSH = re.compile(r"\d+ +[\d.]+ (<\.\.\. )?f(data)?sync\b")
"""The beginning or end of a flush. The word alone does not tell: a file's path or what is written may hold it, too."""


def _without_flushes(lines: list[str]) -> list[str]:
    return [line for line in lines if not _FLUSH.match(line)]


def _with_failing_flushes(lines: list[str]) -> list[str]:
    return [line.replace("= 0", "= -1 EIO (Input/output error)") if _FLUSH.match(line) else line for line in lines]


def _with_one_flush_less(lines: list[str]) -> list[str]:
    """The trace without one of the flushes that a single message waited for."""
    alone = next(n for n, line in enumerate(lines) if "(message 00010)" in line and "-wal>" in line)
    flush = next(n for n in range(alone, len(lines)) if _FLUSH.match(lines[n]) and "-wal>" in lines[n])
    thread = lines[flush].split()[0]
    ends = (n for n in range(flush, len(lines)) if _FLUSH.match(lines[n]) and lines[n].split()[0] == thread)
    end = next(n for n in ends if "unfinished" not in lines[n])
    return [line for n, line in enumerate(lines) if n not in (flush, end)]


def _with_flushes_before_the_writes(lines: list[str]) -> list[str]:
    """The trace as if each transaction were flushed first and written afterwards."""
    moved: list[str] = []
    held: list[str] = []
    for line in lines:
        if "pwrite64(" in line and "-wal>" in line and "unfinished" not in line:
            held.append(line)
            continue
        moved.append(line)
        if _FLUSH.match(line) and "unfinished" not in line:
            moved += held
            held = []
    return moved + held


@traced
@pytest.mark.parametrize(
    "doctor", [_without_flushes, _with_failing_flushes, _with_one_flush_less, _with_flushes_before_the_writes]
)
def test_the_checker_finds_faults(recording: Recording, doctor: Callable[[list[str]], list[str]]) -> None:
    """The same trace with the flushes taken out, failed, one missing, or in the wrong place does not pass."""
    with pytest.raises(Unsafe):
        check(doctor(recording.lines), recording.marks)


def test_a_message_about_syncing_is_no_flush() -> None:
    """A word of a message or of a path does not make a call a flush: a half of it taken out would not be understood."""
    lines = [
        '7 1.000001 pwrite64(9</d/fsync/suhbat.db-wal>, "sync", 4, 0 <unfinished ...>',
        "8 1.000002 fdatasync(9</d/fsync/suhbat.db-wal> <unfinished ...>",
        "7 1.000003 <... pwrite64 resumed>) = 4",
        "8 1.000004 <... fdatasync resumed>) = 0",
    ]
    assert _without_flushes(lines) == [lines[0], lines[2]]
    assert [call.result for call in calls(_without_flushes(lines))] == [None, 4]


def test_calls_that_overlap_are_put_together() -> None:
    """A call lasts from its beginning to where it was resumed, also when others came between; strings are bytes."""
    lines = [
        "7 1.000001 fdatasync(9</d/suhbat.db-wal> <unfinished ...>",
        '8 1.000002 writev(4<socket:[55]>, [{iov_base="\\201\\3a\\"b", iov_len=5}, {iov_base="\\0c", iov_len=2}], 2) = 7',
        "7 1.000003 <... fdatasync resumed>)        = 0",
        '8 1.000004 write(4<TCP:[127.0.0.1:1->127.0.0.1:2]>, "x", 1) = -1 EAGAIN (Resource temporarily unavailable)',
        "7 1.000005 +++ exited with 0 +++",
    ]
    assert [(call.name, call.file, call.data, call.result) for call in calls(lines)] == [
        ("fdatasync", "/d/suhbat.db-wal", b"", None),
        ("writev", "socket:[55]", b'\x81\x03a"b\x00c', None),
        ("writev", "socket:[55]", b'\x81\x03a"b\x00c', 7),
        ("fdatasync", "/d/suhbat.db-wal", b"", 0),
        ("write", "TCP:[127.0.0.1:1->127.0.0.1:2]", b"x", None),
        ("write", "TCP:[127.0.0.1:1->127.0.0.1:2]", b"x", -1),
    ]


def test_a_call_that_a_kill_cut_off_is_passed_over() -> None:
    """A process dies during calls: strace cannot say how they ended, and for one that it had not read yet, which it was.
    The rest of the trace is read."""
    lines = [
        '7 1.000001 write(4<socket:[55]>, "a", 1 <unfinished ...>',
        "8 1.000002 ???( <unfinished ...>",
        "8 1.000003 <... ??? resumed>)             = ?",
        "7 1.000003 <... write resumed>)           = ?",
        "9 1.000004 fdatasync(9</d/suhbat.db-wal>) = ?",
        "8 1.000005 +++ killed by SIGKILL +++",
        '6 1.000006 write(4<socket:[55]>, "b", 1)  = 1',
    ]
    assert [(call.name, call.data, call.result) for call in calls(lines)] == [
        ("write", b"a", None),
        ("fdatasync", b"", None),
        ("write", b"b", None),
        ("write", b"b", 1),
    ]


def test_an_acknowledgement_during_the_flush_is_too_early() -> None:
    """The time of a write is its beginning, which must be after the end of the flush."""
    header = "\\0\\0\\0\\1\\0\\0\\0\\5" + "\\0" * 16
    page = '5 1.0 pwrite64(9</d/suhbat.db-wal>, "..(one)..", 9, 56) = 9'
    lines = [
        f'5 1.0 pwrite64(9</d/suhbat.db-wal>, "{header}", 24, 32) = 24',
        page,
        "5 1.0 fdatasync(9</d/suhbat.db-wal> <unfinished ...>",
        '6 1.0 write(4<socket:[55]>, "{\\"type\\":\\"ok\\",\\"conversation\\":\\"lobby\\",\\"seq\\":1}", 43) = 43',
        "5 1.0 <... fdatasync resumed>) = 0",
    ]
    marks = {("lobby", 1): b"(one)"}
    with pytest.raises(Unsafe):
        check(lines, marks)
    in_order = [*lines[:3], lines[4], lines[3]]
    assert check(in_order, marks).told == {("lobby", 1)}
    with pytest.raises(Unsafe):
        check([line.replace("\\0\\0\\0\\5", "\\0\\0\\0\\0") for line in in_order], marks)  # flushed before its COMMIT
