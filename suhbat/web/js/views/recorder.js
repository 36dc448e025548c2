// Records a voice message. A tap on the button begins, and the bar has buttons to send and to delete. A finger may also
// hold the button: lifting it sends, sliding to the left deletes.

import { t } from "../text/languages.js";
import { durationText } from "../text/sizes.js";
import { toWaveform } from "../text/waveform.js";
import { toast } from "./dialog.js";
import { h, iconButton } from "./dom.js";
import { hush } from "./playing.js";

/** @import { Look } from "../models/chosen.js" */

/** In the order of preference: every browser plays the first, and all but old ones of Apple play the others. */
const TYPES = ["audio/mp4;codecs=mp4a.40.2", "audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];
const BITS = 32_000; // a second
const SHORTEST = 0.5; // s: what is shorter was a mistake
const LOOK_MS = 50; // between two looks at the loudness
const SHOWN = 60; // bars
const LONGEST = 60 * 60; // s

/** A finger that holds this long, in ms, sends when it is lifted. */
const HELD = 350;
const SLID = 90; // px to the left that delete

/** Whether this browser can record. */
export const canRecord = () => Boolean(navigator.mediaDevices?.getUserMedia) && "MediaRecorder" in window;

/**
 * @typedef {{blob: Blob, name: string, look: Look}} Recording
 * @typedef {object} RecorderActs
 * @property {(bar: HTMLElement) => void} begin shows the bar in place of the message field
 * @property {() => void} end takes it away
 * @property {(recording: Recording, send: boolean) => void} take `send`: the user wants it sent; otherwise something
 *   else ended it, and it is kept
 */

/** A button that records, and a function that ends a recording and keeps it. @param {RecorderActs} acts */
export function recordButton(acts) {
  /** @type {Recorder | null} */
  let recorder = null;
  let held = 0;
  let from = 0;
  const start = async () => {
    if (recorder) return;
    const mine = (recorder = new Recorder({
      ...acts,
      end: () => {
        if (recorder === mine) recorder = null;
        acts.end();
        if (!button.hidden) button.focus();
      },
    }));
    await mine.start();
  };
  const button = iconButton("mic", t("voice.record"), () => void start(), { class: "icon-button record" });
  button.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "touch") return;
    [held, from] = [event.timeStamp, event.clientX];
    button.setPointerCapture(event.pointerId);
    void start();
  });
  button.addEventListener("pointermove", (event) => recorder?.slide(Math.min(0, event.clientX - from), SLID));
  button.addEventListener("pointerup", (event) => {
    if (event.pointerType !== "touch" || !recorder) return;
    event.preventDefault();
    if (event.clientX - from < -SLID) recorder.cancel();
    else if (event.timeStamp - held > HELD) recorder.send();
    recorder?.slide(0, SLID);
  });
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  return { button, leave: () => recorder?.leave() };
}

class Recorder {
  /** @type {MediaStream | null} */
  #stream = null;
  /** @type {MediaRecorder | null} */
  #recorder = null;
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {Blob[]} */
  #parts = [];
  /** @type {number[]} how loud each moment was, from 0 to 1 */
  #loud = [];
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;
  #began = 0;
  #over = false;
  #wanted = false;
  #acts;

  /** @param {RecorderActs} acts */
  constructor(acts) {
    this.#acts = acts;
    this.time = h("span", { class: "time", role: "timer" }, durationText(0));
    this.wave = h("div", { class: "wave", "aria-hidden": "true" });
    this.hint = h("span", { class: "slide" }, t("voice.slide"));
    this.bar = h(
      "div",
      {
        class: "recording",
        role: "group",
        "aria-label": t("voice.recording"),
        on: { keydown: (/** @type {KeyboardEvent} */ event) => this.#key(event) },
      },
      iconButton("trash", t("voice.cancel"), () => this.cancel()),
      h("span", { class: "dot", "aria-hidden": "true" }),
      this.time,
      this.wave,
      this.hint,
      iconButton("send", t("voice.send"), () => this.send(), { class: "icon-button send" }),
    );
  }

  async start() {
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch (error) {
      const { name } = /** @type {Error} */ (error);
      toast(t(name === "NotFoundError" ? "voice.none" : "voice.denied"));
      return this.#end();
    }
    if (this.#over) return this.#end();
    hush();
    const type = TYPES.find((one) => MediaRecorder.isTypeSupported(one));
    this.#recorder = new MediaRecorder(this.#stream, { audioBitsPerSecond: BITS, ...(type ? { mimeType: type } : {}) });
    this.#recorder.addEventListener("dataavailable", ({ data }) => void this.#parts.push(data));
    this.#recorder.addEventListener("stop", () => this.#stopped());
    this.#recorder.start(1000);
    this.#began = performance.now();
    this.#listen(this.#stream);
    this.#acts.begin(this.bar);
    this.bar.querySelector("button")?.focus();
    if (this.#wanted) this.send();
  }

  get #seconds() {
    return this.#began ? (performance.now() - this.#began) / 1000 : 0;
  }

  send() {
    if (!this.#recorder) return void (this.#wanted = true);
    if (this.#seconds < SHORTEST) {
      toast(t("voice.short"));
      return this.cancel();
    }
    this.#wanted = true;
    this.#recorder.stop();
  }

  /** The user goes elsewhere. */
  leave() {
    if (this.#recorder?.state === "recording") this.#recorder.stop();
    else this.#over = true;
  }

  cancel() {
    this.#over = true;
    this.#wanted = false;
    if (this.#recorder && this.#recorder.state !== "inactive") this.#recorder.stop();
    else if (this.#recorder) this.#end();
  }

  /** A finger that holds the button moves. @param {number} by px @param {number} far px that delete */
  slide(by, far) {
    this.bar.classList.toggle("sliding", by < -8);
    this.bar.style.setProperty("--slid", `${Math.max(by, -far)}px`);
  }

  #stopped() {
    const seconds = this.#seconds;
    const [send, dropped] = [this.#wanted, this.#over];
    const type = this.#recorder?.mimeType.split(";")[0] ?? "";
    this.#end();
    // It also stops by itself, when the microphone is unplugged.
    if (dropped || seconds < SHORTEST) return;
    const blob = new Blob(this.#parts, { type });
    const ending = type.includes("mp4") ? "m4a" : type.includes("ogg") ? "ogg" : "webm";
    const look = { waveform: toWaveform(this.#loud), duration: Math.round(seconds * 10) / 10 };
    this.#acts.take({ blob, name: `voice.${ending}`, look }, send);
  }

  /** Follow how loud it is. @param {MediaStream} stream */
  #listen(stream) {
    this.#context = new AudioContext();
    const analyser = this.#context.createAnalyser();
    analyser.fftSize = 1024;
    this.#context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    this.#timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, one) => sum + one * one, 0) / samples.length;
      this.#loud.push(Math.min(1, Math.sqrt(power) * 3));
      this.#draw();
      if (this.#seconds > LONGEST) this.send();
    }, LOOK_MS);
  }

  #draw() {
    this.time.textContent = durationText(this.#seconds);
    const bar = h("i", {});
    bar.style.setProperty("--high", String(Math.max(0.08, this.#loud.at(-1) ?? 0)));
    this.wave.append(bar);
    while (this.wave.childElementCount > SHOWN) this.wave.firstChild?.remove();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    this.cancel();
  }

  #end() {
    this.#over = true;
    clearInterval(this.#timer);
    void this.#context?.close().catch(() => {});
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#acts.end();
  }
}
