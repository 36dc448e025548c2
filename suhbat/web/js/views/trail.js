// The browser's history. Back closes what lies over the page, the topmost first, and then leads to the place before: on
// a phone from the conversation to the list. A dialog never leaves the application, and no place comes twice in a row.
//
// Each layer (a dialog, or on a phone the pane) has an entry of its own with the address of the place below it. The
// state of an entry: `layers`, how many layers it shows; `list`, how many steps the page's own button goes back: to the
// list of conversations, or from a message that was found to the search; `over`, how many places one has entered from
// the conversation, such as the settings and in them a section; `lost`, that its address led nowhere.
// The browser goes back later, with `popstate`, so the history follows the layers in `settle`.

const LATE = 4000; // ms after which a step back is taken as done, if the browser says nothing

/** @typedef {{close: () => void}} Layer */

export class Trail {
  /** @type {Layer[]} */
  #layers = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} set while the browser goes back */
  #moving;
  /** How many layers stay then, because it takes the entries of others. Those that come meanwhile stay, too. */
  #stay = 0;
  /** @type {string | null} the address to go to when the layers are gone */
  #next = null;
  /** Whether that takes the entry of the place before, which does not exist any more. */
  #instead = false;
  /** Whether `leave` comes back from there. */
  #enters = false;
  /** What to do when the browser has arrived. @type {(() => void) | null} */
  #then = null;
  /** Whether `leave` is on its way: a second click or key press before the browser has arrived means the same. */
  #leaving = false;
  /** The steps back to the list or the search, or null if neither was there before. @type {number | null} */
  #toList = null;
  /** Whether the search is shown. */
  #inSearch = false;
  /** Whether the page says that there is nothing at the address. */
  #lost = false;
  /** The layers of the entry that was last shown. Those that are still there lie below an address that comes next. */
  #below = 0;
  /** Shows the place in the address. */
  route = () => {};

  /** Follow the browser's history from now on. */
  listen() {
    addEventListener("popstate", () => this.#moved());
    setTimeout(() => this.#settle()); // after a reload, the entry may belong to a layer that is gone
  }

  /** Put something over the page. Returns a function to call when it was closed. @param {() => void} close */
  cover(close) {
    const layer = { close };
    this.#layers.push(layer);
    this.#settleSoon();
    return () => {
      const at = this.#layers.indexOf(layer);
      if (at < 0) return;
      this.#layers.splice(at, 1);
      this.#settleSoon();
    };
  }

  /**
   * Close what lies over the page and go to an address. `instead`: the place before is gone, so Back does not
   * lead there.
   * @param {string} address @param {boolean} [instead]
   */
  go(address, instead = false) {
    while (this.#layers.length) this.#layers.pop()?.close();
    this.#next = address;
    this.#instead = instead;
    this.#enters = false;
    this.#settle();
  }

  /** Give the place that is shown another address, which a reload opens. @param {string} address */
  rename(address) {
    if (location.hash !== address) history.replaceState(history.state, "", address);
  }

  /** The page says that there is nothing at this address. A reload opens the start. */
  lost() {
    this.#lost = true;
    history.replaceState({ ...history.state, lost: true }, "", "#/");
  }

  /** Go back to the list, as a new start at the list if there is none. */
  back() {
    if (this.#moving) return void (this.#then = () => this.back());
    if (this.#toList) return this.#go(-this.#toList - depth(), Infinity); // from a layer of the place, too
    history.replaceState(null, "", "#/");
    this.route();
  }

  /**
   * The same, but `leave` comes back here. `beside`: from another place that was entered, `leave` comes back to where
   * that one was.
   * @param {string} address @param {boolean} [beside]
   */
  enter(address, beside = false) {
    if (beside && history.state?.over && !depth()) return this.replace(address);
    while (this.#layers.length) this.#layers.pop()?.close();
    this.#next = address;
    this.#instead = false;
    this.#enters = true;
    return this.#settle();
  }

  /** Go back to where `enter` was called. After a start at this place, go to the address instead, or to the list. */
  leave(address = "") {
    if (this.#leaving) return;
    if (this.#moving) return void (this.#then = () => this.leave(address));
    if (history.state?.over) {
      this.#leaving = true;
      this.#go(-1 - depth(), Infinity); // from a layer of the place, too
    } else if (address) this.replace(address);
    else this.back();
  }

  /** Show another place in the entry of this one, so that Back does not lead to this one. @param {string} address */
  replace(address) {
    history.replaceState(history.state, "", address);
    this.route();
  }

  /** Tell the place that is shown now. @param {"list" | "search" | "conversation"} place */
  shown(place) {
    const { list: known, lost } = history.state ?? {};
    this.#lost = false;
    if (lost) history.replaceState({ ...history.state, lost: false }, "");
    const steps = 1 + this.#below;
    this.#below = depth();
    const next = this.#toList === null ? null : this.#inSearch || place === "search" ? 1 : this.#toList + steps;
    this.#toList = place === "list" ? 0 : (known ?? next);
    this.#inSearch = place === "search";
    if (known !== this.#toList && this.#toList !== null)
      history.replaceState({ ...history.state, list: this.#toList }, "");
  }

  /** Put the list below the place in the address, so that Back leads there. For a phone, at a start from a link. */
  startAtList() {
    if (history.state !== null) return; // a reload
    const { hash } = location;
    history.replaceState({ list: 0 }, "", "#/");
    history.pushState({ list: 1 }, "", hash);
  }

  /** Let the browser go back. @param {number} steps @param {number} stay the layers that stay */
  #go(steps, stay) {
    this.#stay = stay;
    this.#moving = setTimeout(() => this.#moved(), LATE);
    history.go(steps);
  }

  #moved() {
    const asked = this.#moving !== undefined && depth() >= this.#stay;
    clearTimeout(this.#moving);
    this.#moving = undefined;
    this.#leaving = false;
    // A new place, which has no state yet, came over the layers of the entry before: they stay in the history.
    if (history.state !== null) this.#below = depth();
    while (!asked && this.#layers.length > depth()) this.#layers.pop()?.close();
    const then = this.#then;
    this.#then = null;
    if (then) return then();
    this.#settle();
    // The start may have the address of the entry that led nowhere, so the browser tells no other change.
    if (this.#lost && !history.state?.lost) this.route();
  }

  // When the layers of this moment are known: one may close and the next open. Not in a timer: Chromium holds those
  // back after a tap until the screen is drawn, and a reload before that would find no entry of the layer.
  #settleSoon() {
    queueMicrotask(() => this.#settle());
  }

  /** Make the history as the layers are. */
  #settle() {
    if (this.#moving) return;
    const over = depth() - this.#layers.length;
    const leads = this.#next !== null;
    if (over > (leads ? 1 : 0)) {
      this.#go(leads ? 1 - over : -over, this.#layers.length);
    } else if (leads) this.#arrive(over === 1);
    else for (let layers = depth() + 1; layers <= this.#layers.length; layers += 1) this.#push(layers);
  }

  /** @param {boolean} replaces the entry of a layer that is gone becomes the new place */
  #arrive(replaces) {
    const address = this.#next ?? "";
    const instead = this.#instead;
    const state = this.#enters ? { over: Number(history.state?.over ?? 0) + 1 } : null;
    this.#next = null;
    this.#instead = this.#enters = false;
    if (replaces || instead) {
      this.#below = 0;
      history.replaceState(state, "", address);
      this.route();
    } else if (state) {
      history.pushState(state, "", address);
      this.route();
    } else if (location.hash === address) this.route();
    else location.hash = address;
  }

  /** @param {number} layers */
  #push(layers) {
    this.#below = layers;
    history.pushState({ ...history.state, layers }, "");
  }
}

/** Whether the page shows one pane at a time. */
export const phone = () => matchMedia("(max-width: 720px)").matches;

const depth = () => Number(history.state?.layers ?? 0);

export const trail = new Trail();
