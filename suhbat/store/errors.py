"""Errors for the operator of the server. Clients get `StorageUnavailable` of `suhbat.errors` instead."""

from __future__ import annotations

from collections.abc import Collection


class UnusableStore(Exception):
    """The store cannot be opened or reached. The text tells the operator what is wrong and what to do."""


class LogsHeld(Exception):
    """Another node holds one of these logs, which this transaction did not lock with its first ones. Waiting for it could be a
    deadlock, so the transaction is rolled back, and begins again with these logs among its first. `pairs`: pair keys of
    directs."""

    def __init__(self, names: Collection[str], pairs: Collection[str] = ()) -> None:
        super().__init__(", ".join((*names, *pairs)))
        self.names = frozenset(names)
        self.pairs = frozenset(pairs)


class AnotherDatabase(UnusableStore):
    """The connection leads to another database than the one that this node and its clients know."""
