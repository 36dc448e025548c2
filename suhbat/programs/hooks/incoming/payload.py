"""From the body of a request to what is posted: recognises the format by the headers, or else by its shape."""

from __future__ import annotations

import json
import re
from binascii import a2b_qp
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from suhbat.errors import InvalidPayload
from suhbat.protocol.types import MAX_TEXT

from . import alerts, forges, gitlab, headless, sentry, slack
from .markup import cut_text
from .shapes import cleaned

MOST_BYTES = 1_048_576
"""The longest body."""
MOST_CONTAINERS, MOST_COMMAS = 50_000, 100_000
"""Arrays and objects of a body, and commas in it. A body of a product has a fifth of these; a megabyte of `[[],[],…` takes
0.3 s to read."""
MOST_FIELDS = 20
"""Fields of a form."""
MOST_BARE = 1000
"""Percent signs in a form that escape nothing."""
_BARE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class HookPost:
    """What is posted. `text`: Markdown, not empty, at most MAX_TEXT code points. `name`, `icon`: what the payload asks to be
    shown with instead of the name of the hook; an icon is an emoji. None: as the hook has it."""

    text: str
    name: str | None = None
    icon: str | None = None


def translate(body: bytes, headers: Mapping[str, str], *, as_slack: bool = False) -> HookPost:
    """The message of a payload. `headers`: with names in lower case. `as_slack`: it has Slack's format, whatever else the
    headers say. Raises InvalidPayload; nothing else."""
    if len(body) > MOST_BYTES:
        raise InvalidPayload()
    media_type = headers.get("content-type", "").split(";")[0].strip().lower()
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidPayload() from None
    if media_type == "text/plain":
        return _post(text)
    if media_type == _FORM and text.lstrip()[:1] != "{":  # curl calls JSON a form, too
        text = _payload_of(body)
    return _of_object(_decoded(text), headers, as_slack)


def _payload_of(form: bytes) -> str:
    """The field `payload` of a form; empty if there is none."""
    fields = form.split(b"&", MOST_FIELDS)
    if len(fields) > MOST_FIELDS:
        raise InvalidPayload()
    values = (field.partition(b"=") for field in fields)
    found = next((value for name, _, value in values if name == b"payload"), b"")
    return _unescaped(found).decode("utf-8", "replace")


def _unescaped(value: bytes) -> bytes:
    """The value of a field. `urllib` takes 0.6 s for a megabyte of percent signs; quoted-printable is the same with another
    sign, and is read in C."""
    value, bare = _BARE.subn(b"%25", value, MOST_BARE)
    if bare == MOST_BARE:
        raise InvalidPayload()
    return a2b_qp(value.replace(b"+", b" ").replace(b"=", b"=3D").replace(b"%", b"="))


def _decoded(text: str) -> dict[str, Any]:
    if text.count("[") + text.count("{") > MOST_CONTAINERS or text.count(",") > MOST_COMMAS:
        raise InvalidPayload()
    try:
        payload = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidPayload() from None
    if not isinstance(payload, dict):
        raise InvalidPayload()
    return payload


def _of_object(payload: dict[str, Any], headers: Mapping[str, str], as_slack: bool) -> HookPost:
    if not as_slack and (native := _native(payload, headers)) is not None:
        return _post(native)
    return _post(slack.text_of(payload), slack.name_of(payload), slack.icon_of(payload))


def _native(payload: dict[str, Any], headers: Mapping[str, str]) -> str | None:
    """The text of a native format; None if it is Slack's. Gitea also sends the headers of GitHub, and its own with Slack's
    format."""
    if slack.is_slack(payload) and "repository" not in payload and "object_kind" not in payload:
        return None
    for header, write in (
        ("x-forgejo-event", forges.text_of),
        ("x-gitea-event", forges.text_of),
        ("x-github-event", forges.text_of),
        ("x-gitlab-event", gitlab.text_of),
        ("sentry-hook-resource", sentry.text_of),
    ):
        if header in headers:
            return write(headers[header], payload)
    if alerts.is_grafana(payload):
        return alerts.grafana_text(payload)
    if alerts.is_alertmanager(payload):
        return alerts.alertmanager_text(payload)
    if sentry.is_sentry(payload):
        return sentry.text_of("", payload)
    if "object_kind" in payload:
        return gitlab.text_of("", payload)
    if slack.is_slack(payload):
        return None
    if resource := headless.sentry_resource(payload):
        return sentry.text_of(resource, payload)
    if event := headless.forge_event(payload):
        return forges.text_of(event, payload)
    return None


def _post(text: str, name: str | None = None, icon: str | None = None) -> HookPost:
    # The text is cut before and after it is cleaned, as in `shapes`.
    shown = cut_text(cleaned(text.strip()[: 2 * MAX_TEXT + 100]).strip())
    if not shown.strip():
        raise InvalidPayload()
    return HookPost(shown, name, icon)
