"""The messages of the bus: events are split into messages of a bearable size, and none is lost."""

from __future__ import annotations

import pytest

from suhbat.bus import frames

from .test_contract import message


@pytest.mark.parametrize("place", [1, 2, 3])
def test_an_event_that_is_larger_than_a_message(place: int) -> None:
    """A very large event (an edited message with 15,000 reactions, for example) has a message of its own. All events
    are there, in order."""
    said = [message(seq, "x" * (2 * frames.LARGEST) if seq == place else "salom") for seq in range(1, 4)]
    made = frames.events(said)
    assert [entry for _, data in made for entry in frames.read(data).entries] == said
    assert sorted(len(frames.read(data).entries) for _, data in made) == ([1, 1, 1] if place == 2 else [1, 2])
