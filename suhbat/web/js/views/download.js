// Saves a file on the device.

import { h } from "./dom.js";

/** @import { App } from "../app.js" */
/** @import { MessageFile } from "../sdk/types.js" */

/** @param {App} app @param {MessageFile} file */
export function download(app, file) {
  const link = h("a", { href: app.outgoing.address(file), download: file.name, hidden: true });
  document.body.append(link); // some browsers do not follow a link that is not in the page
  link.click();
  link.remove();
}
