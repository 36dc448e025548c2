"""`suhbat room …` and `suhbat export …` do the same while a server runs and without one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.servers import PATIENCE, Server
from tests.shell import Done, in_a_shell, in_this_process
from tests.store.parts import opened, sqlite
from tests.system.raw import Raw

PASSWORD = "a good password"
FILE = bytes(range(256)) * 2_000
"""More than one block of a copy."""
MESSAGES = 250
"""More than one page of an export."""


@dataclass
class Place:
    """A data directory with a room in it, and the command line. Its server may run or not."""

    server: Server
    room: str
    owner: str
    direct: str
    spare: list[str]
    """Rooms that a test may erase."""

    def __call__(self, *arguments: str, run: Callable[..., Done] = in_this_process) -> Done:
        return run(*arguments, data=self.server.data, environment=self.server.engines())

    @property
    def runs(self) -> bool:
        return self.server.process is not None and self.server.process.poll() is None


KINDS = ["suhbat", "alone suhbat", "cluster", "alone cluster"]


@pytest.fixture(scope="module")
def places() -> Iterator[dict[str, Place]]:
    """The data directories made so far, by the kind of their server."""
    made: dict[str, Place] = {}
    yield made
    for place in made.values():
        if place.runs:
            place.server.stop()


@pytest.fixture(scope="module", params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, places: dict[str, Place]) -> Place:
    """One data directory for each kind of server: first with the server running, then without it."""
    kind = request.param.split()[-1]
    if kind not in places:
        places[kind] = made(kind, tmp_path_factory.mktemp("rights"))
    place = places[kind]
    if "alone" in request.param and place.runs:
        place.server.stop()
    elif "alone" not in request.param and not place.runs:
        place.server.start()
    return place


def made(kind: str, directory: Path) -> Place:
    server = Server(kind, directory / "data", settings={"SUHBAT_SEND_RATE": "0"})
    server.start()
    try:
        return filled(server)
    except BaseException:
        server.kill()
        raise


def filled(server: Server) -> Place:
    tokens = {}
    for name in ("ali", "vali"):
        status, made = server.request("POST", "/api/v1/accounts", {"user_id": name, "password": PASSWORD})
        assert status == 201
        tokens[name] = made["token"]
    rooms = []
    for _ in range(3):
        _, state = server.request("POST", "/api/v1/conversations", {"title": "Choyxona"}, token=tokens["ali"])
        rooms.append(state["conversation"])
    with Raw(server.port, "/api/v1/ws") as ali:
        ali.hello(tokens["ali"])
        for number in range(MESSAGES):
            ali.say({"type": "send", "id": number, "conversation": rooms[0], "text": f"gap {number}"})
        for number in range(MESSAGES):
            ali.until("ok", id=number)
    _, direct = server.request("POST", "/api/v1/directs", {"users": ["vali"]}, token=tokens["ali"])
    path = f"/api/v1/conversations/{direct['conversation']}/messages"
    file = upload(server, tokens["ali"])
    server.request("POST", path, {"text": "faqat valiga", "files": [file]}, token=tokens["ali"])
    server.request("POST", "/api/v1/conversations/lobby/messages", {"text": "hammaga"}, token=tokens["vali"])
    return Place(server, rooms[0], tokens["ali"], direct["conversation"], rooms[1:])


def upload(server: Server, token: str) -> str:
    """A file of FILE's bytes; gives its id."""
    form = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a*.bin"\r\n\r\n' + FILE + b"\r\n--b--\r\n"
    headers = {"authorization": f"Bearer {token}", "content-type": "multipart/form-data; boundary=b"}
    connection = HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    try:
        connection.request("POST", "/api/v1/files", form, headers)
        answer = connection.getresponse()
        assert answer.status == 201
        id_: str = json.loads(answer.read())["file"]["id"]
    finally:
        connection.close()
    return id_


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def texts(found: list[dict[str, Any]]) -> list[object]:
    return [line["text"] for line in found if line["type"] == "message"]


def test_rooms(place: Place) -> None:
    """A room is listed, gets a retention, and is erased. Its owner's permissions apply."""
    room = place.spare.pop()

    def listed() -> dict[str, list[str]]:
        done = place("room", "list")
        assert done.returncode == 0, done.stderr
        return {line.split()[0]: line.split() for line in done.stdout.splitlines()}

    assert listed()[room][:5] == [room, "1", "members", "owner", "ali"]
    assert place("room", "retention", room, "90").returncode == 2, "it deletes, and nobody is there to be asked"
    kept = place("room", "retention", room, "90", "--yes")
    assert "90 days" in kept.stdout
    assert "for ever" in place("room", "retention", room, "0").stdout
    assert place("room", "retention", room, "-1").returncode == 2
    unasked = place("room", "erase", room)
    assert unasked.returncode == 2 and '"Choyxona", 1 members' in unasked.stderr and "--yes" in unasked.stderr
    erased = place("room", "erase", room, "--yes")
    assert (erased.returncode, erased.stdout) == (0, "Erased.\n")
    assert room not in listed() and place.room in listed()
    for nothing in (
        place("room", "erase", room),
        place("room", "erase", "lobby"),
        place("room", "erase", "nope"),
        place("room", "erase", "nope", "--yes"),
        place("room", "erase", "n" * 100, "--yes"),
        place("room", "retention", "nope", "3", "--yes"),
    ):
        assert nothing.returncode == 1 and nothing.stderr.startswith("suhbat: there is no conversation"), nothing.stderr


async def test_no_rooms(tmp_path: Path) -> None:
    """Without rooms, `room list` prints a sentence."""
    async with opened(sqlite(tmp_path / "data")):
        pass
    done = await asyncio.to_thread(in_this_process, "room", "list", data=tmp_path / "data", environment={})
    assert done.stdout == "No rooms.\n", done.stderr


def test_from_a_shell(place: Place, tmp_path: Path) -> None:
    """The real command writes the same, prints nothing to standard error, and leaves nothing open."""
    done = place("export", "room", place.direct, "--out", str(tmp_path / "direct.jsonl"), run=in_a_shell)
    assert done.returncode == 0 and not done.stderr and texts(lines(tmp_path / "direct.jsonl")) == ["faqat valiga"]


@pytest.mark.parametrize("place", ["alone suhbat"], indirect=True)
def test_in_a_terminal(place: Place) -> None:
    """The real command prints the list and the refusal, with the right exit code."""
    listed = place("room", "list", run=in_a_shell)
    assert listed.returncode == 0 and place.room in listed.stdout.split() and not listed.stderr
    refused = place("room", "erase", "nope", "--yes", run=in_a_shell)
    assert refused.returncode == 1 and refused.stderr.startswith("suhbat: ") and "Traceback" not in refused.stderr


def test_exports(place: Place, tmp_path: Path) -> None:
    """An account is exported with everything it wrote; a room, a direct and the lobby with their messages. An existing
    file stays unchanged."""
    done = place("export", "user", "ali", "--out", str(tmp_path / "ali.jsonl"))
    assert done.returncode == 0, done.stderr
    ali = lines(tmp_path / "ali.jsonl")
    assert (ali[0]["type"], ali[0]["user_id"]) == ("user", "ali")
    assert sorted(map(str, texts(ali))) == sorted([*(f"gap {n}" for n in range(MESSAGES)), "faqat valiga"])
    place("export", "room", place.room, "--out", str(tmp_path / "room.jsonl"))
    assert texts(lines(tmp_path / "room.jsonl")) == [f"gap {n}" for n in range(MESSAGES)]
    place("export", "room", place.direct, "--out", str(tmp_path / "direct.jsonl"))
    assert texts(lines(tmp_path / "direct.jsonl")) == ["faqat valiga"]
    place("export", "room", "lobby", "--out", str(tmp_path / "lobby.jsonl"))
    assert texts(lines(tmp_path / "lobby.jsonl")) == ["hammaga"]
    before = (tmp_path / "ali.jsonl").read_bytes()
    again = place("export", "user", "vali", "--out", str(tmp_path / "ali.jsonl"))
    assert again.returncode == 1 and "exists already" in again.stderr
    assert (tmp_path / "ali.jsonl").read_bytes() == before


def test_files_of_an_export(place: Place, tmp_path: Path) -> None:
    """The files come along, whole, under names that are safe everywhere. A second run copies only what is missing; what is
    gone is counted."""
    out, copied = tmp_path / "direct.jsonl", tmp_path / "files"
    for kind, name in (("room", place.direct), ("user", "ali")):
        done = place("export", kind, name, "--out", str(out), "--files-to", str(copied))
        assert done.returncode == 0 and f"1 files in {copied}" in done.stdout, done.stderr
        [file] = [file for line in lines(out) if line["type"] == "message" for file in line.get("files", ())]
        [path] = copied.iterdir()
        assert (path.name, path.read_bytes()) == (f"{file['id']}.bin", FILE)
        path.write_bytes(b"half")
        again = place("export", kind, name, "--out", str(out), "--files-to", str(copied))
        assert again.returncode == 0 and path.read_bytes() == FILE, again.stderr
        other = place("export", "user", "vali", "--out", str(out), "--files-to", str(copied))
        assert other.returncode == 1 and "exists already" in other.stderr
        with out.open("a", encoding="utf-8") as more:
            more.write('{"type":"message","files":[{"id":"fgone","name":"..","size":1}]}\n')
        assert "1 are gone" in place("export", kind, name, "--out", str(out), "--files-to", str(copied)).stdout
        out.unlink()


@pytest.mark.parametrize("whose", [("user", "ali"), ("room", "")])
def test_an_export_that_broke_off(place: Place, tmp_path: Path, whose: tuple[str, str]) -> None:
    """After an interruption at any byte, the same command completes the same file."""
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
    """An unknown account or room gets a sentence and exit code 1, and leaves no file behind."""
    for arguments in (("user", "nobody"), ("room", "nowhere")):
        done = place("export", *arguments, "--out", str(tmp_path / "none.jsonl"))
        assert done.returncode == 1 and done.stderr.startswith("suhbat: ") and "Traceback" not in done.stderr
    assert not list(tmp_path.glob("none*"))


@pytest.mark.parametrize("place", ["suhbat", "cluster"], indirect=True)
def test_a_stranger_sees_nothing(place: Place) -> None:
    """Without the secret these paths answer 404."""
    for path, body in (("rooms", {"verb": "list"}), ("export", {"user_id": "ali"}), ("file", {"file": "f1"})):
        assert place.server.request("POST", f"/control/{path}", body, token=place.owner)[0] == 404
