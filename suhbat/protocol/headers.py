"""Headers of every HTTP response, also that to a refused upgrade. Pure."""

from __future__ import annotations

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    )
)
"""Nothing from other hosts, nothing inline, no framing: the text of a message cannot become code."""
HSTS_SECONDS = 365 * 24 * 3600
FIXED_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # A page that opened ours, or that ours opened, gets no reference to its window.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(self), publickey-credentials-get=(self)",
}
DEFAULT_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cache-Control": "no-store",
    # A page of another site cannot load a response as an image or a script.
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Headers that a response may set to another value."""


def fixed_headers(public_url: str | None) -> dict[str, str]:
    """Headers that no response may change. With an https `public_url`, HSTS makes browsers use https only."""
    if public_url is not None and public_url.lower().startswith("https://"):
        return FIXED_HEADERS | {"Strict-Transport-Security": f"max-age={HSTS_SECONDS}"}
    return FIXED_HEADERS


def all_headers(public_url: str | None) -> dict[str, str]:
    """The headers of a response that sets none of them."""
    return DEFAULT_HEADERS | fixed_headers(public_url)
