// One message in the timeline: its sender and time, and what stands below them. All of its content comes from its data
// (shown.js).

import { isolated } from "../text/bidi.js";
import { direction } from "../text/direction.js";
import { plain } from "../text/markdown.js";
import { brief, clock, moment } from "../text/time.js";
import { t } from "../text/languages.js";
import { avatar } from "./avatar.js";
import { h, icon, markNode, pressed } from "./dom.js";
import { filesNode } from "./files.js";
import { clockNode, growingNode, marked, marksNode, textNode } from "./message-text.js";
import { labelOf } from "./names.js";
import { reactionsNode } from "./reactions.js";
import { textNames } from "./shown.js";

/** @import { ShownPerson } from "./names.js" */
/** @import { RowActs } from "./row-parts.js" */
/** @import { ShownButton, ShownMessage, ShownPending, ShownQuote, ShownReplies } from "./shown.js" */

/** @param {ShownMessage} message @param {RowActs} acts */
export function messageNode(message, acts) {
  const { person: shown, sender, follows } = message;
  const sentAt = new Date(message.sentAt);
  const kinds = [
    follows && "follows",
    message.mine && "mine",
    message.deleted && "deleted",
    message.leaving && "leaving",
    message.root && "root",
    message.growing && "growing",
    (shown.mark === "hook" || shown.mark === "bot") && "program",
  ];
  const row = h("article", {
    class: ["message", ...kinds.filter(Boolean)].join(" "),
    tabindex: -1,
    data: { seq: String(message.seq) },
    "aria-label": [isolated(labelOf(shown)), ...(shown.mark ? [t(shown.mark)] : []), clock(sentAt)].join(", "),
  });
  const time = h("time", { datetime: message.sentAt, title: moment(sentAt) }, (follows ? brief : clock)(sentAt));
  const person = (/** @type {Event} */ event) => acts.person(sender, message.uid, pressed(event));
  if (follows) row.append(h("span", { class: "gutter" }, time));
  else {
    row.append(avatar(shown.name, sender, shown.face, shown));
    const author =
      shown.mark === "hook" // it has no card
        ? h("span", { class: "author", dir: "auto" }, shown.name)
        : h(
            "button",
            { type: "button", class: "author", dir: "auto", title: `@${sender}`, on: { click: person } },
            shown.name,
          );
    row.append(h("header", {}, author, ...beside(shown), time));
  }
  row.append(h("div", { class: "body" }, ...bodyNodes(message, acts)));
  return row;
}

/** What stands beside the name of a sender. @param {ShownPerson} person */
const beside = ({ handle, mark }) => [
  handle !== null && h("span", { class: "handle", dir: "auto" }, handle),
  markNode(mark),
];

/** @param {ShownMessage} message @param {RowActs} acts @returns {(Node | string)[]} */
function bodyNodes(message, acts) {
  const replies = message.replies && summaryNode(message.seq, message.replies, acts);
  if (message.deleted) return [h("p", { class: "tombstone" }, t("message.deleted")), ...(replies ? [replies] : [])];
  const nodes = [];
  if (message.quote) nodes.push(quoteNode(message.quote, acts));
  if (message.files.length) nodes.push(filesNode(message.files, acts));
  nodes.push(...marked((message.growing ? growingNode : textNode)(message.text, acts), marksNode(message)));
  if (message.stops) nodes.push(stopNode(message.seq, acts));
  const { change } = message;
  if (change && change.error !== null) {
    nodes.push(
      wrongNode(change.error || t("message.edit.failed"), [
        [t("message.retry"), () => acts.retryEdit(change.id)],
        [t("message.edit.discard"), () => acts.discardEdit(change.id)],
      ]),
    );
  }
  if (message.buttons.length) nodes.push(buttonsNode(message, acts));
  if (message.reactions.length) nodes.push(reactionsNode(message, acts));
  if (replies) nodes.push(replies);
  return nodes;
}

/**
 * The buttons of a bot's message. A link opens in a tab of its own.
 * @param {ShownMessage} message @param {RowActs} acts
 */
function buttonsNode({ seq, buttons, pressable }, acts) {
  const rel = "noopener noreferrer nofollow ugc";
  const one = (/** @type {ShownButton} */ { label, id, url }) =>
    url
      ? h("a", { class: "button", href: url, target: "_blank", rel, dir: "auto" }, label, icon("open"))
      : h(
          "button",
          {
            type: "button",
            dir: "auto",
            disabled: id === undefined || !pressable,
            on: { click: (/** @type {Event} */ event) => id !== undefined && busily(event, () => acts.push(seq, id)) },
          },
          label,
        );
  return h("div", { class: "bot-buttons" }, ...buttons.map((row) => h("div", {}, ...row.map(one))));
}

/** The button to the thread below a message. @param {number} seq @param {ShownReplies} replies @param {RowActs} acts */
function summaryNode(seq, { count, when, faces, unread, mentions, failed }, acts) {
  return h(
    "button",
    { type: "button", class: unread ? "replies unread" : "replies", on: { click: () => acts.thread?.(seq) } },
    h("span", { class: "faces", "aria-hidden": "true" }, ...faces.map(faceNode)),
    h("strong", {}, t("thread.replies", { n: count })),
    failed && h("span", { class: "badge failed" }, t("message.failed")),
    mentions > 0 &&
      h("span", { class: "badge named", role: "img", "aria-label": t("sidebar.mentions", { n: mentions }) }, "@"),
    unread > 0 && h("span", { class: "badge" }, t("thread.new", { n: unread })),
    h("time", {}, t("thread.last", { when })),
  );
}

/** @param {ShownReplies["faces"][number]} person */
const faceNode = ({ name, user_id, face }) => avatar(name, user_id, face);

/** @param {ShownQuote} quote @param {RowActs} acts */
function quoteNode({ seq, name, mark, said, deleted, reply }, acts) {
  const shown = said && !deleted ? plain(said.text, textNames(said.names)) : null;
  const act = () => (reply === null ? acts.jump(seq) : acts.thread?.(seq, reply));
  return h(
    "button",
    { type: "button", class: "quote", on: { click: act } },
    reply !== null
      ? h("strong", {}, icon("thread"), t("thread.from"))
      : name !== null && h("strong", {}, h("bdi", {}, name), mark === "hook" && markNode(mark)),
    shown === null
      ? h("span", {}, t(said ? "message.deleted" : "message.quoted.far"))
      : h("span", { dir: said && direction(said.text) }, shown),
  );
}

/** @param {number} seq @param {RowActs} acts */
const stopNode = (seq, acts) =>
  h(
    "button",
    {
      type: "button",
      class: "stop",
      on: { click: (/** @type {Event} */ event) => busily(event, () => acts.stop(seq)) },
    },
    icon("stop"),
    t("message.stop"),
  );

/**
 * Show on a button that its press is on its way, which takes long without a network.
 * @param {Event} event @param {() => Promise<unknown>} act
 */
function busily(event, act) {
  const button = pressed(event);
  if (button.getAttribute("aria-busy")) return; // it keeps the focus, which a disabled button would lose
  button.setAttribute("aria-busy", "true");
  void act().finally(() => button.removeAttribute("aria-busy"));
}

/** What went wrong, and what one can do. @param {string} reason @param {[label: string, act: () => void][]} acts */
function wrongNode(reason, acts) {
  return h(
    "p",
    { class: "wrong" },
    icon("warning"),
    h("span", {}, reason),
    " ",
    ...acts.map(([label, act]) => button(label, act)),
  );
}

/** @param {string} label @param {() => void} act */
const button = (label, act) => h("button", { type: "button", on: { click: act } }, label);

/** A message that is being sent, or that the server refused. @param {ShownPending} pending @param {RowActs} acts */
export function pendingNode({ clientId, sender, person, follows, text, files, quote, error, unknown, waits }, acts) {
  const row = h("article", {
    class: `message mine pending${follows ? " follows" : ""}${error === null ? "" : " failed"}`,
    tabindex: -1,
  });
  if (follows) row.append(h("span", { class: "gutter" }));
  else {
    const author = h("span", { class: "author", dir: "auto" }, person.name);
    row.append(avatar(person.name, sender, person.face), h("header", {}, author, ...beside(person)));
  }
  const discard = () => acts.discard(clientId);
  const said = textNode(text, acts);
  const state =
    error !== null
      ? [
          said,
          wrongNode(error || t("message.failed"), [
            .../** @type {[string, () => void][]} */ (
              unknown
                ? [
                    [t("command.text"), () => acts.asText(clientId)],
                    [t("command.reword"), () => acts.reword(clientId)],
                  ]
                : [[t("message.retry"), () => acts.retry(clientId)]]
            ),
            [t("message.discard"), discard],
          ]),
        ]
      : waits
        ? [said, h("p", { class: "waits" }, clockNode(), button(t("message.withdraw"), discard))]
        : marked(said, h("span", { class: "marks" }, clockNode()));
  const shown = files.length > 0 && filesNode(files, acts);
  row.append(h("div", { class: "body" }, quote && quoteNode(quote, acts), shown, ...state));
  return row;
}
