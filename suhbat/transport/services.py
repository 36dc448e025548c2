"""What a dialect needs of the rest of the house."""

from __future__ import annotations

from dataclasses import dataclass, field

from suhbat.chat.bans import Bans
from suhbat.chat.commands import Commands
from suhbat.chat.messages import Messages
from suhbat.chat.ports import Clock, Store
from suhbat.chat.presence import Here
from suhbat.chat.rate import Rates
from suhbat.chat.tarpit import Tarpit
from suhbat.chat.turns import Reads
from suhbat.config import Settings
from suhbat.counting import Counts
from suhbat.hub.hub import Hub
from suhbat.identity.claims import Names
from suhbat.identity.outside import Outside
from suhbat.identity.people import People
from suhbat.identity.proxies import Proxies
from suhbat.identity.tickets import Tickets
from suhbat.tasks import Tasks

from .opening_limiter import OpeningLimiter
from .unidentified import UnidentifiedConnections


@dataclass(frozen=True, slots=True)
class Services:
    """Made once by `node.py`, and the same for all connections."""

    settings: Settings
    store: Store
    hub: Hub
    tasks: Tasks
    here: Here
    people: People
    tickets: Tickets
    messages: Messages
    commands: Commands
    bans: Bans
    rates: Rates
    reads: Reads
    clock: Clock
    opening_limiter: OpeningLimiter
    unidentified: UnidentifiedConnections
    outside: Outside | None
    """Where this is a part of another application that knows its people."""
    proxies: Proxies
    names: Names | None = None
    """Where several nodes share the names of bare guests."""
    counts: Counts = field(default_factory=Counts)
    tarpit: Tarpit = field(default_factory=Tarpit)
