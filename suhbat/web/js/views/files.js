// The files of a message: a grid of pictures, films that play in place, sounds, and rows for all others. Their sizes
// are known before they are loaded, so nothing moves when they arrive.

import { fromThumbhash } from "../text/thumbhash.js";
import { t } from "../text/languages.js";
import { h, icon } from "./dom.js";
import { playsAlone } from "./playing.js";
import { stateText, uploadNode } from "./progress.js";
import { soundNode } from "./sound.js";

/** @import { ShownFile } from "./shown-files.js" */

/** The box of a single picture and of a film, in CSS pixels. */
const BOX = { width: 360, height: 320 };
const FILM = { width: 420, height: 320 };
const SMALLEST = 72;
/** Of ten pictures in rows of three: so many are in rows of two, by the remainder of their number. */
const WIDE = [0, 4, 2];
/** Elements that are kept for each timeline. */
const KEPT = 120;

/** @typedef {{show: (files: ShownFile[], at: number, from: Element) => void}} FileActs `show` opens the lightbox */

/**
 * The elements of files by their first file. A row is drawn again for every reaction; a film that plays must go on, and
 * a picture must not be loaded again.
 * @type {WeakMap<object, Map<string, {data: string, node: HTMLElement}>>}
 */
const made = new WeakMap();

/** @param {ShownFile[]} files @param {FileActs} acts */
export function filesNode(files, acts) {
  const mine = made.get(acts) ?? new Map();
  made.set(acts, mine);
  const data = JSON.stringify(files);
  const [{ id }] = files;
  const found = mine.get(id);
  const node = found?.data === data ? found.node : draw(files, acts);
  mine.delete(id);
  mine.set(id, { data, node });
  for (const [oldest] of mine) {
    if (mine.size <= KEPT) break;
    mine.delete(oldest);
  }
  return node;
}

/** @param {ShownFile[]} files @param {FileActs} acts */
function draw(files, acts) {
  const pictures = files.filter((one) => one.as === "picture");
  const others = files.filter((one) => one.as !== "picture");
  return h(
    "div",
    { class: "files" },
    pictures.length > 0 && galleryNode(pictures, acts),
    ...others.map((one) => (one.as === "film" ? filmNode(one) : one.as === "sound" ? soundNode(one) : rowNode(one))),
  );
}

/** @param {ShownFile[]} pictures @param {FileActs} acts */
function galleryNode(pictures, acts) {
  const single = pictures.length === 1;
  const wide = WIDE[pictures.length % 3];
  const cells = pictures.map((one, at) => {
    const open = (/** @type {Event} */ event) => acts.show(pictures, at, /** @type {Element} */ (event.currentTarget));
    const cell = h(
      "button",
      {
        type: "button",
        class: at < wide ? "picture wide" : "picture",
        disabled: !one.src,
        data: { file: one.id },
        on: { click: open },
      },
      blurred(one),
      image(one, single),
      one.upload && uploadNode(one.upload),
    );
    if (single) boxed(cell, one, BOX);
    return cell;
  });
  return h("div", { class: single ? "gallery single" : "gallery" }, ...cells);
}

/** @param {ShownFile} file @param {boolean} single */
function image(file, single) {
  const sharp = single && file.large !== file.small ? { srcset: `${file.small} 1x, ${file.large} 2x` } : {};
  const failed = () => {
    const cell = node.parentElement;
    node.remove();
    cell?.append(h("span", { class: "gone" }, icon("warning"), t("file.gone")));
  };
  const node = h("img", {
    alt: file.name,
    src: file.small,
    ...sharp,
    width: file.width,
    height: file.height,
    loading: file.here ? "eager" : "lazy",
    decoding: file.here ? "sync" : "async",
    draggable: "false",
    on: {
      load: () => node.parentElement?.querySelector("canvas")?.remove(),
      error: failed,
    },
  });
  return node;
}

/** The blurred preview, until the picture is there. @param {ShownFile} file */
export function blurred({ thumbhash, here }) {
  const pixels = thumbhash && !here ? fromThumbhash(thumbhash) : null;
  if (!pixels) return null;
  const { width, height, rgba } = pixels;
  const canvas = h("canvas", { width, height, "aria-hidden": "true" });
  canvas.getContext("2d")?.putImageData(new ImageData(rgba, width, height), 0, 0);
  return canvas;
}

/** @param {ShownFile} file */
function filmNode(file) {
  const box = h("div", { class: "film", data: { file: file.id } }, blurred(file));
  boxed(box, file.width ? file : { width: 16, height: 9 }, FILM, true);
  if (file.src) {
    const video = h("video", {
      controls: true,
      playsinline: true,
      preload: "metadata",
      // Safari shows a frame only if it is asked for one.
      src: file.here ? file.src : `${file.src}#t=0.1`,
      "aria-label": `${t("file.video")}: ${file.name}`,
      // Without a network nobody knows whether it could be played.
      on: { error: () => box.replaceWith(rowNode(file, navigator.onLine ? t("file.unplayable") : "")) },
    });
    box.append(playsAlone(video));
  }
  if (file.upload) box.append(uploadNode(file.upload));
  return box;
}

/**
 * Give an element the shape of a picture, within a box. @param {HTMLElement} element
 * @param {{width: number, height: number}} size @param {{width: number, height: number}} box
 * @param {boolean} [grow] whether small ones fill the box
 */
function boxed(element, { width, height }, box, grow = false) {
  const scale = Math.min(box.width / width, box.height / height, grow ? Infinity : 1);
  const [wide, high] = [width, height].map((one) => Math.max(SMALLEST, Math.round(one * scale)));
  element.style.width = `${wide}px`;
  element.style.aspectRatio = `${wide} / ${high}`;
}

/** A file with its type and size: a link that downloads it. @param {ShownFile} file @param {string} [note] */
export function rowNode(file, note = "") {
  const { upload } = file;
  const going = upload?.state === "uploading" && !upload.stalled;
  const size = upload && !going && upload.state !== "ready" ? stateText(upload.state, upload.stalled) : file.size;
  const about = [
    h("span", { class: "file-type", "aria-hidden": "true" }, file.ending || icon("file")),
    h(
      "span",
      { class: "file-text" },
      h("bdi", { class: "file-name" }, file.name),
      h("small", going ? { data: { sent: upload.id } } : {}, note ? `${size} · ${note}` : size),
      upload && uploadNode(upload),
    ),
  ];
  if (upload) return h("div", { class: "file" }, ...about);
  const data = { file: file.id };
  const link = { class: "file", href: file.src, download: file.name, title: file.name, data };
  return h("a", link, ...about, icon("load"));
}
