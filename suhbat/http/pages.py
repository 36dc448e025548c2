"""Serves the web client and the page to try the simple dialect.

The sources in `suhbat/web/` are plain modules and style sheets. At the first request they are joined into one file each
(`bundle`), under a path that contains a digest of everything, the *version*. So a page and its files are always of one
version: a browser that has the page asks for the files of the same version, and may keep them for ever.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from suhbat.protocol.headers import CONTENT_SECURITY_POLICY

from . import bundle
from .files import MEDIA_TYPES, Content, Files, answer, content

WEB = Path(__file__).parent.parent / "web"

POLICY = (
    CONTENT_SECURITY_POLICY
    + "; manifest-src 'self'; worker-src 'self'; require-trusted-types-for 'script'; trusted-types suhbat"
)
"""The policy of our own pages. Even a mistake in our scripts cannot turn a text into markup or code (W3C Trusted Types)."""

ENTRY = "js/main.js"
APART = frozenset(f"js/text/emoji-{name}.js" for name in ("data", "en", "ru", "uz"))
"""Modules that are large and not needed at first. Each stays a file of its own."""
KEPT = (
    "manifest.webmanifest",
    *(f"web/{name}" for name in ("icon.svg", "icon-maskable.svg", "icon-unread.svg", "icon-192.png", "badge.png")),
)
"""Further files that the page needs without a network."""

OF_ANOTHER_VERSION = b"setTimeout(() => location.reload(), 2000);\n"
"""Answers for the script of a version that this node does not have: while nodes are being updated, the page may come from
one and its script from another. Loading again leads to one version."""

_STYLES = re.compile(r'  <link rel="stylesheet" href="web/([^"]+)">\n')


@dataclass(frozen=True)
class Client:
    """The files of the web client, by their path below the root; "" is the page itself."""

    version: str
    files: Mapping[str, Content]


def build(directory: Path) -> Client:
    """Join the sources of the client. Takes some 200 ms, the half of it for compressing."""
    sources = {
        path.relative_to(directory).as_posix(): path.read_text(encoding="utf-8")
        for path in directory.rglob("*")
        if path.suffix in (".js", ".css")
    }
    page = (directory / "index.html").read_text(encoding="utf-8")
    texts = {
        "app.js": bundle.modules(sources, ENTRY, apart=APART),
        "app.css": bundle.styles(sources, _STYLES.findall(page)),
        "theme.js": bundle.without_comments(sources["js/theme.js"]),
        **{path.rpartition("/")[2]: sources[path] for path in sorted(APART)},
    }
    worker = sources["sw.js"]
    kept = [(directory / path.removeprefix("web/")).read_bytes() for path in KEPT]
    version = _digest(page, worker, POLICY, *texts.values(), *kept)
    place = f"page/{version}"
    page = _STYLES.sub(
        "", page.replace("</title>\n", f'</title>\n  <link rel="stylesheet" href="{place}/app.css">\n', 1)
    )
    page = page.replace("web/js/theme.js", f"{place}/theme.js").replace("web/js/main.js", f"{place}/app.js")
    names = ["", *KEPT, *(f"{place}/{name}" for name in texts)]
    head = f"const VERSION = {json.dumps(version)};\nconst FILES = {json.dumps(names)};\n"
    files = {
        "": content("index.html", page.encode()),
        "sw.js": content("sw.js", (head + worker).encode()),
        **{f"{place}/{name}": content(name, text.encode()) for name, text in texts.items()},
    }
    return Client(version, files)


def _digest(*parts: str | bytes) -> str:
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        whole.update(len(data).to_bytes(8, "big") + data)
    return whole.hexdigest()[:16]


class Built:
    """The client, built at the first use. It is built again when a source has changed, so that a developer only loads the page
    again. Looking for changes takes half a millisecond: call this in a thread."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._seen: list[int] = []
        self._client: Client | None = None

    def __call__(self) -> Client:
        with self._lock:
            seen = _changes(self._directory)
            if self._client is None or seen != self._seen:
                self._client, self._seen = build(self._directory), seen
            return self._client


@functools.cache
def built(directory: Path) -> Built:
    """The client of this directory, one for all applications of the process."""
    return Built(directory)


def _changes(directory: Path) -> list[int]:
    """The time of the last change of every file."""
    return [Path(place, name).stat().st_mtime_ns for place, _, names in os.walk(directory) for name in sorted(names)]


def install(app: FastAPI, directory: Path = WEB) -> None:
    """Serve the client at `/` and `/setup`, its files below `/page/`, the page for the simple dialect at `/try`, and the
    sources at `/web/*`. The functions below are synchronous, so FastAPI runs them in threads."""
    client = built(directory)

    def of_client(path: str, cache: str = "no-cache") -> Callable[[Request], Response]:
        def get(request: Request) -> Response:
            headers = {"cache-control": cache, "content-security-policy": POLICY}
            return answer(client().files[path], request.headers, headers)

        return get

    for address, path, cache in (("/", "", "no-cache"), ("/setup", "", "no-store"), ("/sw.js", "sw.js", "no-cache")):
        # The worker is beside the page, because a service worker controls only the paths below its own.
        app.get(address, include_in_schema=False)(of_client(path, cache))

    @app.get("/page/{version}/{name}", include_in_schema=False)
    def part(version: str, name: str, request: Request) -> Response:
        found = client().files.get(f"page/{version}/{name}")
        if found is not None:
            return answer(found, request.headers, {"cache-control": "public, max-age=31536000, immutable"})
        # A worker that fetches the files of its version must not take this for one of them.
        if name == "app.js" and request.headers.get("sec-fetch-dest") == "script":
            return Response(OF_ANOTHER_VERSION, media_type=MEDIA_TYPES[".js"])
        raise HTTPException(404)

    for address, name in (("/try", "try.html"), ("/manifest.webmanifest", "manifest.webmanifest")):

        def get(request: Request, name: str = name) -> Response:
            headers = {"cache-control": "no-cache", "content-security-policy": POLICY}
            return answer(content(name, (directory / name).read_bytes()), request.headers, headers)

        app.get(address, include_in_schema=False)(get)

    app.mount("/web", Files(directory=directory, check_dir=False))
