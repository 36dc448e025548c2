"""Webhooks in the store. Writes are durable on return, or raise Busy."""

from __future__ import annotations

from typing import Protocol

from suhbat.chat.model import Actor, IncomingHook


class HookStore(Protocol):
    """Incoming webhooks. Who may make and remove them is decided in the transaction (the action `hook` of the policy)."""

    async def add_hook(self, actor: Actor, hook: IncomingHook, at: int, *, of_conversation: int, of_maker: int) -> None:
        """Insert an incoming webhook. Raises the refusal of the policy; TooManyHooks if there are so many already in the
        conversation, or by this maker."""
        ...

    async def hooks_of(self, actor: Actor, conversation: str) -> list[IncomingHook]:
        """The incoming webhooks of a conversation, the oldest first. Raises the refusal of the policy."""
        ...

    async def end_hook(self, actor: Actor, conversation: str, id: str, at: int) -> None:
        """Delete an incoming webhook. Its maker always may. Raises NotFound if there is none there; the refusal."""
        ...

    async def hook_by_token(self, token_hash: bytes) -> IncomingHook | None: ...
