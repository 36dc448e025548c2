"""The joined modules and styles of the page, run by Node beside the sources."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from suhbat.http import bundle, pages
from tests.node import NODE, packages
from tests.servers import ROOT


def run(*arguments: str | Path) -> str:
    """The output of a program under Node, which must succeed."""
    done = subprocess.run([NODE, *arguments], cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


MODULES = {
    "js/main.js": """// The entry.
import { Word, said, told as heard } from "./a/word.js";
import {
  count,
} from "./a/count.js";

const before = said.length;
const { late } = await import("./a/late.js");
const { texts } = await import(`../locales/${"en"}.js`);
const { far } = await import("./a/far.js");
console.log(JSON.stringify([before, heard(), new Word().text, count(), late, texts.hello, far]));
""",
    "js/a/word.js": """/**
 * A word. */
import { count } from "./count.js";
export { count } from "./count.js";
/** import("./nowhere.js") */
export const said = [];
export const TEXT = `
  // not a comment? ${1 + 1}`.trim();
export class Word {
  /* a field */
  text = TEXT;
}
export function told() {
  count();
  return /** @type {any} */ (
    "told"
  );
}
""",
    "js/a/count.js": "let made = 0;\nconst load = 1;\nexport const count = () => (made += load);\n",
    "js/a/late.js": 'import { count, said } from "./word2.js";\nexport const late = [count(), said];\n',
    "js/a/word2.js": 'export { count, said } from "./word.js";\n',
    "js/a/far.js": 'export const far = "far";\n',
    "locales/en.js": 'export const texts = { hello: "salom" };\n',
}


def test_joined_modules_do_what_the_modules_do(tmp_path: Path) -> None:
    """Imports of all forms, at the start and later, give what they give without joining; a module runs once."""
    sources = {**MODULES, "js/a/word.js": MODULES["js/a/word.js"].replace("  // not a comment? ", "  not a comment ")}
    for path, text in sources.items():
        file = tmp_path / "plain" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    (tmp_path / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    joined = tmp_path / "joined"
    joined.mkdir()
    (joined / "far.js").write_text(sources["js/a/far.js"], encoding="utf-8")
    (joined / "app.js").write_text(
        bundle.modules(sources, "js/main.js", apart=frozenset(("js/a/far.js",))), encoding="utf-8"
    )
    plain = run(tmp_path / "plain" / "js" / "main.js")
    assert run(joined / "app.js") == plain
    assert json.loads(plain) == [0, "told", "not a comment 2", 3, [1, []], "salom", "far"]


@pytest.mark.parametrize(
    "source",
    [
        'import * as a from "./a.js";\n',
        "export default 1;\n",
        "const a = 1;\nexport { a };\n",
        'export { a as b } from "./a.js";\n',
        'import { b } from "./missing.js";\n',
    ],
)
def test_other_forms_are_refused(source: str) -> None:
    """A form of import or export that is not known, or a module that is missing, is an error, and never left out."""
    with pytest.raises(ValueError, match="js/"):
        bundle.modules({"js/main.js": source, "js/a.js": "export const a = 1;\n"}, "js/main.js")


SAME = """
const acorn = require("acorn");
const read = (text) => JSON.stringify(
  acorn.parse(text, { ecmaVersion: 2022, sourceType: "module" }),
  (name, value) => (["start", "end"].includes(name) ? undefined : typeof value === "bigint" ? String(value) : value),
);
const pairs = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
for (const [name, one, other] of pairs) if (read(one) !== read(other)) throw new Error(name);
console.log(pairs.length);
"""


def test_only_comments_are_left_out(tmp_path: Path) -> None:
    """Each module of the page has the same syntax tree without its comments."""
    packages()
    sources = {path.as_posix(): path.read_text(encoding="utf-8") for path in sorted(pages.WEB.rglob("*.js"))}
    pairs = [(path, text, bundle.without_comments(text)) for path, text in sources.items()]
    assert sum(len(shorter) for _, _, shorter in pairs) < 0.9 * sum(len(text) for text in sources.values())
    (tmp_path / "pairs.json").write_text(json.dumps(pairs), encoding="utf-8")
    assert run("-e", SAME, tmp_path / "pairs.json").strip() == str(len(pairs))


def test_every_module_of_the_page_is_there(tmp_path: Path) -> None:
    """The page's script can be parsed, and has every module but those that stay apart and the one with types only."""
    client = pages.build(pages.WEB)
    script = client.files[f"page/{client.version}/app.js"].plain
    (tmp_path / "app.mjs").write_bytes(script)
    run("--check", tmp_path / "app.mjs")
    for path in (pages.WEB / "js").rglob("*.js"):
        name = path.relative_to(pages.WEB).as_posix()
        apart = name in pages.APART or name in ("js/theme.js", "js/sdk/types.js")
        assert (f'\n"{name}": '.encode() in script) is not apart, name
