"""The push subscriptions of accounts, and the key of the server that browsers bind them to."""

from __future__ import annotations

from collections.abc import Callable

from suhbat.chat.model import PushSubscription
from suhbat.chat.ports import Clock, PushStore
from suhbat.errors import BadRequest, NotFound

from .encoding import decode
from .encryption import AUTH_BYTES, is_public_key
from .ports import PushServices
from .vapid import PushKey, make_key, read_key

MOST_SUBSCRIPTIONS = 16
"""Subscriptions of one account."""


class PushSubscriptions:
    """`new_id`: makes an id that nobody guesses."""

    def __init__(self, store: PushStore, clock: Clock, services: PushServices, new_id: Callable[[], str]) -> None:
        self._store = store
        self._clock = clock
        self._services = services
        self._new_id = new_id
        self._key: PushKey | None = None

    async def load(self) -> None:
        """Read the key of the server, or make it. Call once, when the store is open."""
        stored = await self._store.push_key()
        self._key = read_key(stored or await self._store.keep_push_key(make_key().text))

    @property
    def key(self) -> PushKey:
        """The key pair of the server."""
        assert self._key is not None, "the key is not loaded"
        return self._key

    async def save(
        self, uid: str, session_id: str, endpoint: str, public_key: str, auth: str, label: str
    ) -> tuple[str, bool]:
        """Save a subscription of a browser, with its keys in base64url; durable on return. Returns its id, and whether its
        endpoint was known.

        Raises BadRequest for what is no subscription; EndpointInUse if another account has the endpoint with other keys;
        Unauthenticated if the login session has ended.
        """
        if self._services.origin(endpoint) is None:
            raise BadRequest(reason="push.endpoint")
        try:
            keys = decode(public_key), decode(auth)
        except ValueError:
            raise BadRequest(reason="push.keys") from None
        if len(keys[1]) != AUTH_BYTES or not is_public_key(keys[0]):
            raise BadRequest(reason="push.keys")
        now = self._clock.wall()
        subscription = PushSubscription(self._new_id(), uid, session_id, endpoint, *keys, label, now, now)
        return await self._store.save_push(subscription, MOST_SUBSCRIPTIONS)

    async def of(self, uid: str) -> list[PushSubscription]:
        """The subscriptions of an account, in the order in which they were made."""
        return await self._store.pushes_of(uid)

    async def end(self, uid: str, id: str) -> None:
        """End a subscription of this account; durable on return. Raises NotFound, also for one of another account."""
        if not await self._store.end_push(uid, id):
            raise NotFound()
