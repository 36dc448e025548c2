"""A message that a program lets grow, over a server that the test plays."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from typing import Any

import pytest

from suhbat.client import Refused, StreamStopped
from suhbat.client.streaming import StreamedMessage
from suhbat.protocol.replies import Acted, Appended, Sent


class Played:
    """A server. `errors`: what it answers instead, by command, in this order."""

    def __init__(self, **errors: list[Refused]) -> None:
        self.text = ""
        self.said: list[tuple[str, str]] = []
        self.finished: dict[str, Any] = {}
        self._errors = errors

    async def do(self, command: type[Any], answer: type[Any], **fields: Any) -> Any:
        for _ in range(10):  # slower than the program writes
            await asyncio.sleep(0)
        kind = fields["type"]
        self.said.append((kind, fields["text"]))
        if self._errors.get(kind):
            raise self._errors[kind].pop(0)
        if kind == "finish":
            self.finished = fields
            return Acted(conversation="lobby", seq=9)
        assert fields["offset"] == len(self.text)
        self.text += fields["text"]
        return Appended(offset=len(self.text))

    async def begin(self) -> Sent:
        return Sent(conversation="lobby", seq=8, ordinal=8, sent_at=0)

    def message(self) -> StreamedMessage:
        return StreamedMessage(self.do, self.begin, "")


async def test_what_comes_fast_is_sent_together() -> None:
    """One append is in flight at a time; the end of the block finishes the message with its whole text."""
    played = Played()
    async with played.message() as message:
        assert (message.conversation, message.seq) == ("lobby", 8)
        for piece in ("O", "s", "h ", "🍚"):
            await message.write(piece)
    assert [kind for kind, _ in played.said].count("append") < 4
    assert played.finished["text"] == played.text == "Osh 🍚"
    assert not played.finished["cut"]


async def test_it_goes_on_where_the_server_is() -> None:
    """After a restart the server has less; `wrong_offset` says from where to repeat."""
    played = Played(append=[Refused("wrong_offset", "", offset=0)])
    async with played.message() as message:
        await message.write("Osh")
    assert played.said == [("append", "Osh"), ("append", "Osh"), ("finish", "Osh")]


async def test_somebody_stops_it() -> None:
    """The next write ends the block, without an error, and nothing is finished again."""
    played = Played(append=[Refused("finished", "")])
    written = 0
    async with played.message() as message:
        for _ in range(100):
            await message.write("so'z ")
            written += 1
    assert message.stopped and 0 < written < 100
    assert [kind for kind, _ in played.said] == ["append"]
    with pytest.raises(StreamStopped):
        await message.write("yana")


async def test_an_error_in_the_block() -> None:
    """What was written stays, marked as cut, and the error goes on."""
    played = Played()
    with pytest.raises(ZeroDivisionError):
        async with played.message() as message:
            await message.write("Osh")
            raise ZeroDivisionError
    assert (played.finished["text"], played.finished["cut"]) == ("Osh", True)


async def test_more_than_fits() -> None:
    """A write beyond the limit is refused at once, as the server would, and so is every further one. What fits is sent, and the
    message is marked as cut, whether the program ends the block with the error or without."""
    for catches in (True, False):
        played = Played()
        with pytest.raises(Refused) if not catches else nullcontext():
            async with played.message() as message:
                await message.write("o" * 3_990)
                for piece in ("s" * 11, "h"):
                    try:
                        await message.write(piece)
                    except Refused as refused:
                        assert refused.code == "bad_request" and "4,000" in refused.message
                        if not catches:
                            raise
                    else:
                        pytest.fail("not refused")
        assert played.finished["text"] == played.text == "o" * 3_990 + "s" * 10
        assert played.finished["cut"] is True


async def test_a_refused_end() -> None:
    """An end that the server refuses is an error of the block."""
    played = Played(finish=[Refused("bad_request", "no text")])
    with pytest.raises(Refused):
        async with played.message():
            pass


async def test_outside_of_a_block() -> None:
    """Without `async with` there is no message."""
    with pytest.raises(RuntimeError):
        print(Played().message().seq)
