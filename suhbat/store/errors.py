"""Errors for the operator of the server. Clients get `StorageUnavailable` of `suhbat.errors` instead."""

from __future__ import annotations


class UnusableStore(Exception):
    """The store cannot be opened or reached. The text tells the operator what is wrong and what to do."""


class AnotherDatabase(UnusableStore):
    """The connection leads to another database than the one that this node and its clients know."""
