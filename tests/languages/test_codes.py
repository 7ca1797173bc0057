"""Codes: mC4's list, and what models' labels become."""

from __future__ import annotations

import pytest

from c4pipe.langid.cld2 import known_languages
from c4pipe.languages.codes import ALIASES, MC4, ROMANISED, canonical, scripts_of


def test_mc4_has_107_codes_of_which_six_are_romanised() -> None:
    assert len(MC4) == len(set(MC4)) == 107
    assert ROMANISED == ("bg-Latn", "el-Latn", "hi-Latn", "ja-Latn", "ru-Latn", "zh-Latn")


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("jw", "jv"),  # CLD2
        ("tl", "fil"),
        ("iw", "iw"),
        ("zh-Hant", "zh"),
        ("__label__he", "iw"),  # lid.176
        ("__label__nn", "no"),
        ("__label__als", "gsw"),  # Wikipedia's name of Alemannic
        ("__label__arz", "ar"),
        ("__label__als_Latn", "sq"),  # GlotLID's and NLLB's Tosk Albanian
        ("__label__eng_Latn", "en"),
        ("__label__zho_Hans", "zh"),
        ("__label__cmn_Hani", "zh"),
        ("__label__srp_Cyrl", "sr"),
        ("__label__srp_Latn", "sr"),
        ("__label__hin_Latn", "hi-Latn"),
        ("__label__rus_Latn", "ru-Latn"),
        ("__label__jpn_Jpan", "ja"),
        ("__label__kor_Hang", "ko"),
        ("__label__heb_Hebr", "iw"),
        ("__label__kmr_Latn", "ku"),
        ("__label__ckb_Arab", "ckb"),
        ("__label__urd_Latn", "ur-Latn"),  # no code of mC4, and so not Urdu
        ("zh-cn", "zh"),  # langdetect
        ("hr", "hr"),
        ("xx", "xx"),
    ],
)
def test_labels(label: str, code: str) -> None:
    assert canonical(label) == code


@pytest.mark.parametrize("code", MC4)
def test_a_code_of_mc4_is_its_own(code: str) -> None:
    assert canonical(code) == code


def test_an_alias_leads_to_one_code_at_once() -> None:
    assert not {code for code in ALIASES.values() if code in ALIASES}


@pytest.mark.parametrize(
    ("language", "scripts"),
    [
        ("sr", "Cyrl Latn"),
        ("uz", "Cyrl Latn"),
        ("az", "Cyrl Latn"),
        ("ku", "Latn"),
        ("mn", "Cyrl"),
        ("sd", "Arab"),
        ("pa", "Guru"),
        ("ha", "Latn"),
        ("ja", "Hani Hira Kana"),
        ("yi", "Hebr"),
        ("hi-Latn", "Latn"),
    ],
)
def test_scripts(language: str, scripts: str) -> None:
    assert scripts_of(language) == frozenset(scripts.split())


def test_cld2_knows_all_but_kurmanji_and_the_romanised() -> None:
    assert set(MC4) - known_languages() == {"ku", *ROMANISED}
