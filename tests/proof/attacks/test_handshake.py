"""Requests that are almost the opening of a WebSocket (RFC 6455 §4.2.1): each gets an answer, and none a connection."""

from __future__ import annotations

import re
import socket
from concurrent.futures import ThreadPoolExecutor

from tests.servers import PATIENCE, Server

from .siege import Siege, name

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
RIGHT = {
    "Host": "127.0.0.1:{port}",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
}


def opening(server: Server, path: str, *more: str, method: str = "GET", **other: str | None) -> bytes:
    """A correct opening, with `other` headers replaced (`_` in a name stands for `-`; None leaves one out) and further
    lines after it."""
    changed = {key.replace("_", "-").lower(): value for key, value in other.items()}
    lines = []
    for header, value in RIGHT.items():
        said = changed.get(header.lower(), value)
        if said is not None:
            lines.append(f"{header}: {said.format(port=server.port)}")
    return "\r\n".join([f"{method} {path} HTTP/1.1", *lines, *more, "", ""]).encode("latin-1")


def making(server: Server, user_id: str, *more: str) -> bytes:
    """A request that makes a guest, with these lines among its headers."""
    body = '{"user_id":"' + user_id + '"}'
    host, length = f"Host: 127.0.0.1:{server.port}", f"Content-Length: {len(body)}"
    lines = ["POST /api/v1/guests HTTP/1.1", host, *more, "Content-Type: application/json", length, "", body]
    return "\r\n".join(lines).encode("latin-1")


def answer(server: Server, request: bytes, *, patience: float = PATIENCE) -> tuple[int, str]:
    """The status and everything that follows. 0 means that the connection ended without an answer."""
    heard = b""
    with socket.create_connection(("127.0.0.1", server.port), patience) as peer:
        try:
            peer.sendall(request)
            while not _whole(heard) and (chunk := peer.recv(1 << 16)):
                heard += chunk
        except ConnectionError:
            pass  # it had enough
    return int(heard.split()[1]) if heard else 0, heard.decode("utf-8", "replace")


def _whole(heard: bytes) -> bool:
    head, end, body = heard.partition(b"\r\n\r\n")
    length = re.search(rb"^content-length: *(\d+)", head, re.IGNORECASE | re.MULTILINE)
    return bool(end) and (b" 101 " in head or (length is not None and len(body) >= int(length[1])))


WRONG: dict[str, dict[str, str | None]] = {
    "no Upgrade": {"Upgrade": None},
    "another Upgrade": {"Upgrade": "telnet"},
    "no Connection": {"Connection": None},
    "Connection that stays": {"Connection": "keep-alive"},
    "no key": {"Sec_WebSocket_Key": None},
    "a key that is too short": {"Sec_WebSocket_Key": "dGhl"},
    "a key that is no base64": {"Sec_WebSocket_Key": "*" * 24},
    "no version": {"Sec_WebSocket_Version": None},
    "the version of a draft": {"Sec_WebSocket_Version": "8"},
    "a version that is no number": {"Sec_WebSocket_Version": "x"},
    "no host": {"Host": None},
}
LENIENT = {
    "suhbat": {"no host"},
    "uvicorn": {"no host"},
    "hypercorn": {"no host", "a key that is no base64", "a key that is too short"},
}
"""What a server lets pass: nothing that matters for who may come in (an Origin without a Host is refused)."""


def test_headers_that_are_missing_or_wrong(siege: Siege) -> None:
    """A missing or wrong header gets a 4xx, never a 5xx and never a connection."""
    with siege.attack():
        for wrong, headers in WRONG.items():
            for path in (f"/ws/{name('half')}", "/api/v1/ws"):
                status, said = answer(siege.server, opening(siege.server, path, **headers))
                if status == 101:
                    assert wrong in LENIENT[siege.server.kind]
                    continue
                assert 400 <= status < 500, (wrong, said)


def test_an_origin_without_a_host(siege: Siege) -> None:
    """An Origin without a Host is refused, because nothing shows that the page is ours."""
    with siege.attack():
        request = opening(siege.server, "/api/v1/ws", f"Origin: {siege.server.url}", Host=None)
        assert answer(siege.server, request)[0] in (400, 403)


def test_other_methods(siege: Siege) -> None:
    """Only GET opens a WebSocket."""
    with siege.attack():
        for method in ("POST", "PUT", "OPTIONS"):
            status, said = answer(siege.server, opening(siege.server, f"/ws/{name('post')}", method=method))
            assert 400 <= status < 500, said


TWICE = (
    ("Host: evil.example",),
    ("Origin: http://127.0.0.1:{port}", "Origin: https://evil.example"),
    ("Origin: https://evil.example", "Origin: http://127.0.0.1:{port}"),
    ("Authorization: Bearer a", "Authorization: Bearer b"),
)


def test_headers_that_are_there_twice(siege: Siege) -> None:
    """Two contradicting headers get a 4xx, over HTTP too."""
    with siege.attack():
        for templates in TWICE:
            lines = [line.format(port=siege.server.port) for line in templates]
            for path in (f"/ws/{name('twice')}", "/api/v1/ws"):
                status, told = answer(siege.server, opening(siege.server, path, *lines))
                assert 400 <= status < 500, (lines, told)
            status, told = answer(siege.server, making(siege.server, name("twice"), *lines))
            assert 400 <= status < 500, (lines, told)


def test_huge_headers(siege: Siege) -> None:
    """A header of a megabyte, ten thousand headers and an endless path are refused, or end the connection. uvicorn gives no
    answer to some (see tests/weaknesses); other users are not affected."""
    huge: list[tuple[str, list[str]]] = [
        ("/ws/{name}", [f"X-Long: {'x' * (1 << 20)}"]),
        ("/api/v1/ws", [f"X-{number}: y" for number in range(10_000)]),
        ("/ws/{name}", [f"Cookie: {'a=b; ' * 100_000}"]),
        ("/ws/" + "x" * 200_000, []),
        ("/api/v1/ws?ticket=" + "x" * 200_000, []),
    ]

    def refused(path: str, lines: list[str]) -> None:
        request = opening(siege.server, path.format(name=name("huge")), *lines)
        try:
            status, told = answer(siege.server, request, patience=3.0 if siege.server.kind == "uvicorn" else PATIENCE)
        except TimeoutError:
            assert siege.server.kind == "uvicorn"
        else:
            assert status == 0 or 400 <= status < 500, told[:500]

    with siege.attack():
        with ThreadPoolExecutor(len(huge)) as threads:
            list(threads.map(refused, *zip(*huge, strict=True)))
        assert siege.server.request("GET", "/healthz")[0] == 200


ORIGINS = (
    "null", "", " ", "https://evil.example", "http://127.0.0.1.evil.example:{port}", "http://127.0.0.1:{port}.evil.example",
    "http://evil.example#127.0.0.1:{port}", "http://user@127.0.0.1:{port}", "http://127.0.0.1:{port}/", "HTTP://LOCALHOST:{port}",
    "http://127.0.0.1:1", "file://", "chrome-extension://abcdef", "http://0x7f.1:{port}", "http://2130706433:{port}",
    "http://127.1:{port}", "http://[::ffff:127.0.0.1]:{port}", "http://xn--127-0-0-1:{port}", "\u00e4",
)  # fmt: skip


def test_origins_that_are_not_ours(siege: Siege) -> None:
    """Foreign origins, `null` and origins that resemble ours get 403 before the upgrade, and over HTTP they write
    nothing."""
    with siege.attack():
        for template in ORIGINS:
            origin = f"Origin: {template.format(port=siege.server.port)}"
            for path in (f"/ws/{name('foreign')}", "/api/v1/ws"):
                status, told = answer(siege.server, opening(siege.server, path, origin))
                assert status in (400, 403), (template, told)
            wanted = name("foreign")
            status, told = answer(siege.server, making(siege.server, wanted, origin))
            assert status in (400, 403), (template, told)
            siege.guest(wanted)  # the name is still free


def test_plain_requests_to_a_socket(siege: Siege) -> None:
    """A plain request to the address of a socket gets an answer that says what the address is."""
    with siege.attack():
        for path in (f"/ws/{name('plain')}", "/api/v1/ws"):
            for method in ("GET", "POST", "DELETE"):
                status, told = siege.server.request(method, path)
                assert 400 <= status < 500, (method, told)
                assert told["code"], told
        status, told = siege.server.request("GET", f"/ws/{name('plain')}")
        assert "WebSocket" in told["detail"]
