"""`suhbat migrate`: prepare the PostgreSQL database for this version."""

from __future__ import annotations

import typer

from suhbat.config import Settings

from .flags import with_settings
from .terminal import say, stop


def install(app: typer.Typer) -> None:
    app.command("migrate")(with_settings(migrate))


def migrate(settings: Settings) -> None:
    """Prepare the PostgreSQL database of database_url for this version. Run it before the nodes of this version start.
    Nodes of the version before may go on running."""
    if settings.database_url is None:
        stop("there is no database_url; a SQLite database is migrated when its server starts")
    from suhbat.store.errors import UnusableStore
    from suhbat.store.migrations import HEAD
    from suhbat.store.postgres.store import prepare

    try:
        before = prepare(settings.database_url)
    except UnusableStore as error:
        stop(str(error), code=1)
    say(f"Nothing to do: it is at {HEAD}." if before == HEAD else f"Migrated from {before or 'nothing'} to {HEAD}.")
