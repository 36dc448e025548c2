// Which part of the page gets files: the one over which they are dragged, or the one that a paste is meant for. Pure:
// it knows of the page only what it is told.

/**
 * Follows a drag of files. Browsers say which element the pointer enters and leaves, but say nothing where that element
 * was drawn again meanwhile, or where the drag ended elsewhere. So what counts is the last element that was entered.
 * @template E an element @template P a part of the page
 */
export class Drag {
  /** @type {E | null} */
  #entered = null;
  /** The part below the pointer. @type {P | null} */
  over = null;
  #partOf;
  #changed;

  /**
   * @param {(element: E) => P | null} partOf the part that holds an element
   * @param {(over: P | null, before: P | null) => void} changed
   */
  constructor(partOf, changed) {
    this.#partOf = partOf;
    this.#changed = changed;
  }

  /** The pointer enters this element, or is still over it. @param {E} element */
  at(element) {
    this.#entered = element;
    this.#to(this.#partOf(element));
  }

  /** The pointer leaves this element. The next one was entered before. @param {E} element */
  leave(element) {
    if (element === this.#entered) this.end();
  }

  /** The files were dropped, or nobody drags any more. */
  end() {
    this.#entered = null;
    this.#to(null);
  }

  /** @param {P | null} part */
  #to(part) {
    const before = this.over;
    if (part === before) return;
    this.over = part;
    this.#changed(part, before);
  }
}

/**
 * The part that gets a paste: the one with the focus, or else the first that is shown, so a conversation goes before
 * what lies beside it. A field keeps what is pasted into it, unless it belongs to the part.
 * @template P
 * @param {{part: P, holds: boolean, shown: boolean, field: boolean}[]} parts in the order of the page. `holds`: what
 *   has the focus is in it; `shown`: it can be seen and used; `field`: its own field has the focus
 * @param {boolean} isField whether a field has the focus
 * @returns {P | null}
 */
export function pasteTarget(parts, isField) {
  const found = isField
    ? parts.find(({ field }) => field)
    : (parts.find(({ holds }) => holds) ?? parts.find(({ shown }) => shown));
  return found?.part ?? null;
}
