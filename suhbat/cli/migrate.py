"""`suhbat migrate` and `suhbat migrate-store`."""

from __future__ import annotations

import typer

from suhbat.config import Settings

from .flags import with_settings
from .local_server import Refused
from .terminal import say, stop


def install(app: typer.Typer) -> None:
    app.command("migrate")(with_settings(migrate))
    app.command("migrate-store")(with_settings(migrate_store))


def migrate(settings: Settings) -> None:
    """Prepare the PostgreSQL database of database_url for this version. Run it before the nodes of this version start;
    those of the version before may go on working."""
    if settings.database_url is None:
        stop("there is no database_url; a SQLite database is migrated when its server starts")
    from suhbat.store.errors import StoreUnavailable
    from suhbat.store.migrations import HEAD
    from suhbat.store.postgres import prepare

    try:
        before = prepare(settings.database_url)
    except StoreUnavailable as error:
        stop(str(error), code=1)
    say(f"Nothing to do: it is at {HEAD}." if before == HEAD else f"Migrated from {before or 'nothing'} to {HEAD}.")


def migrate_store(settings: Settings) -> None:
    """Move everything from the SQLite database in data to the PostgreSQL database of database_url, with the server stopped.
    What was broken off goes on where it stopped. What the database holds otherwise is never touched."""
    if settings.database_url is None:
        stop("there is no database_url: say where to, --database-url postgresql://user:password@host/database")
    from . import moving

    try:
        for line in moving.move(settings):
            say(line)
    except Refused as error:
        stop(str(error), code=1)
