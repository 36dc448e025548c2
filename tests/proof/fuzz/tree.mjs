// Reads a line of JSON with a text, writes a line of JSON with what the page makes of it. For test_fuzz.py.

import { createInterface } from "node:readline";

import { parse, plain } from "../../../suhbat/web/js/text/markdown.js";

for await (const line of createInterface({ input: process.stdin })) {
  const text = JSON.parse(line);
  const began = performance.now();
  const tree = parse(text);
  const took = performance.now() - began;
  // What a browser would do with an address is decided by its own reading of it, not by how it is written.
  const links = [];
  const walk = (node) => {
    if (Array.isArray(node)) node.forEach(walk);
    else if (node && typeof node === "object") {
      if (node.type === "link") links.push(new URL(node.href, "https://chat.example/").protocol);
      Object.values(node).forEach(walk);
    }
  };
  walk(tree);
  console.log(JSON.stringify({ tree, plain: plain(text), links, took }));
}
