"""The closing handshake (7): RFC 6455 §5.5.1 and §7."""

from __future__ import annotations

from collections.abc import Iterator

from tests.system.raw import TEXT

from .case import INVALID, NO_CODE, NORMAL, PROTOCOL, Case, answered, close, closed, more, ping, text
from .utf8 import GREEK, SURROGATE

HELLO = b"Hello World!"
MAY_BE_SENT = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)
MAY_NOT = (0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999)
BEYOND = (5000, 65_535)


def _order() -> Iterator[Case]:
    """Nothing after the close is answered."""
    yield answered("7.1.1", text(HELLO), expects=[(TEXT, HELLO)])
    yield closed("7.1.2", close() + close(None))
    yield closed("7.1.3", close() + ping())
    yield closed("7.1.4", close() + text(HELLO))
    yield closed("7.1.5", text(b"one", fin=False) + close() + more(b"two", fin=True))
    large = b"BAsd7&jh23" * 26_214
    # Autobahn takes any outcome.
    yield closed("7.1.6", text(large), text(HELLO), close() + ping(), expects=[(TEXT, large), (TEXT, HELLO)])


def _form() -> Iterator[Case]:
    yield closed("7.3.1", close(None), codes=[NORMAL, NO_CODE])
    yield closed("7.3.2", close(None, b"a"), codes=[PROTOCOL])
    yield closed("7.3.3", close())
    yield closed("7.3.4", close(reason=HELLO))
    yield closed("7.3.5", close(reason=b"*" * 123))
    yield closed("7.3.6", close(reason=b"*" * 124), codes=[PROTOCOL])
    yield closed("7.5.1", close(reason=GREEK + SURROGATE + b"edited"), codes=[PROTOCOL, INVALID])


def _codes() -> Iterator[Case]:
    for number, code in enumerate(MAY_BE_SENT, 1):
        yield closed(f"7.7.{number}", close(code), codes=[NORMAL, code])
    for number, code in enumerate(MAY_NOT, 1):
        yield closed(f"7.9.{number}", close(code), codes=[PROTOCOL])
    for number, code in enumerate(BEYOND, 1):
        yield closed(f"7.13.{number}", close(code), codes=[PROTOCOL])  # Autobahn takes any outcome


CASES = [*_order(), *_form(), *_codes()]
