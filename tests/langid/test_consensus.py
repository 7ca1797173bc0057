"""What is known to go wrong with languages, each by name, and the rules of the vote."""

from __future__ import annotations

from pathlib import Path

import pytest

from c4pipe.langid.base import UND, Vote
from c4pipe.langid.cld2 import DetectedLanguage
from c4pipe.langid.consensus import DEAF, Consensus, Evidence, Voters, decide, fits_scripts
from c4pipe.langid.scripts import scripts_in
from c4pipe.languages.codes import MC4, canonical

TEXTS = {path.stem: path.read_text("utf-8") for path in sorted((Path(__file__).parent / "texts").glob("*.txt"))}
NAMED = {**{name: name.partition(".")[0] for name in TEXTS}, "an": UND, "bs": UND}  # who cannot be told, and is not


@pytest.fixture(scope="module")
def consensus() -> Consensus:
    return Consensus()


def named(consensus: Consensus, text: str) -> str:
    guess = consensus.guess(text)
    assert guess is not None
    return guess.language


def test_there_is_a_text_in_every_language_of_mc4() -> None:
    assert set(MC4) <= set(NAMED.values())


@pytest.mark.parametrize("name", TEXTS)
def test_own_texts(consensus: Consensus, name: str) -> None:
    assert named(consensus, TEXTS[name]) == NAMED[name]


def test_sentences(consensus: Consensus) -> None:
    # Single sentences of 60 characters and more: 9 in 10 right, and no confusions but of neighbours.
    right, n, wrong = 0, 0, []
    for name, text in TEXTS.items():
        language = name.partition(".")[0]
        for mark in "。।۔።។၊":
            text = text.replace(mark, ". ")
        for sentence in filter(lambda part: len(part) >= 60, text.split(". ")):
            found = named(consensus, sentence)
            n += 1
            right += found == language
            if found not in (language, UND):
                wrong.append((language, found))
    assert right / n > 0.9
    assert set(wrong) <= {("an", "es"), ("bs", "hr"), ("ms", "id")}
    assert len(wrong) <= 4


@pytest.mark.parametrize("language", sorted(DEAF))
def test_languages_that_lid176_is_deaf_to(consensus: Consensus, language: str) -> None:
    guess = consensus.guess(TEXTS[language])
    assert guess is not None
    assert guess.language == language
    assert guess.votes[0].label != language  # fastText says something else, be it English


def test_zulu_is_not_english(consensus: Consensus) -> None:
    text = "Ngicela ungitshele ukuthi isikhathi sithini manje ngoba ngifuna ukuya esitolo ngiyothenga ubisi nesinkwa."
    assert named(consensus, text) == "zu"


def test_tone_marked_yoruba_is_not_vietnamese(consensus: Consensus) -> None:
    assert named(consensus, TEXTS["yo"]) == "yo"  # CLD3 is certain that it is
    assert named(consensus, TEXTS["vi"]) == "vi"


@pytest.mark.parametrize(("language", "cld2"), [("jv", "jw"), ("fil", "tl"), ("iw", "iw")])
def test_codes_that_cld2_writes_its_own_way(consensus: Consensus, language: str, cld2: str) -> None:
    guess = consensus.guess(TEXTS[language])
    assert guess is not None
    assert guess.language == language == guess.votes[1].label == canonical(cld2)


@pytest.mark.parametrize("language", [code for code in MC4 if code.endswith("-Latn")])
def test_romanised_languages(consensus: Consensus, language: str) -> None:
    guess = consensus.guess(TEXTS[language])
    assert guess is not None
    assert guess.language == language
    assert guess.votes[-1] == Vote("romanised", language, guess.score)


def test_serbian_in_two_scripts(consensus: Consensus) -> None:
    assert named(consensus, TEXTS["sr"]) == named(consensus, TEXTS["sr.latn"]) == "sr"


@pytest.mark.parametrize("language", ["hr", "bs"])
def test_croatian_and_bosnian_are_not_serbian(consensus: Consensus, language: str) -> None:
    assert named(consensus, TEXTS[language]) in (language, UND)


def test_norwegian_is_one(consensus: Consensus) -> None:
    nynorsk = "Eg veit ikkje kva ho heiter, men ho kjem frå ein liten stad ved fjorden og har budd her i mange år no."
    assert named(consensus, nynorsk) == named(consensus, TEXTS["no"]) == "no"


def test_sorani_is_not_kurmanji(consensus: Consensus) -> None:
    text = "لە نزیک گوندەکەمان گۆمێکی بچووک هەیە کە منداڵان لە هاویندا مەلەی تێدا دەکەن و زۆر دڵخۆشن."
    assert named(consensus, text) == "ckb"


def test_indonesian_and_malay(consensus: Consensus) -> None:
    guesses = [consensus.guess(TEXTS[language]) for language in ("id", "ms")]
    assert [guess and guess.language for guess in guesses] == ["id", "ms"]


def test_aragonese_is_not_spanish(consensus: Consensus) -> None:
    assert named(consensus, TEXTS["an"]) == UND
    assert named(consensus, TEXTS["es"]) == "es"


def test_a_page_in_two_languages_is_neither(consensus: Consensus) -> None:
    assert named(consensus, TEXTS["en"] + TEXTS["de"]) == UND
    assert named(consensus, TEXTS["en"] + TEXTS["ru"]) in (UND, "ru")  # Cyrillic takes twice the bytes


@pytest.mark.parametrize(
    "text",
    [
        "Home",
        "Hello world",
        "QuadraPARTNER",
        "@2SPO PHOTOGRAPHY: #307",
        "Contact | RSS | Login",
    ],
)
def test_very_short_text_is_und(consensus: Consensus, text: str) -> None:
    assert named(consensus, text) == UND


@pytest.mark.parametrize("text", ["", " \n", "12345 67.89 %", "\U0001f600\U0001f680 2024!", "---", "_"])
def test_nothing_to_go_by(consensus: Consensus, text: str) -> None:
    assert consensus.guess(text) is None


def test_mojibake_is_und(consensus: Consensus) -> None:
    for language in ("ru", "el", "ja", "ar", "th"):
        broken = TEXTS[language].encode().decode("latin-1")
        assert named(consensus, broken) == UND, language


def test_code_is_english_at_most(consensus: Consensus) -> None:
    code = "for (int i = 0; i < n; i++) { if (a[i] > max) { max = a[i]; idx = i; } } return idx; // O(n)\n" * 8
    assert named(consensus, code) in ("en", UND)


def test_one_huge_line(consensus: Consensus) -> None:
    assert named(consensus, TEXTS["pl"].replace("\n", " ") * 200) == "pl"
    assert named(consensus, "a" * 100_000) == UND


def test_line_breaks_change_nothing(consensus: Consensus) -> None:
    a, b = (consensus.guess(TEXTS["hu"].replace(" ", blank)) for blank in (" ", "\n"))
    assert a is not None
    assert b is not None
    assert (a.language, a.votes[0]) == (b.language, b.votes[0])


def test_every_vote_is_there(consensus: Consensus) -> None:
    guess = consensus.guess(TEXTS["de"])
    assert guess is not None
    assert [vote.by for vote in guess.votes] == ["fasttext", "cld2", "script"]
    assert [vote.label for vote in guess.votes] == ["de", "de", "Latn"]
    assert guess.score == min(vote.score for vote in guess.votes[:2])


def test_chinese_and_japanese_are_told_by_kana() -> None:
    japanese, chinese = scripts_in("日本語の本"), scripts_in("中文书")
    assert [fits_scripts(language, japanese) for language in ("ja", "zh")] == [True, False]
    assert [fits_scripts(language, chinese) for language in ("ja", "zh")] == [False, True]


VOTERS = Voters(deaf=frozenset({"zu"}), by_cld2=frozenset({"zu", "en", "de", "uz", "tg", "es"}))


def reading(
    heard: dict[str, float], language: str, share: float = 0.99, score: float = 900.0, reliable: bool = True
) -> Evidence:
    return Evidence("", heard, (DetectedLanguage(language, share, score),) if language else (), reliable)


@pytest.mark.parametrize(
    ("given", "language", "score"),
    [
        (reading({"de": 0.8, "en": 0.1}, "de"), "de", 0.8),  # both
        (reading({"de": 0.97}, "de", share=0.45, reliable=False), "de", 0.45),  # fastText is sure, CLD2 finds more
        (reading({"de": 0.8}, "en"), UND, 0.0),  # each another
        (reading({"en": 0.9}, "zu", score=700), "zu", 0.99),  # fastText is deaf to it
        (reading({"en": 0.9}, "zu", score=500), UND, 0.0),  # ... but CLD2 is not firm
        (reading({"xx": 0.6}, "zu", score=700), UND, 0.0),  # ... or it may be one that CLD2 cannot name
        (reading({"tg": 0.4, "ru": 0.1}, "uz"), "uz", 0.99),  # fastText has no opinion
        (reading({"tg": 0.4}, "uz", reliable=False), UND, 0.0),
        (reading({"es": 0.7, "xx": 0.15}, "es", score=450), UND, 0.0),  # weak, and like one that CLD2 cannot name
        (reading({"es": 0.7, "xx": 0.05}, "es", score=450), "es", 0.7),
        (reading({"xx": 0.8}, ""), "xx", 0.8),  # CLD2 cannot name it and says nothing
        (reading({"xx": 0.8}, "de"), UND, 0.0),  # ... or something else
        (reading({"en": 0.2}, "en"), UND, 0.0),  # names, code, broken bytes
        (reading({}, ""), UND, 0.0),
    ],
)
def test_votes(given: Evidence, language: str, score: float) -> None:
    decision = decide(given, VOTERS)
    assert (decision.language, decision.score) == (language, score)
