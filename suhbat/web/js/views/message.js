// One message as it stands in the timeline: who, when, what, reactions, ticks, and what can be done with it.

import { isEmoji } from "../text/emoji.js";
import { plain } from "../text/markdown.js";
import { clock, moment } from "../text/time.js";
import { t } from "../text/languages.js";
import { avatar, h, icon, iconButton } from "./dom.js";
import { rich } from "./rich.js";

/** Different reactions that are shown under a message at first. */
const SHOWN = 8;

/** @typedef {import("../sdk/types.js").Message} Message */

/**
 * What a message needs of the place where it stands.
 * @typedef {object} Place
 * @property {{uid: string, user_id: string}} me
 * @property {(seq: number) => Message | null} find
 * @property {(uid: string, fallback: string) => string} shown the name people see
 * @property {(message: Message) => string[]} readers
 * @property {(seq: number) => boolean} pinned
 * @property {(message: Message, emoji: string) => void} react
 * @property {(message: Message, emoji: string, anchor: Element) => void} reacted shows all who did
 * @property {(message: Message, anchor: Element) => void} pickReaction
 * @property {(message: Message) => void} reply
 * @property {(message: Message, anchor: Element) => void} more
 * @property {(seq: number) => void} jump
 * @property {(name: string, uid: string, anchor: Element) => void} person
 * @property {(name: string, anchor: Element) => void} mentioned
 * @property {Set<number>} unfolded the messages whose reactions are all shown
 * @property {(folded: string) => boolean} exists whether this is a name of somebody who was seen
 */

/**
 * @param {Message} message
 * @param {boolean} follows the message before it is by the same person, a moment ago
 * @param {Place} place
 */
export function messageNode(message, follows, place) {
  const mine = message.sender_uid === place.me.uid;
  const named = place.shown(message.sender_uid, message.sender);
  const row = h("article", {
    class: `message${follows ? " follows" : ""}${mine ? " mine" : ""}${message.deleted ? " deleted" : ""}`,
    tabindex: -1,
    data: { seq: String(message.seq) },
    "aria-label": `${named}, ${clock(new Date(message.sent_at))}`,
  });
  const time = h(
    "time",
    { datetime: message.sent_at, title: moment(new Date(message.sent_at)) },
    clock(new Date(message.sent_at)),
  );
  if (follows) row.append(h("span", { class: "gutter" }, time));
  else {
    row.append(avatar(named, message.sender_uid));
    const name = h("button", { type: "button", class: "author", dir: "auto", on: { click: person } }, named);
    row.append(
      h("header", {}, name, message.sender !== named && h("span", { class: "handle" }, `@${message.sender}`), time),
    );
  }
  row.append(h("div", { class: "body" }, ...bodyNodes(message, place)));
  return row;

  /** @param {Event} event */
  function person(event) {
    place.person(message.sender, message.sender_uid, /** @type {Element} */ (event.currentTarget));
  }
}

/** @param {Message} message @param {Place} place @returns {(Node | string)[]} */
function bodyNodes(message, place) {
  if (message.deleted) return [h("p", { class: "tombstone" }, t("message.deleted"))];
  const nodes = [];
  if (message.reply_to) nodes.push(quoteNode(message.reply_to, place));
  const text = h("div", { class: isEmoji(message.text) ? "text large" : "text" });
  text.append(
    ...rich(message.text, {
      me: place.me.user_id,
      exists: place.exists,
      everybody: message.mentions_all,
      onmention: place.mentioned,
    }),
  );
  nodes.push(text);
  const marks = h("span", { class: "marks" });
  if (place.pinned(message.seq)) marks.append(h("span", { class: "pinned", title: t("message.pinned") }, icon("pin")));
  if (message.edited_at)
    marks.append(h("span", { class: "edited", title: moment(new Date(message.edited_at)) }, t("message.edited")));
  if (message.sender_uid === place.me.uid) marks.append(ticks(place.readers(message)));
  if (marks.childElementCount) nodes.push(marks);
  if (message.reactions.length) nodes.push(reactionsNode(message, place));
  return nodes;
}

/** @param {string[]} readers */
function ticks(readers) {
  const label = readers.length ? t("message.read.by", { names: readers.join(", ") }) : t("message.sent");
  return h(
    "span",
    { class: readers.length ? "ticks read" : "ticks", role: "img", "aria-label": label, title: label },
    icon(readers.length ? "checks" : "check"),
  );
}

/** @param {number} seq @param {Place} place */
function quoteNode(seq, place) {
  const quoted = place.find(seq);
  const text = !quoted ? t("message.quoted.far") : quoted.deleted ? t("message.deleted") : plain(quoted.text);
  return h(
    "button",
    { type: "button", class: "quote", on: { click: () => place.jump(seq) } },
    quoted && h("strong", { dir: "auto" }, place.shown(quoted.sender_uid, quoted.sender)),
    h("span", { dir: "auto" }, text),
  );
}

/**
 * The first ones; the others when they are asked for, and then for as long as the conversation is open.
 * @param {Message} message @param {Place} place
 */
function reactionsNode(message, place) {
  const chips = message.reactions.map((reaction) => reactionNode(reaction, message, place));
  const hidden = chips.length - SHOWN;
  if (hidden <= 0 || place.unfolded.has(message.seq)) return h("div", { class: "reactions" }, ...chips);
  const unfold = () => {
    place.unfolded.add(message.seq);
    more.replaceWith(...chips.slice(SHOWN));
    chips[SHOWN].focus();
  };
  const more = h(
    "button",
    { type: "button", class: "reaction more", on: { click: unfold } },
    t("message.reactions.more", { n: hidden }),
  );
  return h("div", { class: "reactions" }, ...chips.slice(0, SHOWN), more);
}

/** @param {Message["reactions"][number]} reaction @param {Message} message @param {Place} place */
function reactionNode(reaction, message, place) {
  const mine = reaction.mine ?? reaction.uids.includes(place.me.uid);
  const count = reaction.count ?? reaction.uids.length; // kept by an older version
  const some = reaction.users.join(", ");
  const more = count - reaction.users.length;
  const names = more > 0 ? t("message.reaction.more", { names: some, n: more }) : some;
  /** A long press, the second button, the menu key. @param {Event} event */
  const who = (event) => {
    event.preventDefault();
    place.reacted(message, reaction.emoji, /** @type {Element} */ (event.currentTarget));
  };
  return h(
    "button",
    {
      type: "button",
      class: "reaction",
      "aria-pressed": String(mine),
      "aria-label": t("message.reaction", { emoji: reaction.emoji, n: count, names }),
      title: names,
      on: { click: () => place.react(message, reaction.emoji), contextmenu: who },
    },
    h("span", {}, reaction.emoji),
    h("span", { class: "count" }, String(count)),
  );
}

/**
 * What can be done with a message; made for the one that is pointed at or has the focus.
 * @param {Message} message @param {Place} place
 */
export function actionsNode(message, place) {
  const anchor = (/** @type {Event} */ event) => /** @type {Element} */ (event.currentTarget);
  return h(
    "div",
    { class: "actions", role: "group", "aria-label": t("message.actions") },
    iconButton("smile", t("message.react"), (event) => place.pickReaction(message, anchor(event))),
    iconButton("reply", t("message.reply"), () => place.reply(message)),
    iconButton("more", t("message.more"), (event) => place.more(message, anchor(event)), { "aria-haspopup": "menu" }),
  );
}

/**
 * A message on its way, or one that the server refused.
 * @param {import("../models/pending.js").Pending} pending
 * @param {boolean} follows
 * @param {Place & {retry: (clientId: string) => void, discard: (clientId: string) => void}} place
 */
export function pendingNode(pending, follows, place) {
  const { error } = pending;
  const row = h("article", {
    class: `message mine pending${follows ? " follows" : ""}${error ? " failed" : ""}`,
    tabindex: -1,
  });
  if (follows) row.append(h("span", { class: "gutter" }));
  else {
    const named = place.shown(place.me.uid, place.me.user_id);
    row.append(avatar(named, place.me.uid), h("header", {}, h("span", { class: "author", dir: "auto" }, named)));
  }
  const text = h("div", { class: "text" });
  text.append(...rich(pending.text, { me: place.me.user_id, exists: place.exists }));
  const body = h("div", { class: "body" }, pending.replyTo !== null && quoteNode(pending.replyTo, place), text);
  if (error) {
    body.append(
      h(
        "p",
        { class: "wrong" },
        icon("warning"),
        error.message || t("message.failed"),
        " ",
        h("button", { type: "button", on: { click: () => place.retry(pending.clientId) } }, t("message.retry")),
        h("button", { type: "button", on: { click: () => place.discard(pending.clientId) } }, t("message.discard")),
      ),
    );
  } else
    body.append(
      h(
        "span",
        { class: "marks" },
        h("span", { class: "ticks", role: "img", "aria-label": t("message.sending") }, icon("clock")),
      ),
    );
  row.append(body);
  return row;
}
