"""Limits for attempts with passwords and invites, and for registrations: by address, and by name whether it exists or not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from suhbat.chat.ports import Clock
from suhbat.chat.rate import Gcra, LruDict
from suhbat.errors import Busy, RateLimited, SuhbatError

from .address import is_loopback, metered

ADDRESS_RATE, ADDRESS_BURST = 0.5, 60
"""Failures of one address: per second, and at once. Many users may share an address."""
NAME_RATE, NAME_BURST = 0.1, 10
"""Failures under one name, from all addresses: per second, and at once."""
WORK_RATE, WORK_BURST = 5.0, 60
"""Passwords verified for one address, right or wrong: per second, and at once. This machine is not limited."""
OWN_RATE, OWN_BURST = 0.5, 20
"""The same for one name from one address."""
NEW_RATE, NEW_BURST = 0.2, 20
"""Registrations from one address: per second, and at once. This machine is not limited."""
MAIL_RATE, MAIL_BURST = 1 / 60, 20
"""Requests from one address that make this server send a mail: per second, and at once. This machine is not limited."""
RESET_RATE, RESET_BURST = 1 / 600, 3
"""Requests for a new password under one name, from all addresses: per second, and at once."""


class Throttle:
    """`with throttle.attempt(address, name):` around an attempt. Only a failed attempt counts, except that each verified
    password counts, because it costs the same work: see WORK_RATE.

    In memory only. Anybody can block logins under a name by failing under it; users who are logged in are not affected.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._addresses = LruDict(lambda: Gcra(ADDRESS_RATE, ADDRESS_BURST))
        self._names = LruDict(lambda: Gcra(NAME_RATE, NAME_BURST))
        self._work = LruDict(lambda: Gcra(WORK_RATE, WORK_BURST))
        self._own = LruDict(lambda: Gcra(OWN_RATE, OWN_BURST))
        self._new = LruDict(lambda: Gcra(NEW_RATE, NEW_BURST))
        self._mails = LruDict(lambda: Gcra(MAIL_RATE, MAIL_BURST))
        self._resets = LruDict(lambda: Gcra(RESET_RATE, RESET_BURST))

    def registration(self, address: str) -> None:
        """Count a registration. Raises RateLimited."""
        if not is_loopback(address):
            self._take([self._new[address]])

    def mail(self, address: str) -> None:
        """Count a request that makes this server send a mail. Raises RateLimited."""
        if not is_loopback(address):
            self._take([self._mails[address]])

    def reset(self, address: str, name: str) -> None:
        """Count a request for a new password under a name, whether it exists or not. Raises RateLimited."""
        self._take([self._resets[name], *([] if is_loopback(address) else [self._mails[address]])])

    @contextmanager
    def attempt(self, address: str, name: str | None) -> Iterator[None]:
        """Count an attempt. `name`: whose password it is about, None if it is not about a password. Raises RateLimited with
        `retry_after`, before anything is attempted."""
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
            _give_back([*meters, *work])  # nothing was attempted
            raise
        except SuhbatError:
            raise
        except BaseException:
            _give_back(meters)
            raise
        else:
            _give_back(meters)

    def _take(self, meters: list[Gcra]) -> None:
        # Before the attempt, so that concurrent attempts pass no more often than sequential ones.
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
