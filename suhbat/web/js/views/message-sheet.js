// The sheet of a message after a long press: quick reactions and actions, in rows for a finger.

import { direction } from "../text/direction.js";
import { plain } from "../text/markdown.js";
import { t } from "../text/languages.js";
import { h, icon, iconButton } from "./dom.js";
import { quickRow } from "./quick.js";
import { sheet } from "./sheet.js";

/** @import { TextNames } from "../text/markdown.js" */
/** @import { MenuItem } from "./dialog.js" */

/**
 * @param {HTMLElement} row gets the focus at the end
 * @param {{name: string, text: string, names: TextNames, chosen: string[], react: (emoji: string, at: number) => void,
 *   pick: () => void, items: MenuItem[]}} about
 */
export function messageSheet(row, { name, text, names, chosen, react, pick, items }) {
  /** Close the sheet, then act. @param {() => void} act */
  const then = (act) => () => {
    close();
    act();
  };
  const said = h("span", { dir: direction(text) }, plain(text, names));
  const rows = [...items];
  const copy = rows.findIndex(({ icon: sign }) => sign === "copy");
  rows.splice(copy + 1, 0, { label: t("message.select"), icon: "select", act: () => selectable(text, row) });
  const close = sheet(
    t("message.actions"),
    [
      h("p", { class: "sheet-about" }, h("strong", { dir: "auto" }, name), " ", said),
      h(
        "div",
        { class: "quick-row" },
        ...quickRow(chosen, (emoji, at) => then(() => react(emoji, at))()),
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
  const shown = h("p", { class: "selectable", dir: direction(text) }, text);
  sheet(t("message.select"), [shown], row);
  getSelection()?.selectAllChildren(shown);
}
