"""What everybody may know of this server before they are anybody here."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import Field

from suhbat import __version__
from suhbat.protocol.replies import Limits
from suhbat.protocol.types import Wire

from .parts import House

router = APIRouter(tags=["server"])


class Server(Wire):
    """`access`: who may come in (see the setting). `outside`: another application says who people are. `owned`: whether the
    server has an owner yet; until then the setup link makes one."""

    version: str = Field(examples=[__version__])
    access: Literal["open", "invite", "closed"]
    outside: bool
    owned: bool
    limits: Limits


@router.get("/server")
async def show(parts: House) -> Server:
    """What a page needs before it can ask somebody in. No token needed."""
    return Server(
        version=__version__,
        access=parts.settings.access,
        outside=parts.outside is not None,
        owned=parts.people.accounts.have_owner,
        limits=Limits(),
    )
