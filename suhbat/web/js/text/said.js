// What a message says in one line: its text, or the files of one without a text, or that it has only begun to grow, or
// did not.

import { t } from "./languages.js";

/** @import { FileKind } from "../sdk/types.js" */

/** @typedef {{name: string, kind: FileKind, waveform?: string}} NamedFile */

/** @param {{text: string, files?: NamedFile[], streaming?: boolean, cut?: boolean}} message */
export function said({ text, files = [], streaming = false, cut = false }) {
  if (text.trim()) return text;
  if (files.length) return filesText(files);
  return streaming ? t("message.growing") : cut ? t("message.cut") : text;
}

/** @param {NamedFile[]} files */
function filesText(files) {
  const [{ name, kind, waveform }] = files;
  if (files.length > 1) {
    return t(files.every((one) => one.kind === "image") ? "file.pictures" : "file.files", { n: files.length });
  }
  if (kind === "audio" && waveform) return t("file.voice");
  return kind === "image" ? t("file.picture") : kind === "video" ? t("file.video") : name;
}
