"""Which event a payload of GitHub, Gitea or Sentry is if the header that names it is missing: a proxy may drop it, and who
sends a payload again by hand may forget it."""

from __future__ import annotations

from .shapes import Json, name, obj

_OF_FORGES = (
    ("push", ("ref", "commits")),
    ("pull_request_review", ("pull_request", "review")),
    ("issue_comment", ("issue", "comment")),
    ("pull_request_review_comment", ("pull_request", "comment")),
    ("commit_comment", ("comment",)),
    ("pull_request", ("pull_request",)),
    ("issues", ("issue",)),
    ("release", ("release",)),
    ("workflow_run", ("workflow_run",)),
    ("workflow_job", ("workflow_job",)),
    ("check_run", ("check_run",)),
    ("check_suite", ("check_suite",)),
    ("deployment_status", ("deployment_status",)),
    ("ping", ("zen", "hook_id")),
)
"""The fields by which an event is known, the most particular first."""
_OF_SENTRY = (
    ("event", "event_alert"),
    ("error", "error"),
    ("metric_alert", "metric_alert"),
    ("comment", "comment"),
    ("issue", "issue"),
)
"""What is in the `data` of an integration, and the resource that says so."""


def forge_event(payload: Json) -> str:
    """The event of GitHub or Gitea; empty if it is none of those with a shape of their own."""
    if not obj(payload, "repository") or not (obj(payload, "sender") or obj(payload, "pusher")):
        return ""
    return next((event for event, keys in _OF_FORGES if all(key in payload for key in keys)), "")


def sentry_resource(payload: Json) -> str:
    """The resource of what an integration of Sentry sends; empty if it is nothing of it."""
    if not obj(payload, "installation") or not name(payload.get("action")):
        return ""
    return next((resource for key, resource in _OF_SENTRY if obj(payload, "data").get(key)), "")
