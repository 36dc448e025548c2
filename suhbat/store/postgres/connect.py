"""Connections to PostgreSQL: the URL, the session's settings, the limits that keep one node from holding up the others."""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool, QueuePool

from suhbat.store.errors import UnusableStore

_SETTINGS = {
    "client_encoding": "UTF8",
    "timezone": "UTC",
    "synchronous_commit": "on",
    "jit": "off",
    # A node that is paused in the middle of a transaction must not hold up the others.
    "lock_timeout": "500ms",
    "idle_in_transaction_session_timeout": "2s",
    # The server notices a node that is gone without closing.
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "8s",
}
_WRITING = {
    # Prepared statements are planned once, perhaps while the tables are empty, and are used for batches of any size. All of
    # them look up rows by key.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
_READING = {"default_transaction_read_only": "on", "statement_timeout": "10s"}
_PATIENT = {"lock_timeout": "0", "idle_in_transaction_session_timeout": "0"}
_ARGUMENTS = {
    "application_name": "suhbat",
    "connect_timeout": 3,
    # The node notices a server that is gone without closing.
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 8_000,
}


def url_of(database_url: str) -> URL:
    """SQLAlchemy's form of a `postgresql://` URL. Raises UnusableStore for any other URL, or without the driver."""
    try:
        url = make_url(database_url)
    except (ArgumentError, ValueError) as error:
        raise UnusableStore("database_url is no URL; it looks like postgresql://user:password@host/database") from error
    if url.drivername not in ("postgresql", "postgres"):
        raise UnusableStore(f"database_url begins with {url.drivername}://; it must be postgresql://")
    try:
        import psycopg  # noqa: F401 (importing it is the check: it fails without libpq as well)
    except ImportError as error:
        raise UnusableStore(
            'PostgreSQL needs a driver: pip install ".[cluster]" in the folder of Suhbat (or psycopg[binary])'
        ) from error
    return url.set(drivername="postgresql+psycopg")


def connect(database_url: str, *, reading: int = 0, patient: bool = False) -> Engine:
    """An engine for one writing connection; or with `reading`, for that many read-only connections (REPEATABLE READ).

    `patient`: without the time limits that keep a node from holding up others. Raises UnusableStore: see `url_of`.
    """
    url = url_of(database_url)
    settings = _SETTINGS | (_READING if reading else _PATIENT if patient else _WRITING)
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    given = url.query.get("options", "")
    arguments: dict[str, Any] = {name: value for name, value in _ARGUMENTS.items() if name not in url.query}
    arguments["options"] = f"{options} {given if isinstance(given, str) else ' '.join(given)}".strip()
    if not reading:
        return create_engine(url, poolclass=NullPool, connect_args=arguments, hide_parameters=True)
    return create_engine(
        url,
        poolclass=QueuePool,
        pool_size=reading,
        max_overflow=0,
        connect_args=arguments,
        hide_parameters=True,
        isolation_level="REPEATABLE READ",
    )
