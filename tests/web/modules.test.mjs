// Rules for all modules of the page: no import cycles, one definition of a type, no long lines.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const acorn = createRequire(join(ROOT, "package.json"))("acorn");

/** @param {string} directory @param {RegExp} wanted @returns {string[]} */
const filesIn = (directory, wanted) =>
  readdirSync(join(ROOT, directory), { recursive: true, encoding: "utf8" })
    .map((name) => join(ROOT, directory, name))
    .filter((path) => wanted.test(path) && !path.includes("node_modules"));

const MODULES = filesIn("suhbat/web/js", /\.js$/);
const named = (path) => relative(join(ROOT, "suhbat/web/js"), path);

/** The modules that one module imports, statically or dynamically. */
function importsOf(path) {
  const found = [];
  const visit = (node) => {
    if (!node || typeof node !== "object") return;
    if (/^(Import|Export)/.test(node.type) && typeof node.source?.value === "string") found.push(node.source.value);
    for (const part of Object.values(node)) visit(part);
  };
  visit(acorn.parse(readFileSync(path, "utf8"), { ecmaVersion: 2022, sourceType: "module" }));
  return found.map((name) => join(dirname(path), name));
}

/** The first import cycle that is found, as a list of its modules. */
function circle(graph) {
  const done = new Set();
  const follow = (at, way) => {
    if (way.includes(at)) return [...way.slice(way.indexOf(at)), at];
    if (done.has(at)) return null;
    for (const next of graph.get(at) ?? []) {
      const found = follow(next, [...way, at]);
      if (found) return found;
    }
    done.add(at);
    return null;
  };
  for (const start of graph.keys()) {
    const found = follow(start, []);
    if (found) return found;
  }
  return null;
}

test("a circle is found, however long it is", () => {
  const graph = new Map([["a", ["b", "c"]], ["b", []], ["c", ["d"]], ["d", ["b", "c"]]]); // prettier-ignore
  assert.deepEqual(circle(graph), ["c", "d", "c"]);
  graph.set("d", ["b"]);
  assert.equal(circle(graph), null);
});

test("no module imports itself through others, not even later", () => {
  const graph = new Map(MODULES.map((path) => [named(path), importsOf(path).map(named)]));
  assert.ok([...graph.values()].flat().length > 100);
  assert.deepEqual(circle(graph), null);
});

test("a type has one definition, which others import", () => {
  /** @type {Map<string, string[]>} */
  const defined = new Map();
  for (const path of MODULES) {
    const text = readFileSync(path, "utf8");
    const classes = [...text.matchAll(/^(?:export )?class (\w+)/gm)].map(([, name]) => name);
    // The name is after the braces, which may span several lines, or in the line of an object type.
    const typedefs = [...text.matchAll(/@typedef \{(?:[^@]*?)\} (\w+)/g)].map(([, name]) => name);
    for (const name of [...classes, ...typedefs]) defined.set(name, [...(defined.get(name) ?? []), named(path)]);
    assert.doesNotMatch(
      text,
      /@typedef \{(?:typeof )?import\("[^"]+"\)\.\w+\}/,
      `${named(path)}: @import, not an alias`,
    );
  }
  assert.ok(defined.size > 60);
  assert.deepEqual(
    [...defined].filter(([, paths]) => paths.length > 1),
    [],
  );
});

test("a line has at most 120 characters", () => {
  const written = [...filesIn("suhbat/web", /\.(js|css)$/), ...filesIn("tests", /\.mjs$/)];
  // One group of emoji a line: see .prettierignore.
  const long = written
    .filter((path) => !/emoji-(?:data|en|ru|uz)\.js$/.test(path))
    .flatMap((path) =>
      readFileSync(path, "utf8")
        .split("\n")
        .flatMap((line, at) => ([...line].length > 120 ? [`${relative(ROOT, path)}:${at + 1}`] : [])),
    );
  assert.deepEqual(long, []);
});
