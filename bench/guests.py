"""Token guests for v1, made over HTTP before a run and given to the load generator in a file."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

AT_ONCE = 16
PATIENCE = 120.0


def create(port: int, names: Sequence[str]) -> list[str]:
    """A token for each name. Raises AssertionError for an answer other than 201."""
    asks = [("/api/v1/guests", {"user_id": name}, "") for name in names]
    return [answer["token"] for answer in post(port, asks)]


def directs(port: int, tokens: Sequence[str], peers: Sequence[str]) -> list[str]:
    """The conversation of each token's guest with the guest of that name."""
    asks = [("/api/v1/directs", {"users": [peer]}, token) for token, peer in zip(tokens, peers, strict=True)]
    return [answer["conversation"] for answer in post(port, asks)]


def write(path: Path, tokens: Sequence[str], conversations: Sequence[str] = ()) -> Path:
    """The file for `load --tokens`: a line for each member, with its own conversation if there is one."""
    rows = [f"{token} {conversations[i]}" if conversations else token for i, token in enumerate(tokens)]
    path.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def post(port: int, asks: Sequence[tuple[str, dict[str, Any], str]]) -> list[Any]:
    """The answers to (path, body, token), in order. A few requests run at once, because each waits for the disk."""
    return asyncio.run(_post(port, asks))


async def _post(port: int, asks: Sequence[tuple[str, dict[str, Any], str]]) -> list[Any]:
    answers: list[Any] = [None] * len(asks)
    left = iter(range(len(asks)))

    async def work() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for place in left:
            answers[place] = await _ask(reader, writer, port, *asks[place])
        writer.close()

    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(work() for _ in range(min(AT_ONCE, len(asks)))))
    return answers


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, path: str, body: dict[str, Any], token: str
) -> Any:
    payload = json.dumps(body)
    bearer = f"Authorization: Bearer {token}\r\n" if token else ""
    writer.write(
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n{bearer}"
        f"Content-Length: {len(payload)}\r\n\r\n{payload}".encode()
    )
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = int(head.partition("content-length:")[2].partition("\r\n")[0])
    answer = json.loads(await reader.readexactly(length))
    assert head.startswith("http/1.1 201"), (path, body, answer)
    return answer
