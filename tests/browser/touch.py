"""A finger on the screen: it goes down, moves and is lifted, as the browser's own touches do."""

from __future__ import annotations

import time
from typing import Any

from playwright.sync_api import Locator, Page

STILL = """(one) => new Promise((done) => {
  let [before, frames] = [-1, 0];
  const look = () => {
    frames = one.scrollTop === before ? frames + 1 : 0;
    before = one.scrollTop;
    if (frames < 10) requestAnimationFrame(look);
    else done();
  };
  look();
})"""


def still(scroller: Locator) -> None:
    """Wait until what a finger has scrolled stands still. While it glides on, a tap only stops it."""
    scroller.evaluate(STILL)


class Finger:
    """`x`, `y`: where it is, in px of the window."""

    def __init__(self, page: Page) -> None:
        self._cdp = page.context.new_cdp_session(page)
        self.x = self.y = 0.0

    def down(self, target: Locator, *, x: float | None = None) -> Finger:
        """Touch the middle of an element, or the place `x` px from the left edge of the window in its middle line."""
        box = target.bounding_box()
        assert box is not None
        self.x = box["x"] + box["width"] / 2 if x is None else x
        self.y = box["y"] + box["height"] / 2
        self._send("touchStart")
        return self

    def move(self, dx: float, dy: float, *, steps: int = 8) -> Finger:
        """Move by so many px, in small steps."""
        for _ in range(steps):
            self.x += dx / steps
            self.y += dy / steps
            self._send("touchMove")
        return self

    def up(self) -> None:
        self._cdp.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    def taps_twice(self, target: Locator) -> None:
        """Touch the middle of an element twice, within 150 ms whatever the machine takes for it."""
        box = target.bounding_box()
        assert box is not None
        self.x, self.y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        now = time.time()
        for after, kind in ((0, "touchStart"), (0.05, "touchEnd"), (0.1, "touchStart"), (0.15, "touchEnd")):
            points = [{"x": self.x, "y": self.y}] if kind == "touchStart" else []
            sent = {"type": kind, "touchPoints": points, "timestamp": now + after}
            self._cdp.send("Input.dispatchTouchEvent", sent)

    def pinches(self, target: Locator, far: float, to: float, *, steps: int = 8) -> None:
        """Two fingers touch the middle of an element, `far` px from each other, and move until they are `to` px apart."""
        box = target.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        for step in range(steps + 1):
            half = (far + (to - far) * step / steps) / 2
            points = [{"x": x - half, "y": y, "id": 1}, {"x": x + half, "y": y, "id": 2}]
            kind = "touchMove" if step else "touchStart"
            self._cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        self.up()

    def _send(self, kind: str) -> None:
        points: list[dict[str, Any]] = [{"x": self.x, "y": self.y}]
        self._cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


SMALL = """() => {
  const [SIZE, STEP, AROUND] = [44, 4, 64];
  const shown = (one) => {
    const { width, height, left, right, top, bottom } = one.getBoundingClientRect();
    if (!width || !height || getComputedStyle(one).visibility !== "visible" || one.disabled) return false;
    for (let part = one; part; part = part.parentElement) {
      const cut = part === one ? { left: 0, top: 0, right: innerWidth, bottom: innerHeight } : part.getBoundingClientRect();
      if (part !== one && getComputedStyle(part).overflow === "visible") continue;
      if (left < cut.left - 1 || right > cut.right + 1 || top < cut.top - 1 || bottom > cut.bottom + 1) return false;
    }
    return true;
  };
  const isHit = (one, x, y) => {
    const hit = document.elementFromPoint(x, y);
    return Boolean(hit) && (one.contains(hit) || hit.closest("label")?.control === one);
  };
  /** Whether what a finger hits has room for a disc of 44 px. Corners may be round. */
  const isLarge = (one) => {
    const { left, right, top, bottom } = one.getBoundingClientRect();
    const [columns, rows] = [right - left, bottom - top].map((length) => Math.ceil(length / STEP) + 2 * (AROUND / STEP));
    const known = [];
    const hits = (x, y) => {
      if (x >= columns || y >= rows) return false;
      return (known[y * columns + x] ??= isHit(one, left - AROUND + x * STEP + 1, top - AROUND + y * STEP + 1));
    };
    const disc = [];
    for (let y = 0; y < SIZE; y += STEP)
      for (let x = 0; x < SIZE; x += STEP)
        if (Math.hypot(x + 1 - SIZE / 2, y + 1 - SIZE / 2) < SIZE / 2) disc.push([x / STEP, y / STEP]);
    const fits = (x, y) => disc.every(([dx, dy]) => hits(x + dx, y + dy));
    const [across, down] = [columns, rows].map((count) => Math.round((count - SIZE / STEP) / 2));
    if (fits(across, down)) return true; // in the middle, as for most: every place costs thousands of questions
    for (let y = 0; y < rows; y++) for (let x = 0; x < columns; x++) if (fits(x, y)) return true;
    return false;
  };
  return [...document.querySelectorAll("a[href], button, input, select, textarea, [role=option], [role=menuitem]")]
    .filter((one) => !one.closest(".text, .skip") && shown(one))
    .filter((one) => {
      // Not what a dialog, a sheet or a list of suggestions covers.
      const { left, width, top, height } = one.getBoundingClientRect();
      const parts = [0.2, 0.5, 0.8];
      return parts.every((x) => parts.every((y) => isHit(one, left + x * width, top + y * height)));
    })
    .filter((one) => !isLarge(one))
    .map((one) => {
      const { width, height } = one.getBoundingClientRect();
      const name = one.getAttribute("aria-label") || one.textContent.slice(0, 20) || one.name || "";
      return `${one.tagName.toLowerCase()}.${one.className} "${name}" ${Math.round(width)}x${Math.round(height)}`;
    });
}"""
"""The targets in the window that a finger of 44 px does not hit, except links and mentions within a text."""


def small_targets(page: Page) -> list[str]:
    found: list[str] = page.evaluate(SMALL)
    return found
