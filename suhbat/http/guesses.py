"""Addresses whose path has a secret: whoever tries many of them is slowed down."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Request

from suhbat.errors import RateLimited, SuhbatError
from suhbat.identity.address import metered
from suhbat.services import Services

from .dependencies import address_of


@asynccontextmanager
async def guess(request: Request, services: Services, wrong: type[SuhbatError]) -> AsyncIterator[None]:
    """Hold this while a secret is looked up, which costs a read. `wrong`: raised inside if there is no such secret. Only that
    counts, because many programs of one service come from few addresses. Raises RateLimited, before the read if the address
    has used up its rate; Busy."""
    address, rates, clock = metered(address_of(request, services)), services.limits.rates, services.clock
    if wait := rates.wait(address, clock.steady()):
        raise RateLimited(retry_after=wait)
    async with services.limits.reads.quick("", address):
        try:
            yield
        except wrong:
            if wait := rates.address(address).take(clock.steady()):
                raise RateLimited(retry_after=wait) from None
            raise
