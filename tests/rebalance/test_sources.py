"""What is mixed: names of entries, the numbers of rows, columns."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from c4pipe.errors import ConfigError
from c4pipe.files.storage import LocalStore
from c4pipe.rebalance.sources import find_sources, look_at, read_corpora, with_columns
from c4pipe.shards import PAGE_SCHEMA
from tests.rebalance.corpora import write_corpus

STORE = LocalStore()


@pytest.fixture
def two(tmp_path):
    return [
        str(write_corpus(tmp_path / "a", {"en": 10, "de": 4}, {"en": 2})),
        str(write_corpus(tmp_path / "b", {"en": 3})),
    ]


def found(words, languages=()):
    return [
        (s.entry, s.split, s.path.rpartition("/")[2][:11], s.first, s.rows)
        for s in find_sources(read_corpora(words, STORE), languages)
    ]


def test_an_entry_is_a_folder_of_the_one_corpus(two):
    assert found(two[:1]) == [
        ("de", "train", "train-00000", 0, 2),
        ("de", "train", "train-00001", 2, 2),
        ("en", "train", "train-00000", 0, 5),
        ("en", "train", "train-00001", 5, 5),
        ("en", "validation", "validation-", 0, 1),
        ("en", "validation", "validation-", 1, 1),
    ]


def test_of_several_corpora_an_entry_says_whose_it_is(two):
    assert [row[0] for row in found(two, ["en"])] == ["a:en", "a:en", "b:en", "b:en", "a:en", "a:en"]


def test_a_corpus_with_a_name_is_one_entry_and_its_folders_follow_each_other(two):
    assert found([f"web={two[0]}", f"books={two[1]}"])[:6] == [
        ("books", "train", "train-00000", 0, 1),
        ("books", "train", "train-00001", 1, 2),
        ("web", "train", "train-00000", 0, 2),
        ("web", "train", "train-00001", 2, 2),
        ("web", "train", "train-00000", 4, 5),
        ("web", "train", "train-00001", 9, 5),
    ]


def test_the_order_of_the_manifest_does_not_matter(two, tmp_path):
    corpora = read_corpora(two, STORE)
    expected = find_sources(corpora, [])
    for corpus in corpora:
        corpus.manifest["shards"].reverse()
    assert find_sources(corpora, []) == expected


def test_columns_are_a_page_s_in_their_order_then_others(tmp_path):
    text, score, url, note = (
        pa.field("text", pa.string(), nullable=False),
        pa.field("language_score", pa.float64(), nullable=False),
        pa.field("url", pa.string()),
        pa.field("note", pa.list_(pa.string())),
    )
    schema = pa.schema([text, url, score, note])
    table = pa.table({"note": [["x"]], "text": ["t"]}, schema=pa.schema([note, text]))
    assert with_columns(table, schema).to_pylist() == [{"text": "t", "url": "", "language_score": 0.0, "note": ["x"]}]
    table = pa.table({"text": ["t"]}, schema=pa.schema([text]))
    assert with_columns(table, schema).schema == schema
    assert with_columns(table, schema).to_pylist() == [{"text": "t", "url": "", "language_score": 0.0, "note": None}]


def test_all_columns_of_all_corpora_are_there(tmp_path):
    old = write_corpus(tmp_path / "old", {"is": 3}, columns=["text", "timestamp", "url", "source"])
    new = write_corpus(tmp_path / "new", {"is": 3})
    sources, schema = look_at(find_sources(read_corpora([str(old), str(new)], STORE), []), STORE)
    assert schema == PAGE_SCHEMA
    assert all(source.raw > 0 for source in sources)


def test_a_column_that_a_stage_added_is_null_where_a_corpus_lacks_it(tmp_path):
    corpora = [str(write_corpus(tmp_path / name, {"is": 1}, shards=1)) for name in ("old", "new")]
    sources = find_sources(read_corpora(corpora, STORE), [])
    (new,) = (source for source in sources if source.entry.startswith("new"))
    added = [pa.field("stars", pa.int32(), nullable=False), pa.field("good", pa.bool_(), nullable=False)]
    table = pq.read_table(new.path, partitioning=None)
    for field, values in zip(added, ([5], [True]), strict=True):
        table = table.append_column(field, pa.array(values, field.type))
    pq.write_table(table, new.path)
    new = new._replace(bytes=Path(new.path).stat().st_size)
    _, schema = look_at([new, *(source for source in sources if source.path != new.path)], STORE)
    assert schema == pa.schema([*PAGE_SCHEMA, *(field.with_nullable(True) for field in added)])
    (row,) = with_columns(table.drop_columns(["stars", "good"]), schema).to_pylist()
    assert (row["stars"], row["good"]) == (None, None)
    assert look_at([new], STORE)[1] == pa.schema([*PAGE_SCHEMA, *added])


def test_a_corpus_without_text_is_none(tmp_path):
    corpus = write_corpus(tmp_path / "c", {"is": 3}, columns=["url"])
    sources = find_sources(read_corpora([str(corpus)], STORE), [])
    with pytest.raises(ConfigError, match="no column 'text', only url"):
        look_at(sources, STORE)


def test_what_has_no_language_is_mixed_only_when_asked_for(tmp_path):
    corpus = read_corpora([str(write_corpus(tmp_path / "c", {"is": 3, "und": 5}))], STORE)
    assert {source.entry for source in find_sources(corpus, [])} == {"is"}
    assert {source.entry for source in find_sources(corpus, ["is", "und"])} == {"is", "und"}
    alone = read_corpora([str(write_corpus(tmp_path / "d", {"und": 5}))], STORE)
    with pytest.raises(ConfigError, match="there are no documents to mix"):
        find_sources(alone, [])
