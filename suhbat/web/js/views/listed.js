// A few names and how many others, such as "Ali, Olga and 12 others".

import { isolated } from "../text/bidi.js";
import { t } from "../text/languages.js";

const NAMED = 4;

/**
 * @param {string[]} names the first of them, or all
 * @param {number} [count] how many there are
 */
export function listed(names, count = names.length) {
  // A single other name is as short as "and 1 other".
  const shown = count <= NAMED + 1 && names.length === count ? names : names.slice(0, NAMED);
  const more = count - shown.length;
  return more > 0 ? t("names.more", { names: shown, n: more }) : shown.map(isolated).join(", ");
}
