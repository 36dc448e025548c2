"""Push subscriptions of the caller's browsers."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Request, Response
from pydantic import Field

from suhbat.chat.rate import Cost
from suhbat.errors import BadRequest, EndpointInUse, Forbidden, NotFound
from suhbat.identity.sessions import MAX_LABEL
from suhbat.identity.user_directory import Login
from suhbat.notify.trial import Outcome
from suhbat.protocol.types import Schema, Storable, Time

from .dependencies import READ, SAFE_WRITE, LoggedIn, Served, weighs
from .problem import language_of_request
from .refusals import refuses
from .routing import resource
from .sessions import label_of

router = resource("/push", tags=["push"])

ENDPOINT = "https://push.example.org/send/k3f9"
P256DH = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH, SUBSCRIPTION = "BTBZMqHH6r4Tts7J_aSIgg", "pi3z6rw4q2dyddfn6patw7k"
"""In examples; the keys are those of RFC 8291."""


class SubscriptionKeys(Schema):
    """Both in base64url: a point of P-256 with 65 bytes, and 16 bytes."""

    p256dh: Annotated[str, Field(max_length=128, examples=[P256DH])]
    auth: Annotated[str, Field(max_length=64, examples=[AUTH])]


class NewSubscription(Schema):
    """`PushSubscription.toJSON()` of a browser. `label`: the User-Agent, if it is not given."""

    endpoint: Annotated[str, Field(min_length=1, max_length=4096, examples=[ENDPOINT]), Storable]
    keys: SubscriptionKeys
    label: Annotated[str, Field(max_length=MAX_LABEL, examples=["Firefox"]), Storable] | None = None


class SubscriptionMade(Schema):
    id: str = Field(examples=[SUBSCRIPTION])


class SubscriptionShown(Schema):
    """A subscription as its owner sees it. `last_used_at`: the last push that arrived, or the last time that it was sent."""

    id: str = Field(examples=[SUBSCRIPTION])
    label: str = Field(examples=["Firefox"])
    created_at: Time
    last_used_at: Time


class SubscriptionList(Schema):
    subscriptions: tuple[SubscriptionShown, ...]


class Tried(Schema):
    """`sent`: the push service has it. `ended`: it does not know the browser any more, so the subscription is deleted.
    `later`: it does not answer now. `refused`: it refuses this server."""

    result: Outcome


@router.post("", status_code=201, responses={200: {"model": SubscriptionMade}}, dependencies=[SAFE_WRITE])
@refuses(BadRequest, EndpointInUse)
async def subscribe(
    request: Request, body: NewSubscription, login: LoggedIn, services: Served, response: Response
) -> SubscriptionMade:
    """Send pushes to this browser. 200 if its endpoint was known: it may be sent again at each start. It ends with the login
    session of the request. Of more than 16, the one that was not used for the longest time ends."""
    label = (label_of(request) if body.label is None else body.label)[:MAX_LABEL]
    id, was_known = await services.pushes.save(
        login.actor.uid, _session_of(login), body.endpoint, body.keys.p256dh, body.keys.auth, label
    )
    if was_known:
        response.status_code = 200
    return SubscriptionMade(id=id)


@router.get("", dependencies=[READ])
async def index(login: LoggedIn, services: Served) -> SubscriptionList:
    """The push subscriptions of the caller, the oldest first."""
    _session_of(login)
    found = await services.pushes.of(login.actor.uid)
    return SubscriptionList(
        subscriptions=tuple(SubscriptionShown.model_validate(one, from_attributes=True) for one in found)
    )


@router.delete("/{id}", status_code=204, response_class=Response, dependencies=[SAFE_WRITE])
@refuses(NotFound)
async def end(id: Annotated[str, Path(examples=[SUBSCRIPTION])], login: LoggedIn, services: Served) -> None:
    """End one of the caller's push subscriptions. 404 for those of others and unknown ones."""
    _session_of(login)
    await services.pushes.end(login.actor.uid, id)


@router.post("/{id}/test", dependencies=[SAFE_WRITE, weighs(Cost.TRIAL)])
@refuses(NotFound)
async def test(
    request: Request, id: Annotated[str, Path(examples=[SUBSCRIPTION])], login: LoggedIn, services: Served
) -> Tried:
    """Send a push to one of the caller's browsers now, also in quiet hours, so that they see whether pushes arrive. Returns
    when the push service has answered, after 15 s at the latest. Counts as five messages for `send_rate`."""
    _session_of(login)
    return Tried(result=await services.push_trial.send(login.actor.uid, id, language_of_request(request)))


def _session_of(login: Login) -> str:
    """Raises Forbidden for guests, and for accounts of another application, which have no login session that could end."""
    if login.session is None:
        raise Forbidden("forbidden.push")
    return login.session
