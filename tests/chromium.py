"""The browser of these tests: Chromium, or Chrome, wherever a system puts it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


@contextmanager
def launched() -> Iterator[Browser]:
    """Without a window, for the length of a block. A test is skipped where there is none (.ci/run ends where there is none)."""
    path = program()
    if path is None:
        pytest.skip("needs Chromium or Chrome, for instance by apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--no-proxy-server"])
        try:
            yield browser
        finally:
            browser.close()


def program() -> str | None:
    """Its path; None where there is none."""
    found = [path for name in NAMES if (path := shutil.which(name))]
    found += [str(path) for path in _elsewhere() if path.exists()]
    return next(iter(found), None)


def _elsewhere() -> Iterator[Path]:
    """macOS and Windows do not put it on the PATH."""
    yield Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
    yield Path("/Applications/Chromium.app/Contents/MacOS/Chromium")
    for name in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
        if place := os.environ.get(name):
            yield Path(place, "Google", "Chrome", "Application", "chrome.exe")
