"""Public facts about this server."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from suhbat import __version__
from suhbat.protocol.replies import Limits
from suhbat.protocol.types import Schema

from .dependencies import Served
from .routing import resource

router = resource(tags=["server"])

PUSH_KEY = "BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs"
"""In examples; that of RFC 8292."""


class SignOn(Schema):
    """A provider with which people can log in."""

    id: str
    name: str


class Server(Schema):
    """`access`: the setting `access`. `outside`: whether another application identifies the users. `owned`: whether
    the server has an owner; until then, the setup link makes one. `push_key`: the
    VAPID public key (RFC 8292) for `pushManager.subscribe`, in base64url. `mail`: whether this server sends mails, so
    that accounts can have an e-mail address, and a forgotten password can be replaced. `sign_on`: always empty, because this
    version has no single sign-on yet; clients may rely on the field."""

    version: str = Field(examples=[__version__])
    access: Literal["open", "invite", "closed"]
    outside: bool
    owned: bool
    push_key: str = Field(examples=[PUSH_KEY])
    mail: bool
    limits: Limits
    sign_on: tuple[SignOn, ...] = ()


@router.get("/server")
async def show(services: Served) -> Server:
    """Public facts about the server, for clients without a login. No token needed."""
    return Server(
        version=__version__,
        access=services.settings.access,
        outside=services.external is not None,
        owned=services.people.accounts.have_owner,
        push_key=services.pushes.key.public,
        mail=services.mail is not None,
        limits=Limits(),
    )
