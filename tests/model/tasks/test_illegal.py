"""Illegal answers: what is in its context, and what went into another script or language."""

from __future__ import annotations

from math import isnan

import pytest

from c4pipe.errors import ConfigError
from model.tasks.illegal import LONG_ENOUGH, context_of, illegal_answers, legality

GERMAN = (
    "Die Fischerin wohnt seit vielen Jahren am Hafen von Genua und verkauft dort jeden Morgen ihren Fang. Ihr Bruder "
    "fährt zweimal in der Woche hinaus, wenn das Wetter es erlaubt, und kommt erst am nächsten Abend zurück."
)
RUSSIAN = "Рыбачка уже много лет живёт у гавани Генуи и каждое утро продаёт там свой улов. Её брат выходит в море."
JAPANESE = "漁師の女は長年ジェノヴァの港に住み、毎朝そこで魚を売っている。"
ENGLISH = "she has lived for many years near the harbour and sells her fish there"


@pytest.mark.parametrize(
    ("context", "prediction", "empty", "found", "nfkc", "script", "language"),
    [
        (GERMAN, "am Hafen von Genua", False, True, True, False, False),
        (GERMAN, " am Hafen von Genua ", False, True, True, False, False),
        (GERMAN, "", True, True, True, False, False),
        (GERMAN, " \n", True, True, True, False, False),
        (GERMAN, "am hafen", False, False, False, False, None),
        (GERMAN, "ﬁng", False, False, False, False, None),
        ("Er hat Fische gefangen", "Ｆｉｓｃｈｅ", False, False, True, False, False),
        ("Sie zahlte ½ Mark", "1⁄2 Mark", False, False, True, False, False),
        (GERMAN, "die Jahre, die sie dort am Hafen lebt, sind viele", False, False, False, False, False),
        (GERMAN, ENGLISH, False, False, False, False, True),
        (GERMAN, "1998", False, False, False, False, None),
        (RUSSIAN, "Genoa", False, False, False, True, None),
        (RUSSIAN, ENGLISH, False, False, False, True, True),
        (JAPANESE, "ジェノバ", False, False, False, False, None),
        (JAPANESE, "港町", False, False, False, False, None),
        (JAPANESE, "Genoa", False, False, False, True, None),
        ("1998, 1999", "Genoa", False, False, False, False, None),
    ],
)
def test_one_answer(context, prediction, empty, found, nfkc, script, language):
    assert legality(context, prediction) == (empty, found, nfkc, script, language)


def test_the_language_of_the_context_may_be_named():
    hebrew = "she has lived for many years near the harbour and sells her fish"
    assert legality("x", hebrew).other_language is None
    assert legality("x", hebrew, "en").other_language is False
    assert legality("x", hebrew, "he").other_language is True
    assert legality("x", hebrew[: LONG_ENOUGH - 1], "he").other_language is None


def test_shares_of_a_list():
    contexts = [GERMAN, GERMAN, RUSSIAN, "Fische"]
    values = illegal_answers(contexts, ["Genua", ENGLISH, "", "Ｆｉｓｃｈｅ"])
    assert values == {
        "empty": 25.0,
        "not_in_context": 50.0,
        "not_in_context_nfkc": 25.0,
        "other_script": 0.0,
        "other_language": 25.0,
        "language_unknown": 0.0,
    }
    assert all(isnan(value) for value in illegal_answers([], []).values())


def test_wrong_use():
    with pytest.raises(ValueError, match="shorter"):
        illegal_answers([GERMAN], [])
    with pytest.raises(ConfigError, match="unknown language identifier 'consensos'"):
        illegal_answers([], [], identifier="consensos")


@pytest.mark.parametrize(
    ("inputs", "context"),
    [
        ("question: Where ? context: In Genoa .", "In Genoa ."),
        ("question: Where ? context: It says context: nothing .", "It says context: nothing ."),
        ("nq question: where", ""),
    ],
)
def test_the_context_of_inputs(inputs, context):
    assert context_of(inputs) == context
