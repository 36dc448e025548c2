"""Write suhbat/web/js/text/emoji-*.js: the emoji that the picker offers, their names and further words for them.

Each release of Unicode adds some, so the results are committed and not made at build time. In an empty directory:

    pip install emoji && npm install --no-save unicode-emoji-json cldr-annotations-full cldr-annotations-derived-full
    python …/deploy/emoji.py node_modules

The data is Unicode's (UTS 51 and CLDR, Unicode License v3). The packages only carry it: `emoji` has the newest set and the
short names that people know from other chats, `unicode-emoji-json` the groups and their order, the others the words.
"""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from pathlib import Path
from typing import Any

# This directory has an emoji.py of its own.
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).resolve().parent]

from emoji import EMOJI_DATA, STATUS  # noqa: E402 (after the path)

OUT = Path(__file__).parents[1] / "suhbat/web/js/text"
SELECTOR = "\ufe0f"
TONES = tuple(map(chr, range(0x1F3FB, 0x1F400)))
GROUPS = {
    "Smileys & Emotion": "faces", "People & Body": "people", "Animals & Nature": "animals", "Food & Drink": "food",
    "Travel & Places": "travel", "Activities": "activities", "Objects": "objects", "Symbols": "symbols", "Flags": "flags",
}  # fmt: skip
KNOWN_EVERYWHERE = 12.0
"""Systems from before this version of Unicode's emoji run none of the browsers that the page supports."""
LONGEST = 40
"""Characters of a name between colons."""
WORDS = {"en": 6, "ru": 2, "uz": 4}
"""Further words for an emoji, at most. With these, no file has more than 25 KB when it is compressed."""

ALIASES = {
    "cool": "😎", "like": "👍", "thanks": "🙏", "party": "🎉", "check": "✅", "idea": "💡", "tea": "🍵", "money": "💰",
    "mail": "📧", "clock": "⏰", "ball": "⚽", "home": "🏠", "plane": "✈️", "love": "❤️", "flower": "🌸", "work": "💼",
}  # fmt: skip
"""Names that people try and that the packages lack."""

AFTER = {
    "\U0001faeb": "\U0001faea", "\U0001faf9": "👎", "\U0001fafa": "\U0001faf9", "\U0001f6d9": "🗼", "\U0001fa8b": "☄️",
    "\U0001facc": "🦋", "\U0001fa8d": "🎣", "\U0001fadd": "🥒", "\U0001fa8c": "✏️",
}  # fmt: skip
"""Emoji of version 18 that the package with the order may lack: each comes after one that it has."""


def main(packages: Path) -> None:
    full = {one: data for one, data in EMOJI_DATA.items() if data["status"] == STATUS["fully_qualified"]}
    bare = {without_selector(one) for one in full}
    plain = {one: data for one, data in full.items() if not any(tone in one for tone in TONES)}
    groups = ordered(packages, set(plain))
    versions = sorted({data["E"] for data in plain.values() if data["E"] > KNOWN_EVERYWHERE})
    codes = named(groups, plain)
    lines = []
    for group, members in groups.items():
        entries = []
        for one in members:
            version = plain[one]["E"]
            marks = "T" if without_selector(toned(one, TONES[0])) in bare else ""
            marks += chr(ord("A") + versions.index(version)) if version in versions else ""
            entries.append(f"{one}{marks}{','.join(codes[one])}")
        lines.append(f'  ["{group}", "{" ".join(entries)}"],\n')
    head = "// Made by deploy/emoji.py; not written by hand. Data of Unicode (UTS 51), see LICENSE-UNICODE.\n\n"
    shown = ", ".join(f'"{version:g}"' for version in versions)
    write(
        "data",
        f"{head}/** By their letters. */\nexport const VERSIONS = [{shown}];\n\n"
        f"/** @type {{[string, string][]}} */\nexport const GROUPS = [\n{''.join(lines)}];\n",
    )
    for language in WORDS:
        known = words(packages, language)
        lines = []
        for members in groups.values():
            entries = [described(known, codes[one], one, language) for one in members]
            lines.append(f'  "{"|".join(entries)}",\n')
        write(language, f"{head.replace('UTS 51', 'CLDR')}export const WORDS = [\n{''.join(lines)}];\n")


def ordered(packages: Path, wanted: set[str]) -> dict[str, list[str]]:
    """The emoji by group, in Unicode's order."""
    text = (packages / "unicode-emoji-json/data-by-group.json").read_text(encoding="utf-8")
    groups = {GROUPS[group["name"]]: [one["emoji"] for one in group["emojis"]] for group in json.loads(text)}
    for one, before in AFTER.items():
        members = next(members for members in groups.values() if before in members)
        if one not in members:
            members.insert(members.index(before) + 1, one)
    found = [one for members in groups.values() for one in members]
    assert set(found) == wanted and len(found) == len(wanted), (wanted ^ set(found), len(found))
    return groups


def named(groups: dict[str, list[str]], plain: dict[str, Any]) -> dict[str, list[str]]:
    """The names between colons of each emoji: first the one that other chats use, if there is one. Each name is unique."""
    found: dict[str, list[str]] = {}
    taken: set[str] = set()
    extra = {sign: name for name, sign in ALIASES.items()}
    for members in groups.values():
        for one in members:
            data = plain[one]
            names = [code(name) for name in (*data.get("alias", ()), data["en"])]
            if one in extra:
                names.append(extra[one])
            # A flag has the name of its country, so that `:georgia:` does not surprise: `flag_georgia`.
            if re.match("[\U0001f1e6-\U0001f1ff]", one):
                names = [f"flag_{names[-1]}"]
            names = [name for name in dict.fromkeys(map(short, names)) if name and name not in taken]
            found[one] = names[:3]
            taken.update(found[one])
            assert names, one
    return found


def words(packages: Path, language: str) -> dict[str, Any]:
    """CLDR's annotations by emoji without U+FE0F."""
    found: dict[str, Any] = {}
    for package, part in (
        ("cldr-annotations-derived-full", "annotationsDerived"),
        ("cldr-annotations-full", "annotations"),
    ):
        text = (packages / package / part / language / "annotations.json").read_text(encoding="utf-8")
        found |= {without_selector(one): data for one, data in json.loads(text)[part]["annotations"].items()}
    return found


def described(known: dict[str, Any], codes: list[str], one: str, language: str) -> str:
    """The name and further words, separated by semicolons. A name that follows from the first code is left out."""
    data = known.get(without_selector(one), {})
    name = data.get("tts", [""])[0]
    if language == "uz":
        name = uzbek(name)
    there = set(re.findall(r"\w+", " ".join((name, *codes)).lower().replace("_", " ")))
    more = []
    for word in data.get("default", ()):
        if language == "uz":
            word = uzbek(word)
        if not set(re.findall(r"\w+", word.lower())) <= there and ";" not in word and "|" not in word:
            more.append(word)
            there |= set(re.findall(r"\w+", word.lower()))
    if name == codes[0].replace("_", " "):
        name = ""
    return ";".join((name, *more[: WORDS[language]])).replace('"', "")


def uzbek(text: str) -> str:
    """CLDR writes the letters oʻ and gʻ and the glottal stop in several ways."""
    text = re.sub("([OoGg])['`‘’ʼ]", "\\1ʻ", text)
    return re.sub("['`‘’]", "ʼ", text)


def code(name: str) -> str:
    """`:Côte_d’Ivoire:` → `cote_d_ivoire`."""
    latin = unicodedata.normalize("NFD", name.strip(":").lower())
    plain = "".join(letter for letter in latin if not unicodedata.combining(letter))
    return plain if plain in ("+1", "-1") else re.sub(r"[^a-z0-9]+", "_", plain).strip("_")


def short(name: str) -> str:
    """The name, or as many of its words as fit."""
    if len(name) > LONGEST:
        name = name.replace("_facing_", "_")
    return name if len(name) <= LONGEST else name[: LONGEST + 1].rpartition("_")[0]


def toned(one: str, tone: str) -> str:
    """As `toned` in emoji.js."""
    return re.sub(f"^(.){SELECTOR}?|([🧑👩👨])", lambda found: (found[1] or found[2]) + tone, one)


def without_selector(one: str) -> str:
    return one.replace(SELECTOR, "")


def write(name: str, text: str) -> None:
    OUT.joinpath(f"emoji-{name}.js").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
