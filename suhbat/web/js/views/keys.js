// The list of keyboard shortcuts. `?` shows it.

import { t } from "../text/languages.js";
import { dialog } from "./dialog.js";
import { h } from "./dom.js";

const KEYS = [
  ["Ctrl K", "keys.switch"],
  ["Ctrl Shift F", "keys.search"],
  ["Alt ↑ / ↓", "keys.neighbour"],
  ["Alt Shift ↑ / ↓", "keys.unread"],
  ["↑", "keys.edit"],
  ["Enter", "keys.send"],
  ["Shift Enter", "keys.break"],
  ["Esc", "keys.escape"],
  ["PgUp / PgDn", "keys.scroll"],
  ["↑ / ↓", "keys.rows"],
  ["R · T · F · E · +", "keys.message"],
  ["Ctrl Z", "keys.undo"],
  ["?", "keys.help"],
];

export function keysDialog() {
  dialog(t("keys"), [
    h(
      "dl",
      { class: "keys" },
      ...KEYS.flatMap(([keys, text]) => [
        h("dt", {}, ...keys.split(" ").map((key) => (/^[/·]$/.test(key) ? ` ${key} ` : h("kbd", {}, key)))),
        h("dd", {}, t(text)),
      ]),
    ),
  ]);
}
