"""A proxy stands before the server, and the settings do not say so. The log and `suhbat doctor` tell of what was seen."""

from __future__ import annotations

from suhbat.config import Settings
from suhbat.identity.proxies import ADVICE

WITHOUT = "all its visitors count as one address for the limits"


def expected(settings: Settings) -> str | None:
    """What the settings alone tell: this server speaks no TLS, so before an https address there is a proxy."""
    if settings.trusted_proxies or not (settings.public_url or "").startswith("https://"):
        return None
    return (
        f"public_url is https, so a proxy stands before this server, but trusted_proxies is empty: {WITHOUT}; {ADVICE}"
    )
