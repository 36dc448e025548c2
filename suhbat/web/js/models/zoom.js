// How large a picture is shown, and which part of it. Pure. Places are in CSS pixels from the middle of the stage.

const MOST = 6;

/** @typedef {{width: number, height: number, shownWidth: number, shownHeight: number}} Sizes of the stage, and of the
 *   picture at scale 1 */

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
    const scale = Math.min(MOST, Math.max(1, this.scale * factor));
    const real = scale / this.scale;
    this.x = atX - (atX - this.x) * real;
    this.y = atY - (atY - this.y) * real;
    this.scale = scale;
    this.fitted(sizes);
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
