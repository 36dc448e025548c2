"""The calls of `Suhbat` for webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal
from urllib.parse import quote

from .asking import Asking


class HookCalls(Asking):
    """Part of `Suhbat`. The results are as docs/reference/http.md has them. All raise Refused. After a broken connection they
    are repeated, but what makes a webhook or a delivery raises Unreachable: it may have been made, then it is in the list."""

    async def make_incoming_hook(self, conversation: str, name: str) -> dict[str, Any]:
        """A new incoming webhook: `{id, url}`. Its `url` is a secret that is shown only here."""
        return await self._make(_incoming(conversation), {"name": name})

    async def incoming_hooks(self, conversation: str) -> list[dict[str, Any]]:
        """The incoming webhooks of a conversation."""
        found: list[dict[str, Any]] = (await self._get(_incoming(conversation)))["hooks"]
        return found

    async def remove_incoming_hook(self, conversation: str, id: str) -> None:
        await self._transfers.insist("DELETE", f"{_incoming(conversation)}/{quote(id, safe='')}")

    async def make_hook(
        self,
        url: str,
        conversations: Sequence[str] | Literal["all"],
        events: Sequence[str] = ("message.created",),
        name: str = "",
    ) -> dict[str, Any]:
        """A new outgoing webhook: `{id, secret}`. Its `secret` is shown only here."""
        places = conversations if conversations == "all" else list(conversations)
        body = {"url": url, "conversations": places, "events": list(events), "name": name}
        return await self._make("/hooks", body)

    async def hooks(self) -> list[dict[str, Any]]:
        """The outgoing webhooks of the user."""
        found: list[dict[str, Any]] = (await self._get("/hooks"))["hooks"]
        return found

    async def switch_hook(self, id: str, on: bool) -> None:
        """Switch an outgoing webhook off, or on again: then it goes on where it stopped."""
        await self._transfers.insist("PATCH", _outgoing(id), {"on": on})

    async def remove_hook(self, id: str) -> None:
        await self._transfers.insist("DELETE", _outgoing(id))

    async def hook_deliveries(self, id: str) -> list[dict[str, Any]]:
        """The last deliveries of an outgoing webhook, the newest first. `reason` says why there was no answer, `next_at` when
        the next attempt is due."""
        found: list[dict[str, Any]] = (await self._get(f"{_outgoing(id)}/deliveries"))["deliveries"]
        return found

    async def deliver_again(self, id: str, n: int) -> dict[str, Any]:
        """Repeat a delivery now. One that still waits is not sent twice: its attempt is brought forward."""
        return await self._make(f"{_outgoing(id)}/deliveries/{n}/again", {})

    async def test_hook(self, id: str) -> dict[str, Any]:
        """Send a test now: the delivery, with what the receiver answered."""
        return await self._make(f"{_outgoing(id)}/test", {})

    async def _get(self, path: str) -> dict[str, Any]:
        return dict((await self._transfers.insist("GET", path)).body)

    async def _make(self, path: str, body: object) -> dict[str, Any]:
        return dict((await self._transfers.insist("POST", path, body, once=True)).body)


def _incoming(conversation: str) -> str:
    return f"/conversations/{quote(conversation, safe='')}/hooks"


def _outgoing(id: str) -> str:
    return f"/hooks/{quote(id, safe='')}"
