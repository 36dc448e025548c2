"""Rate limits: the generic cell rate algorithm (ITU-T I.371), which needs one number per user."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Generic, TypeVar

from suhbat.errors import RateLimited
from suhbat.protocol.commands import Admit, ChangeThread, Create, Edit, MarkUnread, Meet
from suhbat.protocol.http_commands import StateCommand
from suhbat.protocol.machine import Meter, Unlimited

BURST_SECONDS = 5.0
"""The burst, in seconds of the rate."""
PATIENCE_SECONDS = 10.0
"""How many refused frames are answered before the connection is closed, in seconds of the rate."""


class Cost(IntEnum):
    """Actions that cost more than a message count as so many messages for the rate of the user, in every dialect."""

    ROOM = 10
    DIRECT = 5
    PERSON = 5
    SEARCH = 5
    EXPORT = 10
    PICTURE = 10
    TRIAL = 5
    """A push or a webhook for a test, a delivery that is repeated: a request to another machine."""
    UNREAD_AGAIN = 5
    """A conversation or a thread that is marked as unread from some message on: the own and the deleted ones above it are
    counted."""


COSTS: Mapping[type[object], Cost] = {
    Create: Cost.ROOM,
    Meet: Cost.DIRECT,
    Admit: Cost.PERSON,
    MarkUnread: Cost.UNREAD_AGAIN,
}
"""By command; see `cost_of`."""


def charge(meter: Meter, cost: int, now: float) -> None:
    """Charge an action of this cost, of which one was charged already. Raises RateLimited."""
    for _ in range(cost - 1):
        wait = meter.take(now)
        if wait:
            raise RateLimited(retry_after=wait)


NAMES = 5
"""Names in a text that cost as much as a message, whether they exist or not: each is looked up."""
MOST_NAMES = 100
"""Names of a text that are looked up; see `mentions.mentioned_uids`."""


def mention_cost(text: str) -> int:
    """The cost of looking up the names in a text, beside that of the message."""
    return min(text.count("@"), MOST_NAMES) // NAMES if "@" in text else 0


def cost_of(command: StateCommand) -> int:
    """The cost of a command."""
    if isinstance(command, ChangeThread) and command.unread:
        return Cost.UNREAD_AGAIN
    if isinstance(command, Edit):
        return 1 + mention_cost(command.text)
    return COSTS.get(type(command), 1)


METERS_KEPT = 20_000
"""Users, addresses and conversations, each, whose meters are kept."""


class Gcra:
    """Permits `rate` per second on average and `burst` at once. The caller gives the time, in steady seconds."""

    __slots__ = ("_burst", "_interval", "_next")

    def __init__(self, rate: float, burst: float) -> None:
        self._interval = 1.0 / rate
        self._burst = self._interval * (max(burst, 1.0) - 1.0)
        self._next = 0.0

    def wait(self, now: float) -> float:
        """0 if one more may pass now, else the seconds until it may. Nothing is counted."""
        wait = self._next - self._burst - now
        return wait if wait > 1e-9 else 0.0  # less is rounding

    def take(self, now: float) -> float:
        """The same; if one more may pass, it is counted."""
        if wait := self.wait(now):
            return wait
        self._next = max(self._next, now) + self._interval
        return 0.0

    def give_back(self) -> None:
        """Undo a `take` that passed."""
        self._next -= self._interval


NAMED_AT_ONCE = 10_000
"""Users that a user may mention at once, as many as the largest room has. `@all` mentions all members."""
NAMED_PER_SECOND = 200
"""How fast the budget grows again."""


class MentionBudget:
    """How many users a user may still mention. An `@all` in a room of 5,000 passes twice at once, then every 25 seconds; in a
    room of 50 it passes 200 times, then four times a second."""

    __slots__ = ("_next",)

    def __init__(self) -> None:
        self._next = 0.0

    def spend(self, now: float, cost: int) -> float:
        """0 if so many users may be mentioned now, else the seconds until they may. `now` may go back: then less of the budget
        is left, but at worst it is as if all had been spent at this time."""
        full = NAMED_AT_ONCE / NAMED_PER_SECOND
        self._next = min(self._next, now + full)
        ends = max(self._next, now) + min(cost, NAMED_AT_ONCE) / NAMED_PER_SECOND
        if (wait := ends - full - now) > 1e-3:  # less is a rounding error of a wall clock in seconds
            return wait
        self._next = ends
        return 0.0

    def give_back(self, cost: int) -> None:
        """Undo a `spend` that returned 0, because nobody was mentioned."""
        self._next -= min(cost, NAMED_AT_ONCE) / NAMED_PER_SECOND


class SharedMeter:
    """The meter of a user or an address, shared by all its connections; see `protocol.machine.Meter`."""

    __slots__ = ("_allowed", "_refused")

    def __init__(self, rate: float) -> None:
        self._allowed = Gcra(rate, rate * BURST_SECONDS)
        self._refused = Gcra(rate, rate * PATIENCE_SECONDS)

    def wait(self, now: float) -> float:
        """See `Gcra.wait`."""
        return self._allowed.wait(now)

    def take(self, now: float) -> float:
        return self._allowed.take(now)

    def give_back(self) -> None:
        self._allowed.give_back()

    def tolerates(self, now: float) -> bool:
        return not self._refused.take(now)


class UserAtAddress:
    """The meters of a user and of their address. A frame that one of them refuses is not counted by the other."""

    __slots__ = ("_address", "_user")

    def __init__(self, user: SharedMeter, address: SharedMeter) -> None:
        self._user = user
        self._address = address

    def take(self, now: float) -> float:
        wait = self._user.take(now)
        if not wait:
            wait = self._address.take(now)
            if wait:
                self._user.give_back()
        return wait

    def give_back(self) -> None:
        self._user.give_back()
        self._address.give_back()

    def tolerates(self, now: float) -> bool:
        return self._user.tolerates(now)


class _Unidentified:
    """The meter of a connection before `hello`. Its first frame does not count for the address."""

    __slots__ = ("_address", "_own", "_spoke")

    def __init__(self, own: Meter, address: SharedMeter) -> None:
        self._own = own
        self._address = address
        self._spoke = False

    def take(self, now: float) -> float:
        if self._spoke:
            return self._own.take(now) or self._address.take(now)
        self._spoke = True
        return self._own.take(now)

    def give_back(self) -> None:
        self._own.give_back()

    def tolerates(self, now: float) -> bool:
        return self._own.tolerates(now)


M = TypeVar("M")


class LruDict(Generic[M]):
    """Values by name, made on first use. Beyond `keep` the least recently used one is dropped, so that names which strangers
    choose cannot fill the memory."""

    def __init__(self, make: Callable[[], M], keep: int = METERS_KEPT) -> None:
        self._make = make
        self._keep = keep
        self._meters: dict[str, M] = {}

    def __getitem__(self, name: str) -> M:
        meter = self._meters.pop(name, None) or self._make()
        self._meters[name] = meter
        if len(self._meters) > self._keep:
            del self._meters[next(iter(self._meters))]
        return meter


DAY = 24 * 3600.0
"""Seconds."""


class Daily:
    """`limit` a day for each name (0: no limit). The day begins with the first one."""

    def __init__(self, limit: int, keep: int = METERS_KEPT) -> None:
        self._limit = limit
        self._days: LruDict[list[float]] = LruDict(lambda: [0.0, 0.0], keep)

    def take(self, name: str, now: float) -> float:
        """0 if one more may pass, else the seconds until it may. `now`: in steady seconds."""
        if not self._limit:
            return 0.0
        day = self._days[name]  # the end of the day, and how many have passed
        if now >= day[0]:
            day[:] = now + DAY, 0
        if day[1] >= self._limit:
            return day[0] - now
        day[1] += 1
        return 0.0


class Rates:
    """The rates of users, addresses and conversations: the settings `send_rate`, `address_rate` and `room_rate`, in frames or
    messages per second; 0: no limit."""

    def __init__(self, user: float, address: float = 0, room: float = 0, keep: int = METERS_KEPT) -> None:
        self._user = user
        self._users = LruDict(lambda: SharedMeter(user), keep) if user else None
        self._addresses = LruDict(lambda: SharedMeter(address), keep) if address else None
        self._rooms = LruDict(lambda: Gcra(room, room * BURST_SECONDS), keep) if room else None

    def unidentified(self, address: str = "") -> Meter:
        """The meter of a connection whose user is not known yet. Frames after the first one count for the address, so that
        reconnecting does not reset the limit. The first one (`hello`) does not, because thousands of users may reconnect
        through one address."""
        own: Meter = SharedMeter(self._user) if self._user else UNLIMITED
        return own if self._addresses is None or not address else _Unidentified(own, self._addresses[address])

    def meter(self, uid: str, address: str = "") -> Meter:
        """The meter of a user at an address. It outlives the connections, so that reconnecting does not reset the limit.

        `address`: "" if it is not limited (this machine).
        """
        user = None if self._users is None else self._users[uid]
        shared = None if self._addresses is None or not address else self._addresses[address]
        if user is not None and shared is not None:
            return UserAtAddress(user, shared)
        return user or shared or UNLIMITED

    def address(self, address: str) -> Meter:
        """The meter of an address, for requests of which nobody knows the user. `address`: "" if it is not limited."""
        return UNLIMITED if self._addresses is None or not address else self._addresses[address]

    def wait(self, address: str, now: float) -> float:
        """0 if one more request may come from an address now, else the seconds until it may. Nothing is counted."""
        return 0.0 if self._addresses is None or not address else self._addresses[address].wait(now)

    def room(self, name: str, now: float) -> float:
        """0 if one more message may go to this conversation now, else the seconds until it may."""
        return 0.0 if self._rooms is None else self._rooms[name].take(now)


UNLIMITED = Unlimited()
