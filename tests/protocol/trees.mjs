// Parses each text of a JSON file as the page does, for tests/protocol/test_markdown.py.
import { readFileSync, writeFileSync } from "node:fs";

import { parse } from "../../suhbat/web/js/text/markdown.js";

const [, , texts, trees] = process.argv;
const people = new Set(["ali", "vali", "ali-aka"]);
const parsed = JSON.parse(readFileSync(texts, "utf8")).map((text) =>
  parse(text, { exists: (name) => people.has(name) }),
);
writeFileSync(trees, JSON.stringify(parsed));
