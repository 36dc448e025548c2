"""GitLab (https://docs.gitlab.com/user/project/integrations/webhook_events/)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .markup import bold, code, escaped, link, quote, sentence, whole
from .shapes import Json, count, first, first_line, items, line, long_text, name, obj

MOST_COMMITS = 10
MOST_JOBS = 10
"""Failed jobs that are named of a pipeline."""
_NOWHERE = "0" * 40
_ACTIONS = {
    "open": "opened", "close": "closed", "reopen": "reopened", "update": "updated", "merge": "merged",
    "approved": "approved", "approval": "approved", "unapproved": "took back the approval of",
    "unapproval": "took back the approval of", "create": "created", "delete": "deleted",
}  # fmt: skip
_SIGNS = {"success": "✅", "failed": "❌", "canceled": "⏹️", "running": "▶️"}


def text_of(event: str, payload: Json) -> str:
    """What a GitLab event says. `event`: the header X-Gitlab-Event, such as "Push Hook"."""
    kind = first(name(payload.get("object_kind")), name(event).lower().removesuffix(" hook").replace(" ", "_"))
    write = _EVENTS.get(kind)
    text = write(payload) if write else ""
    return text or sentence(_who(payload), escaped(kind.replace("_", " ")), _action(payload), _place(payload))


def _who(payload: Json) -> str:
    user = obj(payload, "user")
    return bold(first(name(user.get("name")), name(user.get("username")), name(payload.get("user_name"))))


def _place(payload: Json) -> str:
    project = obj(payload, "project")
    shown = link(name(project.get("path_with_namespace")), project.get("web_url"))
    return (
        f"in {first(shown, escaped(name(payload.get('project_name'))))}" if shown or payload.get("project_name") else ""
    )


def _action(payload: Json) -> str:
    action = first(name(obj(payload, "object_attributes").get("action")), name(payload.get("action")))
    return _ACTIONS.get(action, escaped(action.replace("_", " ")))


def _push(payload: Json) -> str:
    reference = line(payload.get("ref"))
    kind = "tag" if reference.startswith("refs/tags/") else "branch"
    branch = code(reference.removeprefix("refs/heads/").removeprefix("refs/tags/"))
    if not branch:
        return ""
    who, place = _who(payload), _place(payload)
    if payload.get("after") == _NOWHERE:
        return sentence(who, "deleted", kind, branch, place)
    commits = items(payload.get("commits"), MOST_COMMITS)
    total = payload.get("total_commits_count")
    number = max(count(payload.get("commits")), total if type(total) is int and total < 1_000_000 else 0)
    if kind == "tag" or not number:
        return sentence(who, "pushed", kind, branch, place)
    head = sentence(who, f"pushed {number} commit{'s' if number > 1 else ''} to", branch, place)
    return whole([head, *(_commit(obj(one)) for one in commits)], number - len(commits))


def _commit(commit: Json) -> str:
    author = name(obj(commit, "author").get("name"))
    subject = first(first_line(commit.get("message")), line(commit.get("title")))
    return sentence(
        "-",
        link(first(line(commit.get("id"))[:7], "commit"), commit.get("url")),
        escaped(subject),
        author and f"({escaped(author)})",
    )


def _numbered(found: Json, sign: str) -> str:
    number = line(found.get("iid"), 20)
    return link(f"{sign if number else ''}{number} {line(found.get('title'))}".strip(), found.get("url"))


def _issue(payload: Json) -> str:
    found = obj(payload, "object_attributes")
    kind = escaped(first(name(found.get("type")), "issue").lower())
    said = sentence(_who(payload), _action(payload), kind, _numbered(found, "#"), _place(payload))
    return whole([said, quote(long_text(found.get("description"))) if found.get("action") == "open" else ""])


def _merge_request(payload: Json) -> str:
    found = obj(payload, "object_attributes")
    opened = found.get("action") == "open"
    ends = [code(name(found.get(end))) for end in ("source_branch", "target_branch")]
    way = f"({ends[0]} → {ends[1]})" if opened and all(ends) else ""
    said = sentence(_who(payload), _action(payload), "merge request", _numbered(found, "!"), way, _place(payload))
    return whole([said, quote(long_text(found.get("description"))) if opened else ""])


def _note(payload: Json) -> str:
    found = obj(payload, "object_attributes")
    on = first(
        _numbered(obj(payload, "merge_request"), "!"),
        _numbered(obj(payload, "issue"), "#"),
        escaped(line(obj(payload, "snippet").get("title"))),
        code(line(obj(payload, "commit").get("id"))[:7]),
    )
    said = sentence(_who(payload), link("commented", found.get("url")), on and f"on {on}", _place(payload))
    return whole([said, quote(long_text(found.get("note")))])


def _pipeline(payload: Json) -> str:
    found, project = obj(payload, "object_attributes"), obj(payload, "project")
    status, number = name(found.get("status")), line(found.get("id"), 20)
    url = found.get("url") or (f"{project.get('web_url')}/-/pipelines/{number}" if project.get("web_url") else None)
    branch = code(name(found.get("ref")))
    seconds = found.get("duration")
    took = f"after {seconds:.0f} s" if isinstance(seconds, int | float) and 0 < seconds < 1e9 else ""
    said = sentence(
        _SIGNS.get(status, "▫️"),
        link(f"pipeline {number}".strip(), url),
        escaped(status),
        branch and f"on {branch}",
        took,
        _place(payload),
    )
    failed = [obj(one) for one in items(payload.get("builds"), 500) if obj(one).get("status") == "failed"]
    named = [f"- {escaped(name(one.get('stage')))}: {escaped(name(one.get('name')))}" for one in failed[:MOST_JOBS]]
    return whole([said, *named], len(failed) - len(named)) if status else ""


def _job(payload: Json) -> str:
    status, branch = name(payload.get("build_status")), code(name(payload.get("ref")))
    job = sentence("job", escaped(name(payload.get("build_name"))))
    return (
        sentence(_SIGNS.get(status, "▫️"), job, escaped(status), branch and f"on {branch}", _place(payload))
        if status
        else ""
    )


def _deployment(payload: Json) -> str:
    status, where = name(payload.get("status")), name(payload.get("environment"))
    shown = link("deployment", payload.get("deployable_url"))
    return sentence(_SIGNS.get(status, "▫️"), shown, where and f"to {code(where)}", escaped(status), _place(payload))


def _release(payload: Json) -> str:
    title = first(line(payload.get("name")), line(payload.get("tag")))
    said = sentence("Release", link(title, payload.get("url")), _action(payload), _place(payload))
    return whole([said, quote(long_text(payload.get("description"))) if payload.get("action") == "create" else ""])


def _wiki(payload: Json) -> str:
    found = obj(payload, "object_attributes")
    return sentence(
        _who(payload), _action(payload), "wiki page", link(line(found.get("title")), found.get("url")), _place(payload)
    )


_EVENTS: Mapping[str, Callable[[Json], str]] = {
    "push": _push,
    "tag_push": _push,
    "issue": _issue,
    "work_item": _issue,
    "merge_request": _merge_request,
    "note": _note,
    "pipeline": _pipeline,
    "build": _job,
    "deployment": _deployment,
    "release": _release,
    "wiki_page": _wiki,
}
