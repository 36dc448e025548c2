"""What keeps a store from working."""

from __future__ import annotations


class UnusableStore(Exception):
    """The store cannot be opened or reached. The text is for the person who runs the server: what is wrong, what to do."""


class AnotherDatabase(UnusableStore):
    """What the node knows, and has told its clients, is of another database than the one that is there now."""
