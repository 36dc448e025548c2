// Forwarding: the text of the new message, and the copies of its files.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Forwarding } from "../../suhbat/web/js/models/forwarding.js";
import { escaped, forwarded, unnamed } from "../../suhbat/web/js/text/forwarded.js";
import { named, plain } from "../../suhbat/web/js/text/markdown.js";

test("the text is a quote below the line that says from whom, after the comment", () => {
  const from = "Forwarded from **Ali**";
  assert.equal(forwarded({ from, text: "salom\n\n- bir" }), "Forwarded from **Ali**\n> salom\n> \n> - bir");
  assert.equal(forwarded({ from, text: "salom", comment: " Qarang " }), "Qarang\n\nForwarded from **Ali**\n> salom");
  assert.equal(forwarded({ from, text: "" }), from); // of a picture
});

test("a name stays a name, whatever signs it has", () => {
  const name = "*Ali* _v_ [x](https://a.uz) @vali `k` <b> www.a.uz";
  assert.equal(plain(`**${escaped(name)}**`), name);
  assert.deepEqual(
    named(escaped(name), () => true),
    [],
  );
});

test("who was named is not called again; code and addresses stay as they are", () => {
  const text = "@all, @ali: `@vali` vali@a.uz <mailto:ali@a.uz> https://a.uz/@ali\n```\n@ali\n```\n> @olim \\\\@ali";
  const changed = unnamed(text);
  assert.deepEqual(
    named(changed, () => true),
    [],
  );
  assert.equal(
    changed,
    "\\@all, \\@ali: `@vali` vali@a.uz <mailto:ali@a.uz> https://a.uz/@ali\n```\n@ali\n```\n> \\@olim \\\\\\@ali",
  );
  assert.equal(plain(changed), plain(text));
  const many = "@ali ".repeat(700);
  assert.deepEqual(
    named(unnamed(many), () => true),
    [],
  );
});

/** A server that copies files, but for one. */
function made({ refuses = "" } = {}) {
  const told = [];
  const forwarding = new Forwarding({
    copy: async (file) => {
      if (file === refuses) throw Object.assign(new Error("gone"), { code: "not_found" });
      return { id: `${file}2` };
    },
    remove: async (file) => void told.push(`remove ${file}`),
    send: (conversation, text, copies) => told.push(`send ${conversation} ${text} ${copies.map(({ id }) => id)}`),
  });
  return { forwarding, told };
}

test("each conversation gets copies of its own, in the order of the files", async () => {
  const { forwarding, told } = made();
  for (const conversation of ["c1", "c2"]) await forwarding.to(conversation, "salom", ["a", "b"]);
  assert.deepEqual(told, ["send c1 salom a2,b2", "send c2 salom a2,b2"]);
});

test("if one file is refused nothing is sent, and no copy is left", async () => {
  const { forwarding, told } = made({ refuses: "b" });
  await assert.rejects(forwarding.to("c1", "salom", ["a", "b", "c"]), { code: "not_found" });
  assert.deepEqual(told, ["remove a2", "remove c2"]);
});
