"""Draws deliveries a second from a result of run.py as multiples of Node ws, into an SVG readable on light and dark.

    python bench/chart.py bench/results/20261123T063232Z.json [--to docs/images/performance.svg] [--load 32x4]

The axis is logarithmic, because the figures differ by three powers of ten. A bar begins at Node ws (1×), goes right if
faster and left if slower, and shows its multiple and the figure itself.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from html import escape
from pathlib import Path
from textwrap import wrap
from typing import Any

from catalogue import TITLES, server_of
from servers import ROOT

BASE = "node"
WIDTH, LEFT, RIGHT = 900, 215, 150
CHARACTERS = 130
"""In a line below the bars."""
TOP, BAR, GAP, BETWEEN = 84, 15, 3, 13
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 } .small { font-size: 11.5px; fill: #59636e } .title { font-size: 16px; font-weight: 600 }
.line { stroke: #d1d9e0 } .base { stroke: #59636e } .few { fill: #7d8590 } .many { fill: #57606a } .ours.few { fill: #54aeff } .ours.many { fill: #0969da }
.flushes.few { fill: #4ac26b } .flushes.many { fill: #1a7f37 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .small { fill: #9198a1 } .line { stroke: #3d444d } .base { stroke: #9198a1 } .few { fill: #9198a1 } .many { fill: #656c76 }
.ours.few { fill: #79c0ff } .ours.many { fill: #1f6feb } .flushes.few { fill: #56d364 } .flushes.many { fill: #238636 }
}
""".strip()  # noqa: E501


def main() -> int:
    asked = arguments()
    figures = json.loads(asked.result.read_text(encoding="utf-8"))
    drawn = draw(figures, asked.load.replace("x", "×"))
    asked.to.parent.mkdir(parents=True, exist_ok=True)
    asked.to.write_text(drawn, encoding="utf-8")
    print(f"written to {asked.to}")
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Draws a result of run.py.")
    parser.add_argument("result", type=Path, help="a file of bench/results/")
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "images" / "performance.svg")
    parser.add_argument("--load", default="32x4", help="senders x messages in flight each")
    return parser.parse_args()


def draw(figures: dict[str, Any], load: str) -> str:
    """The SVG. Exits if the result has no row of Node ws for a number of members that others were measured with."""
    rows = [row for row in figures["rows"] if row["load"] == load and not row["problem"]]
    members = sorted({row["members"] for row in rows})
    rates = {(row["server"], row["members"]): float(row["deliveries_per_s"]) for row in rows}
    for count in members:
        if not rates.get((BASE, count)):
            sys.exit(f"bench: the result has no row of {TITLES[BASE]} with {count} members at {load} to compare with")
    if not members:
        sys.exit(f"bench: the result has no rows at {load}")
    multiples = {place: rate / rates[BASE, place[1]] for place, rate in rates.items()}
    scale = Scale(min(multiples.values()), max(multiples.values()))
    servers = [key for key in TITLES if any(key == place[0] for place in rates)]
    about = [line.removeprefix("- ") for lines in figures["about"] for line in lines.splitlines()]
    notes = [
        "Blue: Suhbat, which flushes every message before anybody sees it. Green: others that flush every message before they "
        "acknowledge it.",
        "Grey: servers that acknowledge before anything is flushed.",
        *(part for line in about for part in wrap(line, CHARACTERS)),
    ]
    each = max(len(members), 2) * (BAR + GAP) + BETWEEN  # a name has two lines
    height = TOP + len(servers) * each + 18 * (len(notes) + 1)
    parts = [*head(height, members, load), *axis(scale, height - 18 * (len(notes) + 1))]
    for number, key in enumerate(servers):
        y = TOP + number * each
        middle = y + len(members) * (BAR + GAP) / 2 + 4
        name = escape(TITLES[key].replace("`", ""))
        small = server_of(key).guarantee.short
        parts.append(f'<text x="{LEFT - 10}" y="{middle - 8:.0f}" text-anchor="end">{name}</text>')
        parts.append(f'<text class="small" x="{LEFT - 10}" y="{middle + 7:.0f}" text-anchor="end">{small}</text>')
        for count in members:
            if (key, count) in rates:
                parts += bar(key, count == members[-1], y, multiples[key, count], rates[key, count], scale)
            y += BAR + GAP
    y = TOP + len(servers) * each
    for number, note in enumerate(notes):
        parts.append(f'<text class="small" x="12" y="{y + 20 + 18 * number}">{escape(note)}</text>')
    return "\n".join([*parts, "</svg>", ""])


class Scale:
    """Positions of multiples on a logarithmic axis that contains 1 and ends at whole powers of ten or their halves."""

    def __init__(self, least: float, most: float) -> None:
        self.low = min(math.log10(least), 0.0) - 0.08
        self.high = max(math.log10(most), 0.3) + 0.05

    def place(self, multiple: float) -> float:
        return LEFT + (math.log10(multiple) - self.low) / (self.high - self.low) * (WIDTH - LEFT - RIGHT)

    def ticks(self) -> list[float]:
        wanted = [part * 10.0**power for power in range(-3, 5) for part in (1, 3)]
        return [tick for tick in wanted if self.low <= math.log10(tick) <= self.high]


def head(height: float, members: list[int], load: str) -> list[str]:
    sizes = " and ".join(f"{count:,}" for count in members)
    senders, _, flight = load.partition("×")
    title = f"Messages delivered a second, as a multiple of Node ws: {sizes} members"
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{title}">',
        f"<style>{STYLE}</style>",
        f'<text class="title" x="12" y="26">{title}</text>',
        f'<text class="small" x="12" y="46">{senders} of them send with {flight} messages in flight each; everybody gets '
        f"everything; one core each. Logarithmic. {'The upper bar is the smaller room.' if len(members) > 1 else ''}</text>",
    ]


def axis(scale: Scale, bottom: float) -> list[str]:
    parts = []
    for tick in scale.ticks():
        x = scale.place(tick)
        kind = "base" if tick == 1 else "line"
        parts.append(f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 8}" y2="{bottom:.0f}"/>')
        parts.append(f'<text class="small" x="{x:.1f}" y="{TOP - 14}" text-anchor="middle">{tick:g}×</text>')
    return parts


def bar(key: str, many: bool, y: float, multiple: float, rate: float, scale: Scale) -> list[str]:
    start, stop = sorted((scale.place(1), scale.place(multiple)))
    ours = server_of(key).dialect in ("simple", "v1")
    flushing = ("ours " if ours else "flushes ") if server_of(key).guarantee.flushes else ""
    kind = flushing + ("many" if many else "few")
    shown = f"{multiple:.0f}×" if multiple >= 10 else f"{multiple:.2g}×"
    return [
        f'<rect class="{kind}" x="{start:.1f}" y="{y}" width="{max(stop - start, 1.5):.1f}" height="{BAR}" rx="2"/>',
        f'<text class="small" x="{stop + 6:.1f}" y="{y + BAR - 3}">{shown} · {spoken(rate)}/s</text>',
    ]


def spoken(rate: float) -> str:
    """A number with three digits: 118 thousand, 2.44 million."""
    return f"{rate / 1e6:.3g} million" if rate >= 1e6 else f"{rate / 1e3:.0f} thousand"


if __name__ == "__main__":
    sys.exit(main())
