"""How often somebody may try a password: counted by address and by name, whether anybody of that name exists or not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from suhbat.chat.ports import Clock
from suhbat.chat.rate import Gcra
from suhbat.errors import Busy, RateLimited, SuhbatError

from .address import is_loopback

ADDRESS_RATE, ADDRESS_BURST = 0.5, 60
"""Failures a second from one address, and how many at once: many people may share one."""
NAME_RATE, NAME_BURST = 0.1, 10
"""The same under one name, wherever they come from."""
NEW_RATE, NEW_BURST = 0.2, 20
"""New accounts a second from one address, and how many at once; this machine is not limited."""
REMEMBERED = 20_000
"""Addresses, and names, that are counted at a time."""


class Throttle:
    """`with throttle.attempt(address, name):` around a try. What fails counts, what succeeds does not.

    In memory only. Everybody can make a name wait by failing under it; those who are logged in are not concerned.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._addresses: dict[str, Gcra] = {}
        self._names: dict[str, Gcra] = {}
        self._new: dict[str, Gcra] = {}

    def registration(self, address: str) -> None:
        """Count a registration. Raises RateLimited."""
        if not is_loopback(address):
            self._take([_meter(self._new, address, NEW_RATE, NEW_BURST)])

    @contextmanager
    def attempt(self, address: str | None, name: str) -> Iterator[None]:
        """Raises RateLimited with `retry_after` before anything is tried. `address`: None where it does not matter."""
        meters = [_meter(self._names, name, NAME_RATE, NAME_BURST)]
        if address is not None:
            meters.append(_meter(self._addresses, address, ADDRESS_RATE, ADDRESS_BURST))
        self._take(meters)
        try:
            yield
        except Busy:
            _give_back(meters)  # nothing was tried
            raise
        except SuhbatError:
            raise
        except BaseException:
            _give_back(meters)
            raise
        else:
            _give_back(meters)

    def _take(self, meters: list[Gcra]) -> None:
        """Taken before the try, so that of many at once no more pass than of as many one after another."""
        now = self._clock.steady()
        taken: list[Gcra] = []
        wait = 0.0
        for meter in meters:
            refused = meter.take(now)
            wait = max(wait, refused)
            if not refused:
                taken.append(meter)
        if wait:
            _give_back(taken)
            raise RateLimited(retry_after=wait, seconds=f"{wait:.1f}")


def _meter(meters: dict[str, Gcra], key: str, rate: float, burst: float) -> Gcra:
    meter = meters.pop(key, None) or Gcra(rate, burst)
    meters[key] = meter
    if len(meters) > REMEMBERED:
        del meters[next(iter(meters))]
    return meter


def _give_back(meters: list[Gcra]) -> None:
    for meter in meters:
        meter.give_back()
