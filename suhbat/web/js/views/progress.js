// The progress of uploads. It changes often, so it is not part of the data of a row: the elements are found by the id.

import { sizeText } from "../text/sizes.js";
import { t } from "../text/languages.js";
import { h } from "./dom.js";

/** @import { App } from "../app.js" */
/** @import { ChosenFile } from "../models/chosen.js" */
/** @import { ShownUpload } from "./shown-files.js" */

/** A bar, without a value while nobody knows how long it takes. @param {ShownUpload} upload */
export function uploadNode({ id, state, stalled }) {
  const label = stateText(state, stalled);
  const over = state === "ready" || state === "failed";
  const gauge = state === "processing" ? "gauge whole" : "gauge"; // the server has everything
  return h(
    "span",
    { class: "upload", hidden: over },
    h("span", { class: gauge, role: "progressbar", "aria-label": label, title: label, data: { upload: id } }),
  );
}

/** @param {ChosenFile["state"]} state @param {boolean} stalled */
export function stateText(state, stalled) {
  if (stalled) return t("file.stalled");
  return t(state === "uploading" || state === "ready" ? "file.waiting" : `file.${state}`);
}

/** How much of a file is sent. @param {ChosenFile} file */
export const sentText = ({ sent, size }) => t("file.sent", { sent: sizeText(sent), size: sizeText(size) });

/** Move the bars of the files that are uploaded. Returns a function that stops it. @param {App} app */
export function followUploads(app) {
  return app.on("progress", (/** @type {string} */ id) => drawProgress(app, id));
}

/** @param {App} app @param {string} id */
export function drawProgress(app, id) {
  const [file] = app.outgoing.chosen.of([id]);
  if (file?.state !== "uploading" || file.stalled) return;
  const part = file.sent / file.size;
  for (const bar of document.querySelectorAll(`.gauge[data-upload="${CSS.escape(id)}"]`)) {
    bar.setAttribute("aria-valuenow", String(Math.round(part * 100)));
    /** @type {HTMLElement} */ (bar).style.setProperty("--done", String(part));
  }
  for (const text of document.querySelectorAll(`[data-sent="${CSS.escape(id)}"]`)) text.textContent = sentText(file);
}
