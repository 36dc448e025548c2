"""The kinds of values that settings have: how people write them, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_network
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import NoDecode

from .bucket import parse_bucket
from .smtp import parse_sender, parse_smtp

_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


def parse_size(value: object) -> object:
    """Parse a size such as `100MB` into bytes (a kilobyte is 1,000 bytes, `KiB` are 1,024); other values pass unchanged."""
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"\s*(\d+)\s*([KMGT]?)(I?)B?\s*", value.upper(), re.ASCII)
    if match is None or (match[3] and not match[2]):
        raise ValueError("it does not look like 100MB")
    unit = 1024 ** " KMGT".index(match[2]) if match[3] else _UNITS[match[2]]
    return int(match[1]) * unit


Size = Annotated[int, BeforeValidator(parse_size)]
"""A number of bytes."""


def _split(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
"""A list of strings in suhbat.toml; separated by commas in a flag or the environment."""


def _are_origins(value: tuple[str, ...]) -> tuple[str, ...]:
    for origin in value:
        parts = _web_address(origin)
        if parts.path or parts.query or parts.fragment or parts.username:
            raise ValueError(f"{origin} has more than scheme, host and port")
    return value


Origins = Annotated[Words, AfterValidator(_are_origins)]
"""Web origins."""


def _are_networks(value: tuple[str, ...]) -> tuple[str, ...]:
    for network in value:
        ip_network(network, strict=False)
    return value


Networks = Annotated[Words, AfterValidator(_are_networks)]
"""Addresses, or networks in CIDR notation."""


def _is_web_address(value: str) -> str:
    _web_address(value)
    return value.rstrip("/")


WebAddress = Annotated[str, AfterValidator(_is_web_address)]
"""The address of a page, without a slash at its end."""


def _is_server(value: str) -> str:
    parts = _web_address(value)
    if parts.username or parts.query or parts.fragment:
        raise ValueError("it has more than scheme, host, port and path")
    return value.rstrip("/")


ServerAddress = Annotated[str, AfterValidator(_is_server)]
"""The address of a server that is asked over HTTP, without a slash at its end."""


def _is_path(value: str) -> str:
    if not re.fullmatch(r"(/[A-Za-z0-9._~-]+)+/?", value):
        raise ValueError("it does not look like /chat")
    return value.rstrip("/")


WebPath = Annotated[str, AfterValidator(_is_path)]
"""The path of an address, without a slash at its end."""


def _is_postgresql(value: str) -> str:
    if urlsplit(value).scheme not in ("postgresql", "postgres"):
        raise ValueError("it does not begin with postgresql://")
    return value


DatabaseUrl = Annotated[str, AfterValidator(_is_postgresql)]


def _is_nats(value: str) -> str:
    for server in value.split(","):
        if urlsplit(server.strip()).scheme not in ("nats", "tls"):
            raise ValueError("it does not begin with nats:// or tls://")
    return value


BusUrl = Annotated[str, AfterValidator(_is_nats)]
"""The addresses of NATS servers, separated by commas."""


def _parsed_by(parse: Callable[[str], object]) -> AfterValidator:
    """Refuses a text that this function does not parse."""

    def check(value: str) -> str:
        parse(value)
        return value

    return AfterValidator(check)


FilePlace = Annotated[str, Field(min_length=1), _parsed_by(parse_bucket)]
"""A directory or s3://bucket/prefix."""
MailUrl = Annotated[str, _parsed_by(parse_smtp)]
SenderText = Annotated[str, _parsed_by(parse_sender)]


def _web_address(text: str) -> SplitResult:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{text} is not an address that begins with http:// or https://")
    _ = parts.port  # raises ValueError if it is not a port
    return parts
