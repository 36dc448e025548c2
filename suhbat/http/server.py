"""Public facts about this server."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import Field

from suhbat import __version__
from suhbat.protocol.replies import Limits
from suhbat.protocol.types import Schema

from .dependencies import Served

router = APIRouter(tags=["server"])


class Server(Schema):
    """`access`: the setting `access`. `outside`: whether another application identifies the users. `owned`: whether
    the server has an owner; until then, the setup link makes one."""

    version: str = Field(examples=[__version__])
    access: Literal["open", "invite", "closed"]
    outside: bool
    owned: bool
    limits: Limits


@router.get("/server")
async def show(services: Served) -> Server:
    """Public facts about the server, for clients without a login. No token needed."""
    return Server(
        version=__version__,
        access=services.settings.access,
        outside=services.external is not None,
        owned=services.people.accounts.have_owner,
        limits=Limits(),
    )
