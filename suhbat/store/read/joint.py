"""Reads that answer many requests at once. See `reader`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import Connection

K = TypeVar("K")
T = TypeVar("T")


class Joint(Generic[K, T]):
    """A kind of read whose statements answer many requests at once, such as one for each user who connects.

    `run` returns a result for each of the keys, in their order. It must do a bounded amount of work for each key.
    """

    def __init__(self, run: Callable[[Connection, Sequence[K]], Sequence[T]]) -> None:
        self.run = run


class ReadRequest(NamedTuple):
    kind: Joint[Any, Any]
    key: Any
    answer: asyncio.Future[Any]


class ReadJob(NamedTuple):
    """Requests that one call answers."""

    kind: Joint[Any, Any]
    requests: list[ReadRequest]

    def run(self, connection: Connection) -> Sequence[Any]:
        return self.kind.run(connection, [request.key for request in self.requests])


def _alone(connection: Connection, keys: Sequence[Callable[[Connection], Any]]) -> Sequence[Any]:
    return [run(connection) for run in keys]


ALONE: Joint[Callable[[Connection], Any], Any] = Joint(_alone)
"""A read of its own: the key is the function that reads."""
