"""GitHub (https://docs.github.com/en/webhooks/webhook-events-and-payloads), and Gitea and Forgejo, whose payloads follow it
(https://docs.gitea.com/usage/webhooks)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .markup import bold, code, escaped, link, quote, sentence, whole
from .shapes import Json, count, first, first_line, items, line, long_text, name, obj

MOST_COMMITS = 10
"""Commits that are listed of a push."""
_PASSED = frozenset(("success", "neutral", "skipped"))
_WORDS = {
    "synchronize": "updated", "synchronized": "updated", "ready_for_review": "marked as ready:", "review_requested":
    "asks for a review of", "converted_to_draft": "made a draft of", "auto_merge_enabled": "enabled auto-merge for",
}  # fmt: skip


def text_of(event: str, payload: Json) -> str:
    """What a GitHub event says. Events without a text of their own say their name and action."""
    kind = event.lower()
    if kind.startswith("pull_request_review_comment") or kind == "pull_request_comment":
        kind = "issue_comment"
    elif kind.startswith(("pull_request_review", "pull_request_approved", "pull_request_rejected")):
        kind = "review"
    elif kind.startswith(("pull_request", "issue_")) and kind != "issue_comment":
        kind = "pull_request" if kind.startswith("pull") else "issues"  # Gitea: issue_label, pull_request_sync …
    write = _EVENTS.get(kind)
    text = write(payload) if write else ""
    return text or _other(event, payload)


def _sender(payload: Json) -> str:
    return bold(first(*(name(obj(payload, key).get(at)) for key in ("sender", "pusher") for at in ("login", "name"))))


def _place(payload: Json) -> str:
    """Where it happened, as the end of a sentence."""
    repository = obj(payload, "repository")
    shown = link(name(repository.get("full_name")), repository.get("html_url"))
    organisation = name(obj(payload, "organization").get("login"))
    return f"in {shown}" if shown else f"in {escaped(organisation)}" if organisation else ""


def _push(payload: Json) -> str:
    reference = line(payload.get("ref"))
    branch = code(reference.removeprefix("refs/heads/").removeprefix("refs/tags/"))
    kind = "tag" if reference.startswith("refs/tags/") else "branch"
    who, place = _sender(payload), _place(payload)
    commits = items(payload.get("commits"), MOST_COMMITS)
    total = payload.get("total_commits")
    number = max(count(payload.get("commits")), total if type(total) is int and total < 1_000_000 else 0)
    if payload.get("deleted") is True:
        return sentence(who, "deleted", kind, branch, place)
    if not number:
        return sentence(who, "pushed", kind, branch, place) if branch else ""
    what = "force-pushed" if payload.get("forced") is True else "pushed"
    many = link(f"{number} commit" + ("s" if number > 1 else ""), payload.get("compare") or payload.get("compare_url"))
    head = sentence(who, what, many, "to", branch, place)
    return whole([head, *(_commit(obj(one)) for one in commits)], number - len(commits))


def _commit(commit: Json) -> str:
    author = first(name(obj(commit, "author").get("name")), name(obj(commit, "author").get("username")))
    sha = first(line(commit.get("id"))[:7], "commit")
    return sentence(
        "-", link(sha, commit.get("url")), escaped(first_line(commit.get("message"))), author and f"({escaped(author)})"
    )


def _numbered(payload: Json, key: str) -> str:
    """An issue or a pull request, as a link."""
    found = obj(payload, key)
    number = line(found.get("number"), 20)
    return link(f"{'#' if number else ''}{number} {line(found.get('title'))}".strip(), found.get("html_url"))


def _action(payload: Json) -> str:
    action = name(payload.get("action"))
    return _WORDS.get(action, escaped(action.replace("_", " ")))


def _issue(payload: Json) -> str:
    opened = payload.get("action") == "opened"
    body = quote(long_text(obj(payload, "issue").get("body"))) if opened else ""
    said = sentence(
        _sender(payload), _action(payload), "issue", _numbered(payload, "issue"), _label(payload), _place(payload)
    )
    return whole([said, body])


def _label(payload: Json) -> str:
    return code(name(obj(payload, "label").get("name"))) if "label" in name(payload.get("action")) else ""


def _pull_request(payload: Json) -> str:
    pull = obj(payload, "pull_request")
    opened = payload.get("action") == "opened"
    merged = payload.get("action") == "closed" and pull.get("merged") is True
    action = "merged" if merged else _action(payload)
    branches = [code(name(obj(pull, end).get("ref"))) for end in ("head", "base")]
    way = f"({branches[0]} → {branches[1]})" if opened and all(branches) else ""
    said = sentence(
        _sender(payload),
        action,
        "pull request",
        _numbered(payload, "pull_request"),
        way,
        _label(payload),
        _place(payload),
    )
    return whole([said, quote(long_text(pull.get("body"))) if opened else ""])


def _review(payload: Json) -> str:
    review = obj(payload, "review")
    state = first(name(review.get("state")), name(review.get("type")), name(payload.get("action"))).lower()
    approved, rejected = "approv" in state, "change" in state or "reject" in state
    said = "approved" if approved else "requested changes of" if rejected else "reviewed"
    text = first(long_text(review.get("body")), long_text(review.get("content")))
    head = sentence(_sender(payload), said, "pull request", _numbered(payload, "pull_request"), _place(payload))
    return whole([head, quote(text)])


def _comment(payload: Json) -> str:
    comment = obj(payload, "comment")
    on = first(_numbered(payload, "issue"), _numbered(payload, "pull_request"))
    on = first(on, code(line(comment.get("commit_id"))[:7]))
    verb = link("commented", comment.get("html_url"))
    if payload.get("action") in ("edited", "deleted"):
        verb = f"{_action(payload)} a {link('comment', comment.get('html_url'))}"
    text = "" if payload.get("action") == "deleted" else quote(long_text(comment.get("body")))
    return whole([sentence(_sender(payload), verb, on and f"on {on}", _place(payload)), text])


def _reference(verb: str) -> Callable[[Json], str]:
    def write(payload: Json) -> str:
        reference, kind = name(payload.get("ref")), name(payload.get("ref_type"))
        return sentence(_sender(payload), verb, escaped(kind), code(reference), _place(payload)) if reference else ""

    return write


def _release(payload: Json) -> str:
    release = obj(payload, "release")
    title = first(line(release.get("name")), line(release.get("tag_name")))
    said = sentence(
        _sender(payload), _action(payload), "release", link(title, release.get("html_url")), _place(payload)
    )
    return whole([said, quote(long_text(release.get("body"))) if payload.get("action") == "published" else ""])


def _run(key: str) -> Callable[[Json], str]:
    """A workflow, a check or a suite of checks."""

    def write(payload: Json) -> str:
        run = obj(payload, key)
        result = name(run.get("conclusion"))
        title = first(name(run.get("name")), name(obj(run, "app").get("name")), key.replace("_", " "))
        said = first(result, name(run.get("status")), name(payload.get("action")))
        sign = ("✅" if result in _PASSED else "❌") if result else "▶️"
        branch = code(first(name(run.get("head_branch")), name(obj(run, "check_suite").get("head_branch"))))
        shown = sentence(sign, link(title, run.get("html_url")), escaped(said.replace("_", " ")))
        return sentence(shown, branch and f"on {branch}", _place(payload))

    return write


def _status(payload: Json) -> str:
    state = name(payload.get("state"))
    sign = {"success": "✅", "pending": "▶️"}.get(state, "❌")
    context = link(first(name(payload.get("context")), "status"), payload.get("target_url"))
    return sentence(sign, context, escaped(state), code(line(payload.get("sha"))[:7]), _place(payload),
                    escaped(line(payload.get("description"))))  # fmt: skip


def _deployment(payload: Json) -> str:
    status, deployment = obj(payload, "deployment_status"), obj(payload, "deployment")
    state = name(status.get("state"))
    sign = {"success": "✅", "failure": "❌", "error": "❌"}.get(state, "▶️")
    where = first(name(status.get("environment")), name(deployment.get("environment")))
    return sentence(
        sign,
        link("deployment", status.get("target_url")),
        where and f"to {code(where)}",
        escaped(state),
        _place(payload),
    )


def _fork(payload: Json) -> str:
    forkee = obj(payload, "forkee")
    made = link(name(forkee.get("full_name")), forkee.get("html_url"))
    return sentence(_sender(payload), "forked to", made, _place(payload)) if made else ""


def _star(payload: Json) -> str:
    taken_back = payload.get("action") == "deleted"
    return sentence(_sender(payload), "took back a star" if taken_back else "added a star ⭐", _place(payload))


def _ping(payload: Json) -> str:
    place = _place(payload)
    return sentence("Connected: GitHub posts here what happens", place) + (
        f". {escaped(line(payload.get('zen')))}" if place else "."
    )


def _other(event: str, payload: Json) -> str:
    said = escaped(name(event).replace("_", " ").lower())
    return sentence(_sender(payload), f"{said}:" if payload.get("action") else said, _action(payload), _place(payload))


_EVENTS: Mapping[str, Callable[[Json], str]] = {
    "ping": _ping,
    "push": _push,
    "issues": _issue,
    "pull_request": _pull_request,
    "review": _review,
    "issue_comment": _comment,
    "commit_comment": _comment,
    "discussion_comment": _comment,
    "create": _reference("created"),
    "delete": _reference("deleted"),
    "release": _release,
    "workflow_run": _run("workflow_run"),
    "workflow_job": _run("workflow_job"),
    "check_run": _run("check_run"),
    "check_suite": _run("check_suite"),
    "status": _status,
    "deployment_status": _deployment,
    "fork": _fork,
    "star": _star,
    "watch": _star,
}
