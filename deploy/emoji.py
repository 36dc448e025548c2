"""Write suhbat/web/js/text/emoji-data.js: the emoji that the picker offers, named as Unicode names them.

Run with any Python; each release of Unicode may add names, so the result is committed and not made at build time.
"""

import unicodedata
from pathlib import Path

GROUPS: dict[str, list[tuple[int, int]]] = {
    "faces": [(0x1F600, 0x1F644), (0x1F910, 0x1F917), (0x1F920, 0x1F92F), (0x1F970, 0x1F976), (0x1F97A, 0x1F97A),
              (0x1F9D0, 0x1F9D0), (0x1F47B, 0x1F480), (0x1F4A9, 0x1F4A9), (0x1F916, 0x1F916), (0x1F648, 0x1F64A)],
    "people": [(0x1F44A, 0x1F450), (0x1F446, 0x1F449), (0x1F64B, 0x1F64F), (0x1F90C, 0x1F90F), (0x1F918, 0x1F91F),
               (0x1F440, 0x1F440), (0x1F442, 0x1F445), (0x1F466, 0x1F478), (0x1F481, 0x1F483), (0x1F4AA, 0x1F4AA),
               (0x1F926, 0x1F926), (0x1F930, 0x1F931), (0x1F937, 0x1F937), (0x1F9D1, 0x1F9D5), (0x1F595, 0x1F596)],
    "animals": [(0x1F400, 0x1F43E), (0x1F330, 0x1F335), (0x1F337, 0x1F343), (0x1F490, 0x1F490), (0x1F980, 0x1F997),
                (0x1F31D, 0x1F320), (0x1F311, 0x1F31C)],
    "food": [(0x1F344, 0x1F37C), (0x1F37E, 0x1F382), (0x1F950, 0x1F96F), (0x1F9C0, 0x1F9C2), (0x2615, 0x2615)],
    "travel": [(0x1F680, 0x1F6A2), (0x1F6B2, 0x1F6B2), (0x1F6F4, 0x1F6FA), (0x1F300, 0x1F30F), (0x1F3E0, 0x1F3EF),
               (0x1F5FB, 0x1F5FF), (0x26C4, 0x26C5), (0x26F5, 0x26F5), (0x2708, 0x2708)],
    "objects": [(0x1F380, 0x1F393), (0x1F3A0, 0x1F3C6), (0x1F3C8, 0x1F3CA), (0x1F451, 0x1F463), (0x1F484, 0x1F488),
                (0x1F4A1, 0x1F4A1), (0x1F4A3, 0x1F4A8), (0x1F4AB, 0x1F4F7), (0x1F4F9, 0x1F4FC), (0x1F50A, 0x1F517),
                (0x1F525, 0x1F52E), (0x23F0, 0x23F0), (0x23F3, 0x23F3), (0x231A, 0x231B), (0x26BD, 0x26BE)],
    "symbols": [(0x2764, 0x2764), (0x1F493, 0x1F49F), (0x1F5A4, 0x1F5A4), (0x1F90D, 0x1F90E), (0x1F4AF, 0x1F4AF),
                (0x2728, 0x2728), (0x2B50, 0x2B50), (0x2705, 0x2705), (0x274C, 0x274C), (0x2753, 0x2755), (0x2757, 0x2757),
                (0x26A0, 0x26A1), (0x1F534, 0x1F535), (0x1F7E0, 0x1F7E2), (0x267B, 0x267B), (0x1F195, 0x1F197),
                (0x2795, 0x2797), (0x27A1, 0x27A1), (0x2600, 0x2601), (0x2614, 0x2614), (0x2620, 0x2620)],
}  # fmt: skip

ALIASES = {
    "smile": "😄", "grin": "😁", "joy": "😂", "rofl": "🤣", "wink": "😉", "blush": "😊", "heart_eyes": "😍", "thinking": "🤔",
    "cry": "😢", "sob": "😭", "angry": "😠", "cool": "😎", "sunglasses": "😎", "scream": "😱", "sleepy": "😴", "shrug": "🤷",
    "facepalm": "🤦", "heart": "❤️", "broken_heart": "💔", "+1": "👍", "thumbsup": "👍", "like": "👍", "-1": "👎",
    "thumbsdown": "👎", "ok": "👌", "ok_hand": "👌", "wave": "👋", "clap": "👏", "pray": "🙏", "thanks": "🙏", "muscle": "💪",
    "fire": "🔥", "tada": "🎉", "party": "🎉", "rocket": "🚀", "eyes": "👀", "100": "💯", "check": "✅", "x": "❌", "star": "⭐",
    "sparkles": "✨", "warning": "⚠️", "question": "❓", "exclamation": "❗", "bulb": "💡", "idea": "💡", "bug": "🐛", "coffee": "☕",
    "tea": "🍵", "pizza": "🍕", "cake": "🎂", "gift": "🎁", "rose": "🌹", "sun": "☀️", "moon": "🌙", "rainbow": "🌈", "cat": "🐱",
    "dog": "🐶", "poop": "💩", "skull": "💀", "ghost": "👻", "robot": "🤖", "money": "💰", "phone": "📱", "mail": "📧", "book": "📖",
    "pin": "📌", "lock": "🔒", "clock": "⏰", "ball": "⚽", "home": "🏠", "car": "🚗", "plane": "✈️",
}  # fmt: skip

TEXT_BY_DEFAULT = set("❤⚠✈☀☁☠♻➡") | {chr(code) for code in (0x1F321, 0x1F336, 0x1F37D)}
"""Shown as text without U+FE0F after them (Unicode Technical Standard 51, emoji presentation)."""


def main() -> None:
    lines = []
    seen: set[int] = set()
    for group, ranges in GROUPS.items():
        entries = []
        for first, last in ranges:
            for code in range(first, last + 1):
                name = unicodedata.name(chr(code), "")
                if code in seen or unicodedata.category(chr(code)) != "So" or code in (0x1F321, 0x1F336, 0x1F37D):
                    continue
                seen.add(code)
                sign = chr(code) + ("\ufe0f" if chr(code) in TEXT_BY_DEFAULT else "")
                entries.append(sign + name.lower().replace(" ", "_").replace("-", "_"))
        lines.append(f'  ["{group}", "{" ".join(entries)}"],')
    aliases = " ".join(sign + name for name, sign in ALIASES.items())
    text = (
        "// Made by deploy/emoji.py from the names of Unicode; not written by hand.\n\n"
        "/** @type {[string, string][]} */\nexport const GROUPS = [\n" + "\n".join(lines) + "\n];\n\n"
        f'export const ALIASES = "{aliases}";\n'
    )
    Path(__file__).parents[1].joinpath("suhbat/web/js/text/emoji-data.js").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
