"""The text part of a mail. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from .letter import Letter, Place


def plain(letter: Letter) -> str:
    """The letter as text, in paragraphs."""
    return "\n\n".join(_paragraphs(letter)) + "\n"


def _paragraphs(letter: Letter) -> Iterator[str]:
    yield from letter.lead
    yield from map(_place, letter.places)
    if letter.after:
        yield letter.after
    if letter.button is not None:
        yield f"{letter.button.text}:\n{letter.button.url}"
    yield f"-- \n{letter.server}"
    yield from letter.foot
    if letter.unsubscribe is not None:
        yield f"{letter.unsubscribe.text}: {letter.unsubscribe.url}"


def _place(place: Place) -> str:
    quoted = [f"{one.sender}: {one.text}" if one.sender else one.text for one in place.messages]
    lines = [*quoted, place.more] if place.more else quoted
    return "\n".join([place.title, *("  " + line.replace("\n", "\n    ") for line in lines)])
