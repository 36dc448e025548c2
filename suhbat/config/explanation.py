"""What people are told of settings: mistakes are explained, values are shown with their secrets masked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from pydantic import ValidationError
from pydantic.fields import FieldInfo


class ConfigError(Exception):
    """A setting has an invalid value. The text gives its name, its value, the source, and what is allowed."""


def flag_of(name: str) -> str:
    """The flag of a setting on the command line."""
    return "--" + name.replace("_", "-")


def explain(error: ValidationError, sources: Mapping[str, str], fields: Mapping[str, FieldInfo]) -> str:
    """One line for each mistake: the setting, its value and source, and what is allowed. `fields`: all settings."""
    lines = []
    for mistake in error.errors(include_url=False):
        name = str(mistake["loc"][0]) if mistake["loc"] else ""
        source = sources.get(name, "default")
        if mistake["type"] == "extra_forbidden":
            near = nearest(name, fields)
            hint = f"Did you mean {near}?" if near else f"Known are: {', '.join(fields)}."
            lines.append(f"{name} (from {source}) is not a setting. {hint}")
            continue
        if not name:
            # A mistake in a combination. Its input is all settings, passwords too, so it is not shown.
            lines.append(f"{mistake['msg'].removeprefix('Value error, ')}.")
            continue
        value = shown(name, mistake["input"])
        spelling = flag_of(name) if source == "flag" else name
        reason = mistake["msg"].removeprefix("Value error, ")
        field = fields.get(name)
        allowed = field.description if field is not None else ""
        lines.append(f"{spelling} = {value} (from {source}) cannot be used: {reason}. Allowed: {allowed}")
    return "\n".join(lines)


def nearest(name: str, known: Iterable[str]) -> str:
    """The most similar name of a setting, or "" if none is similar."""
    return next(iter(get_close_matches(name.lower().replace("-", "_"), list(known), n=1)), "")


def shown(name: str, value: object) -> str:
    """A value as text, roughly as in `suhbat.toml`. Passwords and tokens are masked."""
    if name.endswith("_token") and value is not None:
        return "***"
    if isinstance(value, str) and (name.endswith("_url") or "://" in value):
        return without_password(value)
    if isinstance(value, tuple | list):
        return ",".join(map(str, value)) or "(none)"
    return "(none)" if value is None else str(value)


def without_password(url: str) -> str:
    """The URL with its password or token masked, and without a query."""
    scheme, separator, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    user, at, host = authority.rpartition("@")
    if not separator or not at:
        # Any other text may hold a secret too. Drivers also take passwords from the query.
        return url.partition("?")[0] if "@" not in url else "***"
    name, colon, _ = user.partition(":")
    # Without a colon, the user part may be a token (NATS).
    masked = f"{name}:***" if colon else "***"
    return f"{scheme}://{masked}@{host}{slash}{path.partition('?')[0]}"
