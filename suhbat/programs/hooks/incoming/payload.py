"""From the body of a request to what is posted: recognises the format by the headers, or else by its shape."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from suhbat.errors import InvalidPayload

from . import alerts, forges, gitlab, sentry, slack
from .markup import cut_text
from .shapes import cleaned

MOST_BYTES = 1_048_576
"""The longest body."""
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
    return _of_object(_decoded(_payload_of(text) if media_type == _FORM else text), headers, as_slack)


def _payload_of(form: str) -> str:
    """The field `payload` of a form. Also a body of JSON that curl calls a form."""
    if form.lstrip()[:1] == "{":
        return form
    try:
        fields = parse_qsl(form, keep_blank_values=True, max_num_fields=20)
    except ValueError:
        raise InvalidPayload() from None
    return next((value for key, value in fields if key == "payload"), "")


def _decoded(text: str) -> dict[str, Any]:
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
    return gitlab.text_of("", payload) if "object_kind" in payload else None


def _post(text: str, name: str | None = None, icon: str | None = None) -> HookPost:
    shown = cut_text(cleaned(text).strip())
    if not shown.strip():
        raise InvalidPayload()
    return HookPost(shown, name, icon)
