// The content of a file in a message, as plain data: a file of the server, or one that is being uploaded.

import { ending, sizeText } from "../text/sizes.js";

/** @import { ChosenFile } from "../models/chosen.js" */
/** @import { OutgoingFiles } from "../outgoing-files.js" */
/** @import { FileKind, MessageFile } from "../sdk/types.js" */

/**
 * @typedef {object} ShownFile
 * @property {string} id
 * @property {"picture" | "film" | "sound" | "file"} as how it is shown
 * @property {string} name
 * @property {string} type
 * @property {string} size like "3.2 MB"
 * @property {string} ending of the name, like "PDF"; may be empty
 * @property {string | null} src its address; null if this device has no copy of a file that is being uploaded
 * @property {string | null} small the address of a thumbnail of 360 px, or of the file
 * @property {string | null} large the same of 1440 px
 * @property {number} width
 * @property {number} height
 * @property {number | null} duration in seconds
 * @property {string | null} thumbhash
 * @property {string | null} waveform
 * @property {boolean} here whether the address is one on this device, so that it can be shown at once
 * @property {ShownUpload | null} upload
 */

/** @typedef {{id: string, state: ChosenFile["state"], stalled: boolean}} ShownUpload */

/** @param {MessageFile} file @param {OutgoingFiles} outgoing @returns {ShownFile} */
export function shownFile(file, outgoing) {
  const src = outgoing.address(file);
  const here = src.startsWith("blob:");
  const sized = (/** @type {360 | 1440} */ side) =>
    file.kind === "image" && !here ? outgoing.address(file, side) : src;
  return {
    ...common(file),
    id: file.id,
    src,
    small: sized(360),
    large: sized(1440),
    width: file.width ?? 0,
    height: file.height ?? 0,
    duration: file.duration ?? null,
    thumbhash: file.thumbhash ?? null,
    waveform: file.waveform ?? null,
    here,
    upload: null,
  };
}

/** @param {ChosenFile} file @param {OutgoingFiles} outgoing @returns {ShownFile} */
export function shownChosen(file, outgoing) {
  const src = outgoing.chosen.url(file.id);
  const { width = 0, height = 0, duration = null, thumbhash = null, waveform = null } = file.look;
  return {
    ...common({ ...file, width }),
    id: file.id,
    src,
    small: src,
    large: src,
    width,
    height,
    duration,
    thumbhash,
    waveform,
    here: src !== null,
    upload: { id: file.id, state: file.state, stalled: file.stalled },
  };
}

/** @param {{name: string, type: string, size: number, kind: FileKind, width?: number | null}} file */
const common = ({ name, type, size, kind, width }) => ({
  name,
  type,
  size: sizeText(size),
  ending: ending(name),
  as: /** @type {ShownFile["as"]} */ (
    kind === "image" ? (width ? "picture" : "file") : { video: "film", audio: "sound", file: "file" }[kind]
  ),
});
