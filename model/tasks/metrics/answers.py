"""Metrics of questions: accepted texts, sets of them by several annotators, and names in a sentence.

Texts are compared in normal form: lower case, without punctuation, articles and extra spaces. An answer that is a
single text, as in a `Template`, is the only accepted one.
"""

from __future__ import annotations

import math
import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from model.tasks.metrics.classes import group_key, mean_percent

Normaliser = Callable[[str], str]
Accepted = str | Sequence[str]  # a text, or several

_ENGLISH = re.compile(r"\b(?:a|an|the)\b")
_NO_MARKS = str.maketrans("", "", string.punctuation)
_BLANK_MARKS = dict.fromkeys(map(ord, string.punctuation + "‘’´`_"), " ")

# Language of MLQA -> its articles etc., as in MLQA's own evaluation: github.com/facebookresearch/MLQA
MLQA_LANGUAGES: dict[str, re.Pattern[str] | None] = {
    "ar": re.compile("ال"),
    "de": re.compile(r"\b(?:ein|eine|einen|einem|eines|einer|der|die|das|den|dem|des)\b"),
    "en": _ENGLISH,
    "es": re.compile(r"\b(?:un|una|unos|unas|el|la|los|las)\b"),
    "hi": None,
    "vi": re.compile(r"\b(?:của|là|cái|chiếc|những)\b"),
    "zh": None,
}
_HAN = re.compile("([\u4e00-\u9fa5])")


def normal_squad(text: str) -> str:
    """SQuAD's normal form: ASCII punctuation is deleted.

    >>> normal_squad("The  U.S. Navy's")
    'us navys'
    """
    return " ".join(_ENGLISH.sub(" ", text.lower().translate(_NO_MARKS)).split())


def normal_trivia_qa(text: str) -> str:
    """TriviaQA's normal form: ASCII punctuation and some quotation marks become spaces.

    >>> normal_trivia_qa("The  U.S. Navy’s")
    'u s navy s'
    """
    return " ".join(_ENGLISH.sub(" ", text.lower().translate(_BLANK_MARKS)).split())


def normal_mlqa(text: str, language: str) -> str:
    """MLQA's normal form: all Unicode punctuation is deleted, then articles of the language; Chinese characters are
    words.

    >>> normal_mlqa("¿El río Ebro?", "es"), normal_mlqa("在1998年", "zh")
    ('río ebro', '在 1998 年')
    """
    plain = "".join(filter(_is_no_mark, text.lower()))
    articles = MLQA_LANGUAGES[language]
    if articles is not None:
        plain = articles.sub(" ", plain)
    if language == "zh":
        plain = _HAN.sub(r" \1 ", plain)
    return " ".join(plain.split())


def _is_no_mark(character: str) -> bool:
    return character not in string.punctuation and not unicodedata.category(character).startswith("P")


def squad(answers: Sequence[Accepted], predictions: Sequence[str]) -> dict[str, float]:
    """Exact match and word F1 with the best accepted answer. A question without answers counts as 0.

    >>> squad([["The Ebro", "Ebro river"], ["1998"]], ["river Ebro", "1998."])
    {'em': 50.0, 'f1': 100.0}
    """
    return _best_match(answers, predictions, normal_squad)


def trivia_qa(answers: Sequence[Accepted], predictions: Sequence[str]) -> dict[str, float]:
    """`squad` with TriviaQA's normal form.

    >>> trivia_qa([["Jean-Luc"]], ["jean luc"])
    {'em': 100.0, 'f1': 100.0}
    """
    return _best_match(answers, predictions, normal_trivia_qa)


def mlqa(answers: Sequence[Accepted], predictions: Sequence[str], language: str) -> dict[str, float]:
    """`squad` with MLQA's normal form of a language.

    >>> mlqa([["北京大学的北京"]], ["在北京。"], "zh")["f1"]
    40.0
    """
    return _best_match(answers, predictions, lambda text: normal_mlqa(text, language))


def record(answers: Sequence[Mapping[str, Any]], predictions: Sequence[str]) -> dict[str, float]:
    """ReCoRD: `squad` of the first example of each group, since one with several answers occurs several times.

    An answer is {"group": its passage and query, "answers": accepted ones}.

    >>> ask = {"group": [3, 1], "answers": ["Rome"]}
    >>> record([ask, ask], ["Rome", "Milan"])
    {'em': 100.0, 'f1': 100.0}
    """
    first: dict[str, tuple[Accepted, str]] = {}
    for answer, prediction in zip(answers, predictions, strict=True):
        first.setdefault(group_key(answer), (answer["answers"], prediction))
    return squad([accepted for accepted, _ in first.values()], [prediction for _, prediction in first.values()])


def nq_multi(
    answers: Sequence[str | Sequence[Accepted]], predictions: Sequence[Accepted], annotators: int = 2
) -> dict[str, float]:
    """Natural Questions with all short answers: the share of predictions that are the same set as any annotator's.

    An answer is a list for each annotator, a prediction one list. A question is left out where fewer than `annotators`
    lists have anything: 2 on the official validation set, 1 on pieces of the training set, which one person annotated.
    `golden_answers` counts the questions that are left. An answer that is one text is everybody's.

    >>> nq_multi([[["Ann", "Ben"], ["Ann"]], [["yes"], []]], [["ben", "ann"], ["no"]])
    {'recall': 100.0, 'golden_answers': 1.0}
    """
    rights = []
    for lists, prediction in zip(answers, predictions, strict=True):
        everybody = [lists] * annotators if isinstance(lists, str) else lists
        sets = [_normal_set(accepted, normal_squad) for accepted in everybody if accepted]
        if len(sets) >= annotators:
            rights.append(_normal_set(prediction, normal_squad) in sets)
    return {"recall": mean_percent(rights), "golden_answers": float(len(rights))}


def _normal_set(accepted: Accepted, normal: Normaliser) -> set[str]:
    return set(map(normal, [accepted] if isinstance(accepted, str) else accepted))


def _best_match(answers: Sequence[Accepted], predictions: Sequence[str], normal: Normaliser) -> dict[str, float]:
    exact, shared = [], []
    for accepted, prediction in zip(answers, predictions, strict=True):
        written = normal(prediction)
        wanted = _normal_set(accepted, normal)
        exact.append(written in wanted)
        shared.append(max((_word_f1(answer, written) for answer in wanted), default=0.0))
    return {"em": mean_percent(exact), "f1": mean_percent(shared)}


def _word_f1(answer: str, written: str) -> float:
    """0..1. Two texts without a word have 0, as SQuAD counts."""
    wanted, words = Counter(answer.split()), Counter(written.split())
    same = (wanted & words).total()
    return 2 * same / (wanted.total() + words.total()) if same else 0.0


def span_f1(answers: Sequence[str], predictions: Sequence[str]) -> dict[str, float]:
    """F1 over all named spans of `PER: rick $$ LOC: london`; anything but one tag, one colon and one name is not a
    span.

    >>> span_f1(["PER: rick $$ LOC: london"], ["LOC: london $$ PER: morty"])
    {'span_f1': 50.0}
    """
    if not answers and not predictions:
        return {"span_f1": math.nan}
    wanted = found = both = 0
    for answer, prediction in zip(answers, predictions, strict=True):
        there, written = Counter(_spans(answer)), Counter(_spans(prediction))
        wanted, found = wanted + there.total(), found + written.total()
        both += (there & written).total()
    return {"span_f1": 200 * both / (wanted + found) if both else 0.0}


def _spans(text: str) -> list[tuple[str, str]]:
    pieces = (piece.split(":") for piece in text.split(" $$ "))
    return [(piece[0].strip(), piece[1].strip()) for piece in pieces if len(piece) == 2]
