// The composer: the draft, a reply or an edit, sending by Enter, and completion.

import { direction } from "../text/direction.js";
import { plain } from "../text/markdown.js";
import { load, replaceNames } from "../text/emoji.js";
import { newId } from "../sdk/ids.js";
import { preferences } from "../storage/preferences.js";
import { said } from "../text/said.js";
import { t } from "../text/languages.js";
import { Completion } from "./completion.js";
import { ComposerFiles } from "./composer-files.js";
import { composes, h, icon, iconButton } from "./dom.js";
import { heldNote } from "./held.js";
import { later } from "./later.js";
import { namesIn, writtenBy } from "./names.js";
import { sentence } from "./form.js";
import { receive } from "./receiving.js";
import { filesRefusal } from "./rights.js";
import { toast } from "./dialog.js";

/** @import { App } from "../app.js" */
/** @import { Message } from "../sdk/types.js" */
/** @import { Given } from "./attach.js" */
/** @import { Offers } from "./completion.js" */
/** @import { ConversationSource, ThreadSource } from "../sources.js" */
/** @import { TimelineView } from "./timeline.js" */

const LONGEST = 4000; // characters, as the server counts them
const COUNTED = 3500; // from this length on the number of remaining characters is shown
const NAMES_MS = 3000; // the longest wait for the emoji names; after it a message is sent with its colons

export class Composer {
  /** The sending of the previous message. Each message waits for it. @type {Promise<unknown>} */
  #sending = Promise.resolve();

  /**
   * @param {App} app
   * @param {ConversationSource | ThreadSource} source
   * @param {TimelineView} timeline
   * @param {Offers} offers
   */
  constructor(app, source, timeline, offers) {
    this.app = app;
    this.source = source;
    this.timeline = timeline;
    const isThread = source.thread !== null;
    this.input = h("textarea", {
      id: isThread ? "thread-composer" : "composer",
      rows: 1,
      dir: "auto",
      enterkeyhint: touch() ? "enter" : "send",
      "aria-label": t(isThread ? "thread.label" : "composer.label"),
      placeholder: t(isThread ? "thread.placeholder" : "composer.placeholder"),
      on: {
        input: () => this.#typed(),
        keydown: (/** @type {KeyboardEvent} */ event) => this.#key(event),
      },
    });
    this.completion = new Completion(this.input, {
      ...offers,
      "/": async (begun) => (this.draft.edit || !this.files.tray.empty ? [] : offers["/"](begun)), // no bot gets these
    });
    this.context = h("div", { class: "composer-context", hidden: true });
    this.count = h("span", { class: "count", "aria-live": "polite" });
    this.sendButton = iconButton("send", t("composer.send"), () => this.send(), { class: "icon-button send" });
    const emoji = iconButton("smile", t("emoji.pick"), (event) =>
      this.#emoji(/** @type {Element} */ (event.currentTarget)),
    );
    this.files = new ComposerFiles(app, source.key, {
      row: () => this.row,
      changed: () => this.#swap(),
      send: () => void this.send(),
      add: (files) => this.take(files),
    });
    const { attach, record } = this.files;
    const fields = [attach, this.input, this.count, emoji, record, this.sendButton];
    this.row = h("div", { class: "composer-row" }, ...fields);
    this.held = heldNote(app, source.conversation);
    this.why = h("span", {});
    this.closed = h("p", { class: "composer-note", hidden: true }, icon("lock"), this.why);
    this.also = h("input", { type: "checkbox" });
    this.alsoLabel = h("label", { class: "check also" }, this.also, t("thread.also"));
    this.element = h(
      "div",
      { class: "composer" },
      this.completion.list,
      this.held.element,
      this.closed,
      this.context,
      this.files.tray.element,
      this.row,
      isThread && this.alsoLabel,
    );
    this.refresh();
  }

  get draft() {
    return this.source.draft;
  }

  /** Show the current draft, which another device may have changed, and whether the user may write. */
  refresh() {
    const { closed } = this.source;
    // The text stays readable. A disabled field would lose the focus, and its text could not be copied.
    this.input.readOnly = this.sendButton.disabled = closed !== null;
    this.closed.hidden = closed === null;
    this.alsoLabel.hidden = closed !== null || this.draft.edit !== null;
    if (closed) this.why.textContent = t(closed);
    const { text } = this.draft.edit ?? this.draft;
    if (this.input.value !== text) {
      this.input.value = text;
      this.completion.close(); // it was for another text
    }
    this.#turn();
    this.#context();
    this.#size();
    this.#swap();
  }

  /** Why no files can be added now, for people; "" if there is nothing to say; null if they can. */
  get refusal() {
    const { closed, state } = this.source;
    const key = closed ?? (this.draft.edit ? "file.edit" : filesRefusal(this.app, state));
    return key && t(key);
  }

  /** Add files to the message. @param {Given[]} files */
  take(files) {
    if (!files.length || this.refusal !== null) return;
    this.files.tray.add(files);
    if (!touch()) this.focus();
  }

  /** Files that are dropped on the view of this composer, or pasted there, are added. @param {HTMLElement} view */
  receiveIn(view) {
    receive(view, { take: (files) => this.take(files), refusal: () => this.refusal, field: this.input });
  }

  /** The button that records stands where the button that sends would have nothing to send. */
  #swap() {
    const edits = Boolean(this.draft.edit);
    this.sendButton.hidden = this.files.show(this.refusal === null, !this.input.value.trim(), edits);
  }

  focus() {
    this.input.focus();
    this.input.setSelectionRange(this.input.value.length, this.input.value.length);
  }

  /** @param {string} text */
  insert(text) {
    this.input.setRangeText(text, this.input.selectionStart, this.input.selectionEnd, "end");
    this.input.focus();
    this.#typed();
  }

  /** @param {Message} message */
  reply(message) {
    this.#change({ edit: null, replyTo: message.seq });
  }

  /**
   * Take back what was refused, before the text typed since.
   * @param {{text: string, replyTo: number | null}} written
   */
  rewrite({ text, replyTo }) {
    this.#restore(text, null, replyTo);
    this.focus();
  }

  /** Edit a message. The draft stays as it is and is shown again afterwards. @param {Message} message */
  edit(message) {
    this.#change({ edit: { seq: message.seq, text: message.text } });
  }

  /** End the edit, or else the reply. */
  cancel() {
    this.#change(this.draft.edit ? { edit: null } : { replyTo: null });
  }

  /** @param {Parameters<App["drafts"]["change"]>[1]} change */
  #change(change) {
    this.app.drafts.change(this.source.key, change);
    this.refresh();
    this.focus();
  }

  /** @param {Element} anchor */
  #emoji(anchor) {
    void later("emoji").then(({ pickEmoji }) => pickEmoji(anchor, (one) => this.insert(one)));
  }

  /**
   * Send the current text. Messages keep their order even if the emoji names load later. Text that is typed meanwhile
   * belongs to the next message.
   */
  async send() {
    const written = this.input.value;
    const named = /:[\w+-]+:/.test(written);
    const { edit, replyTo } = this.draft;
    const empty = !written.trim() && !(edit ? this.#hasFiles(edit.seq) : !this.files.tray.empty);
    if (empty || this.input.readOnly || (!named && !fits(written.trim()))) return;
    const also = !edit && this.also.checked;
    if (edit && this.timeline.timeline.quote(edit.seq)?.deleted) return void toast(t("composer.edit.gone"));
    if (edit) this.app.drafts.change(this.source.key, { edit: null });
    else this.app.drafts.clear(this.source.key);
    if (also) this.also.checked = false;
    const clientId = newId();
    const files = edit ? [] : this.app.outgoing.chosen.take(this.source.key, clientId);
    this.refresh();
    this.input.focus();
    const before = this.#sending;
    await (this.#sending = before
      .then(() => this.#send({ written, named, edited: edit && edit.seq, replyTo, also, files, clientId }))
      .catch((error) => toast(sentence(error))));
  }

  /** Whether a message has files, so that its text may be empty. @param {number} seq */
  #hasFiles(seq) {
    return Boolean(this.timeline.timeline.find(seq)?.files?.length);
  }

  /**
   * @param {{written: string, named: boolean, edited: number | null, replyTo: number | null, also: boolean,
   *   files: string[], clientId: string}} message
   */
  async #send({ written, named, edited, ...message }) {
    if (named) await Promise.race([load(), after(NAMES_MS)]);
    const text = replaceNames(written, preferences().tone).trim();
    if (!fits(text)) {
      this.app.outgoing.chosen.giveBack(message.files);
      return this.#restore(written, edited, message.replyTo);
    }
    if (edited !== null) return this.app.change(this.source.conversation, edited, { type: "edit", text });
    this.source.send({ text, ...message });
    void this.timeline.toEnd();
  }

  /**
   * Put a text that could not be sent back into the composer, before the text typed since.
   * @param {string} text @param {number | null} edited @param {number | null} replyTo
   */
  #restore(text, edited, replyTo) {
    const { drafts } = this.app;
    const since = this.draft.text.trim() && `\n${this.draft.text}`;
    if (edited === null) drafts.change(this.source.key, { text: text + since, replyTo });
    else drafts.change(this.source.key, { edit: { seq: edited, text } });
    this.refresh();
  }

  #typed() {
    const { value } = this.input;
    const { edit } = this.draft;
    this.app.drafts.change(this.source.key, edit ? { edit: { ...edit, text: value } } : { text: value });
    if (value.trim() && !edit) this.source.writes();
    this.#swap();
    this.#turn();
    this.#size();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (composes(event) || this.completion.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !touch()) {
      event.preventDefault();
      void this.send();
    } else if (event.key === "Escape" && (this.draft.edit || this.draft.replyTo !== null)) {
      event.stopPropagation();
      this.cancel();
    } else if (event.key === "ArrowUp" && !this.input.value) {
      const mine = this.timeline.timeline.messages
        .map((one) => this.app.current(one))
        .filter((one) => one.sender_uid === this.app.me.uid && !one.deleted)
        .at(-1);
      if (!mine) return;
      event.preventDefault();
      this.edit(mine);
    }
  }

  #context() {
    const { edit, replyTo } = this.draft;
    const seq = edit ? edit.seq : replyTo;
    this.context.hidden = seq === null;
    if (seq === null) return;
    const quoted = this.timeline.timeline.quote(seq);
    const message = quoted && this.app.current(quoted);
    const label = edit
      ? t("composer.editing")
      : t("composer.replying", {
          name: message ? writtenBy(this.app, message) : "",
        });
    this.context.replaceChildren(
      icon(edit ? "edit" : "reply"),
      h(
        "span",
        { class: "context-text" },
        h("strong", {}, label),
        " ",
        message &&
          (message.deleted
            ? h("span", {}, t("message.deleted"))
            : h("bdi", { dir: direction(said(message)) }, plain(said(message), namesIn(this.app)))),
      ),
      iconButton("close", t("cancel"), () => this.cancel()),
    );
  }

  close() {
    this.held.end();
    this.files.close();
  }

  /** The text begins on the side on which the message will. Of several lines the browser looks at each. */
  #turn() {
    const { value } = this.input;
    this.input.dir = (value.includes("\n") ? null : direction(value)) ?? "auto";
  }

  /** Fit the height to the text, up to a third of the window. Show the remaining characters near the limit. */
  #size() {
    const { input } = this;
    input.style.height = "auto";
    input.style.height = `${Math.min(input.scrollHeight, innerHeight / 3)}px`;
    const length = [...input.value].length;
    this.count.textContent = length > COUNTED ? String(LONGEST - length) : "";
    this.count.classList.toggle("wrong", length > LONGEST);
  }
}

/** @param {number} ms */
const after = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Whether this is a phone. There Enter inserts a line break and the button sends. */
const touch = () => matchMedia("(pointer: coarse)").matches;

/** Whether the text is within the server's limit. Shows a note if not. @param {string} text */
function fits(text) {
  const over = [...text].length - LONGEST;
  if (over > 0) toast(t("composer.long", { n: over }));
  return over <= 0;
}
