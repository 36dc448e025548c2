"""Data that a node reads from the store about the other nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from .people import Actor


class Change(NamedTuple):
    """A change of something that every node caches, which must therefore be read again.

    `key`: the uid of an account, of a guest, or of the user who was banned from the server or whose ban ended ("bans"); the id
    of a session; the name of a log that lost expired events.
    """

    kind: Literal["account", "guest", "session", "bans", "log"]
    key: str


Changed = Callable[[list[Change]], None]
"""Called on the event loop with the changes of each committed batch."""


@dataclass(frozen=True, slots=True)
class StoreDelta:
    """The difference between the store now and at an earlier `mark`: the `heads` of logs, and the changes by other nodes.

    `mark`: for the next comparison. `whole`: the changes are unknown, so that everything may have changed.
    """

    mark: str
    heads: Mapping[str, int]
    changes: tuple[Change, ...] = ()
    whole: bool = False


class Lapsed(Exception):
    """The lease of this node has expired. It must join the cluster again before it reports users or holds names."""


@dataclass(frozen=True, slots=True)
class NodeUpdate:
    """The users of another node who arrived, and the uids of those who left, since an earlier `version`. `whole`: `entered` is
    all of its users."""

    version: int
    entered: tuple[Actor, ...]
    left: tuple[str, ...]
    whole: bool
