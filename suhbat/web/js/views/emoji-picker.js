// The emoji picker: all emoji by group, with a search by name.

import { groups, load, search } from "../text/emoji.js";
import { t } from "../text/languages.js";
import { h } from "./dom.js";
import { float, sink } from "./floating.js";

const QUICK = ["👍", "❤️", "😂", "🎉", "😮", "🙏", "👏", "🔥"];

/** @param {Element} anchor @param {(emoji: string) => void} chosen */
export async function pickEmoji(anchor, chosen) {
  const grid = h("div", { class: "emoji-grid" });
  const input = h("input", {
    type: "text",
    placeholder: t("emoji.search"),
    "aria-label": t("emoji.search"),
    on: { input: find },
  });
  const box = h(
    "div",
    { class: "emoji-picker", role: "dialog", "aria-label": t("emoji.pick") },
    row(QUICK.map((emoji) => ({ emoji, name: "" }))),
    input,
    grid,
  );
  float(box, anchor);
  input.focus();
  await load();
  find();

  function find() {
    const wanted = input.value.trim().toLowerCase();
    if (wanted) {
      const found = search(wanted, 60);
      grid.replaceChildren(found.length ? row(found) : h("p", { class: "empty" }, t("search.nothing")));
    } else
      grid.replaceChildren(
        ...groups().flatMap((group) => [h("h3", {}, t(`emoji.group.${group.name}`)), row(group.emoji)]),
      );
  }

  /** @param {{emoji: string, name: string}[]} list */
  function row(list) {
    return h(
      "div",
      { class: "emoji-row" },
      ...list.map(({ emoji, name }) => {
        const label = name.replaceAll("_", " ");
        const take = () => {
          sink(box);
          chosen(emoji);
        };
        return h(
          "button",
          { type: "button", title: label || null, "aria-label": label || emoji, on: { click: take } },
          emoji,
        );
      }),
    );
  }
}
