"""Write suhbat/protocol/emoji_table.py: Unicode's emoji, as the PyPI package `emoji` knows them.

Run after `pip install emoji`, in any environment: the server itself does not need it. A release of Unicode adds some each year,
so the result is committed and not made at build time.
"""

import sys
from pathlib import Path

# This directory has an emoji.py of its own.
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).resolve().parent]

from emoji import EMOJI_DATA, STATUS  # noqa: E402

SELECTOR = "\ufe0f"
TONES = tuple(map(chr, range(0x1F3FB, 0x1F400)))
WIDTH = 64
"""Code points of one line."""


def main() -> None:
    full = [one for one, data in EMOJI_DATA.items() if data["status"] == STATUS["fully_qualified"]]
    as_text = sorted({one[at - 1] for one in full for at, letter in enumerate(one) if letter == SELECTOR})
    bare = sorted({one.replace(SELECTOR, "") for one in full})
    newest = max(EMOJI_DATA[one]["E"] for one in full)
    text = (
        '"""Unicode\'s emoji. Made by deploy/emoji_table.py; not written by hand."""\n\n'
        f'VERSION = "{newest}"\n"""Of Unicode\'s emoji data."""\n\n'
        f"TEXT_BY_DEFAULT = (\n{_lines(''.join(as_text))})\n"
        '"""Signs that are shown as text unless U+FE0F follows (Unicode Technical Standard 51)."""\n\n'
        f"SEQUENCES = (\n{_lines(' ' + ' '.join(bare) + ' ')})\n"
        '"""Every emoji without its U+FE0F, with a space on either side."""\n'
    )
    Path(__file__).parents[1].joinpath("suhbat/protocol/emoji_table.py").write_text(text, encoding="utf-8")


def _lines(text: str) -> str:
    return "".join(f'    "{text[at : at + WIDTH]}"\n' for at in range(0, len(text), WIDTH))


if __name__ == "__main__":
    main()
