"""Other users."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from suhbat.chat.model import Actor
from suhbat.errors import BadRequest, NotFound
from suhbat.identity.profile import person_of
from suhbat.protocol.objects import Person
from suhbat.protocol.types import Schema
from suhbat.services import Services

from .dependencies import READ, Caller, Served
from .paths import UidQuery, UserPath
from .refusals import refuses
from .routing import resource

router = resource("/users", tags=["users"])


AT_ONCE = 50
"""Users of one request."""

Uids = Annotated[list[str], Query(alias="uid", max_length=AT_ONCE, description="Uids: the users with these, instead.")]
UserIds = Annotated[
    list[str], Query(alias="user_id", max_length=AT_ONCE, description="Names: the users who have these now, instead.")
]


class FoundUsers(Schema, title="People"):
    __qualname__ = "People"  # the name in /openapi.json, which does not change

    users: tuple[Person, ...]


@router.get("", dependencies=[READ])
@refuses(BadRequest)
async def search(
    actor: Caller,
    services: Served,
    query: Annotated[str, Query(max_length=64)] = "",
    limit: Annotated[int, Query(ge=1, le=AT_ONCE)] = 20,
    uids: Uids = [],  # noqa: B006 (FastAPI copies it)
    user_ids: UserIds = [],  # noqa: B006 (the same)
) -> FoundUsers:
    """Accounts whose name, or a word of whose display name, begins with `query` (an @ before it is ignored), and the guest
    with exactly that name.

    With `uid` or `user_id`, each of which may be repeated, up to 50 in all: exactly these users, for example the authors of a
    page of messages. A uid also finds who has left: a disabled or erased account, or a guest who is gone. Unknown ones are
    left out.
    """
    if uids or user_ids:
        return await _these(uids, user_ids, services)
    query = query.strip().removeprefix("@")
    found = {account.uid: account.actor for account in services.people.accounts.search(query, limit)}
    await services.people.refresh(query)
    exact = services.people.find(query)
    if exact is not None:
        found = {exact.uid: exact} | found
    return FoundUsers(users=tuple(_person(other, services) for other in list(found.values())[:limit]))


@router.get("/{user_id}", dependencies=[READ])
@refuses(NotFound)
async def show(user_id: UserPath, actor: Caller, services: Served, uid: UidQuery = None) -> Person:
    """The user with this name. 404 if there is none, if the account is disabled, or if `uid` is given and is not theirs."""
    await services.people.refresh(user_id)
    found = services.people.find(user_id)
    if found is None or uid not in (None, found.uid):
        raise NotFound()
    return _person(found, services)


async def _these(uids: list[str], user_ids: list[str], services: Services) -> FoundUsers:
    if len(uids) + len(user_ids) > AT_ONCE:
        raise BadRequest(reason=f"at most {AT_ONCE} of uid and user_id")
    found = await services.people.of_uids(uids)
    await services.people.refresh(*user_ids)
    for user_id in user_ids:
        if (holder := services.people.find(user_id)) is not None:
            found[holder.uid] = holder
    return FoundUsers(users=tuple(_person(other, services) for other in found.values()))


def _person(actor: Actor, services: Services) -> Person:
    account = services.people.accounts.of_uid(actor.uid)
    if account is not None:
        return person_of(account)
    return Person(uid=actor.uid, user_id=actor.user_id, kind=actor.kind, display_name=actor.user_id, role=actor.role)
