"""The released C4 next to this corpus, so that an unusual build is noticed.

| config | pages, train | validation | text of train | source |
|---|---|---|---|---|
| en | 364,868,892 | 364,608 | 828.6 GB | allenai/c4, Hugging Face's viewer |
| en.noblocklist | 393,391,519 | 393,226 | 1,029.6 GB | the same |
| en.noclean | 1,063,805,381 | 1,065,029 | 6,715.5 GB | the same |
| realnewslike | 13,799,838 | 13,863 | 38.2 GB | the same |
"""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt
from typing import Any, NamedTuple

from c4pipe.facts.corpus import Corpus
from c4pipe.files.record import files_of

EN_PAGES, NOBLOCKLIST_PAGES, NOCLEAN_PAGES = 364_868_892, 393_391_519, 1_063_805_381
VALIDATION_FRACTION = 364_608 / (EN_PAGES + 364_608)
MEAN_BYTES = {
    "en": 828.6e9 / EN_PAGES,
    "en.tfds": 828.6e9 / EN_PAGES,
    "en.noblocklist": 1029.6e9 / NOBLOCKLIST_PAGES,
    "en.noclean": 6715.5e9 / NOCLEAN_PAGES,
    "realnewslike": 38.2e9 / 13_799_838,
}
FACTOR = 2.0  # more than twice or less than half of C4's number is called unlike it
MIN_DEVIATIONS = 4.0  # standard deviations that a count must be off before its share is judged
COUNTED = 5  # pages, found or expected, below which a share is inconclusive
FEWEST = 30  # pages behind a mean that is judged


# For each number, a sentence with its value as {}.
_PLAIN = {
    "kept": "kept {} of unique pages not in another language",
    "blocklist": "the word list removed {} of the pages that it saw",
    "validation": "{} of its pages are validation pages",
    "mean_bytes": "its mean page has {} of text",
}


class Yardstick(NamedTuple):
    """One number of this corpus next to C4's."""

    key: str
    name: str
    ours: float
    theirs: float
    kind: str  # "share" or "bytes"
    verdict: str  # "alike", "unlike" or "too few pages to tell"
    note: str

    @property
    def plain(self) -> tuple[str, str]:
        """What precedes its value in a sentence, and what follows."""
        before, _, after = _PLAIN[self.key].partition("{}")
        return before, after

    @property
    def unlike(self) -> bool:
        return self.verdict == "unlike"


def yardsticks(corpus: Corpus) -> list[Yardstick]:
    """What can be compared: nothing for a corpus without a ledger; for a mixture and for mC4 only the split."""
    stages = {stage["stage"]: stage for stage in corpus.manifest.get("ledger", {}).get("stages", [])}
    if "mixture" in corpus.manifest or not stages:
        return []
    return list(_yardsticks(corpus, stages))


def _yardsticks(corpus: Corpus, stages: dict[str, dict[str, Any]]) -> Iterator[Yardstick]:
    name, kept = corpus.manifest["preset"]["name"], sum(shard["rows"] for shard in corpus.shards())
    english = corpus.manifest.get("settings", {}).get("languages") == ["en"]
    note = "" if english else " C4's number is of English."
    if name in ("en", "en.tfds", "en.2019") and "clean" in stages and "language" in stages:
        foreign = stages["language"]["rejected"].get("other_language", 0)
        yield _share(
            "kept",
            "Pages kept, of unique ones not in another language",
            kept,
            stages["clean"]["in"] - foreign,
            EN_PAGES / NOCLEAN_PAGES,
            "C4: pages of en for each page of en.noclean, all of them English. Here pages rejected before language "
            f"identification count, whatever their language: expect a lower share for a multilingual crawl.{note}",
        )
    if "badwords" in stages and name in MEAN_BYTES:
        lost = stages["badwords"]["rejected"].get("bad_word", 0)
        words = "C4: pages that en.noblocklist has and en does not."
        yield _share(
            "blocklist",
            "Removed by the word list, of pages that it saw",
            lost,
            stages["badwords"]["in"],
            1 - EN_PAGES / NOBLOCKLIST_PAGES,
            f"{words} {_list(corpus)}{note}",
        )
    validation = sum(shard["rows"] for shard in corpus.shards(split="validation"))
    words = "The split is by the URL, one in a thousand; it does not depend on language or preset."
    if kept:
        yield _share("validation", "Validation pages, of pages kept", validation, kept, VALIDATION_FRACTION, words)
    if name in MEAN_BYTES and corpus.stats.get("pages_kept"):
        mean, theirs = corpus.stats["bytes_kept"] / corpus.stats["pages_kept"], MEAN_BYTES[name]
        far = not theirs / FACTOR <= mean <= theirs * FACTOR
        verdict = "too few pages to tell" if kept < FEWEST else "unlike" if far else "alike"
        words = f"C4: the text of its train split divided by its pages.{note}"
        yield Yardstick("mean_bytes", "Mean page, in bytes of text", mean, theirs, "bytes", verdict, words)


def _share(key: str, name: str, part: int, of: int, theirs: float, note: str) -> Yardstick:
    ours = part / of if of else 0.0
    far = not theirs / FACTOR <= ours <= theirs * FACTOR
    sure = abs(part - of * theirs) > MIN_DEVIATIONS * sqrt(of * theirs * (1 - theirs))
    few = max(part, of * theirs) < COUNTED
    verdict = "alike" if not far and not few else "unlike" if sure and not few else "too few pages to tell"
    return Yardstick(key, name, ours, theirs, "share", verdict, note)


def _list(corpus: Corpus) -> str:
    """The origin of the list: C4's own has hundreds of entries, c4pipe's some fifty."""
    lists = files_of(corpus.manifest)
    english = [item for item in lists if (item["kind"], item["name"]) == ("badwords", "en.txt")]
    if not english:
        return ""
    return f"The English list of this build had {english[0].get('lines', 0):,} entries ({english[0]['origin']})."
