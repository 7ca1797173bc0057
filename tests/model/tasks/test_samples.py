"""data_samples/tasks is what its script makes, small, and of many kinds."""

import io
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from data_samples.tasks import make_tasks
from model.tasks.naming import parse_tasks

FOLDER = Path(make_tasks.__file__).parent
BUILT = make_tasks.build()
DATA = {data.name: data for data in parse_tasks(f"{name}={FOLDER / name}" for name in make_tasks.KINDS)}


@pytest.mark.parametrize("name", sorted(BUILT))
def test_the_script_makes_the_committed_bytes(name):
    there, made = (FOLDER / name).read_bytes(), BUILT[name]
    if name.endswith(".parquet"):  # another version of pyarrow writes other bytes
        assert pq.read_table(io.BytesIO(there)).equals(pq.read_table(io.BytesIO(made)))
    elif name != "wmt_ende/SHA256SUMS":
        assert there == made, "run `python data_samples/tasks/make_tasks.py`"


def test_nothing_else_lies_there_and_all_is_small():
    files = {file.relative_to(FOLDER).as_posix() for file in FOLDER.rglob("*") if file.is_file()}
    assert {name for name in files if "__pycache__" not in name} == {*BUILT, "make_tasks.py"}
    assert sum(map(len, BUILT.values())) < 700_000


@pytest.mark.parametrize("name", make_tasks.KINDS)
def test_a_task_has_enough_examples_and_other_ones_in_each_split(name):
    data = DATA[name]
    found = {split: [*data.examples(split)] for split in data.splits}
    assert {split: len(examples) for split, examples in found.items()}.items() >= {"train": 200, "test": 24}.items()
    assert len(found["validation"]) >= 64
    assert {example.answer for example in found["test"]} == {None}
    pairs = [example[:2] for split in found if split != "test" for example in found[split]]
    assert len({*pairs}) == len(pairs)
    for split in data.splits:
        assert data.sums(split)


@pytest.mark.parametrize("name", ["sst2", "superglue_rte", "wsc"])
def test_no_label_is_more_frequent_than_three_in_five(name):
    (_, most), *_ = Counter(example.answer for example in DATA[name].examples("validation")).most_common(1)
    assert 0.5 <= most / sum(1 for _ in DATA[name].examples("validation")) <= 0.62
