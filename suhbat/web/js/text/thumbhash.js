// Blurred previews of pictures in some 25 bytes: the format of https://evanw.github.io/thumbhash/. A hash holds the
// first coefficients of a cosine transform: brightness (L), two colours (P, Q) and transparency (A).

/** @typedef {{width: number, height: number, rgba: Uint8ClampedArray<ArrayBuffer>}} Pixels */

const SIDE = 32; // px of the longer side of a preview
const LARGEST = 100; // px of the longer side of a picture that is encoded

/**
 * The preview. null for what is no hash.
 * @param {string} hash in base64 @returns {Pixels | null}
 */
export function fromThumbhash(hash) {
  const bytes = bytesOf(hash);
  if (!bytes || bytes.length < 5) return null;
  const head = bytes[0] | (bytes[1] << 8) | (bytes[2] << 16);
  const tail = bytes[3] | (bytes[4] << 8);
  const hasAlpha = head >> 23 === 1;
  const wide = tail >> 15 === 1;
  const long = hasAlpha ? 5 : 7;
  const lx = Math.max(3, wide ? long : tail & 7);
  const ly = Math.max(3, wide ? tail & 7 : long);
  let at = (hasAlpha ? 6 : 5) * 2; // in halves of bytes
  if (hasAlpha && bytes.length < 6) return null;
  const next = () => {
    const half = ((bytes[at >> 1] ?? 0x77) >> ((at & 1) * 4)) & 15;
    at += 1;
    return half;
  };
  const channel = (/** @type {number} */ nx, /** @type {number} */ ny, /** @type {number} */ scale) => {
    const ac = [];
    for (let y = 0; y < ny; y += 1)
      for (let x = y ? 0 : 1; x * ny < nx * (ny - y); x += 1) ac.push((next() / 7.5 - 1) * scale);
    return ac;
  };
  const l = { dc: (head & 63) / 63, ac: channel(lx, ly, ((head >> 18) & 31) / 31), nx: lx, ny: ly };
  const p = { dc: ((head >> 6) & 63) / 31.5 - 1, ac: channel(3, 3, (((tail >> 3) & 63) / 63) * 1.25), nx: 3, ny: 3 };
  const q = { dc: ((head >> 12) & 63) / 31.5 - 1, ac: channel(3, 3, (((tail >> 9) & 63) / 63) * 1.25), nx: 3, ny: 3 };
  const a = hasAlpha
    ? { dc: (bytes[5] & 15) / 15, ac: channel(5, 5, (bytes[5] >> 4) / 15), nx: 5, ny: 5 }
    : { dc: 1, ac: [], nx: 5, ny: 5 };

  const ratio = lx / ly;
  const width = Math.round(ratio > 1 ? SIDE : SIDE * ratio);
  const height = Math.round(ratio > 1 ? SIDE / ratio : SIDE);
  const rgba = new Uint8ClampedArray(width * height * 4);
  for (let y = 0, to = 0; y < height; y += 1) {
    const fy = cosines((y + 0.5) / height);
    for (let x = 0; x < width; x += 1, to += 4) {
      const fx = cosines((x + 0.5) / width);
      const [light, yellow, red] = [l, p, q].map((one) => value(one, fx, fy));
      const b = light - (2 / 3) * yellow;
      const r = (3 * light - b + red) / 2;
      rgba.set(
        [r, r - red, b, hasAlpha ? value(a, fx, fy) : 1].map((one) => one * 255),
        to,
      );
    }
  }
  return { width, height, rgba };
}

/** @param {number} place from 0 to 1 */
const cosines = (place) => Array.from({ length: 7 }, (_, at) => Math.cos(Math.PI * place * at));

/**
 * A channel at a place.
 * @param {{dc: number, ac: number[], nx: number, ny: number}} channel @param {number[]} fx @param {number[]} fy
 */
function value({ dc, ac, nx, ny }, fx, fy) {
  let sum = dc;
  for (let cy = 0, at = 0; cy < ny; cy += 1) {
    for (let cx = cy ? 0 : 1; cx * ny < nx * (ny - cy); cx += 1, at += 1) sum += (ac[at] ?? 0) * fx[cx] * fy[cy] * 2;
  }
  return sum;
}

/** The size in which a picture is encoded. @param {number} width @param {number} height */
export function encodedSize(width, height) {
  const scale = Math.min(1, LARGEST / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** The hash of an opaque picture of at most 100 px, in base64. @param {Pixels} pixels */
export function toThumbhash({ width, height, rgba }) {
  const longer = Math.max(width, height);
  const lx = Math.max(1, Math.round((7 * width) / longer));
  const ly = Math.max(1, Math.round((7 * height) / longer));
  const count = width * height;
  const [l, p, q] = [new Float64Array(count), new Float64Array(count), new Float64Array(count)];
  for (let at = 0; at < count; at += 1) {
    const [r, g, b] = [0, 1, 2].map((one) => rgba[at * 4 + one] / 255);
    l[at] = (r + g + b) / 3;
    p[at] = (r + g) / 2 - b;
    q[at] = r - g;
  }
  const light = transformed(l, width, height, Math.max(3, lx), Math.max(3, ly));
  const yellow = transformed(p, width, height, 3, 3);
  const red = transformed(q, width, height, 3, 3);
  const wide = width > height;
  const bits = (/** @type {number} */ one, /** @type {number} */ most) => Math.min(most, Math.max(0, Math.round(one)));
  const head =
    bits(63 * light.dc, 63) |
    (bits(31.5 + 31.5 * yellow.dc, 63) << 6) |
    (bits(31.5 + 31.5 * red.dc, 63) << 12) |
    (bits(31 * light.scale, 31) << 18);
  const tail =
    (wide ? ly : lx) | (bits(63 * yellow.scale, 63) << 3) | (bits(63 * red.scale, 63) << 9) | (Number(wide) << 15);
  const bytes = [head & 255, (head >> 8) & 255, head >> 16, tail & 255, tail >> 8];
  let odd = false;
  for (const { ac } of [light, yellow, red]) {
    for (const one of ac) {
      const half = bits(15 * one, 15);
      if (odd) bytes[bytes.length - 1] |= half << 4;
      else bytes.push(half);
      odd = !odd;
    }
  }
  return btoa(String.fromCharCode(...bytes));
}

/**
 * The coefficients of a channel, scaled to 0…1. @param {Float64Array} channel
 * @param {number} width @param {number} height @param {number} nx @param {number} ny
 */
function transformed(channel, width, height, nx, ny) {
  let [dc, scale] = [0, 0];
  /** @type {number[]} */
  const ac = [];
  for (let cy = 0; cy < ny; cy += 1) {
    for (let cx = 0; cx * ny < nx * (ny - cy); cx += 1) {
      let sum = 0;
      const fx = Array.from({ length: width }, (_, x) => Math.cos((Math.PI / width) * cx * (x + 0.5)));
      for (let y = 0; y < height; y += 1) {
        const fy = Math.cos((Math.PI / height) * cy * (y + 0.5));
        for (let x = 0; x < width; x += 1) sum += channel[y * width + x] * fx[x] * fy;
      }
      sum /= width * height;
      if (cx || cy) {
        ac.push(sum);
        scale = Math.max(scale, Math.abs(sum));
      } else dc = sum;
    }
  }
  return { dc, scale, ac: ac.map((one) => (scale ? 0.5 + (0.5 / scale) * one : 0.5)) };
}

/** The bytes of a text in base64; null for anything else. @param {string} text */
export function bytesOf(text) {
  try {
    return Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  } catch {
    return null;
  }
}
