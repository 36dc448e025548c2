"""What incoming webhooks make of payloads: those that products send, and hostile ones."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from suhbat.errors import InvalidPayload
from suhbat.programs.hooks.incoming import markup, slack
from suhbat.programs.hooks.incoming import payload as payloads
from suhbat.programs.hooks.incoming.payload import MOST_BYTES, HookPost, translate
from suhbat.protocol.mentions import mentions
from suhbat.protocol.types import MAX_TEXT

from .recorded import NAMES, recorded

FORM = {"content-type": "application/x-www-form-urlencoded"}
PLAIN = {"content-type": "text/plain"}
GITHUB = {"x-github-event": "push"}
WITHOUT_SHAPE = ("github-form", "github-unknown")
"""A star, and an event that has no words of its own."""
HEADERS: tuple[dict[str, str], ...] = (
    {}, FORM, PLAIN, GITHUB, {"x-github-event": "pull_request"}, {"x-github-event": "issues"}, {"x-github-event": "release"},
    {"x-github-event": "check_suite"}, {"x-github-event": "status"}, {"x-github-event": "deployment_status"},
    {"x-gitea-event": "pull_request_rejected"}, {"x-gitlab-event": "Push Hook"}, {"sentry-hook-resource": "event_alert"},
    {"sentry-hook-resource": "metric_alert"}, {"sentry-hook-resource": "comment"}, {"sentry-hook-resource": "issue"},
)  # fmt: skip


def post(payload: Any, headers: dict[str, str] | None = None, **how: bool) -> HookPost:
    return translate(json.dumps(payload).encode(), headers or {}, **how)


@pytest.mark.parametrize("name", NAMES)
def test_a_payload_as_its_product_sends_it(name: str) -> None:
    """Each recorded payload becomes the Markdown beside it."""
    payload = recorded(name)
    assert translate(payload.body, payload.headers).text == payload.text


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith(("github", "gitea", "gitlab", "sentry"))])
def test_a_native_payload_is_known_by_its_shape(name: str) -> None:
    """A proxy or a script that sends a recorded payload again may lose the header with the event. The payload is recognised
    by its shape then, and says the same; only an event that has no shape of its own is refused."""
    payload = recorded(name)
    headers = {key: value for key, value in payload.headers.items() if key == "content-type"}
    if name in WITHOUT_SHAPE:
        with pytest.raises(InvalidPayload):
            translate(payload.body, headers)
    else:
        assert translate(payload.body, headers).text == payload.text


def test_the_name_and_the_icon() -> None:
    """Slack's format says with which name and emoji it wants to be shown; what is no emoji is left out."""
    payload = recorded("slack-text")
    found = translate(payload.body, payload.headers)
    assert (found.name, found.icon) == ("Deploy", "🚀")
    assert post({"text": "x", "username": "a\u202eb\n" + "c" * 900, "icon_emoji": ":our_own:"}) == HookPost(
        "x", "ab " + "c" * 76 + "…", None
    )
    assert post({"text": "x", "username": 5, "icon_emoji": ["🚀"]}) == HookPost("x", "5", None)


def test_a_native_payload_is_none_of_slack_only_without_the_suffix() -> None:
    """The suffix /slack means Slack's format, whatever the headers say; a payload of GitHub has no text then."""
    payload = recorded("github-push")
    with pytest.raises(InvalidPayload):
        translate(payload.body, payload.headers, as_slack=True)
    assert post({"text": "salom", "alerts": []}, GITHUB, as_slack=True).text == "salom"


def test_a_form_of_curl() -> None:
    """`curl -d '{"text": …}'` without a header calls its JSON a form, and is understood."""
    assert post({"text": "salom"}, FORM).text == "salom"


@pytest.mark.parametrize(
    ("slack", "markdown"),
    [
        ("*bold* and _italic_ and ~gone~", "**bold** and _italic_ and ~~gone~~"),
        ("2*3*4 a*b* ** * x *", "2*3*4 a*b* ** * x *"),
        ("**already** Markdown", "**already** Markdown"),
        ("<https://a.uz/(x)|the [site]>", "[the \\[site\\]](https://a.uz/%28x%29)"),
        ("<https://a.uz>", "<https://a.uz>"),
        ("<javascript:alert(1)|click>", "click"),
        ("<mailto:a@b.uz|a@b.uz>", "a@b.uz"),
        ("<@U1|ali> <#C1|ops> <!subteam^S1|@team>", "\\@ali #ops \\@team"),
        ("<!channel> <!date^1392734382^{date}|yesterday>", "@all yesterday"),
        ("&lt;b&gt; &amp;lt; &copy;", "<b> &lt; &copy;"),
        ("`*a* &lt;`", "`*a* <`"),
        ("x ```*a*\n&lt;b&gt;``` y", "x \n```\n*a*\n<b>\n```\n y"),
        (":tada: :fire: :no_such: 10:30:00", "🎉 🔥 :no_such: 10:30:00"),
        ("< > <| <<x>>", "< > <| <<x>>"),
    ],
)
def test_the_markup_of_slack(slack: str, markdown: str) -> None:
    """Slack's own markup becomes Markdown, and Markdown in it stays."""
    assert post({"text": slack}).text == markdown


@pytest.mark.parametrize(
    "body",
    [
        b"", b" ", b"null", b"[]", b'"text"', b"{", b"{}", b'{"text": ""}', b'{"text": " \\n"}', b'{"text": null}',
        b'{"text": {"a": 1}}', b'{"text": [1]}', b'{"blocks": {}, "attachments": 7}', b"\xff\xfe", b'{"text": "\\u0000"}',
        b"[" * 1000 + b"]" * 1000, b'{"a":' * 1000 + b"1" + b"}" * 1000, b"[" * 500_000, b"{" * 500_000,
        b'{"text": "x"}' + b" " * MOST_BYTES, b"1" * 10_000, b'{"text": ' + b"9" * 5000 + b"}",
    ],
)  # fmt: skip
def test_what_is_no_message(body: bytes) -> None:
    """What has no text is refused, and so is what cannot be decoded, in the time that its length allows."""
    for headers in ({}, {"content-type": "application/json"}, FORM):
        with pytest.raises(InvalidPayload):
            translate(body, headers)


@pytest.mark.parametrize("wrong", [5, 1.5, 0, True, False, ["x"], {"a": "x"}])
def test_a_text_of_another_type_is_refused(wrong: object) -> None:
    """Slack's `text` is a string, and `blocks` and `attachments` are arrays; something else is a mistake of who posts, and is
    told instead of being guessed at. What is null or empty counts as left out."""
    for payload in ({"text": wrong}, {"text": wrong, "attachments": [{"fallback": "x"}]}):
        with pytest.raises(InvalidPayload):
            post(payload)
    for key in ("blocks", "attachments"):
        for empty in (None, [], {}, ""):
            assert post({"text": "x", key: empty}).text == "x"
        if wrong and not isinstance(wrong, list):
            with pytest.raises(InvalidPayload):
                post({"text": "x", key: wrong})
    assert post({"text": None, "attachments": [{"fallback": "x"}]}).text == "x"


def test_plain_text_that_is_no_message() -> None:
    """A plain text needs a character, and has to be UTF-8."""
    for body in (b"", b" \n", b"\x00", b"\xff"):
        with pytest.raises(InvalidPayload):
            translate(body, PLAIN)


def section(**fields: Any) -> dict[str, Any]:
    return {"type": "section"} | fields


def alerts_of(number: int, **labels: str) -> dict[str, Any]:
    alerts = [{"status": "firing", "labels": {"alertname": f"n{n}n"} | labels} for n in range(number)]
    return {"groupKey": "{}", "status": "firing", "alerts": alerts}


def many(number: int, **fields: Any) -> list[dict[str, Any]]:
    """Objects in which every `%` of a text is their number between two letters `n`."""
    return [{key: text.replace("%", f"n{n}n") for key, text in fields.items()} for n in range(number)]


@pytest.mark.parametrize(
    ("limit", "payload", "headers"),
    [
        (50, lambda n: {"blocks": [section(text={"text": one["a"]}) for one in many(n, a="%")]}, {}),
        (20, lambda n: {"text": "x", "attachments": many(n, text="%")}, {}),
        (40, lambda n: {"blocks": [section(fields=many(n, type="mrkdwn", text="%"))]}, {}),
        (40, lambda n: {"text": "x", "attachments": [{"fields": many(n, title="%", value="y")}]}, {}),
        (10, alerts_of, {}),
        (8, lambda n: alerts_of(1, **{f"n{m}n": "v" for m in range(n)}), {}),
        (10, lambda n: {"ref": "refs/heads/main", "commits": many(n, message="%")}, GITHUB),
        (10, lambda n: {"ref": "refs/heads/main", "commits": many(n, message="%")}, {"x-gitlab-event": "Push Hook"}),
        (
            10,
            lambda n: {"object_attributes": {"status": "failed"}, "builds": many(n, status="failed", name="%")},
            {"x-gitlab-event": "Pipeline Hook"},
        ),
    ],
)
def test_most_parts(limit: int, payload: Callable[[int], dict[str, Any]], headers: dict[str, str]) -> None:
    """So many blocks, attachments, fields, alerts, labels, commits or jobs are shown, and no more."""
    for number in (limit, limit + 1):
        text = post(payload(number), headers).text
        assert f"n{limit - 1}n" in text and f"n{limit}n" not in text


def test_longest_parts() -> None:
    """Texts, titles and addresses have limits of their own, which are exact."""
    markup = "&lt;" * 1500  # 6,000 characters
    assert [post({"text": markup[:-4] + end}).text.count("Z") for end in ("Z", "    Z")] == [1, 0]
    url = f"https://a.uz/{'x' * (1000 - 13)}"
    assert f"[here]({url})" in post({"text": f"<{url}|here>"}).text
    assert post({"text": f"<{url}x|here>"}).text == "here"
    title = "t" * 200
    grafana: dict[str, Any] = {"orgId": 1, "status": "firing", "alerts": [{"labels": {}}]}
    assert f"{title}" in post(grafana | {"title": title}).text
    assert f"{title[:-1]}…" in post(grafana | {"title": title + "t"}).text


def test_most_values_and_containers() -> None:
    """A payload with more is refused before it is read, since Python objects take much more memory than their JSON."""
    for inside in ("1," * 99_999 + "1", "[]," * 49_000 + "1"):
        assert post_text(inside) == "salom"
    for inside in ("1," * 100_001 + "1", "[]," * 50_000 + "1"):
        with pytest.raises(InvalidPayload):
            post_text(inside)


def post_text(inside: str) -> str:
    return translate(f'{{"text": "salom", "a": [{inside}]}}'.encode(), {}).text


def test_deep_json_leaves_the_stack_as_it_was() -> None:
    """A thousand levels below a message do no harm: they are refused or ignored."""
    body = b'{"text": "salom", "x": ' + b"[" * 1000 + b"]" * 1000 + b"}"
    limit = sys.getrecursionlimit()
    with suppress(InvalidPayload):
        assert translate(body, {}).text == "salom"
    assert sys.getrecursionlimit() == limit


@pytest.mark.parametrize(
    ("payload", "headers"),
    [
        ({"text": "*a* <https://x|y> `" * 50_000}, {}),
        ({"text": "<" * 900_000}, {}),
        ({"text": "*a " * 300_000}, {}),
        ({"text": "```" * 300_000}, {}),
        ({"text": ":a" * 400_000}, {}),
        ({"attachments": [{"text": "<a|b> *c* " * 10, "fields": [{"title": "t", "value": "*v*"}] * 9}] * 1500}, {}),
        ({"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "*x*"}}] * 15_000}, {}),
        ({"alerts": [{"labels": {"a": "b" * 40}, "annotations": {"summary": "s"}}] * 9_000, "groupKey": ""}, {}),
        ({"alerts": [{"labels": {str(n): "b" for n in range(70_000)}}], "orgId": 1}, {}),
        ({"commits": [{"message": "m\n" * 20}] * 13_000, "ref": "refs/heads/x", "repository": {}}, GITHUB),
        (
            {
                "builds": [{"status": "failed"}] * 40_000,
                "object_kind": "pipeline",
                "object_attributes": {"status": "failed"},
            },
            {},
        ),
        (
            {"issue": {"title": "[" * 40_000, "body": "_~*" * 150_000}, "action": "opened"},
            {"x-github-event": "issues"},
        ),
    ],
)
def test_work_is_bounded(payload: dict[str, Any], headers: dict[str, str]) -> None:
    """A payload of nearly a megabyte costs little more than decoding it, and gives one message."""
    body = json.dumps(payload).encode()
    assert len(body) <= MOST_BYTES
    decoding = min(_seconds(lambda: json.loads(body)) for _ in range(3))
    working = min(_seconds(lambda: translate(body, headers)) for _ in range(3))
    assert 0 < len(translate(body, headers).text) <= MAX_TEXT
    assert working < 5 * decoding + 0.3


_LONG = "<https://a.uz|b> *c* :fire: " * 16
_RICH = {"type": "rich_text", "elements": [{"elements": [{"type": "text", "text": _LONG[:450]}] * 40}] * 40}
_MANY_TEXTS: tuple[dict[str, Any], ...] = (
    {"attachments": [{"fields": [{"title": "t", "value": _LONG}] * 40}] * 20},
    {"blocks": [{"type": "section", "fields": [{"type": "mrkdwn", "text": _LONG}] * 40}] * 40},
    {"blocks": [_RICH]},
    {"attachments": [{"blocks": [{"type": "context", "elements": [{"text": "*c*"}] * 40}] * 20}] * 20},
    {"blocks": [{"type": "actions", "elements": [{"url": "https://a.uz/" + "x" * 900, "text": {}}] * 40}] * 20},
)


@pytest.mark.parametrize("payload", _MANY_TEXTS)
def test_many_texts_cost_no_more_than_one(payload: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """What is converted of a whole payload in Slack's format is bounded, not only each text of it."""
    converted = {"characters": 0, "texts": 0}

    def counting(convert: Any) -> Any:
        def count(text: str, *more: Any) -> str:
            converted["texts"] += 1
            converted["characters"] += sum(len(one) for one in (text, *more) if isinstance(one, str))
            found: str = convert(text, *more)
            return found

        return count

    for name in ("to_markdown", "escaped"):
        monkeypatch.setattr(slack, name, counting(getattr(slack, name)))
    monkeypatch.setattr(
        markup, "link", counting(markup.link)
    )  # the calls of this format; those in texts are in its modules
    assert 0 < len(post(payload).text) <= MAX_TEXT
    assert converted["characters"] <= 3 * MAX_TEXT
    assert converted["texts"] <= 3 * MAX_TEXT / 4


def test_the_end_of_an_ordinary_payload_is_not_lost() -> None:
    """As many fields as Slack takes, with short texts and links."""
    fields = [{"type": "mrkdwn", "text": f"*Stage {n}* <https://ci.uz/{n}|passed>"} for n in range(10)]
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "*Build*"}, "fields": fields}] * 5
    last = {"type": "actions", "elements": [{"type": "button", "text": {"text": "Log"}, "url": "https://ci.uz/log"}]}
    assert post({"blocks": [*blocks, last]}).text.endswith("\n[Log](https://ci.uz/log)")


def _seconds(work: Any) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


_MEGABYTE = MOST_BYTES - 100
_COSTLY: dict[str, tuple[bytes, dict[str, str]]] = {
    "controls": (b"a\0" * (_MEGABYTE // 2), PLAIN),
    "only controls": (b"\0" * _MEGABYTE, PLAIN),
    "escapes": (b"payload=" + b"%41" * (_MEGABYTE // 3), FORM),
    "mixed escapes": (b"payload=" + "%41\u0448".encode() * (_MEGABYTE // 5), FORM),
    "percent signs": (b"payload=" + b"%" * _MEGABYTE, FORM),
    "fields": (b"&" * _MEGABYTE, FORM),
    "containers": (b'{"text":"x","a":[' + b"[" * 190 + b"]" * 190 + b",[]" * (_MEGABYTE // 3 - 200) + b"]}", {}),
    "nests": (b'{"text":"x","a":[1' + (b"," + b"[" * 190 + b"]" * 190) * (_MEGABYTE // 400) + b"]}", {}),
    "keys": (b'{"text":"x"' + b"".join(b',"%x":1' % number for number in range(98_000)) + b"}", {}),
}


@pytest.mark.parametrize("name", _COSTLY)
def test_a_megabyte_holds_up_nobody(name: str) -> None:
    """The event loop reads payloads, so none may take much longer than a megabyte of ordinary numbers."""
    body, headers = _COSTLY[name]
    numbers = json.dumps([number / 7 for number in range(_MEGABYTE // 22)])
    assert len(body) <= MOST_BYTES
    with suppress(InvalidPayload):
        translate(body, headers)
    ordinary = min(_seconds(lambda: json.loads(numbers)) for _ in range(3))
    taken = min(_seconds(lambda: _tried(body, headers)) for _ in range(3))
    assert taken < 8 * ordinary + 0.01


def _tried(body: bytes, headers: dict[str, str]) -> None:
    with suppress(InvalidPayload):
        translate(body, headers)


@given(st.text(st.sampled_from("%4aA=+&\n\r \t_zЖ\0"), max_size=40))
@example("%3D%0A=\n=%0d%0A %20")
@example("100% sure %zz %")
def test_a_form_is_read_as_forms_are(value: str) -> None:
    """Escapes and their absence mean what they mean to Python's own parser."""
    (found,) = [one for name, one in parse_qsl(f"payload={value}", keep_blank_values=True) if name == "payload"]
    form = f"a=1&payload={value}".encode()
    assert payloads._payload_of(form) == found


def test_strangers_in_a_native_payload_mention_nobody() -> None:
    """The title of an issue may come from anybody on the internet: it makes no mention and no markup."""
    title = "@all **x** [y](https://evil.uz) `@all` <https://evil.uz>"
    payload = {"action": "opened", "issue": {"title": title, "number": 1, "body": f"> @all\n```\n@all\n{title}"}}
    text = post(payload, {"x-github-event": "issues"}).text
    assert list(mentions(text)) == []
    assert "](https://evil.uz)" not in text.replace("\\]", "")


_WORDS = st.one_of(
    st.text(alphabet=sorted("ab @`*_[]()<>~\\\n-1.:/|!u"), max_size=12),
    st.sampled_from(["@all", "`@all", "\\@all", "```\n@all", "\ud800", "\x00", "[a](https://b)", "<!here>", "failed", "opened",
                     "https://a.uz/@all", "www.a.uz", "1. @all", "x" * 900]),
)  # fmt: skip
_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), _WORDS)
_NAMES = """text attachments blocks fallback title title_link fields value type elements style url action issue pull_request
repository full_name html_url sender login commits message id author name ref compare review state body comment release
workflow_run conclusion check_suite status deployment_status label object_kind object_attributes project user builds
alerts labels annotations summary groupKey commonLabels orgId externalURL generatorURL truncatedAlerts ruleId evalMatches
data event level culprit web_url metadata description_title project_slug metric_alert username icon_emoji"""
_KEYS = st.sampled_from(_NAMES.split())
_JSON = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=5), max_leaves=8
)
_OBJECTS = st.dictionaries(_KEYS, _JSON, max_size=8)


@given(_OBJECTS, st.sampled_from(HEADERS), st.booleans())
@example({"object_kind": "pipeline", "object_attributes": {"status": "failed", "duration": float("inf")}}, {}, False)
def test_any_shape(payload: dict[str, Any], headers: dict[str, str], as_slack: bool) -> None:
    """Whatever the types are, the answer is one message that can be stored, or InvalidPayload."""
    try:
        found = translate(json.dumps(payload).encode(), headers, as_slack=as_slack)
    except InvalidPayload:
        return
    assert found.text.strip()
    assert len(found.text) <= MAX_TEXT
    assert "\x00" not in found.text
    found.text.encode()  # no lone surrogate
    assert found.name is None or (found.name and len(found.name) <= 80)


@given(_OBJECTS, st.sampled_from(HEADERS[3:]))
def test_any_native_shape_mentions_nobody(payload: dict[str, Any], headers: dict[str, str]) -> None:
    """No native payload mentions anybody, whatever stands in it."""
    payload["repository"] = payload.get("repository", {})  # so that it is none of Slack's
    try:
        text = translate(json.dumps(payload).encode(), headers).text
    except InvalidPayload:
        return
    assert list(mentions(text)) == []


@given(st.binary(max_size=200), st.sampled_from(HEADERS))
def test_any_bytes(body: bytes, headers: dict[str, str]) -> None:
    """Bytes that are no JSON are refused, too."""
    with suppress(InvalidPayload):
        translate(body, headers)
