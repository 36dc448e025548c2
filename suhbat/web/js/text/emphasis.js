// Turns runs of * _ and ~ into emphasis by the rules of CommonMark 0.31 (6.2). They visit each run a bounded number of
// times: a failed search for an opening run is not repeated.

/** @import { Inline } from "./markdown.js" */
/** @typedef {{type: "run", letter: string, length: number, left: number, opens: boolean, closes: boolean}} Run */
/** @typedef {Inline | Run} Item */
/**
 * A node in the list of neighbouring items. `before` and `after` are the nearest runs that may still match.
 * @typedef {object} RunNode
 * @property {Item} item
 * @property {RunNode | null} prev
 * @property {RunNode | null} next
 * @property {RunNode | null} before
 * @property {RunNode | null} after
 * @property {number} depth
 */

const DEEPEST = 12; // the limit of nested emphasis
const SPACE = /\s/;
const SIGN = /[\p{P}\p{S}]/u;
const WORD = /[\p{L}\p{N}]/u;
const DIGIT = /\p{N}/u;
const SCRIPTS = ["Han", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar"];
const WITHOUT_SPACES = new RegExp(`[${SCRIPTS.map((script) => `\\p{Script=${script}}`).join("")}]`, "u");

/**
 * A run of equal characters, and whether it may open or close emphasis at this place.
 * @param {string} letter
 * @param {number} length
 * @param {string} before the character before it
 * @param {string} after
 * @returns {Run}
 */
export function run(letter, length, before, after) {
  const signs = [before, after].map((one) => SIGN.test(one));
  const spaces = [before, after].map((one) => SPACE.test(one));
  // In scripts without spaces between words, punctuation inside emphasis needs no spaces around the run either.
  const free = [before, after].map((one) => WITHOUT_SPACES.test(one));
  const left = !spaces[1] && (!signs[1] || spaces[0] || signs[0] || free[0]);
  const right = !spaces[0] && (!signs[0] || spaces[1] || signs[1] || free[1]);
  let opens = letter === "_" ? left && (!right || signs[0]) : left;
  let closes = letter === "_" ? right && (!left || signs[1]) : right;
  if (letter === "*") {
    // 2*3*4 is a product.
    const [digit, number] = [DIGIT.test(before), DIGIT.test(after)];
    if (digit && WORD.test(after)) opens = false;
    if (number && WORD.test(before)) opens = closes = false;
  }
  if (letter === "~" && length !== 2) opens = closes = false;
  return { type: "run", letter, length, left: length, opens, closes };
}

/** @param {Item[]} items @param {{steps: number}} reading @returns {Inline[]} */
export function emphasised(items, reading) {
  const first = chain(items);
  if (!first) return [];
  /** @type {Map<string, RunNode | null>} by search key: neither this run nor one before it matches */
  const none = new Map();
  for (let closer = first.after; closer;) {
    const closing = /** @type {Run} */ (closer.item);
    let next = closer.after;
    if (closing.closes) {
      const key = `${closing.letter}${closing.opens}${closing.length % 3}`;
      const until = none.get(key) ?? null;
      let opener = closer.before;
      while (opener && opener !== until && !fits(/** @type {Run} */ (opener.item), closing)) {
        reading.steps += 1;
        opener = opener.before;
      }
      if (opener && opener !== until && wrap(opener, closer, reading)) {
        // The rest of the run may close further emphasis.
        if (closing.left) next = closer;
        else unlist(closer);
      } else {
        none.set(key, closer.before);
        if (!closing.opens) unlist(closer);
      }
    }
    closer = next;
  }
  return collected(first.next, null);
}

/** The items as a linked list behind a head node; null for no items. @param {Item[]} items */
function chain(items) {
  if (!items.length) return null;
  /** @type {RunNode} */
  const head = { item: { type: "break" }, prev: null, next: null, before: null, after: null, depth: 0 };
  let last = head;
  /** @type {RunNode | null} */
  let lastRun = null;
  for (const item of items) {
    /** @type {RunNode} */
    const place = { item, prev: last, next: null, before: null, after: null, depth: 0 };
    last.next = place;
    last = place;
    if (item.type !== "run") continue;
    place.before = lastRun;
    if (lastRun) lastRun.after = place;
    else head.after = place;
    lastRun = place;
  }
  return head;
}

/** @param {Run} opener @param {Run} closer */
function fits(opener, closer) {
  if (!opener.opens || opener.letter !== closer.letter) return false;
  const both = opener.closes || closer.opens;
  return (
    !(both && (opener.length + closer.length) % 3 === 0 && (opener.length % 3 !== 0 || closer.length % 3 !== 0)) ||
    closer.letter === "~"
  );
}

/**
 * Wrap the items between the two runs in emphasis. Returns false if it is nested too deeply.
 * @param {RunNode} opener @param {RunNode} closer @param {{steps: number}} reading
 */
function wrap(opener, closer, reading) {
  let depth = 0;
  for (let place = opener.next; place && place !== closer; place = place.next) {
    depth = Math.max(depth, place.depth);
    reading.steps += 1;
  }
  if (depth >= DEEPEST) return false;
  const [from, to] = [/** @type {Run} */ (opener.item), /** @type {Run} */ (closer.item)];
  const count = from.left >= 2 && to.left >= 2 ? 2 : 1;
  const type = from.letter === "~" ? "strike" : count === 2 ? "strong" : "em";
  /** @type {RunNode} */
  const place = {
    item: { type, children: collected(opener.next, closer) },
    prev: opener,
    next: closer,
    before: null,
    after: null,
    depth: depth + 1,
  };
  opener.next = closer.prev = place;
  opener.after = closer; // the runs between them are text now
  closer.before = opener;
  from.left -= count;
  to.left -= count;
  if (!from.left) unlist(opener);
  return true;
}

/** Remove a run that cannot match any more. @param {RunNode} place */
function unlist({ before, after }) {
  if (before) before.after = after;
  if (after) after.before = before;
}

/**
 * The items from `from` up to `until`. Runs become the text of their remaining characters.
 * @param {RunNode | null} from @param {RunNode | null} until
 * @returns {Inline[]}
 */
function collected(from, until) {
  /** @type {Inline[]} */
  const found = [];
  for (let place = from; place && place !== until; place = place.next) {
    const { item } = place;
    const node =
      item.type === "run" ? { type: /** @type {const} */ ("text"), text: item.letter.repeat(item.left) } : item;
    const last = found[found.length - 1];
    if (node.type !== "text") found.push(node);
    else if (last?.type === "text") found[found.length - 1] = { type: "text", text: last.text + node.text };
    else if (node.text) found.push(node);
  }
  return found;
}
