"""Every number that decides about a language, on both sides: what it just lets pass, and what it just does not."""

from __future__ import annotations

import ctypes
from types import SimpleNamespace

import numpy as np
import pytest

from c4pipe.langid import langdetect
from c4pipe.langid.base import UND
from c4pipe.langid.cld2 import DetectedLanguage
from c4pipe.langid.consensus import DEAF, Consensus, Evidence, Voters, decide, fits_scripts
from c4pipe.langid.fasttext import FastText
from c4pipe.langid.prose import prose_of
from c4pipe.langid.romanised import romanised
from c4pipe.langid.scripts import scripts_in
from c4pipe.langid.siblings import SIBLINGS
from c4pipe.languages.codes import MC4

VOTERS = Voters(deaf=frozenset({"zu"}), by_cld2=frozenset({"zu", "en", "de", "uz", "es", "id", "ms"}))


def seen(heard: dict[str, float], cld2: str, share: float = 0.99, score: float = 900.0, firm: bool = True) -> Evidence:
    return Evidence("", heard, (DetectedLanguage(cld2, share, score),), firm)


@pytest.mark.parametrize(
    ("passes", "language", "fails"),
    [
        pytest.param(
            seen({"de": 0.9}, "de", 0.4, firm=False), "de", seen({"de": 0.9}, "de", 0.399, firm=False), id="plurality"
        ),
        pytest.param(
            seen({"de": 0.9}, "de", 0.4, firm=False), "de", seen({"de": 0.899}, "de", 0.4, firm=False), id="sure"
        ),
        pytest.param(seen({}, "uz", 0.6), "uz", seen({}, "uz", 0.599), id="majority"),
        pytest.param(seen({}, "uz", score=400), "uz", seen({}, "uz", score=399), id="evidence"),
        pytest.param(seen({"de": 0.5}, "uz", score=900), "uz", seen({"de": 0.501}, "uz", score=900), id="rival"),
        pytest.param(seen({"uz": 0.2}, "uz", score=330), "uz", seen({"uz": 0.2}, "uz", score=329), id="strange"),
        pytest.param(seen({"id": 0.8}, "id", score=330), "id", seen({"id": 0.8}, "id", score=329), id="strange, close"),
        pytest.param(seen({"en": 0.5}, "en"), "en", seen({"en": 0.499}, "en"), id="english"),
        pytest.param(
            seen({"es": 0.7, "xx": 0.1}, "es", score=500),
            "es",
            seen({"es": 0.7, "xx": 0.1}, "es", score=499),
            id="weak",
        ),
        pytest.param(
            seen({"es": 0.7, "xx": 0.099}, "es", score=499),
            "es",
            seen({"es": 0.7, "xx": 0.1}, "es", score=499),
            id="unheard",
        ),
        pytest.param(seen({"id": 0.6, "ms": 0.35}, "id"), "id", seen({"id": 0.6, "ms": 0.351}, "id"), id="silent"),
        pytest.param(seen({"en": 0.8}, "zu", score=600), "zu", seen({"en": 0.8}, "zu", score=599), id="alone"),
        pytest.param(seen({"xx": 0.499}, "zu"), "zu", seen({"xx": 0.5}, "zu"), id="stranger"),
        pytest.param(seen({"xx": 0.7}, "de", score=100), "xx", seen({"xx": 0.699}, "de", score=100), id="trusted"),
        pytest.param(seen({"xx": 0.8}, "de", score=599), "xx", seen({"xx": 0.8}, "de", score=600), id="not alone"),
    ],
)
def test_votes_at_the_edge(passes: Evidence, language: str, fails: Evidence) -> None:
    assert (decide(passes, VOTERS).language, decide(fails, VOTERS).language) == (language, UND)


def test_strength_is_a_share_of_plain_prose() -> None:
    assert [seen({}, "de", score=score).strength for score in (0, 500, 1000, 1001)] == [0.0, 0.5, 1.0, 1.0]


def test_voters_agree_where_fasttext_thinks_so_more_than_not() -> None:
    assert seen({"de": 0.5, "nl": 0.4}, "de").agreed
    assert not seen({"de": 0.499, "nl": 0.4}, "de").agreed
    assert not seen({"de": 0.9}, "nl").agreed


def test_who_is_believed_without_fasttext() -> None:
    voters = Voters(DEAF, frozenset(MC4))
    alone = {code for code in MC4 if decide(seen({"en": 0.9}, code, score=700), voters).language == code}
    assert alone - {"en"} == {"co", "ha", "haw", "hmn", "ig", "mi", "ny", "sm", "sn", "st", "xh", "yo", "zu"}


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        ("の" * 50 + "日" * 950, ["ja"]),  # one kana in twenty
        ("の" * 49 + "日" * 951, ["zh"]),
        ("の" + "日" * 19 + "a" * 40, ["ja"]),  # of all characters, not of all letters
        ("日" * 300 + "a" * 700, ["zh"]),  # three letters in ten
        ("日" * 299 + "a" * 701, []),
    ],
)
def test_scripts_at_the_edge(text: str, languages: list[str]) -> None:
    scripts = scripts_in(text)
    assert [language for language in ("ja", "zh") if fits_scripts(language, scripts)] == languages


@pytest.mark.parametrize(
    ("text", "language", "named"),
    [
        ("Wir gehen morgen in den Garten", "de", "de"),  # 30 characters
        ("Wir gehen morgen in den Garte", "de", UND),
        ("Он сегодня дома .", "ru", "ru"),  # 17 characters, 30 bytes
        ("Он сегодня дома.", "ru", UND),
    ],
)
def test_shortest_text(text: str, language: str, named: str) -> None:
    guess = Consensus().guess(text)
    assert guess is not None
    assert [vote.label for vote in guess.votes[:2]] == [language, language]  # it is the length, not the voters
    assert guess.language == named


def test_what_fasttext_hears() -> None:
    heard = FastText()
    given = {"de": 0.01, "nl": 0.0099, "en": 0.12345649, "fr": 0.1234566, "es": 1.0000001}
    weights = np.zeros(len(heard._model.labels))
    for language, probability in given.items():
        weights[heard._model.labels.index(f"__label__{language}")] = probability
    heard._model = SimpleNamespace(probabilities=lambda text: weights)  # type: ignore[assignment]
    assert heard.hear("") == {"de": 0.01, "en": 0.123456, "fr": 0.123457, "es": 1.0}


@pytest.mark.parametrize(("score", "named"), [(0.1, False), (0.1001, True)])
def test_langdetect_names_none_at_its_floor(monkeypatch: pytest.MonkeyPatch, score: float, named: bool) -> None:
    def run(*arguments: int) -> int:
        mean = arguments[-3]
        ctypes.c_double.from_address(mean).value = score
        return 0  # the first language is the best

    monkeypatch.setattr(langdetect, "run_trials", run)
    assert (langdetect.LangDetect().guess("some words") is not None) == named


WORT = "wort "


@pytest.mark.parametrize(
    ("masked", "kept"),
    [
        pytest.param(
            WORT * 180 + "http://////" + "a" * 91,
            WORT * 180 + "http://////" + "a" * 90,
            id="a tenth",
        ),
        pytest.param(
            WORT * 50 + "http://////" + "a" * 200,
            WORT * 49 + "wor http://////" + "a" * 200,
            id="200 characters that are left",
        ),
        pytest.param(
            WORT * 3200 + "http:" + "/" * 100 + "a" * 3895,
            WORT * 3200 + "http:" + "/" * 99 + "a" * 3896,
            id="100 signs in 20,000 characters",
        ),
        pytest.param(
            "ist lorem ipsum dolor sit amet elit sed do ein",
            "ist lorem ipsum dolor sit amet elit sed ein",
            id="8 words",
        ),
    ],
)
def test_prose_at_the_edge(masked: str, kept: str) -> None:
    assert prose_of(kept) == kept
    assert len(prose_of(masked)) < len(masked)


def test_a_line_is_code_by_its_symbols() -> None:
    code, prose = ("$ " * n + WORT * 160 + "a " * (100 - n) for n in (100, 99))  # of 1,000 characters
    assert len(code) == len(prose) == 1000
    page = "\n".join(["{", code, prose, *["x = { }"] * 200])
    assert prose_of(page).split("\n")[1:3] == [" ", prose]


# Language -> different marks that must occur, small words and syllables that must be, of 400 words.
ROMANISED = {
    "ru-Latn": (4, 100, 0, "xqx"),
    "bg-Latn": (3, 120, 0, "xqx"),
    "el-Latn": (4, 120, 0, "xqx"),
    "hi-Latn": (5, 120, 0, "xqx"),
    "ja-Latn": (4, 100, 340, "kuruma"),
    "zh-Latn": (5, 100, 360, "bang"),
}
MARKS = {
    "ru-Latn": ["chto", "eto", "ochen", "kogda"],
    "bg-Latn": ["koyto", "mnogo", "zashto"],
    "el-Latn": ["alla", "einai", "giati", "polla"],
    "hi-Latn": ["aaj", "bahut", "kyunki", "lekin", "nahi"],
    "ja-Latn": ["boku", "kara", "kono", "sore"],
    "zh-Latn": ["hen", "keyi", "meiyou", "shenme", "women"],
}


def words(language: str, marks: int, small: int, made: int) -> str:
    """400 words: small ones, others of the language's syllables, and what is none of it."""
    own = [MARKS[language][i % marks] for i in range(small)]
    fillers = [ROMANISED[language][3]] * (made - small)
    return " ".join([*own, *fillers, *["xqx"] * (400 - small - len(fillers))])


@pytest.mark.parametrize("language", ROMANISED)
def test_romanised_at_the_edge(language: str) -> None:
    marks, small, made, _ = ROMANISED[language]
    assert romanised(words(language, marks, small, made)) == (language, small / 400)
    assert romanised(words(language, marks - 1, small, made)) is None
    assert romanised(words(language, marks, small - 1, made)) is None
    if made:
        assert romanised(words(language, marks, small, made - 1)) is None


def test_eight_words_are_enough() -> None:
    assert romanised("kogda eto bylo ochen horosho ona uzhe znala") is not None
    assert romanised("kogda eto bylo ochen horosho ona uzhe") is None


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("karena bahwa", {"id"}),  # two words ...
        ("karena", set()),
        ("karena bahwa mobil kerana", {"id"}),  # ... and three times those of the other side
        ("karena bahwa kerana", set()),
        ("kerana bahawa", {"ms"}),
        ("kerana", set()),
        ("kerana bahawa kereta filem karena", {"ms"}),
        ("kerana bahawa karena", set()),
    ],
)
def test_words_of_close_languages_at_the_edge(text: str, side: set[str]) -> None:
    assert SIBLINGS[0].tell(text)[0] == side
