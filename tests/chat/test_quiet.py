"""Quiet hours over midnight and changes of clocks, and the time zones in which they can be."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from suhbat.chat.quiet import quiet_until, zones
from suhbat.protocol.objects import Quiet

ALL = range(1, 8)


def hours(begin: str, end: str, days: Collection[int] = ALL, zone: str = "Asia/Tashkent") -> Quiet:
    return Quiet(from_=begin, to=end, days=tuple(days), zone=zone)


def at(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1000)


def is_quiet(quiet: Quiet | None, now: int) -> bool:
    return quiet_until(quiet, now) is not None


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


def test_an_end_that_does_not_exist() -> None:
    """Hours that end in the skipped hour end when the clock leaps over it, not half an hour later; in any zone, also one that
    leaps by half an hour (Lord Howe) or over a whole day (Samoa)."""
    night = hours("22:00", "02:30", zone="Europe/Berlin")
    assert quiet_until(night, at("2026-03-28T23:00:00Z")) == at("2026-03-29T01:00:00Z")
    assert not is_quiet(night, at("2026-03-29T01:00:00Z"))
    assert quiet_until(night, at("2026-03-29T23:00:00Z")) == at("2026-03-30T00:30:00Z")
    island = hours("22:00", "02:15", zone="Australia/Lord_Howe")
    assert quiet_until(island, at("2026-10-03T14:00:00Z")) == at("2026-10-03T15:30:00Z")
    assert quiet_until(hours("22:00", "07:00", zone="Pacific/Apia"), at("2011-12-30T09:00:00Z")) == at(
        "2011-12-30T10:00:00Z"
    )


def test_a_beginning_that_does_not_exist() -> None:
    """Hours that begin in the skipped hour begin when the clock shows a later time."""
    night = hours("02:30", "07:00", zone="Europe/Berlin")
    assert [is_quiet(night, at(f"2026-03-29T{one}:00Z")) for one in ("00:59", "01:00")] == [False, True]


@pytest.mark.parametrize(
    ("quiet", "now", "ends"),
    [
        (hours("22:00", "08:00"), "2026-11-27T22:00+05:00", "2026-11-28T08:00+05:00"),
        (hours("22:00", "08:00"), "2026-11-28T07:59:59+05:00", "2026-11-28T08:00+05:00"),
        (hours("13:00", "14:00"), "2026-11-27T13:59+05:00", "2026-11-27T14:00+05:00"),
        (hours("09:00", "09:00"), "2026-11-27T09:00+05:00", "2026-11-28T09:00+05:00"),
        (hours("00:00", "00:00"), "2026-11-27T23:59+05:00", "2026-11-28T00:00+05:00"),
        # The night is seven hours long in spring, and nine in autumn.
        (hours("22:00", "06:00", zone="Europe/Berlin"), "2026-03-28T22:00+01:00", "2026-03-29T06:00+02:00"),
        (hours("22:00", "06:00", zone="Europe/Berlin"), "2026-10-24T22:00+02:00", "2026-10-25T06:00+01:00"),
        # Half past two comes twice: the hours end, go on when it is two again, and end again.
        (hours("01:00", "02:30", zone="Europe/Berlin"), "2026-10-25T02:29+02:00", "2026-10-25T02:30+02:00"),
        (hours("01:00", "02:30", zone="Europe/Berlin"), "2026-10-25T02:00+01:00", "2026-10-25T02:30+01:00"),
    ],
)
def test_when_they_end(quiet: Quiet, now: str, ends: str) -> None:
    """The next time that the clock shows `to`."""
    assert quiet_until(quiet, at(now)) == at(ends)


def test_they_always_end_later() -> None:
    """In each hour of two days with a change of clocks, so that nothing that waits for the end waits in vain."""
    for day in ("2026-03-29", "2026-10-25"):
        for begin in range(0, 24, 5):
            for end in range(6):
                quiet = hours(f"{begin:02}:30", f"{end:02}:30", zone="Europe/Berlin")
                for minutes in range(-300, 600, 10):
                    now = at(f"{day}T00:00Z") + minutes * 60_000
                    until = quiet_until(quiet, now)
                    assert until is None or now < until <= now + 25 * 3_600_000


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
