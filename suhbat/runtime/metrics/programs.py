"""The metrics of programs: bots, webhooks, Telegram's Bot API, and language models. No label has what a client sent."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from suhbat.counting import Counts
from suhbat.runtime.hooks import NodeHooks
from suhbat.runtime.node import Node


def of_programs(node: Node) -> Iterator[Metric]:
    yield _bots(node)
    yield from _requests(node.services.counts)
    yield from _outgoing(node.hooks)


def _bots(node: Node) -> Metric:
    connected = {one.actor.uid for one in node.hub.connections if one.actor.kind == "bot"}
    return GaugeMetricFamily(
        "suhbat_bots_connected",
        "Bots with a connection to this node, or waiting for updates here.",
        value=len(connected | node.services.telegram.pollers.bots),
    )


def _requests(counts: Counts) -> Iterator[Metric]:
    asked = CounterMetricFamily("suhbat_bot_invocations", "What people asked of bots.", labels=("by",))
    for by, count in counts.invocations.counts.items():
        asked.add_metric((by,), count)
    posts = CounterMetricFamily("suhbat_hook_posts", "Requests to incoming webhooks.", labels=("outcome",))
    for outcome, count in counts.hook_posts.counts.items():
        posts.add_metric((outcome,), count)
    telegram = CounterMetricFamily("suhbat_telegram_calls", "Calls of Telegram's Bot API.", labels=("method",))
    for method, count in counts.telegram_calls.items():
        telegram.add_metric((method,), count)
    models = CounterMetricFamily("suhbat_mcp_calls", "Calls of tools at /mcp.", labels=("tool", "outcome"))
    for (tool, outcome), count in counts.mcp_calls.items():
        models.add_metric((tool, outcome), count)
    yield from (asked, posts, telegram, models)


def _outgoing(hooks: NodeHooks) -> Iterator[Metric]:
    counts, totals = hooks.delivering.counts, hooks.totals
    requests = CounterMetricFamily("suhbat_hook_requests", "Requests of outgoing webhooks.", labels=("outcome",))
    for outcome, count in counts.counts.items():
        requests.add_metric((outcome,), count)
    states = GaugeMetricFamily("suhbat_outgoing_hooks", "Outgoing webhooks, as of the last minute.", labels=("state",))
    for state in ("working", "failing", "off", "stopped"):
        states.add_metric((state,), getattr(totals, state))
    yield from (
        requests,
        CounterMetricFamily("suhbat_hook_retries", "Requests that repeat one that failed.", value=counts.retries),
        states,
        GaugeMetricFamily(
            "suhbat_hook_events_waiting",
            "Events that outgoing webhooks have not passed yet, as of the last minute.",
            value=totals.waiting,
        ),
        GaugeMetricFamily(
            "suhbat_hook_lag_seconds", "For how long the oldest delivery has been due.", value=hooks.delivering.lag
        ),
    )
