"""The browser of the tests is as Playwright starts it, without parts that no test uses."""

from __future__ import annotations

import psutil
import pytest
from playwright.sync_api import sync_playwright

from tests import chromium

DISABLED = "--disable-features="


def _line_of(process: psutil.Process) -> list[str]:
    """The command line of a process; those of other tests may be ending."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


def test_the_features_of_playwright() -> None:
    """Our list has all that Playwright turns off: the browser reads no other."""
    if (path := chromium.program()) is None:
        pytest.skip("needs Chromium or Chrome, for instance by apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, chromium_sandbox=False)
        lines = [_line_of(process) for process in psutil.Process().children(recursive=True)]
        browser.close()
    theirs = [
        word.removeprefix(DISABLED).split(",")
        for line in lines
        if "--no-startup-window" in line
        for word in line
        if word.startswith(DISABLED)
    ]
    assert theirs and chromium.PLAYWRIGHTS.issuperset(theirs[0])
