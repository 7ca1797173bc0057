"""Illegal answers: output that is not in the context, with its script and language.

A model fine-tuned on English answers questions in other languages partly in English ("accidental translation"), or in
other forms of the same characters (Xue et al. 2021, mT5, section 5). Answers of the training data are spans of their
contexts, so an answer that is not one is illegal.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from c4pipe.langid import UND, load
from c4pipe.langid.scripts import scripts_in
from c4pipe.languages.codes import canonical
from model.tasks.metrics.classes import mean_percent

IDENTIFIER = "consensus"
# Characters that an answer needs for language identification: on pieces of 1,287 real pages in 24 languages,
# `consensus` finds the right language of 30 % at 30 characters, 73 % at 40, 83 % at 60, a wrong one for 0.3, 1.5 and
# 1.5 %, and none for the others. lid.176 alone is wrong for 13, 8.5 and 6.2 %. Measured by bench/illegal.py.
LONG_ENOUGH = 40
_JAPANESE = {"Hira": "Hani", "Kana": "Hani"}  # written together, so they count as one script


class Legality(NamedTuple):
    """The findings on one answer."""

    empty: bool  # only white space: in every context, but not an answer
    found: bool  # literally in the context
    found_nfkc: bool  # in the context when both are in NFKC
    other_script: bool  # not found in NFKC, and most of its letters are in another script than the context's
    other_language: bool | None  # the same for languages; None if it is too short or undetermined


def legality(context: str, prediction: str, language: str = "", identifier: str = IDENTIFIER) -> Legality:
    """The findings on one answer; `language` is the context's, "" to let the identifier find it.

    >>> legality("Sie wohnt am Hafen von Genua.", "the harbour")
    Legality(empty=False, found=False, found_nfkc=False, other_script=False, other_language=None)
    """
    answer = prediction.strip()
    found = answer in context
    found_nfkc = found or unicodedata.normalize("NFKC", answer) in unicodedata.normalize("NFKC", context)
    if found_nfkc:
        return Legality(not answer, found, True, False, False)
    written, around = _main_script(answer), _main_script(context)
    other_language = None
    if len(answer) >= LONG_ENOUGH:
        known = canonical(language) if language else _language(identifier, context)
        said = _language(identifier, answer) if known else ""
        other_language = said != known if known and said else None
    return Legality(False, False, False, bool(written and around) and written != around, other_language)


def illegal_answers(
    contexts: Sequence[str], predictions: Sequence[str], language: str = "", identifier: str = IDENTIFIER
) -> dict[str, float]:
    """Percentages of all predictions; nan without any.

    empty: only white space.
    not_in_context, not_in_context_nfkc: illegal, literally and after NFKC of both.
    other_script: of the latter, those in another script than most of the context's letters.
    other_language: of the latter, those whose language is known and differs from the context's.
    language_unknown: of the latter, those under `LONG_ENOUGH` characters, or where the language of either is
    undetermined. Most answers are that short, so `other_language` covers sentences but not words: it is a lower bound.

    >>> values = illegal_answers(["Он живёт в Генуе."], ["Genoa"])
    >>> values["not_in_context_nfkc"], values["other_script"], values["language_unknown"]
    (100.0, 100.0, 100.0)
    """
    _loaded(identifier)  # an unknown one is reported before any work
    pairs = zip(contexts, predictions, strict=True)
    found = [legality(context, prediction, language, identifier) for context, prediction in pairs]
    return {
        "empty": mean_percent(one.empty for one in found),
        "not_in_context": mean_percent(not one.found for one in found),
        "not_in_context_nfkc": mean_percent(not one.found_nfkc for one in found),
        "other_script": mean_percent(one.other_script for one in found),
        "other_language": mean_percent(one.other_language is True for one in found),
        "language_unknown": mean_percent(one.other_language is None for one in found),
    }


def context_of(inputs: str) -> str:
    """The context of `question: ... context: ...`; "" if there is none.

    >>> context_of("question: Where does she live ? context: She lives in Genoa .")
    'She lives in Genoa .'
    """
    return inputs.partition(" context: ")[2]


def _main_script(text: str) -> str:
    """The script of most letters, "" without letters."""
    counts: dict[str, int] = {}
    for script, count in scripts_in(text).counts.items():
        name = _JAPANESE.get(script, script)
        counts[name] = counts.get(name, 0) + count
    return max(counts, key=counts.__getitem__, default="")


@lru_cache(maxsize=1_000)
def _language(identifier: str, text: str) -> str:
    """The language of a text, "" if undetermined. Cached, since many questions share a context."""
    guess = _loaded(identifier).guess(text)
    return "" if guess is None or guess.language == UND else guess.language


_loaded = cache(load)
