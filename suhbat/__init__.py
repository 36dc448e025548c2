"""Suhbat: a self-hosted real-time chat server. `node.py` wires its live parts, `app.py` puts HTTP and sockets around."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_LATER = {
    "mount": "suhbat.runtime.mounting",
    "Asked": "suhbat.identity.outside",
    "Person": "suhbat.identity.outside",
    "Issuer": "suhbat.identity.issuer",
}
"""For applications that Suhbat is a part of. Imported when asked for: `suhbat version` and the SDK need none of it."""


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_module(_LATER[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
