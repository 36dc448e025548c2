// Which emoji the system can draw. It draws one emoji of each version of Unicode and looks for colours: the box in the
// place of a missing one has none, and the parts of a sequence that the font does not know are wider than one emoji.

const SIZE = 24; // px
const FACE = "😀"; // every system with emoji can draw it

/**
 * The versions whose emoji cannot be drawn; none if nothing can be found out, for example because the browser hides
 * what is drawn.
 * @param {Map<string, string>} samples one emoji by version
 * @param {(emoji: string) => {coloured: boolean, width: number}} [drawn]
 */
export function undrawn(samples, drawn = look()) {
  const face = drawn(FACE);
  if (!face.coloured) return [];
  const fails = (/** @type {[string, string]} */ [, emoji]) => {
    const { coloured, width } = drawn(emoji);
    return !coloured || width > face.width * 1.5;
  };
  return [...samples].filter(fails).map(([version]) => version);
}

/** Draws on a canvas. */
function look() {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  return (/** @type {string} */ emoji) => {
    if (!context) return { coloured: false, width: 0 };
    context.clearRect(0, 0, SIZE, SIZE);
    context.textBaseline = "top";
    context.font = `${SIZE - 6}px ${getComputedStyle(document.documentElement).getPropertyValue("--emoji")}`;
    context.fillStyle = "#000";
    context.fillText(emoji, 0, 2);
    const { data } = context.getImageData(0, 0, SIZE, SIZE);
    let coloured = false;
    for (let at = 0; at < data.length; at += 4)
      coloured ||= data[at + 3] > 128 && Math.max(data[at], data[at + 1], data[at + 2]) > 24;
    return { coloured, width: context.measureText(emoji).width };
  };
}
