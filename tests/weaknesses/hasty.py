"""Runs Suhbat with its deadlines cut to a second, so that tests need not wait, and with a fault on request.

`python -m tests.weaknesses.hasty suhbat serve …` or `python -m tests.weaknesses.hasty uvicorn main:app …`.
"""

from __future__ import annotations

import runpy
import sys

from suhbat.transport import http_guard, keepalive, stream_wire
from suhbat.transport.simple import SimpleDialect

SECOND = 1.0
"""The deadline of requests, responses and closes here."""
SILENCE_SECONDS = 3.0
"""A peer that answers no ping is dropped within this time here; really it is 30 s."""
FLAW = '{"massage": "salom"}'
"""A frame that makes the dialect raise. The tutorial's chat fails by itself, because the frame has no `message`."""


def main() -> None:
    http_guard.REQUEST_SECONDS = http_guard.STEP_SECONDS = http_guard.CLOSE_SECONDS = SECOND
    stream_wire.CLOSE_SECONDS = SECOND
    keepalive.TURN_SECONDS = SILENCE_SECONDS / 30
    receive = SimpleDialect.receive

    def flawed(dialect: SimpleDialect, data: str | bytes) -> None:
        if data == FLAW:
            raise RuntimeError("a flaw")
        receive(dialect, data)

    SimpleDialect.receive = flawed
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
