"""Text primitives with one definition each: sentences, hashes of lines, what a terminal may be shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import islice

import mmh3

from c4pipe.errors import AssetError, unknown

Splitter = Callable[[str], Iterable[str]]  # text -> its sentences in order, pieces of the text as they stand


def hash64(text: str) -> int:
    """The first 64 of MurmurHash3's 128 bits, unsigned. Lines, spans, orders and samples all use this one."""
    return mmh3.hash64(text, signed=False)[0]


def printable(text: str) -> str:
    """The text with every control character spelt out, so that a terminal shows it and does not obey it."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


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

    def split(text: str) -> list[str]:
        sentences: list[str] = sentencex.segment(language, text)
        return sentences

    return split


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

    tokenizer = PunktTokenizer(language)

    def split(text: str) -> Iterator[str]:
        # Spans are found one by one: whoever wants to know whether there are three stops after the third.
        return (text[start:end] for start, end in tokenizer.span_tokenize(text))

    return split


def count_sentences(split: Splitter, text: str, enough: int) -> int:
    """The number of sentences in the text, counted no further than `enough`."""
    return sum(1 for _ in islice(split(text), enough))


_SPLITTERS: dict[str, Callable[[str], Splitter]] = {"sentencex": _sentencex, "punkt": _punkt}
