// Which square of an image becomes a picture. Pure. Places in the image are in its pixels; places on the stage, which
// shows the square, are parts of its side, from 0 to 1.

const MOST = 8;
/** The smallest square, in pixels of the image: from less, nothing could be recognised. */
const SMALLEST = 64;

export class Crop {
  /** 1: the largest square. */
  zoom = 1;

  /** @param {number} width @param {number} height of the image */
  constructor(width, height) {
    this.width = width;
    this.height = height;
    /** The middle of the square. */
    this.x = width / 2;
    this.y = height / 2;
  }

  /** The side of the square. */
  get side() {
    return Math.min(this.width, this.height) / this.zoom;
  }

  get left() {
    return this.x - this.side / 2;
  }

  get top() {
    return this.y - this.side / 2;
  }

  /** The largest zoom. */
  get most() {
    return Math.max(1, Math.min(MOST, Math.min(this.width, this.height) / SMALLEST));
  }

  /** Drag the image. @param {number} right @param {number} down in parts of the stage */
  drag(right, down) {
    this.x -= right * this.side;
    this.y -= down * this.side;
    this.#hold();
  }

  /**
   * What is at a place of the stage stays there, as far as the image reaches.
   * @param {number} zoom @param {number} [atX] @param {number} [atY]
   */
  zoomTo(zoom, atX = 0.5, atY = 0.5) {
    const before = this.side;
    this.zoom = Math.min(this.most, Math.max(1, zoom));
    this.x += (before - this.side) * (atX - 0.5);
    this.y += (before - this.side) * (atY - 0.5);
    this.#hold();
  }

  /** The square stays within the image. */
  #hold() {
    const half = this.side / 2;
    this.x = Math.min(this.width - half, Math.max(half, this.x));
    this.y = Math.min(this.height - half, Math.max(half, this.y));
  }
}
