"""docs/reference/javascript.md: its examples run in Node and in two tabs of Chromium, and it lists exactly the public
names."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.chromium import launched
from tests.node import NODE
from tests.servers import PATIENCE, ROOT, Server, running

MANUAL = ROOT / "docs" / "reference" / "javascript.md"
SDK = ROOT / "suhbat" / "web" / "js" / "sdk"


def example(where: str) -> str:
    """The code block for "node" or for a "browser"."""
    found = re.search(rf"^```js {where}\n(.*?)^```", MANUAL.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def section(title: str) -> str:
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", MANUAL.read_text(encoding="utf-8"), re.M | re.S)
    assert found, title
    return found[1]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running("suhbat", tmp_path_factory.mktemp("javascript") / "data") as server:
        yield server


def test_in_node(server: Server, tmp_path: Path) -> None:
    """The example, copied from the page, prints its message as an event and as stored."""
    shutil.copytree(SDK, tmp_path / "sdk")
    program = example("node")
    assert program.count("http://localhost:8000/") == 1
    (tmp_path / "chat.mjs").write_text(program.replace("http://localhost:8000/", f"{server.url}/"), encoding="utf-8")
    with subprocess.Popen(
        [NODE, "chat.mjs"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8"
    ) as process:
        try:
            assert process.stdout is not None
            assert sorted(process.stdout.readline().strip() for _ in range(2)) == [
                "on the disk as number 1",
                "robot: salom",
            ]
        finally:
            process.kill()


def test_the_surface() -> None:
    """The page lists exactly the exports of the modules, the members of a chat, and its events."""
    script = f"""
      const sdk = await import({(SDK / "chat.js").as_uri()!r});
      console.log(JSON.stringify([Object.keys(sdk), Object.getOwnPropertyNames(sdk.Chat.prototype)]));
    """
    done = subprocess.run(
        [NODE, "--input-type=module", "-e", script], capture_output=True, text=True, check=True, timeout=PATIENCE
    )
    exported, chat = json.loads(done.stdout)
    page = MANUAL.read_text(encoding="utf-8")
    assert all(re.search(rf"`(new )?{name}\b", page) for name in exported), exported
    rows = re.findall(r"^\| `(\w+)` \|", section("`Chat`"), re.MULTILINE)
    assert set(rows) == (set(chat) - {"constructor"}) | {"Refused", "Unreachable", "Closed"}
    source = "".join((SDK / name).read_text(encoding="utf-8") for name in ("state.js", "lifeline.js"))
    told = set(re.findall(r'emit(?:: \[|\()"(\w+)"', source)) | {
        "typing",
        "receipt",
        "reply",
    }  # listeners are registered by the type of the frame
    assert set(re.findall(r"^\| `(\w+)` \|", section("Events of a chat"), re.MULTILINE)) == told


@pytest.fixture
def context(server: Server) -> Iterator[BrowserContext]:
    """A browser in which a user is logged in."""
    with launched() as chromium:
        context = chromium.new_context(bypass_csp=True)  # the test adds a script to the server's page
        context.set_default_timeout(PATIENCE * 1000)
        answer = context.request.post(
            f"{server.url}/api/v1/accounts",
            data={"user_id": "anna", "password": "correct horse battery", "cookie": True},
            headers={"origin": server.url},
        )
        assert answer.status == 201, answer.text()
        yield context


def tab(context: BrowserContext, server: Server) -> Page:
    """A page of the server with the example in it. Its chat is `window.chat`."""
    page = context.new_page()
    page.goto(f"{server.url}/healthz")
    page.add_script_tag(type="module", content=f"{example('browser')}; window.chat = chat;")
    page.wait_for_function("document.title === 'online'")
    return page


def connections(server: Server) -> int:
    _, text = server.request("GET", "/metrics")
    found = re.search(r"^suhbat_connections(?:{.*})? (\d+)", text, re.MULTILINE)
    assert found
    return int(found[1])


def test_in_two_tabs(server: Server, context: BrowserContext) -> None:
    """All tabs share one socket, and each can send and receive. When the tab with the socket closes, the next one takes
    over, and nothing is lost or doubled."""
    send = "(text) => chat.send({ conversation: 'lobby', text }).then(({ duplicate }) => duplicate)"
    before = connections(server)
    first, second = tab(context, server), tab(context, server)
    assert connections(server) == before + 1
    for page, text in ((first, "one "), (second, "two ")):
        assert page.evaluate(send, text) is False
    for page in (first, second):
        page.wait_for_function("document.body.innerText.includes('two')")
    first.close()
    assert second.evaluate(send, "three ") is False
    second.wait_for_function("document.body.innerText.includes('three')")
    third = tab(context, server)
    assert third.evaluate(send, "four ") is False
    second.wait_for_function("document.body.innerText.includes('four')")
    shown = second.evaluate("document.body.innerText").split()
    assert [word for word in shown if word in ("one", "two", "three", "four")] == ["one", "two", "three", "four"]
    assert connections(server) == before + 1
