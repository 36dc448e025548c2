"""Uzbek in Cyrillic is spelt as its readers expect, and has the same content."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from suhbat.errors import NameInUse, Unauthenticated
from suhbat.texts import PUSHES, REASONS, TEXTS, Language, choose
from suhbat.texts.cyrillic import cyrillic


@pytest.mark.parametrize(
    ("latin", "expected"),
    [
        ("Salom, oʻzbek!", "Салом, ўзбек!"),
        ("yoʻq", "йўқ"),
        ("Yoʻqotilgan", "Йўқотилган"),
        ("shahar, choy, yangi, yurt, yetti, ertaga", "шаҳар, чой, янги, юрт, етти, эртага"),
        ("eʼlon, maʼno, jurʼat", "эълон, маъно, журъат"),
        ("aeroport, poeziya", "аэропорт, поэзия"),
        ("Gʻalaba; Xonaga; Hammaga; qoʻshiling", "Ғалаба; Хонага; Ҳаммага; қўшилинг"),
        ("Oʻzbekiston SHAHAR", "Ўзбекистон ШАҲАР"),
        ("Reaksiya, moderatsiya, filtri; aytsa", "Реакция, модерация, фильтри; айтса"),
        ("Parol, parolni, PROFIL, 23-noyabr, noyabrda", "Пароль, паролни, ПРОФИЛЬ, 23-ноябрь, ноябрда"),
        ("{seconds} soniya kuting", "{seconds} сония кутинг"),
        ("JSONni shunday yuboring: {example}", "JSONни шундай юборинг: {example}"),
        ("uni POST /api/v1/guests beradi", "уни POST /api/v1/guests беради"),
        ('"message" yoʻq, to_user ni boʻsh qoldiring', '"message" йўқ, to_user ни бўш қолдиринг'),
        (
            'xabar {{"type": "hello", "token": "..."}} boʻlishi kerak',
            'хабар {{"type": "hello", "token": "..."}} бўлиши керак',
        ),
    ],
)
def test_words(latin: str, expected: str) -> None:
    """Digraphs, the glottal stop and `e` at the beginning or after a vowel are transliterated. Parts that are not Uzbek
    stay."""
    assert cyrillic(latin) == expected


LATIN = re.compile("[A-Za-z]+")


@pytest.mark.parametrize(
    "texts", [*TEXTS.values(), *REASONS.values(), *PUSHES.values()], ids=[*TEXTS, *REASONS, *PUSHES]
)
def test_every_text(texts: dict[str, str]) -> None:
    """Each text keeps its placeholders. A word that Russian writes in Latin letters has them here, too, and no other one."""
    made = cyrillic(texts["uz"])
    holes = r"\{[a-z]*\}"
    assert re.findall(holes, made) == re.findall(holes, texts["uz"])
    rest = re.sub(r'\{\{.*\}\}|\{[^}]*\}|"[^"]*"|`[^`]*`|\S*[/_@]\S*', "", made)
    in_russian = set(LATIN.findall(texts["ru"])) - {"id"}  # which Uzbek inflects as its own word
    assert set(LATIN.findall(rest)) <= in_russian, rest
    assert [one for one in in_russian if one in texts["uz"] and one not in made] == []


@given(st.text(max_size=100))
@example("ſ İ ı")  # letters that match s and i when case is ignored
def test_any_text(text: str) -> None:
    """Any text can be transliterated and keeps its number of lines."""
    assert cyrillic(text).count("\n") == text.count("\n")


@pytest.mark.parametrize(
    ("header", "asked", "expected"),
    [
        ("uz-Cyrl", None, "uz-Cyrl"),
        ("uz-Cyrl-UZ,ru;q=0.5", None, "uz-Cyrl"),
        ("ru;q=0.9, uz_Cyrl;q=0.8", None, "ru"),
        ("uz", None, "uz"),
        ("uz-UZ", None, "uz"),
        ("uz-Latn-UZ", None, "uz"),
        ("de, uz-cyrl;q=0.1", None, "uz-Cyrl"),
        ("ru", "uz-Cyrl", "uz-Cyrl"),
        ("ru", "UZ_CYRL", "uz-Cyrl"),
        ("ru", "xx", "ru"),
        ("", None, "en"),
        (";q=, ,;q=nan" + "x," * 10_000, None, "en"),
    ],
)
def test_which_language(header: str, asked: str | None, expected: Language) -> None:
    """The query decides, then the best language of the header; otherwise it is English."""
    assert choose(header, asked) == expected


def test_an_error() -> None:
    """The values in an error's text stay unchanged."""
    assert NameInUse(user_id="ali").message("uz-Cyrl").startswith("ali номи билан")
    assert "Тизимга кириш керак" in Unauthenticated().message("uz-Cyrl")
