"""The live parts of one node, wired together: store, bus, hub, people and their use cases. No HTTP, sockets or process.

A part gets everything it uses, and the listeners that it notifies, as constructor arguments. Where that would be circular,
both sides get a third object: `PresenceTracker` sets a `HeartbeatSignal`, on which `ClusterMembership` waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import structlog

from suhbat.chat.active import ActiveConnections
from suhbat.chat.bans import Bans
from suhbat.chat.commands import Commands
from suhbat.chat.erasing import erase_all
from suhbat.chat.growing_chores import GrowingChores
from suhbat.chat.growing_messages import GrowingMessages
from suhbat.chat.messages import Messages
from suhbat.chat.ports import Bus, Clock, Store
from suhbat.chat.presence import PresenceTracker
from suhbat.chat.rate import Rates
from suhbat.chat.tarpit import Tarpit
from suhbat.chat.turns import Reads
from suhbat.cluster.bus_listener import NodeBusListener
from suhbat.cluster.invalidation import CacheInvalidation
from suhbat.cluster.membership import ClusterMembership, HeartbeatSignal
from suhbat.config import Settings
from suhbat.counting import Counts
from suhbat.files.links import FileLinks
from suhbat.http.telegram.webhook_bots import WebhookBots
from suhbat.hub.hub import Hub
from suhbat.hub.opening_limiter import OpeningLimiter
from suhbat.hub.reconciliation import Reconciliation
from suhbat.hub.unidentified import UnidentifiedConnections
from suhbat.identity.accounts import Accounts
from suhbat.identity.administration import AccountAdministration
from suhbat.identity.authentication import PasswordAuthentication
from suhbat.identity.bots import Bots
from suhbat.identity.control import Control
from suhbat.identity.external import Authenticate, ExternalAccounts, ExternalLogins
from suhbat.identity.guests import Guests
from suhbat.identity.passes import MemoryPasses
from suhbat.identity.passwords import Passwords
from suhbat.identity.proxies import Proxies
from suhbat.identity.registration import Registration
from suhbat.identity.sessions import Sessions
from suhbat.identity.tickets import Tickets
from suhbat.identity.user_directory import UserDirectory
from suhbat.outgoing.addresses import AllowedAddresses
from suhbat.outgoing.client import OutgoingClient
from suhbat.programs.telegram.chats import Chats
from suhbat.programs.telegram.pollers import Pollers
from suhbat.protocol.logged_events import LoggedEvent
from suhbat.services import NodeHealth, RequestLimits, Services, TelegramServices
from suhbat.tasks import Tasks

from .files import NodeFiles
from .handlers import EventHandlers
from .hooks import NodeHooks
from .mail import NodeMail
from .pushes import NodePushes
from .shutdown import CLOSE_SECONDS, LAST_WORDS_SECONDS, ShutdownSteps

log = structlog.get_logger("suhbat")

MAINTENANCE_SECONDS = 60.0

_LEASE_KEPT = "cluster: not left; the other nodes will notice when the lease of this node ends"
_USES_LOST = "people: the last uses of tokens and sessions were not saved; the stored ones are up to a minute old"
_PICTURES_LEFT = "files: what is being processed was left; it is processed again"
_TEXTS_LOST = "growing: the texts of growing messages were not stored; the stored ones are up to some seconds old"
_PUSHED_AGAIN = "push: what was pushed in the last second was not noted; it is pushed again"
_NOT_CLOSED = "store: not closed; acknowledged messages are stored, sends without an acknowledgement are undecided"


class Node:
    """Everything that runs on one node; nothing runs before `running`. `services` is for requests and connections.

    `control` checks that a command comes from the command line on this machine. `handlers`: of the application around.
    `authenticate`: see `identity.external`.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        bus: Bus,
        clock: Clock,
        health: NodeHealth,
        control: Control,
        handlers: EventHandlers,
        authenticate: Authenticate | None = None,
    ) -> None:
        self.settings = settings
        self.handlers = handlers
        self.store = store
        self.bus = bus
        self.clock = clock
        self.tasks = Tasks()
        signal = HeartbeatSignal()
        self.presence = PresenceTracker(settings.announce_limit, signal)
        active = ActiveConnections(clock.steady)
        self.links = FileLinks(clock, settings.public_url or settings.root_path or "")
        self.hub = Hub(store, bus, self.presence, self.tasks, lambda: store.waiting > 0, self.links.sign)
        connections = self.hub.connections
        guests = Guests(
            store,
            clock,
            connections,
            access=settings.access,
            per_address=settings.guests_per_address,
            most=settings.guests,
        )
        self.cluster_membership: ClusterMembership | None = None
        if store.cluster is not None:
            self.cluster_membership = ClusterMembership(
                store.cluster, bus, self.hub, self.presence, active, guests.claims, clock, self.tasks, signal
            )
        self.people = UserDirectory(
            guests,
            Accounts(store, connections),
            Sessions(store, clock, connections),
            settings.access,
            cluster=store.cluster,
            names=self.cluster_membership,
        )
        self.bans = Bans(clock)
        invalidation = CacheInvalidation(store, self.hub, self.people, self.bans, self.tasks)
        self.reconciliation = Reconciliation(store, self.hub, invalidation)
        self._bus_listener = NodeBusListener(self.hub, invalidation, signal, self.reconciliation)
        rates = Rates(settings.send_rate, settings.address_rate, settings.room_rate)
        commands = Commands(store, self.people, clock, self.bans, connections)
        shared = store.cluster is not None
        self.growing = GrowingMessages(store, store, self.hub.growing, self.people, clock, shared=shared)
        self._growing_chores = GrowingChores(self.growing, store, self.hub.growing, self.presence, clock)
        self.files = NodeFiles(settings, store, self.hub.notices, clock, self.tasks)
        self._outgoing = OutgoingClient(AllowedAddresses(settings.outgoing_allow))
        self.pushes = NodePushes(settings, store, self._outgoing, active, clock, self.tasks)
        self.passwords = Passwords()
        registration = Registration(
            store,
            clock,
            self.people,
            self.passwords,
            connections,
            commands,
            store.cluster or MemoryPasses(clock),
            access=settings.access,
        )
        authentication = PasswordAuthentication(clock, self.people, self.passwords)
        self.mail: NodeMail | None = None
        if settings.mail_server is not None:
            self.mail = NodeMail(
                settings,
                store,
                clock,
                self.tasks,
                self.people,
                self.passwords,
                authentication,
                registration,
                self.presence,
                self.pushes.is_active,
            )
        messages = Messages(store, self.people, clock, self.growing, rates)
        address = settings.public_url or settings.root_path or ""
        self.external_accounts = ExternalAccounts(store, clock, self.people)
        client, fetching = (OutgoingClient(AllowedAddresses(settings.outgoing_allow)) for _ in range(2))
        bots = WebhookBots(lambda: self.services)
        self.hooks = NodeHooks(store, messages, self.people, self.bans, clock, rates, client, self.tasks, address, bots)
        self.services = Services(
            settings=settings,
            clock=clock,
            store=store,
            tasks=self.tasks,
            hub=self.hub,
            presence=self.presence,
            active=active,
            people=self.people,
            registration=registration,
            authentication=authentication,
            administration=AccountAdministration(clock, self.people, self.passwords, registration),
            bots=Bots(store, clock, self.people, settings.bots),
            tickets=Tickets(clock, self.people, store.cluster or MemoryPasses(clock)),
            external=None if authenticate is None else ExternalLogins(self.external_accounts, authenticate),
            proxies=Proxies(settings.trusted_proxies),
            control=control,
            messages=messages,
            growing=self.growing,
            commands=commands,
            bans=self.bans,
            uploads=self.files.uploads,
            processing=self.files.processing,
            downloads=self.files.downloads,
            portraits=self.files.portraits,
            pushes=self.pushes.subscriptions,
            mail=None if self.mail is None else self.mail.services,
            push_trial=self.pushes.trial,
            hooks=self.hooks.incoming,
            outgoing_hooks=self.hooks.outgoing,
            telegram=TelegramServices(Chats(store, clock), Pollers(), self.hooks.of_bots, fetching),
            links=self.links,
            limits=RequestLimits(
                rates, Reads(), Tarpit(), OpeningLimiter(), UnidentifiedConnections(settings.connections)
            ),
            counts=Counts(),
            health=health,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Start the parts, the store first, and stop them in reverse order. Raises UnusableStore with advice, and
        ImportError if the client of the bus is not installed."""
        step = ShutdownSteps(limited=self.cluster_membership is not None).run
        async with AsyncExitStack() as stack:
            await self.store.open(self._committed, self.bus.tell)
            stack.push_async_callback(step, self.store.close, CLOSE_SECONDS, _NOT_CLOSED)
            await self.reconciliation.begin()
            await self.people.load()
            await self.bans.load(self.store)
            await self.links.load(self.store)
            if self.mail is not None:
                await self.mail.load(alone=self.store.cluster is None)
            flush = partial(self.people.flush, everything=True)
            stack.push_async_callback(step, flush, LAST_WORDS_SECONDS, _USES_LOST)
            await self.bus.open(self._bus_listener, self.store.epoch)
            stack.push_async_callback(self.bus.close)
            if self.cluster_membership is not None:
                await self.cluster_membership.open()
                stack.push_async_callback(step, self.cluster_membership.close, LAST_WORDS_SECONDS, _LEASE_KEPT)
            stack.callback(self._outgoing.close)
            stack.push_async_callback(step, self.pushes.close, LAST_WORDS_SECONDS, _PUSHED_AGAIN)
            stack.push_async_callback(self.tasks.close)
            await self.hub.open()
            stack.callback(self.hub.close)
            self.tasks.start(self.reconciliation.run())
            if self.cluster_membership is not None:
                self.tasks.start(self.cluster_membership.run())
            stack.push_async_callback(step, self.files.close, LAST_WORDS_SECONDS, _PICTURES_LEFT)
            await self.files.open(alone=self.store.cluster is None)
            await self.pushes.open()
            await self.hooks.open()
            if self.mail is not None:
                self.tasks.start(self.mail.dispatcher.run())
            self.tasks.start(self._growing_chores.run())
            stack.push_async_callback(step, self.growing.close, LAST_WORDS_SECONDS, _TEXTS_LOST)
            self.tasks.start(self._maintain())
            self.handlers.start(self.tasks)
            yield

    def _committed(self, entries: list[LoggedEvent]) -> Callable[[], None]:
        """As `Hub.committed`."""
        self.handlers.committed(entries)
        return self.hub.committed(entries)

    async def _maintain(self) -> None:
        """Once a minute: save when sessions were last used, remove expired guests and sessions, apply the retention."""
        while True:
            await asyncio.sleep(MAINTENANCE_SECONDS)
            try:
                await self.people.flush()
                await self.people.sweep()
                await self.store.drop_allowances()
                for conversation in await self.store.expire(self.settings.retention):
                    self.hub.pages.forget(conversation)
                await erase_all(self.store, self.clock)
                await self.files.maintain()
                if self.mail is not None:
                    await self.mail.maintain()
                await self.hooks.maintain()
            except Exception:
                log.exception("maintenance: failed; the next run is in a minute")
