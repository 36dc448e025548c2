"""The parts of a node that push: subscriptions, the guarded client, and the dispatcher."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property

from suhbat.chat.active import ActiveConnections
from suhbat.chat.ports import Clock, Store
from suhbat.config import Settings
from suhbat.identity.tokens import random_token, short_id
from suhbat.notify.carrying import DirectCarrier
from suhbat.notify.dispatcher import Dispatcher
from suhbat.notify.encoding import decode
from suhbat.notify.pushing import Pushing
from suhbat.notify.sending import PushSender
from suhbat.notify.subscriptions import PushSubscriptions
from suhbat.notify.trial import PushTrial
from suhbat.notify.vapid import Vapid, subject_of
from suhbat.outgoing.client import OutgoingClient
from suhbat.tasks import Tasks

from .push_carrier import ChildCarrier
from .push_child import PushSetup
from .push_services import OutgoingPushServices

TOGETHER = 4
"""Pushes that begin at a time. Each takes 0.1 ms of the loop, because a child process carries it."""


class NodePushes:
    """`subscriptions` and `trial` are for requests. Call `open` when the store is open."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        outgoing: OutgoingClient,
        active: ActiveConnections,
        clock: Clock,
        tasks: Tasks,
    ) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._tasks = tasks
        self._active = active
        services = OutgoingPushServices(outgoing)
        self.subscriptions = PushSubscriptions(store, clock, services, lambda: short_id("p", random_token()))
        self._carrier = ChildCarrier(self._setup, DirectCarrier(services, lambda: self._vapid))
        sender = PushSender(self._carrier, clock)
        address = settings.public_url or settings.root_path or ""
        self.trial = PushTrial(store, sender, address)
        self.pushing = Pushing(
            store,
            sender,
            clock,
            self._active_of,
            lambda: store.counts.batches.total,
            delay=settings.push_delay,
            address=address,
            key=lambda: decode(self.subscriptions.key.private),
            is_shared=store.cluster is not None,
        )
        self.dispatcher = Dispatcher("push", self.pushing, tasks, TOGETHER)

    async def open(self) -> None:
        """Read the key of the server, and begin to push."""
        await self.subscriptions.load()
        await self.pushing.open()
        self._tasks.start(self.dispatcher.run())

    async def close(self) -> None:
        """Settle what was pushed, so that it is not pushed again. Call when the tasks have ended."""
        try:
            await self.pushing.close()
        finally:
            await self._carrier.close()

    def _setup(self) -> PushSetup:
        key, settings = self.subscriptions.key, self._settings
        return PushSetup(key.public, key.private, subject_of(settings.public_url), settings.outgoing_allow)

    @cached_property
    def _vapid(self) -> Vapid:
        return Vapid(self.subscriptions.key, subject_of(self._settings.public_url), self._clock)

    async def is_active(self, uid: str) -> bool:
        """Whether this user is looking, here or at another node."""
        return uid in await self._active_of([uid])

    async def _active_of(self, uids: Collection[str]) -> set[str]:
        """Those of these users who are looking, here or at another node."""
        here = {uid for uid in uids if self._active.is_active(uid)}
        others = set(uids) - here
        return here if self._store.cluster is None or not others else here | await self._store.cluster.active(others)
