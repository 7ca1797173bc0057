"""Lists of two corpora's pages by what became of them: against the table itself, and in any order of paging."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from c4pipe.errors import BuildError, ConfigError
from c4pipe.facts import fate_lists
from c4pipe.facts.corpus import Corpus
from c4pipe.facts.fate_lists import EXPORT_SCHEMA, FATE_LISTS, FatePages, around_key, exported, fate_counts, listed
from c4pipe.facts.fates import Fate, comparison, paired_pages
from c4pipe.facts.pairing import PairTable, connect_pair, pair_table
from tests.facts.test_fates import page, pair, write

Pairing = tuple[duckdb.DuckDBPyConnection, PairTable]


@pytest.fixture
def pairing(tmp_path: Path) -> Iterator[Pairing]:
    both = pair(tmp_path)
    with connect_pair(*both) as connection:
        yield connection, pair_table(connection, both)


def numbers(pairing: Pairing, asked: FatePages, **place: int) -> list[int]:
    found = listed(*pairing, asked, **place)
    return sorted(int(row.url.removeprefix("http://").partition(".")[0]) for row in found.rows)


@pytest.mark.parametrize(
    ("asked", "pages"),
    [
        (FatePages("same"), [1]),
        (FatePages("other_text"), [2]),
        (FatePages("other_language"), [3]),
        (FatePages("only_a"), [4, 6, 7]),
        (FatePages("only_b"), [5]),
        (FatePages("only_a", words=" \u00a0\n"), [4, 6, 7]),
        (FatePages("only_a", why="clean/few_sentences"), [4]),
        (FatePages("only_a", why="/not_read"), [6]),
        (FatePages("only_a", why="/not_recorded"), [7]),
        (FatePages("only_a", why="clean/nothing"), []),
        (FatePages("other_language", language="de"), [3]),
        (FatePages("other_language", language="fr"), []),
        (FatePages("only_a", domain="www.6.example"), [6]),
        (FatePages("only_a", words="HTTP 7.exam"), [7]),
        (FatePages("only_a", words="7xexam"), []),
        (FatePages("only_b", words="5"), [5]),
    ],
)
def test_a_list_holds_what_it_is_asked_for(pairing: Pairing, asked: FatePages, pages: list[int]) -> None:
    assert numbers(pairing, asked) == pages
    assert fate_counts(pairing[0], asked).pages == len(pages)
    assert sum(table.num_rows for table in exported(pairing[0], asked)) == len(pages)


def test_a_row_says_what_became_of_the_page_and_where(pairing: Pairing) -> None:
    rows = {row.url: row for row in listed(*pairing, FatePages("only_a")).rows}
    four = rows["http://4.example/"]
    assert four[2:] == ("2024", "a.wet#4", "clean", "few_sentences", "1 sentences", ("en", ""), (10, 0))
    assert rows["http://7.example/"][4:7] == ("", "not_recorded", "")
    (found,) = exported(pairing[0], FatePages("only_b"))
    assert found.schema == EXPORT_SCHEMA
    assert found.to_pylist() == [
        {"url": "http://5.example/", "timestamp": "2024", "source": "a.wet#5", "fate": "only_b", "stage": "badwords",
         "reason": "bad_word", "detail": "darn", "language_a": None, "language_b": "en", "bytes_a": None, "bytes_b": 17,
         "domain": "5.example", "file_a": None, "row_a": None, "file_b": "en/train-00000-of-00001.parquet", "row_b": 3}
    ]  # fmt: skip


def test_the_numbers_beside_a_list_hold_for_its_other_filters(pairing: Pairing) -> None:
    counts = fate_counts(pairing[0], FatePages("only_a", why="/not_read"))
    assert (counts.pages, counts.bytes) == (1, (10, 0))
    assert counts.whys == [("/not_read", 1), ("/not_recorded", 1), ("clean/few_sentences", 1)]
    assert counts.languages == [("en", "", 1)]
    assert (counts.domains, counts.others) == ([("6.example", 1)], 0)


def test_lists_are_paged_in_both_directions(pairing: Pairing, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = FatePages("only_a")
    keys = [row.key for row in listed(*pairing, asked).rows]
    assert keys == sorted(keys)
    assert [around_key(pairing[0], asked, key) for key in keys] == [
        (None, keys[1]),
        (keys[0], keys[2]),
        (keys[1], None),
    ]
    monkeypatch.setattr(fate_lists, "FATE_ROWS", 2)
    first = listed(*pairing, asked)
    assert ([row.key for row in first.rows], first.back, first.on) == (keys[:2], False, True)
    second = listed(*pairing, asked, after=keys[1])
    assert ([row.key for row in second.rows], second.back, second.on) == (keys[2:], True, False)
    again = listed(*pairing, asked, before=keys[2])
    assert ([row.key for row in again.rows], again.back, again.on) == (keys[:2], False, True)


def test_lists_of_real_corpora_add_up_to_the_comparison(samples: Corpus, languages: Corpus) -> None:
    """Every page of both is in a list once, but for those whose text and language differ, which are in two."""
    with connect_pair(samples, languages) as connection:
        table = pair_table(connection, (samples, languages))
        found = comparison(connection, table, shown=0)
        counted = {name: fate_counts(connection, FatePages(name)) for name in FATE_LISTS}
        assert [counts.pages for counts in counted.values()] == [
            found.same, found.other_text, found.other_language, *found.only,
        ]  # fmt: skip
        for name, whys in (("only_a", found.gone), ("only_b", found.come)):
            assert counted[name].whys == sorted(
                ((f"{why.stage}/{why.reason}", why.pages) for why in whys), key=lambda row: (-row[1], row[0])
            )
            rows = pa.concat_tables(exported(connection, FatePages(name))).to_pylist()
            assert len(rows) == counted[name].pages
        a = sum(counts.bytes[0] for name, counts in counted.items() if name in ("same", "other_text", "only_a"))
        both = connection.execute("SELECT coalesce(sum(size0), 0) FROM fates WHERE way = 2").fetchall()
        assert a + both[0][0] == found.bytes[0]


def test_a_page_has_all_that_is_recorded_of_it(pairing: Pairing) -> None:
    (row,) = listed(*pairing, FatePages("other_text")).rows
    found = paired_pages(*pairing, [row.key])[row.key]
    assert (found.texts, found.languages) == (["One.\nTwo.\nThree.", "One.\nThree."], ["en", "en"])
    assert (found.cut, found.fates[1]) == ([[], [("few_words", " Two. ")]], Fate("", "kept"))
    assert paired_pages(*pairing, [row.key + 1]) == {}


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (FatePages("gone"), "unknown list, 'gone'. Known: same, "),
        (FatePages("same", why="a/b"), "no reason separates them"),
    ],
)
def test_a_question_without_sense_is_refused(asked: FatePages, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        asked.check()


def test_a_table_that_was_interrupted_is_made_anew(samples: Corpus, languages: Corpus, monkeypatch: Any) -> None:
    with connect_pair(samples, languages) as connection, monkeypatch.context() as patched:

        def interrupted(*_: object) -> None:
            raise duckdb.InterruptException("INTERRUPT Error: Interrupted!")

        patched.setattr(PairTable, "_note", interrupted)
        with pytest.raises(duckdb.InterruptException):
            pair_table(connection, (samples, languages))
        patched.undo()
        table = pair_table(connection, (samples, languages))
        assert comparison(connection, table).kept == (table.kept[0].pages, table.kept[1].pages)


def test_files_that_have_changed_since_are_refused(tmp_path: Path) -> None:
    a, b = write(tmp_path / "a", [page(1)]), write(tmp_path / "b", [page(1)])
    with connect_pair(a, b) as connection:
        table = pair_table(connection, (a, b))
        table.check()
        (tmp_path / "b/en/train-00000-of-00001.parquet").write_bytes(b"PAR1")
        with pytest.raises(BuildError, match="train-00000"):
            table.check()
