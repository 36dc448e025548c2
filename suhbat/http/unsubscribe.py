"""Ends the mails about unread messages with the link in them, without a login and without scripts (RFC 8058).

A GET only shows a button, because scanners of mail open every link. The POST comes from the button, or from the mail
provider of the user: it has no Origin, and the signature in the address is its only authority.
"""

from __future__ import annotations

from html import escape
from string import Template

from fastapi import Request, Response
from fastapi.responses import HTMLResponse

from suhbat.errors import NotFound, SuhbatError
from suhbat.protocol.headers import CONTENT_SECURITY_POLICY
from suhbat.services import Services
from suhbat.texts import Language
from suhbat.texts import mail as texts

from .dependencies import Served, address_of
from .problem import language_of_request
from .routing import apart

router = apart(include_in_schema=False)

POLICY = CONTENT_SECURITY_POLICY.replace("form-action 'none'", "form-action 'self'")
_PAGE = Template("""\
<!doctype html>
<html lang="$language">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>Suhbat</title>
<link rel="icon" href="../web/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="../web/css/tokens.css">
<link rel="stylesheet" href="../web/css/base.css">
<link rel="stylesheet" href="../web/css/parts.css">
<link rel="stylesheet" href="../web/css/gate.css">
<link rel="stylesheet" href="../web/css/touch.css">
</head>
<body>
<main class="gate">
<header class="gate-head"><img src="../web/icon.svg" alt="" width="56" height="56"><h1>Suhbat</h1></header>
<section class="card">$card</section>
</main>
</body>
</html>
""")


@router.get("/mail/unsubscribe", response_class=HTMLResponse)
async def ask(request: Request, services: Served, account: str = "", signature: str = "") -> Response:
    """A page with a button."""
    language = language_of_request(request)
    if refusal := await _refusal(request, services, account, signature):
        return _told(language, "invalid", refusal)
    title, button = (escape(texts.said(f"unsubscribe.{key}", language)) for key in ("title", "button"))
    # The form has no action: it goes to the address of the page, with its signature.
    return _answer(language, f'<h2>{title}</h2><form method="post"><button class="primary">{button}</button></form>')


@router.post("/mail/unsubscribe", response_class=HTMLResponse)
async def end(request: Request, services: Served, account: str = "", signature: str = "") -> Response:
    """End the mails, and say so. The body is not read: RFC 8058 sends one, the button another."""
    language = language_of_request(request)
    if refusal := await _refusal(request, services, account, signature):
        return _told(language, "invalid", refusal)
    assert services.mail is not None
    await services.mail.unsubscribing.end(account)
    return _told(language, "done")


async def _refusal(request: Request, services: Services, account: str, signature: str) -> int:
    """The status for a link that is not valid; 0 for a valid one. Guesses are slowed down."""
    try:
        with services.authentication.throttle.attempt(address_of(request, services), None):
            if services.mail is None or not await services.mail.unsubscribing.allows(account, signature):
                raise NotFound()
    except SuhbatError as error:
        return error.status
    return 0


def _told(language: Language, what: str, status: int = 200) -> Response:
    """A sentence, and the way to the settings that it speaks of."""
    told, on = escape(texts.said(f"unsubscribe.{what}", language)), escape(texts.said("digest.button", language))
    return _answer(language, f'<p>{told}</p><a class="button" href="../#/settings/notifications">{on}</a>', status)


def _answer(language: Language, card: str, status: int = 200) -> Response:
    page = _PAGE.substitute(language=language, card=card)
    return HTMLResponse(page, status, {"content-security-policy": POLICY, "cache-control": "no-store"})
