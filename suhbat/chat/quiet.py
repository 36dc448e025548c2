"""Quiet hours: when a user is not notified. Pure."""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from suhbat.protocol.objects import Quiet

from .model import Milliseconds


def quiet_until(quiet: Quiet | None, now: Milliseconds) -> Milliseconds | None:
    """When the quiet hours end in which this time is; None if it is not in any. Others may begin then. `quiet`: None for a user
    without quiet hours.

    The hours belong to the day on which they begin. They end on the next day if they end at or before the time at which they
    begin. What a clock on the wall shows decides: an hour that a change of clocks skips does not exist, and one that comes
    twice is quiet twice. In a zone that this machine does not know, nothing is quiet.
    """
    if quiet is None:
        return None
    try:
        here = datetime.fromtimestamp(now / 1000, UTC).astimezone(ZoneInfo(quiet.zone))
    except (KeyError, ValueError, OSError):
        return None  # the name was valid when it was chosen, on a machine with newer data
    clock = here.strftime("%H:%M")
    if not _is_quiet(quiet, here, clock):
        return None
    ends = datetime.combine(here.date(), time.fromisoformat(quiet.to), here.tzinfo).replace(fold=here.fold)
    if clock >= quiet.to:
        ends += timedelta(days=1)
    return round(_instant(ends) * 1000)


def _instant(shown: datetime) -> float:
    """When a clock on the wall shows this time, in seconds since 1970; of a time that it skips, when it leaps over that."""
    after, before = (shown.replace(fold=fold).timestamp() for fold in (1, 0))
    if before <= after:
        return shown.timestamp()
    # A time that does not exist has two meanings, in the offsets after the leap and before it: the leap is between them.
    leap = bisect_left(
        range(round(before - after)),
        True,
        key=lambda seconds: datetime.fromtimestamp(after + seconds, shown.tzinfo).utcoffset() != shown.utcoffset(),
    )
    return after + leap


def _is_quiet(quiet: Quiet, here: datetime, clock: str) -> bool:
    begun_today = here.isoweekday() in quiet.days and quiet.from_ <= clock
    if quiet.from_ < quiet.to:
        return begun_today and clock < quiet.to
    yesterday = (here.date() - timedelta(days=1)).isoweekday()
    return begun_today or (yesterday in quiet.days and clock < quiet.to)


@lru_cache(maxsize=1)
def zones() -> frozenset[str]:
    """The names of all time zones.

    They are those of the package `tzdata`, on all machines the same. The data of the operating system is no standard: Windows
    has none, and Debian 13 and Ubuntu 24.04 lack names that browsers report, such as Asia/Calcutta and Europe/Kiev. Where it
    lacks one, `zoneinfo` takes it from the package.
    """
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="ascii").split()) - {"Factory"}
