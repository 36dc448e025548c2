"""`suhbat room …` and `suhbat export …`: the same beside a running server and without one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers import Server
from tests.shell import Done, in_a_shell, in_this_process

PASSWORD = "a good password"
MESSAGES = 250
"""More than one page of an export."""


@dataclass
class Place:
    """A data directory with a room in it, and the command line; the server runs beside it or does not."""

    server: Server
    room: str
    owner: str
    direct: str

    def __call__(self, *arguments: str, run: Callable[..., Done] = in_this_process) -> Done:
        return run(*arguments, data=self.server.data, environment=self.server.engines())


KINDS = ["alone suhbat", "suhbat", "alone cluster", "cluster"]


@pytest.fixture(scope="module", params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One for all tests that change nothing in it, of each kind."""
    with made(request.param, tmp_path_factory.mktemp("rights")) as place:
        yield place


@pytest.fixture(params=KINDS)
def own(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """One for a test alone."""
    with made(request.param, tmp_path, messages=3) as place:
        yield place


@contextmanager
def made(kind: str, directory: Path, messages: int = MESSAGES) -> Iterator[Place]:
    server = Server(kind.split()[-1], directory / "data", settings={"SUHBAT_SEND_RATE": "0"})
    server.start()
    try:
        tokens = {}
        for name in ("ali", "vali"):
            status, made = server.request("POST", "/api/v1/accounts", {"user_id": name, "password": PASSWORD})
            assert status == 201
            tokens[name] = made["token"]
        _, state = server.request("POST", "/api/v1/conversations", {"title": "Choyxona"}, token=tokens["ali"])
        room = state["conversation"]
        path = f"/api/v1/conversations/{room}/messages"
        for number in range(messages):
            server.request("POST", path, {"text": f"gap {number}"}, token=tokens["ali"])
        _, direct = server.request("POST", "/api/v1/directs", {"users": ["vali"]}, token=tokens["ali"])
        path = f"/api/v1/conversations/{direct['conversation']}/messages"
        server.request("POST", path, {"text": "faqat valiga"}, token=tokens["ali"])
        server.request("POST", "/api/v1/conversations/lobby/messages", {"text": "hammaga"}, token=tokens["vali"])
        if "alone" in kind:
            server.stop()
        yield Place(server, room, tokens["ali"], direct["conversation"])
    finally:
        if server.process is not None and server.process.poll() is None:
            server.stop()


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def texts(found: list[dict[str, object]]) -> list[object]:
    return [line["text"] for line in found if line["type"] == "message"]


def test_rooms(own: Place) -> None:
    """Listed, given a time, erased; the rules and the audit log are those of its owner."""
    listed = own("room", "list")
    assert listed.returncode == 0, listed.stderr
    assert listed.stdout.split()[:5] == [own.room, "1", "members", "keeper", "ali"]
    assert own("room", "retention", own.room, "90").returncode == 2, "it deletes, and nobody is there to be asked"
    kept = own("room", "retention", own.room, "90", "--yes")
    assert "90 days" in kept.stdout
    assert "for ever" in own("room", "retention", own.room, "0").stdout
    assert own("room", "retention", own.room, "-1").returncode == 2
    unasked = own("room", "erase", own.room)
    assert unasked.returncode == 2 and '"Choyxona", 1 members' in unasked.stderr and "--yes" in unasked.stderr
    erased = own("room", "erase", own.room, "--yes")
    assert (erased.returncode, erased.stdout) == (0, "Erased.\n")
    assert own("room", "list").stdout == "No rooms.\n"
    for nothing in (
        own("room", "erase", own.room),
        own("room", "erase", "lobby"),
        own("room", "erase", "nope"),
        own("room", "erase", "nope", "--yes"),
        own("room", "erase", "n" * 100, "--yes"),
        own("room", "retention", "nope", "3", "--yes"),
    ):
        assert nothing.returncode == 1 and nothing.stderr.startswith("suhbat: there is no conversation"), nothing.stderr


def test_from_a_shell(place: Place, tmp_path: Path) -> None:
    """The command itself: what it prints, what it writes, and how it ends."""
    listed = place("room", "list", run=in_a_shell)
    assert listed.returncode == 0 and listed.stdout.split()[0] == place.room and not listed.stderr
    done = place("export", "room", place.direct, "--out", str(tmp_path / "direct.jsonl"), run=in_a_shell)
    assert done.returncode == 0 and not done.stderr and texts(lines(tmp_path / "direct.jsonl")) == ["faqat valiga"]
    refused = place("room", "erase", "nope", "--yes", run=in_a_shell)
    assert refused.returncode == 1 and refused.stderr.startswith("suhbat: ") and "Traceback" not in refused.stderr


def test_exports(place: Place, tmp_path: Path) -> None:
    """A person with what they wrote everywhere; a room, a direct, the lobby. A file that is there stays as it is."""
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


def test_a_stranger_sees_nothing(own: Place) -> None:
    """Without the secret there is nothing at these addresses."""
    if own.server.process is None or own.server.process.poll() is not None:
        own.server.start()
    for path, body in (("rooms", {"verb": "list"}), ("export", {"user_id": "ali"})):
        assert own.server.request("POST", f"/control/{path}", body, token=own.owner)[0] == 404
