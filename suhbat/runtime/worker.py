"""One of several processes that a parent started on one data directory."""

from __future__ import annotations

from typing import NamedTuple


class Worker(NamedTuple):
    """`number`: from 0, that of one that takes another's place is the same. `secret`: what orders of the command line carry
    (see `control`)."""

    number: int
    secret: str
