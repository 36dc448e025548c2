// How large a picture is shown, and which part of it. Pure. Places are in CSS pixels from the middle of the stage.

const MOST = 6;
/** A picture that is smaller is enlarged to this, in CSS pixels of its longer side. */
const LEAST = 160;
/** What two taps zoom to. */
const TWO_TAPS = 2.5;
/** A picture that fits the stage and needs more than this to cover it is a strip: two taps zoom until it does. */
const STRIP = 3;

/** @typedef {{width: number, height: number}} Size in CSS pixels */
/**
 * The sizes of the stage, and of the picture at scale 1. `free`: the height of the stage that a whole picture may have,
 * if not all of it.
 * @typedef {Size & {shownWidth: number, shownHeight: number, free?: number}} Sizes
 */

/**
 * The size of a whole picture on a stage. The size is known before the picture is loaded, so that nothing jumps.
 * @param {Size} picture @param {Size} stage @returns {Size}
 */
export function fit({ width, height }, stage) {
  const room = Math.min(stage.width / width, stage.height / height);
  const scale = Math.min(room, Math.max(1, LEAST / Math.max(width, height)));
  return { width: Math.max(1, width * scale), height: Math.max(1, height * scale) };
}

/** The scale at which the picture covers the stage. @param {Sizes} sizes */
const covering = ({ width, height, shownWidth, shownHeight }) => Math.max(width / shownWidth, height / shownHeight);

export class Zoom {
  scale = 1;
  x = 0;
  y = 0;

  reset() {
    [this.scale, this.x, this.y] = [1, 0, 0];
  }

  /**
   * Zoom by a factor; what is at a place stays there. @param {number} factor 0: back to the whole picture
   * @param {number} atX @param {number} atY @param {Sizes} sizes
   */
  by(factor, atX, atY, sizes) {
    const scale = Math.min(Math.max(MOST, 2 * covering(sizes)), Math.max(1, this.scale * factor));
    const real = scale / this.scale;
    this.x = atX - (atX - this.x) * real;
    this.y = atY - (atY - this.y) * real;
    this.scale = scale;
    this.fitted(sizes);
  }

  /** Zoom in at a place, or back to the whole picture. @param {number} atX @param {number} atY @param {Sizes} sizes */
  toggle(atX, atY, sizes) {
    const { width, height, free = height, shownWidth, shownHeight } = sizes;
    const cover = covering(sizes);
    const isStrip = cover > STRIP && (shownWidth >= width || shownHeight >= free);
    this.by(this.scale > 1 ? 0 : isStrip ? cover : TWO_TAPS, atX, atY, sizes);
  }

  /** @param {number} dx @param {number} dy @param {Sizes} sizes */
  move(dx, dy, sizes) {
    this.x += dx;
    this.y += dy;
    this.fitted(sizes);
  }

  /**
   * Keep the edges of a picture that is larger than the stage outside, and a smaller one in the middle.
   * @param {Sizes} sizes
   */
  fitted({ width, height, shownWidth, shownHeight }) {
    const wide = Math.max(0, (shownWidth * this.scale - width) / 2);
    const high = Math.max(0, (shownHeight * this.scale - height) / 2);
    this.x = Math.min(wide, Math.max(-wide, this.x));
    this.y = Math.min(high, Math.max(-high, this.y));
    return this;
  }
}
