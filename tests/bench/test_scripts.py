"""The scripts that answer one question each: small runs against a real server, without network access."""

from __future__ import annotations

import platform
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import ROOT

from .scripts import script, table_lines

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the generator needs epoll"),
    pytest.mark.timeout(600),
]


def test_sends() -> None:
    """Acknowledged sends from many connections, from two, and into conversations of one each, of Suhbat and of a broker, all
    without a fault. A window has so many sends, however long they take: four thousand that are under way at once may all be
    acknowledged after a second."""
    window = ("--max-messages", "300", "--seconds", "60", "--warmup", "0.2")
    both = ("--only", "suhbat-v1,jetstream")
    done = script("sends", "--rounds", "1", *window, "--directs", "20", "--in-flight", "8", *both)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {(line[0], line[1]): line for line in table_lines(done.stdout)}
    for server in ("Suhbat v1, `suhbat serve`", "JetStream, file"):
        for title in ("32 connections, one room", "2 connections, one room", "20 with a conversation each"):
            assert float(rows[server, title][3].replace(",", "")) > 0, done.stdout


def test_idle() -> None:
    """Memory of idle connections, and what is left after cycles of connecting and leaving."""
    done = script("idle", "--connections", "20", "--cycles", "100", "--settle", "0.2", "--only", "suhbat-v1,c")
    assert done.returncode == 0, done.stdout + done.stderr
    head, _, *rows = table_lines(done.stdout)
    assert [row[0] for row in rows] == ["Suhbat v1, `suhbat serve`", "C, one send() each"]
    for row in rows:
        figures = dict(zip(head, row, strict=True))
        assert figures["idle"] == "20" and float(figures["connects/s"].replace(",", "")) > 0
        assert figures["growth KB"][0] in "+-" and float(figures["after 100"].replace(",", "")) > 500


def test_storm() -> None:
    """Everybody comes back after a kill, and has everything."""
    done = script("storm", "--clients", "40")
    assert done.returncode == 0, done.stdout + done.stderr
    assert table_lines(done.stdout)[2][0] == "40" and "40 of 40 resumed" in done.stdout


def test_openings() -> None:
    """New clients and clients that resume all catch up."""
    done = script("openings", "--clients", "40", "--rounds", "1", "--messages", "3")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {line[0]: line for line in table_lines(done.stdout)[2:]}
    assert float(rows["a snapshot"][2]) > 0 and float(rows["a resume at the heads"][2]) > 0


def test_never_reader() -> None:
    """Some stop reading for good; the others are measured, and nobody is lost track of."""
    done = script("never_reader", "--readers", "10", "--never", "2", "--windows", "2", "--seconds", "0.5")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 were dropped and 2 had everything" in done.stdout


def test_history() -> None:
    """Each page has the messages that were asked for, by both ways, in a store that was filled."""
    done = script("history", "--messages", "2000", "--pages", "5")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [(line[0], line[1]) for line in table_lines(done.stdout)[2:]]
    ways = ("`history`", "GET …/messages")
    assert rows == [(way, page) for way in ways for page in ("newest", "oldest", "around", "before")]


def test_threads() -> None:
    """Writes, pages, a resume and an opening have figures for both rooms, and the snapshots their sizes."""
    done = script("threads", "--threads", "20", "--replies", "200", "--times", "3")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {line[0]: line[2:] for line in table_lines(done.stdout)[2:]}
    assert {
        "one message; one reply",
        "resume of 1,000 events",
        "opening of a member who follows none; 500",
    } <= rows.keys()
    assert all(float(line[6]) > 0 for line in rows.values())
    assert done.stdout.count("snapshot of a member") == 2


def test_files() -> None:
    """Transfers, pictures, and the messages of a pair alone and beside each load have figures."""
    done = script("files", "--megabytes", "2", "--at-once", "3", "--seconds", "0.3", "--rounds", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {line[0]: line[1:] for line in table_lines(done.stdout)}
    for title in ("download, Suhbat", "upload, Suhbat", "both, as after an upload", "alone", "3 downloads from Suhbat"):
        assert float(rows[title][0].replace(",", "")) > 0, done.stdout
    assert ("download, nginx" in rows) != ("nginx is not installed" in done.stdout)


def test_streams() -> None:
    """Messages that grow leave two events each, and nothing is refused."""
    done = script("streams", "--streams", "2", "--readers", "5", "--length", "5", "--rounds", "1", "--seconds", "0.3")
    assert done.returncode == 0, done.stdout + done.stderr
    said = re.search(r"- (\d+) messages of [\d,]+ tokens have left (\d+) events in the log; 0 refused", done.stdout)
    assert said and int(said[2]) == 2 * int(said[1]) > 0, done.stdout
    assert len(table_lines(done.stdout)) == 6


def test_push() -> None:
    """The pushes of one message, and the messages of a pair with and without pushes, have figures."""
    done = script("push", "--people", "20", "--rate", "20", "--seconds", "1", "--rounds", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {line[0]: line[1:] for line in table_lines(done.stdout)}
    assert float(rows["20 people"][0]) > 0, done.stdout
    assert rows["nobody is pushed to"][7:] == ["0%", "0", "0"] and int(rows["pushes"][9]) <= 20


def test_logins() -> None:
    """How late the event loop is while passwords are verified."""
    done = script("logins", "--at-once", "3", "--rounds", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 logins, 3 at once" in done.stdout and "while they log in" in done.stdout


def test_stages() -> None:
    """Each stage of a message, and each part of a connection, has a figure."""
    done = script("stages", "--rounds", "1", "--times", "40", "--connections", "20")
    assert done.returncode == 0, done.stdout + done.stderr
    stages = [row[0] for row in table_lines(done.stdout)]
    assert {"encode, v1", "the lobby, without client_id", "own log (a channel)"} <= set(stages), done.stdout


def test_pythons() -> None:
    """An interpreter is measured with uvloop and without it, and named with its versions. A window has so many sends, more
    than twice those that are under way at once: in fewer, the clock of processor time may not move."""
    window = ("--rounds", "1", "--max-messages", "2000", "--seconds", "60", "--warmup", "0.2", "--cases", "2,3")
    done = script("pythons", "--python", f"mine={sys.executable}", *window)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = table_lines(done.stdout)
    assert ["mine", platform.python_version(), sqlite3.sqlite_version] == lines[2][:3]
    rows = [line for line in lines if line[0] in ("sends, own conversations", "alone, 2 members")]
    assert [row[1:3] for row in rows] == [["mine", "uvloop"], ["mine", "asyncio"]] * 2
    assert all(float(row[3]) > 0 and float(row[5].replace(",", "")) > 0 for row in rows), done.stdout


def test_pythons_hide_uvloop(tmp_path: Path) -> None:
    """A server "without uvloop" cannot import it, although it is installed."""
    code = """import pathlib, sys
sys.path.insert(0, "bench")
from pythons import without_uvloop
sys.path.insert(0, str(without_uvloop(pathlib.Path(sys.argv[1]))))
import uvloop"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and "ImportError" in done.stderr.splitlines()[-1], done.stderr
