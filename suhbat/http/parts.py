"""What the routers need of the rest of the house."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated, cast

from fastapi import Depends, Request
from prometheus_client import CollectorRegistry

from suhbat.chat.bans import Bans
from suhbat.chat.commands import Commands
from suhbat.chat.messages import Messages
from suhbat.chat.ports import Clock, Store
from suhbat.chat.rate import Rates
from suhbat.chat.tarpit import Tarpit
from suhbat.chat.turns import Reads
from suhbat.config import Settings
from suhbat.counting import Counts
from suhbat.identity.control import Control
from suhbat.identity.outside import Outside
from suhbat.identity.people import People
from suhbat.identity.proxies import Proxies
from suhbat.identity.registration import Registration
from suhbat.identity.tickets import Tickets


async def _nothing() -> None:
    """For who has nothing to find out."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Filled by `app.py`, by tests with fakes."""

    settings: Settings
    store: Store
    people: People
    registration: Registration
    tickets: Tickets
    messages: Messages
    commands: Commands
    bans: Bans
    rates: Rates
    reads: Reads
    clock: Clock
    registry: CollectorRegistry
    control: Control
    proxies: Proxies
    counts: Counts = field(default_factory=Counts)
    tarpit: Tarpit = field(default_factory=Tarpit)
    look: Callable[[], Awaitable[None]] = _nothing
    """Called before the figures are shown: finds out what only asking can tell."""
    outside: Outside | None = None
    """Where this is a part of another application that knows its people."""
    degraded: Callable[[], bool] = lambda: False
    """Whether the bus is away: everything works, but other nodes hear of it later."""
    draining: Callable[[], bool] = lambda: False
    """Whether this node is about to stop: nobody new should be sent to it."""
    erasing: Callable[[], None] = lambda: None
    """Called when an erasure was begun: it can be gone on with."""


def parts_of(request: Request) -> Parts:
    """The parts that the application of this request was built with."""
    return cast(Parts, request.app.state.parts)


House = Annotated[Parts, Depends(parts_of)]
