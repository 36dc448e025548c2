// A message that grows several times a second, and that can be stopped, keeps its row: a button that is drawn again
// between press and release gets no click.

const STOP = ":scope > .body > .stop";

/**
 * Move what was drawn into the old row. False if more than the body may have changed.
 * @param {HTMLElement} old @param {HTMLElement} drawn
 */
export function grownIn(old, drawn) {
  const [stop, other] = [old.querySelector(STOP), drawn.querySelector(STOP)];
  const [body, header] = [stop?.parentNode, old.querySelector("header")?.textContent];
  if (!stop || !other?.parentNode || !body || header !== drawn.querySelector("header")?.textContent) return false;
  const nodes = [...other.parentNode.childNodes];
  const at = nodes.indexOf(other);
  for (const node of [...body.childNodes]) if (node !== stop) node.remove();
  stop.before(...nodes.slice(0, at));
  stop.after(...nodes.slice(at + 1));
  return true;
}
