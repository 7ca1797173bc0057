"""Sentences: splitters by name, and how many sentences there are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from itertools import accumulate, islice, pairwise
from pathlib import Path

from c4pipe.errors import unknown
from c4pipe.text.punkt import punkt

Splitter = Callable[[str], Iterable[str]]  # text -> its sentences in order, unchanged pieces of the text


def sentence_splitter(name: str, data: Path | None = None) -> Splitter:
    """The splitter of that name, `tool:language`, such as `sentencex:en` or `punkt:english`.

    sentencex produces the same sentences on every machine. Punkt is what the reference uses; it needs NLTK's
    `punkt_tab` data, in the folder `data` or where `find_punkt` looks, and raises AssetError without it. The
    sentencizer is what datatrove uses, for English.
    """
    tool, _, language = name.partition(":")
    if tool not in _SPLITTERS:
        raise unknown("sentence splitter", name, (f"{t}:en" for t in _SPLITTERS))
    return _SPLITTERS[tool](language, data)


def splitter_of(language: str) -> str:
    """The name of sentencex's splitter for a language as language identifiers write it.

    >>> splitter_of("zh-cn")
    'sentencex:zh'
    """
    return f"sentencex:{language.partition('-')[0]}"


@cache
def _sentencex(language: str, _: Path | None = None) -> Splitter:
    import sentencex

    segment: Callable[[str, str], list[str]] = sentencex.segment
    english = language == "en"

    def split(text: str) -> list[str]:
        if english and text and _MAY_STOP.search(text, 0, len(text) - 1) is None:
            return [text]  # half of all lines: no stop before their last character
        if text.isascii():
            return segment(language, text)
        shown = text
        if "\u17d4" in text or "\u17d5" in text or "\u037e" in text:
            shown = text.translate(_STOPS)
        if _BLANK_AND_STOP.search(shown) and _INITIAL_AND_BLANK.search(shown):
            shown = _BLANK_BEFORE_STOP.sub(" ", shown)
        sentences = segment(language, shown)
        if shown is not text:
            sentences = _cut(text, sentences)
        for sentence in sentences:
            if sentence[0] in _TRAILING:
                return _behind(sentences)
        return sentences

    return split


def _sentencizer(language: str, _: Path | None = None) -> Splitter:
    from c4pipe.text.sentencizer import sentencizer  # its words need machine code, which takes 0.15 s to import

    return sentencizer(language)  # type: ignore[no-any-return]


# All but letters of Latin, Greek and Cyrillic and signs used among them: none is a stop of English in sentencex 1.0.32,
# a bracket behind the number of an item, an end of a line, or without width.
_MAY_STOP = re.compile('[^ "-(*-\\-/->@-~\xa0-\u037d\u037f-\u0588\u2010-\u201f\u20a0-\u20cf]')
# sentencex 1.0.32 does not know the full stops of Khmer, nor the Greek question mark that Unicode equates with ";".
# They are replaced by stops that it does know, character for character.
_STOPS = str.maketrans("\u17d4\u17d5\u037e", "\u104b\u104b;")
# It panics at "Plan B ." if that blank has several bytes in UTF-8. A panic is not an Exception: it would end the build.
_WIDE = "[\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
_BLANK_AND_STOP = re.compile(rf"\.(?<={_WIDE}\.)")  # a literal first character makes the search fast
_INITIAL_AND_BLANK = re.compile(rf"(?<![^\s./])[A-Z][\s./]*{_WIDE}\.")
_BLANK_BEFORE_STOP = re.compile(rf"{_WIDE}(?=\.)")
# Zero-width marks that follow a stop: of direction, of possible line breaks, of how a stop is drawn.
_TRAILING = frozenset("\u061c\u200b\u200c\u200d\u200e\u200f\u202c\u2060\u2069\ufe0e\ufe0f\ufeff")


def _cut(text: str, shown: list[str]) -> list[str]:
    """The text in pieces of the same lengths as these."""
    ends = accumulate(map(len, shown), initial=0)
    return [text[start:end] for start, end in pairwise(ends)]


def _behind(sentences: list[str]) -> list[str]:
    """Moves marks behind a stop to the sentence that it ends; sentencex begins the next one with them.

    Otherwise a sentence in the middle of a line would differ from the same one in front, and a mark at the end of the
    line would be a sentence.
    """
    whole = sentences[:1]
    for sentence in sentences[1:]:
        rest = sentence
        if sentence[0] in _TRAILING:
            rest = sentence.lstrip("".join(_TRAILING)).lstrip()
            whole[-1] += sentence[: len(sentence) - len(rest)]
        if rest:
            whole.append(rest)
    return whole


def count_sentences(split: Splitter, text: str, enough: int) -> int:
    """The number of sentences in the text, counted no further than `enough`."""
    return sum(1 for _ in islice(split(text), enough))


_SPLITTERS: dict[str, Callable[[str, Path | None], Splitter]] = {
    "sentencex": _sentencex,
    "punkt": punkt,
    "sentencizer": _sentencizer,
}
