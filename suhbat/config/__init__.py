"""The settings of an installation, and what people are told of them."""

from .explanation import ConfigError, flag_of, without_password
from .settings import FILE, PREFIX, Provenance, Settings, unknown_variables

__all__ = [
    "FILE",
    "PREFIX",
    "ConfigError",
    "Provenance",
    "Settings",
    "flag_of",
    "unknown_variables",
    "without_password",
]
