"""Things that are good for one use, on whatever node: tickets, the setup code. Only their hashes are stored."""

from __future__ import annotations

from sqlalchemy import Connection, text

from .journal import NOW

_PUT = text(
    "INSERT INTO passes (hash, body, until) VALUES (:hash, :body, "  # noqa: S608 (a constant)
    f"{NOW} + :seconds * 1000) ON CONFLICT (hash) DO UPDATE SET body = excluded.body, until = excluded.until"
)
_TAKE = text(f"DELETE FROM passes WHERE hash = :hash RETURNING CASE WHEN until > {NOW} THEN body END")  # noqa: S608
_PRUNE = text(f"DELETE FROM passes WHERE until < {NOW}")  # noqa: S608


def put(connection: Connection, hash: bytes, body: str, seconds: int) -> None:
    """Good for so long."""
    connection.execute(_PUT, {"hash": hash, "body": body, "seconds": seconds})


def take(connection: Connection, hash: bytes) -> str | None:
    """Use it up; None when it is not there, or was good for too short a time."""
    return connection.execute(_TAKE, {"hash": hash}).scalar()


def prune(connection: Connection) -> None:
    """Delete what is good for nothing any more."""
    connection.execute(_PRUNE)
