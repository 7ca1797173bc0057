"""The bench's cells add up to the counts of the pages, and its changes are as described."""

from __future__ import annotations

import numpy as np

from bench.compare import SITES, boilerplate, cells_of, counted, shuffled
from c4pipe.compare.grams import count_grams
from c4pipe.compare.strings import strings_of
from c4pipe.page import Page

PAGES = [
    Page(f"http://site{number % 5}.example/{number}", f"page {number} of a site", "", "", "") for number in range(30)
]


def test_cells_add_up_to_the_corpus() -> None:
    strings = strings_of([b"page of a side"])
    cells = [*cells_of(strings, PAGES).values()]
    found = counted(strings, cells, [at % 3 for at in range(len(cells))])
    expected = count_grams(strings, [(page.url, page.text) for page in PAGES])
    assert len(cells) > 5
    assert all(cell.site < SITES for cell in cells)
    for one, other in zip(found, expected, strict=True):
        assert np.array_equal(one.sum(axis=0), other.sum(axis=0))


def test_shuffled_pages_have_the_words_of_their_lines_and_boilerplate_their_length() -> None:
    text = "one two three four five\nsix seven eight nine ten"
    assert [sorted(line.split()) for line in shuffled(text).split("\n")] == [
        sorted(line.split()) for line in text.split("\n")
    ]
    assert shuffled(text) != text
    assert len(text) <= len(boilerplate(text)) < len(text) + 120
