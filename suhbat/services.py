"""What a request or a connection may use of the server, whatever it comes in by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from suhbat.chat.bans import Bans
from suhbat.chat.commands import Commands
from suhbat.chat.messages import Messages
from suhbat.chat.ports import Clock, DeliveryMarks, Housekeeping, LogReader, StoreHealth, StoreReader
from suhbat.chat.presence import PresenceTracker
from suhbat.chat.rate import Rates
from suhbat.chat.tarpit import Tarpit
from suhbat.chat.turns import Reads
from suhbat.config import Settings
from suhbat.counting import Counts
from suhbat.hub.hub import Hub
from suhbat.hub.opening_limiter import OpeningLimiter
from suhbat.hub.unidentified import UnidentifiedConnections
from suhbat.identity.administration import AccountAdministration
from suhbat.identity.authentication import PasswordAuthentication
from suhbat.identity.control import Control
from suhbat.identity.external import ExternalLogins
from suhbat.identity.proxies import Proxies
from suhbat.identity.registration import Registration
from suhbat.identity.tickets import Tickets
from suhbat.identity.user_directory import UserDirectory
from suhbat.tasks import Tasks


class ServedStore(StoreReader, LogReader, DeliveryMarks, Housekeeping, StoreHealth, Protocol):
    """What is read of the store. Writing goes through `messages`, `commands` and `registration`."""

    epoch: str
    """See `chat.ports.Store`."""


class NodeHealth(Protocol):
    """How this process is, for those who look after it."""

    @property
    def degraded(self) -> bool:
        """Whether the bus is away: everything works, but other nodes hear of it later."""
        ...

    @property
    def draining(self) -> bool:
        """Whether this node is about to stop: nobody new should be sent to it."""
        ...

    async def metrics(self) -> bytes:
        """The metrics in Prometheus's text format."""
        ...


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """How much one user, one address and all together may ask for. In the memory of this process."""

    rates: Rates
    reads: Reads
    tarpit: Tarpit
    opening_limiter: OpeningLimiter
    unidentified: UnidentifiedConnections


@dataclass(frozen=True, slots=True)
class Services:
    """Made once by `runtime.node`, and the same for all requests and connections."""

    settings: Settings
    clock: Clock
    store: ServedStore
    tasks: Tasks
    hub: Hub
    presence: PresenceTracker
    people: UserDirectory
    registration: Registration
    authentication: PasswordAuthentication
    administration: AccountAdministration
    tickets: Tickets
    external: ExternalLogins | None
    """Where this is a part of another application that knows its people."""
    proxies: Proxies
    control: Control
    messages: Messages
    commands: Commands
    bans: Bans
    limits: RequestLimits
    counts: Counts
    health: NodeHealth
