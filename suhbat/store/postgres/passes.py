"""Passes: tickets and the setup code, valid for one use on any node. Only their hashes are stored."""

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
    """Store a pass that is valid for this many seconds."""
    connection.execute(_PUT, {"hash": hash, "body": body, "seconds": seconds})


def take(connection: Connection, hash: bytes) -> str | None:
    """Delete a pass and return its body; None if it does not exist or has expired."""
    return connection.execute(_TAKE, {"hash": hash}).scalar()


def prune(connection: Connection) -> None:
    """Delete expired passes."""
    connection.execute(_PRUNE)
