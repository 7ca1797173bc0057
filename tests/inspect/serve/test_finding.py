"""Lists: every page once, in order, however they are cut; and the way back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.facts.corpus import Corpus
from c4pipe.inspect.serve import finding
from c4pipe.inspect.serve.counting import count_pages
from c4pipe.inspect.serve.finding import Hit, Place, RowRange, find, find_back, step, stretch
from c4pipe.inspect.serve.selection import Selection, known, parts_of
from tests.inspect.serve.conftest import cursor
from tests.inspect.serve.test_counting import SELECTIONS, plainly

parts = st.lists(st.fixed_dictionaries({"rows": st.integers(0, 30), "bytes": st.integers(0, 500)}), max_size=6)


def walk(corpus: Corpus, selection: Selection) -> list[list[Hit]]:
    connection, lists, place = cursor(corpus), [], Place(0, 0)
    while True:
        found = find(connection, corpus, selection, place)
        lists.append(found.hits)
        if found.on is None:
            assert found.searched == found.total == sum(part["rows"] for part in parts_of(corpus, selection))
            return lists
        assert found.on > place
        place = found.on


@pytest.mark.parametrize("selection", SELECTIONS, ids=lambda s: s.query() or "all")
def test_a_list_holds_every_page_once_in_order(
    samples: Corpus, selection: Selection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "PAGE_ROWS", 7)
    hits = [hit for hits in walk(samples, selection) for hit in hits]
    order = [part["path"] for part in parts_of(samples, selection)]
    places = [(order.index(hit.path), hit.row) for hit in hits]
    assert places == sorted(set(places))
    wanted = [
        (row[5], row[4])
        for row in plainly(samples, selection)
        if (row[3] == selection.outcome or (selection.outcome == "rejected" and row[3]))
        and all(getattr(selection, name) in ("", row[i]) for i, name in enumerate(("config", "split", "language")))
    ]
    assert sorted((hit.url, hit.chars) for hit in hits) == sorted(wanted)


@pytest.mark.parametrize(
    ("selection", "stretched"),
    [(Selection(), 3_000), (Selection(q="harbour"), 1), (Selection(outcome="rejected", q="a"), 1 << 40)],
)
def test_the_way_back_is_the_way_on(
    samples: Corpus, selection: Selection, stretched: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = [hit for hits in walk(samples, selection) for hit in hits]
    monkeypatch.setattr(finding, "STRETCH", stretched)
    monkeypatch.setattr(finding, "PAGE_ROWS", 5)
    monkeypatch.setattr(finding, "_FIRST_WINDOW", 2)
    assert [hit for hits in walk(samples, selection) for hit in hits] == wanted
    files = parts_of(samples, selection)
    connection, place, back = cursor(samples), Place(len(files) - 1, files[-1]["rows"]), list[Hit]()
    while place is not None:
        found = find_back(connection, samples, selection, place)
        assert len(found.hits) <= 5
        back = found.hits + back
        assert found.back is None or found.back < place
        place = found.back
    assert back == wanted


def test_steps_go_from_page_to_page(samples: Corpus) -> None:
    connection, selection = cursor(samples), Selection(q="harbour")
    hits = [hit for hits in walk(samples, selection) for hit in hits]
    order = [part["path"] for part in parts_of(samples, selection)]
    places = [Place(order.index(hit.path), hit.row) for hit in hits]
    for i, place in enumerate(places):
        assert step(connection, samples, selection, place, back=False) == (hits[i + 1] if i + 1 < len(hits) else None)
        assert step(connection, samples, selection, place, back=True) == (hits[i - 1] if i else None)


def test_a_snippet_shows_the_match(samples: Corpus) -> None:
    hits = find(cursor(samples), samples, Selection(q="sundays", field="text"), Place(0, 0)).hits
    assert hits
    assert all("sundays" in hit.snippet.lower() and len(hit.snippet) <= 360 for hit in hits)
    assert any(hit.inside for hit in hits)


@given(parts=parts, budget=st.integers(0, 2000), data=st.data())
def test_stretches_join_without_gap_or_overlap(parts: list[dict[str, int]], budget: int, data: st.DataObject) -> None:
    place: Place | None = Place(0, 0)
    rows = []
    while place is not None:
        pieces, following = stretch(parts, place, budget)
        assert following is None or following > place
        rows += [(piece.part, row) for piece in pieces for row in range(piece.start, piece.stop)]
        place = following
    assert rows == [(number, row) for number, part in enumerate(parts) for row in range(part["rows"])]


def test_a_stretch_holds_about_its_budget_in_whole_files() -> None:
    files = [{"rows": 10, "bytes": 1000}, {"rows": 10, "bytes": 1000}]
    assert stretch(files, Place(0, 2), 1900) == ([RowRange(0, 2, 10), RowRange(1, 0, 10)], None)
    assert stretch(files, Place(0, 2), 1700) == ([RowRange(0, 2, 10)], Place(1, 0))
    assert stretch(files, Place(0, 2), 300) == ([RowRange(0, 2, 5)], Place(0, 5))
    assert stretch(files, Place(0, 2), 0) == ([RowRange(0, 2, 3)], Place(0, 3))


def test_files_without_a_hit_are_known_and_need_no_counting(hostile: Corpus) -> None:
    selection, has = Selection(q="shalom not said"), known(hostile)
    nowhere = find(cursor(hostile), hostile, selection, Place(0, 0))
    assert nowhere.barren == {part["path"] for part in hostile.shards()}
    once = find(cursor(hostile), hostile, Selection(q="page 3 harbour", split="train"), Place(0, 0))
    assert [hit.path for hit in once.hits] == ["en/train-00001-of-00002.parquet", "de/train-00000-of-00001.parquet"]
    assert once.barren == {"en/train-00000-of-00002.parquet"}
    for asked in (selection, Selection(q="page 3 harbour")):
        assert count_pages(cursor(hostile), hostile, asked, has, once.barren) == count_pages(
            cursor(hostile), hostile, asked, has
        )
