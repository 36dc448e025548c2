"""The child process that carries pushes: it encrypts, signs and sends them through the guarded client.

The parent writes a line of JSON with a `PushSetup`, then lines with a batch each: pushes with numbers, and the numbers of
those that nobody waits for any more. The child writes an empty batch when it is ready, and answers each push once, also one
that was given up: its number, then the status and the header Retry-After, or a `NoAnswer`, or the name of an exception.
"""

from __future__ import annotations

import asyncio
import json
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any, TypeAlias

from suhbat.children.running import begin
from suhbat.notify.carrying import DirectCarrier
from suhbat.notify.ports import PushCarrier, PushRequest, ServiceAnswer
from suhbat.notify.vapid import PushKey, Vapid
from suhbat.outgoing.addresses import AllowedAddresses
from suhbat.outgoing.client import OutgoingClient

from .push_services import OutgoingPushServices

BATCH_SECONDS = 0.02
"""For how long a batch collects, on both sides: a message over the pipe wakes a thread, which takes the interpreter."""
MOST_RETRY_AFTER = 100
"""Characters of the header Retry-After. A date has 29."""

Answer: TypeAlias = tuple[int, int | str, str | None]


@dataclass(frozen=True)
class PushSetup:
    """`public` and `private`: see `PushKey`. `subject`: see `Vapid`. `allow`: the setting `outgoing_allow`."""

    public: str
    private: str = field(repr=False)
    subject: str | None
    allow: Sequence[str]


def encoded_setup(setup: PushSetup) -> bytes:
    """The first line."""
    return json.dumps(asdict(setup)).encode() + b"\n"


def encoded_batch(pushes: Sequence[tuple[int, PushRequest]], ended: Sequence[int]) -> bytes:
    """A line of pushes. `ended`: numbers of earlier ones that nobody waits for."""
    rows = [
        (
            number,
            one.endpoint,
            b64encode(one.public_key).decode(),
            b64encode(one.auth).decode(),
            one.owner,
            b64encode(one.body).decode(),
            one.topic,
            one.ttl,
            one.urgency,
        )
        for number, one in pushes
    ]
    return json.dumps({"pushes": rows, "ended": ended}).encode() + b"\n"


def decoded_batch(line: bytes) -> tuple[list[tuple[int, PushRequest]], list[int]]:
    """The inverse of `encoded_batch`."""
    batch = json.loads(line)
    pushes = [
        (number, PushRequest(endpoint, b64decode(key), b64decode(auth), owner, b64decode(body), *rest))
        for number, endpoint, key, auth, owner, body, *rest in batch["pushes"]
    ]
    return pushes, batch["ended"]


def decoded_answers(line: bytes) -> list[Answer]:
    """A line of answers. Raises ValueError for what is none: it has read what strangers sent."""
    answers = json.loads(line)
    if not isinstance(answers, list) or not all(map(_is_answer, answers)):
        raise ValueError("they are no answers")
    return [(number, found, retry_after) for number, found, retry_after in answers]


def _is_answer(one: Any) -> bool:
    return (
        isinstance(one, list)
        and len(one) == 3
        and isinstance(one[0], int)
        and isinstance(one[1], int | str)
        and isinstance(one[2], str | None)
    )


class Office:
    """Carries the pushes of the parent. `tell`: writes a line to it."""

    def __init__(self, carrier: PushCarrier, tell: Callable[[bytes], object]) -> None:
        self._carrier = carrier
        self._tell = tell
        self._running: dict[int, asyncio.Task[None]] = {}
        self._answers: list[Answer] = []

    def take(self, line: bytes) -> None:
        """Carry the pushes of a line, and give up those that it names."""
        pushes, ended = decoded_batch(line)
        for number, request in pushes:
            task = self._running[number] = asyncio.ensure_future(self._carry(number, request))
            task.add_done_callback(partial(self._done, number))
        for number in ended:
            if (running := self._running.get(number)) is not None:
                running.cancel()

    async def _carry(self, number: int, request: PushRequest) -> None:
        answer = await self._carrier.carry(request)
        if isinstance(answer, ServiceAnswer):
            self._answer(number, answer.status, answer.retry_after and answer.retry_after[:MOST_RETRY_AFTER])
        else:
            self._answer(number, answer, None)

    def _done(self, number: int, task: asyncio.Task[None]) -> None:
        del self._running[number]
        if task.cancelled():
            self._answer(number, "unreachable", None)
        elif (error := task.exception()) is not None:
            self._answer(number, type(error).__name__, None)

    def _answer(self, number: int, found: int | str, retry_after: str | None) -> None:
        if not self._answers:
            asyncio.get_running_loop().call_later(BATCH_SECONDS, self._flush)
        self._answers.append((number, found, retry_after))

    def _flush(self) -> None:
        answers, self._answers = self._answers, []
        self._tell(json.dumps(answers).encode() + b"\n")


class _Clock:
    """Implements `chat.ports.Clock`. That of `adapters` would import the stores."""

    def wall(self) -> int:
        return time.time_ns() // 1_000_000

    def steady(self) -> float:
        return time.monotonic()


def main() -> None:
    with suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve())


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The quicker loop that the server uses, too, where it is installed."""
    try:
        import uvloop
    except ImportError:  # Windows
        return None
    return uvloop.new_event_loop


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[bytes] = asyncio.Queue()
    output = begin(lambda line: loop.call_soon_threadsafe(lines.put_nowait, line))

    def tell(line: bytes) -> None:
        output.write(line)  # the parent has a thread that always reads
        output.flush()

    setup = PushSetup(**json.loads(await lines.get()))
    vapid = Vapid(PushKey(setup.public, setup.private), setup.subject, _Clock())
    client = OutgoingClient(AllowedAddresses(setup.allow))
    office = Office(DirectCarrier(OutgoingPushServices(client), lambda: vapid), tell)
    tell(b"[]\n")
    while True:
        office.take(await lines.get())
