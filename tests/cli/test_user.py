"""`suhbat user …` does the same while a server runs and without one."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from suhbat.cli.checks import network
from suhbat.config import Settings
from suhbat.identity.control import Control
from tests.servers import Server, running
from tests.shell import Done, in_a_shell, in_this_process
from tests.talk import V1

PASSWORD = "a good password"


class Command:
    """`suhbat user` on a data directory. `run`: in this process or in one of its own."""

    def __init__(self, data: Path, run: Callable[..., Done] = in_this_process) -> None:
        self.data = data
        self.environment: dict[str, str] = {}
        self._run = run

    def __call__(self, *arguments: str, typed: str = "") -> Done:
        return self._run("user", *arguments, data=self.data, environment=self.environment, typed=typed)


@pytest.fixture(scope="module", params=["alone", "alone on PostgreSQL", "suhbat", "cluster", "hypercorn"])
def user(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """The command on a data directory, on which no server runs or one of the given kind."""
    command = Command(tmp_path_factory.mktemp("users") / "data")
    if "alone" in request.param:
        kind = "suhbat" if request.param == "alone" else "cluster"
        command.environment = Server(kind, command.data).engines()
        yield command
        return
    command.environment = Server(request.param, command.data).engines()
    with running(request.param, command.data, access="closed"):
        yield command


def test_from_the_first_to_the_last(user: Command) -> None:
    """Accounts are made, listed, given a password, disabled, enabled and erased. Names are shown as they are."""
    assert user("list").stdout == "No accounts yet.\n"
    assert user("passwd", "ali", typed=f"{PASSWORD}\n").returncode == 1
    made = user("add", "Ali", "--role", "owner", typed=f"{PASSWORD}\n")
    assert made.returncode == 0, made.stderr
    assert made.stdout.split()[:3] == ["ali", "owner", "active"]
    assert user("add", "oʻtkir", typed=f"{PASSWORD}\n").stdout.startswith("oʻtkir")
    assert user("passwd", "ali", typed="another password\n").returncode == 0
    assert user("disable", "oʻtkir").stdout.split()[2] == "disabled"
    assert user("disable", "oʻtkir").stdout.split()[2] == "disabled"
    assert user("enable", "oʻtkir").stdout.split()[2] == "active"
    listed = user("list").stdout
    assert [line.split()[:3] for line in listed.splitlines()] == [
        ["ali", "owner", "active"], ["oʻtkir", "member", "active"],
    ]  # fmt: skip
    assert user("erase", "ALI").returncode == 2, "there is no terminal to ask at"
    assert user("erase", "oʻtkir", "--yes").returncode == 0
    assert len(user("list").stdout.splitlines()) == 1


def test_what_is_refused_is_explained(user: Command) -> None:
    """A refused command ends with exit code 1 and a sentence, without a traceback, and changes nothing."""
    assert user("add", "karim", typed=f"{PASSWORD}\n").returncode == 0
    before = user("list").stdout
    for arguments, typed, word in (
        (["add", "KARIM"], PASSWORD, "taken"),
        (["add", "a b"], PASSWORD, "cannot be used"),
        (["add", "vali"], "short", "shorter than 8"),
        (["add", "vali"], "", "no password"),
        (["passwd", "nobody"], PASSWORD, "has no account"),
        (["disable", "nobody"], "", "has no account"),
        (["erase", "nobody"], "", "has no account"),
        (["erase", "nobody", "--yes"], "", "has no account"),
    ):
        refused = user(*arguments, typed=typed)
        assert refused.returncode == 1 and word in refused.stderr and refused.stderr.startswith("suhbat: ")
        assert "Traceback" not in refused.stderr and PASSWORD not in refused.stderr
        assert "to_user" not in refused.stderr and "send it again" not in refused.stderr, "words of the wire"
    assert user("add", "vali", "--role", "king", typed=PASSWORD).returncode == 2
    unsaid = user("role", "karim")
    assert unsaid.returncode == 2 and "--role" in unsaid.stderr, (
        "forgetting the role must not turn an owner into a member"
    )
    assert user("list").stdout == before


async def test_a_running_server_obeys_at_once(tmp_path: Path) -> None:
    """Disabling closes the account's sockets with 4505. After enabling, the password works again. Run from a shell."""
    user, shell = Command(tmp_path / "data"), Command(tmp_path / "data", in_a_shell)
    with running("suhbat", user.data) as server:
        made = await asyncio.to_thread(user, "add", "ali", "--role", "owner", typed=f"{PASSWORD}\n")
        assert made.returncode == 0, made.stderr
        asked = {"user_id": "ali", "password": PASSWORD}
        _, answer = server.request("POST", "/api/v1/sessions", asked)
        async with V1(server.ws, answer["token"]) as socket:
            assert (await asyncio.to_thread(shell, "disable", "ali")).returncode == 0
            assert await socket.closed() == 4505
        assert server.request("POST", "/api/v1/sessions", asked)[0] == 401
        await asyncio.to_thread(user, "enable", "ali")
        assert server.request("POST", "/api/v1/sessions", asked)[0] == 201
        assert PASSWORD not in server.printed()


def test_what_was_done_without_a_server_is_there_when_it_starts(tmp_path: Path) -> None:
    """An account made without a server exists when one starts. If it is an owner, no setup link is printed."""
    user = Command(tmp_path / "data")
    with running("suhbat", user.data) as server:
        assert "/setup?code=" in server.printed()
    assert not (user.data / "control").exists()
    user("add", "ali", "--role", "owner", typed=f"{PASSWORD}\n")
    with running("suhbat", user.data) as server:
        assert server.request("POST", "/api/v1/sessions", {"user_id": "ali", "password": PASSWORD})[0] == 201
        assert server.printed().count("/setup?code=") == 1


def test_a_server_that_was_killed_is_not_asked(tmp_path: Path) -> None:
    """A killed server leaves its file `control` but not its lock, so the command works on the store. Run from a shell."""
    user = Command(tmp_path / "data")
    with running("suhbat", user.data) as server:
        server.kill()
        assert (user.data / "control").exists()
        assert user("add", "ali", typed=f"{PASSWORD}\n").returncode == 0
        refused = Command(user.data, in_a_shell)("add", "ALI", typed=f"{PASSWORD}\n")
        assert refused.returncode == 1 and refused.stderr.startswith("suhbat: ") and "Traceback" not in refused.stderr


def test_a_server_that_cannot_be_asked(tmp_path: Path) -> None:
    """Without the file `control`, the refusal says what to do. `suhbat doctor` recognises the running server by its
    secret, and without the file reports the port as in use."""
    user = Command(tmp_path / "data")
    with running("suhbat", user.data) as server:
        settings = Settings(data=server.data, port=server.port)
        found = network.port(settings)
        assert found.level == "ok" and "this server" in found.text and "Stop" not in found.text
        (user.data / "control").unlink()
        refused = user("list")
        assert refused.returncode == 1 and "same user of the system" in refused.stderr
        assert network.port(settings).level == "FAIL"


@pytest.mark.skipif(sys.platform == "win32", reason="modes are those of POSIX")
def test_the_secret_is_for_its_user_alone(tmp_path: Path) -> None:
    """The file has mode 0600, also if it existed before. Each start makes a new secret."""
    control = Control(tmp_path)
    (tmp_path / "control").touch(mode=0o666)
    control.begin("http://127.0.0.1:1")
    first = control.secret
    assert (tmp_path / "control").stat().st_mode & 0o777 == 0o600
    assert control.read() == ("http://127.0.0.1:1", first)
    control.begin("http://127.0.0.1:1")
    assert control.secret != first
    control.end()
    control.end()
    assert control.read() is None and control.secret is None
