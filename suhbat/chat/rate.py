"""How fast somebody may talk: the generic cell rate algorithm (ITU-T I.371), which needs one number per user."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Generic, TypeVar

from suhbat.errors import RateLimited
from suhbat.protocol.commands import Admit, Create, Edit, Meet
from suhbat.protocol.http_commands import StateCommand
from suhbat.protocol.machine import Meter, Unlimited

BURST_SECONDS = 5.0
"""How much of the rate may be used at once."""
PATIENCE_SECONDS = 10.0
"""How many seconds' worth of refused frames are answered before the connection is closed."""


class Cost(IntEnum):
    """What costs more than a message counts like so many for the rate of who does it; in every dialect alike."""

    ROOM = 10
    DIRECT = 5
    PERSON = 5
    SEARCH = 5
    EXPORT = 10


COSTS: Mapping[type[object], Cost] = {Create: Cost.ROOM, Meet: Cost.DIRECT, Admit: Cost.PERSON}
"""Of commands; see `cost_of`."""


def weigh(meter: Meter, cost: int, now: float) -> None:
    """Count what costs so much, one of which was counted already. Raises RateLimited."""
    for _ in range(cost - 1):
        wait = meter.take(now)
        if wait:
            raise RateLimited(retry_after=wait)


NAMES = 5
"""Names in a text that cost as much as a message, whether they are somebody's or not: each is looked up."""
MOST_NAMES = 100
"""Those of one text that are looked up at the most; see `naming.named`."""


def naming_cost(text: str) -> int:
    """How many messages' worth looking up the names in a text costs, beside the message itself."""
    return min(text.count("@"), MOST_NAMES) // NAMES if "@" in text else 0


def cost_of(command: StateCommand) -> int:
    """How many messages' worth a command costs."""
    return 1 + naming_cost(command.text) if isinstance(command, Edit) else COSTS.get(type(command), 1)


KEPT = 20_000
"""Users, addresses and conversations, each, whose meters are remembered."""


class Gcra:
    """`rate` a second on average, `burst` at once. Time is given, in steady seconds."""

    __slots__ = ("_burst", "_interval", "_next")

    def __init__(self, rate: float, burst: float) -> None:
        self._interval = 1.0 / rate
        self._burst = self._interval * (max(burst, 1.0) - 1.0)
        self._next = 0.0

    def take(self, now: float) -> float:
        """0 when one more may pass now, else the seconds until it may."""
        wait = self._next - self._burst - now
        if wait > 1e-9:
            return wait
        self._next = max(self._next, now) + self._interval
        return 0.0

    def give_back(self) -> None:
        """Undo a `take` that passed."""
        self._next -= self._interval


NAMED_AT_ONCE = 10_000
"""People that one person may name at once with @, as many as the largest room has; `@all` names all who are there."""
NAMED_PER_SECOND = 200
"""By how many that grows again."""


class Budget:
    """What naming people costs the one who does: each person named costs one. An `@all` in a room of 5,000 passes twice at
    once, then every 25 seconds; in a room of 50 it does 200 times, then four times a second."""

    __slots__ = ("_next",)

    def __init__(self) -> None:
        self._next = 0.0

    def spend(self, now: float, cost: int) -> float:
        """0 when so many may be named now, else the seconds until they may. `now` may go back: then less is left, no more
        than if all had been spent this moment."""
        full = NAMED_AT_ONCE / NAMED_PER_SECOND
        self._next = min(self._next, now + full)
        ends = max(self._next, now) + min(cost, NAMED_AT_ONCE) / NAMED_PER_SECOND
        if (wait := ends - full - now) > 1e-3:  # of milliseconds since 1970 in seconds, less is rounding
            return wait
        self._next = ends
        return 0.0


class SharedMeter:
    """The meter of one user, or of one address, shared by all of its connections; see `protocol.machine.Meter`."""

    __slots__ = ("_allowed", "_refused")

    def __init__(self, rate: float) -> None:
        self._allowed = Gcra(rate, rate * BURST_SECONDS)
        self._refused = Gcra(rate, rate * PATIENCE_SECONDS)

    def take(self, now: float) -> float:
        return self._allowed.take(now)

    def give_back(self) -> None:
        self._allowed.give_back()

    def tolerates(self, now: float) -> bool:
        return not self._refused.take(now)


class Both:
    """A user at an address: what one of the two refuses the other does not count."""

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

    def tolerates(self, now: float) -> bool:
        return self._user.tolerates(now)


class _Stranger:
    """Nobody at an address."""

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

    def tolerates(self, now: float) -> bool:
        return self._own.tolerates(now)


M = TypeVar("M")


class Recent(Generic[M]):
    """Meters by name; those that were used longest ago are forgotten, so that the names of strangers cost no memory."""

    def __init__(self, make: Callable[[], M], keep: int = KEPT) -> None:
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
    """So many a day for each name, the day beginning with the first; 0: no limit."""

    def __init__(self, limit: int, keep: int = KEPT) -> None:
        self._limit = limit
        self._days: Recent[list[float]] = Recent(lambda: [0.0, 0.0], keep)

    def take(self, name: str, now: float) -> float:
        """0 when one more may pass, else the seconds until it may. Time is given, in steady seconds."""
        if not self._limit:
            return 0.0
        day = self._days[name]  # when it ends, and how many passed
        if now >= day[0]:
            day[:] = now + DAY, 0
        if day[1] >= self._limit:
            return day[0] - now
        day[1] += 1
        return 0.0


class Rates:
    """How fast users, addresses and conversations may go: the settings `send_rate`, `address_rate` and `room_rate`, frames or
    messages a second; 0: no limit."""

    def __init__(self, user: float, address: float = 0, room: float = 0, keep: int = KEPT) -> None:
        self._user = user
        self._users = Recent(lambda: SharedMeter(user), keep) if user else None
        self._addresses = Recent(lambda: SharedMeter(address), keep) if address else None
        self._rooms = Recent(lambda: Gcra(room, room * BURST_SECONDS), keep) if room else None

    def fresh(self, address: str = "") -> Meter:
        """A meter for a connection that is nobody's yet. What it says after its first frame (which should be `hello`, and
        thousands may come back through one address) counts for the address: connecting anew does not reset it."""
        own: Meter = SharedMeter(self._user) if self._user else UNLIMITED
        return own if self._addresses is None or not address else _Stranger(own, self._addresses[address])

    def meter(self, uid: str, address: str = "") -> Meter:
        """The meter of one identity, where it is. It outlives its connections, so that reconnecting does not reset it.

        `address`: as limits count it; "" where it is not limited (this machine).
        """
        user = None if self._users is None else self._users[uid]
        place = None if self._addresses is None or not address else self._addresses[address]
        if user is not None and place is not None:
            return Both(user, place)
        return user or place or UNLIMITED

    def room(self, name: str, now: float) -> float:
        """0 when one more message may go into this conversation now, else the seconds until it may."""
        return 0.0 if self._rooms is None else self._rooms[name].take(now)


UNLIMITED = Unlimited()
