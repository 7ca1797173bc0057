"""Romanised languages: found in their own texts, and in no other language's."""

from __future__ import annotations

from pathlib import Path

import pytest

from c4pipe.langid.romanised import PROFILES, latin_words, romanised
from c4pipe.languages.codes import ROMANISED

TEXTS = {path.stem: path.read_text("utf-8") for path in sorted((Path(__file__).parent / "texts").glob("*.txt"))}


@pytest.mark.parametrize("language", ROMANISED)
def test_found(language: str) -> None:
    found = romanised(TEXTS[language])
    assert found is not None
    assert found[0] == language
    assert 0.25 < found[1] <= 1.0


@pytest.mark.parametrize("name", sorted(set(TEXTS) - set(ROMANISED)))
def test_taken_for_none(name: str) -> None:
    assert romanised(TEXTS[name]) is None
    assert romanised(TEXTS[name].upper()) is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (
            "Nǐ hǎo! Wǒ shì cóng Běijīng lái de, xiànzài zài yī jiā xiǎo gōngsī gōngzuò, měi tiān dōu hěn máng.",
            "zh-Latn",
        ),
        (
            "Watashi wa kinō tomodachi to eiga o mimashita. Sono eiga wa totemo omoshirokatta desu kara, mata mitai.",
            "ja-Latn",
        ),
        (
            "Ja dumaju, čto eto očen' važno, potomu čto kogda my byli malen'kimi, tol'ko mama znala, gde my igraem.",
            "ru-Latn",
        ),
        (
            "main kal ghar gaya tha lekin wahan koi nahi tha, phir mujhe yaad aaya ki sab log bazaar gaye hain",
            "hi-Latn",
        ),
    ],
)
def test_other_spellings(text: str, language: str) -> None:
    found = romanised(text)
    assert found is not None
    assert found[0] == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        "desu desu desu",
        "the a an of to in is was he for it with as his on be at by",
        "wa ni no wo ka mo to de ga na e ya wa ni no wo ka mo to de ga",  # particles alone
        "ka ke ki ko ku ma me mi mo mu na ne ni no nu " * 5,  # syllables alone
        "Te Ika a Maui me te Wai Pounamu ko nga motu nui o Aotearoa, he maha nga iwi kei reira e noho ana",
        "Ua hele aku la i ka hale o ke kane me ka wahine e noho ana i ke kahakai i ka la hope o ka pule",
        "Yang Hai dan Wang Li tinggal di Shanghai dengan keluarga besar mereka yang menanam pohon teh",
    ],
)
def test_what_is_none_of_them(text: str) -> None:
    assert romanised(text) is None


def test_words_in_plain_letters() -> None:
    assert latin_words("Tol'ko čto Nǚ, ŌSAKA-shi 12!") == ["tolko", "cto", "nu", "osaka", "shi"]


def test_marks_are_of_one_profile() -> None:
    for profile in PROFILES:
        shared = [other.language for other in PROFILES if other is not profile and len(other.marks & profile.marks) > 3]
        assert not shared, profile.language
