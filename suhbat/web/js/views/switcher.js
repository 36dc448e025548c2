// The switcher (Ctrl+K). It finds a conversation by a few letters of its name.

import { letters } from "../text/folding.js";
import { t } from "../text/languages.js";
import { dialog } from "./dialog.js";
import { composes, h } from "./dom.js";
import { sorted, titleOf } from "./names.js";

/** @import { App } from "../app.js" */

/** @param {App} app @param {(conversation: string) => void} go */
export function switcher(app, go) {
  const list = h("ul", {
    class: "switcher-list",
    role: "listbox",
    id: "switcher-list",
    "aria-label": t("conversations"),
  });
  const input = h("input", {
    type: "text",
    role: "combobox",
    "aria-expanded": "true",
    "aria-controls": "switcher-list",
    "aria-label": t("switcher"),
    placeholder: t("switcher"),
    on: { input: draw, keydown: key },
  });
  const { close } = dialog(t("switcher"), [input, list], { class: "switcher" });
  /** @type {string[]} */
  let found = [];
  let at = 0;
  draw();
  input.focus();

  function draw() {
    const wanted = letters(input.value.trim().replace(/^@/, "")); // the page shows names with an @
    const states = sorted([...app.chat.conversations.values()]).filter((state) =>
      letters(titleOf(state)).includes(wanted),
    );
    states.sort(
      (one, other) =>
        Number(letters(titleOf(other)).startsWith(wanted)) - Number(letters(titleOf(one)).startsWith(wanted)) ||
        Number(other.unread > 0) - Number(one.unread > 0),
    );
    found = states.slice(0, 12).map((state) => state.conversation);
    list.replaceChildren(
      ...states
        .slice(0, 12)
        .map((state, index) =>
          h(
            "li",
            { role: "option", id: `switch-${index}`, dir: "auto", on: { click: () => take(index) } },
            titleOf(state),
            state.unread > 0 && h("span", { class: "badge" }, String(state.unread)),
          ),
        ),
    );
    if (!found.length) list.append(h("li", { class: "empty" }, t("search.nothing")));
    point(0);
  }

  /** @param {number} index */
  function point(index) {
    at = index;
    for (const [place, option] of [...list.children].entries())
      option.setAttribute("aria-selected", String(place === index));
    input.setAttribute("aria-activedescendant", `switch-${index}`);
  }

  /** @param {KeyboardEvent} event */
  function key(event) {
    if (composes(event)) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length) point((at + step + found.length) % found.length);
    else if (event.key === "Enter") take(at);
    else return;
    event.preventDefault();
  }

  /** @param {number} index */
  function take(index) {
    if (!found[index]) return;
    close();
    go(found[index]);
  }
}
