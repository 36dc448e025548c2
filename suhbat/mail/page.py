"""The HTML part of a mail. Pure.

Mail programs know little of CSS: tables hold the layout, and each element carries its style, in the light colours of
the page. Some know the dark ones in the head, by classes; others invert the light ones. There is no picture, no script
and nothing from elsewhere.
"""

from __future__ import annotations

from html import escape

from .letter import Button, Letter, Place, Quoted

_FONT = "font-family:-apple-system,'Segoe UI',Roboto,'Noto Sans','Liberation Sans',Arial,sans-serif"
_TEXT, _QUIET, _ACCENT, _LINE, _GROUND = "#1d2021", "#5c5f60", "#0b6b5e", "#dfdbd3", "#f4f2ee"

# The properties are !important, because the elements carry the light ones themselves.
_DARK = """@media (prefers-color-scheme:dark){
.ground{background:#15191a!important}
.card{background:#1c2122!important;border-color:#333b3c!important}
.text{color:#e8eaea!important}
.quiet{color:#a4adae!important}
.accent{color:#5ccdbb!important}
.place{border-color:#5ccdbb!important}
.fill{background:#2f9c8b!important}
.on-fill{color:#04120f!important}
}"""

_SHELL = """\
<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{subject}</title>
<style>{dark}</style>
</head>
<body class="ground" style="margin:0;padding:0;background:{ground};-webkit-text-size-adjust:100%">
<table class="ground" role="presentation" width="100%" cellspacing="0" cellpadding="0" border="0" style="background:{ground}">
<tr><td align="center" style="padding:24px 12px">
<table role="presentation" width="100%" cellspacing="0" cellpadding="0" border="0" style="max-width:560px">
<tr><td class="accent" style="{font};padding:0 8px 14px;font-size:15px;font-weight:600;color:{accent}">{server}</td></tr>
<tr><td class="card" style="{font};background:#ffffff;border:1px solid {line};border-radius:10px;padding:28px 24px;\
text-align:start">
{body}</td></tr>
<tr><td class="quiet" style="{font};padding:16px 8px 0;font-size:13px;line-height:1.5;color:{quiet}">
{foot}</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
"""


def page(letter: Letter) -> str:
    """The letter as HTML. Every text is escaped."""
    body = [
        f'<h1 class="text" style="margin:0 0 16px;font-size:20px;line-height:1.3;color:{_TEXT}">{escape(letter.subject)}</h1>'
    ]
    body += [_paragraph(text) for text in letter.lead]
    body += map(_place, letter.places)
    if letter.after:
        body.append(_paragraph(letter.after))
    if letter.button is not None:
        body.append(_button(letter.button))
        if letter.help:
            body.append(_address(letter.help, letter.button.url))
    foot = [f'<p style="margin:0 0 8px">{escape(text)}</p>' for text in letter.foot]
    if letter.unsubscribe is not None:
        foot.append(f'<p style="margin:0 0 8px">{_link(letter.unsubscribe)}</p>')
    return _SHELL.format(
        language=letter.language,
        subject=escape(letter.subject),
        server=escape(letter.server),
        body="\n".join(body),
        foot="\n".join(foot),
        dark=_DARK,
        font=_FONT,
        ground=_GROUND,
        accent=_ACCENT,
        line=_LINE,
        quiet=_QUIET,
    )


def _paragraph(text: str) -> str:
    return f'<p class="text" style="margin:0 0 16px;font-size:16px;line-height:1.5;color:{_TEXT}">{escape(text)}</p>'


def _button(button: Button) -> str:
    # The cell has the colour, too: some programs drop the padding and the background of links.
    return (
        '<table role="presentation" cellspacing="0" cellpadding="0" border="0" style="margin:24px 0 0"><tr>'
        f'<td class="fill" style="background:{_ACCENT};border-radius:8px">'
        f'<a class="on-fill" href="{escape(button.url)}" style="{_FONT};display:inline-block;padding:12px 22px;'
        'font-size:16px;font-weight:600;color:#ffffff;text-decoration:none;border-radius:8px">'
        f"{escape(button.text)}</a></td></tr></table>"
    )


def _address(sentence: str, url: str) -> str:
    return (
        f'<p class="quiet" style="margin:20px 0 0;font-size:13px;line-height:1.5;color:{_QUIET}">{escape(sentence)}<br>'
        f'<a class="quiet" href="{escape(url)}" style="color:{_QUIET};word-break:break-all">{escape(url)}</a></p>'
    )


def _link(button: Button) -> str:
    style = f"color:{_QUIET};text-decoration:underline"
    return f'<a class="quiet" href="{escape(button.url)}" style="{style}">{escape(button.text)}</a>'


def _place(place: Place) -> str:
    rows = [*map(_quoted, place.messages)]
    if place.more:
        rows.append(f'<p class="quiet" style="margin:6px 0 0;font-size:14px;color:{_QUIET}">{escape(place.more)}</p>')
    title = f"<bdi>{escape(place.title)}</bdi>"
    if place.url:
        style = f"color:{_TEXT};text-decoration:none"
        title = f'<a class="text" href="{escape(place.url)}" style="{style}">{title}</a>'
    head = f"margin:0 0 6px;font-size:15px;line-height:1.4;color:{_TEXT};overflow-wrap:anywhere"
    return (
        f'<table role="presentation" width="100%" cellspacing="0" cellpadding="0" border="0" style="margin:0 0 16px"><tr>'
        f'<td class="place" style="border-inline-start:3px solid {_ACCENT};padding:2px 0 2px 14px">'
        f'<h2 class="text" style="{head}">{title}</h2>'
        f"{''.join(rows)}</td></tr></table>"
    )


def _quoted(one: Quoted) -> str:
    # `bdi` and `dir` keep a name or a text that is written from right to left to itself.
    style = f"margin:0 0 6px;font-size:15px;line-height:1.45;color:{_TEXT};overflow-wrap:anywhere"
    text = escape(one.text).replace("\n", "<br>")
    if not one.sender:
        return f'<p class="text" dir="auto" style="{style};text-align:start">{text}</p>'
    sender = f"<strong><bdi>{escape(one.sender)}</bdi></strong>"
    return f'<p class="text" style="{style}">{sender}: <bdi>{text}</bdi></p>'
