"""Quiet hours over midnight and changes of clocks, and the time zones in which they can be."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from suhbat.chat.quiet import is_quiet, zones
from suhbat.protocol.objects import Quiet

ALL = range(1, 8)


def hours(begin: str, end: str, days: Collection[int] = ALL, zone: str = "Asia/Tashkent") -> Quiet:
    return Quiet(from_=begin, to=end, days=tuple(days), zone=zone)


def at(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1000)


def test_over_midnight() -> None:
    """The hours belong to the day on which they begin: a Friday's last until Saturday morning."""
    friday = hours("22:00", "08:00", [5])
    moments = ("27T21:59", "27T22:00", "28T00:00", "28T07:59", "28T08:00", "28T22:00", "27T07:00")
    quiet = [is_quiet(friday, at(f"2026-11-{one}:00+05:00")) for one in moments]
    assert quiet == [False, True, True, True, False, False, False]


def test_over_the_end_of_a_week() -> None:
    """The night after Sunday ends on Monday."""
    sunday = hours("22:00", "08:00", [7])
    assert is_quiet(sunday, at("2026-11-30T07:59:59+05:00"))
    assert not is_quiet(sunday, at("2026-11-30T22:00:00+05:00"))


def test_within_a_day() -> None:
    """Hours within a day have no next morning; the first minute is quiet and the last is not."""
    moments = ("12:59:59", "13:00:00", "13:59:59", "14:00:00")
    quiet = [is_quiet(hours("13:00", "14:00"), at(f"2026-11-27T{one}+05:00")) for one in moments]
    assert quiet == [False, True, True, False]


def test_a_whole_day() -> None:
    """Equal times mean 24 hours."""
    saturday = hours("09:00", "09:00", [6])
    moments = ("28T08:59", "28T09:00", "29T08:59", "29T09:00")
    assert [is_quiet(saturday, at(f"2026-11-{one}+05:00")) for one in moments] == [False, True, True, False]
    assert all(is_quiet(hours("00:00", "00:00"), at(f"2026-11-27T{hour:02}:30Z")) for hour in range(24))


def test_when_clocks_change() -> None:
    """In Berlin 02:30 does not exist on 29 March 2026, and comes twice on 25 October: the clock on the wall decides."""
    night = hours("02:00", "03:00", zone="Europe/Berlin")
    spring = [is_quiet(night, at(f"2026-03-29T{one}:00Z")) for one in ("00:59", "01:00")]
    autumn = [is_quiet(night, at(f"2026-10-25T{one}:30Z")) for one in ("00", "01", "02")]
    assert (spring, autumn) == ([False, False], [True, True, False])


def test_a_beginning_that_does_not_exist() -> None:
    """Hours that begin in the skipped hour begin when the clock shows a later time."""
    night = hours("02:30", "07:00", zone="Europe/Berlin")
    assert [is_quiet(night, at(f"2026-03-29T{one}:00Z")) for one in ("00:59", "01:00")] == [False, True]


def test_nobody_chose_any() -> None:
    """Without quiet hours nothing is quiet."""
    assert not is_quiet(None, at("2026-11-27T03:00Z"))


@pytest.mark.parametrize("zone", ["Moon/Base", "Europe", "../etc/passwd", "/etc/passwd", "", "Europe\0"])
def test_an_unknown_zone_is_not_quiet(zone: str) -> None:
    """A stored zone may be missing on this machine. Then nothing fails, and the user is notified."""
    assert not is_quiet(hours("00:00", "00:00", zone=zone), at("2026-11-27T03:00Z"))


def test_zones() -> None:
    """All names can be loaded, also the old ones that browsers report; none depends on the machine."""
    assert {"Asia/Tashkent", "Asia/Calcutta", "Europe/Kiev", "America/Argentina/Buenos_Aires", "UTC"} <= zones()
    assert not {"Factory", "localtime", "Europe", "posixrules", "europe/berlin", ""} & zones()
    for zone in zones():
        ZoneInfo(zone)
