"""Signatures of outgoing webhooks: Standard Webhooks (https://www.standardwebhooks.com/). Pure."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from hashlib import blake2b, sha256

from suhbat.chat.model import Milliseconds

PREFIX = "whsec_"
SECRET_BYTES = 32


def secret_of(random: bytes) -> str:
    """Random bytes as a secret, as libraries for Standard Webhooks take it."""
    return PREFIX + b64encode(random).decode()


def message_id(hook: str, conversation: str, seq: int) -> str:
    """The id of an event for a webhook: the same at each attempt, so that a receiver recognises a repetition."""
    return "msg_" + blake2b(f"{hook} {conversation} {seq}".encode(), digest_size=16).hexdigest()


def headers(secret: str, id: str, at: Milliseconds, body: bytes) -> Mapping[str, str]:
    """The headers of a request with this body, sent at this time."""
    seconds = at // 1000
    key = b64decode(secret.removeprefix(PREFIX))
    signed = hmac.digest(key, f"{id}.{seconds}.".encode() + body, sha256)
    return {
        "content-type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": f"v1,{b64encode(signed).decode()}",
    }
