// The sheet of a message after a long press: quick reactions and actions, in rows for a finger.

import { plain } from "../text/markdown.js";
import { t } from "../text/languages.js";
import { h, icon, iconButton } from "./dom.js";
import { quickRow } from "./quick.js";
import { sheet } from "./sheet.js";

/** @import { MenuItem } from "./dialog.js" */

/**
 * @param {HTMLElement} row gets the focus at the end
 * @param {{name: string, text: string, chosen: string[], react: (emoji: string) => void, pick: () => void,
 *   items: MenuItem[]}} about
 */
export function messageSheet(row, { name, text, chosen, react, pick, items }) {
  /** Close the sheet, then act. @param {() => void} act */
  const then = (act) => () => {
    close();
    act();
  };
  const rows = [...items];
  rows.splice(2, 0, { label: t("message.select"), icon: "select", act: () => selectable(text, row) }); // after Copy
  const close = sheet(
    t("message.actions"),
    [
      h("p", { class: "sheet-about", dir: "auto" }, h("strong", { dir: "auto" }, name), ` ${plain(text)}`),
      h(
        "div",
        { class: "quick-row" },
        ...quickRow(chosen, (emoji) => then(() => react(emoji))()),
        iconButton("smile", t("message.react"), then(pick)),
      ),
      ...rows.map(({ label, icon: name, danger, act }) =>
        h(
          "button",
          { type: "button", class: `sheet-row${danger ? " danger" : ""}`, on: { click: then(act) } },
          icon(name),
          label,
        ),
      ),
    ],
    row,
  );
}

/** Show the text so that a part of it can be selected. @param {string} text @param {HTMLElement} row */
function selectable(text, row) {
  const shown = h("p", { class: "selectable", dir: "auto" }, text);
  sheet(t("message.select"), [shown], row);
  getSelection()?.selectAllChildren(shown);
}
