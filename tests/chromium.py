"""The browser of the tests: Chromium or Chrome, wherever the system has installed it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
PLAYWRIGHTS = frozenset({
    "AimEnabled", "AvoidCorsURLLoaderRestartOnRedirect", "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose", "HttpsFirstBalancedModeAutoEnable", "HttpsUpgrades", "LensOverlay", "MediaRouter",
    "NetworkTimeServiceQuerying", "OptimizationHints", "PaintHolding", "PreconnectToSearch", "TcpPortRandomizationWin",
    "ThirdPartyStoragePartitioning", "msEdgeUpdateLaunchServicesPreferredVersion", "msForceBrowserSignIn",
})  # fmt: skip
"""The features that Playwright turns off. The browser reads the last list only, so ours repeats them."""
UNUSED = frozenset({
    "PreloadTopChromeWebUI", "SpareRendererForSitePerProcess", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup",
    "WebUIOmniboxPopup",
})  # fmt: skip
"""Parts of the browser's own window that nobody sees: with the first page of a profile they start two more pages, which take
more of a processor than most tests."""
ARGUMENTS = (
    "--no-sandbox",
    "--no-proxy-server",
    f"--disable-features={','.join(sorted(PLAYWRIGHTS | UNUSED))}",
)


@contextmanager
def launched(*arguments: str) -> Iterator[Browser]:
    """A headless browser for the length of a block, with further arguments. Without a browser the test is skipped (.ci/run
    makes that an error)."""
    path = program()
    if path is None:
        pytest.skip("needs Chromium or Chrome, for instance by apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS, *arguments])
        try:
            yield browser
        finally:
            browser.close()


def program() -> str | None:
    """The browser's path, or None."""
    found = [path for name in NAMES if (path := shutil.which(name))]
    found += [str(path) for path in _elsewhere() if path.exists()]
    return next(iter(found), None)


def _elsewhere() -> Iterator[Path]:
    """Places on macOS and Windows, where the browser is not on the PATH."""
    yield Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
    yield Path("/Applications/Chromium.app/Contents/MacOS/Chromium")
    for name in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
        if place := os.environ.get(name):
            yield Path(place, "Google", "Chrome", "Application", "chrome.exe")
