"""`python -m tests.house [TREE] [--all]`: the figures of a working tree, this one or another; `--all` names each finding."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Collection
from pathlib import Path

from tests.servers import ROOT

from . import counts
from .ways import ways


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.house", description=__doc__)
    parser.add_argument("tree", type=Path, nargs="?", default=ROOT)
    parser.add_argument("--all", action="store_true", help="name each finding")
    asked = parser.parse_args()
    tree: Path = asked.tree.resolve()

    def show(what: str, found: Collection[object], of: str = "") -> None:
        print(f"{what}: {len(found)}{of}")
        if asked.all:
            for one in found:
                print(f"    {one}")

    python, page = counts.classes(tree), counts.page_types(tree)
    both = {name: python.get(name, []) + page.get(name, []) for name in python.keys() | page.keys()}
    imports = counts.graph(tree)
    show("top-level modules", counts.top_level(tree))
    show("public class names with more than one definition", _told(counts.repeated(python)), f" of {len(python)}")
    show("the same with the types of the page", _told(counts.repeated(both)), f" of {len(both)}")
    show("callables assigned from outside", counts.assigned(tree))
    show("imports that no layer covers", counts.uncovered(tree, imports))
    show("circles", [" <-> ".join(circle) for circle in counts.circles(imports)])
    for name, way in asyncio.run(ways(tree)).items():
        show(f"files that {name} passes through", way.passed, f" (and {len(way.called) - len(way.passed)} leaves)")
    for name, number in counts.lines(tree).items():
        print(f"lines of {name}: {number:,}")


def _told(repeated: dict[str, list[str]]) -> list[str]:
    return [f"{name}: {', '.join(places)}" for name, places in repeated.items()]


if __name__ == "__main__":
    main()
