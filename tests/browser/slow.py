"""A slow machine and network, to find what only these show: SUHBAT_TESTS_SLOW=4 makes the pages of the tests four times
slower, and lets 50 ms pass between browser and server in either direction."""

from __future__ import annotations

import os

from playwright.sync_api import Page

RATE = float(os.environ.get("SUHBAT_TESTS_SLOW", "1"))
DELAY = 0.05 if RATE > 1 else 0.0
"""Seconds."""


def slowed(page: Page) -> Page:
    """The page, with so much less of the processor."""
    if RATE > 1:
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": RATE})
    return page
