// The messages are one stop for the Tab key, however many there are. The arrow keys lead from message to message and to
// the days between them, and Tab from a message to what is in it.

const INSIDE = "button, a, pre, video, [role=slider]";

/** Leave out what is in a message. What went wrong with it stays in the way. @param {HTMLElement} row */
export function passed(row) {
  for (const one of inside(row)) if (!one.closest(".wrong")) one.tabIndex = -1;
  return row;
}

/** Let Tab lead from this message to what is in it. @param {Element} row */
export function entered(row) {
  for (const one of inside(row)) if (!one.closest(".actions")) one.tabIndex = 0;
}

/** @param {Element} row */
const inside = (row) => /** @type {NodeListOf<HTMLElement>} */ (row.querySelectorAll(INSIDE));
