"""Uploads and downloads of the SDK: in pieces, after failures, from and to the disk. A small server speaks tus."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import os
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from PIL import Image

from suhbat.client import Refused, Suhbat, TransferProgress, people_of
from suhbat.client.files import FIRST_PIECE, FileTransfers
from suhbat.client.web import Address
from suhbat.protocol.events import ConversationUpdated
from suhbat.protocol.files import File
from tests.browser.cut import Cut
from tests.files import samples
from tests.servers import PATIENCE, running
from tests.system.test_uploads import account

DATA = bytes(range(251)) * 4_000


class Tus:
    """A server that keeps what is uploaded. `wrong`: what happens instead of the next requests: a status with a body, "lost"
    for no answer, "late" for no answer after it was carried out; None for nothing. `asked`: the requests, each with the
    bytes of its body."""

    def __init__(self) -> None:
        self.files: dict[str, bytearray] = {}
        self.lengths: dict[str, int] = {}
        self.metadata = ""
        self.asked: list[tuple[str, str, int]] = []
        self.wrong: list[tuple[int, bytes] | str | None] = []

    @contextmanager
    def served(self) -> Iterator[str]:
        tus = self

        class Requests(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:
                pass

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                tus.asked.append((self.command, self.path.removeprefix("/api/v1/files"), len(body)))
                wrong = tus.wrong.pop(0) if tus.wrong else None
                if isinstance(wrong, tuple):
                    return self.say(wrong[0], {}, wrong[1])
                if wrong == "lost":
                    return self.connection.close()
                status, headers, said = tus.answer(self, body)
                if wrong == "late":
                    return self.connection.close()
                return self.say(status, headers, said)

            def say(self, status: int, headers: dict[str, str], body: bytes) -> None:
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_HEAD = do_POST = do_PATCH = answer

        server = ThreadingHTTPServer(("127.0.0.1", 0), Requests)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            server.server_close()

    def answer(self, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, dict[str, str], bytes]:
        id = request.path.rpartition("/")[2]
        if request.path.startswith("/files/"):
            return self._bytes(request)
        if request.command == "POST" and request.headers["Content-Type"] == "application/json":
            source, id = json.loads(body)["from"], f"f{len(self.files) + 1}"
            self.files[id], self.lengths[id] = self.files[source], self.lengths[source]
            file = File(id=id, name="a", type="", size=len(self.files[id]), kind="file", url=f"/files/{id}/a")
            return 201, {}, f'{{"file":{file.model_dump_json()}}}'.encode()
        if request.command == "POST":
            id = f"f{len(self.files) + 1}"
            self.files[id], self.lengths[id] = bytearray(body), int(request.headers["Upload-Length"])
            self.metadata = request.headers["Upload-Metadata"]
            return 201, {"Location": f"/api/v1/files/{id}", "Upload-Offset": str(len(body))}, b""
        if id not in self.files:
            return 404, {}, b'{"code":"not_found"}'
        if request.command == "GET":
            state = "ready" if len(self.files[id]) == self.lengths[id] else "uploading"
            shown = File(
                id=id, name="a", type="", size=len(self.files[id]), kind="file", state=state, url=f"/files/{id}/a"
            )
            return 200, {}, f'{{"file":{shown.model_dump_json()}}}'.encode()
        if request.command == "PATCH":
            if int(request.headers["Upload-Offset"]) != len(self.files[id]):
                return 409, {}, b'{"code":"wrong_offset"}'
            self.files[id] += body
        return 204 if request.command == "PATCH" else 200, {"Upload-Offset": str(len(self.files[id]))}, b""

    def _bytes(self, request: BaseHTTPRequestHandler) -> tuple[int, dict[str, str], bytes]:
        data = bytes(self.files[request.path.split("/")[2]])
        ranged = request.headers.get("Range")
        if ranged is None:
            return 200, {"ETag": '"e"'}, data
        assert request.headers["If-Range"] == '"e"'
        return 206, {"ETag": '"e"'}, data[int(ranged.removeprefix("bytes=").removesuffix("-")) :]


async def _nothing(seconds: float) -> None:
    await asyncio.sleep(0)


async def _token() -> str:
    return "t"


def transfers(url: str, sleep: Callable[[float], Awaitable[object]] = _nothing) -> FileTransfers:
    return FileTransfers(Address.of(url), _token, lambda low, high: high, sleep)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "choyxona ☕.jpg"
    path.write_bytes(DATA)
    return path


async def test_pieces(path: Path) -> None:
    """A file goes in pieces that grow, with its name and type; progress is told from 0 to its size."""
    tus, seen = Tus(), list[TransferProgress]()
    with tus.served() as url:
        file = await transfers(url).upload(path, seen.append)
    assert (file.id, file.state, tus.files["f1"]) == ("f1", "ready", DATA)
    name, kind = (base64.b64decode(pair.split(" ")[1]).decode() for pair in tus.metadata.split(","))
    assert (name, kind) == (path.name, "image/jpeg")
    assert [method for method, _, _ in tus.asked] == ["POST", "PATCH", "PATCH", "GET"]
    assert tus.asked[0][2] == FIRST_PIECE and tus.asked[1][2] > FIRST_PIECE
    assert [one.done for one in seen] == sorted({one.done for one in seen})
    assert (seen[0].done, seen[0].id, seen[-1].done, seen[-1].id) == (0, "", len(DATA), "f1")


async def test_failures(path: Path) -> None:
    """After each failure the server is asked what it has; no byte is lost or stored twice. The pauses grow."""
    tus, slept = Tus(), list[float]()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    tus.wrong = [
        "lost",
        None,
        "late",
        (502, b"<html>"),
        "lost",
        None,
        "lost",
        None,
        (429, b'{"code":"rate_limited","retry_after":7}'),
    ]
    with tus.served() as url:
        await transfers(url, sleep).upload(path, None)
    assert tus.files["f1"] == DATA and len(tus.files) == 1
    assert [method for method, _, _ in tus.asked][:6] == ["POST", "POST", "PATCH", "HEAD", "HEAD", "HEAD"]
    assert slept[:4] == [0.5, 0.5, 1.0, 2.0] and 7.0 in slept


async def test_continued(path: Path) -> None:
    """An upload goes on by its id; one that the server does not know any more begins anew."""
    tus = Tus()
    tus.files["old"], tus.lengths["old"] = bytearray(DATA[:1000]), len(DATA)
    with tus.served() as url:
        assert (await transfers(url).upload(path, None, "old")).id == "old"
        assert (await transfers(url).upload(path, None, "gone")).id == "f2"
    assert tus.files["old"] == tus.files["f2"] == DATA


async def test_refused(path: Path, tmp_path: Path) -> None:
    """What would not help again is raised: a refusal, a file that is not there. A proxy that takes only small bodies gets
    smaller pieces."""
    tus = Tus()
    tus.wrong = [(413, b'{"code":"file_too_large","detail":"Too large."}')]
    with tus.served() as url:
        with pytest.raises(Refused, match="Too large") as refused:
            await transfers(url).upload(path, None)
        with pytest.raises(FileNotFoundError):
            await transfers(url).upload(tmp_path / "none", None)
        tus.wrong = [(413, b"<html>")]
        await transfers(url).upload(path, None)
    assert refused.value.code == "file_too_large"
    assert tus.asked[2][2] == FIRST_PIECE // 4


async def test_download(tmp_path: Path) -> None:
    """A download goes on after a failure, and is there under its name only when it is complete. A name with a path in it stays
    in the directory."""
    tus = Tus()
    tus.files["f1"], tus.lengths["f1"] = bytearray(DATA), len(DATA)
    file = File(id="f1", name="../../a.bin", type="", size=len(DATA), kind="file", url="/files/f1/a.bin")
    tus.wrong = ["lost", (503, b"")]
    with tus.served() as url:
        saved = await transfers(url).download(file, tmp_path, None)
        assert (saved, saved.read_bytes()) == (tmp_path / "a.bin", DATA)
        again = await transfers(url).download(file.model_copy(update={"name": ".."}), tmp_path, None)
        assert again == tmp_path / "f1"
        tus.wrong = [(404, b'{"code":"not_found"}')]
        with pytest.raises(Refused) as refused:
            await transfers(url).download(file, tmp_path / "b", None)
    assert refused.value.code == "not_found"
    assert not (tmp_path / "b").exists()


async def test_forwarded() -> None:
    """A new file without an upload, also over a network that loses an answer; a refusal is raised."""
    tus = Tus()
    tus.files["f1"], tus.lengths["f1"] = bytearray(DATA), len(DATA)
    tus.wrong = ["lost", None, (404, b'{"code":"not_found"}')]
    with tus.served() as url:
        assert (await transfers(url).forward("f1")).id == "f2"
        with pytest.raises(Refused) as refused:
            await transfers(url).forward("f3")
    assert refused.value.code == "not_found"
    assert tus.files["f2"] == DATA


async def test_from_end_to_end(tmp_path: Path) -> None:
    """On a real server, through a network that breaks: files are sent with a message in their order, and come back the same."""
    data = os.urandom(3_000_000)
    (tmp_path / "film.bin").write_bytes(data)
    (tmp_path / "hisobot.txt").write_text("salom", encoding="utf-8")
    with running("suhbat", tmp_path / "data", guest_files="on") as server, Cut(server.port) as cut:
        token = server.guest("ali")
        broken = list[int]()

        def breaks(progress: TransferProgress) -> None:
            if progress.size > 1_000_000 and progress.done > 0 and len(broken) < 2:
                broken.append(progress.done)
                cut.cut()
                cut.mend()

        async with asyncio.timeout(PATIENCE), Suhbat(f"http://127.0.0.1:{cut.port}", token=token) as chat:
            paths = [tmp_path / "film.bin", tmp_path / "hisobot.txt"]
            sent = await chat.send("lobby", files=paths, progress=breaks)
            [message] = (await chat.history("lobby")).messages
            assert (message.seq, message.text, [file.name for file in message.files]) == (
                sent.seq,
                "",
                ["film.bin", "hisobot.txt"],
            )
            (tmp_path / "down").mkdir()
            saved = [await chat.download(file, tmp_path / "down") for file in message.files]
            forwarded = await chat.forward(message.files[1])
            await chat.send("lobby", files=[forwarded])
            [again] = (await chat.history("lobby", limit=1)).messages
            assert [(file.id, file.name) for file in again.files] == [(forwarded.id, "hisobot.txt")]
        assert len(broken) == 2
        assert [path.read_bytes() for path in saved] == [path.read_bytes() for path in paths]


async def test_pictures(tmp_path: Path) -> None:
    """An image becomes the picture of the user, and of a room, through a network that loses an answer; its bytes come back, and
    nothing does once it is removed. What can never pass is raised."""
    (tmp_path / "yuz.png").write_bytes(samples.png(size=(300, 300)))
    with running("suhbat", tmp_path / "data") as server, Cut(server.port) as cut:
        token = account(server, "ali")
        url = f"http://127.0.0.1:{cut.port}"
        async with asyncio.timeout(PATIENCE), Suhbat(url, token=token) as chat:
            cut.cut()
            cut.mend()
            version = await chat.set_picture(tmp_path / "yuz.png")
            (me,) = await people_of(url, token, [chat.user.uid])
            assert me.picture == version
            for size in (64, 256):
                data = await chat.picture(me, size=size)
                assert data is not None and Image.open(io.BytesIO(data)).size == (size, size)
            _, made = server.request("POST", "/api/v1/conversations", {"title": "Choyxona"}, token=token)
            room = made["conversation"]
            await chat.set_picture(tmp_path / "yuz.png", conversation=room)
            async for event in chat.events():
                if isinstance(event, ConversationUpdated):
                    break
            state = chat.conversations[room]
            assert state.picture is not None and await chat.picture(state) is not None
            with pytest.raises(Refused) as refused:
                await chat.set_picture(File(id=state.picture, name="", type="", size=0, kind="image", url=""))
            assert refused.value.code == "file_in_use"
            await chat.remove_picture(conversation=room)
            assert await chat.picture(state) is None
            async with Suhbat(url, name="mehmon") as guest:
                with pytest.raises(Refused, match="no picture"):
                    await guest.set_picture(tmp_path / "yuz.png")
            await chat.remove_picture()
            assert (await people_of(url, token, [chat.user.uid]))[0].picture is None
