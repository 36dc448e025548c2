"""How often somebody may try a password or an invitation: counted by address, and by name, whether it is anybody's or not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from suhbat.chat.ports import Clock
from suhbat.chat.rate import Gcra, Recent
from suhbat.errors import Busy, RateLimited, SuhbatError

from .address import is_loopback, metered

ADDRESS_RATE, ADDRESS_BURST = 0.5, 60
"""Failures a second from one address, and how many at once: many people may share one."""
NAME_RATE, NAME_BURST = 0.1, 10
"""The same under one name, wherever they come from."""
WORK_RATE, WORK_BURST = 5.0, 60
"""Passwords a second that are looked at for one address, right or wrong, and how many at once; this machine is not limited."""
OWN_RATE, OWN_BURST = 0.5, 20
"""The same for one name at one address."""
NEW_RATE, NEW_BURST = 0.2, 20
"""New accounts a second from one address, and how many at once; this machine is not limited."""


class Throttle:
    """`with throttle.attempt(address, name):` around a try. What fails counts, what succeeds does not; but that a password is
    looked at counts, however that ends, for it costs the same: see WORK_RATE.

    In memory only. Everybody can make a name wait by failing under it; those who are logged in are not concerned.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._addresses = Recent(lambda: Gcra(ADDRESS_RATE, ADDRESS_BURST))
        self._names = Recent(lambda: Gcra(NAME_RATE, NAME_BURST))
        self._work = Recent(lambda: Gcra(WORK_RATE, WORK_BURST))
        self._own = Recent(lambda: Gcra(OWN_RATE, OWN_BURST))
        self._new = Recent(lambda: Gcra(NEW_RATE, NEW_BURST))

    def registration(self, address: str) -> None:
        """Count a registration. Raises RateLimited."""
        if not is_loopback(address):
            self._take([self._new[address]])

    @contextmanager
    def attempt(self, address: str, name: str | None) -> Iterator[None]:
        """Raises RateLimited with `retry_after` before anything is tried. `name`: whose password is tried; None where it is
        something else."""
        meters = [self._addresses[address]]
        work: list[Gcra] = []
        if name is not None:
            meters.append(self._names[name])
            if metered(address):
                work = [self._work[address], self._own[f"{address} {name}"]]
        self._take([*meters, *work])
        try:
            yield
        except Busy:
            _give_back([*meters, *work])  # nothing was tried
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
            raise RateLimited(retry_after=wait)


def _give_back(meters: list[Gcra]) -> None:
    for meter in meters:
        meter.give_back()
