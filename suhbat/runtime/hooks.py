"""The parts of a node that are about webhooks, wired together."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from suhbat.chat.bans import Bans
from suhbat.chat.messages import Messages
from suhbat.chat.model import Actor, HookTotals, NoAnswer
from suhbat.chat.ports import Clock, Store
from suhbat.chat.rate import Rates
from suhbat.identity.tokens import digest, random_token, short_id
from suhbat.identity.user_directory import UserDirectory
from suhbat.notify.dispatcher import Dispatcher
from suhbat.outgoing.client import OutgoingClient, OutgoingLimits
from suhbat.outgoing.errors import AddressRefused, OutgoingError
from suhbat.programs.hooks.delivering import Delivering, ReceiverAnswer
from suhbat.programs.hooks.incoming_hooks import HookMeters, IncomingHooks
from suhbat.programs.hooks.outgoing_hooks import OutgoingHooks
from suhbat.programs.telegram.webhooks import BotApi, UpdateDelivery, Webhooks
from suhbat.tasks import Tasks

LIMITS = OutgoingLimits(seconds=10.0, most=65_536)
"""Of a request of a webhook. Redirects are not followed: an answer with 3xx is a failure."""


class NodeHooks:
    """`incoming`, `outgoing` and `of_bots` are for requests. Call `open` when the store is open.

    `client`: for these alone, so that slow receivers keep no slot from pushes.
    """

    def __init__(
        self,
        store: Store,
        messages: Messages,
        people: UserDirectory,
        bans: Bans,
        clock: Clock,
        rates: Rates,
        client: OutgoingClient,
        tasks: Tasks,
        address: str,
        bots: BotApi,
    ) -> None:
        self._store = store
        self._tasks = tasks
        makers, tokens, receivers = HookMakers(people), HookTokens(), HookReceivers(client)
        meters = HookMeters(clock, rates)
        self.incoming = IncomingHooks(store, messages, makers, bans, clock, meters, tokens, address)
        self.delivering = Delivering(
            store,
            receivers,
            messages,
            makers,
            bans,
            meters,
            clock,
            lambda: store.counts.batches.total,
            UpdateDelivery(store, receivers, bots, clock),
            is_shared=store.cluster is not None,
            wake=self._wake,
        )
        self.outgoing = OutgoingHooks(store, receivers, self.delivering, clock, tokens, secrets.token_bytes, self._wake)
        self.of_bots = Webhooks(store, receivers, clock, tokens, self._wake)
        self.dispatcher = Dispatcher("hooks", self.delivering, tasks)
        self.totals = HookTotals()
        """As of the last `maintain`."""

    async def open(self) -> None:
        """Begin to deliver."""
        if self._store.cluster is None:
            await self._store.release_hooks()  # what a process that was killed had claimed
        await self.maintain()
        self._tasks.start(self.dispatcher.run())

    async def maintain(self) -> None:
        """Count the outgoing webhooks. Once a minute."""
        self.totals = await self._store.hook_totals()

    def _wake(self) -> None:
        self.dispatcher.wake()


class HookReceivers:
    """Implements `programs.hooks.delivering.Receivers`."""

    def __init__(self, client: OutgoingClient) -> None:
        self._client = client

    def origin(self, url: str) -> str | None:
        try:
            return self._client.check(url).origin
        except AddressRefused:
            return None

    async def post(self, url: str, headers: Mapping[str, str], body: bytes, owner: str) -> ReceiverAnswer | NoAnswer:
        try:
            answer = await self._client.request("POST", url, headers, body, LIMITS, owner=owner)
        except OutgoingError as error:
            return error.reason
        wait = answer.headers.get("retry-after", "")
        seconds = float(wait) if wait.isascii() and wait.isdecimal() and len(wait) < 6 else 0.0
        return ReceiverAnswer(
            answer.status, seconds, b"" if answer.is_cut else answer.body, answer.headers.get("content-type", "")
        )


class HookMakers:
    """Implements `programs.hooks.incoming_hooks.Makers`."""

    def __init__(self, people: UserDirectory) -> None:
        self._people = people

    async def maker(self, uid: str) -> Actor | None:
        if self._people.accounts.of_uid(uid) is None:
            await self._people.of_uids([uid])  # another node may have made the account a moment ago
        account = self._people.accounts.of_uid(uid)
        return None if account is None or account.disabled else account.actor


class HookTokens:
    """Implements `programs.hooks.incoming_hooks.NewTokens`."""

    def token(self) -> str:
        return random_token()

    def id(self, prefix: str) -> str:
        return short_id(prefix, random_token())

    def digest(self, token: str) -> bytes:
        return digest(token)
