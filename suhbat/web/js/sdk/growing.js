// Messages that grow (docs/reference/events.md, "Messages that grow").

/**
 * The text of a message after `message.append`: its first `offset` characters, and what was added. Null if it has
 * fewer: then something was missed. Characters are Unicode code points; some are two units of a JavaScript string.
 * @param {string} text @param {number} offset @param {string} added
 */
export function grown(text, offset, added) {
  let at = 0;
  for (let points = 0; points < offset; points += 1) {
    const point = text.codePointAt(at);
    if (point === undefined) return null;
    at += point > 0xffff ? 2 : 1;
  }
  return text.slice(0, at) + added;
}

/** How many characters a text has for the server. @param {string} text */
export const lengthOf = (text) => [...text].length;
