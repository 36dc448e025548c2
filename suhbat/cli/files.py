"""`suhbat files …`: compare uploaded files with their records."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from suhbat.config import Settings

from .flags import group, option, with_settings
from .terminal import say, stop

if TYPE_CHECKING:
    from sqlalchemy import Connection

REMOVE = option("remove", False, "Remove bytes that belong to no file.", bool)


def install(app: typer.Typer) -> None:
    files = group("Look after uploaded files.")
    files.command("check")(with_settings(check, REMOVE))
    app.add_typer(files, name="files")


def check(settings: Settings, remove: bool) -> None:
    """Compare the records of files with the bytes that are stored. Exit code 1 if bytes are missing. With a SQLite database,
    stop the server first."""
    from suhbat.files.checking import KnownBytes, compare
    from suhbat.files.local import LocalFileStore
    from suhbat.store.read import files as reading

    store = LocalFileStore(settings.file_directory)
    missing = orphans = count = 0
    with _database(settings) as connection:

        def known() -> Iterator[KnownBytes]:
            nonlocal count
            for key, state, received, size, thumbnails in reading.stored_bytes(connection, store.backend):
                count += 1
                is_ready = state == "ready"
                yield KnownBytes(key, size if is_ready else received, thumbnails.split(), not is_ready)

        for difference in compare(store, known, lambda: reading.queued_keys(connection, store.backend)):
            if difference.kind == "missing":
                missing += 1
                say(f"missing: {difference.key}")
                continue
            orphans += 1
            say(f"of no file: {difference.key}" + (", removed" if remove else ""))
            if remove:
                store.remove(difference.key)
    say(f"{count} files, {missing} with missing bytes; bytes of no file: {orphans}")
    raise typer.Exit(1 if missing else 0)


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
