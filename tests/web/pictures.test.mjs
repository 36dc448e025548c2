// Previews of pictures, waveforms, sizes.

import assert from "node:assert/strict";
import { test } from "node:test";

import { use } from "../../suhbat/web/js/text/languages.js";
import { durationText, ending, parted, sizeText } from "../../suhbat/web/js/text/sizes.js";
import { encodedSize, fromThumbhash, toThumbhash } from "../../suhbat/web/js/text/thumbhash.js";
import { BARS, barsOf, toWaveform } from "../../suhbat/web/js/text/waveform.js";

/** A picture that is red on the left and blue on the right. */
function halves(width, height) {
  const rgba = new Uint8ClampedArray(width * height * 4);
  for (let at = 0; at < width * height; at += 1) {
    rgba.set(at % width < width / 2 ? [220, 30, 30, 255] : [30, 30, 220, 255], at * 4);
  }
  return { width, height, rgba };
}

test("a preview has the shape and the colours of its picture", () => {
  for (const [width, height, shown] of [
    [100, 50, [32, 18]],
    [60, 100, [18, 32]],
    [40, 40, [32, 32]],
  ]) {
    // prettier-ignore
    const preview = fromThumbhash(toThumbhash(halves(width, height)));
    assert.deepEqual([preview.width, preview.height], shown);
    const at = (x) => preview.rgba.slice((preview.width * (preview.height >> 1) + x) * 4).slice(0, 4);
    const [left, right] = [at(3), at(preview.width - 4)];
    assert.ok(left[0] > 150 && left[2] < 90 && right[2] > 150 && right[0] < 90, `${left} ${right}`);
    assert.equal(left[3], 255);
  }
});

test("a preview that others made has the colours that it says", () => {
  // The example of the format's page: a sunrise.
  const { width, height, rgba } = fromThumbhash("1QcSHQRnh493V4dIh4eXh1h4kJUI");
  assert.deepEqual([width, height], [23, 32]);
  const sums = [0, 0, 0];
  for (let at = 0; at < rgba.length; at += 1) if (at % 4 < 3) sums[at % 4] += rgba[at] / (width * height);
  const [l, p, q] = [21 / 63, 31 / 31.5 - 1, 32 / 31.5 - 1]; // from its first three bytes
  const blue = l - (2 / 3) * p;
  const red = (3 * l - blue + q) / 2;
  for (const [at, one] of [red, red - q, blue].entries()) assert.ok(Math.abs(sums[at] - one * 255) < 6, `${sums}`);
});

test("what is no preview gives none", () => {
  for (const wrong of ["", "AAA=", "%%%", "AACAAAA="]) assert.equal(fromThumbhash(wrong), null);
});

test("a picture is encoded with at most 100 px", () => {
  assert.deepEqual(encodedSize(4000, 1000), { width: 100, height: 25 });
  assert.deepEqual(encodedSize(30, 20), { width: 30, height: 20 });
  assert.deepEqual(encodedSize(1, 9000), { width: 1, height: 100 });
});

test("a waveform has a byte for each bar, and the loudest is full", () => {
  const loud = Array.from({ length: 300 }, (_, at) => (at < 150 ? 0.05 : 0.2));
  const bars = barsOf(toWaveform(loud));
  assert.equal(bars.length, BARS);
  assert.deepEqual([bars[0], bars.at(-1)], [64 / 255, 1]);
  assert.deepEqual(barsOf(toWaveform([])), Array(BARS).fill(0));
  assert.deepEqual([barsOf(null, 4), barsOf("%", 4)], [Array(4).fill(0), Array(4).fill(0)]);
  assert.equal(Math.max(...barsOf(toWaveform([0.001]), 3)), 13 / 255); // silence stays small
});

test("sizes, durations and endings as people write them", async () => {
  await use("en");
  assert.deepEqual([12, 480_123, 3_249_000, 99_960_000, 5e9].map(sizeText),
    ["0.1 KB", "480 KB", "3.2 MB", "100 MB", "5 GB"]); // prettier-ignore
  await use("ru");
  assert.equal(sizeText(3_249_000), "3,2 МБ");
  assert.deepEqual([7.9, 65, 3723, NaN, Infinity].map(durationText), ["0:07", "1:05", "1:02:03", "0:00", "0:00"]);
  assert.deepEqual(["a.PDF", "choy.tar.gz", "README", "x.longer", ".js"].map(ending), ["PDF", "GZ", "", "", "JS"]);
  const [pasted, short] = ["2026-11-30 08-14-40.png", "a.pdf"].map(parted);
  assert.deepEqual([pasted, short], [["2026-11-30 ", "08-14-40.png"], ["", "a.pdf"]]); // prettier-ignore
  const [start, end] = parted(`${"a".repeat(290)}👩‍👩‍👧‍👦.heic`);
  assert.deepEqual([start.length, end], [290, "👩‍👩‍👧‍👦.heic"], "no character is cut");
});
