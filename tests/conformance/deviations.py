"""The accepted deviations from the cases, by transport."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from tests.system.raw import PONG

from .case import INVALID, NO_CLOSE, NORMAL, PROTOCOL, QUIET, Case

Change = Callable[[Case], Case]


def _late(case: Case) -> Case:
    """`websockets` checks UTF-8 when a message is complete, not octet by octet, as it documents."""
    second = (QUIET, b"") if case.expects[0][0] == QUIET else (PONG, b"B")
    return replace(case, expects=(*case.expects, second))


def _in_a_message(case: Case) -> Case:
    """`websockets` refuses a close between fragments, which RFC 6455 §5.4 allows."""
    return replace(case, codes=frozenset({PROTOCOL}))


def _behind(case: Case) -> Case:
    """The end of the connection overtakes the answers to messages that were received with it."""
    return replace(case, partial=True)


def _silent(case: Case) -> Case:
    """After a protocol error hypercorn ends the TCP connection without a close, and without answers to earlier messages.
    Autobahn accepts that (RFC 6455 §7.1.7 only says SHOULD).
    """
    return replace(case, codes=frozenset({NO_CLOSE}), partial=True, may_reset=True)


BEHIND = {"7.1.6": _behind, "a close behind a message": _behind}
STREAM: Mapping[str, Change] = {
    **{f"6.4.{number}": _late for number in range(1, 5)},
    "7.1.5": _in_a_message,
}
ASGI: Mapping[str, Change] = {**BEHIND, "64 KiB and one": _behind}

TRANSPORTS: Mapping[str, Mapping[str, Change]] = {"native": STREAM, "uvicorn": STREAM, "asgi": ASGI}


def accepted(transport: str, case: Case) -> Case:
    """The case with the accepted deviations of this transport."""
    if transport == "asgi" and case.codes & {PROTOCOL, INVALID} and NORMAL not in case.codes:
        return _silent(case)
    change = TRANSPORTS[transport].get(case.id)
    return change(case) if change else case
