"""The cursors of event streams."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suhbat.protocol.stream_cursor import LONGEST, UNKNOWN, cursor_of, read_cursor

LOGS = [("@me", 12), ("lobby", 1842), ("c" + "k" * 21, 7)]


def test_what_goes_in_comes_out() -> None:
    """A cursor holds the epoch, the user, the position, and the polled stream."""
    text = cursor_of("5f0c", "u1", LOGS, "key")
    assert len(text) < LONGEST and text.isprintable() and " " not in text
    resume, poll = read_cursor(text)
    assert resume is not None and poll == "key"
    assert (resume.epoch, resume.uid, resume.cursors) == ("5f0c", "u1", dict(LOGS))


def test_a_cursor_is_never_too_long() -> None:
    """Of many conversations those that come first have room."""
    logs = [("@me", 1), *((f"c{number:021}", 2**40) for number in range(2_000))]
    text = cursor_of("5f0c1ab2e7d94c38", "u" + "k" * 21, logs, "k" * 22)
    assert len(text) <= LONGEST
    resume, _ = read_cursor(text)
    assert resume is not None and len(resume.cursors) > 20
    assert list(resume.cursors.items()) == logs[: len(resume.cursors)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "2~~e~u~@me*1",
        "1~~e~u~@me*-1",
        "1~~e~u~@me*x",
        "1~~e~u~@me",
        "1~~e~u~@me*1" + "0" * 2_000,
        "\0~\0~\0~\0",
    ],
)
def test_what_is_no_cursor(text: str) -> None:
    """It is unknown, whatever it is."""
    assert read_cursor(text).resume is None


def test_a_cursor_without_a_position() -> None:
    """A poll during the opening only knows its stream."""
    assert read_cursor(cursor_of("", "", (), "key")) == (None, "key")


@given(st.text(max_size=200))
def test_anything(text: str) -> None:
    """No text raises."""
    assert read_cursor(text) == UNKNOWN or "~" in text
