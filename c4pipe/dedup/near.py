"""Near duplicates: of pages that share most of their runs of words, one stays.

A page claims a key for each of 14 bands of 8 minima (`dedup.minhash`), and two pages are linked if they share one.
For two texts with Jaccard similarity s, the share of their shingles that both have, that has probability
1 - (1 - s**rows)**bands, the S-curve (Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, 3.4.2). By default:

    s          0.5    0.6    0.7    0.75   0.8    0.85   0.9    0.95   1.0
    linked     5.3 %  21 %   56 %   77 %   92 %   99 %   99.96% 100 %  100 %

It is steepest near (1 / bands)**(1 / rows), 0.72. More bands link more pairs, more rows fewer and more similar ones.
Sketches estimate the similarity of two pages with a standard deviation of 0.04; exact shingles (`verify`) are certain.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from c4pipe.dedup.base import LinkLevel
from c4pipe.dedup.minhash import U32, band_keys, estimated, jaccard, minima, shingle_hashes, sketch
from c4pipe.errors import ConfigError
from c4pipe.page import Page, Reason, Unit
from c4pipe.text.dates import parsed_date
from c4pipe.text.tokens import word_hashes

MOST_MINIMA = 1_000  # bands times rows
STAYS = ("hash", "newest", "longest")
LAST_RANK = 2**64 - 1


@dataclass(frozen=True)
class NearLevel(LinkLevel):
    """Texts are compared by runs of `shingle` words in lower case; what is between words makes no difference, and in
    scripts without blanks every character is a word (`text.tokens`). A text with fewer words is one run, and one
    without words has no duplicates. A run is a hash of 32 bits, and so is a whole text of up to `shingle` words: of n
    such different texts about n * n / 2**33 pairs are linked by chance, 116 for a million, even with `verify`.

    Of linked pages the one with the smallest MD5 of its URL stays, or the newest (undated pages last), or the one whose
    text is longest at this stage.

    With `verify`, a page is compared with the owner of the key, the page with the smallest MD5 of its URL among those
    that have the key. It is only linked to the owner if they share that much of their shingles, counted exactly
    (`minhash.jaccard`). Two pages that share a key with the owner but not its text are not compared for that key, and
    both may stay: of 600 synthetic pages in families of up to six 417 stayed at 0.72, and 413 if all pairs with a
    shared key were compared; of 1,800 pages 685 and 629.

    A claim is 20 bytes, so a page sends 280 by default; a sketch has 112 bytes.
    """

    bands: int = 14
    rows: int = 8  # minima per band
    shingle: int = 5  # words
    stays: str = "hash"  # one of STAYS
    verify: float = 0.0  # 0 means no check

    NEAR: ClassVar = Reason(
        "near_duplicate",
        Unit.PAGE,
        "shares most of its runs of {shingle} words with a page that is kept, or with one linked to it",
        source="Broder 1997; numbers of bands and rows from datatrove, examples/fineweb.py",
        why="Copies with another date, menu or advertisement make a model memorise one text.",
    )
    reasons: ClassVar[tuple[Reason, ...]] = (NEAR,)

    def __post_init__(self) -> None:
        for name in ("bands", "rows", "shingle"):
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise ConfigError(f"near duplicates: {name} is {value!r}: expected a whole number of at least 1.")
        if self.bands * self.rows > MOST_MINIMA:
            raise ConfigError(
                f"near duplicates: {self.bands:,} bands of {self.rows:,} rows are {self.bands * self.rows:,} minima: "
                f"expected {MOST_MINIMA:,} at most."
            )
        if self.stays not in STAYS:
            raise ConfigError(f"near duplicates: stays is {self.stays!r}: expected one of {', '.join(STAYS)}.")
        if type(self.verify) not in (int, float) or not 0 <= self.verify <= 1:
            raise ConfigError(
                f"near duplicates: verify is {self.verify!r}: expected a similarity from 0 (no check) to 1."
            )

    @property
    def threshold(self) -> float:
        """The similarity near which the S-curve is steepest: (1 / bands)**(1 / rows)."""
        return float((1 / self.bands) ** (1 / self.rows))

    def linked(self, similarity: float) -> float:
        """The probability that two texts of that Jaccard similarity share a key, 0..1: the S-curve."""
        return float(1 - (1 - similarity**self.rows) ** self.bands)

    def signature(self, text: str) -> tuple[list[int], bytes]:
        """A 64-bit key per band, and a byte per minimum. Empty for a text without words."""
        return self.signed(shingle_hashes(word_hashes(text).hashes, self.shingle))

    def signed(self, shingles: U32) -> tuple[list[int], bytes]:
        """The signature of a text with these shingles; their order and repetitions make no difference."""
        if not len(shingles):
            return [], b""
        least = minima(shingles, self.bands * self.rows)
        return band_keys(least, self.rows).tolist(), sketch(least)

    def similarity(self, one: bytes, other: bytes) -> float:
        return estimated(one, other)

    def similarity_by_keys(self, shared: int) -> float:
        """Solves share of common bands = similarity**rows for the similarity. The standard deviation is 0.05 at 0.8
        and 0.04 at 0.9."""
        return float((shared / self.bands) ** (1 / self.rows))

    def shingles(self, text: str) -> U32:
        """The 32-bit hashes of the text's shingles, each once, in ascending order: what `jaccard` compares."""
        return np.unique(shingle_hashes(word_hashes(text).hashes, self.shingle))

    @property
    def confirmed(self) -> bool:
        return self.verify > 0

    def evidence(self, text: str) -> bytes:
        return self.shingles(text).tobytes()

    def confirms(self, one: bytes, other: bytes) -> bool:
        return jaccard(np.frombuffer(one, np.uint32), np.frombuffer(other, np.uint32)) >= self.verify

    @property
    def smallest_stays(self) -> bool:
        return self.stays == "hash" and not self.confirmed

    def rank(self, page: Page) -> int:
        if self.stays == "newest":
            return LAST_RANK - int(_digits(parsed_date(page.timestamp) or "").ljust(17, "0"))
        return LAST_RANK - len(page.text) if self.stays == "longest" else 0


def _digits(date: str) -> str:
    """The digits of a date in the normal form: 14 to the second, 17 to the millisecond."""
    return re.sub("[^0-9]", "", date)
