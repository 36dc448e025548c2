// The pictures of a message, large: one at a time, with the keys, by swipe, zoomed by the wheel, by pinch and by two
// taps.

import { fit, Zoom } from "../models/zoom.js";
import { t } from "../text/languages.js";
import { h, icon, iconButton } from "./dom.js";
import { modal } from "./modal.js";
import { gestures } from "./picture-gestures.js";

/** @import { Sizes } from "../models/zoom.js" */
/** @import { ShownFile } from "./shown-files.js" */

const STEP = 1.5; // of the zoom, by key and button
const ASIDE = 80; // px that an arrow key moves a zoomed picture
const LARGE = 1440; // px of the longer side of what is shown first; more than that is loaded to be zoomed

/** @param {ShownFile[]} pictures @param {number} at @param {Element} from gets the focus at the end */
export function lightbox(pictures, at, from) {
  const zoom = new Zoom();
  /** @type {ShownFile | null} the picture that was loaded in full */
  let sharp = null;
  let image = h("img", {});
  let dragged = false;
  const name = h("bdi", { class: "lightbox-name" });
  const count = h("span", { class: "lightbox-count", "aria-live": "polite" });
  const download = h(
    "a",
    { class: "icon-button", "aria-label": t("file.download"), title: t("file.download") },
    icon("load"),
  );
  const stage = h("div", { class: "stage" });
  const [previous, next] = [
    iconButton("back", t("lightbox.previous"), () => go(-1), { class: "icon-button previous" }),
    iconButton("next", t("lightbox.next"), () => go(1), { class: "icon-button next" }),
  ];
  const header = h(
    "header",
    {},
    name,
    count,
    iconButton("smaller", t("lightbox.smaller"), () => by(1 / STEP)),
    iconButton("larger", t("lightbox.larger"), () => by(STEP)),
    download,
    iconButton("close", t("close"), () => close(), { class: "icon-button", autofocus: true }),
  );
  const box = h(
    "dialog",
    { class: "lightbox", "aria-label": t("file.picture"), on: { keydown: key } },
    header,
    stage,
    previous,
    next,
  );
  gestures(stage, zoom, { go, close: () => close(), draw, drag, sizes, more: (step) => Boolean(pictures[at + step]) });
  const resized = new ResizeObserver(() => draw());
  const close = modal(box, { from, onclose: () => resized.disconnect() });
  resized.observe(stage);
  show();

  function show() {
    const file = pictures[at];
    zoom.reset();
    dragged = false;
    // A small picture stands there until the large one is loaded.
    image = h("img", { alt: file.name, src: file.small, draggable: "false" });
    stage.replaceChildren(image);
    if (file.large !== file.small) load(file, file.large);
    name.textContent = file.name;
    count.textContent = pictures.length > 1 ? t("lightbox.at", { at: String(at + 1), n: String(pictures.length) }) : "";
    download.href = file.src ?? "";
    download.download = file.name;
    previous.hidden = at === 0;
    next.hidden = at === pictures.length - 1;
    draw();
    for (const near of [pictures[at + 1], pictures[at - 1]]) if (near?.large) new Image().src = near.large;
  }

  /** Show a file of more pixels in the place of a smaller one. @param {ShownFile} file @param {string | null} src */
  function load(file, src) {
    if (!src) return;
    const larger = new Image();
    larger.addEventListener("load", () => pictures[at] === file && (image.src = src));
    larger.src = src;
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
    zoom.by(factor, 0, 0, sizes());
    draw();
  }

  /** @param {number} dy */
  function pan(dy) {
    zoom.move(0, dy, sizes());
    draw();
  }

  /** @returns {Sizes} */
  function sizes() {
    const { clientWidth: width, clientHeight: height } = stage;
    // What is not zoomed lies between the header and, on a phone, the buttons below.
    const free = Math.max(1, height - 2 * header.offsetHeight);
    const whole = fit(pictures[at], { width, height: free });
    return { width, height, free, shownWidth: whole.width, shownHeight: whole.height };
  }

  function draw() {
    const all = sizes();
    const { scale, x, y } = zoom.fitted(all);
    image.style.width = `${all.shownWidth}px`;
    image.style.height = `${all.shownHeight}px`;
    image.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    box.style.setProperty("--pull", "0");
    stage.classList.toggle("zoomed", scale > 1);
    stage.classList.toggle("settles", dragged);
    dragged = false;
    sharpen(Math.max(all.shownWidth, all.shownHeight) * scale);
  }

  /** Load the picture itself where its thumbnail has too few pixels. @param {number} side that it is shown with */
  function sharpen(side) {
    const file = pictures[at];
    if (zoom.scale === 1 || side * devicePixelRatio <= LARGE || sharp === file || file.src === file.large) return;
    sharp = file;
    load(file, file.src);
  }

  /** The picture follows a finger. @param {number} x @param {number} y @param {number} pull 0 to 1 */
  function drag(x, y, pull) {
    stage.classList.remove("settles");
    dragged = true;
    image.style.transform = `translate(${x}px, ${y}px) scale(${1 - pull / 5})`;
    box.style.setProperty("--pull", String(pull));
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
      ...(zoom.scale > 1 && { ArrowUp: () => pan(ASIDE), ArrowDown: () => pan(-ASIDE) }),
    });
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }
}
