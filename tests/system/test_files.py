"""Files from end to end on a real server: uploaded, sent, seen by others, deleted."""

from __future__ import annotations

import http.client
import io
import json
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from PIL import Image

from tests.files import samples
from tests.servers import PATIENCE, Server, running
from tests.system.test_uploads import account
from tests.talk import V1, Simple


@pytest.fixture(scope="module", params=["suhbat", "uvicorn", "hypercorn", "cluster", "s3"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = {"send_rate": "0"}
    if request.param == "s3":
        from tests import s3

        with s3.running("suhbat", tmp_path_factory.mktemp("files") / "data", s3.new_prefix(), **settings) as server:
            yield server
        return
    with running(request.param, tmp_path_factory.mktemp("files") / "data", **settings) as server:
        yield server


def upload(server: Server, token: str, name: str, data: bytes) -> dict[str, Any]:
    """The file, uploaded as curl does it, once it is ready."""
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: image/jpeg\r\n\r\n'
    body = head.encode() + data + b"\r\n--b--\r\n"
    status, _, answer = fetch(
        server, "/api/v1/files", token, "POST", body, {"content-type": "multipart/form-data; boundary=b"}
    )
    assert status == 201, answer
    file: dict[str, Any] = json.loads(answer)["file"]
    while file["state"] != "ready":
        time.sleep(0.05)
        file = server.request("GET", f"/api/v1/files/{file['id']}", token=token)[1]["file"]
    return file


def fetch(
    server: Server,
    path: str,
    token: str | None = None,
    method: str = "GET",
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    sent = dict(headers or {}) | ({"authorization": f"Bearer {token}"} if token else {})
    try:
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


async def test_a_picture_from_end_to_end(server: Server) -> None:
    """It loses where it was taken, others see it live and may load it, a reader of the simple dialect by a link; whoever left,
    and everybody after it was deleted, gets 404 at once."""
    ali, vali = account(server, "ali"), account(server, "vali")
    file = upload(server, ali, "rasm.jpg", samples.jpeg(6, (800, 600)))
    assert (file["type"], file["kind"], file["width"], file["height"]) == ("image/jpeg", "image", 600, 800)
    assert file["thumbhash"]
    assert fetch(server, file["url"], vali)[0] == 404
    async with Simple(server.ws, "mehmon") as guest, V1(server.ws, vali) as reader:
        status, sent = server.request(
            "POST", "/api/v1/conversations/lobby/messages", {"text": "", "files": [file["id"]]}, token=ali
        )
        assert status == 201, sent
        created = await reader.until("message.created")
        assert created["message"]["files"] == [file]
        frame = await guest.until("message")
        assert frame["message"] == "rasm.jpg"
        (shown,) = frame["files"]
        assert shown | {"url": ""} == {"name": "rasm.jpg", "type": "image/jpeg", "size": file["size"], "url": ""}
    status, headers, data = fetch(server, file["url"], vali)
    assert status == 200 and headers["content-type"] == "image/jpeg" and len(data) == file["size"]
    assert samples.SECRET not in data
    assert fetch(server, shown["url"])[2] == data
    status, headers, small = fetch(server, file["url"] + "?size=360", vali)
    assert status == 200 and headers["content-type"] == "image/webp" and small.startswith(b"RIFF")
    assert fetch(server, file["url"], vali, headers={"range": "bytes=0-9"})[::2] == (206, data[:10])
    status, headers, empty = fetch(server, file["url"], vali, "HEAD")
    assert (status, headers["content-length"], empty) == (200, str(len(data)), b"")
    path = f"/api/v1/conversations/lobby/messages/{sent['seq']}"
    assert server.request("DELETE", path, token=ali)[0] == 200
    for url, token in ((file["url"], vali), (file["url"], ali), (shown["url"], None)):
        assert fetch(server, url, token)[0] == 404


async def test_pictures(server: Server) -> None:
    """An uploaded image becomes the picture of a user or of a room: others are told, whoever may see them loads it, and nobody
    else. The image is gone then, and a removed picture is gone for everybody."""
    ali, vali, lola = (account(server, name) for name in ("rassom", "tomoshabin", "begona"))
    mine, theirs = "/api/v1/users/rassom/picture", "/api/v1/me/picture"
    async with V1(server.ws, vali) as reader:
        file = upload(server, ali, "yuz.jpg", samples.jpeg(6, (800, 600)))
        status, profile = server.request("PUT", theirs, {"file": file["id"]}, token=ali)
        assert (status, profile["picture"]) == (200, file["id"])
        assert server.request("PUT", theirs, {"file": file["id"]}, token=ali) == (200, profile), "a repeat"
        notice = await reader.until("users")
        assert [(one["user_id"], one["picture"]) for one in notice["users"]] == [("rassom", file["id"])]
        assert fetch(server, file["url"], ali)[0] == 404
        assert server.request("PUT", theirs, {"file": "f0"}, token=ali)[0] == 404
        text = upload(server, ali, "gap.txt", b"salom")
        assert server.request("PUT", theirs, {"file": text["id"]}, token=ali)[1]["code"] == "bad_request"
        for size, side in (("64", 64), ("256", 256)):
            status, headers, data = fetch(server, f"{mine}?size={size}&version={file['id']}", vali)
            assert (status, headers["content-type"]) == (200, "image/webp")
            assert headers["cache-control"] == "private, max-age=31536000, immutable"
            assert headers["x-content-type-options"] == "nosniff" and "sandbox" in headers["content-security-policy"]
            picture = Image.open(io.BytesIO(data))
            assert picture.size == (side, side) and samples.SECRET not in data
        status, headers, _ = fetch(server, mine, vali)
        assert (status, headers["cache-control"]) == (200, "private, no-cache")
        assert fetch(server, mine, vali, headers={"if-none-match": headers["etag"]})[0] == 304
        assert fetch(server, mine)[0] == 401
        assert fetch(server, f"{mine}?uid=another", vali)[0] == 404
        _, room = server.request("POST", "/api/v1/conversations", {"title": "Choyxona"}, token=ali)
        path = f"/api/v1/conversations/{room['conversation']}"
        assert server.request("PUT", f"{path}/members/tomoshabin", {}, token=ali)[0] in (201, 202)
        server.request("PUT", f"{path}/members/tomoshabin", {}, token=vali)
        small = upload(server, ali, "xona.png", samples.png(size=(40, 40)))
        status, state = server.request("PUT", f"{path}/picture", {"file": small["id"]}, token=ali)
        assert (status, state["picture"]) == (200, small["id"])
        assert (await reader.until("conversation.updated"))["picture"] == small["id"]
        assert server.request("GET", path, token=vali)[1]["picture"] == small["id"]
        for size in ("64", "256"):
            status, _, data = fetch(server, f"{path}/picture?size={size}", vali)
            assert status == 200 and Image.open(io.BytesIO(data)).size == (40, 40)
        assert fetch(server, f"{path}/picture", lola)[0] == 404
        assert server.request("PUT", f"{path}/picture", {"file": text["id"]}, token=vali)[0] == 403
        assert server.request("DELETE", f"{path}/picture", token=ali)[0] == 204
        assert "picture" not in await reader.until("conversation.updated")
        assert fetch(server, f"{path}/picture", vali)[0] == 404
        assert server.request("DELETE", theirs, token=ali)[0] == 204
        notice = await reader.until("users")
        assert "picture" not in notice["users"][0]
        assert fetch(server, f"{mine}?version={file['id']}", vali)[0] == 404


def test_large_downloads(server: Server) -> None:
    """Every byte arrives, also for a reader that stops for a while and for one that leaves in the middle."""
    token = account(server, "katta")
    data = bytes(range(256)) * 40_000
    url = upload(server, token, "katta.bin", data)["url"]
    assert fetch(server, url, token)[2] == data
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    connection.request("GET", url, headers={"authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    assert answer.read(100_000) == data[:100_000]
    time.sleep(0.3)
    assert answer.read() == data[100_000:]
    connection.close()
    left = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    left.request("GET", url, headers={"authorization": f"Bearer {token}"})
    left.getresponse().read(10)
    left.close()
    assert fetch(server, url, token)[2] == data
    if server.kind in ("suhbat", "cluster"):
        assert "Traceback" not in server.printed(), "a reader that leaves is nothing unexpected"


def test_a_broken_request_ends_the_download_before_it(server: Server) -> None:
    """A client that sends what is no request while it downloads loses its connection: the download does not go on without
    one, uncounted by the limits on connections. (Hypercorn reads a request only after the response before it.)"""
    if server.kind == "hypercorn":
        return
    token = account(server, "buzuq")
    size = 40_000_000
    url = upload(server, token, "katta.bin", bytes(size))["url"]
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(PATIENCE)
        client.connect(("127.0.0.1", server.port))
        head = f"GET {url} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
        client.sendall(head.encode())
        got = len(client.recv(1000))
        client.sendall(b"\0 no request\r\n\r\n")
        with suppress(ConnectionError):
            while part := client.recv(65536):
                got += len(part)
                time.sleep(0.001)
    assert got < size
    assert len(fetch(server, url, token)[2]) == size
