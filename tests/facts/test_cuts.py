"""What was cut, read leaf by leaf, is what SQL says of the lists, row by row."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.errors import BuildError, ConfigError
from c4pipe.facts.corpus import Corpus, connect
from c4pipe.facts.cuts import CUT_PLACE, cut_rows, over_cuts
from c4pipe.facts.table_losses import loss_places
from c4pipe.page import Dropped, Page
from tests.inspect.serve.conftest import write

LINES = st.sampled_from(["Read more", " read MORE ", "", "Ünï İSTANBUL ß", "日本語。", "ΟΔΟΣ", "x" * 3]) | st.text(
    max_size=6
)
CUTS = st.lists(st.builds(Dropped, st.sampled_from("abc"), LINES, st.sampled_from(["", "0" * 16])), max_size=4)
FATES = st.sampled_from([("", "kept"), ("clean", "few_sentences"), ("url", "older_copy")])
TABLES = st.lists(st.tuples(FATES, CUTS, st.sampled_from(["", "en", "de"])), min_size=1, max_size=7)


def corpus_of(folder: Path, rows: list[tuple[tuple[str, str], list[Dropped], str]]) -> Corpus:
    lost = [
        (Page(f"http://www.s{n}.example/", "t" * n, "2024", f"a#{n}", language=language), *fate, "", cuts)
        for n, (fate, cuts, language) in enumerate(rows)
    ]
    return write(folder, {("en", "train"): [[Page("http://x.example/", "t", "2024", "b#0")]]}, lost)


@given(TABLES)
def test_cuts_are_those_of_the_lists(rows: list[tuple[tuple[str, str], list[Dropped], str]]) -> None:
    with TemporaryDirectory() as name, connect(corpus := corpus_of(Path(name), rows)) as db:
        wanted = db.execute(
            "SELECT d.reason, lower(trim(d.line)), coalesce(d.owner, ''), stage = '', row FROM "
            "(SELECT unnest(dropped) AS d, stage, row FROM rejected) WHERE d.reason IN ('a', 'b') ORDER BY row"
        ).fetchall()
        found = [tuple(row.values()) for row in cut_rows(corpus, ("a", "b")).read_all().to_pylist()]
        assert sorted((a, b, c or "", d, e) for a, b, c, d, e in found) == sorted(wanted)
        chars = [n for each in over_cuts(corpus, lambda cut: cut.chars().tolist(), ("reason", "line")) for n in each]
        assert chars == [len(cut.line) for _, cuts, _ in rows for cut in cuts]
        codes = [row for each in over_cuts(corpus, lambda cut: cut.page_codes().to_pylist()) for row in each]
        assert codes == [sorted({cut.code for cut in cuts}) for _, cuts, _ in rows]
        for by, of in (("language", lambda n: rows[n][2]), ("length", lambda n: max(0, n.bit_length() - 1))):
            places = {(f"{s}/{r}", False, of(n)) for n, ((s, r), *_) in enumerate(rows) if s}
            places |= {("", False, group) for _, _, group in places}
            places |= {(cut.code, not s, of(n)) for n, ((s, _), cuts, _) in enumerate(rows) for cut in cuts}
            assert loss_places(db, corpus, by).found == places


def test_only_the_row_groups_of_places_are_read(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path, [(("", "kept"), [Dropped("a", f"Line {n}", "")], "") for n in range(7)])
    found = cut_rows(corpus, ("a",), {3, 6}).read_all()  # two pages a group
    assert found["place"].to_pylist() == [2, 3, 6]
    assert cut_rows(corpus, ("a",), {1 << CUT_PLACE}).read_all().num_rows == 0
    assert cut_rows(corpus, ("a",), lines=False).read_all()["line"].null_count == 7


def test_a_table_without_lists_has_pages_and_no_cuts(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path, [(("", "kept"), [], "")] * 3)
    path = tmp_path / corpus.rejected[0]["path"]
    pq.write_table(pq.read_table(path).drop_columns(["dropped"]), path)
    assert list(over_cuts(corpus, lambda cut: (cut.pages.num_rows, len(cut.codes)), columns=["stage"])) == [(3, 0)]


def test_what_takes_too_long_or_is_damaged_ends_in_words(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path, [(("", "kept"), [Dropped("a", "L", "")], "")])
    with pytest.raises(ConfigError, match="more than -1 seconds"):
        list(over_cuts(corpus, lambda cut: cut.names, seconds=-1))
    (tmp_path / corpus.rejected[0]["path"]).write_bytes(b"PAR1")
    with pytest.raises(BuildError, match="cannot be read"):
        list(over_cuts(corpus, lambda cut: cut.names))
