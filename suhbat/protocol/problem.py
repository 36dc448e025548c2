"""Errors over HTTP: `application/problem+json` (RFC 9457) with the same `code`s as over WebSockets."""

from __future__ import annotations

from http import HTTPStatus

from pydantic import Field

from suhbat.errors import SuhbatError
from suhbat.texts import Language, say

from .types import Schema

MEDIA_TYPE = "application/problem+json"


class Problem(Schema):
    """An error. `code` is for programs and never changes; `detail` is for people, in their language."""

    type: str = Field(default="about:blank", description="Always about:blank: `code` says which problem it is.")
    title: str = Field(description="The phrase of the HTTP status.", examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(
        description="What happened and what to do next, in the language of ?lang=, the account or the browser.",
        examples=[say("not_found", "en")],
    )
    code: str = Field(examples=["not_found"])
    retry_after: float | None = Field(
        default=None,
        description="Seconds after which the same request may succeed.",
        exclude_if=lambda value: value is None,
    )
    offset: int | None = Field(
        default=None,
        description="With `wrong_offset`: how many characters the message has so far.",
        exclude_if=lambda value: value is None,
    )


def problem_of(error: SuhbatError, language: Language, status: int | None = None) -> Problem:
    """The problem document of an error. `status`: overrides that of the error, for example with 405."""
    status = status or error.status
    return Problem(
        title=_OTHER_PHRASES.get(status) or HTTPStatus(status).phrase,
        status=status,
        detail=error.message(language),
        code=error.code,
        retry_after=error.retry_after,
        offset=error.offset,
    )


_OTHER_PHRASES = {460: "Checksum Mismatch"}
"""The phrases of statuses that are not in IANA's registry."""
