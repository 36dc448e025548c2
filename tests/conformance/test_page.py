"""docs/reference/websocket.md agrees with the suite."""

from __future__ import annotations

import re

from suhbat.protocol.types import MAX_FRAME
from suhbat.transport.incoming import CONTROL_FRAMES, FRAGMENTS
from suhbat.transport.keepalive import TURN_SECONDS, TURNS
from suhbat.transport.stream_wire import CLOSE_SECONDS
from tests.servers import ROOT

from . import deflate
from .deviations import STREAM

PAGE = (ROOT / "docs" / "reference" / "websocket.md").read_text(encoding="utf-8")

AUTOBAHN_LARGEST = 131_072
"""The octets of the largest message in Autobahn's groups 12 and 13."""


def test_deviations() -> None:
    """The page names exactly the cases of Autobahn with an accepted deviation."""
    named = set(re.findall(r"`(\d+(?:\.\d+)+)`", PAGE))
    assert named == {id for id in STREAM if id[0].isdigit()}


def test_compression() -> None:
    """The page names the kinds of group 13 in which the server declines, and the reduced sizes."""
    declined = sorted({case.id.rpartition(".")[0] for case in deflate.CASES if not case.agreed})
    assert f"In {' and '.join(declined)} the client" in PAGE
    assert f"a quarter of Autobahn's sizes and {deflate.MESSAGES} messages each" in PAGE
    assert max(size for size, _ in deflate.SIZES) * 4 == AUTOBAHN_LARGEST


def test_numbers() -> None:
    """Every limit on the page is the one in force."""
    assert f"at most {MAX_FRAME // 1024} KiB" in PAGE
    assert f"up to {FRAGMENTS:,} fragments" in PAGE
    assert f"over {CONTROL_FRAMES} pings, pongs and fragments in a second, or over {FRAGMENTS:,} fragments" in PAGE
    assert f"waits {CLOSE_SECONDS:g} seconds" in PAGE
    turn = TURNS * TURN_SECONDS
    assert f"for {turn:g} to {2 * turn:g} seconds" in PAGE
