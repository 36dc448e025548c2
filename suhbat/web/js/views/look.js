// Looks at a file before it is uploaded: its size in pixels, its duration, and a blurred preview of a film. A file that
// the browser cannot show has none of these.

import { encodedSize, toThumbhash } from "../text/thumbhash.js";

/** @import { Look } from "../models/chosen.js" */
/** @import { FileKind } from "../sdk/types.js" */

const LONGEST = 4000; // ms
const POSTER = 0.1; // s: the first frame of many films is black or not there

/** @param {Blob} blob @param {FileKind} kind @returns {Promise<Look>} */
export async function lookAt(blob, kind) {
  if (kind === "file") return {};
  const url = URL.createObjectURL(blob);
  const late = new Promise((/** @type {(look: Look) => void} */ resolve) => setTimeout(() => resolve({}), LONGEST));
  const looked = kind === "image" ? picture(url) : kind === "video" ? film(url) : sound(url);
  return Promise.race([looked.catch(() => ({})), late]).finally(() => URL.revokeObjectURL(url));
}

/** @param {string} url @returns {Promise<Look>} */
async function picture(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  return { width: image.naturalWidth, height: image.naturalHeight };
}

/** @param {string} url @returns {Promise<Look>} */
async function film(url) {
  const video = document.createElement("video");
  video.muted = true;
  video.setAttribute("playsinline", "");
  video.preload = "auto";
  await heard(video, "loadeddata", () => (video.src = url));
  const { videoWidth: width, videoHeight: height } = video;
  const length = Number.isFinite(video.duration) ? { duration: video.duration } : {};
  if (!width) return length;
  if (video.duration > POSTER) await heard(video, "seeked", () => (video.currentTime = POSTER));
  const size = encodedSize(width, height);
  const canvas = Object.assign(document.createElement("canvas"), size);
  const drawn = canvas.getContext("2d");
  drawn?.drawImage(video, 0, 0, size.width, size.height);
  const rgba = drawn?.getImageData(0, 0, size.width, size.height).data;
  return { width, height, ...length, ...(rgba ? { thumbhash: toThumbhash({ ...size, rgba }) } : {}) };
}

/** @param {string} url @returns {Promise<Look>} */
async function sound(url) {
  const audio = new Audio();
  audio.preload = "metadata";
  await heard(audio, "loadedmetadata", () => (audio.src = url));
  return Number.isFinite(audio.duration) ? { duration: audio.duration } : {};
}

/** @param {HTMLMediaElement} media @param {string} event @param {() => void} begin */
function heard(media, event, begin) {
  return new Promise((resolve, reject) => {
    media.addEventListener(event, resolve, { once: true });
    media.addEventListener("error", reject, { once: true });
    begin();
  });
}
