"""Checks of what several nodes share: the PostgreSQL database and the bus. Each is connected to, with a few seconds' limit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

from suhbat.config import Settings, without_password

from .findings import Finding

PATIENCE_SECONDS = 5.0
OFF_SECONDS, WRONG_SECONDS = 2.0, 60.0
"""How far this machine's clock may be from the database's before the check warns, and before it fails."""
EXTRA = 'pip install ".[cluster]" in the folder of Suhbat'


def database(settings: Settings) -> Iterator[Finding]:
    """The driver, whether the database is reachable, its version, schema and clock. Nothing without database_url."""
    if settings.database_url is None:
        return
    if find_spec("psycopg") is None:
        yield Finding("FAIL", f"database_url needs psycopg, which is not installed: {EXTRA}")
        return
    yield Finding("ok", f"psycopg {version('psycopg')}")
    from sqlalchemy.exc import DBAPIError

    from suhbat.store.errors import UnusableStore
    from suhbat.store.postgres.connect import connect

    try:
        engine = connect(settings.database_url, reading=1)
    except UnusableStore as error:
        yield Finding("FAIL", str(error))
        return
    try:
        yield from _database(engine, without_password(settings.database_url))
    except UnusableStore as error:
        yield Finding("FAIL", str(error))
    except DBAPIError as error:
        reason = " ".join(str(error.orig).split())
        yield Finding(
            "FAIL",
            f"the database at {without_password(settings.database_url)} cannot be reached ({reason}); see database_url",
        )
    finally:
        engine.dispose()


def _database(engine: Any, shown: str) -> Iterator[Finding]:
    from sqlalchemy import text

    from suhbat.store.migrate import is_moving, revision, supports
    from suhbat.store.migrations import HEAD

    began = time.monotonic()
    with engine.connect() as connection, connection.begin():
        number = connection.execute(text("SHOW server_version")).scalar()
        yield Finding("ok", f"PostgreSQL {number} at {shown} answers in {(time.monotonic() - began) * 1000:.0f} ms")
        before = time.time()
        theirs = float(connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar())
        yield clock((before + time.time()) / 2 - theirs)
        present = revision(connection)
        if present == HEAD:
            yield Finding("ok", f"the database has the schema {HEAD}")
        elif present is not None and present > HEAD:
            good = supports(connection, HEAD)
            text_ = f"the database has the schema {present}, this version has {HEAD}"
            yield Finding("warn" if good else "FAIL", f"{text_}: update this node" + (" soon" if good else ""))
        else:
            found = f"has the schema {present}" if present else "is empty"
            yield Finding("FAIL", f"the database {found}: run `suhbat migrate`")
        if present is not None and is_moving(connection):
            yield Finding(
                "FAIL", "the data is not completely moved to the database: run `suhbat migrate-store` again until it is"
            )


def clock(ahead: float) -> Finding:
    """Compares this machine's clock with the database's. `ahead`: by how many seconds this machine's is ahead."""
    shown = f"the clock of this machine is {abs(ahead):.1f} s {'ahead of' if ahead > 0 else 'behind'} the database's"
    if abs(ahead) > WRONG_SECONDS:
        return Finding("FAIL", f"{shown}: set it (NTP)")
    if abs(ahead) > OFF_SECONDS:
        return Finding("warn", f"{shown}: set it (NTP)")
    return Finding("ok", "the clock agrees with the database's")


def bus(settings: Settings) -> Iterator[Finding]:
    """The client library, and whether NATS is reachable with these credentials. Nothing without bus_url."""
    if settings.bus_url is None:
        return
    if find_spec("nats") is None:
        yield Finding("FAIL", f"bus_url needs nats-py, which is not installed: {EXTRA}")
        return
    servers = [part.strip() for part in settings.bus_url.split(",") if part.strip()]
    shown = ", ".join(map(without_password, servers))
    try:
        yield Finding("ok", f"NATS {asyncio.run(_reach(servers))} at {shown} answers")
    except Exception as error:
        reason = str(error) or type(error).__name__
        yield Finding(
            "FAIL",
            f"NATS at {shown} cannot be reached ({reason}); see bus_url. Nodes work without it, with delays of up to 2 s",
        )


async def _reach(servers: list[str]) -> str:
    import nats.aio.client as module

    async def quiet(error: Exception) -> None:
        """Nothing to do: `connect` raises the error as well."""

    client = module.Client()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await client.connect(
            servers,
            name="suhbat doctor",
            allow_reconnect=False,
            max_reconnect_attempts=0,
            connect_timeout=2,
            error_cb=quiet,
        )
        try:
            return str(client.connected_server_version)
        finally:
            await client.close()
