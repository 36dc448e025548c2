"""What is accepted instead of what a case strictly asks, by transport."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from tests.system.raw import PONG

from .case import INVALID, NO_CLOSE, NORMAL, PROTOCOL, QUIET, Case

Change = Callable[[Case], Case]


def _late(case: Case) -> Case:
    """Text is looked at when the message is whole, not octet by octet: `websockets` says so of itself."""
    second = (QUIET, b"") if case.hears[0][0] == QUIET else (PONG, b"B")
    return replace(case, hears=(*case.hears, second))


def _in_a_message(case: Case) -> Case:
    """A close between fragments is a mistake to `websockets`; RFC 6455 §5.4 lets it in there."""
    return replace(case, codes=frozenset({PROTOCOL}))


def _behind(case: Case) -> Case:
    """What ends the connection overtakes the answers to the messages that came with it."""
    return replace(case, partly=True)


def _silent(case: Case) -> Case:
    """hypercorn ends the TCP connection without a close where the protocol is broken, and with it what was right before.
    Autobahn takes that (RFC 6455 §7.1.7 only says SHOULD).
    """
    return replace(case, codes=frozenset({NO_CLOSE}), partly=True, abrupt=True)


BEHIND = {"7.1.6": _behind, "a close behind a message": _behind}
STREAM: Mapping[str, Change] = {
    **{f"6.4.{number}": _late for number in range(1, 5)},
    "7.1.5": _in_a_message,
}
ASGI: Mapping[str, Change] = {**BEHIND, "64 KiB and one": _behind}

TRANSPORTS: Mapping[str, Mapping[str, Change]] = {"native": STREAM, "uvicorn": STREAM, "asgi": ASGI}


def accepted(transport: str, case: Case) -> Case:
    """The case as this transport must pass it."""
    if transport == "asgi" and case.codes & {PROTOCOL, INVALID} and NORMAL not in case.codes:
        return _silent(case)
    change = TRANSPORTS[transport].get(case.id)
    return change(case) if change else case
