"""Files for the tests of the page: pictures, and the ways in which they come to a message."""

from __future__ import annotations

import base64
import http.client
import io
import json
import struct
import wave
import zlib
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

from tests.servers import PATIENCE, Server

from .eventually import eventually

GIVE = """
({ files, way, target }) => {
  const data = new DataTransfer();
  for (const { name, type, bytes } of files) {
    data.items.add(new File([Uint8Array.from(atob(bytes), (one) => one.charCodeAt(0))], name, { type }));
  }
  const element = document.querySelector(target);
  const options = { bubbles: true, cancelable: true };
  if (way === "paste") return element.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, ...options }));
  for (const type of way === "over" ? ["dragenter", "dragover"] : ["dragenter", "dragover", "drop"]) {
    element.dispatchEvent(new DragEvent(type, { dataTransfer: data, ...options }));
  }
}
"""

File = tuple[str, str, bytes]
"""A name, a media type, and the content."""


def png(width: int, height: int, colour: Callable[[int, int], tuple[int, int, int]]) -> bytes:
    """A picture. `colour`: red, green and blue of a place."""
    rows = b"".join(b"\0" + b"".join(bytes(colour(x, y)) for x in range(width)) for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def picture(name: str, width: int, height: int) -> File:
    """A picture with colours of its own."""
    hue = zlib.crc32(name.encode()) & 255
    return name, "image/png", png(width, height, lambda x, y: (x * 255 // width, hue, y * 255 // height))


def wav(seconds: float) -> bytes:
    """A quiet sound."""
    into = io.BytesIO()
    with wave.open(into, "wb") as file:
        file.setparams((1, 1, 4_000, 0, "NONE", ""))
        file.writeframes(b"\x80" * round(seconds * 4_000))
    return into.getvalue()


def give(page: Page, way: str, target: str, *files: File) -> None:
    """Paste or drop files on an element. `way`: "paste", "drop", or "over" to hold them over it."""
    told = [{"name": name, "type": kind, "bytes": base64.b64encode(data).decode()} for name, kind, data in files]
    page.evaluate(GIVE, {"files": told, "way": way, "target": target})


def pick(page: Page, *files: File) -> None:
    """Choose files with the button."""
    with page.expect_file_chooser() as chooser:
        page.locator(".conversation-view").get_by_role("button", name="Attach files").click()
    payload: Any = [{"name": name, "mimeType": kind, "buffer": data} for name, kind, data in files]
    chooser.value.set_files(payload)


def recorded(server: Server, token: str, seconds: float, waveform: bytes) -> str:
    """Upload a voice message (tus); gives its id when it is ready. `waveform`: a byte for each bar."""
    sound = wav(seconds)
    pairs = {"filename": b"voice.wav", "filetype": b"audio/wav", "waveform": waveform}
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/offset+octet-stream",
        "Tus-Resumable": "1.0.0",
        "Upload-Length": str(len(sound)),
        "Upload-Metadata": ",".join(f"{name} {base64.b64encode(value).decode()}" for name, value in pairs.items()),
    }
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    connection.request("POST", "/api/v1/files", sound, headers)
    response = connection.getresponse()
    assert response.status == 201, response.read()
    id = response.headers["Location"].rpartition("/")[2]
    connection.close()
    eventually(lambda: server.request("GET", f"/api/v1/files/{id}", token=token)[1]["file"]["state"] == "ready")
    return id


def uploaded(server: Server, token: str, file: File) -> str:
    """Upload a file as a form; gives its id."""
    name, kind, data = file
    head = f'--end\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: {kind}\r\n\r\n'
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "multipart/form-data; boundary=end"}
    connection.request("POST", "/api/v1/files", head.encode() + data + b"\r\n--end--\r\n", headers)
    response = connection.getresponse()
    answer = json.loads(response.read())
    connection.close()
    assert response.status == 201, answer
    id: str = answer["file"]["id"]
    return id
