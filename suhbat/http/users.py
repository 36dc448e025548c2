"""Other users."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from suhbat.chat.model import Actor
from suhbat.errors import NotFound
from suhbat.protocol.objects import Person
from suhbat.protocol.types import Schema
from suhbat.services import Services

from .dependencies import READ, Caller, Served
from .paths import UidQuery, UserPath
from .refusals import refuses

router = APIRouter(prefix="/users", tags=["users"])


class FoundUsers(Schema, title="People"):
    __qualname__ = "People"  # the name in /openapi.json, which does not change

    users: tuple[Person, ...]


@router.get("")
async def search(
    actor: Caller,
    services: Served,
    query: Annotated[str, Query(max_length=64)] = "",
    limit: Annotated[int, Query(ge=1, le=50)] = 20,
) -> FoundUsers:
    """Accounts whose name, or a word of whose display name, begins with `query` (an @ before it is ignored), and the guest
    with exactly that name."""
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


def _person(actor: Actor, services: Services) -> Person:
    account = services.people.accounts.of_uid(actor.uid)
    display_name = actor.user_id if account is None else account.display_name
    return Person(uid=actor.uid, user_id=actor.user_id, kind=actor.kind, display_name=display_name, role=actor.role)
