"""The e-mail address of an account."""

from __future__ import annotations

from pydantic import Field

from .types import Schema, Time

EXAMPLE = "ali@example.org"


class Email(Schema):
    """`address`: the confirmed one, to which mails go. `wanted`: one to which a link was sent that confirms it.
    `digest`: whether mails about unread directs and mentions are sent. `refused`: the mail server of the address says
    that there is no such mailbox; set it anew, or another one."""

    address: str | None = Field(examples=[EXAMPLE])
    confirmed_at: Time | None
    wanted: str | None = Field(examples=[None])
    digest: bool
    refused: bool
