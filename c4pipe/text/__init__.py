"""Text primitives with one definition each: hashes, lines, sentences, URL keys, wording for users."""

from __future__ import annotations

import mmh3

from c4pipe.text.breaks import count_lines, know_lines
from c4pipe.text.sentences import Splitter, count_sentences, sentence_splitter, splitter_of
from c4pipe.text.utf8 import strict_utf8
from c4pipe.text.words import (
    counts_told,
    defused,
    duration,
    in_english,
    many,
    percent,
    printable,
    shortened,
    spent,
    visible,
)

__all__ = [
    "Splitter",
    "count_lines",
    "count_sentences",
    "counts_told",
    "defused",
    "duration",
    "hash64",
    "in_english",
    "know_lines",
    "many",
    "percent",
    "printable",
    "sentence_splitter",
    "shortened",
    "spent",
    "splitter_of",
    "visible",
]


def hash64(text: str) -> int:
    """The first 64 of MurmurHash3's 128 bits, unsigned. Lines, spans, orders and samples all use this one. Raises
    BuildError on a lone surrogate, on which mmh3 itself would abort the process."""
    return mmh3.hash64(text if text.isascii() else strict_utf8(text), signed=False)[0]
