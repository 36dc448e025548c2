// One message in the timeline: sender, time, text, reactions, receipt ticks and actions. All of its content comes from
// its data (shown.js).

import { isolated } from "../text/bidi.js";
import { direction } from "../text/direction.js";
import { isEmoji } from "../text/emoji.js";
import { plain } from "../text/markdown.js";
import { brief, clock, moment } from "../text/time.js";
import { t } from "../text/languages.js";
import { avatar } from "./avatar.js";
import { h, icon, markNode } from "./dom.js";
import { filesNode } from "./files.js";
import { listed } from "./listed.js";
import { labelOf } from "./names.js";
import { rich } from "./rich.js";
import { textNames } from "./shown.js";

/** The number of different reactions shown under a message before they are expanded. */
export const FOLDED = 8;

/** @import { FileActs } from "./files.js" */
/** @import { IntroActs } from "./intro.js" */
/** @import { ShownPerson } from "./names.js" */
/** @import { ShownButton, ShownMessage, ShownPending, ShownQuote } from "./shown.js" */
/** @import { ShownReaction, ShownReplies, ShownText } from "./shown.js" */

/**
 * The actions in a row. A message is identified by its `seq`.
 * @typedef {object} RowActs
 * @property {FileActs["show"]} show
 * @property {(seq: number, emoji: string, at: number) => void} react  `at`: when, as `Event.timeStamp`
 * @property {(seq: number, emoji: string, anchor: Element) => void} reacted  shows everybody with this reaction
 * @property {(seq: number) => string[]} chosen  the emoji with which the user has reacted
 * @property {(seq: number, row: HTMLElement, target: Element) => void} press  shows the actions after a long press
 * @property {(seq: number, id: string) => Promise<void>} push  presses a button of a bot's message
 * @property {(seq: number, anchor: Element) => void} pickReaction
 * @property {(seq: number) => void} unfold  shows all reactions
 * @property {(seq: number) => Promise<unknown>} stop  stops a growing message
 * @property {(seq: number) => void} reply
 * @property {(seq: number) => void} forward
 * @property {(seq: number, anchor: Element) => void} more
 * @property {(seq: number) => void} jump
 * @property {() => void} ended  the user went from the message in the address to the newest one
 * @property {((anchor: Element) => void) | null} day  offers to go to another day; null in a thread
 * @property {((root: number, reply?: number | null) => void) | null} thread  opens the thread below a message, maybe at
 *   a reply; null where there are no threads
 * @property {(name: string, uid: string, anchor: Element) => void} person
 * @property {(name: string, anchor: Element) => void} mentioned
 * @property {(clientId: string) => void} retry
 * @property {(clientId: string) => void} discard
 * @property {(clientId: string) => void} asText  sends what was refused as an unknown command as a text
 * @property {(clientId: string) => void} reword  takes it back into the composer
 * @property {(id: number) => void} putAway  closes what only the user sees
 * @property {(id: string) => void} retryEdit
 * @property {(id: string) => void} discardEdit
 * @property {IntroActs} intro
 */

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

/** @param {ShownText} shown @param {RowActs} acts */
function growingNode(shown, acts) {
  const node = textNode(shown, acts);
  endOf(node).classList.add("growing-end");
  return node;
}

/** The element in which a text goes on: the last item of a list, and not the list. @param {Element} node */
function endOf(node) {
  let end = node;
  while (end.lastChild instanceof Element && end.lastChild.matches("p, ul, ol, li, blockquote, .code"))
    end = end.lastChild;
  return end.querySelector(":scope > pre > code") ?? end;
}

/** @param {ShownText} shown @param {RowActs} acts */
export function textNode({ text, me, names, everybody }, acts) {
  const node = h("div", { class: isEmoji(text) ? "text large" : "text" });
  node.append(...rich(text, { me, names: textNames(names), everybody, onmention: acts.mentioned }));
  return node;
}

/**
 * The marks stand in the last line of the text. They contain no text of their own, so that they are not copied with it:
 * the style sheet writes their labels.
 * @param {HTMLElement} text @param {HTMLElement} marks
 */
function marked(text, marks) {
  if (!marks.childElementCount) return [text];
  const last = text.lastElementChild;
  if (last?.tagName === "P") last.append(marks);
  // After code, a list or a quote they need a line of their own, which only marks get that are always visible.
  else if (marks.querySelector(":scope > :not(.ticks), .newest")) return [text, marks];
  return [text];
}

/** @param {ShownMessage} message */
function marksNode({ pinned, editedAt, cut, readers, newest, change }) {
  const marks = h("span", { class: "marks" });
  if (pinned) marks.append(h("span", { class: "pinned", data: { label: t("message.pinned") } }, icon("pin")));
  if (editedAt) {
    const title = moment(new Date(editedAt));
    marks.append(h("span", { class: "edited", title, data: { label: t("message.edited") } }));
  }
  if (cut) marks.append(h("span", { class: "edited", data: { label: t("message.cut") } }));
  if (change) marks.append(clockNode());
  else if (readers) marks.append(ticks(readers, newest));
  return marks;
}

/**
 * The ticks are always visible on the newest message, on others under the pointer and with the focus.
 * @param {string[]} readers @param {boolean} newest
 */
function ticks(readers, newest) {
  const label = readers.length ? t("message.read.by", { names: listed(readers) }) : t("message.sent");
  return h(
    "span",
    {
      class: `ticks${readers.length ? " read" : ""}${newest ? " newest" : ""}`,
      role: "img",
      "aria-label": label,
      title: label,
    },
    icon(readers.length ? "checks" : "check"),
  );
}

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

/** The first reactions. A button shows the others. @param {ShownMessage} message @param {RowActs} acts */
function reactionsNode({ seq, reactions, unfolded }, acts) {
  const hidden = unfolded ? 0 : Math.max(0, reactions.length - FOLDED);
  const shown = hidden ? reactions.slice(0, FOLDED) : reactions;
  return h(
    "div",
    { class: "reactions" },
    ...shown.map((reaction) => reactionNode(reaction, seq, acts)),
    hidden > 0 &&
      h(
        "button",
        { type: "button", class: "reaction more", on: { click: () => acts.unfold(seq) } },
        t("message.reactions.more", { n: hidden }),
      ),
  );
}

/** @param {ShownReaction} reaction @param {number} seq @param {RowActs} acts */
function reactionNode({ emoji, count, mine, users }, seq, acts) {
  const names = listed(users, count);
  /** Handles the secondary button and the menu key; gestures.js handles a long press. @param {Event} event */
  const who = (event) => {
    event.preventDefault();
    acts.reacted(seq, emoji, pressed(event));
  };
  /** @param {Event} event */
  const react = ({ timeStamp }) => acts.react(seq, emoji, timeStamp);
  return h(
    "button",
    {
      type: "button",
      class: "reaction",
      "aria-pressed": String(mine),
      "aria-label": t("message.reaction", { emoji, n: count, names }),
      data: { emoji, tip: names },
      on: { click: react, contextmenu: who },
    },
    h("span", {}, emoji),
    h("span", { class: "count" }, String(count)),
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

/** @param {Event} event */
const pressed = (event) => /** @type {Element} */ (event.currentTarget);

/** The mark of something that the server has not confirmed yet. */
function clockNode() {
  return h("span", { class: "ticks newest", role: "img", "aria-label": t("message.sending") }, icon("clock"));
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
