// Lists whose rows are drawn from plain data. A row whose data did not change is kept.

/** @template S the data of a row: plain JSON values */
export class KeyedList {
  /** @type {Map<string, string>} the drawn data by key */
  #drawn = new Map();

  /**
   * @param {Element} parent
   * @param {(shown: S) => HTMLElement} draw draws a row; it may use this data and no other changing state
   * @param {(old: HTMLElement, drawn: HTMLElement) => boolean} [takeOver] the old element of a row takes over what
   *   was drawn, and stays; false: it gives way
   */
  constructor(parent, draw, takeOver = () => false) {
    this.takeOver = takeOver;
    this.parent = parent;
    this.draw = draw;
  }

  /** Show these rows, in this order. @param {{key: string, shown: S}[]} rows */
  update(rows) {
    /** @type {Map<string | undefined, HTMLElement>} */
    const old = new Map();
    for (const child of /** @type {Iterable<HTMLElement>} */ (this.parent.children)) old.set(child.dataset.key, child);
    const drawn = new Map();
    let at = this.parent.firstElementChild;
    for (const { key, shown } of rows) {
      const data = JSON.stringify(shown);
      drawn.set(key, data);
      const found = old.get(key);
      old.delete(key);
      const element = found && this.#drawn.get(key) === data ? found : this.#draw(shown, found);
      if (element !== found) {
        element.dataset.key = key;
        if (found && found === at) at = found.nextElementSibling;
        found?.remove();
      }
      if (element === at) at = at.nextElementSibling;
      else this.parent.insertBefore(element, at);
    }
    for (const gone of old.values()) gone.remove();
    this.#drawn = drawn;
  }

  /** @param {S} shown @param {HTMLElement | undefined} old */
  #draw(shown, old) {
    const drawn = this.draw(shown);
    return old && this.takeOver(old, drawn) ? old : drawn;
  }
}
