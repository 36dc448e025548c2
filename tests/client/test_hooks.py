"""Webhooks, with the SDK."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from suhbat.client import Refused, Suhbat
from tests.servers import running

from .server import PATIENCE


async def test_webhooks(tmp_path: Path) -> None:
    """They are made, listed, switched and removed; guests may make none."""
    with running("suhbat", tmp_path / "data", outgoing_allow="127.0.0.0/8") as real:
        token = real.request("POST", "/api/v1/accounts", {"user_id": "ali", "password": "uzun parol 1"})[1]["token"]
        made = {"title": "Xona"}
        room = real.request("POST", "/api/v1/conversations", made, token=token)[1]["conversation"]
        async with asyncio.timeout(PATIENCE), Suhbat(real.url, token=token) as ali:
            hook = await ali.make_incoming_hook(room, "CI")
            assert hook["url"].startswith("/hooks/")
            assert [one["name"] for one in await ali.incoming_hooks(room)] == ["CI"]
            await ali.remove_incoming_hook(room, hook["id"])
            assert await ali.incoming_hooks(room) == []

            outgoing = await ali.make_hook("http://127.0.0.1:1/", [room], ["message.edited"])
            assert outgoing["secret"].startswith("whsec_")
            await ali.switch_hook(outgoing["id"], False)
            (listed,) = await ali.hooks()
            assert (listed["on"], listed["events"], listed["name"]) == (False, ["message.edited"], "127.0.0.1:1")
            assert await ali.hook_deliveries(outgoing["id"]) == []
            with pytest.raises(Refused):
                await ali.deliver_again(outgoing["id"], 1)
            tried = await ali.test_hook(outgoing["id"])
            assert (tried["event"], tried["n"], tried["attempts"]) == ("test", 1, 1)
            assert (tried["status"], tried["reason"], tried["next_at"]) == (0, "refused", None)
            assert await ali.hook_deliveries(outgoing["id"]) == [tried]
            assert (await ali.deliver_again(outgoing["id"], 1))["attempts"] == 2
            await ali.remove_hook(outgoing["id"])
        async with asyncio.timeout(PATIENCE), Suhbat(real.url, name="mehmon") as guest:
            with pytest.raises(Refused):
                await guest.make_hook("https://hooks.example.org/", "all")
