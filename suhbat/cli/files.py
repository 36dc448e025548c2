"""`suhbat files …`: compare uploaded files with their records, and move them to another store."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from suhbat.config import Settings

from .flags import group, option, with_settings
from .local_server import CommandRefused, alone
from .terminal import say, stop

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from suhbat.files.store import FileStore

REMOVE = option("remove", False, "Remove bytes that belong to no file.", bool)
TO = option("to", None, "Where to: s3, or local for the directory.", str)
SECONDS = 5.0
"""Between two lines of progress."""
DELAY = 600_000
"""How long old bytes stay where several servers may be reading them, in milliseconds."""


def install(app: typer.Typer) -> None:
    files = group("Look after uploaded files.")
    files.command("check")(with_settings(check, REMOVE))
    files.command("move")(with_settings(move, TO))
    app.add_typer(files, name="files")


def check(settings: Settings, remove: bool) -> None:
    """Compare the records of files with the bytes that are stored. Exit code 1 if bytes are missing. With a SQLite database,
    stop the server first."""
    from suhbat.files.places import stores_of
    from suhbat.store.read import files as reading

    stores = stores_of(settings)
    failed = False
    with _database(settings) as connection:
        for store in stores:
            failed |= _check(connection, store, remove=remove)
        for backend, count in sorted(reading.files_by_backend(connection).items()):
            if backend not in {store.backend for store in stores}:
                failed = True
                say(f"{count} files are recorded in {backend!r}, and no setting says where that is: set files_before")
    raise typer.Exit(1 if failed else 0)


def _check(connection: Connection, store: FileStore, *, remove: bool) -> bool:
    """Whether bytes are missing in this store."""
    from suhbat.files.checking import KnownBytes, compare
    from suhbat.store.read import files as reading

    missing = orphans = count = 0

    def known() -> Iterator[KnownBytes]:
        nonlocal count
        for key, state, received, size, thumbnails in reading.stored_bytes(connection, store.backend):
            count += 1
            is_ready = state == "ready"
            yield KnownBytes(key, size if is_ready else received, thumbnails.split(), not is_ready)

    try:
        for difference in compare(store, known, lambda: reading.queued_keys(connection, store.backend)):
            if difference.kind == "missing":
                missing += 1
                say(f"missing: {difference.key}")
                continue
            orphans += 1
            say(f"of no file: {difference.key}" + (", removed" if remove else ""))
            if remove:
                store.remove(difference.key)
    except OSError as error:
        stop(f"{store.backend}: {error}", code=1)
    say(f"{store.backend}: {count} files, {missing} with missing bytes; bytes of no file: {orphans}")
    return missing > 0


def move(settings: Settings, to: str | None) -> None:
    """Move the bytes of all files to the other store. An interrupted move continues where it stopped. With a SQLite database,
    stop the server first; with PostgreSQL servers may run."""
    if to not in ("s3", "local"):
        stop("say where to: --to s3, or --to local")
    try:
        failed = asyncio.run(_move(settings, to))
    except CommandRefused as error:
        stop(str(error), code=1)
    except OSError as error:
        stop(f"{error}\nWhat was moved stays moved. Run the same command again to continue.", code=1)
    raise typer.Exit(1 if failed else 0)


async def _move(settings: Settings, to: str) -> int:
    """How many files could not be moved. Raises CommandRefused, OSError."""
    from suhbat.files.collector import Collector
    from suhbat.files.moving import Move
    from suhbat.files.places import stores_of
    from suhbat.files.threads import FileThreads

    stores = stores_of(settings)
    try:
        source, target = stores.of("local" if to == "s3" else "s3"), stores.of(to)
    except OSError as error:
        raise CommandRefused(str(error)) from None
    count = size = missing = 0
    is_shared = settings.database_url is not None
    async with alone(settings, {}) as suhbat:
        records, clock, threads = suhbat.node.store, suhbat.node.clock, FileThreads(2)
        try:
            shown = time.monotonic()
            moving = Move(records, source, target, settings.data / "work", clock, threads, DELAY if is_shared else 0)
            async for moved in moving.run():
                if moved.is_missing:
                    missing += 1
                    say(f"missing: {moved.key}")
                    continue
                count, size = count + 1, size + moved.size
                if time.monotonic() - shown >= SECONDS:
                    shown = time.monotonic()
                    say(f"moved: {count:,} files, {size / 1e6:,.0f} MB")
            if not is_shared:
                await Collector(records, stores, clock, threads).run()
        finally:
            threads.close()
    say(f"moved to {to}: {count:,} files, {size / 1e6:,.0f} MB; with missing bytes: {missing}")
    if is_shared:
        say("the servers remove the old bytes in ten minutes")
    return missing


@contextmanager
def _database(settings: Settings) -> Iterator[Connection]:
    """A connection that only reads, in one transaction. Stops with a text if there is none."""
    from sqlalchemy.exc import DBAPIError

    from suhbat.store.errors import UnusableStore
    from suhbat.store.lock import DirectoryLock
    from suhbat.store.migrate import revision
    from suhbat.store.migrations import HEAD

    try:
        if settings.database_url is None:
            from suhbat.store.sqlite import connect

            file = settings.data / "suhbat.db"
            if not file.exists():
                stop(f"there is no database in {settings.data}", code=1)
            if DirectoryLock(settings.data).is_held():
                stop("a server uses the data directory; stop it first", code=1)
            engine = connect.read_only(file)
        else:
            from suhbat.store.postgres.connect import connect as connect_postgres

            engine = connect_postgres(settings.database_url, reading=1)
        with engine.connect() as connection, connection.begin():
            if revision(connection) != HEAD:
                stop(f"the database does not have the schema {HEAD}; start the server of this version first", code=1)
            yield connection
        engine.dispose()
    except (UnusableStore, DBAPIError) as error:
        stop(f"the database cannot be read: {getattr(error, 'orig', error)}", code=1)
