// A few names and how many others, such as "Ali, Olga and 12 others".

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
  const some = shown.join(", ");
  return more > 0 ? t("names.more", { names: some, n: more }) : some;
}
