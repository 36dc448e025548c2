"""Incoming webhooks of a conversation."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Response
from pydantic import Field

from suhbat.chat.rate import Cost
from suhbat.errors import BadRequest, TooManyHooks
from suhbat.programs.hooks.incoming_hooks import MOST_NAME
from suhbat.protocol.types import Schema, Storable, Time

from .dependencies import READ, SAFE_WRITE, Caller, Served, weighs
from .paths import ConversationPath, valid_id
from .refusals import refuses
from .routing import resource

router = resource("/conversations/{conversation}/hooks", tags=["hooks"])

ID, TOKEN = "hq3l5x7c2ma4k6wz8d0pt9e", "Vq3Zt0yK8mW1rB6xJ4sN7uE2hC5pA9dF0gL3oQ8iT1k"
"""In examples."""

HookPath = Annotated[str, Path(max_length=64, examples=[ID])]


class NewHook(Schema):
    name: Annotated[str, Field(max_length=MOST_NAME, examples=["Grafana"]), Storable]


class HookMade(Schema):
    """`url`: where to post. It is a secret, and shown only here."""

    id: str = Field(examples=[ID])
    url: str = Field(examples=[f"https://chat.example.org/hooks/{TOKEN}"])


class HookShown(Schema):
    """A webhook as moderators see it. `maker_uid`: the account that made it, and that must be able to write there. `uid`: the
    identity that sends its messages."""

    id: str = Field(examples=[ID])
    name: str = Field(examples=["Grafana"])
    uid: str = Field(examples=["ue5yx2g7kqmzb4d6f"])
    maker_uid: str = Field(examples=["u7c1f4e2a9b8d3506"])
    created_at: Time


class HookList(Schema):
    """`outgoing`: the outgoing webhooks that are told of this conversation, of whatever member."""

    hooks: tuple[HookShown, ...]
    outgoing: tuple[HookShown, ...] = ()


@router.post("", status_code=201, dependencies=[SAFE_WRITE, weighs(Cost.ROOM)])
@refuses(BadRequest, TooManyHooks)
async def make(conversation: ConversationPath, body: NewHook, actor: Caller, services: Served) -> HookMade:
    """Make an incoming webhook: whoever has its `url` can post in the conversation, as long as you can. In rooms and in the
    lobby only moderators may make one; guests may make none."""
    hook, url = await services.hooks.make(actor, valid_id(conversation), body.name)
    return HookMade(id=hook.id, url=url)


@router.get("", dependencies=[READ])
async def page(conversation: ConversationPath, actor: Caller, services: Served) -> HookList:
    """The incoming webhooks of a conversation, the oldest first, without their addresses; and the outgoing ones."""
    name = valid_id(conversation)
    found = await services.hooks.of(actor, name), await services.outgoing_hooks.of_conversation(actor, name)
    hooks, outgoing = (tuple(HookShown.model_validate(one, from_attributes=True) for one in some) for some in found)
    return HookList(hooks=hooks, outgoing=outgoing)


@router.delete("/{hook}", status_code=204, response_class=Response, dependencies=[SAFE_WRITE])
async def remove(conversation: ConversationPath, hook: HookPath, actor: Caller, services: Served) -> None:
    """Remove an incoming webhook: one's own, or as a moderator of the conversation anybody's. What it posted stays."""
    await services.hooks.remove(actor, valid_id(conversation), hook)
