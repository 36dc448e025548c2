"""How fast somebody may talk: the generic cell rate algorithm (ITU-T I.371), which needs one number per user."""

from __future__ import annotations

from suhbat.protocol.machine import Meter, Unlimited

BURST_SECONDS = 5.0
"""How much of the rate may be used at once."""
PATIENCE_SECONDS = 10.0
"""How many seconds' worth of refused frames are answered before the connection is closed."""


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


class UserMeter:
    """One user's meter, shared by all of their connections; see `protocol.machine.Meter`."""

    __slots__ = ("_allowed", "_refused")

    def __init__(self, rate: float) -> None:
        self._allowed = Gcra(rate, rate * BURST_SECONDS)
        self._refused = Gcra(rate, rate * PATIENCE_SECONDS)

    def take(self, now: float) -> float:
        return self._allowed.take(now)

    def patience(self, now: float) -> bool:
        return not self._refused.take(now)


class Rates:
    """The meters of everybody. `rate` is the setting `send_rate`: frames a second a user; 0: no limit."""

    def __init__(self, rate: float, keep: int = 20_000) -> None:
        self._rate = rate
        self._keep = keep
        self._meters: dict[str, UserMeter] = {}

    def fresh(self) -> Meter:
        """A meter for a connection that is nobody's yet. Not one for its address: thousands may come back through one."""
        return UserMeter(self._rate) if self._rate else UNLIMITED

    def meter(self, uid: str) -> Meter:
        """The meter of one identity. It outlives its connections, so that reconnecting does not reset it."""
        if not self._rate:
            return UNLIMITED
        meter = self._meters.pop(uid, None) or UserMeter(self._rate)
        self._meters[uid] = meter
        if len(self._meters) > self._keep:
            del self._meters[next(iter(self._meters))]
        return meter


UNLIMITED = Unlimited()
