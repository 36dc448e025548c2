// The pictures of a message, large: one at a time, with the keys, by swipe, zoomed by the wheel, by pinch and by a
// double click.

import { Zoom } from "../models/zoom.js";
import { t } from "../text/languages.js";
import { h, iconButton } from "./dom.js";
import { modal } from "./modal.js";
import { gestures } from "./pinch.js";

/** @import { ShownFile } from "./shown-files.js" */

const STEP = 1.5; // of the zoom, by key and button

/** @param {ShownFile[]} pictures @param {number} at @param {Element} from gets the focus at the end */
export function lightbox(pictures, at, from) {
  const zoom = new Zoom();
  const image = h("img", { alt: "", draggable: false });
  const name = h("bdi", { class: "lightbox-name" });
  const count = h("span", { class: "lightbox-count", "aria-live": "polite" });
  const load = h("a", { class: "icon-button" });
  const stage = h("div", { class: "stage" }, image);
  const [previous, next] = [
    iconButton("back", t("lightbox.previous"), () => go(-1), { class: "icon-button previous" }),
    iconButton("next", t("lightbox.next"), () => go(1), { class: "icon-button next" }),
  ];
  const download = iconButton("load", t("file.download"), () => load.click());
  const box = h(
    "dialog",
    { class: "lightbox", "aria-label": t("file.picture"), on: { keydown: key } },
    h(
      "header",
      {},
      name,
      count,
      iconButton("smaller", t("lightbox.smaller"), () => by(1 / STEP)),
      iconButton("larger", t("lightbox.larger"), () => by(STEP)),
      download,
      iconButton("close", t("close"), () => close(), { class: "icon-button", autofocus: true }),
    ),
    stage,
    previous,
    next,
  );
  gestures(stage, image, zoom, { go, close: () => close(), draw });
  const close = modal(box, { from });
  show();

  function show() {
    const file = pictures[at];
    zoom.reset();
    // A small picture stands there until the large one is loaded.
    image.src = file.small ?? "";
    image.alt = file.name;
    image.width = file.width;
    image.height = file.height;
    if (file.large && file.large !== file.small) {
      const large = new Image();
      const { large: src } = file;
      large.addEventListener("load", () => pictures[at] === file && (image.src = src));
      large.src = src;
    }
    name.textContent = file.name;
    count.textContent = pictures.length > 1 ? t("lightbox.at", { at: String(at + 1), n: String(pictures.length) }) : "";
    load.href = file.src ?? "";
    load.download = file.name;
    previous.hidden = at === 0;
    next.hidden = at === pictures.length - 1;
    draw();
    for (const near of [pictures[at + 1], pictures[at - 1]]) if (near?.large) new Image().src = near.large;
  }

  /** @param {number} step */
  function go(step) {
    const to = Math.min(pictures.length - 1, Math.max(0, at + step));
    if (to === at) return draw();
    const focused = document.activeElement;
    at = to;
    show();
    // A button that disappears would leave the focus nowhere.
    if (focused instanceof HTMLElement && focused.hidden) (focused === next ? previous : next).focus();
  }

  /** @param {number} factor */
  function by(factor) {
    zoom.by(factor, 0, 0, size());
    draw();
  }

  function size() {
    return {
      width: stage.clientWidth,
      height: stage.clientHeight,
      shownWidth: image.clientWidth,
      shownHeight: image.clientHeight,
    };
  }

  function draw() {
    const { scale, x, y } = zoom.fitted(size());
    image.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    stage.classList.toggle("zoomed", scale > 1);
  }

  /** @param {KeyboardEvent} event */
  function key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const acts = /** @type {Record<string, () => void>} */ ({
      ArrowLeft: () => go(-1),
      ArrowRight: () => go(1),
      Home: () => go(-Infinity),
      End: () => go(Infinity),
      "+": () => by(STEP),
      "=": () => by(STEP),
      "-": () => by(1 / STEP),
      0: () => by(0),
    });
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }
}
