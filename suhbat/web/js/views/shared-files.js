// What was shared in a conversation, the newest first: pictures and films as a grid, sounds and other files as rows.

import { short } from "../text/time.js";
import { t } from "../text/languages.js";
import { h, icon } from "./dom.js";
import { blurred, rowNode } from "./files.js";
import { sentence } from "./form.js";
import { lightbox } from "./lightbox.js";
import { trouble } from "./loading.js";
import { called } from "./names.js";
import { shownFile } from "./shown-files.js";
import { soundNode } from "./sound.js";

/** @import { App } from "../app.js" */
/** @import { Message, MessageFile } from "../sdk/types.js" */
/** @import { ShownFile } from "./shown-files.js" */

/**
 * @typedef {{file: MessageFile, seq: number, sender: string, sender_uid: string, sent_at: string}} SharedItem
 */

const PAGE = 24;

/**
 * A part of the details; hidden while there are no files. `ends` stop what it listens to.
 * @param {App} app @param {string} conversation @param {(seq: number) => void} go shows a message
 */
export function sharedFiles(app, conversation, go) {
  const path = `/conversations/${encodeURIComponent(conversation)}/files`;
  const element = h("section", { class: "part shared", hidden: true });
  /** @type {SharedItem[]} */
  let items = [];
  /** @type {number | null} */
  let before = null;

  void load();
  const ends = [
    app.chat.on("event", (/** @type {any} */ event) => {
      if (event.conversation !== conversation) return;
      if (event.type === "message.created" && event.message.files) add(event.message);
      if (event.type === "message.deleted" && items.some(({ seq }) => seq === event.target)) {
        items = items.filter(({ seq }) => seq !== event.target);
        draw();
      }
    }),
  ];
  return { element, ends };

  /** The next older page. */
  async function load() {
    try {
      const page = await app.api.get(path, { limit: PAGE, before });
      items = [...items, ...unknown(page.files)];
      before = page.before;
      draw();
    } catch (error) {
      element.hidden = false;
      element.replaceChildren(
        h("h3", {}, t("files")),
        trouble(sentence(error), () => void load()),
      );
    }
  }

  /** Those that are not listed yet: a message may come while a page is loaded. @param {SharedItem[]} found */
  function unknown(found) {
    const known = new Set(items.map(({ file }) => file.id));
    return found.filter(({ file }) => !known.has(file.id));
  }

  /** A message came: what is shown of older ones stays. @param {Message} message */
  function add({ files = [], seq, sender, sender_uid, sent_at }) {
    items = [...unknown(files.map((file) => ({ file, seq, sender, sender_uid, sent_at }))), ...items];
    draw();
  }

  function draw() {
    element.hidden = items.length === 0;
    const shown = items.map((item) => ({ item, file: shownFile(item.file, app.outgoing) }));
    const seen = shown.filter(({ file }) => file.as === "picture" || file.as === "film");
    const pictures = seen.filter(({ file }) => file.as === "picture").map(({ file }) => file);
    const others = shown.filter((one) => !seen.includes(one));
    const focused = element.contains(document.activeElement);
    const more = { type: "button", class: "more", on: { click: () => void load() } };
    element.replaceChildren(h("h3", {}, t("files")));
    if (seen.length) {
      element.append(h("div", { class: "shared-grid" }, ...seen.map(({ item, file }) => cell(file, item, pictures))));
    }
    if (others.length) {
      element.append(h("ul", { class: "shared-rows" }, ...others.map(({ item, file }) => row(file, item))));
    }
    if (before !== null) element.append(h("button", more, t("files.more")));
    if (focused && document.activeElement === document.body) element.querySelector("button")?.focus();
  }

  /** @param {ShownFile} file @param {SharedItem} item @param {ShownFile[]} pictures */
  function cell(file, item, pictures) {
    const isFilm = file.as === "film";
    const open = (/** @type {Event} */ event) => {
      if (isFilm) return go(item.seq);
      const from = /** @type {Element} */ (event.currentTarget);
      lightbox(pictures, pictures.indexOf(file), from);
    };
    const label = `${t(isFilm ? "file.video" : "file.picture")}: ${file.name}`;
    return h(
      "button",
      { type: "button", class: "picture", "aria-label": label, title: file.name, on: { click: open } },
      blurred(file),
      isFilm ? h("span", { class: "gone" }, icon("play")) : image(file),
    );
  }

  /** @param {ShownFile} file @param {SharedItem} item */
  function row(file, item) {
    const by = called(app, item.sender_uid, item.sender);
    return h(
      "li",
      {},
      file.as === "sound" ? soundNode(file) : rowNode(file),
      h(
        "button",
        { type: "button", class: "link", on: { click: () => go(item.seq) } },
        h("bdi", {}, by),
        ` · ${short(new Date(item.sent_at), new Date())}`,
      ),
    );
  }
}

/** @param {ShownFile} file */
function image(file) {
  const node = h("img", {
    src: file.small,
    alt: "",
    loading: "lazy",
    decoding: "async",
    draggable: "false",
    on: { load: () => node.parentElement?.querySelector("canvas")?.remove() },
  });
  return node;
}
