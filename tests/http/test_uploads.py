"""Uploads over HTTP: tus 1.0.0, and forms."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.requests import ClientDisconnect
from structlog.testing import capture_logs

from suhbat.chat.turns import Turns
from suhbat.errors import BadRequest
from suhbat.files import receiving as parts
from suhbat.files.look import Look
from suhbat.files.store import StoreUnreachable
from suhbat.http.multipart import FileForm
from suhbat.protocol import tus
from tests.http.conftest import House
from tests.http.test_problem import assert_problem

FILES = "/api/v1/files"
TUS = {"tus-resumable": "1.0.0"}
BYTES = {**TUS, "content-type": tus.MEDIA_TYPE}
TEXT = b"salom hammaga"


def metadata(**values: str) -> str:
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in values.items())


@pytest.fixture
async def ali(house: House) -> AsyncIterator[httpx2.AsyncClient]:
    async with house.client(headers=await house.account("ali")) as client:
        yield client


async def begun(client: httpx2.AsyncClient, length: int = len(TEXT), **headers: str) -> str:
    """The address of a new upload."""
    answer = await client.post(FILES, headers=TUS | {"upload-length": str(length)} | headers)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


async def offset(client: httpx2.AsyncClient, place: str) -> int:
    answer = await client.head(place, headers=TUS)
    assert answer.status_code == 200 and answer.headers["tus-resumable"] == "1.0.0"
    assert answer.headers["cache-control"] == "no-store"
    return int(answer.headers["upload-offset"])


async def append(client: httpx2.AsyncClient, place: str, at: int, data: Any, **headers: str) -> httpx2.Response:
    return await client.patch(place, headers=BYTES | {"upload-offset": str(at)} | headers, content=data)


async def shown(client: httpx2.AsyncClient, place: str) -> dict[str, Any]:
    answer = await client.get(place)
    assert answer.status_code == 200
    file: dict[str, Any] = answer.json()["file"]
    return file


async def ready(house: House, client: httpx2.AsyncClient, place: str) -> dict[str, Any]:
    """The file, once it is ready."""
    await house.services.processing.wait(place.rpartition("/")[2], 10)
    return await shown(client, place)


def stored(house: House) -> list[bytes]:
    """All bytes that are stored, whatever they belong to."""
    place = house.settings.data / "files"
    return sorted(path.read_bytes() for path in place.rglob("*") if path.is_file())


class TestTus:
    async def test_an_upload_in_pieces(self, house: House, ali: httpx2.AsyncClient) -> None:
        """Each piece is acknowledged; after the last one the file is ready, and its owner is told."""
        place = await begun(ali, **{"upload-metadata": metadata(filename="gap.txt", filetype="text/plain")})
        assert await shown(ali, place) == {
            "id": "f1", "name": "gap.txt", "type": "", "size": 13, "kind": "file", "state": "uploading",
            "width": None, "height": None, "duration": None, "thumbhash": None, "url": "/files/f1/gap.txt",
        }  # fmt: skip
        for at, piece in ((0, TEXT[:5]), (5, b""), (5, TEXT[5:])):
            answer = await append(ali, place, at, piece)
            assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(at + len(piece)))
            assert await offset(ali, place) == at + len(piece)
        file = await ready(house, ali, place)
        assert (file["state"], file["type"]) == ("ready", "text/plain")
        assert stored(house) == [TEXT]
        head = await ali.head(place, headers=TUS)
        assert head.headers["upload-length"] == "13" and "upload-expires" not in head.headers
        assert head.headers["upload-metadata"] == metadata(filename="gap.txt", filetype="text/plain")

    async def test_creation_with_upload(self, house: House, ali: httpx2.AsyncClient) -> None:
        """The first bytes, or all of them, may come with the creation."""
        answer = await ali.post(FILES, headers=BYTES | {"upload-length": "13"}, content=TEXT[:4])
        assert (answer.status_code, answer.headers["upload-offset"]) == (201, "4")
        assert "GMT" in answer.headers["upload-expires"]
        whole = await ali.post(FILES, headers=BYTES | {"upload-length": "13"}, content=TEXT)
        assert whole.headers["upload-offset"] == "13"
        assert (await ready(house, ali, whole.headers["location"]))["state"] == "ready"

    async def test_a_waveform(self, ali: httpx2.AsyncClient) -> None:
        """Others get it as its client sent it; one that is too long is left out."""
        for size, is_kept in ((128, True), (129, False)):
            wave = base64.b64encode(bytes(range(128)) + b"x" * (size - 128)).decode()
            place = await begun(
                ali, **{"upload-metadata": f"filename {base64.b64encode(b'a').decode()},waveform {wave}"}
            )
            assert (await shown(ali, place)).get("waveform") == (wave if is_kept else None)
            told = (await ali.head(place, headers=TUS)).headers["upload-metadata"]
            assert told == f"filename YQ=={f',waveform {wave}' if is_kept else ''}"

    async def test_what_the_server_offers(self, ali: httpx2.AsyncClient) -> None:
        """Version, extensions, algorithms and the largest size, also without a token."""
        for path in (FILES, f"{FILES}/f1"):
            answer = await ali.options(path, headers={"authorization": "", "tus-resumable": "0.2.2"})
            assert answer.status_code == 204
            names = ("version", "extension", "checksum-algorithm", "max-size")
            assert {name: answer.headers[f"tus-{name}"] for name in names} == {
                "version": "1.0.0",
                "extension": "creation,creation-with-upload,expiration,termination,checksum",
                "checksum-algorithm": "sha256,sha1",
                "max-size": "100000000",
            }

    async def test_another_version(self, house: House) -> None:
        """412 with the version of this server; every answer names it."""
        headers = await house.account("ali")
        async with house.client(headers=headers) as client:
            for method, path in (("POST", FILES), ("PATCH", f"{FILES}/f1"), ("HEAD", f"{FILES}/f1")):
                answer = await client.request(method, path, headers={"tus-resumable": "0.2.2"})
                assert (answer.status_code, answer.headers["tus-version"]) == (412, "1.0.0")
            missing = await client.head(f"{FILES}/f1", headers=TUS)
            assert (missing.status_code, missing.headers["tus-resumable"]) == (404, "1.0.0")

    async def test_no_version(self, ali: httpx2.AsyncClient) -> None:
        """Bytes of tus, and the beginning of an upload, need the version: 412, and nothing is written. Whoever is nobody gets
        401 all the same. To read an offset or to delete a file, nobody has to speak tus."""
        place = await begun(ali)
        bytes_ = {"content-type": tus.MEDIA_TYPE}
        for method, path, headers in (
            ("PATCH", place, bytes_ | {"upload-offset": "0"}),
            ("POST", FILES, {"upload-length": "13"}),
            ("POST", FILES, bytes_ | {"upload-length": "13"}),
            ("POST", FILES, bytes_),
        ):
            answer = await ali.request(
                method, path, headers=headers, content=TEXT if bytes_.items() <= headers.items() else b""
            )
            assert_problem(answer, 412, "unknown_version")
            assert {answer.headers["tus-version"], answer.headers["tus-resumable"]} == {"1.0.0"}
            assert_problem(
                await ali.request(method, path, headers=headers | {"authorization": ""}), 401, "unauthenticated"
            )
        assert (await ali.head(place)).headers["upload-offset"] == "0"
        assert (await ali.delete(place)).status_code == 204

    async def test_another_media_type(self, house: House, ali: httpx2.AsyncClient) -> None:
        """415, and nothing is written: bytes that somebody means as something else are no part of a file."""
        place = await begun(ali)
        for named in ("text/plain", "application/json", "multipart/form-data; boundary=b", ""):
            headers = TUS | {"upload-offset": "0", "content-type": named}
            assert_problem(await ali.patch(place, headers=headers, content=TEXT), 415, "unsupported_type")
            begin = TUS | {"upload-length": "13", "content-type": named}
            assert_problem(await ali.post(FILES, headers=begin, content=TEXT), 415, "unsupported_type")
        assert await offset(ali, place) == 0 and list(house.store.files) == ["f1"]

    async def test_an_overridden_method(self, house: House, ali: httpx2.AsyncClient) -> None:
        """`X-HTTP-Method-Override` means nothing, for uploads neither: the method of a request is what it says. So no proxy and
        no rule about methods is passed by."""
        place = await begun(ali)
        override = {"x-http-method-override": "PATCH", "upload-offset": "0"}
        assert (await ali.post(place, headers=BYTES | override, content=TEXT[:5])).status_code == 405
        for method in ("HEAD", "delete", "OPTIONS"):
            assert (await ali.post(place, headers=TUS | {"x-http-method-override": method})).status_code == 405
        assert (await ali.get(place, headers=TUS | {"x-http-method-override": "DELETE"})).status_code == 200
        assert await offset(ali, place) == 0 and list(house.store.files) == ["f1"]
        session = await ali.post("/api/v1/sessions", headers={"x-http-method-override": "DELETE"}, json={})
        assert_problem(session, 400, "bad_request")

    async def test_a_creation_whose_bytes_fail(self, house: House, ali: httpx2.AsyncClient) -> None:
        """Nothing of it stays: its client does not know its address."""
        digest = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
        headers = BYTES | {"upload-length": "13", "upload-checksum": f"sha256 {digest}"}
        assert_problem(await ali.post(FILES, headers=headers, content=TEXT), 460, "checksum_mismatch")
        too_many = await ali.post(FILES, headers=BYTES | {"upload-length": "5"}, content=TEXT)
        assert_problem(too_many, 413, "file_too_large")
        assert house.store.files == {} and len(house.store.queued) == 2

    async def test_a_wrong_offset(self, house: House, ali: httpx2.AsyncClient) -> None:
        """Nothing is written where nobody was asked to write."""
        place = await begun(ali)
        await append(ali, place, 0, TEXT[:5])
        for at in (0, 4, 6, 13):
            assert_problem(await append(ali, place, at, b"xx"), 409, "wrong_offset")
        assert await offset(ali, place) == 5
        await append(ali, place, 5, TEXT[5:])
        assert_problem(await append(ali, place, 13, b""), 409, "wrong_offset")
        await ready(house, ali, place)
        assert stored(house) == [TEXT]

    async def test_more_bytes_than_announced(self, house: House, ali: httpx2.AsyncClient) -> None:
        """They are refused before they are read, or, where nobody knows how many come, when they come."""
        place = await begun(ali)
        assert_problem(await append(ali, place, 0, TEXT + b"!"), 413, "file_too_large")

        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(3):
                yield TEXT

        assert_problem(await append(ali, place, 0, chunks()), 413, "file_too_large")
        assert await offset(ali, place) == 0

    @pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
    async def test_checksums(self, house: House, ali: httpx2.AsyncClient, algorithm: str) -> None:
        """A body whose checksum is wrong does not count; one whose checksum is right does."""
        place = await begun(ali)
        digest = base64.b64encode(hashlib.new(algorithm, TEXT[:7]).digest()).decode()
        checksum = {"upload-checksum": f"{algorithm} {digest}"}
        assert_problem(await append(ali, place, 0, b"sxlom h", **checksum), 460, "checksum_mismatch")
        assert await offset(ali, place) == 0
        assert (await append(ali, place, 0, TEXT[:7], **checksum)).status_code == 204
        assert await offset(ali, place) == 7

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"upload-length": "-1"},
            {"upload-length": "1e3"},
            {"upload-length": "٣"},
            {"upload-length": "9" * 30},
            {"upload-length": "0"},
            {"upload-length": "5", "upload-metadata": "filename ***"},
            {"upload-length": "5", "upload-metadata": "filename /w=="},
            {"upload-length": "5", "upload-metadata": "filename YQ==,filename Yg=="},
            {"upload-length": "5", "upload-metadata": "filename YQ==,,"},
            {"upload-length": "5", "upload-checksum": "md5 aaaa"},
            {"upload-length": "5", "upload-checksum": "sha1 aaaa"},
            {"upload-defer-length": "1"},
        ],
    )
    async def test_a_bad_creation(self, house: House, ali: httpx2.AsyncClient, headers: dict[str, str]) -> None:
        """400 with the reason, and nothing is stored."""
        encoded = {name: value.encode() for name, value in (TUS | headers).items()}
        assert_problem(await ali.post(FILES, headers=encoded), 400, "bad_request")
        assert house.store.files == {}

    async def test_only_the_owner(self, house: House, ali: httpx2.AsyncClient) -> None:
        """For others an upload does not exist."""
        place = await begun(ali)
        async with house.client(headers=await house.account("vali")) as vali:
            assert_problem(await append(vali, place, 0, b"x"), 404, "not_found")
            assert_problem(await vali.get(place), 404, "not_found")
            assert_problem(await vali.delete(place), 404, "not_found")
            assert (await vali.head(place)).status_code == 404
        assert await offset(ali, place) == 0

    async def test_termination(self, house: House, ali: httpx2.AsyncClient) -> None:
        """An upload that is ended is gone, and its bytes are queued for removal."""
        place = await begun(ali)
        await append(ali, place, 0, TEXT[:5])
        (key,) = [file.key for file in house.store.files.values()]
        assert (await ali.delete(place)).status_code == 204
        assert house.store.queued == [key]
        assert (await ali.head(place)).status_code == 404
        assert_problem(await ali.delete(place), 404, "not_found")

    async def test_a_lost_connection(self, house: House, ali: httpx2.AsyncClient) -> None:
        """What came before is kept, except with a checksum, where the whole body counts or nothing."""

        async def broken() -> AsyncIterator[bytes]:
            yield TEXT[:6]
            raise ClientDisconnect

        place = await begun(ali)
        digest = base64.b64encode(hashlib.sha256(TEXT).digest()).decode()
        for headers, expected in (({"upload-checksum": f"sha256 {digest}"}, 0), ({}, 6)):
            assert (await append(ali, place, 0, broken(), **headers)).status_code == 400
            assert await offset(ali, place) == expected

    async def test_a_dead_request_is_taken_over(self, house: House, ali: httpx2.AsyncClient) -> None:
        """A client that asks for the offset gave up on its older request: that one acknowledges what it has, and ends."""
        came = asyncio.Event()

        async def hanging() -> AsyncIterator[bytes]:
            yield TEXT[:6]
            came.set()
            await asyncio.Event().wait()

        place = await begun(ali)
        dead = asyncio.create_task(append(ali, place, 0, hanging()))
        await came.wait()
        assert await offset(ali, place) == 6
        assert (await dead).status_code == 409
        assert (await append(ali, place, 6, TEXT[6:])).status_code == 204
        await ready(house, ali, place)
        assert stored(house) == [TEXT]

    async def test_a_long_request_is_acknowledged_meanwhile(
        self, house: House, ali: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A crash does not lose a long request as a whole."""
        monkeypatch.setattr(parts, "GATHERED", 4)
        monkeypatch.setattr(parts, "FLUSHED", 8)
        seen: list[int] = []

        async def slowly() -> AsyncIterator[bytes]:
            for at in range(0, 13, 2):
                seen.append(next(iter(house.store.files.values())).received)
                yield TEXT[at : at + 2]

        place = await begun(ali)
        await append(ali, place, 0, slowly())
        assert seen == [0, 0, 0, 0, 8, 8, 8]
        await ready(house, ali, place)
        assert stored(house) == [TEXT]


class TestSlowly:
    async def test_a_body_that_stops_coming(
        self, house: House, ali: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """408, and the connection ends. What came is kept, and the upload goes on there. A form leaves nothing."""
        monkeypatch.setattr("suhbat.http.middleware.STALLED_SECONDS", 0.05)

        async def stalled(first: bytes) -> AsyncIterator[bytes]:
            yield first
            await asyncio.Event().wait()

        place = await begun(ali)
        answer = await append(ali, place, 0, stalled(TEXT[:6]))
        assert_problem(answer, 408, "request_timeout")
        assert answer.headers["connection"] == "close" and answer.headers["tus-resumable"] == "1.0.0"
        assert await offset(ali, place) == 6
        form = b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nx'
        for content in (form, b"--b\r\n"):
            headers = {"content-type": "multipart/form-data; boundary=b"}
            answer = await ali.post(FILES, headers=headers, content=stalled(content))
            assert_problem(answer, 408, "request_timeout")
        assert list(house.store.files) == ["f1"]
        headers = {"content-type": "application/json"}
        assert_problem(await ali.patch("/api/v1/me", headers=headers, content=stalled(b"{")), 408, "request_timeout")

    async def test_many_bodies_at_once(self, house: House, ali: httpx2.AsyncClient) -> None:
        """Only so many of a user are received at once; nobody else waits for them."""
        house.services.limits.reads._bodies = Turns(1, 0)
        came = asyncio.Event()

        async def hanging() -> AsyncIterator[bytes]:
            yield TEXT[:6]
            came.set()
            await asyncio.Event().wait()

        first, second = await begun(ali), await begun(ali)
        slow = asyncio.create_task(append(ali, first, 0, hanging()))
        await came.wait()
        assert_problem(await append(ali, second, 0, TEXT), 503, "busy")
        async with house.client(headers=await house.account("vali")) as vali:
            assert (await append(vali, await begun(vali), 0, TEXT)).status_code == 204
        assert await offset(ali, first) == 6
        assert (await slow).status_code == 409
        assert (await append(ali, second, 0, TEXT)).status_code == 204


class TestForm:
    async def test_one_request(self, house: House, ali: httpx2.AsyncClient) -> None:
        """201 with the file, which is ready; its size is that of the part."""
        answer = await ali.post(FILES, files={"file": ("rasm.txt", TEXT, "text/plain")})
        assert answer.status_code == 201, answer.text
        assert answer.json() == {
            "file": {
                "id": "f1", "name": "rasm.txt", "type": "text/plain", "size": 13, "kind": "file", "state": "ready",
                "width": None, "height": None, "duration": None, "thumbhash": None, "url": "/files/f1/rasm.txt",
            }
        }  # fmt: skip
        assert answer.headers["location"] == f"{FILES}/f1"
        assert stored(house) == [TEXT]

    async def test_other_parts_are_ignored(self, house: House, ali: httpx2.AsyncClient) -> None:
        """Fields before and after the file change nothing."""
        form = {"before": (None, b"x" * 5000), "file": ("a", TEXT), "after": (None, b"y")}
        assert (await ali.post(FILES, files=form)).status_code == 201
        assert stored(house) == [TEXT]

    async def test_a_slow_look(self, house: House, ali: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
        """The answer does not wait for ever; the file is ready later."""
        monkeypatch.setattr("suhbat.http.one_request.READY_SECONDS", 0)
        looker: Any = house.services.processing._looker
        looker.waits = asyncio.Event()
        answer = await ali.post(FILES, files={"file": ("a", TEXT)})
        assert answer.json()["file"]["state"] == "processing"
        looker.waits.set()
        assert (await ready(house, ali, f"{FILES}/f1"))["state"] == "ready"

    @pytest.mark.parametrize(
        ("content_type", "content"),
        [
            ("multipart/form-data", b"x"),
            ("multipart/form-data; boundary=", b"x"),
            ("multipart/form-data; boundary=b", b""),
            ("multipart/form-data; boundary=b", b"no form"),
            (
                "multipart/form-data; boundary=b",
                b'--b\r\nContent-Disposition: form-data; name="other"\r\n\r\nx\r\n--b--\r\n',
            ),
            ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n'),
            (
                "multipart/form-data; boundary=b",
                b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n\r\n--b--\r\n',
            ),
            ("multipart/form-data; boundary=b", b"--b\r\n" + b"a: b\r\n" * 1000),
            ("", b""),
        ],
    )
    async def test_a_bad_form(self, house: House, ali: httpx2.AsyncClient, content_type: str, content: bytes) -> None:
        """400 with the reason; nothing of it stays. For anything else than a form 415."""
        answer = await ali.post(FILES, headers={"content-type": content_type}, content=content)
        assert_problem(answer, 400, "bad_request")
        answer = await ali.post(FILES, headers={"content-type": "text/plain"}, content=TEXT)
        assert_problem(answer, 415, "unsupported_type")
        assert house.store.files == {}

    async def test_a_file_of_line_breaks(self) -> None:
        """It comes in as many pieces as the body: two hundred stalled forms of single characters would fill the memory."""

        async def body() -> AsyncIterator[bytes]:
            yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
            yield b"\r\n" * 1_000
            yield b"\r\n--b--"

        form = FileForm("multipart/form-data; boundary=b", body())
        await form.begin()
        pieces = [piece async for piece in form.chunks()]
        assert b"".join(pieces) == b"\r\n" * 1_000 and len(pieces) <= 2

    @pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
    @pytest.mark.parametrize(
        "content",
        [
            b"x",
            b"\r\n",
            b"\r\n--",
            b"\r\n--bb",
            b"\r\n--ax\r\n--",
            b"--ab",
            b"\r\n" * 5,
            b"\r\r\n\n--a",
            bytes(range(256)),
        ],
    )
    async def test_any_pieces(self, content: bytes, size: int) -> None:
        """The bytes of the file are exact, whatever they look like, and wherever the body is cut into pieces."""
        head = b'--ab\r\nA: b\r\n\r\n\r\n--ab \r\ncontent-DISPOSITION:form-data; name="file"; filename="f"\r\n\r\n'
        whole = b"preamble\r\n" + head + content + b"\r\n--ab--\r\n"

        async def body() -> AsyncIterator[bytes]:
            for start in range(0, len(whole), size):
                yield whole[start : start + size]

        form = FileForm("multipart/form-data; boundary=ab", body())
        await form.begin()
        assert form.name == "f"
        assert b"".join([piece async for piece in form.chunks()]) == content

    async def test_a_file_of_boundaries(self) -> None:
        """A line that begins with the boundary ends the file (RFC 2046 §5.1.1); if it is no delimiter, the form is refused, so
        that nobody gets half of a file. Beginnings of boundaries cost no time: they are not looked at one by one."""

        async def body(content: bytes) -> AsyncIterator[bytes]:
            yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
            yield content
            yield b"\r\n--b--"

        form = FileForm("multipart/form-data; boundary=b", body(b"a\r\n--bx"))
        await form.begin()
        with pytest.raises(BadRequest):
            [piece async for piece in form.chunks()]
        looked, content = 0, b"\r\n--a" * 100_000

        def look(frame: Any, event: str, argument: Any) -> None:
            nonlocal looked
            looked += 1

        form = FileForm("multipart/form-data; boundary=b", body(content))
        await form.begin()
        sys.setprofile(look)
        try:
            pieces = [piece async for piece in form.chunks()]
        finally:
            sys.setprofile(None)
        assert b"".join(pieces) == content and looked < 1_000

    async def test_a_form_that_is_too_large(self, ali: httpx2.AsyncClient) -> None:
        """It is refused before anything of it is read."""
        house = House(file_size="1000")
        async with house.client(headers=await house.account("ali")) as client:
            assert_problem(await client.post(FILES, files={"file": ("a", b"x" * 10_000)}), 413, "file_too_large")
            assert_problem(await client.post(FILES, files={"file": ("a", b"x" * 1001)}), 413, "file_too_large")
            assert house.store.files == {}
            assert (await client.post(FILES, files={"file": ("a", b"x" * 1000)})).status_code == 201


class TestForward:
    async def test_a_new_file_over_the_same_bytes(self, house: House, ali: httpx2.AsyncClient) -> None:
        """201 with a file of one's own, which is ready; nothing is stored twice."""
        await ali.post(FILES, files={"file": ("a.txt", TEXT)})
        answer = await ali.post(FILES, json={"from": "f1"})
        assert (answer.status_code, answer.headers["location"]) == (201, f"{FILES}/f2")
        file = answer.json()["file"]
        assert (file["id"], file["name"], file["state"], file["size"]) == ("f2", "a.txt", "ready", 13)
        assert stored(house) == [TEXT]
        assert (await ali.get(file["url"])).content == TEXT

    async def test_refusals(self, house: House, ali: httpx2.AsyncClient) -> None:
        """What one may not download does not exist; a body must name a file; a guest may not where they may not upload; another
        site may not make anybody forward."""
        await ali.post(FILES, files={"file": ("a.txt", TEXT)})
        async with house.client(headers=await house.account("vali")) as vali:
            assert_problem(await vali.post(FILES, json={"from": "f1"}), 404, "not_found")
        for body in ({}, [], {"from": 1}, {"from": ""}, {"from": "f\0"}, {"from": "x" * 65}):
            assert_problem(await ali.post(FILES, json=body), 400, "bad_request")
        broken = await ali.post(FILES, content=b"{", headers={"content-type": "application/json"})
        assert_problem(broken, 400, "bad_request")
        async with house.client(headers=await house.guest("mehmon")) as guest:
            assert_problem(await guest.post(FILES, json={"from": "f1"}), 403, "forbidden")
        foreign = await ali.post(FILES, json={"from": "f1"}, headers={"origin": "https://evil.example"})
        assert_problem(foreign, 403, "forbidden")
        assert list(house.store.files) == ["f1"]


class TestLimits:
    async def test_sizes_and_quotas(self) -> None:
        """413 before a byte is read: above the size, and above the quota."""
        house = House(file_size="10", file_quota="25")
        async with house.client(headers=await house.account("ali")) as client:
            for _ in range(2):
                await begun(client, 10)
            too_large = await client.post(FILES, headers=TUS | {"upload-length": "11"})
            assert_problem(too_large, 413, "file_too_large")
            assert_problem(await client.post(FILES, headers=TUS | {"upload-length": "6"}), 413, "quota_exceeded")
            await begun(client, 5)

    @pytest.mark.parametrize("address", ["203.0.113.9", "127.0.0.1"])
    async def test_guests(self, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """They may upload only where that is on; then up to a size, and a day's bytes of their address, also of this machine:
        the room on a disk is the same whoever fills it."""
        off = House()
        async with off.client(headers=await off.guest("mehmon")) as client:
            for options in ({"headers": TUS | {"upload-length": "5"}}, {"files": {"file": ("a", TEXT)}}):
                assert_problem(await client.post(FILES, **options), 403, "forbidden")
        monkeypatch.setattr("suhbat.files.limits.GUEST_QUOTA", 10)
        monkeypatch.setattr("suhbat.files.limits.ADDRESS_QUOTA", 15)
        on = House(guest_files="yes")
        async with on.client(address, headers=await on.guest("mehmon")) as client:
            assert_problem(await client.post(FILES, headers=TUS | {"upload-length": "11"}), 413, "file_too_large")
            await begun(client, 10)
            assert_problem(await client.post(FILES, headers=TUS | {"upload-length": "6"}), 413, "quota_exceeded")
        async with on.client(address, headers=await on.guest("boshqa")) as client:
            refused = await client.post(FILES, headers=TUS | {"upload-length": "6"})
            assert "today" in assert_problem(refused, 413, "quota_exceeded")["detail"]
        on.clock.advance(24 * 3600)
        async with on.client(address, headers=await on.guest("uchinchi")) as client:
            await begun(client, 6)

    async def test_guests_who_forward(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What a guest forwards counts like what they upload: up to the size, and for the day of their address."""
        house = House(guest_files="yes")
        async with house.client("203.0.113.9", headers=await house.guest("mehmon")) as client:
            await client.post(FILES, files={"file": ("a", TEXT)})
            monkeypatch.setattr("suhbat.files.limits.GUEST_QUOTA", 12)
            assert_problem(await client.post(FILES, json={"from": "f1"}), 413, "file_too_large")
            monkeypatch.setattr("suhbat.files.limits.GUEST_QUOTA", 100)
            monkeypatch.setattr("suhbat.files.limits.ADDRESS_QUOTA", 30)
            assert (await client.post(FILES, json={"from": "f1"})).status_code == 201
            refused = await client.post(FILES, json={"from": "f1"})
            assert "today" in assert_problem(refused, 413, "quota_exceeded")["detail"]

    async def test_what_was_not_uploaded_does_not_count(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Neither a refused upload nor what a form without a length could have had uses up the day of an address, which may be
        that of many people."""
        monkeypatch.setattr("suhbat.files.limits.GUEST_QUOTA", 40)
        monkeypatch.setattr("suhbat.files.limits.ADDRESS_QUOTA", 60)
        house = House(guest_files="yes")
        boundary = {"content-type": "multipart/form-data; boundary=b"}

        async def form() -> AsyncIterator[bytes]:
            yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + TEXT + b"\r\n--b--"

        async with house.client("203.0.113.9", headers=await house.guest("mehmon")) as client:
            assert (await client.post(FILES, content=form(), headers=boundary)).status_code == 201
            assert_problem(await client.post(FILES, headers=TUS | {"upload-length": "30"}), 413, "quota_exceeded")
            assert_problem(await client.post(FILES, json={"from": "f9"}), 404, "not_found")
            await begun(client, 20)
        async with house.client("203.0.113.9", headers=await house.guest("boshqa")) as client:
            await begun(client, 60 - 20 - len(TEXT))
            refused = await client.post(FILES, headers=TUS | {"upload-length": "1"})
            assert "today" in assert_problem(refused, 413, "quota_exceeded")["detail"]

    async def test_a_full_disk(self, house: House, ali: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
        """507 while less than a gigabyte would be left, also when the disk fills up in the middle."""
        place = await begun(ali)
        store: Any = house.services.uploads._stores.current
        monkeypatch.setattr(type(store), "free", lambda self: 10**9 + 12)
        assert_problem(await ali.post(FILES, headers=TUS | {"upload-length": "13"}), 507, "storage_full")

        def full(self: object, key: str, at: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(type(store), "receive", full)
        assert_problem(await append(ali, place, 0, TEXT), 507, "storage_full")

    async def test_many_that_fit_alone(
        self, house: House, ali: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The gigabyte is kept also by uploads that began while there was room: the database is on the same disk."""
        store: Any = house.services.uploads._stores.current
        free = 10**9 + 20
        monkeypatch.setattr(type(store), "free", lambda self: free - sum(map(len, stored(house))))
        places = [await begun(ali) for _ in range(3)]
        assert [(await append(ali, place, 0, TEXT)).status_code for place in places] == [204, 507, 507]
        assert stored(house) == [b"", b"", TEXT] and await offset(ali, places[1]) == 0
        free += 30
        assert (await append(ali, places[1], 0, TEXT)).status_code == 204

    async def test_characters_that_no_store_keeps(self, house: House, ali: httpx2.AsyncClient) -> None:
        """PostgreSQL stores no NUL: neither a type nor an id may have one."""
        await begun(ali, **{"upload-metadata": metadata(filename="a\0", filetype="text/\0plain")})
        await begun(ali, **{"upload-metadata": metadata(filetype="text/plain; charset=utf-8")})
        assert [(file.name, file.claimed) for file in house.store.files.values()] == [
            ("a", ""), ("file", "text/plain; charset=utf-8"),
        ]  # fmt: skip
        for place in (f"{FILES}/f%00", "/files/f%00/a"):
            assert_problem(await ali.get(place), 400, "bad_request")

    async def test_no_pages_of_others(self, house: House) -> None:
        """A form needs no preflight, so the origin of its page is checked."""
        headers = await house.account("ali")
        async with house.client(headers=headers | {"origin": "https://evil.example"}) as client:
            assert_problem(await client.post(FILES, files={"file": ("a", TEXT)}), 403, "forbidden")
        assert house.store.files == {}

    @pytest.mark.parametrize(
        ("given", "name"),
        [
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\ali\\rasm.png", "rasm.png"),
            ("a\x00b\nc\x7f.txt", "abc.txt"),
            ("gpj.\u202eexe.txt", "gpj.exe.txt"),
            ("..", "file"),
            ("", "file"),
            (" . ", "file"),
            ("o‘g‘lim.jpg", "o‘g‘lim.jpg"),
            ("x" * 300 + ".jpeg", "x" * 250 + ".jpeg"),
            ("x" * 300, "x" * 255),
            ("." + "x" * 300, "x" * 255),
            ("rasm.jpg" + " " * 150 + ".exe", "rasm.jpg .exe"),
            ("rasm.jpg" + "\u00a0" * 50 + "\u3000.exe", "rasm.jpg .exe"),
            ("x" * 239 + "...   .jpeg", "x" * 239 + "... .jpeg"),
            ("choy\u200b\u2066xona\u00ad.txt", "choyxona.txt"),
            ("👨\u200d👩\u200d👧.png", "👨\u200d👩\u200d👧.png"),
            ("\u200b\ufeff", "file"),
            ("\u3164\u2800\u200d", "file"),
            ("\u0301", "file"),
            ("ў" * 200 + ".jpg", "ў" * 125 + ".jpg"),
            ("😀" * 100, "😀" * 63),
            ("a." + "ў" * 16, "a." + "ў" * 16),
        ],
    )
    async def test_names(self, ali: httpx2.AsyncClient, given: str, name: str) -> None:
        """A name is shown and saved under without surprises, whatever the client says."""
        place = await begun(ali, **{"upload-metadata": metadata(filename=given)})
        assert (await shown(ali, place))["name"] == name


class TestProcessing:
    async def test_what_cannot_be_looked_at(self, house: House, ali: httpx2.AsyncClient) -> None:
        """It is tried again a few times, not for ever: then it is a plain file, which can be sent, without a thumbnail."""
        looker: Any = house.services.processing._looker
        looker.broken = OSError("no disk")
        place = (await ali.post(FILES, files={"file": ("a", TEXT)})).headers["location"]
        states = [(await shown(ali, place))["state"]]
        for _ in range(3):
            house.clock.advance(61)
            await house.services.processing.take_over()
            states.append((await ready(house, ali, place))["state"])
        assert states == ["processing", "processing", "processing", "ready"]
        file = await shown(ali, place)
        assert (file["type"], file["kind"]) == ("application/octet-stream", "file")
        assert (await ali.get(file["url"])).content == TEXT
        assert_problem(await ali.get(f"{file['url']}?size=360"), 404, "not_found")
        assert not house.services.processing._failures
        assert not list((Path(house.settings.data) / "work").iterdir())

    async def test_what_was_deleted_meanwhile(self, house: House, ali: httpx2.AsyncClient) -> None:
        """A file that is deleted while it waits is not looked at; one that is deleted while somebody looks is no error, and
        nothing remembers it."""
        processing: Any = house.services.processing
        looker = processing._looker
        looker.waits, looker.broken = asyncio.Event(), FileNotFoundError("removed")
        looked, look = [], looker.look

        async def counted(source: Path, work: Path) -> Look:
            looked.append(source)
            found: Look = await look(source, work)
            return found

        looker.look = counted
        places = [await begun(ali) for _ in range(3)]
        for place in places:
            await append(ali, place, 0, TEXT)
        for place in places:
            assert (await ali.delete(place, headers=TUS)).status_code == 204
        with capture_logs() as logged:
            looker.waits.set()
            for place in places:
                await processing.wait(place.rpartition("/")[2], 10)
        assert len(looked) == 1
        assert not processing._failures and not processing._in_progress and not logged

    async def test_large_thumbnails_of_small_pictures(
        self, house: House, ali: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Thumbnails do not count for the quota, so a large one that is much larger than its picture is not kept."""
        monkeypatch.setattr("suhbat.files.processing.SLACK", 5)
        looker: Any = house.services.processing._looker
        for large, kept in ((18, "360 1440"), (19, "360")):

            async def look(source: Path, work: Path, large: int = large) -> Look:
                for side, size in ((360, 50), (1440, large)):
                    (work / str(side)).write_bytes(b"x" * size)
                return Look("image/png", "image", 1, 1, thumbnails={1440: work / "1440", 360: work / "360"})

            monkeypatch.setattr(looker, "look", look)
            place = (await ali.post(FILES, files={"file": ("a", TEXT)})).headers["location"]
            assert house.store.files[place.rpartition("/")[2]].thumbnails == kept

    async def test_bytes_that_cannot_be_read(self, house: House, ali: httpx2.AsyncClient) -> None:
        """Such a file does not keep others waiting: each attempt puts it behind them. After two days it is gone."""
        place, processing = await begun(ali), house.services.processing
        looker: Any = processing._looker
        looker.broken = OSError("no disk")
        await append(ali, place, 0, TEXT)
        await ready(house, ali, place)
        store: Any = house.services.uploads._stores.current
        store.local = None  # every attempt fails
        for _ in range(5):
            house.clock.advance(61)
            await processing.take_over()
            await ready(house, ali, place)
            assert house.store.files["f1"].touched_at == house.clock.wall()
        house.clock.advance(2 * 24 * 3600)
        await processing.take_over()
        assert house.store.files == {} and not processing._failures

    async def test_a_store_that_does_not_answer(self, house: House, ali: httpx2.AsyncClient) -> None:
        """However long it lasts, the file becomes ready afterwards."""
        looker: Any = house.services.processing._looker
        looker.broken = StoreUnreachable("no answer")
        place = (await ali.post(FILES, files={"file": ("a", TEXT)})).headers["location"]
        for _ in range(10):
            house.clock.advance(61)
            await house.services.processing.take_over()
            await ready(house, ali, place)
        looker.broken = None
        house.clock.advance(61)
        await house.services.processing.take_over()
        assert (await ready(house, ali, place))["state"] == "ready"

    async def test_what_killed_processes_left(self, house: House) -> None:
        """It is removed after a day. What is being worked on stays."""
        work, now = Path(house.settings.data) / "work", house.clock.wall() / 1000
        await house.services.processing.remove_leftovers()  # nothing is there yet
        for name, age in (("old", 86_401), ("new", 86_399)):
            (work / name).mkdir(parents=True)
            os.utime(work / name, (now - age, now - age))
        await house.services.processing.remove_leftovers()
        assert [one.name for one in work.iterdir()] == ["new"]

    async def test_a_late_request_of_another_node(self, house: House, ali: httpx2.AsyncClient) -> None:
        """A node that does not know that the upload is complete may still write to it: the file does not change any more."""
        bytes_: Any = house.services.uploads._stores.current
        bytes_._shared = True
        place = await begun(ali)
        (upload,) = house.store.files.values()
        late = bytes_.receive(upload.key, 0)
        assert (await append(ali, place, 0, TEXT)).status_code == 204
        file = await ready(house, ali, place)
        late.write(b"<script>")
        late.close()
        assert file["state"] == "ready" and house.store.queued == [upload.key]
        assert (await ali.get(file["url"])).content == TEXT

    async def test_files_of_others_come_first(
        self, house: House, ali: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Files of one user are processed one after the other, so their number delays nobody else."""
        monkeypatch.setattr("suhbat.http.one_request.READY_SECONDS", 0)
        looker: Any = house.services.processing._looker
        looker.waits = asyncio.Event()
        look, begun, second = looker.look, 0, asyncio.Event()

        async def counted(source: Path, work: Path) -> Any:
            nonlocal begun
            begun += 1
            if begun == 2:
                second.set()
            return await look(source, work)

        monkeypatch.setattr(looker, "look", counted)
        for _ in range(3):
            await ali.post(FILES, files={"file": ("a", TEXT)})
        async with house.client(headers=await house.account("vali")) as vali:
            place = (await vali.post(FILES, files={"file": ("a", TEXT)})).headers["location"]
            await asyncio.wait_for(second.wait(), 10)
            assert begun == 2
            looker.waits.set()
            assert (await ready(house, vali, place))["state"] == "ready"
        for file in house.store.files.values():
            await house.services.processing.wait(file.id, 10)
        assert begun == 4 and {file.state for file in house.store.files.values()} == {"ready"}

    async def test_after_a_restart(self, house: House, ali: httpx2.AsyncClient) -> None:
        """What was not finished is finished."""
        looker: Any = house.services.processing._looker
        looker.broken = OSError("killed")
        place = (await ali.post(FILES, files={"file": ("a", TEXT)})).headers["location"]
        looker.broken = None
        await house.services.processing.take_over(0)
        assert (await ready(house, ali, place))["state"] == "ready"
