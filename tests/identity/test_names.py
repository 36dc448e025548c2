"""Names: which are valid, in which form, and which look alike."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suhbat.errors import InvalidName
from suhbat.identity import names
from suhbat.identity.names import MAX_NAME, RESERVED, normalise, skeleton
from suhbat.texts import REASONS

HONEST = [
    ("user1", "user1"),
    ("Ali", "ali"),
    ("Gʻulom", "gʻulom"),
    ("G'ulom", "gʻulom"),
    ("O‘tkir", "oʻtkir"),
    ("O’tkir", "oʻtkir"),
    ("Oʼtkir", "oʻtkir"),
    ("O`tkir", "oʻtkir"),
    ("O＇tkir", "oʻtkir"),
    ("Ўткир", "ўткир"),
    ("Анна", "анна"),
    ("Ёлка", "ёлка"),
    ("john.doe", "john.doe"),
    ("user_1", "user_1"),
    ("a-b", "a-b"),
    ("42", "42"),
    ("ｕｓｅｒ７", "user7"),
    ("é", "é"),
    ("e\u0301", "é"),
    ("Straße", "straße"),
    ("Ελένη", "ελένη"),
    ("Դավիթ", "դավիթ"),
    ("שלום", "שלום"),
    ("محمد", "محمد"),
    ("محمد١", "محمد١"),
    ("田中さん", "田中さん"),
    ("サーバー", "サーバー"),
    ("김철수", "김철수"),
    ("हिन्दी", "हिन्दी"),
    ("นั่น", "นั่น"),
    ("guest", "guest"),
    ("administrator1", "administrator1"),
]


@pytest.mark.parametrize(("typed", "name"), HONEST)
def test_honest_names_pass(typed: str, name: str) -> None:
    """Real names are valid, in their normal form."""
    assert normalise(typed) == name


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "name.empty"),
        ("a" * 33, "name.long"),
        ("я" * 33, "name.long"),
        ("я" * 1_000_000, "name.long"),
        ("a b", "name.characters"),
        ("user1 ", "name.characters"),
        (" user1", "name.characters"),
        ("user\u200b1", "name.characters"),
        ("user\u200d1", "name.characters"),
        ("\u202euser", "name.characters"),
        ("us\0er", "name.characters"),
        ("\ud800", "name.characters"),
        ("a/b", "name.characters"),
        ("a@b", "name.characters"),
        ("a\\b", "name.characters"),
        ("<b>", "name.characters"),
        ("@me", "name.characters"),
        ("😀", "name.characters"),
        ("user²", "name.characters"),
        ("ﬁ", "name.characters"),
        ("𝐚dmin", "name.characters"),
        ("...", "name.characters"),
        ("..", "name.characters"),
        ("-", "name.characters"),
        ("'", "name.characters"),
        ("ᴀᴅᴍɪɴ", "name.characters"),
        ("\u0301a", "name.characters"),
        ("1\u0301", "name.characters"),
        ("e" + "\u0317" * 3, "name.characters"),
        ("аdmin", "name.scripts"),
        ("usеr1", "name.scripts"),
        ("Иvan", "name.scripts"),
        ("αbc", "name.scripts"),
        ("김さ", "name.scripts"),
        ("अ1१", "name.scripts"),
    ],
)
def test_what_is_no_name_is_refused_with_the_reason(typed: str, reason: str) -> None:
    """Each refusal has a reason, which has a text in every language."""
    with pytest.raises(InvalidName) as refused:
        normalise(typed)
    assert refused.value.params == {"reason": reason}
    assert reason in REASONS


@pytest.mark.parametrize(
    "name", [*sorted(RESERVED), "Admin", "ADMIN", "ａdmin", "adm1n", "admln", "r00t", "a1l", "hаmmа"]
)
def test_reserved_names_and_their_look_alikes_are_refused(name: str) -> None:
    """Nobody can be mistaken for the server."""
    with pytest.raises(InvalidName) as refused:
        normalise(name)
    assert refused.value.params["reason"] in ("name.reserved", "name.scripts")


def test_a_whole_name_in_another_script_is_reserved_too() -> None:
    """Four Cyrillic letters that look like `here` are in one script, and still reserved."""
    with pytest.raises(InvalidName) as refused:
        normalise("\u04bb\u0435\u0433\u0435")
    assert refused.value.params == {"reason": "name.reserved"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("user1", "userl"),
        ("user1", "userI"),
        ("userO", "user0"),
        ("ace", "асе"),
        ("modern", "modem"),
        ("paypal", "раураl".replace("l", "ӏ")),
        ("o'tkir", "oʻtkir"),
        ("ｕｓｅｒ７", "user7"),
    ],
)
def test_look_alikes_have_one_skeleton(one: str, other: str) -> None:
    """Names that differ only by confusables are the same name."""
    assert skeleton(normalise(one)) == skeleton(normalise(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [("anna", "анна"), ("user1", "user2"), ("gʻulom", "gulom"), ("e", "é"), ("и", "й"), ("bob", "воб")],
)
def test_different_names_have_different_skeletons(one: str, other: str) -> None:
    """Names that people can distinguish stay different."""
    assert skeleton(normalise(one)) != skeleton(normalise(other))


def test_the_fast_path_agrees_with_the_table() -> None:
    """The fast path for ASCII agrees with the table for every character."""
    for character in names._ASCII_NAME:
        assert names._skeleton_unicode(character) == skeleton(character)


def test_every_pair_of_the_table_has_one_skeleton() -> None:
    """Each pair of the table has the same skeleton, and folding is idempotent."""
    for code, target in names._confusables().items():
        source = chr(code)
        if unicodedata.normalize("NFC", source) != source:
            continue  # no name has it
        folded = names._skeleton_unicode(source)
        assert folded == names._skeleton_unicode(target) == names._skeleton_unicode(folded)


def _check(typed: str) -> None:
    try:
        name = normalise(typed)
    except InvalidName as refused:
        assert refused.params["reason"] in REASONS
        return
    assert normalise(name) == name
    assert 1 <= len(name) <= MAX_NAME
    assert unicodedata.normalize("NFC", name) == name
    assert not any(c.isspace() or unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zs") for c in name)
    folded = skeleton(name)
    assert skeleton(folded) == folded
    name.encode()


@given(st.text(max_size=40))
def test_any_text_is_refused_or_becomes_a_name(typed: str) -> None:
    """Normalising is idempotent and respects the length, and the skeleton is stable."""
    _check(typed)


@given(st.text(st.characters(categories=["L", "M", "Nd"]), min_size=1, max_size=12))
def test_any_letters_are_refused_or_become_a_name(typed: str) -> None:
    """The same for texts most of which are nearly valid names."""
    _check(typed)


@given(st.text("abgimlo01Iʻ'АаВвЕеOо", min_size=1, max_size=12))
def test_accepted_names_have_one_script(typed: str) -> None:
    """A name never has both Latin and Cyrillic letters."""
    try:
        name = normalise(typed)
    except InvalidName:
        return
    scripts = {unicodedata.name(c).split()[0] for c in name if c.isalpha() and c != "\u02bb"}
    assert len(scripts) <= 1
