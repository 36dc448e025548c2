"""A new password with a mailed link."""

from __future__ import annotations

from typing import Annotated

from fastapi import Request, Response
from pydantic import Field

from suhbat.errors import BadRequest, Busy, Forbidden, RateLimited
from suhbat.protocol.types import Schema, Storable

from .dependencies import SAFE_WRITE, Served, address_of, mail_of
from .email import Code
from .me import Password
from .problem import language_of_request
from .refusals import refuses
from .routing import resource

router = resource("/password-resets", tags=["password-resets"], dependencies=[SAFE_WRITE])


class ForgottenPassword(Schema):
    """`user_id`: the name of an account, or an e-mail address that was confirmed for it."""

    user_id: Annotated[str, Field(min_length=1, max_length=320, examples=["ali"]), Storable]


class NewPassword(Schema):
    code: Code
    password: Password


@router.post("", status_code=202, response_class=Response)
@refuses(RateLimited)
async def ask(request: Request, body: ForgottenPassword, services: Served) -> None:
    """Mail a link to the confirmed address of an account. The answer is the same whether there is such an account and
    address, and also if this server sends no mails, which `mail` of `GET /server` tells."""
    if services.mail is not None:
        services.mail.resets.ask(body.user_id, address_of(request, services), language_of_request(request))


@router.put("", status_code=204, response_class=Response)
@refuses(BadRequest, Forbidden, RateLimited, Busy)
async def choose(request: Request, body: NewPassword, services: Served) -> None:
    """Set a password with the code of a mailed link, which is good once, for 30 minutes. All sessions of the account
    end; their sockets close with 4505. Then log in."""
    await mail_of(services).resets.set(body.code, body.password, address_of(request, services))
