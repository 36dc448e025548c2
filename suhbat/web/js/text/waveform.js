// The waveform of a voice note: how loud each part of it is, a byte for each bar, in base64.

import { bytesOf } from "./thumbhash.js";

export const BARS = 48;

/**
 * The bars of a recording. The loudest part is full, so that a quiet voice is seen too.
 * @param {number[]} loud how loud it was at equal intervals, from 0 to 1
 */
export function toWaveform(loud) {
  const bars = shrunk(loud, BARS);
  const most = Math.max(...bars, 0.02);
  return btoa(String.fromCharCode(...bars.map((one) => Math.round((255 * one) / most))));
}

/**
 * So many bars, from 0 to 1; flat ones without a waveform. @param {string | null | undefined} waveform
 * @param {number} [count]
 */
export function barsOf(waveform, count = BARS) {
  const bytes = waveform ? bytesOf(waveform) : null;
  if (!bytes?.length) return Array(count).fill(0);
  return shrunk(
    [...bytes].map((one) => one / 255),
    count,
  );
}

/** The loudest of each part. @param {number[]} values @param {number} count */
function shrunk(values, count) {
  if (!values.length) return Array(count).fill(0);
  return Array.from({ length: count }, (_, at) => {
    const from = Math.floor((at * values.length) / count);
    return Math.max(...values.slice(from, Math.max(from + 1, Math.floor(((at + 1) * values.length) / count))));
  });
}
