// Parses a paragraph: code, links, names, emphasis (CommonMark 0.31, chapter 6). It reads once from left to right. An
// opening bracket waits on a stack for its link; a run of * _ or ~ is left to emphasis.js.

import { emphasised, run } from "./emphasis.js";
import { address, bracketed, isEscape, target } from "./links.js";
import { meant, run as nameRun } from "./mentions.js";

/** @import { Inline } from "./markdown.js" */
/** @import { Reading } from "./markdown.js" */
/** @import { Item } from "./emphasis.js" */

const SPECIAL = /[\\`[\]<@*_~\n]|https?:\/\/|www\./gi;

/** @param {string} text @param {Reading} reading @returns {Inline[]} */
export function inline(text, reading) {
  return new Paragraph(text, reading).read();
}

class Paragraph {
  /** @type {Item[]} */
  #items = [];
  /** @type {number[]} the indices in #items of the brackets that may begin a link */
  #open = [];
  #at = 0;

  /** @param {string} text @param {Reading} reading */
  constructor(text, reading) {
    this.text = text;
    this.reading = reading;
    this.codes = codeEnds(text);
  }

  read() {
    const { text } = this;
    while (this.#at < text.length) {
      SPECIAL.lastIndex = this.#at;
      const place = SPECIAL.exec(text)?.index ?? text.length;
      if (place > this.#at) this.#add({ type: "text", text: text.slice(this.#at, place) });
      this.#at = place;
      if (place < text.length) this.#special(text[place]);
    }
    return emphasised(this.#items, this.reading);
  }

  /** @param {Item} item */
  #add(item) {
    this.reading.steps += 1;
    this.#items.push(item);
  }

  /** @param {string} letter */
  #special(letter) {
    const at = this.#at;
    const took =
      letter === "\n"
        ? (this.#add({ type: "break" }), 1)
        : letter === "\\"
          ? this.#escaped()
          : letter === "`"
            ? this.#code()
            : letter === "["
              ? (this.#open.push(this.#items.length), 0)
              : letter === "]"
                ? this.#link()
                : letter === "<"
                  ? this.#bracketed()
                  : letter === "@"
                    ? this.#mention()
                    : /[*_~]/.test(letter)
                      ? this.#run(letter)
                      : this.#address();
    if (!took) this.#add({ type: "text", text: letter });
    this.#at = at + (took || 1);
  }

  /** The whole character before this place, or a space at the beginning. */
  #before() {
    return this.text.slice(Math.max(0, this.#at - 2), this.#at).match(/.$/su)?.[0] ?? " ";
  }

  #escaped() {
    const next = this.text[this.#at + 1];
    if (next === "\n") return (this.#add({ type: "break" }), 2);
    if (!isEscape(next)) return 0;
    this.#add({ type: "text", text: next });
    return 2;
  }

  #code() {
    const { text } = this;
    const at = this.#at;
    let length = 1;
    while (text[at + length] === "`") length += 1;
    const places = this.codes.get(length) ?? [];
    while (places.length && places[places.length - 1] <= at) places.pop();
    const end = places[places.length - 1];
    if (end === undefined) {
      this.#add({ type: "text", text: "`".repeat(length) });
      return length;
    }
    const inner = text.slice(at + length, end).replaceAll("\n", " ");
    this.#add({ type: "code", text: /^ .*[^ ].* $|^ [^ ] $/s.test(inner) ? inner.slice(1, -1) : inner });
    return end + length - at;
  }

  /** Handle the end of a link's text. Its emphasis is parsed separately, and it contains no link and no name. */
  #link() {
    const from = this.#open.pop();
    if (from === undefined) return 0;
    const found = target(this.text, this.#at + 1);
    this.reading.steps += found.looked - this.#at;
    const href = found.end < 0 ? null : this.reading.allow(found.address);
    if (!href) return 0;
    const children = emphasised(this.#items.splice(from).slice(1), this.reading);
    this.#add({ type: "link", href, children: children.map(unlinked) });
    this.#open = []; // links cannot be nested
    return found.end - this.#at;
  }

  #bracketed() {
    const found = bracketed(this.text, this.#at);
    const href = found && this.reading.allow(found.address);
    if (!found || !href) return 0;
    this.#add({ type: "link", href, children: [{ type: "text", text: found.text }] });
    return found.end - this.#at;
  }

  #address() {
    const found = address(this.text, this.#at, this.#before());
    if (!found) return 0;
    this.reading.steps += found.end - this.#at;
    /** @type {Inline} */
    const shown = { type: "text", text: found.text };
    this.#add(found.href ? { type: "link", href: found.href, children: [shown] } : shown);
    return found.end - this.#at;
  }

  #mention() {
    const found = nameRun(this.text, this.#at, (at) => (this.codes.get(1)?.[0] ?? -1) > at);
    const name = meant(found, this.reading.exists);
    if (!name) return 0;
    this.#add({ type: "mention", name });
    return name.length + 1;
  }

  /** @param {string} letter */
  #run(letter) {
    const { text } = this;
    const at = this.#at;
    let length = 1;
    while (text[at + length] === letter) length += 1;
    const after = text.slice(at + length, at + length + 2).match(/^./su)?.[0] ?? " ";
    this.#add(run(letter, length, this.#before(), after));
    return length;
  }
}

/**
 * The places of the runs of backticks, by length, so that the closing run is found without a scan of the text.
 * @param {string} text
 */
export function codeEnds(text) {
  /** @type {Map<number, number[]>} */
  const ends = new Map();
  for (const found of text.matchAll(/`+/g)) {
    const places = ends.get(found[0].length) ?? [];
    ends.set(found[0].length, places);
    places.push(/** @type {number} */ (found.index));
  }
  for (const places of ends.values()) places.reverse();
  return ends;
}

/** @param {Inline} node @returns {Inline} */
function unlinked(node) {
  if (node.type === "mention") return { type: "text", text: `@${node.name}` };
  if (node.type === "link") return node.children[0];
  return "children" in node ? { ...node, children: node.children.map(unlinked) } : node;
}
