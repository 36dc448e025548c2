"""`make cluster`: PostgreSQL, NATS and three nodes behind one port, for tests and for a look. Ctrl-C ends all of them."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path

from tests.relay import Relay

from .parts import running


async def show(port: int, nodes: int, place: Path) -> None:
    """Start everything, print the addresses, and wait."""
    async with running(place, nodes) as cluster:
        front = Relay(*(node.port for node in cluster.nodes))
        await front.start(port)
        setup = cluster.nodes[0].printed().rpartition("setup?code=")[2].split()[0]
        print(f"Page        http://localhost:{front.port}")
        print(f"Postman     ws://localhost:{front.port}/ws/user1")
        print(f"Setup       http://localhost:{front.port}/setup?code={setup}")
        for number, node in enumerate(cluster.nodes):
            print(f"Node {number}      {node.url}   (pid {node.process.pid if node.process else '?'})")
        print(f"PostgreSQL  {cluster.postgres.url('suhbat')}   (pid {cluster.postgres.pid})")
        print(f"NATS        {cluster.nats.url}   (pid {cluster.nats.pid})")
        print("Kill what you like; Ctrl-C ends it all, and its data is gone.", flush=True)
        try:
            await asyncio.Event().wait()
        finally:
            await front.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--nodes", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="suhbat-cluster-") as place:
        try:
            asyncio.run(show(asked.port, asked.nodes, Path(place)))
        except KeyboardInterrupt:
            print("ended")


if __name__ == "__main__":
    main()
