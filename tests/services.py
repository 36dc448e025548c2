"""The services of a server over fakes, wired as `runtime.node` does it."""

from __future__ import annotations

from pathlib import Path
from secrets import token_bytes
from typing import cast

from argon2 import PasswordHasher
from prometheus_client import CollectorRegistry, Counter, generate_latest

from suhbat.chat.active import ActiveConnections
from suhbat.chat.bans import Bans
from suhbat.chat.commands import Commands
from suhbat.chat.growing_messages import GrowingMessages
from suhbat.chat.messages import Messages
from suhbat.chat.ports import Store
from suhbat.chat.presence import PresenceTracker
from suhbat.chat.rate import Rates
from suhbat.chat.tarpit import Tarpit
from suhbat.chat.turns import Reads
from suhbat.config import Settings
from suhbat.counting import Counts
from suhbat.files.direct import DirectSender
from suhbat.files.downloads import Downloads
from suhbat.files.limits import UploadLimits
from suhbat.files.links import FileLinks
from suhbat.files.local import LocalFileStore
from suhbat.files.portraits import Portraits
from suhbat.files.processing import Processing
from suhbat.files.stores import FileStores
from suhbat.files.threads import FileThreads
from suhbat.files.uploads import Uploads
from suhbat.http.server import PUSH_KEY
from suhbat.hub.opening_limiter import OpeningLimiter
from suhbat.hub.unidentified import UnidentifiedConnections
from suhbat.identity.accounts import Accounts
from suhbat.identity.administration import AccountAdministration
from suhbat.identity.authentication import PasswordAuthentication
from suhbat.identity.bots import Bots
from suhbat.identity.control import Control
from suhbat.identity.guests import Guests
from suhbat.identity.mail_addresses import MailAddresses
from suhbat.identity.mailed_invites import MailedInvites
from suhbat.identity.passes import MemoryPasses
from suhbat.identity.password_resets import PasswordResets
from suhbat.identity.passwords import Passwords
from suhbat.identity.proxies import Proxies
from suhbat.identity.registration import Registration
from suhbat.identity.sessions import Sessions
from suhbat.identity.tickets import Tickets
from suhbat.identity.user_directory import UserDirectory
from suhbat.mail.unsubscribing import Unsubscribing
from suhbat.notify.carrying import DirectCarrier
from suhbat.notify.sending import PushSender
from suhbat.notify.subscriptions import PushSubscriptions
from suhbat.notify.trial import PushTrial
from suhbat.notify.vapid import PushKey, Vapid, make_key
from suhbat.outgoing.addresses import AllowedAddresses
from suhbat.outgoing.client import OutgoingClient
from suhbat.programs.hooks.delivering import BotDelivery, Delivering
from suhbat.programs.hooks.incoming_hooks import HookMeters, IncomingHooks
from suhbat.programs.hooks.outgoing_hooks import OutgoingHooks
from suhbat.programs.telegram.chats import Chats
from suhbat.programs.telegram.pollers import Pollers
from suhbat.programs.telegram.webhooks import Webhooks
from suhbat.runtime.hooks import HookMakers, HookReceivers, HookTokens
from suhbat.services import MailServices, RequestLimits, Services, TelegramServices
from suhbat.tasks import Tasks

from .fakes import (
    CountingTokens,
    FakeClock,
    FakeInvited,
    FakeLooker,
    FakePainter,
    FakePresenceListener,
    FakePushServices,
    FakeReadyListener,
    FakeStore,
)
from .hub.parts import Log, hub_over


class FakeHealth:
    """See suhbat.services.NodeHealth; with one figure."""

    degraded = False
    draining = False

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        Counter("suhbat_test", "A figure.", registry=self._registry).inc()

    async def metrics(self) -> bytes:
        return generate_latest(self._registry)


def cheap_passwords() -> Passwords:
    """Hashes that cost nothing."""
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def services_over(
    fake: FakeStore, clock: FakeClock, settings: Settings, passwords: Passwords | None = None
) -> Services:
    """Nothing of it is started."""
    store, tasks, bans, tokens = cast(Store, fake), Tasks(), Bans(clock), CountingTokens()
    hub = hub_over(Log(), tasks)
    told = hub.connections
    people = UserDirectory(
        Guests(store, clock, told, tokens, settings.access, per_address=settings.guests_per_address),
        Accounts(store, told),
        Sessions(store, clock, told, tokens),
        settings.access,
        cluster=None,
        names=None,
    )
    passwords = passwords or cheap_passwords()
    registration = Registration(
        store, clock, people, passwords, told, FakeInvited(), MemoryPasses(clock), tokens, settings.access
    )
    authentication = PasswordAuthentication(clock, people, passwords)
    presence = PresenceTracker(settings.announce_limit, FakePresenceListener())
    growing = GrowingMessages(store, store, hub.growing, people, clock)
    rates = Rates(settings.send_rate, settings.address_rate, settings.room_rate)
    place, threads = settings.data / "files", FileThreads(2)
    stores = FileStores(LocalFileStore(place if settings.files is None else Path(settings.files)))
    processing = Processing(
        store, stores, FakeLooker(), settings.data / "work", clock, threads, tasks, FakeReadyListener()
    )
    file_limits = UploadLimits(clock, settings.file_size, settings.file_quota, guests=settings.guest_files)
    uploads = Uploads(store, stores, clock, file_limits, threads, processing, CountingTokens("f"), None)
    links = FileLinks(clock, settings.public_url or settings.root_path or "")
    links._secret = b"secret"
    push_services = FakePushServices()
    pushes = PushSubscriptions(store, clock, push_services, CountingTokens("p"))
    pushes._key = PushKey(PUSH_KEY, "")
    sender = PushSender(DirectCarrier(push_services, lambda: Vapid(make_key(), settings.public_url, clock)), clock)
    messages = Messages(store, people, clock, growing, rates)
    meters = HookMeters(clock, rates)
    hooks = IncomingHooks(
        store, messages, HookMakers(people), bans, clock, meters, HookTokens(), "https://chat.example.org"
    )
    receivers = HookReceivers(OutgoingClient(AllowedAddresses(settings.outgoing_allow)))
    makers = HookMakers(people)
    delivering = Delivering(
        store, receivers, messages, makers, bans, meters, clock, lambda: 0.0, cast(BotDelivery, None), is_shared=False,
        wake=lambda: None,
    )  # fmt: skip
    outgoing_hooks = OutgoingHooks(store, receivers, delivering, clock, HookTokens(), token_bytes, lambda: None)
    return Services(
        settings=settings,
        clock=clock,
        store=store,
        tasks=tasks,
        hub=hub,
        presence=presence,
        active=ActiveConnections(clock.steady),
        people=people,
        registration=registration,
        authentication=authentication,
        administration=AccountAdministration(clock, people, passwords, registration),
        bots=Bots(store, clock, people, settings.bots),
        tickets=Tickets(clock, people, MemoryPasses(clock), tokens),
        external=None,
        proxies=Proxies(settings.trusted_proxies),
        control=Control(settings.data),
        messages=messages,
        growing=growing,
        commands=Commands(store, people, clock, bans, told),
        bans=bans,
        uploads=uploads,
        processing=processing,
        downloads=Downloads(stores, threads, DirectSender()),
        pushes=pushes,
        mail=_mail(store, clock, people, passwords, authentication, registration, tasks),
        push_trial=PushTrial(store, sender, "https://chat.example.org"),
        hooks=hooks,
        outgoing_hooks=outgoing_hooks,
        telegram=TelegramServices(
            Chats(store, clock),
            Pollers(),
            Webhooks(store, receivers, clock, HookTokens(), lambda: None),
            OutgoingClient(AllowedAddresses(settings.outgoing_allow)),
        ),
        portraits=Portraits(store, stores, FakePainter(), settings.data / "work", clock, threads),
        links=links,
        limits=RequestLimits(rates, Reads(), Tarpit(), OpeningLimiter(), UnidentifiedConnections(settings.connections)),
        counts=Counts(),
        health=FakeHealth(),
    )


def _mail(
    store: Store,
    clock: FakeClock,
    people: UserDirectory,
    passwords: Passwords,
    authentication: PasswordAuthentication,
    registration: Registration,
    tasks: Tasks,
) -> MailServices:
    """Nobody sends the mails."""
    tokens = CountingTokens("m")
    addresses = MailAddresses(store, clock, authentication, lambda: None, tokens)
    unsubscribing = Unsubscribing(store, "https://chat.example.org")
    unsubscribing._secret = b"secret"
    return MailServices(
        addresses=addresses,
        resets=PasswordResets(store, clock, people, passwords, authentication, addresses, tasks, lambda: None, tokens),
        invites=MailedInvites(store, clock, registration.invites, authentication.throttle, lambda: None, tokens),
        unsubscribing=unsubscribing,
    )
