"""Text primitives with one definition each: sentences, hashes of lines, what a terminal may be shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import accumulate, islice, pairwise

import mmh3

from c4pipe.errors import AssetError, unknown

Splitter = Callable[[str], Iterable[str]]  # text -> its sentences in order, pieces of the text as they stand


def hash64(text: str) -> int:
    """The first 64 of MurmurHash3's 128 bits, unsigned. Lines, spans, orders and samples all use this one."""
    return mmh3.hash64(text, signed=False)[0]


def count_lines(text: str) -> int:
    """Lines as `str.splitlines` cuts them, which is how the line rules see them."""
    if any(map(text.__contains__, _ODD_BREAKS)):
        return len(text.splitlines())
    return text.count("\n") + (text[-1:] not in ("", "\n"))


_ODD_BREAKS = "\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"  # where it cuts beside "\n"


def printable(text: str) -> str:
    """The text with every control character spelt out, so that a terminal shows it and does not obey it."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def many(count: int, noun: str) -> str:
    """A count with its noun, which may come in the plural.

    >>> many(1, "pages"), many(1234, "page")
    ('1 page', '1,234 pages')
    """
    return f"{count:,} {noun.removesuffix('s')}{'s' * (count != 1)}"


def sentence_splitter(name: str) -> Splitter:
    """The splitter of that name, `tool:language`, such as `sentencex:en` or `punkt:english`.

    sentencex gives the same sentences on every machine. Punkt is what the reference uses; it needs NLTK's
    `punkt_tab` data and raises AssetError without it.
    """
    tool, _, language = name.partition(":")
    if tool not in _SPLITTERS:
        raise unknown("sentence splitter", name, (f"{t}:en" for t in _SPLITTERS))
    return _SPLITTERS[tool](language)


@cache
def _sentencex(language: str) -> Splitter:
    import sentencex

    segment: Callable[[str, str], list[str]] = sentencex.segment
    english = language == "en"

    def split(text: str) -> list[str]:
        if english and text and _MAY_STOP.search(text, 0, len(text) - 1) is None:
            return [text]  # half of all lines: a stop is at most their last character
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


# All but letters of Latin, Greek and Cyrillic and signs that stand among them: no stop of English in sentencex 1.0.32,
# no bracket behind the number of an item, no end of a line, nothing without width.
_MAY_STOP = re.compile('[^ "-(*-\\-/->@-~\xa0-\u037d\u037f-\u0588\u2010-\u201f\u20a0-\u20cf]')
# sentencex 1.0.32 does not know the full stops of Khmer, nor the Greek question mark that Unicode holds equal to ";".
# It is shown stops that it does know, character for character.
_STOPS = str.maketrans("\u17d4\u17d5\u037e", "\u104b\u104b;")
# It panics at "Plan B ." if that blank has several bytes in UTF-8, and a panic is no Exception: it would end the build.
_WIDE = "[\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
_BLANK_AND_STOP = re.compile(rf"\.(?<={_WIDE}\.)")  # the literal first character makes it fast
_INITIAL_AND_BLANK = re.compile(rf"(?<![^\s./])[A-Z][\s./]*{_WIDE}\.")
_BLANK_BEFORE_STOP = re.compile(rf"{_WIDE}(?=\.)")
# Marks without width that follow a stop: of direction, of where a line may break, of how a stop is drawn.
_TRAILING = frozenset("\u061c\u200b\u200c\u200d\u200e\u200f\u202c\u2060\u2069\ufe0e\ufe0f\ufeff")


def _cut(text: str, shown: list[str]) -> list[str]:
    """The text in pieces as long as these."""
    ends = accumulate(map(len, shown), initial=0)
    return [text[start:end] for start, end in pairwise(ends)]


def _behind(sentences: list[str]) -> list[str]:
    """Marks behind a stop belong to the sentence that it ends; sentencex begins the next one with them.

    Else the same sentence would be another one in the middle of a line than in front, and a mark at the end of the line
    a sentence of its own.
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


@cache
def _punkt(language: str) -> Splitter:
    from c4pipe.assets import find_punkt

    folder = find_punkt()
    if folder is None:
        raise AssetError(
            "this preset needs NLTK's Punkt data (punkt_tab, English) to be exact, and it was not found. "
            "Run `make assets`, or point NLTK_DATA to a folder that holds tokenizers/punkt_tab/english."
        )
    from nltk.tokenize.punkt import PunktTokenizer

    class Tokenizer(PunktTokenizer):  # type: ignore[misc]  # which knows a plain stop when it sees one
        def text_contains_sentbreak(self, text: str) -> bool:
            found = _PLAIN_STOP.match(text)
            if found is not None and (found[2] != "." or found[1].lower() not in special):
                return True
            return bool(super().text_contains_sentbreak(text))

    tokenizer = Tokenizer(language)
    known = tokenizer._params
    special = known.abbrev_types.union(first for first, _ in known.collocations)

    def split(text: str) -> Iterator[str]:
        # Spans are found one by one: whoever wants to know whether there are three stops after the third.
        return (text[start:end] for start, end in tokenizer.span_tokenize(text))

    return split


# A word, no initial and no number, a mark, and something behind it: for Punkt a sentence ends there unless
# it has learnt otherwise of the word. To ask it takes twenty times as long.
_PLAIN_STOP = re.compile("([^\\W\\d_]{2,})([.?!])(?:[ \n]+[^\\s.]|[\"')\\]}\u2018\u2019\u201c\u201d\xab\xbb])")


def count_sentences(split: Splitter, text: str, enough: int) -> int:
    """The number of sentences in the text, counted no further than `enough`."""
    return sum(1 for _ in islice(split(text), enough))


_SPLITTERS: dict[str, Callable[[str], Splitter]] = {"sentencex": _sentencex, "punkt": _punkt}
