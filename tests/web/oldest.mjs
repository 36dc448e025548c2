// Checks every module and style sheet of the page for features that the oldest browsers of docs/web.md lack.
//
// `python -m tests.node tests/web/oldest.mjs` prints each find and exits 1 if there is one; `make check` runs it.
// acorn checks the syntax, and MDN's data lists the features of each browser. For members of objects TypeScript
// checks the page with a DOM that lacks everything those browsers lack.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, extname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const require = createRequire(join(ROOT, "package.json"));
const acorn = require("acorn");
const data = require("@mdn/browser-compat-data");

export const OLDEST = { chrome: 109, edge: 109, firefox: 115, safari: 16 };

/** Newer features that the page may use, because it tests for them or works without them. */
export const ASKED_FOR = {
  "Intl.Segmenter": "text/graphemes.js counts without it where it is missing",
  popover: "views/floating.js floats without it where it is missing",
  autocapitalize: "a hint to keyboards",
  "overflow-anchor": "what it switches off is not there either",
  "user-select": "Safari has -webkit-user-select beside it",
  "-webkit-touch-callout": "only Safari on a phone has what it switches off",
  "-webkit-tap-highlight-color": "a matter of taste on phones",
};

/** The first version of a browser with this feature, or Infinity. @param {any} statement */
function since(statement) {
  if (!statement || statement.flags || statement.prefix || statement.alternative_name) return Infinity;
  const { version_added: added, version_removed: removed } = statement;
  if (removed && !statement.version_last) return Infinity;
  return typeof added === "string" ? (added === "preview" ? Infinity : Number(added.replace("≤", ""))) : Infinity;
}

/** @param {any} feature */
function isOld(feature) {
  const support = feature.__compat?.support;
  if (!support) return true; // a group of features
  return Object.entries(OLDEST).every(([browser, version]) => {
    const statements = [support[browser] ?? support.chrome].flat();
    return statements.some((statement) => since(statement) <= version);
  });
}

/**
 * All features by the last part of their name.
 * @param {any} tree @param {Map<string, any[]>} [names] @param {string} [owner]
 */
function byName(tree, names = new Map(), owner = "") {
  for (const [name, feature] of Object.entries(tree)) {
    if (name === "__compat" || typeof feature !== "object" || feature === null) continue;
    const plain = name.replace(/_static$/, "");
    for (const key of [plain, `${owner}.${plain}`]) names.set(key, [...(names.get(key) ?? []), feature]);
    byName(feature, names, plain);
  }
  return names;
}

const globals = byName({ ...data.api, ...data.javascript.builtins });
const attributes = new Map(Object.entries(data.html.global_attributes).map(([name, feature]) => [name, [feature]]));
const cssFunctions = byName(data.css.types);

/** @param {Map<string, any[]>} names @param {string} name */
const isNew = (names, name) => names.has(name) && !(name in ASKED_FOR) && !names.get(name)?.some(isOld);

/** @param {string} source @returns {string[]} the features in it that are too new */
export function lookAtScript(source) {
  /** @type {string[]} */
  const found = [];
  /** @type {any} */
  let tree;
  try {
    tree = acorn.parse(source, { ecmaVersion: 2022, sourceType: "module" });
  } catch (error) {
    return [String(error)];
  }
  visit(tree, (node) => {
    if (node.type === "StaticBlock") found.push("static { … } in a class"); // Safari 16.4
    // A browser that does not know this syntax refuses the whole module.
    const pattern = node.regex?.pattern ?? "";
    if (/\(\?<[=!]/.test(pattern)) found.push(`a look behind: /${pattern}/`); // Safari 16.4
    // Properties of globals: `Object.groupBy`, `Intl.Segmenter`.
    if (node.type === "MemberExpression" && node.object.type === "Identifier" && node.property.type === "Identifier") {
      const whole = `${node.object.name}.${node.property.name}`;
      if (/^[A-Z]/.test(whole) && isNew(globals, whole)) found.push(whole);
    }
    if (node.type === "Property" && isNew(attributes, node.key.name ?? node.key.value))
      found.push(node.key.name ?? node.key.value);
  });
  return found;
}

/** @param {any} node @param {(node: any) => void} seen */
function visit(node, seen) {
  if (Array.isArray(node)) for (const one of node) visit(one, seen);
  else if (node && typeof node.type === "string") {
    seen(node);
    for (const child of Object.values(node)) if (child && typeof child === "object") visit(child, seen);
  }
}

/** @param {string} source @returns {string[]} */
export function lookAtStyles(source) {
  /** @type {string[]} */
  const found = [];
  const css = source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/"[^"]*"/g, '""');
  let depth = 0;
  for (const [, head, sign] of css.matchAll(/([^{};]*)([{};])/g)) {
    const text = head.trim();
    if (sign === "{") {
      const rule = /^@([\w-]+)/.exec(text)?.[1];
      if (rule && !isOld(data.css["at-rules"][rule] ?? {})) found.push(`@${rule}`);
      for (const [, feature] of rule === "media" ? text.matchAll(/\(([\w-]+)/g) : []) {
        if (!isOld(data.css["at-rules"].media[feature] ?? {})) found.push(`@media (${feature})`);
      }
      if (!rule && /(^|\s)&/.test(text)) found.push(`nesting: ${text}`);
      for (const [, name] of rule ? [] : text.matchAll(/::?([a-z-]+)/g)) {
        if (!isOld(data.css.selectors[name] ?? {})) found.push(`:${name}`);
      }
      depth += rule === "media" || rule === "supports" ? 0 : 1;
      if (depth > 1 && rule !== undefined) found.push(`nesting: ${text}`);
    } else if (/^[a-z-]+\s*:/.test(text)) found.push(...lookAtDeclaration(text));
    if (sign === "}") depth = Math.max(0, depth - 1);
  }
  return found;
}

/** @param {string} text */
function lookAtDeclaration(text) {
  const [name, value] = [text.slice(0, text.indexOf(":")).trim(), text.slice(text.indexOf(":") + 1)];
  /** @type {string[]} */
  const found = [];
  if (!name.startsWith("--")) {
    const property = data.css.properties[name];
    if (name in ASKED_FOR) return [];
    if (property && !isOld(property)) found.push(name);
    for (const [word] of value.replace(/\([^()]*\)/g, "").matchAll(/(?<![\w-])[a-z-]+(?![\w(-])/g)) {
      if (property?.[word] && !isOld(property[word])) found.push(`${name}: ${word}`);
    }
  }
  for (const [, call] of value.matchAll(/([a-z-]+)\(/g)) if (isNew(cssFunctions, call)) found.push(`${call}()`);
  return found;
}

/** TypeScript's description of the DOM without the features that are too new. @param {string} text */
function oldDom(text) {
  let owner = "";
  const kept = [];
  for (const line of text.split("\n")) {
    owner = /^(?:interface|declare var) (\w+)\b.*\{$/.exec(line)?.[1] ?? (line === "}" || line === "};" ? "" : owner);
    const [, name, optional] = /^ {4}(?:readonly |get |set )?(\w+)(\??)[(:<]/.exec(line) ?? [];
    const whole = /^declare (?:var|function) (\w+)/.exec(line)?.[1];
    const maker = name === "new" && owner in data.api && !isOld(data.api[owner]);
    // Some interfaces have no data of their own, such as `GlobalEventHandlers`. Their member is too new if it is so in
    // every interface that has it. Plain options are not checked, because they belong to no object.
    const tooNew =
      name &&
      name !== "new" &&
      (globals.has(`${owner}.${name}`)
        ? isNew(globals, `${owner}.${name}`)
        : !(owner in data.api) && !optional && isNew(globals, name));
    const gone =
      whole &&
      !line.endsWith("{") &&
      (isNew(globals, `Window.${whole}`) || (whole in data.api && !isOld(data.api[whole])));
    if (!maker && !(owner && tooNew) && !gone) kept.push(line);
  }
  return kept.join("\n");
}

/** The errors of TypeScript for these modules with an old DOM. @param {string[]} include */
export function lookAtUses(include) {
  const compiler = realpathSync(join(ROOT, "node_modules/typescript/package.json"));
  const library = join(
    dirname(createRequire(compiler).resolve(`@typescript/typescript-${process.platform}-${process.arch}/package.json`)),
    "lib",
  );
  const place = mkdtempSync(join(tmpdir(), "suhbat-dom-"));
  try {
    const names = ["lib.dom.d.ts", "lib.dom.iterable.d.ts", "lib.dom.asynciterable.d.ts"];
    for (const name of names) writeFileSync(join(place, name), oldDom(readFileSync(join(library, name), "utf8")));
    const compilerOptions = { lib: ["ES2022"], skipLibCheck: true };
    writeFileSync(
      join(place, "jsconfig.json"),
      JSON.stringify({ extends: join(ROOT, "jsconfig.json"), compilerOptions, files: names, include }),
    );
    const done = spawnSync(process.execPath, [join(dirname(compiler), "bin/tsc"), "-p", join(place, "jsconfig.json")], {
      cwd: ROOT,
      encoding: "utf8",
    });
    return done.stdout.split("\n").filter(Boolean);
  } finally {
    rmSync(place, { recursive: true });
  }
}

/** @param {string} directory @returns {string[]} */
const files = (directory) =>
  readdirSync(join(ROOT, directory), { recursive: true, encoding: "utf8" }).map((name) => join(directory, name));

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  let looked = 0;
  for (const path of files("suhbat/web")) {
    const look = { ".js": lookAtScript, ".css": lookAtStyles }[extname(path)];
    if (!look) continue;
    looked += 1;
    for (const what of new Set(look(readFileSync(join(ROOT, path), "utf8")))) {
      console.log(`${path}: ${what}`);
      process.exitCode = 1;
    }
  }
  for (const line of lookAtUses(
    ["suhbat/web/js/**/*.js", "suhbat/web/locales/**/*.js"].map((path) => join(ROOT, path)),
  )) {
    console.log(line);
    process.exitCode = 1;
  }
  console.log(
    `${looked} files of the page, for ${Object.entries(OLDEST)
      .map((one) => one.join(" "))
      .join(", ")}`,
  );
}
