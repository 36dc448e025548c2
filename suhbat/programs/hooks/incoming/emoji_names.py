"""The emoji behind `:name:`, as Slack calls them: Unicode's name in most cases, and a table of those that are called
otherwise."""

from __future__ import annotations

import re
import unicodedata

from suhbat.protocol.emoji import canonical

SHORTCODE = re.compile(r":([a-z0-9_+'-]{1,40}):")

_OTHERWISE = {
    "+1": "👍", "thumbsup": "👍", "-1": "👎", "thumbsdown": "👎", "100": "💯", "1234": "🔢", "x": "❌", "o": "⭕",
    "heart": "❤️", "green_heart": "💚", "yellow_heart": "💛", "tada": "🎉", "ok": "🆗", "ok_hand": "👌", "wave": "👋",
    "clap": "👏", "pray": "🙏", "muscle": "💪", "eyes": "👀", "point_right": "👉", "raised_hands": "🙌", "thinking_face": "🤔",
    "smile": "😄", "smiley": "😃", "grinning": "😀", "joy": "😂", "sob": "😭", "cry": "😢", "rage": "😡", "scream": "😱",
    "sunglasses": "😎", "wink": "😉", "robot_face": "🤖", "skull": "💀", "ghost": "👻", "see_no_evil": "🙈", "warning": "⚠️",
    "boom": "💥", "zap": "⚡", "sparkles": "✨", "star": "⭐", "star2": "🌟", "sunny": "☀️", "cloud": "☁️", "rain_cloud": "🌧️",
    "rotating_light": "🚨", "white_check_mark": "✅", "heavy_check_mark": "✔️", "ballot_box_with_check": "☑️",
    "heavy_multiplication_x": "✖️", "negative_squared_cross_mark": "❎", "exclamation": "❗", "heavy_exclamation_mark": "❗",
    "bangbang": "‼️", "question": "❓", "grey_question": "❔", "red_circle": "🔴", "large_blue_circle": "🔵",
    "large_green_circle": "🟢", "large_yellow_circle": "🟡", "large_orange_circle": "🟠", "white_circle": "⚪",
    "black_circle": "⚫", "no_entry_sign": "🚫", "stop_sign": "🛑", "stopwatch": "⏱️", "hourglass": "⌛", "alarm_clock": "⏰",
    "timer_clock": "⏲️", "calendar": "📆", "date": "📅", "mega": "📣", "loudspeaker": "📢", "mailbox": "📫", "email": "✉️",
    "envelope": "✉️", "phone": "☎️", "iphone": "📱", "computer": "💻", "floppy_disk": "💾", "cd": "💿", "gear": "⚙️",
    "hammer_and_wrench": "🛠️", "wrench": "🔧", "tools": "🛠️", "mag": "🔍", "bulb": "💡", "lock": "🔒", "unlock": "🔓",
    "key": "🔑", "link": "🔗", "paperclip": "📎", "pushpin": "📌", "memo": "📝", "pencil": "📝", "pencil2": "✏️",
    "bar_chart": "📊", "chart": "💹", "truck": "🚚", "ship": "🚢", "bug": "🐛", "moneybag": "💰",
    "construction_worker": "👷", "cop": "👮",
    "information_source": "ℹ️", "arrow_up": "⬆️", "arrow_down": "⬇️", "arrow_right": "➡️", "arrow_left": "⬅️",
    "arrows_counterclockwise": "🔄", "recycle": "♻️", "soon": "🔜", "up": "🆙", "new": "🆕", "free": "🆓", "sos": "🆘",
    "uz": "🇺🇿", "flag-uz": "🇺🇿",
}  # fmt: skip


def emoji_of(name: str) -> str | None:
    """The emoji with this name, without colons; None if there is none, as for custom ones."""
    if name in _OTHERWISE:
        return canonical(_OTHERWISE[name])
    try:
        return canonical(unicodedata.lookup(name.replace("_", " ")))
    except (KeyError, ValueError):
        return None


def with_emoji(text: str) -> str:
    """The text with each `:name:` that is an emoji replaced."""
    if text.count(":") < 2:
        return text
    return SHORTCODE.sub(lambda found: emoji_of(found[1]) or found[0], text)
