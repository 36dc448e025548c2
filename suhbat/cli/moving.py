"""`suhbat migrate-store`: from the SQLite file in a data directory to the database of `database_url` (see `store.moving`)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from suhbat.config import Settings
from suhbat.store import connect, moving, postgres
from suhbat.store.errors import StoreUnavailable
from suhbat.store.lock import DirectoryLock
from suhbat.store.migrate import revision
from suhbat.store.migrations import HEAD

from .local_server import DATABASE, Refused

SECONDS = 1.0
"""Between two lines that say how far it is."""


def move(settings: Settings, clock: Callable[[], float] = time.monotonic) -> Iterator[str]:
    """Move everything; gives the lines to show meanwhile. Raises Refused."""
    with both(settings) as (source, target):
        said = clock()
        for table, count in moving.copy(source, target):
            if clock() - said >= SECONDS:
                said = clock()
                yield f"copying {table}: {count:,} rows"
        wrong = []
        for found in moving.compare(source, target):
            yield f"{found.table:13} {found.rows:>13,} rows  {'ok' if found.same else 'DIFFERS'}"
            if not found.same:
                wrong.append(found.table)
        if wrong:
            raise Refused(
                f"not the same on both sides: {', '.join(wrong)}. Did something else write there? "
                "The SQLite file is as it was: give a new, empty database and do this again"
            )
        moving.finish(target)
    yield (
        f"Everything is there. Now set database_url (in suhbat.toml, or SUHBAT_DATABASE_URL) and start the server.\n"
        f"Keep {settings.data.resolve()} as a backup: from now on {DATABASE} in it is not written to."
    )


@contextmanager
def both(settings: Settings) -> Iterator[tuple[Engine, Engine]]:
    """The file, of this version, whose directory is locked; and the database, prepared if it was empty. Raises Refused."""
    if not (settings.data / DATABASE).exists():
        raise Refused(f"there is no database in {settings.data.resolve()}; is --data right?")
    assert settings.database_url is not None
    lock = DirectoryLock(settings.data)
    try:
        lock.acquire()
        source = connect.looking(settings.data / DATABASE)
        target = postgres.connect(settings.database_url, patient=True)
        try:
            with source.connect() as old, old.begin():
                moving.source_of(old)
            _prepare(settings.database_url, target)
            yield source, target
        finally:
            source.dispose()
            target.dispose()
    except StoreUnavailable as error:
        raise Refused(str(error)) from error
    except DBAPIError as error:
        raise Refused(f"a database cannot be reached ({str(error.orig).strip()}); see data and database_url") from error
    finally:
        lock.release()


def _prepare(database_url: str, target: Engine) -> None:
    """Make the tables if there are none. Nothing else: the lobby of a half moved database is not there perhaps, and nobody
    asked to migrate what holds something."""
    with target.connect() as new, new.begin():
        present = revision(new)
    if present is None:
        postgres.prepare(database_url)
    elif present != HEAD:
        raise StoreUnavailable(
            f"the database of database_url has the schema {present}, this version has {HEAD}: give a new, empty one, "
            "or run `suhbat migrate` with this version"
        )
