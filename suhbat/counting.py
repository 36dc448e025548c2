"""Counters of the parts of a server: plain numbers, which /metrics reads on request.

For each message this costs no more than an addition. One thread adds to a counter. Another thread may read at the same time,
and may miss the latest additions.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field

DIALECTS = ("simple", "v1")
"""Names of the dialects, in the order of `hub.connection.FrameFormat`."""


class Histogram:
    """How many values were at most as large as each of `bounds`, which ascend. Values above the last one are counted too."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, *bounds: float) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def buckets(self) -> list[tuple[str, int]]:
        """Cumulative buckets as in Prometheus: (bound, how many values were at most that)."""
        found, sum_ = [], 0
        for bound, count in zip((*self.bounds, float("inf")), tuple(self.counts), strict=True):
            sum_ += count
            found.append(("+Inf" if bound == float("inf") else repr(float(bound)), sum_))
        return found


@dataclass(frozen=True, slots=True)
class StoreCounts:
    """Counted by the writer's and the readers' threads. `commits`, `reads`: seconds; `batches`: items of a transaction."""

    commits: Histogram = field(
        default_factory=lambda: Histogram(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
    )
    batches: Histogram = field(default_factory=lambda: Histogram(1, 2, 5, 10, 25, 50, 100, 250, 500, 1024))
    reads: Histogram = field(
        default_factory=lambda: Histogram(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
    )


class FanOut:
    """Frames and bytes written to live connections, by dialect."""

    __slots__ = ("bytes", "frames")

    def __init__(self) -> None:
        self.bytes = [0] * len(DIALECTS)
        self.frames = [0] * len(DIALECTS)


class Outcomes:
    """How often each outcome came about. Only these exist, so the number of counters is small."""

    __slots__ = ("counts",)

    def __init__(self, *outcomes: str) -> None:
        self.counts = dict.fromkeys(outcomes, 0)

    def add(self, outcome: str, count: int = 1) -> None:
        self.counts[outcome] += count


class Counts:
    """Sends, refusals, and requests of programs, counted on the event loop. `over`: "simple", "v1", "http", or "upgrade" for
    a refused WebSocket. `invocations`: what bots were asked, by a `command` or a `button`. `hook_posts`: requests to incoming
    webhooks. `telegram_calls`: by method; `mcp_calls`: by tool, and whether it was carried out. Only names of this program are
    keys, never what a client sent."""

    __slots__ = ("hook_posts", "invocations", "mcp_calls", "refusals", "sends", "telegram_calls")

    def __init__(self) -> None:
        self.sends = dict.fromkeys((*DIALECTS, "http"), 0)
        self.refusals: dict[tuple[str, str], int] = {}
        self.invocations = Outcomes("command", "button")
        self.hook_posts = Outcomes("posted", "unknown", "not_allowed", "invalid", "too_fast", "failed")
        self.telegram_calls: Counter[str] = Counter()
        self.mcp_calls: Counter[tuple[str, str]] = Counter()

    def sent(self, over: str, *, command: bool) -> None:
        """Count an acknowledged message. `command`: a bot got it instead."""
        if command:
            self.invocations.add("command")
        else:
            self.sends[over] += 1

    def refuse(self, over: str, code: str) -> None:
        """Count a refusal. `code` is one of the error tree, so the number of counters is small."""
        self.refusals[over, code] = self.refusals.get((over, code), 0) + 1


class PushCounts(Outcomes):
    """What became of pushes: `delivered` to a push service, `ended` with their subscription, to be repeated `later`, `dropped`;
    and rows of the queue that `expired`."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("delivered", "ended", "later", "dropped", "expired")


class HookCounts(Outcomes):
    """Requests to the receivers of outgoing webhooks: `delivered`, `refused` by the receiver, or `unanswered`. `retries`: those
    of them that repeated one."""

    __slots__ = ("retries",)

    def __init__(self) -> None:
        super().__init__("delivered", "refused", "unanswered")
        self.retries = 0
