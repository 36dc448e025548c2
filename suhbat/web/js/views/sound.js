// Voice notes and other sounds: a button, the waveform as a slider, the time and the speed. One sound plays at a time,
// in an element of its own, so that it goes on when the row of its message is drawn again or scrolled away.

import { t } from "../text/languages.js";
import { durationText } from "../text/sizes.js";
import { barsOf } from "../text/waveform.js";
import { h, icon, iconButton } from "./dom.js";
import { mayPlay, playsAlone } from "./playing.js";
import { uploadNode } from "./progress.js";

/** @import { ShownFile } from "./shown-files.js" */

const SPEEDS = [1, 1.5, 2];
const STEP = 3; // s, for the arrow keys

/** @type {HTMLAudioElement | null} */
let audio = null;
/** The file that plays or is paused. @type {ShownFile | null} */
let playing = null;
let speed = 1;
/** Where other sounds were left, in seconds, by file. @type {Map<string, number>} */
const places = new Map();
/** Draws what is shown of a file, by its element. @type {WeakMap<Element, () => void>} */
const draws = new WeakMap();

/** @param {ShownFile} file */
export function soundNode(file) {
  const bars = barsOf(file.waveform).map((one) => {
    const bar = h("i", {});
    bar.style.setProperty("--high", String(Math.max(0.08, one)));
    return bar;
  });
  const button = iconButton("play", t("voice.play"), () => toggle(file), { class: "icon-button play" });
  const wave = h(
    "div",
    {
      class: "wave",
      role: "slider",
      tabindex: 0,
      "aria-label": t("voice.position"),
      "aria-valuemin": 0,
      on: {
        pointerdown: (/** @type {PointerEvent} */ event) =>
          event.button === 0 && wave.setPointerCapture(event.pointerId),
        pointermove: (/** @type {PointerEvent} */ event) => wave.hasPointerCapture(event.pointerId) && seek(event),
        click: (/** @type {PointerEvent} */ event) => seek(event),
        keydown: (/** @type {KeyboardEvent} */ event) => key(event),
      },
    },
    ...bars,
  );
  const time = h("span", { class: "time" });
  const fast = h("button", { type: "button", class: "speed", on: { click: faster } });
  const node = h(
    "div",
    {
      class: "sound",
      role: "group",
      "aria-label": file.waveform ? t("file.voice") : file.name,
      data: { file: file.id },
    },
    button,
    h(
      "div",
      { class: "sound-text" },
      !file.waveform && h("bdi", { class: "file-name" }, file.name),
      wave,
      h("div", { class: "sound-line" }, time, file.upload && uploadNode(file.upload)),
    ),
    fast,
  );
  if (!file.src || !mayPlay(file.type, (audio ??= made()))) {
    button.disabled = true;
    if (file.src) node.append(unplayable(file));
  }
  draws.set(node, draw);
  draw();
  return node;

  function length() {
    const known = playing?.id === file.id && audio && Number.isFinite(audio.duration) ? audio.duration : file.duration;
    return known ?? 0;
  }

  function draw() {
    const mine = playing?.id === file.id && audio !== null;
    const at = place();
    const plays = mine && audio !== null && !audio.paused;
    const label = t(plays ? "voice.pause" : "voice.play");
    if (button.getAttribute("aria-label") !== label) {
      button.replaceChildren(icon(plays ? "pause" : "play"));
      button.setAttribute("aria-label", label);
      button.title = label;
    }
    const done = length() ? (at / length()) * bars.length : 0;
    bars.forEach((bar, one) => bar.classList.toggle("done", one < done));
    time.textContent = at > 0 ? `${durationText(at)} / ${durationText(length())}` : durationText(length());
    wave.setAttribute("aria-valuemax", String(Math.round(length())));
    wave.setAttribute("aria-valuenow", String(Math.round(at)));
    wave.setAttribute("aria-valuetext", durationText(at));
    fast.textContent = `${speed}×`;
    fast.setAttribute("aria-label", t("voice.speed", { n: `${speed}×` }));
    fast.hidden = !mine;
  }

  /** Go to the place under the pointer. @param {MouseEvent} event */
  function seek({ clientX }) {
    if (button.disabled) return;
    const { left, width } = wave.getBoundingClientRect();
    seekTo(file, ((clientX - left) / width) * length());
  }

  function place() {
    return playing?.id === file.id && audio ? audio.currentTime : (places.get(file.id) ?? 0);
  }

  /** @param {KeyboardEvent} event */
  function key(event) {
    const at = place();
    const step = { ArrowLeft: -STEP, ArrowDown: -STEP, ArrowRight: STEP, ArrowUp: STEP }[event.key];
    const to = step === undefined ? { Home: 0, End: length() }[event.key] : at + step;
    if (button.disabled) return;
    if (event.key === " " || event.key === "Enter") toggle(file);
    else if (to !== undefined) seekTo(file, to);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

/** @param {ShownFile} file */
function toggle(file) {
  const mine = playing?.id === file.id;
  if (mine && audio && !audio.paused) return audio.pause();
  load(file);
  void audio?.play().catch(() => failed(file));
}

/** @param {ShownFile} file @param {number} seconds */
function seekTo(file, seconds) {
  load(file);
  if (!audio) return;
  audio.currentTime = Math.max(0, Math.min(seconds, Number.isFinite(audio.duration) ? audio.duration : seconds));
  redraw();
}

function faster() {
  speed = SPEEDS[(SPEEDS.indexOf(speed) + 1) % SPEEDS.length];
  if (audio) audio.playbackRate = speed;
  redraw();
}

/** Make this file the one that plays. @param {ShownFile} file */
function load(file) {
  if (playing?.id === file.id || !file.src) return;
  audio ??= made();
  audio.pause();
  if (playing) places.set(playing.id, audio.ended ? 0 : audio.currentTime);
  playing = file;
  audio.src = file.src;
  audio.playbackRate = audio.defaultPlaybackRate = speed;
  const at = places.get(file.id);
  if (at) audio.currentTime = at;
  redraw();
}

function made() {
  const element = playsAlone(new Audio());
  for (const event of ["play", "pause", "timeupdate", "ended", "seeked", "durationchange"]) {
    element.addEventListener(event, redraw);
  }
  return element;
}

/** Draw all sounds that are shown. */
function redraw() {
  for (const node of document.querySelectorAll(".sound")) draws.get(node)?.();
}

/** @param {ShownFile} file */
function failed(file) {
  if (playing?.id !== file.id || !audio?.error) return; // another one was started
  playing = null;
  audio.removeAttribute("src");
  audio.load();
  redraw();
  for (const node of document.querySelectorAll(`.sound[data-file="${CSS.escape(file.id)}"]`)) {
    if (!node.querySelector(".unplayable")) node.append(unplayable(file));
  }
}

/** What to do where the browser does not know the codec. @param {ShownFile} file */
const unplayable = (file) =>
  h(
    "p",
    { class: "unplayable" },
    t("file.unplayable"),
    " ",
    h("a", { href: file.src, download: file.name }, t("file.download")),
  );
