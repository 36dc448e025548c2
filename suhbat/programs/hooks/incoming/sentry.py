"""Sentry: integrations (https://docs.sentry.io/organization/integrations/integration-platform/webhooks/), and the older
plugin "WebHooks"."""

from __future__ import annotations

from .markup import bold, code, escaped, link, quote, sentence, whole
from .shapes import Json, first, line, long_text, name, obj

_LEVELS = {"fatal": "🔥", "error": "🔴", "warning": "🟠", "info": "🔵", "debug": "⚪"}
_ALERTS = {"critical": "🔥", "warning": "🟠", "resolved": "✅"}


def is_sentry(payload: Json) -> bool:
    """Whether this is what the older plugin sends, which has no header of its own."""
    return "project_slug" in payload and isinstance(payload.get("event"), dict)


def text_of(resource: str, payload: Json) -> str:
    """What a Sentry webhook says. `resource`: the header Sentry-Hook-Resource; empty for the older plugin."""
    data = obj(payload, "data")
    kind = resource.lower()
    if kind in ("event_alert", "error"):
        found = obj(data, "event") or obj(data, "error")
        rule = line(data.get("triggered_rule"))
        return whole([_problem(found), f"Rule: {escaped(rule)}" if rule else ""]) or _other(resource, payload)
    if kind == "metric_alert":
        return _metric(payload, data)
    if kind == "comment":
        return whole([sentence(_actor(payload), "commented", _project(data)), quote(long_text(data.get("comment")))])
    if kind in ("issue", "activity_alert") and obj(data, "issue"):
        issue = _problem(obj(data, "issue"))
        return whole(
            [sentence(_actor(payload), escaped(name(payload.get("action")).replace("_", " ")), "an issue"), issue]
        )
    if not kind and is_sentry(payload):
        event = obj(payload, "event")
        return _problem({**event, "title": first(line(event.get("title")), line(payload.get("message"))),
                         "web_url": payload.get("url"), "culprit": payload.get("culprit"),
                         "level": payload.get("level"), "project": payload.get("project_name")})  # fmt: skip
    return _other(resource, payload)


def _problem(found: Json) -> str:
    """An issue, or an event of one."""
    level = name(found.get("level"))
    url = first(
        *(str(found.get(key)) for key in ("web_url", "permalink", "issue_url") if isinstance(found.get(key), str))
    )
    title = first(line(found.get("title")), line(obj(found, "metadata").get("title")), line(found.get("message")))
    if not title:
        return ""
    project = first(name(obj(found, "project").get("name")), name(obj(found, "project").get("slug")), _named(found))
    head = sentence(_LEVELS.get(level, "🔴"), f"**{link(title, url)}**", code(name(found.get("shortId"))))
    where = sentence(
        code(line(found.get("culprit"))), project and f"in {escaped(project)}", code(name(found.get("environment")))
    )
    return whole([head, where])


def _named(found: Json) -> str:
    project = found.get("project")
    return name(project) if isinstance(project, str) else ""


def _metric(payload: Json, data: Json) -> str:
    sign = _ALERTS.get(name(payload.get("action")), "▫️")
    title = first(line(data.get("description_title")), "metric alert")
    return whole(
        [sentence(sign, f"**{link(title, data.get('web_url'))}**"), escaped(long_text(data.get("description_text")))]
    )


def _actor(payload: Json) -> str:
    return bold(first(name(obj(payload, "actor").get("name")), "Sentry"))


def _project(data: Json) -> str:
    project = name(data.get("project_slug"))
    return f"in {escaped(project)}" if project else ""


def _other(resource: str, payload: Json) -> str:
    return sentence(_actor(payload), escaped(name(resource).replace("_", " ")), escaped(name(payload.get("action"))))
