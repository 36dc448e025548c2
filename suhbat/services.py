"""The parts of a node that requests and connections use, over HTTP and WebSockets alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from suhbat.chat.active import ActiveConnections
from suhbat.chat.bans import Bans
from suhbat.chat.commands import Commands
from suhbat.chat.growing_messages import GrowingMessages
from suhbat.chat.messages import Messages
from suhbat.chat.ports import (
    BotStore,
    Clock,
    DeliveryMarks,
    FileReader,
    Housekeeping,
    LogReader,
    StoreHealth,
    StoreReader,
    UpdateStore,
)
from suhbat.chat.presence import PresenceTracker
from suhbat.chat.rate import Rates
from suhbat.chat.tarpit import Tarpit
from suhbat.chat.turns import Reads
from suhbat.config import Settings
from suhbat.counting import Counts
from suhbat.files.downloads import Downloads
from suhbat.files.links import FileLinks
from suhbat.files.portraits import Portraits
from suhbat.files.processing import Processing
from suhbat.files.uploads import Uploads
from suhbat.hub.hub import Hub
from suhbat.hub.opening_limiter import OpeningLimiter
from suhbat.hub.unidentified import UnidentifiedConnections
from suhbat.identity.administration import AccountAdministration
from suhbat.identity.authentication import PasswordAuthentication
from suhbat.identity.bots import Bots
from suhbat.identity.control import Control
from suhbat.identity.export import ExportedStore
from suhbat.identity.external import ExternalLogins
from suhbat.identity.mail_addresses import MailAddresses
from suhbat.identity.mailed_invites import MailedInvites
from suhbat.identity.password_resets import PasswordResets
from suhbat.identity.proxies import Proxies
from suhbat.identity.registration import Registration
from suhbat.identity.tickets import Tickets
from suhbat.identity.user_directory import UserDirectory
from suhbat.mail.unsubscribing import Unsubscribing
from suhbat.notify.subscriptions import PushSubscriptions
from suhbat.notify.trial import PushTrial
from suhbat.outgoing.client import OutgoingClient
from suhbat.programs.hooks.incoming_hooks import IncomingHooks
from suhbat.programs.hooks.outgoing_hooks import OutgoingHooks
from suhbat.programs.telegram.chats import Chats
from suhbat.programs.telegram.pollers import Pollers
from suhbat.programs.telegram.webhooks import Webhooks
from suhbat.tasks import Tasks


class ServedStore(
    StoreReader,
    ExportedStore,
    BotStore,
    UpdateStore,
    FileReader,
    LogReader,
    DeliveryMarks,
    Housekeeping,
    StoreHealth,
    Protocol,
):
    """The reading side of the store. Writes go through `messages`, `commands` and the use cases of identity."""

    epoch: str
    """See `chat.ports.Store`."""


class NodeHealth(Protocol):
    """The health and metrics of this process, for its operators."""

    @property
    def degraded(self) -> bool:
        """Whether the bus is disconnected: everything works, but events reach other nodes later."""
        ...

    @property
    def draining(self) -> bool:
        """Whether this node is about to stop, so that a load balancer should send it nothing new."""
        ...

    async def metrics(self) -> bytes:
        """The metrics in Prometheus's text format."""
        ...


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """The limits per user, per address and in total. Their state is in the memory of this process."""

    rates: Rates
    reads: Reads
    tarpit: Tarpit
    opening_limiter: OpeningLimiter
    unidentified: UnidentifiedConnections


@dataclass(frozen=True, slots=True)
class MailServices:
    """What needs a mail server."""

    addresses: MailAddresses
    resets: PasswordResets
    invites: MailedInvites
    unsubscribing: Unsubscribing


@dataclass(frozen=True, slots=True)
class TelegramServices:
    """What the bots of Telegram's Bot API share."""

    chats: Chats
    pollers: Pollers
    webhooks: Webhooks
    fetching: OutgoingClient
    """For files that bots name by their addresses. It has slots of its own, so that those hold up no deliveries."""


@dataclass(frozen=True, slots=True)
class Services:
    """Made once by `runtime.node` and shared by all requests and connections."""

    settings: Settings
    clock: Clock
    store: ServedStore
    tasks: Tasks
    hub: Hub
    presence: PresenceTracker
    active: ActiveConnections
    people: UserDirectory
    registration: Registration
    authentication: PasswordAuthentication
    administration: AccountAdministration
    bots: Bots
    tickets: Tickets
    external: ExternalLogins | None
    """Set if another application identifies the users."""
    proxies: Proxies
    control: Control
    messages: Messages
    growing: GrowingMessages
    commands: Commands
    bans: Bans
    uploads: Uploads
    processing: Processing
    downloads: Downloads
    portraits: Portraits
    pushes: PushSubscriptions
    mail: MailServices | None
    """None if this server sends no mails."""
    push_trial: PushTrial
    hooks: IncomingHooks
    outgoing_hooks: OutgoingHooks
    telegram: TelegramServices
    links: FileLinks
    limits: RequestLimits
    counts: Counts
    health: NodeHealth
