"""What was cut and holds a search is found as SQL finds it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.facts.corpus import Corpus, connect
from c4pipe.inspect.serve.found_cuts import found_cuts, found_cuts_made, found_cuts_sql
from c4pipe.inspect.serve.needle import PHRASE, Needle
from c4pipe.page import Dropped
from tests.facts.test_cuts import corpus_of

SEARCHES = [("read", ""), ("Read", ""), ("more read", "words"), ("a b", "words"), ("ü", "words"), ("日本", "")]
SEARCHES += [(".*", "")]
LINES = st.sampled_from(["Read more", "more", "a b.c", "Über uns", "日本語。", "x .* y", "", "READ"])
CUTS = st.lists(st.builds(Dropped, st.sampled_from("ab"), LINES, st.just("")), max_size=4)
TABLES = st.lists(st.tuples(st.sampled_from([("", "kept"), ("url", "older_copy")]), CUTS, st.just("en")), min_size=1)

Rows = list[tuple[tuple[str, str], list[Dropped], str]]


def both(corpus: Corpus, needle: Needle) -> list[tuple[object, ...]]:
    """The rows of the table, found both ways."""
    with connect(corpus) as db:
        slow = sorted(db.execute(*found_cuts_sql(corpus, needle)).fetchall())
    fast = [tuple(row.values()) for row in found_cuts(corpus, needle).to_pylist()]
    assert sorted(fast) == slow
    return slow


@given(TABLES, st.sampled_from(SEARCHES))
def test_lines_are_found_as_sql_finds_them(rows: Rows, asked: tuple[str, str]) -> None:
    with TemporaryDirectory() as name:
        both(corpus_of(Path(name), rows), Needle(*asked))


@pytest.mark.parametrize(("asked", "some"), [(("the", ""), True), (("The", "words"), True), (("zzqqx", ""), False)])
def test_lines_of_a_built_corpus(samples: Corpus, asked: tuple[str, str], some: bool) -> None:
    assert bool(both(samples, Needle(*asked))) is some


def test_a_phrase_may_run_over_the_end_of_a_line(tmp_path: Path) -> None:
    cuts = [Dropped("a", "Read", ""), Dropped("b", "me", ""), Dropped("a", "more", "")]
    corpus = corpus_of(tmp_path, [(("", "kept"), cuts, "en")])
    with connect(corpus) as db:
        for name, q in (("x", "read more"), ("y", "read me"), ("z", "more read")):
            found_cuts_made(db, name, corpus, Needle(q, PHRASE))
        asked = [db.execute(f"SELECT whole, codes FROM {name}").fetchall() for name in "xyz"]
    assert asked == [[(False, ["a"])], [(True, [])], []]
