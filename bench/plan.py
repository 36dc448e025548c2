"""Estimates what more nodes and a larger database would carry: simulates the writers with the costs measured here.

    python bench/plan.py [--flush-ms 0.5] [--node-us 55] [--transaction-ms 2.5] [--database-us 45]

Each node has one writer, which puts all waiting messages into one transaction. A transaction costs the node a fixed
time and a time for each message, costs the database processor time for each message, and locks its logs from its
beginning to the end of its flush. Senders send again when they have a reply. Nothing else is modelled; in particular
not the fan-out, whose cost is in docs/performance.md and which each node has for its own connections only.
"""

from __future__ import annotations

import argparse
import heapq
import random
import sys
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

import table

LARGEST_BATCH = 1_024


class Costs(NamedTuple):
    """In seconds: of a transaction and of each message on the node, of each message in the database, of a flush."""

    transaction: float
    message: float
    database: float
    flush: float


class Plan(NamedTuple):
    """`rooms`: the messages are spread evenly over these, or with `own` each node has its part of them (as when all
    users of a room are on one node, or conversations have their own database). `cores`: of the database; `senders`: on
    each node, with one message each."""

    nodes: int
    rooms: int
    cores: int
    senders: int
    own: bool = False


@dataclass
class Node:
    waiting: deque[tuple[float, int]] = field(default_factory=deque)
    busy: bool = False


class World:
    """Events in the order of their time."""

    def __init__(self, plan: Plan, costs: Costs, seed: int) -> None:
        self.plan = plan
        self.costs = costs
        self.now = 0.0
        self.delays: list[tuple[float, float]] = []
        self._random = random.Random(seed)
        self._nodes = [Node() for _ in range(plan.nodes)]
        self._held: dict[int, float] = {}
        self._cores = [0.0] * plan.cores
        self._ends: list[tuple[float, int, list[tuple[float, int]]]] = []

    def run(self, seconds: float) -> None:
        for number, node in enumerate(self._nodes):
            node.waiting.extend((0.0, self._room(number)) for _ in range(self.plan.senders))
            self._begin(number)
        while self._ends and self.now < seconds:
            self.now, number, batch = heapq.heappop(self._ends)
            node = self._nodes[number]
            node.busy = False
            for sent, _ in batch:
                self.delays.append((self.now, self.now - sent))
            node.waiting.extend((self.now, self._room(number)) for _ in batch)
            self._begin(number)

    def _room(self, number: int) -> int:
        if self.plan.own:
            return self._random.randrange(self.plan.rooms // self.plan.nodes) * self.plan.nodes + number
        return self._random.randrange(self.plan.rooms)

    def _begin(self, number: int) -> None:
        """One transaction: waits for its logs, then for a core of the database, then for the disk."""
        node = self._nodes[number]
        batch = [node.waiting.popleft() for _ in range(min(LARGEST_BATCH, len(node.waiting)))]
        rooms = {room for _, room in batch}
        start = max([self.now, *(self._held.get(room, 0.0) for room in rooms)])
        worked = start + self.costs.transaction + self.costs.message * len(batch)
        core = min(range(len(self._cores)), key=self._cores.__getitem__)
        # The database works at the same time as the node. If it has more work than cores, everybody waits for it.
        done = max(worked, max(start, self._cores[core]) + self.costs.database * len(batch))
        self._cores[core] = max(start, self._cores[core]) + self.costs.database * len(batch)
        end = done + self.costs.flush
        for room in rooms:
            self._held[room] = end
        heapq.heappush(self._ends, (end, number, batch))


PLANS = (
    Plan(1, 1, 1, 512), Plan(3, 1, 1, 171), Plan(1, 1_000, 1, 2_000), Plan(3, 1_000, 1, 667, own=True),
    Plan(3, 1_000, 8, 667), Plan(3, 1_000, 8, 667, own=True), Plan(10, 10_000, 8, 20), Plan(10, 10_000, 8, 200),
    Plan(10, 10_000, 16, 200, own=True), Plan(30, 100_000, 32, 20), Plan(30, 100_000, 32, 200, own=True),
)  # fmt: skip
"""The first four match measured cases (docs/scale.md)."""


def main() -> int:
    asked = arguments()
    costs = Costs(asked.transaction_ms / 1e3, asked.node_us / 1e6, asked.database_us / 1e6, asked.flush_ms / 1e3)
    lines = []
    for plan in PLANS:
        world = World(plan, costs, seed=7)
        world.run(asked.seconds)
        late = sorted(delay for at, delay in world.delays if at > asked.seconds / 4)
        rate = len(late) / (asked.seconds * 3 / 4)
        p50, p99 = late[len(late) // 2], late[int(len(late) * 0.99)]
        spread = "of each node its own" if plan.own else "shared by all"
        shown = [f"{plan.rooms:,} {spread}", f"{plan.senders:,}"]
        shown += [str(plan.cores), f"{rate:,.0f}", f"{p50 * 1e3:.0f}", f"{p99 * 1e3:.0f}"]
        lines.append([str(plan.nodes), *shown])
    head = ("nodes", "rooms", "in flight each", "cores of PostgreSQL", "sends/s", "p50 ms", "p99 ms")
    print(table.markdown(head, lines))
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Simulates writers with measured costs.")
    parser.add_argument("--transaction-ms", type=float, default=2.5)
    parser.add_argument("--node-us", type=float, default=55)
    parser.add_argument("--database-us", type=float, default=45)
    parser.add_argument("--flush-ms", type=float, default=0.5)
    parser.add_argument("--seconds", type=float, default=20)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
