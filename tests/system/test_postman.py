"""The requests about files of the Postman collection, sent to a real server one after the other."""

from __future__ import annotations

import http.client
import json
from pathlib import Path
from typing import Any

import yaml

from tests.servers import running

REQUESTS = Path(__file__).parents[2] / "postman" / "collections" / "Suhbat" / "HTTP"
FIRST = 14_000
"""The `order` of the first one."""


def test_the_requests_about_files(tmp_path: Path) -> None:
    """Each works as it is, with the variables that those before it have filled."""
    found = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in REQUESTS.glob("*.request.yaml")]
    requests = sorted((one for one in found if one["order"] >= FIRST), key=lambda one: int(one["order"]))
    assert len(requests) == 8
    variables = {"token": "", "file": ""}
    with running("suhbat", tmp_path / "data") as server:
        for request in requests:
            status, location, body = send(server.port, request, variables)
            assert status in (200, 201), (request["url"], body)
            if b'"token"' in body:
                variables["token"] = json.loads(body)["token"]
            if location:
                variables["file"] = location.rpartition("/")[2]
    assert body == b"Salom hammaga!"


def send(port: int, request: dict[str, Any], variables: dict[str, str]) -> tuple[int, str, bytes]:
    def filled(text: str) -> str:
        for name, value in {**variables, "base_url": ""}.items():
            text = text.replace("{{" + name + "}}", value)
        return text

    headers = {one["key"]: filled(one["value"]) for one in request.get("headers", ())}
    if request["auth"]["type"] == "bearer":
        headers["Authorization"] = f"Bearer {variables['token']}"
    content = request.get("body", {}).get("content")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        body = None if content is None else filled(content).encode()
        connection.request(request["method"], filled(request["url"]), body, headers)
        answer = connection.getresponse()
        is_new = request["url"].endswith("/files")
        return answer.status, answer.headers["location"] or "" if is_new else "", answer.read()
    finally:
        connection.close()
