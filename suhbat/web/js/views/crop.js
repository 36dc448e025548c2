// The dialog in which a square of an image is chosen: drag and pinch, wheel, a slider, arrow keys. A round preview
// shows what others will see.

import { Crop } from "../models/crop.js";
import { t } from "../text/languages.js";
import { dialog } from "./dialog.js";
import { h, icon } from "./dom.js";
import { sentence } from "./form.js";
import { touch } from "./sheet.js";

const SIDE = 512; // px of the square that is sent; the server makes smaller ones
const PREVIEW = 128; // px of the round preview, shown at half of that
const STEP = 0.04; // of the stage, for each press of an arrow key
const ZOOM = 1.15; // for each press of + or -, and each notch of a wheel

/**
 * Ask for a square of this image, and pass it to `save`. The dialog stays until that is done, and shows its error.
 * @param {Blob} blob @param {(square: Blob, signal: AbortSignal) => Promise<unknown>} save
 */
export async function cropDialog(blob, save) {
  const url = URL.createObjectURL(blob);
  const image = h("img", { alt: "" });
  image.src = url;
  const ends = new AbortController();
  try {
    await image.decode();
  } catch {
    URL.revokeObjectURL(url);
    return void dialog(t("picture"), [h("p", {}, t("picture.unreadable"))], { class: "small" });
  }
  // An SVG without measures has none.
  const crop = new Crop(image.naturalWidth || SIDE, image.naturalHeight || SIDE);
  const stage = h("canvas", {
    class: "crop-stage",
    width: SIDE,
    height: SIDE,
    tabindex: 0,
    role: "application",
    "aria-label": t("picture.stage"),
    "aria-describedby": "crop-help",
    on: { keydown: key },
  });
  const preview = h("canvas", { class: "crop-preview", width: PREVIEW, height: PREVIEW, "aria-hidden": "true" });
  const slider = h("input", {
    type: "range",
    min: 0,
    max: 100,
    step: 1,
    value: 0,
    disabled: crop.most === 1,
    "aria-label": t("picture.zoom"),
    on: { input: () => zoomed(crop.most ** (Number(slider.value) / 100)) },
  });
  const wrong = h("p", { class: "wrong", role: "alert" });
  const cancel = h("button", { type: "button", on: { click: () => close() } }, t("cancel"));
  const go = h("button", { type: "button", class: "primary", on: { click: () => void done() } }, t("picture.use"));
  const { close } = dialog(
    t("picture"),
    [
      h("div", { class: "crop-frame" }, stage),
      h("div", { class: "crop-row" }, preview, icon("smaller"), slider, icon("larger")),
      h("p", { class: "hint", id: "crop-help" }, t(touch() ? "picture.help.touch" : "picture.help")),
      wrong,
      h("div", { class: "buttons" }, cancel, go),
    ],
    {
      class: "crop",
      onclose: () => {
        ends.abort();
        URL.revokeObjectURL(url);
      },
    },
  );
  followPointers(stage, crop, draw);
  draw();
  stage.focus();
  return undefined;

  function draw() {
    paint(stage);
    paint(preview);
    slider.value = String(crop.most === 1 ? 0 : Math.round((100 * Math.log(crop.zoom)) / Math.log(crop.most)));
  }

  /** @param {HTMLCanvasElement} canvas */
  function paint(canvas) {
    const context = canvas.getContext("2d");
    if (!context) return;
    context.clearRect(0, 0, canvas.width, canvas.height);
    Object.assign(context, { imageSmoothingQuality: "high" }); // Firefox does without it
    const { left, top, side } = crop;
    context.drawImage(image, left, top, side, side, 0, 0, canvas.width, canvas.height);
  }

  /** @param {number} zoom */
  function zoomed(zoom) {
    crop.zoomTo(zoom);
    draw();
  }

  /** @param {KeyboardEvent} event */
  function key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const moves = /** @type {Record<string, [number, number]>} */ ({
      ArrowLeft: [STEP, 0],
      ArrowRight: [-STEP, 0],
      ArrowUp: [0, STEP],
      ArrowDown: [0, -STEP],
    })[event.key];
    const zoom = { "+": ZOOM, "=": ZOOM, "-": 1 / ZOOM }[event.key];
    if (moves) crop.drag(...moves);
    else if (zoom) crop.zoomTo(crop.zoom * zoom);
    else return;
    event.preventDefault();
    draw();
  }

  async function done() {
    if (go.disabled) return;
    go.disabled = true;
    go.setAttribute("aria-busy", "true");
    wrong.textContent = "";
    try {
      await save(await square(stage), ends.signal);
      close();
    } catch (error) {
      wrong.textContent = sentence(error);
    } finally {
      go.disabled = false;
      go.removeAttribute("aria-busy");
    }
  }
}

/**
 * The square as a file. Safari makes a PNG, because it cannot write WebP.
 * @param {HTMLCanvasElement} canvas @returns {Promise<Blob>}
 */
function square(canvas) {
  return new Promise((resolve, reject) => {
    const made = (/** @type {Blob | null} */ blob) => (blob ? resolve(blob) : reject(new Error("no picture")));
    canvas.toBlob(made, "image/webp", 0.92);
  });
}

/**
 * One pointer drags, two pinch, a wheel zooms at its place.
 * @param {HTMLCanvasElement} stage @param {Crop} crop @param {() => void} draw
 */
function followPointers(stage, crop, draw) {
  /** @type {Map<number, {x: number, y: number}>} where each pointer is, in parts of the stage */
  const pointers = new Map();
  const place = (/** @type {MouseEvent} */ { clientX, clientY }) => {
    const { left, top, width, height } = stage.getBoundingClientRect();
    return { x: (clientX - left) / width, y: (clientY - top) / height };
  };
  const middle = () => {
    const all = [...pointers.values()];
    const sum = all.reduce((a, b) => ({ x: a.x + b.x, y: a.y + b.y }), { x: 0, y: 0 });
    const [one, other] = all;
    const apart = other ? Math.hypot(one.x - other.x, one.y - other.y) : 0;
    return { x: sum.x / all.length, y: sum.y / all.length, apart };
  };
  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || pointers.size >= 2) return;
    stage.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, place(event));
  });
  stage.addEventListener("pointermove", (event) => {
    if (!pointers.has(event.pointerId)) return;
    const before = middle();
    pointers.set(event.pointerId, place(event));
    const now = middle();
    crop.drag(now.x - before.x, now.y - before.y);
    if (before.apart > 0 && now.apart > 0) crop.zoomTo((crop.zoom * now.apart) / before.apart, now.x, now.y);
    draw();
  });
  for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) {
    stage.addEventListener(name, (event) => void pointers.delete(event.pointerId));
  }
  const wheel = (/** @type {WheelEvent} */ event) => {
    event.preventDefault();
    const at = place(event);
    crop.zoomTo(crop.zoom * (event.deltaY < 0 ? ZOOM : 1 / ZOOM), at.x, at.y);
    draw();
  };
  stage.addEventListener("wheel", wheel, { passive: false });
}
