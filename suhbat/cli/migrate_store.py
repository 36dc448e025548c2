"""`suhbat migrate-store`: from the SQLite file in a data directory to the database of `database_url` (see `store.moving`)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from suhbat.config import Settings

from .flags import with_settings
from .local_server import DATABASE, CommandRefused
from .terminal import say, stop

if TYPE_CHECKING:
    from sqlalchemy import Engine

SECONDS = 1.0
"""Between two lines of progress."""


def install(app: typer.Typer) -> None:
    app.command("migrate-store")(with_settings(migrate_store))


def migrate_store(settings: Settings) -> None:
    """Move everything from the SQLite database in data to the PostgreSQL database of database_url, with the server stopped.
    An interrupted move continues where it stopped. Nothing else in that database is touched."""
    if settings.database_url is None:
        stop("there is no database_url: say where to, --database-url postgresql://user:password@host/database")
    try:
        for line in move(settings):
            say(line)
    except CommandRefused as error:
        stop(str(error), code=1)


def move(settings: Settings, clock: Callable[[], float] = time.monotonic) -> Iterator[str]:
    """Copy every table and compare both sides; gives lines of progress. Raises CommandRefused."""
    from suhbat.store import moving

    with both(settings) as (source, target):
        shown = clock()
        for table, count in moving.copy(source, target):
            if clock() - shown >= SECONDS:
                shown = clock()
                yield f"copying {table}: {count:,} rows"
        wrong = []
        for found in moving.compare(source, target):
            yield f"{found.table:13} {found.rows:>13,} rows  {'ok' if found.same else 'DIFFERS'}"
            if not found.same:
                wrong.append(found.table)
        if wrong:
            raise CommandRefused(
                f"not the same on both sides: {', '.join(wrong)}. Did another program write to the database? "
                "The SQLite file is unchanged: give a new, empty database and run this again"
            )
        moving.finish(target)
    yield (
        f"Everything is there. Now set database_url (in suhbat.toml, or SUHBAT_DATABASE_URL) and start the server.\n"
        f"Keep {settings.data.resolve()} as a backup: {DATABASE} in it is not used any more."
    )


@contextmanager
def both(settings: Settings) -> Iterator[tuple[Engine, Engine]]:
    """The SQLite file, at this version's schema and with its directory locked; and the PostgreSQL database, prepared if it
    was empty. Raises CommandRefused."""
    from sqlalchemy.exc import DBAPIError

    from suhbat.store import moving
    from suhbat.store.errors import UnusableStore
    from suhbat.store.lock import DirectoryLock
    from suhbat.store.postgres.connect import connect as connect_postgres
    from suhbat.store.sqlite import connect

    if not (settings.data / DATABASE).exists():
        raise CommandRefused(f"there is no database in {settings.data.resolve()}; is --data right?")
    assert settings.database_url is not None
    lock = DirectoryLock(settings.data)
    try:
        lock.acquire()
        source = connect.read_only(settings.data / DATABASE)
        target = connect_postgres(settings.database_url, patient=True)
        try:
            with source.connect() as old, old.begin():
                moving.source_of(old)
            _prepare(settings.database_url, target)
            yield source, target
        finally:
            source.dispose()
            target.dispose()
    except UnusableStore as error:
        raise CommandRefused(str(error)) from error
    except DBAPIError as error:
        raise CommandRefused(
            f"a database cannot be reached ({str(error.orig).strip()}); see data and database_url"
        ) from error
    finally:
        lock.release()


def _prepare(database_url: str, target: Engine) -> None:
    """Create the tables in an empty database. A database that holds something is not migrated: nobody asked for that, and a
    half-moved one may lack the lobby that a migration expects."""
    from suhbat.store.errors import UnusableStore
    from suhbat.store.migrate import revision
    from suhbat.store.migrations import HEAD
    from suhbat.store.postgres.store import prepare

    with target.connect() as new, new.begin():
        present = revision(new)
    if present is None:
        prepare(database_url)
    elif present != HEAD:
        raise UnusableStore(
            f"the database of database_url has the schema {present}, this version has {HEAD}: give a new, empty one, "
            "or run `suhbat migrate` with this version"
        )
