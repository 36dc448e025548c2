"""Headers that every answer over HTTP carries, also a refused upgrade (PROTOCOL §4, §5). Pure."""

from __future__ import annotations

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    )
)
"""Nothing from another host, nothing inline, no frame around us: what somebody writes cannot become code."""
HSTS_SECONDS = 365 * 24 * 3600
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # No page that opened ours, or that ours opened, keeps a hand on it.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(self), publickey-credentials-get=(self)",
}
UNLESS_SAID = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cache-Control": "no-store",
    # No page of another site reads what is here by naming it as a picture or a script.
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""What an answer may say otherwise."""


def always(public_url: str | None) -> dict[str, str]:
    """What each answer carries. With an https `public_url` browsers come by https only, from their first visit on."""
    if public_url is not None and public_url.lower().startswith("https://"):
        return ALWAYS | {"Strict-Transport-Security": f"max-age={HSTS_SECONDS}"}
    return ALWAYS


def of_refusal(public_url: str | None) -> dict[str, str]:
    """All of them."""
    return UNLESS_SAID | always(public_url)
