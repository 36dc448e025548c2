// The pictures of people: colours that are told apart and can be read on, and initials in every script.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { HUES, hueOf, initials } from "../../suhbat/web/js/text/avatars.js";

const css = (name) => readFileSync(new URL(`../../suhbat/web/css/${name}.css`, import.meta.url), "utf8");
const colour = (name) => new RegExp(`--${name}: (#[0-9a-f]{6});`).exec(css("tokens"))[1];
const COLOURS = Array.from({ length: HUES }, (_, n) => colour(`avatar-${n}`));

const linear = (hex) =>
  [1, 3, 5]
    .map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
const product = (rows, values) => rows.map((row) => row.reduce((sum, part, at) => sum + part * values[at], 0));
const luminance = (hex) => product([[0.2126, 0.7152, 0.0722]], linear(hex))[0];

/** WCAG 2.2, contrast ratio. */
function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** OKLab, in which equal distances look equally different. */
function lab(hex) {
  const cones = product(
    [
      [0.4122214708, 0.5363325363, 0.0514459929],
      [0.2119034982, 0.6806995451, 0.1073969566],
      [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    linear(hex),
  );
  return product(
    [
      [0.2104542553, 0.793617785, -0.0040720468],
      [1.9779984951, -2.428592205, 0.4505937099],
      [0.0259040371, 0.7827717662, -0.808675766],
    ],
    cones.map(Math.cbrt),
  );
}

test("the letters of an avatar can be read, and the avatar is seen on light and on dark ground", () => {
  for (const one of COLOURS) {
    assert.ok(contrast(one, colour("on-avatar")) >= 4.5, one);
    for (const surface of ["#ffffff", "#f4f2ee", "#1c2122", "#15191a"]) assert.ok(contrast(one, surface) >= 2, one);
  }
});

test("no two colours of avatars are taken for each other", () => {
  for (const [at, one] of COLOURS.entries()) {
    for (const other of COLOURS.slice(at + 1)) {
      const distance = Math.hypot(...lab(one).map((part, n) => part - lab(other)[n]));
      assert.ok(distance > 0.09, `${one} ${other}: ${distance}`); // a just visible difference is 0.02
    }
  }
});

test("every colour has its rule", () => {
  for (let hue = 0; hue < HUES; hue += 1) {
    assert.match(css("parts"), new RegExp(`\\[data-hue="${hue}"\\] \\{\\s*--avatar: var\\(--avatar-${hue}\\);`));
  }
});

test("every colour has about as many people, whatever names they choose", () => {
  const FIRST = ["ali", "vali", "nodira", "jasur", "olga", "иван", "ўктам", "oʻtkir", "سارة", "user"];
  const sets = {
    numbered: Array.from({ length: 1200 }, (_, n) => `user${n}`),
    short: Array.from({ length: 26 * 26 }, (_, n) => String.fromCharCode(97 + (n % 26), 97 + Math.floor(n / 26))),
    named: FIRST.flatMap((name) => Array.from({ length: 120 }, (_, n) => `${name}_${n}`)),
  }; // prettier-ignore
  for (const [what, names] of Object.entries(sets)) {
    const counts = new Array(HUES).fill(0);
    for (const name of names) counts[hueOf(name)] += 1;
    const expected = names.length / HUES;
    const chi = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    assert.ok(chi < 31.3, `${what}: ${counts}`); // 11 degrees of freedom, p = 0.001
  }
  assert.equal(hueOf("ali"), hueOf("ali"));
});

test("the initials are those of the first and the last word, of any script, and whole characters", () => {
  const cases = {
    "Ali Valiyev": "AV",
    ali: "A",
    "ali_valiyev": "AV",
    "Jean-Luc van der Berg": "JB",
    "Ольга Петрова": "ОП",
    "ўктам": "Ў",
    "דוד כהן": "דכ",
    "سارة محمد": "س\u200cم",
    "नीता शर्मा": "नीश",
    "e\u0301va": "E\u0301".normalize("NFD"),
    "김 민준": "김민",
    "𝒜li 𝒱ali": "𝒜𝒱",
    "🦊": "🦊",
    "👨‍👩‍👧 oila": "O",
    "🏳️‍🌈🦊": "🏳️‍🌈",
    "Ali 🦊": "A",
    "«Ali» (Vali)": "AV",
    "ßen ﬁn": "SF",
    "7": "7",
    "  ": "?",
    "": "?",
  }; // prettier-ignore
  for (const [name, wanted] of Object.entries(cases)) {
    assert.equal(initials(name), wanted, name);
    assert.doesNotMatch(initials(name), /\p{Surrogate}/u);
  }
});
