"""Measures the web client: first paint, time to interactive, loaded bytes, memory with 10,000 messages, frames while
scrolling.

`python bench/web.py [--messages 10000] [--slow 4]`: with a real server and headless Chromium. `--slow`: the factor by
which the processor is slowed for the figures of a slow phone. `--visits-only`: no memory and no scrolling.

The slow network is the DevTools' own emulation: it delays and slows the requests of the page, but neither the socket nor
what the service worker fetches.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import CDPSession, Page

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.chromium import launched
from tests.servers import Server, running

WEB = Path(__file__).parents[1] / "suhbat" / "web"
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 780}, "has_touch": True, "is_mobile": True}
VISITS = 5
NETWORK = {"offline": False, "latency": 300, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}
"""Milliseconds a round trip, and bytes a second: a phone with a bad connection."""

WATCH = """
window.seen = {long: 0, frames: [], interactive: null};
const add = (list) => list.getEntries().forEach((entry) => (seen.long += entry.duration));
new PerformanceObserver(add).observe({type: "longtask", buffered: true});
new MutationObserver((_, watcher) => {
  if (document.querySelector("article.message, .gate form")) { seen.interactive = performance.now(); watcher.disconnect(); }
}).observe(document, {childList: true, subtree: true});
"""

SCROLL = """
async (pixels) => {
  const box = document.querySelector(".scroller");
  const times = [];
  let last = performance.now(), stop = false;
  const tick = (now) => { times.push(now - last); last = now; if (!stop) requestAnimationFrame(tick); };
  requestAnimationFrame(tick);
  const began = performance.now();
  let steps = 0;
  while (performance.now() - began < 10000) {
    box.scrollTop -= pixels;
    steps += 1;
    await new Promise(requestAnimationFrame);
  }
  stop = true;
  return {times: times.slice(1), steps};
}
"""


def fill(server: Server, token: str, room: str, messages: int) -> None:
    """Send a year's messages through one v1 socket."""
    from websockets.sync.client import connect

    with connect(f"{server.ws}/api/v1/ws", proxy=None, max_size=None) as socket:
        socket.send(json.dumps({"type": "hello", "id": 0, "token": token}))
        flying = 0
        for number in range(messages):
            text = f"{number}: salom, bu **{number % 7}** xabar. " + "Choy ustida gap koʻp. " * (number % 5)
            socket.send(json.dumps({"type": "send", "id": number + 1, "conversation": room, "text": text}))
            flying += 1
            while flying > 200:
                flying -= json.loads(socket.recv())["type"] == "ok"
        while flying:
            flying -= json.loads(socket.recv())["type"] == "ok"


def visit(page: Page, url: str) -> dict[str, float]:
    page.goto(url, wait_until="load")
    page.wait_for_selector("article.message", state="attached")
    page.wait_for_timeout(300)
    return dict(
        page.evaluate(
            """(_, fetched = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]) => ({
              paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0,
              interactive: seen.interactive,
              long: seen.long,
              bytes: fetched.reduce((sum, entry) => sum + entry.decodedBodySize, 0),
              sent: fetched.reduce((sum, entry) => sum + entry.encodedBodySize, 0),
              requests: fetched.length,
            })"""
        )
    )


def median(visits: list[dict[str, float]], name: str) -> float:
    return statistics.median(one[name] for one in visits)


def heap(cdp: CDPSession) -> float:
    cdp.send("HeapProfiler.collectGarbage")
    metrics: dict[str, Any] = {one["name"]: one["value"] for one in cdp.send("Performance.getMetrics")["metrics"]}
    return float(metrics["JSHeapUsedSize"]) / 1e6


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--messages", type=int, default=10_000)
    arguments.add_argument("--slow", type=float, default=4)
    arguments.add_argument("--visits-only", action="store_true")
    asked = arguments.parse_args()
    with TemporaryDirectory() as place, running("suhbat", Path(place) / "data", send_rate="0") as server:
        token = server.guest("ali")
        _, state = server.request("POST", "/api/v1/conversations", {"title": "Katta xona"}, token=token)
        fill(server, token, state["conversation"], asked.messages)
        url = f"http://localhost:{server.port}/"
        with launched() as browser:
            for name, slow, network in (
                ("this machine", 1.0, None),
                (f"{asked.slow:g} times slower", asked.slow, None),
                (f"{asked.slow:g} times slower, 300 ms, 1.6 Mbit/s", asked.slow, NETWORK),
            ):
                first: list[dict[str, float]] = []
                again: list[dict[str, float]] = []
                for _ in range(VISITS):
                    context = browser.new_context(**PHONE)
                    context.add_init_script(WATCH)
                    context.add_cookies([{"name": "suhbat_session", "value": token, "url": url}])
                    page = context.new_page()
                    cdp = context.new_cdp_session(page)
                    cdp.send("Emulation.setCPUThrottlingRate", {"rate": slow})
                    if network is not None:
                        cdp.send("Network.enable")
                        cdp.send("Network.emulateNetworkConditions", network)
                    first.append(visit(page, f"{url}#/c/{state['conversation']}"))
                    page.evaluate("navigator.serviceWorker.ready.then(() => {})")
                    page.wait_for_timeout(800)
                    page.goto("about:blank")
                    again.append(visit(page, f"{url}#/c/{state['conversation']}"))
                    context.close()
                for what, visits in (("first visit", first), ("again", again)):
                    print(
                        f"{name}, {what}: first paint {median(visits, 'paint'):.0f} ms, messages shown "
                        f"{median(visits, 'interactive'):.0f} ms, long tasks {median(visits, 'long'):.0f} ms, "
                        f"{median(visits, 'bytes') / 1024:.0f} KB, {median(visits, 'sent') / 1024:.0f} KB as sent, in "
                        f"{median(visits, 'requests'):.0f} requests"
                    )
            if asked.visits_only:
                return
            context = browser.new_context(viewport={"width": 1280, "height": 800})
            context.add_init_script(WATCH)
            context.add_cookies([{"name": "suhbat_session", "value": token, "url": url}])
            page = context.new_page()
            cdp = context.new_cdp_session(page)
            cdp.send("Performance.enable")
            visit(page, f"{url}#/c/{state['conversation']}")
            print(
                f"JS heap with the newest messages: {heap(cdp):.1f} MB, {page.locator('article').count()} in the page"
            )
            done = page.evaluate(SCROLL, 120)
            times = sorted(done["times"])
            late = sum(one > 25 for one in times)
            print(
                f"scrolling up {done['steps'] * 120:,} px in 10 s: {len(times)} frames, p50 {times[len(times) // 2]:.1f} ms, "
                f"p99 {times[int(len(times) * 0.99)]:.1f} ms, most {times[-1]:.1f} ms, {late} over 25 ms"
            )
            for _ in range(400):
                page.locator(".scroller").evaluate("(box) => box.scrollTo(0, 0)")
                page.wait_for_timeout(30)
                if page.locator("article", has_text="0: salom").first.get_attribute("data-seq") == "2":
                    break
            oldest = page.locator("article").first.inner_text().split("\n")[-1][:20]
            print(f"scrolled to {oldest!r}: JS heap {heap(cdp):.1f} MB, {page.locator('article').count()} in the page")
    files = [file for file in WEB.rglob("*") if file.is_file() and "try." not in file.name]
    print(f"the client in all: {sum(file.stat().st_size for file in files) / 1024:.0f} KB in {len(files)} files")


if __name__ == "__main__":
    main()
