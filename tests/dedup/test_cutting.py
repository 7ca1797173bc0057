"""c4pipe.dedup.cutting: many texts at once are cut as `SpanLevel.apply` cuts each."""

from __future__ import annotations

import gzip
import io

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.outside import SHARED
from c4pipe.dedup import SpanLevel, TextBatch
from c4pipe.dedup.cutting import cut_pieces
from c4pipe.page import Kept, Page, Verdict
from c4pipe.passes.losses import texts_in
from c4pipe.wet import read_wet
from tests import needs

LEVEL = SpanLevel()
BLANKS = "".join(char for char in map(chr, range(0x110000)) if char.isspace())
Losing = tuple[str, list[int], list[bool]]  # a text, where its pieces begin, which are lost


def batch(pages: list[Losing], ahead: int = 0) -> tuple[TextBatch, np.ndarray]:
    """As staged pages hold them; `ahead`: pages of the table that stand before those of the batch."""
    columns = {
        "text": pa.array([text for text, _, _ in pages], pa.string()),
        "starts": pa.array([starts for _, starts, _ in pages], pa.list_(pa.uint32())),
    }
    lost = np.array([flag for _, _, flags in pages[ahead:] for flag in flags], bool)
    return texts_in(pa.record_batch(columns).slice(ahead)), lost


def at_once(pages: list[Losing], ahead: int = 0) -> list[Verdict]:
    applied = LEVEL.apply_all(*batch(pages, ahead))
    return [applied(i, Page("", text, "")) for i, (text, _, _) in enumerate(pages[ahead:])]


def one_by_one(pages: list[Losing]) -> list[Verdict]:
    return [LEVEL.apply(Page("", text, ""), flags, starts=starts) for text, starts, flags in pages]


@pytest.mark.parametrize(
    ("page", "left", "chars"),
    [
        (("One. Two. Three.", [0, 5, 10], [True, False, False]), "Two. Three.", 4),
        (("One. Two. Three.", [0, 5, 10], [False, False, True]), "One. Two.", 6),
        (("One.\nTwo.\nThree.", [0, 5, 10], [False, True, False]), "One.\nThree.", 4),
        (("One. Two.\nThree. Four.", [0, 5, 10, 17], [False, True, True, False]), "One.\nFour.", 10),
        (("Só. Wê \u3000\n\u2028né.\xa0", [0, 4, 9], [False, True, False]), "Só.\nné.", 2),
        (("One. \x85\n\n", [0, 5], [True, True]), "", 4),
        (("\U0001f600 a\U0001f600b", [0, 2], [True, False]), "a\U0001f600b", 1),
        (("In front. Two.", [10], [True]), "", 4),
    ],
)
def test_what_is_left(page: Losing, left: str, chars: int) -> None:
    cut = cut_pieces(*batch([page, page]))
    assert [(cut.left(i), cut.chars[i], cut.pieces[i]) for i in range(2)] == [(left, chars, sum(page[2]))] * 2
    assert at_once([page]) == one_by_one([page])


@pytest.mark.parametrize("blank", BLANKS)
def test_every_blank_is_stripped(blank: str) -> None:
    text = f"{blank}a{blank}b{blank}\n{blank}c{blank}"
    page = (text, [0, 3, 6], [False, True, False])
    assert at_once([page]) == one_by_one([page])


def test_what_is_next_to_a_blank_is_none() -> None:
    edges = sorted({chr(ord(blank) + step) for blank in BLANKS for step in (-1, 1)} - {*BLANKS})
    pages = [(f"a{char}b{char}", [0, 2], [True, False]) for char in edges]
    assert at_once(pages) == one_by_one(pages)


@st.composite
def losing(draw: st.DrawFn) -> Losing:
    text = draw(st.text(st.sampled_from("aé€\U0001f600.\n\n \t\x1f\x85\xa0\u2003\u3000"), max_size=90))
    text = draw(st.sampled_from((text, text.encode("ascii", "ignore").decode())))
    starts = draw(st.lists(st.integers(0, len(text)), min_size=1, max_size=9).map(sorted))
    flags = draw(st.lists(st.booleans(), min_size=len(starts), max_size=len(starts)))
    return text, starts, [*flags[1:], True]


@pytest.mark.parametrize("starts", [[0, 99, 5], [5, 0], [3, 1, 2]])
def test_pieces_out_of_order_are_refused(starts: list[int]) -> None:
    """Otherwise machine code would write beyond its buffers."""
    page = ("One one. Two two.", starts, [True] + [False] * (len(starts) - 1))
    in_order = ("One. Two.", [0, 5], [False, True])
    for pages in ([page], [in_order, page], [page, in_order]):
        with pytest.raises(ValueError, match="the pieces of a text are not in order"):
            cut_pieces(*batch(pages))
    assert cut_pieces(*batch([in_order, ("", [], []), in_order])).pieces == [1, 0, 1]


@given(st.lists(losing(), min_size=1, max_size=6), st.integers(0, 2))
def test_the_same_as_one_by_one(pages: list[Losing], ahead: int) -> None:
    assert at_once(pages, min(ahead, len(pages) - 1)) == one_by_one(pages[min(ahead, len(pages) - 1) :])


def test_a_page_that_loses_nothing_is_left_alone() -> None:
    pages = [("One. ", [0], [False]), ("One. Two.", [0, 5], [True, False]), ("", [], []), ("Three.", [0], [False])]
    cut = cut_pieces(*batch(pages))
    assert (cut.left(1), cut.chars, cut.pieces) == ("Two.", [0, 4, 0, 0], [0, 1, 0, 0])


def test_flags_of_other_pages_are_refused() -> None:
    texts, _ = batch([("One. Two.", [0, 5], [True, False])])
    with pytest.raises(ValueError, match="3 flags for 2 pieces of 1 texts"):
        cut_pieces(texts, np.ones(3, bool))


@needs.shared
def test_the_same_on_real_pages() -> None:
    pages: list[Losing] = []
    for path in sorted((SHARED / "wet").glob("cc-wet-*.gz")):
        for verdict in read_wet(io.BytesIO(gzip.decompress(path.read_bytes())), path.name):
            starts = [*LEVEL.atoms_at(verdict.page.text)[1]]
            if isinstance(verdict, Kept) and starts:
                number = len(pages)
                pages.append((verdict.page.text, starts, [(i // 3 + number) % 3 == 0 for i in range(len(starts))]))
    chosen = [page for page in pages if any(page[2])]
    assert len(chosen) > 100
    assert at_once(chosen) == one_by_one(chosen)
