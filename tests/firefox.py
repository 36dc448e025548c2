"""Debian's Firefox, driven by WebDriver BiDi (https://w3c.github.io/webdriver-bidi/), which it speaks without a driver."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from tests.servers import PATIENCE

NAMES = ("firefox-esr", "firefox")
ENTER = "\ue007"
"""The Enter key, as WebDriver writes it."""


class Firefox:
    """One browser. `tab` opens a tab; all tabs share the cookies."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._sent = 0
        self.logged: list[str] = []
        self.ask("session.new", capabilities={})
        self.ask("session.subscribe", events=["log.entryAdded"])

    def ask(self, method: str, **params: Any) -> Any:
        """Send a command; gives its result. Uncaught errors of pages that come meanwhile are added to `logged`."""
        self._sent += 1
        self._socket.send(json.dumps({"id": self._sent, "method": method, "params": params}))
        while True:
            answer = json.loads(self._socket.recv(PATIENCE))
            if answer.get("method") == "log.entryAdded" and answer["params"]["type"] == "javascript":
                self.logged.append(str(answer["params"]["text"]))
            if answer.get("id") == self._sent:
                assert answer["type"] == "success", answer
                return answer["result"]

    def tab(self) -> Tab:
        return Tab(self, self.ask("browsingContext.create", type="tab")["context"])


class Tab:
    """A page in the browser."""

    def __init__(self, browser: Firefox, context: str) -> None:
        self._browser = browser
        self._context = context

    def goto(self, url: str) -> None:
        self._browser.ask("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def reload(self) -> None:
        self._browser.ask("browsingContext.reload", context=self._context, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """The value of an expression, which JSON can express. Promises are awaited."""
        wrapped = f"(async () => JSON.stringify(await ({expression})))()"
        answer = self._browser.ask(
            "script.evaluate", expression=wrapped, target={"context": self._context}, awaitPromise=True
        )
        assert answer["type"] == "success", answer
        return json.loads(answer["result"].get("value", "null"))

    def wait(self, expression: str) -> Any:
        """Wait until an expression is true; gives its value."""
        ends = time.monotonic() + PATIENCE
        while not (found := self.evaluate(expression)):
            assert time.monotonic() < ends, f"{expression}\n{self.evaluate('document.body.innerText')}"
            time.sleep(0.05)
        return found

    def focus(self, selector: str) -> None:
        self.wait(f"((one) => one && (one.focus(), document.activeElement === one))({_found(selector)})")

    def type(self, text: str) -> None:
        """Press the keys of a text, in the element with the focus."""
        keys = [{"type": kind, "value": key} for key in text for kind in ("keyDown", "keyUp")]
        self._browser.ask(
            "input.performActions", context=self._context, actions=[{"type": "key", "id": "keys", "actions": keys}]
        )


def _found(selector: str) -> str:
    return f"document.querySelector({json.dumps(selector)})"


@contextmanager
def launched() -> Iterator[Firefox]:
    """A headless browser with a new profile for the length of a block. Without Firefox the test is skipped (.ci/run makes
    that an error)."""
    path = next((path for name in NAMES if (path := shutil.which(name))), None)
    if path is None:
        pytest.skip("needs Firefox, for instance by apt-get install firefox-esr")
    with TemporaryDirectory(prefix="suhbat-firefox-", ignore_cleanup_errors=True) as place:
        profile = Path(place) / "profile"
        profile.mkdir()
        # Only the servers of the test: Firefox asks others about updates, and a proxy of the machine knows no loopback.
        settings = {
            "network.proxy.type": 0,
            "app.update.disabledForTesting": True,
            "datareporting.policy.firstRunURL": "",
        }
        lines = [f'user_pref("{name}", {json.dumps(value)});\n' for name, value in settings.items()]
        (profile / "user.js").write_text("".join(lines), encoding="utf-8")
        output = Path(place) / "output"
        with output.open("wb") as file:
            process = subprocess.Popen(
                [path, "--headless", "--no-remote", "--remote-debugging-port", "0", "--profile", str(profile)],
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        try:
            with connect(f"{_address(process, output)}/session", proxy=None, max_size=None) as socket:
                yield Firefox(socket)
        finally:
            process.kill()
            process.wait(PATIENCE)


def _address(process: subprocess.Popen[bytes], output: Path) -> str:
    """The address of its WebDriver BiDi, which it prints."""
    ends = time.monotonic() + PATIENCE
    while not (found := re.search(r"WebDriver BiDi listening on (ws://\S+)", _text(output))):
        assert process.poll() is None and time.monotonic() < ends, _text(output)
        time.sleep(0.05)
    return found[1]


def _text(output: Path) -> str:
    return output.read_text(encoding="utf-8", errors="replace")
