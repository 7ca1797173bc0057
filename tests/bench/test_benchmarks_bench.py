"""bench.benchmarks: planted items are counted, and so are other finds."""

from __future__ import annotations

from bench.benchmarks import WAYS, Count, filled, items_from, overlap_of, planted, runs_of, sentences, stands
from tests.wetfiles import story

TEXTS = [
    f"Which of the {n} keepers of the lighthouse wrote the letter that the {n} sisters kept?" for n in range(2, 40)
]


def test_what_is_planted_is_found() -> None:
    hosts = [story(100 * n) for n in range(10)]
    for way in WAYS.values():
        count = planted(overlap_of(items_from(TEXTS)), TEXTS, 6, hosts, way)
        assert count.planted >= 35
        assert count.found == count.planted or way is WAYS["half"]
        assert count.wrong <= count.planted
    assert planted(overlap_of(items_from(TEXTS[:1])), TEXTS[:1], 6, hosts, WAYS["verbatim"]) == Count(10, 10, 0)


def test_a_text_stands_where_thirteen_of_its_words_do() -> None:
    words = [f"w{n}x" for n in range(20)]
    assert stands(" ".join(words), "a " + " ".join(words[3:16]).upper())
    assert not stands(" ".join(words), " ".join(words[3:15]))
    assert stands("Four words of it.", "So four words, of it")
    assert len(runs_of(" ".join(words))) == 8


def test_items_are_told_apart_and_filled_up() -> None:
    found = [
        *sentences(
            ["The first sentence stands here. The second one is here too.\nClick here for our cookies.\n"] * 2, 5
        )
    ]
    assert found == ["The first sentence stands here.", "The second one is here too."]
    assert len({*filled(TEXTS, 90)}) > 80
