"""bench.windows: the suffix array against a plain loop, and its report on pages that share a passage."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bench.windows import compared, covered, repeated
from c4pipe.page import Page
from tests.wetfiles import story


@given(st.lists(st.integers(0, 2), min_size=1, max_size=40), st.integers(1, 6))
def test_a_run_is_repeated_where_it_stands_earlier(ids: list[int], length: int) -> None:
    if len(ids) < length:
        return
    runs = [tuple(ids[i : i + length]) for i in range(len(ids) - length + 1)]
    again = [run in runs[:i] for i, run in enumerate(runs)] + [False] * (length - 1)
    found = repeated(np.unique(ids, return_inverse=True)[1].astype(np.int64), length)
    assert found.tolist() == again
    inside = [any(again[max(0, i - length + 1) : i + 1]) for i in range(len(ids))]
    assert covered(found, length).tolist() == inside


def test_what_is_told() -> None:
    shared = story(7000, 10)
    pages = [Page(f"http://a.example/{n}", f"{story(100 * n)}\n{shared}\n{story(100 * n + 50)}", "") for n in range(3)]
    told = "\n".join(compared(pages))
    assert told.startswith("3 pages, ")
    assert ", and 0 others" in told
    assert ", 0 lose nothing" in told
    assert "99 on        2    100 %" in told
