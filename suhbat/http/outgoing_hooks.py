"""Outgoing webhooks of the caller."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from fastapi import Path, Response
from pydantic import Field

from suhbat.chat.model import HookDelivery, HookEnd, NoAnswer, OutgoingHook
from suhbat.chat.rate import Cost
from suhbat.errors import BadRequest, Forbidden, NotFound, TooManyHooks
from suhbat.programs.hooks.incoming_hooks import MOST_NAME
from suhbat.programs.hooks.outgoing_hooks import MOST_CONVERSATIONS, MOST_URL
from suhbat.protocol.types import LOBBY, MAX_INTEGER, Schema, Storable, Time

from .dependencies import READ, SAFE_WRITE, Caller, Served, weighs
from .refusals import refuses
from .routing import resource

router = resource("/hooks", tags=["hooks"])

ID, URL, SECRET = (
    "kq3l5x7c2ma4k6wz8d0pt9e",
    "https://warehouse.example.org/suhbat",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
)
"""In examples."""

HookPath = Annotated[str, Path(max_length=64, examples=[ID])]
NumberPath = Annotated[int, Path(ge=1, le=MAX_INTEGER, description="The `n` of a delivery.", examples=[7])]
EventType = Literal[
    "message.created", "message.edited", "message.deleted", "message.pinned", "message.unpinned", "reaction.added",
    "reaction.removed", "member.joined", "member.left", "member.updated", "member.muted", "conversation.updated",
]  # fmt: skip
EventTypes = Annotated[list[EventType], Field(min_length=1, max_length=len(get_args(EventType)), fail_fast=True)]
Conversations = Annotated[
    list[Annotated[str, Field(max_length=64), Storable]],
    Field(min_length=1, max_length=MOST_CONVERSATIONS, fail_fast=True),
]


class NewOutgoingHook(Schema):
    """`conversations`: their ids, or `all`: the rooms in which you are at the time of an event, never directs. `events`: which
    types. `name`: with which its answers are shown; the host of `url` if it is left out."""

    url: Annotated[str, Field(max_length=MOST_URL, examples=[URL]), Storable]
    conversations: Conversations | Literal["all"] = Field(examples=[[LOBBY]])
    events: EventTypes = Field(default=["message.created"], examples=[["message.created"]])
    name: Annotated[str, Field(max_length=MOST_NAME, examples=["Warehouse"]), Storable] = ""


class OutgoingHookMade(Schema):
    """`secret`: with which requests are signed. It is shown only here."""

    id: str = Field(examples=[ID])
    secret: str = Field(examples=[SECRET])


class FailedAttempt(Schema):
    """`status`: what the receiver answered; 0 if it did not answer, and then `reason` says why."""

    at: Time
    status: int = Field(examples=[502])
    reason: NoAnswer | None = None


class OutgoingHookShown(Schema):
    """A webhook as its maker sees it. `off`: why it was switched off; null if it is on, or its maker did it. `failed`: the last
    attempt, if it failed, so that events wait."""

    id: str = Field(examples=[ID])
    name: str = Field(examples=["Warehouse"])
    uid: str = Field(examples=["ue5yx2g7kqmzb4d6f"])
    url: str = Field(examples=[URL])
    conversations: tuple[str, ...] | Literal["all"] = Field(examples=[[LOBBY]])
    events: tuple[str, ...] = Field(examples=[["message.created"]])
    on: bool = Field(examples=[True])
    off: HookEnd | None = None
    failed: FailedAttempt | None = None
    created_at: Time


class OutgoingHookList(Schema):
    hooks: tuple[OutgoingHookShown, ...]


class Switch(Schema):
    on: bool = Field(examples=[True])


class Delivery(Schema):
    """An event that was sent. `status`: what the receiver answered last; 0 if it did not answer, and then `reason` says why.
    `at`: of the last attempt. `next_at`: when the next one is due; null if none is, because it has arrived, is a test, or the
    webhook is switched off. A test has the event `test`, the conversation `@me` and `seq` 0."""

    n: int = Field(examples=[7])
    conversation: str = Field(examples=[LOBBY])
    seq: int = Field(examples=[12])
    event: str = Field(examples=["message.created"])
    status: int = Field(examples=[200])
    reason: NoAnswer | None = None
    attempts: int = Field(examples=[1])
    at: Time
    next_at: Time | None = None


class DeliveryList(Schema):
    deliveries: tuple[Delivery, ...]


@router.post("", status_code=201, dependencies=[SAFE_WRITE, weighs(Cost.ROOM)])
@refuses(BadRequest, Forbidden, NotFound, TooManyHooks)
async def make_outgoing(body: NewOutgoingHook, actor: Caller, services: Served) -> OutgoingHookMade:
    """Make an outgoing webhook: events that you may read are sent to `url`, signed by Standard Webhooks, in the order of their
    conversation. Guests may make none."""
    places = None if body.conversations == "all" else body.conversations
    hook = await services.outgoing_hooks.make(actor, body.url, places, body.events, body.name)
    return OutgoingHookMade(id=hook.id, secret=hook.secret)


@router.get("", dependencies=[READ])
@refuses(Forbidden)
async def page_of_outgoing(actor: Caller, services: Served) -> OutgoingHookList:
    """Your outgoing webhooks, the oldest first, without their secrets."""
    return OutgoingHookList(hooks=tuple(map(_shown, await services.outgoing_hooks.of(actor))))


@router.patch("/{hook}", status_code=204, response_class=Response, dependencies=[SAFE_WRITE])
@refuses(Forbidden, NotFound)
async def switch_outgoing(hook: HookPath, body: Switch, actor: Caller, services: Served) -> None:
    """Switch a webhook off or on. Switched on, it goes on where it stopped."""
    await services.outgoing_hooks.switch(actor, hook, body.on)


@router.delete("/{hook}", status_code=204, response_class=Response, dependencies=[SAFE_WRITE])
@refuses(Forbidden, NotFound)
async def remove_outgoing(hook: HookPath, actor: Caller, services: Served) -> None:
    """Remove a webhook."""
    await services.outgoing_hooks.remove(actor, hook)


@router.get("/{hook}/deliveries", dependencies=[READ])
@refuses(Forbidden, NotFound)
async def deliveries_of(hook: HookPath, actor: Caller, services: Served) -> DeliveryList:
    """The last 100 deliveries of a webhook, the newest first."""
    return DeliveryList(deliveries=tuple(map(_delivery, await services.outgoing_hooks.deliveries(actor, hook))))


@router.post("/{hook}/deliveries/{n}/again", dependencies=[SAFE_WRITE, weighs(Cost.TRIAL)])
@refuses(Forbidden, NotFound)
async def deliver_again(hook: HookPath, n: NumberPath, actor: Caller, services: Served) -> Delivery:
    """Repeat a delivery now, also of a webhook that is switched off. The answer tells what the receiver answered. One that
    still waits is not sent twice: this is its next attempt, and if the webhook is sending at this moment, the attempt follows,
    and `at` is still that of the last one."""
    return _delivery(await services.outgoing_hooks.again(actor, hook, n))


@router.post("/{hook}/test", dependencies=[SAFE_WRITE, weighs(Cost.TRIAL)])
@refuses(Forbidden, NotFound)
async def try_outgoing(hook: HookPath, actor: Caller, services: Served) -> Delivery:
    """Send a test now, also by a webhook that is switched off: a signed request of the type `test`, which is logged as a
    delivery and not repeated by itself. Returns when the receiver has answered, after 10 s at the latest. Counts as five
    messages for `send_rate`."""
    return _delivery(await services.outgoing_hooks.test(actor, hook))


def _shown(hook: OutgoingHook) -> OutgoingHookShown:
    failed = None
    if hook.failures and hook.failed_at is not None:
        failed = FailedAttempt(at=hook.failed_at, status=hook.failed_status or 0, reason=hook.failed_reason)
    return OutgoingHookShown(
        id=hook.id,
        name=hook.name,
        uid=hook.uid,
        url=hook.url,
        conversations="all" if hook.conversations is None else hook.conversations,
        events=hook.types,
        on=hook.is_on,
        off=hook.off,
        failed=failed,
        created_at=hook.created_at,
    )


def _delivery(one: HookDelivery) -> Delivery:
    return Delivery.model_validate(one, from_attributes=True)
