"""A tour: three people with accounts and one with Postman, on a server of their own that is gone afterwards.

    python examples/tour.py

Everything is done as any client would do it: HTTP for what is asked once, a WebSocket for what happens. What it prints
stands in docs/tour.md, and a test looks that it still does.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from websockets.sync.client import ClientConnection, connect

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "a password for the tour"  # noqa: S105 (of accounts that live for some seconds)
PATIENCE = 10


def main() -> None:
    with tempfile.TemporaryDirectory() as place, server(Path(place)) as (port, setup):
        tour(port, setup)


def tour(port: int, setup: str) -> None:
    say("1. Aziza opens the link that the start printed, and owns the server")
    aziza = Person(port, "aziza")
    aziza.register(setup=setup)

    say("2. She makes a private room and an invitation into it")
    room = aziza.ask("POST", "/conversations", {"title": "Choyxona", "visibility": "private"})["conversation"]
    invite = aziza.ask("POST", "/invites", {"uses": 2, "conversation": room})["code"]
    bobur, nodira = Person(port, "bobur"), Person(port, "nodira")
    for person in (bobur, nodira):
        person.register(invite=invite)
    people = aziza.ask("GET", f"/conversations/{room}/members")["members"]
    show("members", sorted(f"{one['user']['user_id']} ({one['role']})" for one in people))

    say("3. Bobur is there with two devices; Nodira writes in Cyrillic, Bobur answers her")
    phone, laptop = bobur.device(), bobur.device()
    said = nodira.ask("POST", f"/conversations/{room}/messages", {"text": "Ассалому алайкум, ўзбекча ёзаман"})
    heard = phone.until("message.created")["message"]
    show("on the phone", f"{heard['sender']}: {heard['text']}")
    answer = phone.command("send", conversation=room, text="Vaalaykum assalom!", reply_to=said["seq"])
    show("an answer to", answer["seq"] and laptop.until("message.created", sender="bobur")["message"]["reply_to"])

    say("4. He corrects himself; Nodira likes it")
    phone.command("edit", conversation=room, seq=answer["seq"], text="Vaalaykum assalom, Nodira!")
    show("on the laptop", laptop.until("message.edited")["message"]["text"])
    nodira.ask("PUT", f"/conversations/{room}/messages/{answer['seq']}/reactions/{quote('❤')}")
    show("reaction", laptop.until("reaction.added")["emoji"])

    say("5. What he reads on the phone is read on the laptop")
    nodira.ask("POST", f"/conversations/{room}/messages", {"text": "@bobur choy tayyor"})
    last = phone.until("message.created", sender="nodira")["message"]["ordinal"]
    phone.command("read", conversation=room, ordinal=last)
    mark = laptop.until("read")
    show("on the laptop", f"read up to message {mark['ordinal']}, {mark['unread']} unread")

    say("6. Search finds Cyrillic by Latin letters, whatever the apostrophe")
    for words in ("o'zbekcha yozaman", "assalomu"):
        found = aziza.ask("GET", f"/search?q={quote(words)}")["messages"]
        show(words, [message["text"] for message in found])

    say("7. A direct of two, which nobody else finds")
    direct = bobur.ask("POST", "/directs", {"users": ["nodira"]})["conversation"]
    bobur.ask("POST", f"/conversations/{direct}/messages", {"text": "Ertaga koʻrishamizmi?"})
    show("nodira finds", [message["text"] for message in nodira.ask("GET", "/search?q=ertaga")["messages"]])
    show("aziza finds", aziza.ask("GET", "/search?q=ertaga")["messages"])
    show("aziza asks for it", aziza.refused("GET", f"/conversations/{direct}"))

    say("8. Somebody comes with Postman, and writes to everybody, then to Bobur alone")
    with contextlib.closing(Postman(port, "mehmon")) as postman:
        postman.send({"message": "Salom hammaga!", "to_user": ""})
        show("bobur hears", text_of(phone.until("message.created", sender="mehmon")))
        postman.send({"message": "Sizga gapim bor", "to_user": "bobur"})
        show("postman is told", postman.until("sent")["to_user"])
        show("bobur alone hears", text_of(phone.until("message.created", sender="mehmon")))

    say("9. Bobur spams; Aziza mutes him, then bans him from the room")
    member = f"/conversations/{room}/members/bobur"
    aziza.ask("PATCH", member, {"muted": True, "reason": "spam"})
    show("bobur writes", phone.command("send", conversation=room, text="spam")["code"])
    aziza.ask("PATCH", member, {"banned": True, "reason": "spam"})
    show("bobur's phone", "drops " + ("the room" if laptop.until("conversation.removed")["removed"] == room else "?"))
    show("bobur reads", bobur.refused("GET", f"/conversations/{room}/messages"))
    show("the audit log", [entry["action"] for entry in reversed(aziza.ask("GET", "/audit")["entries"])])

    say("10. He takes his account away, with all he wrote")
    bobur.ask("DELETE", "/me", {"password": PASSWORD, "messages": "erase"})
    show("his sockets close with", phone.closed())
    show("his name", nodira.refused("GET", "/users/bobur"))
    show("what is left in the room", wait_until_erased(nodira, room))


class Person:
    """Somebody with an account. HTTP, as any program would do it."""

    def __init__(self, port: int, name: str) -> None:
        self.port, self.name, self.token = port, name, ""

    def register(self, **how: str) -> None:
        answer = self.ask("POST", "/accounts", {"user_id": self.name, "password": PASSWORD, **how})
        self.token = answer["token"]
        show(self.name, answer["user"]["role"])

    def ask(self, method: str, path: str, body: object = None) -> Any:
        status, answer = self.request(method, path, body)
        if status >= 400:
            raise AssertionError(f"{self.name}: {method} {path}: {status} {answer}")
        return answer

    def refused(self, method: str, path: str) -> str:
        status, answer = self.request(method, path)
        return f"{status} {answer['code']}"

    def request(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request(method, f"/api/v1{path}", None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        text = response.read()
        connection.close()
        return response.status, json.loads(text) if text else None

    def device(self) -> Device:
        return Device(self.port, self.token)


class Socket:
    """A WebSocket, and what comes over it."""

    def __init__(self, address: str) -> None:
        self.socket: ClientConnection = connect(address, proxy=None, legacy=True)
        self.ids = 0

    def send(self, frame: dict[str, Any]) -> None:
        self.socket.send(json.dumps(frame))

    def until(self, type: str, sender: str | None = None) -> dict[str, Any]:
        """Skip to the next frame of this type; `sender`: of a message by them."""
        while True:
            frame: dict[str, Any] = json.loads(self.socket.recv(timeout=PATIENCE))
            if frame["type"] == type and sender in (None, frame.get("message", {}).get("sender")):
                return frame

    def closed(self) -> int | None:
        """Read on until the server closes; the code."""
        with contextlib.suppress(Exception):
            while True:
                self.socket.recv(timeout=PATIENCE)
        return self.socket.close_code

    def close(self) -> None:
        self.socket.close()


class Device(Socket):
    """The v1 protocol."""

    def __init__(self, port: int, token: str) -> None:
        super().__init__(f"ws://127.0.0.1:{port}/api/v1/ws")
        self.send({"type": "hello", "id": 0, "token": token})
        self.until("caught_up")

    def command(self, type: str, **fields: Any) -> dict[str, Any]:
        """Say it, and wait for the answer; events that come before it are kept by nobody."""
        self.ids += 1
        self.send({"type": type, "id": self.ids, **fields})
        while True:
            frame: dict[str, Any] = json.loads(self.socket.recv(timeout=PATIENCE))
            if frame.get("id") == self.ids:
                return frame


class Postman(Socket):
    """The simple dialect: open it, and you are there."""

    def __init__(self, port: int, name: str) -> None:
        super().__init__(f"ws://127.0.0.1:{port}/ws/{name}")


def wait_until_erased(reader: Person, room: str) -> list[str]:
    """The account is gone at once, the name in the logs soon after."""
    limit = time.monotonic() + PATIENCE
    while True:
        messages = reader.ask("GET", f"/conversations/{room}/messages")["messages"]
        if all(message["sender"] != "bobur" for message in messages) or time.monotonic() > limit:
            return [f"{one['sender']}: {'(deleted)' if one['deleted'] else one['text']}" for one in messages]
        time.sleep(0.05)


def text_of(frame: dict[str, Any]) -> str:
    return str(frame["message"]["text"])


def say(line: str) -> None:
    print(f"\n{line}")


def show(what: str, value: object) -> None:
    if isinstance(value, list):
        value = ", ".join(map(str, value)) or "nothing"
    print(f"   {what}: {value}")


@contextlib.contextmanager
def server(place: Path) -> Iterator[tuple[int, str]]:
    """`suhbat serve` in an empty directory; gives its port and the code of the setup link."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SUHBAT_")}
    environment |= {"SUHBAT_DATA": str(place / "data"), "PYTHONPATH": str(ROOT), "SUHBAT_ACCESS": "open"}
    with (place / "output").open("w+", encoding="utf-8") as output:
        process = subprocess.Popen(  # noqa: S603 (our own server)
            [sys.executable, "-m", "suhbat", "serve", "--host", "127.0.0.1", "--port", str(port)],
            cwd=place,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            limit = time.monotonic() + 30
            while not (found := re.search(r"/setup\?code=(\S+)", (place / "output").read_text(encoding="utf-8"))):
                if process.poll() is not None or time.monotonic() > limit:
                    raise AssertionError((place / "output").read_text(encoding="utf-8"))
                time.sleep(0.05)
            while True:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
                time.sleep(0.05)
            yield port, found[1]
        finally:
            process.terminate()
            process.wait(20)


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]  # on Windows it may be something else
    main()
