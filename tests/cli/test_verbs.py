"""What the commands print, and their exit codes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from typer.testing import CliRunner, Result

from suhbat import __version__, cli
from suhbat.cli import checks, listening
from suhbat.cli.checks import cluster, machine, network
from suhbat.cli.checks import data as place
from suhbat.config import Settings, flag_of
from suhbat.runtime import serving
from suhbat.store.lock import DirectoryLock
from suhbat.store.migrations import HEAD
from suhbat.transport.native import Native
from tests import engines


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, and none of the SUHBAT_* variables of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.upper().startswith("SUHBAT_")]:
        monkeypatch.delenv(name)
    return tmp_path


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that this process listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.build(), arguments)


def test_version() -> None:
    """`suhbat version` prints one line."""
    assert run("version").output == f"suhbat {__version__}\n"


@pytest.mark.parametrize(
    "command", [["--help"], ["serve", "--help"], ["doctor", "--help"], ["config", "show", "--help"]]
)
def test_help_is_ascii(command: list[str]) -> None:
    """The help contains only ASCII, so that every terminal can show it."""
    result = run(*command)
    assert result.exit_code == 0 and result.output.isascii()


def test_every_setting_has_a_flag() -> None:
    """The help of `serve` lists a flag and a variable for every setting."""
    output = run("serve", "--help").output
    for name in Settings.model_fields:
        assert flag_of(name) in output and f"SUHBAT_{name.upper()}" in output.replace("\n", "").replace(" ", "")


def test_show_says_where_values_come_from(monkeypatch: pytest.MonkeyPatch, directory: Path) -> None:
    """`config show` lists every setting with its value and its source."""
    (directory / "suhbat.toml").write_text("send_rate = 5\n", encoding="utf-8")
    monkeypatch.setenv("SUHBAT_HOST", "0.0.0.0")
    lines = [line.split() for line in run("config", "show", "--port", "9").output.splitlines()]
    for row in (["port", "9", "flag"], ["host", "0.0.0.0", "SUHBAT_HOST"], ["send_rate", "5.0", "suhbat.toml"]):
        assert row in lines
    assert {line[0] for line in lines if line} >= set(Settings.model_fields)


@pytest.mark.parametrize("command", [["serve"], ["doctor"], ["config", "show"]])
def test_a_wrong_setting_ends_with_2_and_why(command: list[str]) -> None:
    """An invalid setting ends with exit code 2 and a sentence, not with a traceback."""
    result = run(*command, "--port", "x")
    assert result.exit_code == 2
    assert "--port = x (from flag) cannot be used" in result.stderr and "Traceback" not in result.output


def test_several_workers_need_a_bus() -> None:
    """Several workers without a bus are refused with the reason."""
    result = run("serve", "--workers", "2")
    assert result.exit_code == 2 and "needs bus_url" in result.stderr


def test_several_workers_on_windows() -> None:
    """Several workers on Windows are refused with the reason and an alternative."""
    settings = Settings(workers=2, database_url="postgresql://db/suhbat", bus_url="nats://bus")
    assert serving.refusal(settings, "linux") is None and serving.refusal(Settings(), "win32") is None
    assert "Start several servers instead" in (serving.refusal(settings, "win32") or "")


def test_a_taken_port_is_explained(taken: int) -> None:
    """The text names the program on the port, or how to find it, and how to take another port."""
    result = run("serve", "--port", str(taken))
    assert result.exit_code == 1
    assert f"port {taken} is" in result.stderr and f"--port {taken + 1}" in result.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc")
def test_the_holder_of_a_port_is_found(taken: int) -> None:
    """On Linux the program that listens on a port is named with its process id."""
    assert f"(pid {os.getpid()})" in (listening.holder(taken) or "")
    assert listening.holder(1) is None


def test_a_foreign_address_is_explained() -> None:
    """An address of another machine and a host name that does not exist are explained."""
    for host in ("203.0.113.1", "no such host"):
        assert "is not an address of this machine" in (listening.refusal(host, 8000) or "")


def test_a_free_port_is_free() -> None:
    """Port 0 is always free."""
    assert listening.refusal("127.0.0.1", 0) is None


def test_the_module_is_the_command(directory: Path) -> None:
    """`python -m suhbat` works, and commands that do not need the server do not import it."""
    root = Path(cli.__file__).parent.parent.parent
    code = (
        "import sys, suhbat.cli as c\n"
        "try: c.main()\n"
        "finally: print(sorted({'uvicorn', 'sqlalchemy'} & set(sys.modules)))"
    )
    for arguments in (["-m", "suhbat", "version"], ["-c", code, "version"]):
        result = subprocess.run(
            [sys.executable, "-W", "error", *arguments],
            capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(root)}, cwd=directory,
        )  # fmt: skip
        assert result.stdout.startswith(f"suhbat {__version__}\n") and not result.stderr
    assert result.stdout.endswith("[]\n")


def test_doctor_is_content_on_a_good_machine(directory: Path) -> None:
    """On a good machine every finding is ok or a warning, the exit code is 0, and no file is made."""
    result = run("doctor", "--port", "0")
    assert result.exit_code == 0, result.output
    assert "data directory" in result.output and result.output.isascii()
    assert list(directory.iterdir()) == []


def test_doctor_fails_with_1(taken: int) -> None:
    """A finding that would stop a server makes the exit code 1."""
    result = run("doctor", "--port", str(taken))
    assert result.exit_code == 1
    assert any(line.startswith("FAIL") and str(taken) in line for line in result.output.splitlines())


def test_doctor_tells_of_misspelt_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt variable is reported with the setting that is meant."""
    monkeypatch.setenv("SUHBAT_ACESS", "closed")
    assert "SUHBAT_ACESS is no setting; did you mean SUHBAT_ACCESS?" in run("doctor", "--port", "0").output


@pytest.mark.parametrize(
    ("finding", "level", "word"),
    [
        (machine.python_version((3, 10, 9)), "FAIL", "3.11"),
        (machine.python_version((3, 11, 0)), "ok", "3.11.0"),
        (machine.sqlite_version((3, 34, 1)), "FAIL", "3.35"),
        (machine.sqlite_version((3, 40, 1)), "ok", "WAL-reset race"),
        (machine.sqlite_version((3, 51, 3)), "ok", "3.51.3"),
        (place.file_system("nfs4"), "FAIL", "network"),
        (place.file_system("tmpfs"), "warn", "memory"),
        (place.file_system("ext4"), "ok", "ext4"),
        (place.file_system(None), "ok", "not checked"),
        (place.free_space(10), "FAIL", "full"),
        (place.free_space(500 * 1024**2), "warn", "free some space"),
        (place.free_space(10 * 1024**3), "ok", "10.0 GiB"),
        (machine.event_loop("win32", False), "ok", "Windows"),
        (machine.event_loop("linux", False), "warn", "pip install uvloop"),
        (place._schema(None), "ok", HEAD),
        (place._schema("0001"), "ok", "migrates it to"),
        (place._schema("9999"), "FAIL", "install the newer version"),
        (cluster.clock(0.5), "ok", "agrees"),
        (cluster.clock(-5), "warn", "5.0 s behind"),
        (cluster.clock(100), "FAIL", "100.0 s ahead"),
    ],
)
def test_findings(finding: checks.Finding, level: str, word: str) -> None:
    """Each finding has the right level and says what to do."""
    assert finding.level == level and word in finding.text


def test_the_file_system_of_the_data_is_the_nearest_mount(directory: Path) -> None:
    """The file system is that of the deepest mount point above the path, and of the last mount there."""
    mounts = directory / "mounts"
    mounts.write_text(f"a / ext4 rw 0 0\nb {directory} tmpfs rw 0 0\nc {directory} nfs rw 0 0\n", encoding="utf-8")
    assert place.file_system_of(directory, mounts) == "nfs"
    assert place.file_system_of(Path("/"), mounts) == "ext4"
    assert place.file_system_of(directory, directory / "none") is None


def test_a_data_directory_that_is_a_file(directory: Path) -> None:
    """A data directory that is a file is a failure."""
    (directory / "data").write_text("", encoding="utf-8")
    (finding,) = place.data_directory(directory / "data")
    assert finding.level == "FAIL"


def test_the_lock_of_a_server(directory: Path) -> None:
    """Only the lock counts. A process id in its file proves nothing, even if the process is alive."""
    (directory / "lock").write_text(f"{os.getpid()}\n", encoding="utf-8")
    assert place.lock(directory).level == "ok"
    lock = DirectoryLock(directory)
    lock.acquire()
    held = place.lock(directory)
    assert held.level == "warn" and str(os.getpid()) in held.text
    lock.release()
    assert place.lock(directory).level == "ok"


def test_files_of_the_future(directory: Path) -> None:
    """A clock behind the data is a failure. A clock ahead of the data is normal."""
    (directory / "suhbat.db").touch()
    now = (directory / "suhbat.db").stat().st_mtime
    assert place.clock(directory, now + 10_000).level == place.clock(directory, now - 10).level == "ok"
    wrong = place.clock(directory, now - 7_200)
    assert wrong.level == "FAIL" and "7,200 s in the future" in wrong.text
    assert place.clock(directory / "none").level == "ok"


def test_a_file_that_is_no_database(directory: Path) -> None:
    """A file that is not a database is reported and stays unchanged."""
    (directory / "suhbat.db").write_bytes(b"no database at all, whatever it is called" * 100)
    (finding,) = place.schema(directory)
    assert finding.level == "FAIL" and "cannot be read" in finding.text
    assert [path.name for path in directory.iterdir()] == ["suhbat.db"]


def test_what_is_configured_is_asked(directory: Path, taken: int) -> None:
    """An unreachable database and bus are reported within seconds, without their passwords, with exit code 1."""
    secret = "verysecret"
    result = run(
        "doctor", "--port", "0", "--workers", "2",
        "--database-url", f"postgresql://suhbat:{secret}@127.0.0.1:1/suhbat",
        "--bus-url", f"nats://suhbat:{secret}@127.0.0.1:1",
    )  # fmt: skip
    assert result.exit_code == 1 and secret not in result.output and result.output.isascii()
    failed = [line for line in result.output.splitlines() if line.startswith("FAIL")]
    assert len(failed) == 2, result.output
    assert "database" in failed[0] and "cannot be reached" in failed[0] and "NATS" in failed[1]


def test_a_driver_that_is_not_installed(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The finding says how to install a missing driver."""
    monkeypatch.setattr(cluster, "find_spec", lambda name: None)
    settings = Settings(database_url="postgresql://h/d", bus_url="nats://h")
    for check, name in ((cluster.database, "psycopg"), (cluster.bus, "nats-py")):
        (finding,) = check(settings)
        assert finding.level == "FAIL" and name in finding.text and "pip install" in finding.text


def test_a_good_cluster(directory: Path) -> None:
    """A migrated PostgreSQL database and NATS are ok. An empty database must be migrated first."""
    good = Settings(database_url=engines.database_of(directory), bus_url=engines.nats().url)
    found = [*cluster.database(good), *cluster.bus(good)]
    assert [finding.level for finding in found] == ["ok"] * 5, found
    empty = Settings(database_url=engines.postgres().new_database("doctor_empty"))
    assert any(one.level == "FAIL" and "suhbat migrate" in one.text for one in cluster.database(empty))


def test_a_port_of_somebody_else(taken: int) -> None:
    """A port of another program is a failure. The port of this data directory's server is not (see
    tests/cli/test_user.py)."""
    assert network.port(Settings(port=taken)).level == "FAIL"


def test_serve_uses_the_transport_of_its_own(monkeypatch: pytest.MonkeyPatch, directory: Path) -> None:
    """`suhbat serve` uses the native transport and the guarded HTTP protocol. Without them everything would still work,
    but worse."""
    started: list[uvicorn.Config] = []
    monkeypatch.setattr(uvicorn.Server, "run", lambda server, sockets=None: started.append(server.config))
    assert run("serve", "--port", "0", "--data", str(directory / "data")).exit_code == 0
    (config,) = started
    assert config.ws is Native
    assert isinstance(config.http, type) and config.http.__name__ == "Guarded"
