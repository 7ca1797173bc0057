"""Texts about near duplicates and earlier corpora."""

from __future__ import annotations

from c4pipe.corpus.telling import COMPARED, Overlap, levels_told, near_earlier_told, near_told, overlap_of, overlap_told
from c4pipe.dedup import NearLevel


def test_how_much_was_old() -> None:
    stats = {
        "months_came": {"2024-05": 150, "": 50},
        "months_old": {"2024-05": 30},
        "earlier": {"near": 2, "spans:parts": 7, "url": 28},
    }
    found = overlap_of(stats)
    assert found == Overlap(200, 30, {"url": 28, "near": 2}, {"spans": 7})
    assert overlap_told(found) == (
        "Of the 200 pages that reached the comparison (cleaned, but before the language and later rules) 30 (15.0 %) "
        "fell to earlier corpora: 28 by stage url, 2 by near; others lost 7 parts of their text by stage spans"
    )


def test_nothing_was_old() -> None:
    found = overlap_of({"months_came": {"2024-05": 1}})
    assert found is not None
    assert overlap_told(found) == f"Of the 1 page {COMPARED} 0 (0 %) fell to earlier corpora"
    assert overlap_of({}) is None
    assert overlap_of({"months_came": {}}) is None


def test_near_duplicates_with_their_numbers() -> None:
    assert near_told(NearLevel()) == (
        "Two texts are candidates if one of 14 bands of 8 minima of their word 5-grams is the same: with Jaccard "
        "similarity s this has probability 1 - (1 - s^8)^14, which is steepest near 0.72 and links 5.3 % of "
        "those with 0.5, 56.5 % of those with 0.7, 92.4 % of those with 0.8, > 99.9 % of those with 0.9. Candidates "
        "were not compared further. Of each group of linked pages the one with the smallest MD5 of "
        "its URL stays."
    )
    told = near_told(NearLevel(bands=20, rows=5, stays="newest", verify=0.8))
    assert "20 bands of 5 minima" in told
    assert "Candidates were compared n-gram by n-gram, and linked from a similarity of 0.80 on." in told
    assert told.endswith("linked pages the newest stays.")


def test_near_duplicates_of_earlier_corpora() -> None:
    told = near_told(NearLevel(), against=True)
    assert told.endswith("URL stays. Pages linked to a page of an earlier corpus are dropped in its favour.")
    assert near_earlier_told(NearLevel(verify=0.8, stays="longest")) == (
        "Pages linked to a page of an earlier corpus are dropped in its favour, however long they are, without this "
        "comparison, since only the keys of those corpora are read."
    )


def test_levels_that_were_chosen() -> None:
    assert levels_told({"dedup": "lines,near"}).endswith("--dedup lines,near.")
    assert levels_told({}) == ""
