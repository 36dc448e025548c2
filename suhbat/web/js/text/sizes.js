// Sizes and durations as people read them.

import { cut } from "./graphemes.js";
import { current, t } from "./languages.js";

const UNITS = /** @type {const} */ (["file.kb", "file.mb", "file.gb"]);

/** A size, like "480 KB" and "3.2 MB". A unit is a thousand of the one before. @param {number} bytes */
export function sizeText(bytes) {
  let [value, unit] = [Math.max(bytes, 100) / 1000, 0];
  while (value >= 999.5 && unit < UNITS.length - 1) [value, unit] = [value / 1000, unit + 1];
  const digits = value < 9.95 ? 1 : 0;
  const language = current() === "uz-Cyrl" ? "uz" : current();
  return t(UNITS[unit], { n: new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value) });
}

/** A duration, like "0:07" and "1:02:03". @param {number} seconds */
export function durationText(seconds) {
  const whole = Math.max(0, Math.floor(Number.isFinite(seconds) ? seconds : 0));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (/** @type {number} */ one) => String(one).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

const TAIL = 12; // UTF-16 units: the time of a picture that was pasted, and its ending

/**
 * A name of a file in two parts, so that a long one can lose its middle: the end tells files apart.
 * @param {string} name
 */
export function parted(name) {
  const start = cut(name, Math.max(0, name.length - TAIL));
  return [start, name.slice(start.length)];
}

/** The end of a name as a label, like "PDF": at most four letters. @param {string} name */
export function ending(name) {
  const found = /\.([\p{L}\p{N}]{1,4})$/u.exec(name);
  return found ? found[1].toUpperCase() : "";
}
