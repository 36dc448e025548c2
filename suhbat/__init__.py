"""Suhbat: a self-hosted real-time chat server. `runtime.node` wires the live parts, `runtime.app` adds HTTP and sockets."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_EMBEDDING = {
    "mount": "runtime.mounting.mount",
    "Asked": "identity.external.Asked",
    "Person": "identity.external.ExternalPerson",
    "Issuer": "identity.issuer.Issuer",
}
"""Names for applications that embed Suhbat. Imported on first use, because `suhbat version` and the SDK do not need them."""


def __getattr__(name: str) -> Any:
    if name in _EMBEDDING:
        module, _, member = _EMBEDDING[name].rpartition(".")
        return getattr(import_module(f"{__name__}.{module}"), member)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
