"""Downloads: who gets which bytes, with which headers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from starlette.exceptions import HTTPException

from suhbat.errors import NotFound
from suhbat.files.direct import DIRECT
from suhbat.http.downloads import Bytes
from suhbat.http.ranges import Part
from tests.http.conftest import House
from tests.http.test_problem import assert_problem
from tests.http.test_uploads import FILES, TEXT


@pytest.fixture
async def ali(house: House) -> AsyncIterator[httpx2.AsyncClient]:
    async with house.client(headers=await house.account("ali")) as client:
        yield client


async def uploaded(client: httpx2.AsyncClient, name: str = "gap.txt") -> str:
    """The url of a new file with the bytes TEXT."""
    answer = await client.post(FILES, files={"file": (name, TEXT)})
    assert answer.status_code == 201
    url: str = answer.json()["file"]["url"]
    return url


def looked(house: House, **fields: Any) -> None:
    """The files are what these fields say."""
    for id, file in house.store.files.items():
        house.store.files[id] = replace(file, **fields)


async def test_the_bytes(house: House, ali: httpx2.AsyncClient) -> None:
    """They come with their type and a validator, and with what keeps a browser from running them."""
    url = await uploaded(ali)
    answer = await ali.get(url)
    assert (answer.status_code, answer.content) == (200, TEXT)
    sent = {
        name: answer.headers.get(name) for name in ("content-type", "content-length", "accept-ranges", "cache-control")
    }
    assert sent == {
        "content-type": "text/plain",
        "content-length": "13",
        "accept-ranges": "bytes",
        "cache-control": "private, no-cache",
    }
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["content-disposition"] == "attachment; filename=\"gap.txt\"; filename*=UTF-8''gap.txt"
    again = await ali.get(url, headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "content-length" not in again.headers and again.headers["etag"] == answer.headers["etag"]


async def test_a_part(ali: httpx2.AsyncClient) -> None:
    """206 with the place of the part; 416 with the size."""
    url = await uploaded(ali)
    part = await ali.get(url, headers={"range": "bytes=6-9"})
    assert (part.status_code, part.content, part.headers["content-range"]) == (206, TEXT[6:10], "bytes 6-9/13")
    assert part.headers["content-length"] == "4"
    outside = await ali.get(url, headers={"range": "bytes=13-"})
    assert_problem(outside, 416, "out_of_range")
    assert outside.headers["content-range"] == "bytes */13"
    assert_problem(await ali.get(url, headers={"if-match": '"other"'}), 412, "precondition_failed")


async def test_head(house: House, ali: httpx2.AsyncClient) -> None:
    """The headers of GET, and nothing is read."""
    url = await uploaded(ali)
    answer = await ali.head(url)
    assert (answer.status_code, answer.headers["content-length"], answer.content) == (200, "13", b"")
    ranged = await ali.head(url, headers={"range": "bytes=0-3"})
    assert (ranged.status_code, ranged.headers["content-length"]) == (206, "4")


@pytest.mark.parametrize(
    ("type", "kind", "shown"),
    [
        ("image/png", "image", "inline"),
        ("image/avif", "image", "inline"),
        ("audio/ogg", "audio", "inline"),
        ("video/mp4", "video", "inline"),
        ("image/svg+xml", "file", "attachment"),
        ("text/html", "file", "attachment"),
        ("application/pdf", "file", "attachment"),
        ("image/jpeg", "file", "attachment"),
    ],
)
async def test_what_is_shown_in_place(house: House, ali: httpx2.AsyncClient, type: str, kind: str, shown: str) -> None:
    """Pictures, sound and video; everything that could run, and every broken picture, is an attachment."""
    url = await uploaded(ali)
    looked(house, type=type, kind=kind)
    answer = await ali.get(url)
    assert answer.headers["content-type"] == type
    assert answer.headers["content-disposition"].partition(";")[0] == shown


@pytest.mark.parametrize("name", ['a"b\\c.txt', "o‘g‘lim.jpg", "a;b=c%20.txt", "новый.txt", "x\u202ey.txt"])
async def test_names_in_headers(ali: httpx2.AsyncClient, name: str) -> None:
    """Whatever the name is, the header has one file name, in ASCII and in UTF-8."""
    url = await uploaded(ali, name)
    disposition = (await ali.get(url)).headers["content-disposition"]
    assert disposition.isascii() and disposition.count('"') == 2 and "\\" not in disposition


async def test_thumbnails(house: House, ali: httpx2.AsyncClient) -> None:
    """The largest one that is not larger than what was asked for; none for a file that has none."""
    url = await uploaded(ali)
    assert_problem(await ali.get(url, params={"size": "360"}), 404, "not_found")
    assert_problem(await ali.get(url, params={"size": "361"}), 400, "bad_request")
    store: Any = house.services.uploads._stores.current
    (file,) = house.store.files.values()
    small = house.settings.data / "small"
    small.write_bytes(b"small")
    store.adopt(file.key, small, "360")
    looked(house, thumbnails="360", kind="image", type="image/jpeg")
    for size in ("360", "1440"):
        answer = await ali.get(url, params={"size": size})
        assert (answer.content, answer.headers["content-type"]) == (b"small", "image/webp")
    assert answer.headers["etag"] != (await ali.get(url)).headers["etag"]


async def test_who_gets_nothing(house: House, ali: httpx2.AsyncClient) -> None:
    """Without a token 401; for others, and for what does not exist or is not ready, the same 404."""
    url = await uploaded(ali)
    async with house.client() as nobody, house.client(headers=await house.account("vali")) as vali:
        assert_problem(await nobody.get(url), 401, "unauthenticated")
        nothing = await vali.get("/files/f999/gap.txt")
        assert_problem(nothing, 404, "not_found")
        theirs = await vali.get(url)
        assert theirs.json() == nothing.json()
    looked(house, state="processing")
    assert_problem(await ali.get(url), 404, "not_found")


async def test_bytes_that_are_gone(house: House, ali: httpx2.AsyncClient) -> None:
    """A record without bytes is 404, not an error of the server."""
    url = await uploaded(ali)
    for path in (house.settings.data / "files").rglob("*"):
        path.unlink() if path.is_file() else None
    assert_problem(await ali.get(url), 404, "not_found")


async def test_a_body_that_nobody_asked_for() -> None:
    """A client that sends too large a body with the request of a download is disconnected, since the response has begun. The
    file is closed, and nothing goes wrong."""

    class Slow:
        """An open file whose bytes nobody takes, and its connection."""

        is_aborted = is_closed = False

        async def send(self, connection: Any, start: int, length: int) -> int:
            await asyncio.Event().wait()
            return length

        async def close(self) -> None:
            self.is_closed = True

        def abort(self) -> None:
            self.is_aborted = True

    async def receive() -> Any:
        raise HTTPException(413)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    slow: Any = Slow()
    sent: list[str] = []
    response = Bytes(slow, Part(200, 0, 1_000_000), {}, is_head=False)
    await response({"type": "http", DIRECT: slow}, receive, send)
    assert slow.is_aborted and slow.is_closed and sent == ["http.response.start", "http.response.body"]


async def test_a_signed_link(house: House, ali: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has it may download the file, for a day; a changed one, one of another file, and one of a deleted file give
    nothing."""
    url = await uploaded(ali)
    (file,) = house.store.files.values()
    gone = False

    async def shared(id: str) -> Any:
        if gone:
            raise NotFound()
        return file

    monkeypatch.setattr(house.store, "shared_file", shared)
    link = house.services.links.sign(file.shown)
    assert urlsplit(link).path == url
    async with house.client() as nobody:
        assert (await nobody.get(link)).content == TEXT
        changed = (link + "x", link.replace("until=", "until=1"), link.replace(file.id, "f999"))
        for other in (*changed, url + "?until=1&signature=a"):
            assert_problem(await nobody.get(other), 404, "not_found")
        house.clock.advance(24 * 3600 - 1)
        assert (await nobody.get(link)).status_code == 200
        gone = True
        assert_problem(await nobody.get(link), 404, "not_found")
        gone = False
        house.clock.advance(601)
        assert_problem(await nobody.get(link), 404, "not_found")


async def test_the_rate_of_signed_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is logged in, so the address counts: genuine links and guesses alike."""
    house = House(address_rate="4")
    async with house.client(headers=await house.account("ali")) as client:
        await uploaded(client)
    (file,) = house.store.files.values()

    async def shared(id: str) -> Any:
        return file

    monkeypatch.setattr(house.store, "shared_file", shared)
    link = house.services.links.sign(file.shown)
    async with house.client("203.0.113.7") as nobody, house.client("203.0.113.8") as other:
        statuses = [(await nobody.get(link if number % 2 else link + "x")).status_code for number in range(20)]
        assert statuses == [404, 200] * 10
        assert_problem(await nobody.get(link), 429, "rate_limited")
        assert (await other.get(link)).status_code == 200


async def test_pages_of_other_origins(ali: httpx2.AsyncClient) -> None:
    """Only listed origins may embed and read files, and never with cookies."""
    house = House(origins="https://app.example")
    async with house.client(headers=await house.account("ali")) as client:
        url = await uploaded(client)
        listed = await client.get(url, headers={"origin": "https://app.example"})
        assert listed.headers["access-control-allow-origin"] == "https://app.example"
        assert listed.headers["cross-origin-resource-policy"] == "cross-origin"
        assert "access-control-allow-credentials" not in listed.headers
        for origin in ("https://evil.example", "null", "http://localhost:8000"):
            other = await client.get(url, headers={"origin": origin})
            assert "access-control-allow-origin" not in other.headers and other.headers["vary"] == "Origin"
            assert other.headers["cross-origin-resource-policy"] == "same-origin"


UPLOADS = "/api/v1/files"
PREFLIGHT = {"access-control-request-method": "PATCH", "access-control-request-headers": "upload-offset"}


async def test_uploads_from_other_origins() -> None:
    """A browser lets pages of a listed origin use tus and read its answers, refusals too; it asks first. Others get no such
    header, and nothing else of the API has any."""
    house = House(origins="https://app.example")
    async with house.client(headers=await house.account("ali")) as client:
        app = {"origin": "https://app.example"}
        url = await uploaded(client)
        for path in (UPLOADS, f"{UPLOADS}/f1", url, "/api/v1/users/ali/picture"):
            asked = await client.options(path, headers=app | PREFLIGHT | {"authorization": ""})
            assert asked.status_code == 204 and asked.headers["vary"] == "Origin"
            assert asked.headers["access-control-allow-origin"] == "https://app.example"
            assert {"PATCH", "DELETE"} <= set(asked.headers["access-control-allow-methods"].split(", "))
            sent = set(asked.headers["access-control-allow-headers"].split(", "))
            assert {"Authorization", "Tus-Resumable", "Upload-Offset", "Upload-Metadata", "Range"} <= sent
            assert "access-control-allow-credentials" not in asked.headers
            other = await client.options(path, headers=PREFLIGHT | {"origin": "https://evil.example"})
            assert not [name for name in other.headers if name.startswith("access-control-allow")]
        tus = {"tus-resumable": "1.0.0", "upload-length": "5"}
        for answer in (await client.post(UPLOADS, headers=app | tus), await client.head(f"{UPLOADS}/f9", headers=app)):
            assert answer.headers["access-control-allow-origin"] == "https://app.example"
            assert {"Location", "Upload-Offset"} <= set(answer.headers["access-control-expose-headers"].split(", "))
        for path in ("/api/v1/me", "/api/v1/filesystem"):
            assert "access-control-allow-origin" not in (await client.get(path, headers=app)).headers
