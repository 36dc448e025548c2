"""`suhbat room …` and `suhbat export …`: the same beside a running server and without one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers import ROOT, Server

PASSWORD = "a good password"


@dataclass
class Place:
    """A data directory with a room in it, and the command line; the server runs beside it or does not."""

    server: Server
    room: str
    owner: str
    direct: str

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SUHBAT_")}
        return subprocess.run(
            [sys.executable, "-m", "suhbat", *arguments, "--data", str(self.server.data)],
            capture_output=True, text=True, timeout=60, cwd=self.server.data.parent,
            env=environment | self.server.engines() | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"},
        )  # fmt: skip


@pytest.fixture(params=["alone suhbat", "suhbat", "alone cluster", "cluster"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    server = Server(request.param.split()[-1], tmp_path / "data", settings={"SUHBAT_SEND_RATE": "0"})
    server.start()
    tokens = {}
    for name in ("ali", "vali"):
        status, made = server.request("POST", "/api/v1/accounts", {"user_id": name, "password": PASSWORD})
        assert status == 201
        tokens[name] = made["token"]
    _, state = server.request("POST", "/api/v1/conversations", {"title": "Choyxona"}, token=tokens["ali"])
    room = state["conversation"]
    for number in range(250):
        server.request("POST", f"/api/v1/conversations/{room}/messages", {"text": f"gap {number}"}, token=tokens["ali"])
    _, direct = server.request("POST", "/api/v1/directs", {"users": ["vali"]}, token=tokens["ali"])
    path = f"/api/v1/conversations/{direct['conversation']}/messages"
    server.request("POST", path, {"text": "faqat valiga"}, token=tokens["ali"])
    server.request("POST", "/api/v1/conversations/lobby/messages", {"text": "hammaga"}, token=tokens["vali"])
    if "alone" in request.param:
        server.stop()
    yield Place(server, room, tokens["ali"], direct["conversation"])
    if server.process is not None and server.process.poll() is None:
        server.stop()


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def texts(found: list[dict[str, object]]) -> list[object]:
    return [line["text"] for line in found if line["type"] == "message"]


def test_rooms(place: Place) -> None:
    """Listed, given a time, erased; the rules and the audit log are those of its owner."""
    listed = place("room", "list")
    assert listed.returncode == 0, listed.stderr
    assert listed.stdout.split()[:5] == [place.room, "1", "members", "keeper", "ali"]
    assert place("room", "retention", place.room, "90").returncode == 2, "it deletes, and nobody is there to be asked"
    kept = place("room", "retention", place.room, "90", "--yes")
    assert "90 days" in kept.stdout
    assert "for ever" in place("room", "retention", place.room, "0").stdout
    assert place("room", "retention", place.room, "-1").returncode == 2
    unasked = place("room", "erase", place.room)
    assert unasked.returncode == 2 and '"Choyxona", 1 members' in unasked.stderr and "--yes" in unasked.stderr
    erased = place("room", "erase", place.room, "--yes")
    assert (erased.returncode, erased.stdout) == (0, "Erased.\n")
    assert place("room", "list").stdout == "No rooms.\n"
    for nothing in (
        place("room", "erase", place.room),
        place("room", "erase", "lobby"),
        place("room", "erase", "nope"),
        place("room", "erase", "nope", "--yes"),
        place("room", "erase", "n" * 100, "--yes"),
        place("room", "retention", "nope", "3", "--yes"),
    ):
        assert nothing.returncode == 1 and nothing.stderr.startswith("suhbat: there is no conversation"), nothing.stderr


def test_exports(place: Place, tmp_path: Path) -> None:
    """A person with what they wrote everywhere; a room, a direct, the lobby. A file that is there stays as it is."""
    done = place("export", "user", "ali", "--out", str(tmp_path / "ali.jsonl"))
    assert done.returncode == 0, done.stderr
    ali = lines(tmp_path / "ali.jsonl")
    assert (ali[0]["type"], ali[0]["user_id"]) == ("user", "ali")
    assert sorted(map(str, texts(ali))) == sorted([*(f"gap {n}" for n in range(250)), "faqat valiga"])
    place("export", "room", place.room, "--out", str(tmp_path / "room.jsonl"))
    assert texts(lines(tmp_path / "room.jsonl")) == [f"gap {n}" for n in range(250)]
    place("export", "room", place.direct, "--out", str(tmp_path / "direct.jsonl"))
    assert texts(lines(tmp_path / "direct.jsonl")) == ["faqat valiga"]
    place("export", "room", "lobby", "--out", str(tmp_path / "lobby.jsonl"))
    assert texts(lines(tmp_path / "lobby.jsonl")) == ["hammaga"]
    before = (tmp_path / "ali.jsonl").read_bytes()
    again = place("export", "user", "vali", "--out", str(tmp_path / "ali.jsonl"))
    assert again.returncode == 1 and "is there already" in again.stderr
    assert (tmp_path / "ali.jsonl").read_bytes() == before


@pytest.mark.parametrize("whose", [("user", "ali"), ("room", "")])
def test_an_export_that_broke_off(place: Place, tmp_path: Path, whose: tuple[str, str]) -> None:
    """Cut anywhere, in the middle of a line too: the same command makes the same file."""
    kind, name = whose[0], whose[1] or place.room
    whole, out = tmp_path / "whole.jsonl", tmp_path / "out.jsonl"
    place("export", kind, name, "--out", str(whole))
    data = whole.read_bytes()
    for cut in (0, 10, len(data) // 3, len(data) - 5):
        out.with_name("out.jsonl.part").write_bytes(data[:cut])
        done = place("export", kind, name, "--out", str(out))
        assert done.returncode == 0, done.stderr
        assert out.read_bytes() == data, cut
        out.unlink()
    out.with_name("out.jsonl.part").write_bytes(b'{"type": "user", "user_id": "somebody else"}\n')
    assert place("export", kind, name, "--out", str(out)).returncode == 0
    assert out.read_bytes() == data


def test_who_is_not_there(place: Place, tmp_path: Path) -> None:
    """A sentence and exit code 1; no file, and nothing beside it."""
    for arguments in (("user", "nobody"), ("room", "nowhere")):
        done = place("export", *arguments, "--out", str(tmp_path / "none.jsonl"))
        assert done.returncode == 1 and done.stderr.startswith("suhbat: ") and "Traceback" not in done.stderr
    assert not list(tmp_path.glob("none*"))


def test_a_stranger_sees_nothing(place: Place) -> None:
    """Without the secret there is nothing at these addresses."""
    if place.server.process is None or place.server.process.poll() is not None:
        place.server.start()
    for path, body in (("rooms", {"verb": "list"}), ("export", {"user_id": "ali"})):
        assert place.server.request("POST", f"/control/{path}", body, token=place.owner)[0] == 404
