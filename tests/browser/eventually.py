"""Waiting for what no `expect()` of Playwright can ask."""

from __future__ import annotations

import time
from collections.abc import Callable

from playwright.sync_api import Page

from .person import PATIENCE

AT_REST = """async () => {
  for (const _ of [1, 2]) await new Promise(requestAnimationFrame); // a transition begins in the next frame
  const ends = (one) => one.effect?.getComputedTiming().endTime !== Infinity;
  await Promise.allSettled(document.getAnimations().filter(ends).map((one) => one.finished));
}"""


def eventually(probe: Callable[[], object], *, patience: float = PATIENCE / 1000) -> None:
    """Return when `probe` gives something true. A row may be drawn again between two questions, and a clipboard is written
    later than the key is pressed: what is asked once is a matter of luck. `patience`: seconds."""
    end = time.monotonic() + patience
    while not (found := probe()):
        assert time.monotonic() < end, found
        time.sleep(0.05)


def remaining(probe: Callable[[], list[str]], *, patience: float = 5) -> list[str]:
    """What `probe` still finds wrong after `patience` seconds, or at once nothing: while a page is drawn, something may be
    wrong for a moment."""
    end = time.monotonic() + patience
    while (found := probe()) and time.monotonic() < end:
        time.sleep(0.05)
    return found


def at_rest(page: Page) -> None:
    """Wait until no transition and no animation that ends is under way, and what was asked for is drawn."""
    page.evaluate(AT_REST)
