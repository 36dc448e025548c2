"""Compression and validators of static files."""

from __future__ import annotations

import gzip
from pathlib import Path

import httpx2
import pytest
from starlette.datastructures import Headers

from suhbat.http.files import answer, content, takes_gzip

SOURCE = b"const salom = 1;\n" * 100


@pytest.mark.parametrize(
    ("accepted", "taken"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("deflate, *", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000, br", False),
        ("identity", False),
        ("", False),
    ],
)
def test_who_takes_gzip(accepted: str, taken: bool) -> None:
    """Accept-Encoding is read as RFC 9110 says: any case, weights, and zero as a refusal."""
    assert takes_gzip(accepted) is taken


def test_both_forms_of_a_file() -> None:
    """The compressed and the plain form have the same content and different validators; each is answered with 304 to a client
    that has it, also behind a proxy that weakened the validator."""
    found = content("a.js", SOURCE)
    packed, plain = answer(found, Headers({"accept-encoding": "gzip"}), {}), answer(found, Headers(), {})
    assert gzip.decompress(packed.body) == plain.body == SOURCE
    assert packed.headers["content-encoding"] == "gzip" and "content-encoding" not in plain.headers
    assert len(packed.body) == int(packed.headers["content-length"]) < len(SOURCE) / 10
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    tag = packed.headers["etag"]
    assert tag != plain.headers["etag"]
    for known in (tag, f"W/{tag}", f'"x", {tag}'):
        again = answer(found, Headers({"accept-encoding": "gzip", "if-none-match": known}), {})
        assert (again.status_code, again.body, again.headers["etag"]) == (304, b"", tag)
    assert answer(found, Headers({"if-none-match": tag}), {}).status_code == 200


def test_what_is_not_compressed() -> None:
    """Short files, pictures, and files that would grow stay as they are."""
    assert content("a.js", b"let a;").packed is None
    assert content("a.png", SOURCE).packed is None
    assert content("a.js", Path(__file__).read_bytes()).packed is not None


@pytest.mark.parametrize("path", ["/", "/sw.js", "/try", "/web/try.js", "/docs/files/swagger-ui.css"])
async def test_the_files_of_the_server(client: httpx2.AsyncClient, path: str) -> None:
    """Pages and their files are sent compressed to browsers, and whole to others."""
    plain = await client.get(path, headers={"accept-encoding": "identity"})
    packed = await client.get(path, headers={"accept-encoding": "gzip, deflate, br"})
    assert packed.headers["content-encoding"] == "gzip" and "content-encoding" not in plain.headers
    assert packed.content == plain.content
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"])


async def test_answers_of_the_api_are_not_compressed(client: httpx2.AsyncClient) -> None:
    """An answer that holds what a request chose, beside something secret, would tell its length (BREACH)."""
    answer = await client.get("/openapi.json", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in answer.headers
    assert "content-encoding" not in (await client.get("/api/v1/server", headers={"accept-encoding": "gzip"})).headers
