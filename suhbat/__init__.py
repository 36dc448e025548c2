"""Suhbat: a self-hosted real-time chat server. `runtime.node` wires the live parts, `runtime.app` adds HTTP and sockets."""

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
"""Names for applications that embed Suhbat. Imported on first use, because `suhbat version` and the SDK do not need them."""


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_module(_LATER[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
