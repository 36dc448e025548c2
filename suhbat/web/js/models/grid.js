// Moves by key in a grid of several sections, each of which begins with a new line.

/** @typedef {{section: number, index: number}} Cell */

/**
 * The cell to which a key leads, `null` above the first line, and `undefined` for a key that does not move.
 * @param {number[]} sizes the number of cells of each section, none empty
 * @param {number} columns
 * @param {Cell} at
 * @param {{key: string, ctrlKey?: boolean}} event
 * @returns {Cell | null | undefined}
 */
export function moved(sizes, columns, { section, index }, { key, ctrlKey = false }) {
  const end = (/** @type {number} */ of) => ({ section: of, index: sizes[of] - 1 });
  const column = index % columns;
  const line = Math.floor(index / columns);
  switch (key) {
    case "ArrowLeft":
      if (index > 0) return { section, index: index - 1 };
      return section > 0 ? end(section - 1) : { section, index };
    case "ArrowRight":
      if (index + 1 < sizes[section]) return { section, index: index + 1 };
      return section + 1 < sizes.length ? { section: section + 1, index: 0 } : { section, index };
    case "ArrowUp": {
      if (line > 0) return { section, index: index - columns };
      if (section === 0) return null;
      const above = sizes[section - 1];
      const lines = Math.floor((above - 1) / columns);
      return { section: section - 1, index: Math.min(lines * columns + column, above - 1) };
    }
    case "ArrowDown": {
      const lines = Math.floor((sizes[section] - 1) / columns);
      if (line < lines) return { section, index: Math.min(index + columns, sizes[section] - 1) };
      if (section + 1 === sizes.length) return { section, index };
      return { section: section + 1, index: Math.min(column, sizes[section + 1] - 1) };
    }
    case "Home":
      return ctrlKey ? { section: 0, index: 0 } : { section, index: line * columns };
    case "End":
      if (ctrlKey) return end(sizes.length - 1);
      return { section, index: Math.min(line * columns + columns, sizes[section]) - 1 };
    default:
      return undefined;
  }
}
