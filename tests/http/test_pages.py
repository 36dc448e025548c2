"""Everything except the API: health, metrics, documents and pages."""

from __future__ import annotations

import json
import re
from pathlib import Path
from shutil import copytree
from typing import Any

import httpx2
import pytest

from suhbat.http import pages
from suhbat.protocol.commands import COMMANDS
from suhbat.protocol.events import EVENTS
from suhbat.protocol.notices import NOTICES
from suhbat.protocol.replies import REPLIES
from tests.http.conftest import House
from tests.http.test_problem import assert_problem


async def test_health(house: House) -> None:
    """healthz does not ask the store; readyz does."""
    async with house.client() as client:
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/readyz")).status_code == 200
        house.store.broken = OSError("gone")
        assert (await client.get("/healthz")).status_code == 200
        assert_problem(await client.get("/readyz"), 503, "busy")


async def test_figures_are_for_this_machine(house: House) -> None:
    """Prometheus's text format over loopback."""
    for address in ("127.0.0.1", "::1"):
        async with house.client(address) as client:
            answer = await client.get("/metrics")
            assert answer.status_code == 200 and "suhbat_test_total 1.0" in answer.text
            assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("203.0.113.9", {}),
        ("203.0.113.9", {"x-forwarded-for": "127.0.0.1"}),
        ("127.0.0.1", {"x-forwarded-for": "127.0.0.1"}),
        ("127.0.0.1", {"forwarded": "for=127.0.0.1"}),
        ("127.0.0.1", {"host": "chat.example.org"}),
        ("127.0.0.1", {"host": "localhost.evil.example"}),
    ],
)
async def test_figures_are_for_nobody_else(house: House, address: str, headers: dict[str, str]) -> None:
    """They are not found from elsewhere, through a proxy on this machine, or by a rebound name."""
    async with house.client(address) as client:
        assert_problem(await client.get("/metrics", headers=headers), 404, "not_found")


async def test_openapi(client: httpx2.AsyncClient) -> None:
    """Every operation has a description; the bearer scheme is declared. See also test_refusals and test_shown."""
    document = (await client.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    for path in document["paths"].values():
        for operation in path.values():
            assert operation["description"]
    assert _dangling(document) == set()
    assert "HTTPValidationError" not in document["components"]["schemas"]
    assert "HTTPBearer" in document["components"]["securitySchemes"]


async def test_asyncapi(client: httpx2.AsyncClient) -> None:
    """Every command, reply, event and notice is described, and every reference resolves."""
    document = (await client.get("/asyncapi.json")).json()
    assert document["asyncapi"] == "3.0.0"
    messages = document["components"]["messages"]
    for model in (*COMMANDS, *REPLIES, *EVENTS, *NOTICES):
        assert messages[model.__name__]["summary"]
        assert model.__name__ in document["channels"]["v1"]["messages"]
    assert messages["MessageCreated"]["name"] == "message.created"
    assert {"SimpleSend", "SimpleMessage"} <= set(document["channels"]["simple"]["messages"])
    assert _dangling(document) == set()


@pytest.mark.parametrize("path", ["/", "/setup", "/try", "/docs"])
async def test_pages_load_nothing_foreign(client: httpx2.AsyncClient, path: str) -> None:
    """The policy is strict; nothing is inline, and no address is of another host."""
    answer = await client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert 'src="http' not in answer.text and "<style" not in answer.text
    assert "onclick" not in answer.text and "<script>" not in answer.text


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/web/try.js", "text/javascript; charset=utf-8"),
        ("/web/try.css", "text/css; charset=utf-8"),
        ("/docs/start.js", "text/javascript; charset=utf-8"),
        ("/docs/files/swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
        ("/docs/files/swagger-ui.css", "text/css; charset=utf-8"),
    ],
)
async def test_files_have_their_types(client: httpx2.AsyncClient, path: str, media_type: str) -> None:
    """With nosniff a wrong type would break the page; the type must not depend on the system's table."""
    answer = await client.get(path)
    assert answer.status_code == 200 and answer.headers["content-type"] == media_type


async def test_unchanged_files_are_not_sent_again(client: httpx2.AsyncClient) -> None:
    """A browser revalidates each time and gets 304."""
    first = await client.get("/web/try.css")
    again = await client.get("/web/try.css", headers={"if-none-match": first.headers["etag"]})
    assert (first.headers["cache-control"], again.status_code) == ("no-cache", 304)


@pytest.mark.parametrize(
    "path", ["/web/..%2fhttp%2fapi.py", "/web/%2e%2e/http/api.py", "/docs/files/..%2f..%2f__init__.py"]
)
async def test_nothing_outside_the_directory_is_served(client: httpx2.AsyncClient, path: str) -> None:
    """No path leads out of the directory."""
    assert_problem(await client.get(path), 404, "not_found")


def _dangling(document: dict[str, Any]) -> set[str]:
    found = set()

    def visit(part: Any) -> None:
        if isinstance(part, dict):
            reference = part.get("$ref")
            if isinstance(reference, str):
                target: Any = document
                for step in reference.removeprefix("#/").split("/"):
                    target = target.get(step) if isinstance(target, dict) else None
                if target is None:
                    found.add(reference)
            for value in part.values():
                visit(value)
        elif isinstance(part, list):
            for value in part:
                visit(value)

    visit(document)
    return found


def page_files(text: str) -> list[str]:
    """The addresses of the scripts and styles of the page."""
    return re.findall(r'(?:src|href)="(page/[^"]+)"', text)


async def test_the_page_and_its_files_are_of_one_version(client: httpx2.AsyncClient) -> None:
    """The page names three files of one version, which browsers may keep for ever. The worker names the same version, and all
    files that it names exist."""
    page = await client.get("/")
    names = page_files(page.text)
    assert sorted(name.rpartition("/")[2] for name in names) == ["app.css", "app.js", "theme.js"]
    version = names[0].split("/")[1]
    assert {name.split("/")[1] for name in names} == {version}
    worker = (await client.get("/sw.js")).text
    assert f'VERSION = "{version}"' in worker
    found = re.search(r"FILES = (.*);", worker)
    assert found and set(names) < set(json.loads(found[1]))
    for name in json.loads(found[1]):
        answer = await client.get(f"/{name}")
        assert answer.status_code == 200, name
        kept = "public, max-age=31536000, immutable" if name.startswith("page/") else "no-cache"
        assert answer.headers["cache-control"] == kept


async def test_the_script_of_another_version_loads_the_page_again(client: httpx2.AsyncClient) -> None:
    """While nodes are updated, a page may come from one node and its script from another. Then the page loads again, and
    nobody keeps that answer. Other files of another version, and a script for a worker's cache, are not found."""
    script = await client.get("/page/0123456789abcdef/app.js", headers={"sec-fetch-dest": "script"})
    assert (script.status_code, script.headers["cache-control"]) == (200, "no-store")
    assert "location.reload()" in script.text
    assert_problem(await client.get("/page/0123456789abcdef/app.js"), 404, "not_found")
    assert_problem(await client.get("/page/0123456789abcdef/app.css"), 404, "not_found")


def test_every_change_makes_another_version(tmp_path: Path) -> None:
    """A changed module, style sheet, icon or worker makes another version; the same sources make the same one."""
    copytree(pages.WEB, tmp_path / "web")
    built = pages.Built(tmp_path / "web")
    versions = [built().version]
    assert pages.build(pages.WEB).version == versions[0] and built().version == versions[0]
    for name in ("js/text/time.js", "css/base.css", "icon.svg", "sw.js", "js/text/emoji-data.js"):
        file = tmp_path / "web" / name
        file.write_bytes(file.read_bytes() + (b" " if name.endswith("svg") else b"\n/**/\n"))
        versions.append(built().version)
    assert len(set(versions)) == len(versions)
