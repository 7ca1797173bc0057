"""The shuffle on disk: each output finds its own documents, in order, and notices when one is missing."""

import shutil
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from c4pipe.errors import BuildError
from c4pipe.files.storage import LocalStore
from c4pipe.mixture import Mixture
from c4pipe.rebalance import plan as planning
from c4pipe.rebalance import scatter as scattering
from c4pipe.rebalance.gather import write_output
from c4pipe.rebalance.plan import MixturePlan, make_plan
from c4pipe.rebalance.scatter import Scattered, scatter_source
from c4pipe.rebalance.sources import find_sources, look_at, read_corpora
from tests.rebalance.corpora import write_corpus

STORE = LocalStore()


@pytest.fixture
def plan(tmp_path, monkeypatch):
    """Two entries in four files of several buckets."""
    monkeypatch.setattr(planning, "BUCKET_BYTES", 2000)
    corpus = write_corpus(tmp_path / "c", {"en": 200, "sw": 30}, {"en": 4}, shards=3)
    sources, schema = look_at(find_sources(read_corpora([str(corpus)], STORE), []), STORE)
    return make_plan(sources, schema, Mixture.parse(), 260, 4, 0, 4)


def scatter_all(plan, folder):
    for number in range(len(plan.sources)):
        scatter_source(plan, number, STORE, Scattered.of(str(folder), number))


def gathered(plan, folder, output):
    row = write_output(plan, output, str(folder), STORE, str(folder / "out"))
    return row, pq.read_table(folder / "out" / row["path"])


def test_the_plan_cuts_positions_into_buckets_of_files(plan):
    train, validation = plan.splits
    assert (train.name, train.shards, validation.name, validation.shards) == ("train", 4, "validation", 1)
    assert train.buckets > 2
    assert train.edges[:: train.buckets].tolist() == [0, 65, 130, 195, 260]
    assert (np.diff(train.edges) > 0).all()
    assert [plan.path(output) for output in plan.outputs][3:] == [
        "mixture/train-00003-of-00004.parquet",
        "mixture/validation-00000-of-00001.parquet",
    ]


def test_a_plan_survives_its_file(plan):
    again = MixturePlan.from_bytes(plan.to_bytes())
    assert again == plan
    assert again.to_bytes() == plan.to_bytes()


@pytest.mark.parametrize("buffer", [1, 3000, 1 << 20])
def test_every_output_has_its_documents_in_the_order_of_the_mixture(plan, tmp_path, monkeypatch, buffer):
    monkeypatch.setattr(scattering, "BUFFER_BYTES", buffer)
    scatter_all(plan, tmp_path / "s")
    tables = [gathered(plan, tmp_path / "s", output)[1] for output in plan.outputs]
    assert [table.num_rows for table in tables] == [65, 65, 65, 65, 4]
    entries, _, rows = plan.splits[0].order.locate(np.arange(260))
    names = plan.splits[0].order.names
    expected = [f"{names[e]}.wet#train{r}" for e, r in zip(entries, rows, strict=True)]
    assert pa.concat_tables(tables[:4])["source"].to_pylist() == expected


def test_row_groups_stay_small(plan, tmp_path, monkeypatch):

    monkeypatch.setattr("c4pipe.shards.sink.ROW_GROUP_ROWS", 9)
    scatter_all(plan, tmp_path / "s")
    row, _ = gathered(plan, tmp_path / "s", plan.outputs[0])
    meta = pq.read_metadata(tmp_path / "s" / "out" / row["path"])
    assert meta.num_row_groups > 65 / 9
    assert max(meta.row_group(i).num_rows for i in range(meta.num_row_groups)) <= 9


def test_an_output_reads_only_its_own_pieces(plan, tmp_path):
    """All that a file reads of the scattered rows, together, is their size: nothing is read twice."""
    scatter_all(plan, tmp_path / "s")
    read = []

    class Counting(LocalStore):
        def read(self, path):
            stream = super().read(path)
            if path.endswith(".rows"):
                real = stream.read
                stream = Wrapped(stream, lambda n: read.append(n) or real(n))
            return stream

    for output in plan.outputs:
        write_output(plan, output, str(tmp_path / "s"), Counting(), str(tmp_path / "s" / "out"))
    assert sum(read) == sum(path.stat().st_size for path in (tmp_path / "s").glob("scattered/*.rows"))


class Wrapped:
    def __init__(self, stream, read):
        self.seek, self.read, self._stream = stream.seek, read, stream

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stream.close()


def test_a_document_that_is_missing_or_there_twice_is_noticed(plan, tmp_path):
    scatter_all(plan, tmp_path / "s")
    names = [Scattered.of(str(tmp_path / "s"), number) for number in plan.drawn(plan.splits[0])]
    for kind in ("rows", "starts"):  # one source in another's place: its documents are there twice
        shutil.copy(getattr(names[0], kind), getattr(names[1], kind))
    with pytest.raises(BuildError, match="lacks documents"):
        gathered(plan, tmp_path / "s", plan.outputs[0])


def test_bytes_that_are_not_the_manifest_s_are_not_scattered(plan, tmp_path):
    wrong = replace(plan, sources=(plan.sources[0]._replace(sha256="0" * 64), *plan.sources[1:]))
    with pytest.raises(BuildError, match=r"train-00000-of-00003.parquet does not match .* sha256"):
        scatter_source(wrong, 0, STORE, Scattered.of(str(tmp_path / "s"), 0))
    assert not (tmp_path / "s" / "scattered").exists()


def test_a_source_of_which_nothing_is_drawn_is_not_read(tmp_path):
    corpus = write_corpus(tmp_path / "c", {"en": 200, "sw": 1})
    sources, schema = look_at(find_sources(read_corpora([str(corpus)], STORE), []), STORE)
    few = make_plan(sources, schema, Mixture.parse("proportional"), 50, 4, 0, 1)
    assert [few.sources[number].entry for number in few.drawn(few.splits[0])] == ["en", "en"]
