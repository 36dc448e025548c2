"""Alertmanager (https://prometheus.io/docs/alerting/latest/configuration/#webhook_config) and Grafana, whose alerting
follows it
(https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/).
"""

from __future__ import annotations

from .markup import bold, code, escaped, link, sentence, whole
from .shapes import Json, count, first, items, line, long_text, name, obj

MOST_ALERTS = 10
"""Alerts that are listed of a group."""
MOST_LABELS = 8
_UNSHOWN = frozenset(("alertname", "grafana_folder", "__alert_rule_uid__", "__alert_rule_namespace_uid__"))
_STATES = {
    "firing": "🔥",
    "alerting": "🔥",
    "resolved": "✅",
    "ok": "✅",
    "no_data": "❔",
    "paused": "⏸️",
    "pending": "⏳",
}


def is_alertmanager(payload: Json) -> bool:
    """Whether this is what Alertmanager sends."""
    return isinstance(payload.get("alerts"), list) and ("groupLabels" in payload or "groupKey" in payload)


def is_grafana(payload: Json) -> bool:
    """Whether this is what Grafana sends, in its present form or in that of before version 9."""
    is_old = "ruleId" in payload and "state" in payload
    return is_old or ("orgId" in payload and isinstance(payload.get("alerts"), list))


def alertmanager_text(payload: Json) -> str:
    """What a group of alerts says."""
    return _group(
        payload, first(name(_common(payload).get("alertname")), _labels(obj(payload, "groupLabels"), ()), "alert")
    )


def grafana_text(payload: Json) -> str:
    """The same for Grafana."""
    if "ruleId" in payload and not count(payload.get("alerts")):
        return _old_rule(payload)
    return _group(payload, first(name(_common(payload).get("alertname")), line(payload.get("title")), "alert"))


def _group(payload: Json, title: str) -> str:
    alerts = [obj(one) for one in items(payload.get("alerts"), MOST_ALERTS)]
    number, status = count(payload.get("alerts")), name(payload.get("status")).lower()
    firing = sum(obj(one).get("status") == "firing" for one in items(payload.get("alerts"), 10_000))
    hidden = payload.get("truncatedAlerts")
    many = f" ({firing if status == 'firing' else number})" if number > 1 else ""
    word = escaped(first(status, "alert").upper())
    head = sentence(_STATES.get(status, "▫️"), f"**{word}{many}:**", link(title, payload.get("externalURL")))
    left_out = number - len(alerts) + (hidden if type(hidden) is int and 0 < hidden < 1_000_000 else 0)
    common = _common(payload)
    return whole([head, *(_alert(one, title, common if number > 1 else {}) for one in alerts)], left_out)


def _alert(alert: Json, title: str, common: Json) -> str:
    labels, notes = obj(alert, "labels"), obj(alert, "annotations")
    notes_shown = dict.fromkeys(line(notes.get(key)) for key in ("summary", "message", "description"))
    sign = _STATES.get(name(alert.get("status")).lower(), "▫️")
    alertname = name(labels.get("alertname"))
    links = [
        link(label, alert.get(key))
        for label, key in (
            ("source", "generatorURL"),
            ("dashboard", "dashboardURL"),
            ("panel", "panelURL"),
            ("silence", "silenceURL"),
        )
        if alert.get(key)
    ]
    links.append(link("runbook", notes.get("runbook_url")) if notes.get("runbook_url") else "")
    return sentence(
        "-",
        sign,
        bold(alertname) if alertname != title else "",
        " — ".join(escaped(one) for one in notes_shown if one),
        _labels(labels, common),
        " · ".join(one for one in links if one),
    )


def _labels(labels: Json, common: object) -> str:
    """Labels as code. Those that all alerts have are left out where there are several."""
    shared = obj(common)
    shown = [
        (name(key), name(value))
        for key, value in list(labels.items())[:100]
        if key not in _UNSHOWN and (key not in shared or key == "severity")
    ]
    return " ".join(code(f"{key}={value}") for key, value in shown[:MOST_LABELS] if value)


def _common(payload: Json) -> Json:
    return obj(payload, "commonLabels")


def _old_rule(payload: Json) -> str:
    state = name(payload.get("state")).lower()
    title = first(line(payload.get("title")), line(payload.get("ruleName")), "alert")
    values = [
        f"- {escaped(name(obj(one).get('metric')))}: {escaped(name(obj(one).get('value')))}"
        for one in items(payload.get("evalMatches"), MOST_ALERTS)
    ]
    head = sentence(
        _STATES.get(state, "▫️"), bold(f"{first(state, 'alert').upper()}:"), link(title, payload.get("ruleUrl"))
    )
    return whole([head, escaped(long_text(payload.get("message"))), *values])
