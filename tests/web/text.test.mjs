// Languages, times and emoji.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import * as emoji from "../../suhbat/web/js/text/emoji.js";
import { letters } from "../../suhbat/web/js/text/folding.js";
import { cyrillic } from "../../suhbat/web/js/text/cyrillic.js";
import { choose, current, onchange, t, use } from "../../suhbat/web/js/text/languages.js";
import { ago, brief, clock, day, follow, moment, short } from "../../suhbat/web/js/text/time.js";
import { texts as en } from "../../suhbat/web/locales/en.js";
import { texts as ru } from "../../suhbat/web/locales/ru.js";
import { texts as uz } from "../../suhbat/web/locales/uz.js";

const WEB = new URL("../../suhbat/web/", import.meta.url);
const holes = (text) =>
  [...new Set((typeof text === "string" ? text : Object.values(text).join()).match(/\{\w+\}/g))].sort();

for (const [tag, texts] of Object.entries({ uz, ru })) {
  test(`${tag} says what English says`, () => {
    assert.deepEqual(Object.keys(texts).sort(), Object.keys(en).sort());
    for (const [key, text] of Object.entries(en)) {
      assert.deepEqual(holes(texts[key]), holes(text), key);
      assert.equal(typeof texts[key], typeof text, key);
    }
  });
}

for (const [tag, texts] of Object.entries({ en, uz, ru })) {
  test(`${tag} has every plural form of its language`, () => {
    const forms = new Intl.PluralRules(tag).resolvedOptions().pluralCategories.sort();
    for (const [key, text] of Object.entries(texts)) {
      if (typeof text === "object") assert.deepEqual(Object.keys(text).sort(), forms, key);
    }
  });
}

test("every text that the page asks for is there, and none is left over", async () => {
  const asked = new Set();
  const begun = [];
  const { readdir } = await import("node:fs/promises");
  for (const name of await readdir(new URL("js/", WEB), { recursive: true })) {
    if (!name.endsWith(".js") || name.startsWith("sdk")) continue;
    const source = await readFile(new URL(`js/${name.replaceAll("\\", "/")}`, WEB), "utf8");
    for (const [, key] of source.matchAll(/"([a-z]+(?:\.[a-z]+)*)"/g)) asked.add(key);
    for (const [, start] of source.matchAll(/t\(`([a-z.]+)\$\{/g)) begun.push(start);
  }
  const used = (key) =>
    asked.has(key) || begun.some((start) => key.startsWith(start)) || /^room\.(visibility|history)\./.test(key);
  assert.deepEqual(
    Object.keys(en).filter((key) => !used(key)),
    [],
  );
  const called = new Set();
  for (const name of await readdir(new URL("js/", WEB), { recursive: true })) {
    if (!name.endsWith(".js") || name.startsWith("sdk")) continue;
    const source = await readFile(new URL(`js/${name.replaceAll("\\", "/")}`, WEB), "utf8");
    for (const [, key] of source.matchAll(/\bt\("([^"]+)"/g)) called.add(key);
  }
  assert.deepEqual(
    [...called].filter((key) => !(key in en)),
    [],
  );
});

test("every action that the server writes into the audit log is told in words", async () => {
  const { readdir } = await import("node:fs/promises");
  const store = new URL("../../suhbat/store/write/", import.meta.url);
  const actions = new Set();
  for (const name of await readdir(store, { recursive: true })) {
    if (!name.endsWith(".py")) continue;
    const source = await readFile(new URL(name.replaceAll("\\", "/"), store), "utf8");
    // The first argument may be a choice of two: `"ban" if on else "ban.lift"`.
    for (const [, first] of source.matchAll(/\.audit\(\s*("[^,]*),/g))
      for (const [, action] of first.matchAll(/"([^"]+)"/g)) actions.add(`audit.${action}`);
  }
  assert.ok(actions.size > 10 && actions.has("audit.ban.lift"), [...actions].join());
  const told = Object.keys(en).filter((key) => key.startsWith("audit."));
  assert.deepEqual([...actions].sort(), told.sort());
});

test("Uzbek and Russian quote with their own marks, because a part in straight ones stays Latin in Cyrillic", () => {
  for (const texts of [uz, ru]) {
    const wrong = texts === uz ? /[“”"]/ : /[“”]/;
    for (const [key, text] of Object.entries(texts))
      for (const form of typeof text === "string" ? [text] : Object.values(text))
        assert.doesNotMatch(form.replace(/„[^“]*“/g, ""), wrong, `${key}: ${form}`); // „“ stand within «»
  }
});

test("the language: the chosen one, then the browser's, then English", () => {
  assert.equal(choose("ru", ["uz"]), "ru");
  assert.equal(choose(null, ["de", "uz-UZ", "ru"]), "uz");
  assert.equal(choose(null, ["uz-Cyrl-UZ"]), "uz-Cyrl");
  assert.equal(choose("xx", ["de"]), "en");
});

test("switching tells who listens; plural forms follow the language", async () => {
  const told = [];
  const end = onchange(() => told.push(current()));
  await use("ru");
  assert.deepEqual(
    [1, 3, 5, 21].map((n) => t("timeline.new", { n })),
    ["1 новое сообщение", "3 новых сообщения", "5 новых сообщений", "21 новое сообщение"],
  );
  await use("uz-Cyrl");
  assert.equal(t("composer.placeholder"), "Хабар ёзинг");
  assert.equal(t("gate.invited", { name: "Ali" }), "Ali сизни таклиф қилди.");
  await use("en");
  end();
  await use("uz");
  assert.deepEqual(told, ["ru", "uz-Cyrl", "en"]);
  assert.equal(t("no.such.key"), "no.such.key");
  assert.equal(t("message.reaction", { emoji: "$&", n: 1, names: "{emoji}" }), "$& 1: {emoji}");
});

test("one to three emoji are shown large, with a regular expression that every browser reads", async () => {
  await emoji.load();
  for (const one of emoji.groups().flatMap((group) => group.emoji)) assert.ok(emoji.isEmoji(one.emoji), one.codes[0]);
  const england = "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}";
  for (const text of ["❤️‍🔥", "🏳️‍🌈", "👨‍👩‍👧‍👦", "👍🏽 🇺🇿\n1️⃣", england]) assert.ok(emoji.isEmoji(text), text);
  for (const text of ["", " ", "1", "12", "#", "a", "©", "…", "👍a", "👍👍👍👍", "🇺", "१"])
    assert.ok(!emoji.isEmoji(text), text);
});

const vectors = JSON.parse(await readFile(new URL("../vectors/search.json", import.meta.url), "utf8"));

test("names are found by their beginnings in any spelling, as on the server", () => {
  for (const spellings of vectors.spellings) assert.equal(new Set(spellings.map(letters)).size, 1, spellings.join());
  for (const { name, typed, not } of vectors.beginnings) {
    for (const begun of typed) assert.ok(letters(name).startsWith(letters(begun)), `${name}: ${begun}`);
    for (const other of not) assert.ok(!letters(name).startsWith(letters(other)), `${name}: ${other}`);
  }
});

test("Uzbek in Cyrillic", () => {
  for (const [latin, expected] of [
    ["Oʻzbekiston gʻoz", "Ўзбекистон ғоз"],
    ["Shahar choyxona yoʻl Yoʻl yangi yulduz", "Шаҳар чойхона йўл Йўл янги юлдуз"],
    ["ertaga yetti aeroport toʻe", "эртага етти аэропорт тўэ"],
    ["Reaksiya, moderatsiya, filtri; aytsa", "Реакция, модерация, фильтри; айтса"],
    ["Parol, parolni, PROFIL, 23-noyabr, noyabrda", "Пароль, паролни, ПРОФИЛЬ, 23-ноябрь, ноябрда"],
    ["maʼno {name} API `kod` from:ism", "маъно {name} API `kod` from:ism"],
  ]) {
    assert.equal(cyrillic(latin), expected);
  }
});

test("what Russian writes in Latin letters, Uzbek in Cyrillic does, too", () => {
  const spoken = new Set(["Suhbat", "push"]); // words of Uzbek
  const forms = (/** @type {string | Record<string, string>} */ text) =>
    typeof text === "string" ? [text] : Object.values(text);
  const latin = (/** @type {string} */ text) => text.replaceAll(/\{[^}]*\}/g, "").match(/[A-Za-z]{2,}/g) ?? [];
  const wrong = Object.entries(uz).flatMap(([key, text]) => {
    const made = cyrillic(forms(text).join("\n"));
    return latin(forms(ru[key]).join("\n"))
      .filter((word) => !spoken.has(word) && !made.includes(word))
      .map((word) => `${key}: ${word}`);
  });
  assert.deepEqual(wrong, []);
});

test("times, in each language", async () => {
  const now = new Date(2026, 10, 23, 12, 0);
  const friday = new Date(2026, 10, 20, 9, 5);
  const lastYear = new Date(2025, 2, 3, 9, 5);
  follow("en-GB");
  await use("en");
  assert.equal(clock(friday), "09:05");
  assert.equal(day(now, now), "Today");
  assert.equal(day(new Date(2026, 10, 22, 23, 59), now), "Yesterday");
  assert.match(day(friday, now), /Friday,? 20 November$/);
  assert.match(day(lastYear, now), /Monday,? 3 March 2025/);
  assert.equal(short(friday, now), "Fri");
  assert.equal(short(new Date(2026, 10, 23, 1, 2), now), "01:02");
  assert.equal(ago(new Date(now.getTime() - 90_000), now), "last seen 1 minute ago");
  await use("uz");
  assert.equal(day(friday, now), "juma, 20-noyabr");
  assert.equal(moment(lastYear), "3-mart 2025, 09:05");
  await use("uz-Cyrl");
  assert.equal(day(friday, now), "жума, 20-ноябрь");
  await use("ru");
  assert.equal(day(friday, now), "пятница, 20 ноября");
});

test("the clock and the order of the date follow the system in English, and the language in the others", async () => {
  const afternoon = new Date(2026, 10, 20, 14, 5);
  const now = new Date(2026, 10, 23, 12, 0);
  const shown = (locale) => {
    follow(locale);
    return [clock(afternoon), brief(afternoon), short(afternoon, new Date(2026, 11, 1)), day(afternoon, now)].map(
      (text) => text.replace(/\s/gu, " ").replace(/(day),/, "$1"),
    );
  };
  await use("en");
  assert.deepEqual(shown("en-US"), ["2:05 PM", "2:05", "11/20", "Friday November 20"]);
  assert.match(moment(afternoon).replace(/\s/gu, " "), /^November 20, 2026.* 2:05 PM$/);
  assert.deepEqual(shown("en-GB"), ["14:05", "14:05", "20/11", "Friday 20 November"]);
  assert.deepEqual(shown("de-DE"), ["14:05", "14:05", "20/11", "Friday 20 November"]);
  assert.match(shown("ko-KR")[0], /^2:05 pm$/i);
  follow("en-US");
  for (const tag of ["ru", "uz", "uz-Cyrl"]) {
    await use(tag);
    assert.deepEqual([clock(afternoon), brief(afternoon)], ["14:05", "14:05"]);
  }
});

test("emoji by name, in what one writes", async () => {
  await emoji.load();
  assert.equal(emoji.byName("Heart")?.emoji, "❤️");
  assert.equal(
    emoji.replaceNames("a :smile: `:smile:` 12:30:45 :100: :nope: :+1:"),
    "a 😄 `:smile:` 12:30:45 💯 :nope: 👍",
  );
  assert.equal(emoji.replaceNames("```\n:smile:\n```\n:tada:"), "```\n:smile:\n```\n🎉");
  for (const code of [
    "`` `:smile:` ``",
    "`a\n:smile:`",
    "~~~\n:smile:\n~~~",
    "````\n```\n:smile:\n````",
    "- a\n\n  ```\n  :smile:\n\n  :smile:\n  ```",
    "> ~~~\n> :smile:",
    "```:smile:\n```",
    "https://a.uz/:smile:",
    "www.a.uz/?b=:smile:",
    "<https://a.uz/:smile:>",
    "[a](https://a.uz/:smile:)",
    "\\:smile:",
    "a:smile:",
    ":smile:a",
  ]) {
    assert.equal(emoji.replaceNames(code), code);
    assert.equal(emoji.replaceNames(`${code}\n\n:tada:`), `${code}\n\n🎉`);
  }
  assert.equal(
    emoji.replaceNames("**:smile:** [:tada: a](https://a.uz) :smile:,:smile: (:100:)"),
    "**😄** [🎉 a](https://a.uz) 😄,😄 (💯)",
  );
  assert.equal(emoji.replaceNames(":emoji0x: :smile:"), ":emoji0x: :smile:");
  const all = emoji.groups().flatMap((group) => group.emoji);
  assert.equal(new Set(all.map((one) => one.emoji)).size, all.length);
  // Node may not know the newest yet.
  for (const one of all.filter(({ since }) => !(Number(since) > 15)))
    assert.match(one.emoji, /^\p{RGI_Emoji}$/v, one.codes[0]);
});
