"""The examples of tasks as the trainer reads them: RUN/tasks/NAME/SPLIT.parquet, one pair of strings per row.

    rows of a data set --TaskData.examples--> inputs, targets, answer (JSON) --read_entry--> Entry

Anybody can inspect what a model was trained on. The bytes are a function of the data and the task. A resumed run writes
them again, and the position in its stream is valid only for these bytes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from c4pipe.disk import put_aside, sync_path
from c4pipe.shards import sha256_of
from c4pipe.text import many
from model.corpus import Entry, Shard, read_entry
from model.errors import ConfigError, TrainError
from model.run import PREPARED, say
from model.tasks import TaskExample
from model.tasks.data import TaskData

PAIR_COLUMNS = ("inputs", "targets")
GROUP_ROWS = 10_000  # examples: a few MB of text

_SCHEMA = pa.schema([(name, pa.string()) for name in (*PAIR_COLUMNS, "answer")])


def check_data_apart(run: Path, tasks: Iterable[TaskData]) -> None:
    """ConfigError if data of a task are in the folder where the run writes examples."""
    place = (run / PREPARED).resolve()
    for data in tasks:
        for path in (data.path, *(file for files in data.splits.values() for file in files)):
            # The path, and its folder with links resolved.
            if any(one.is_relative_to(place) for one in (path.resolve(), path.parent.resolve())):
                raise ConfigError(
                    f"{path} of {data.name} is in {run / PREPARED}, which the run itself writes: name another --run, "
                    "or move the data"
                )


def prepare_task(data: TaskData, split: str, run: Path) -> Entry | None:
    """Writes the labelled examples of a split into the folder of a run. Returns their entry.

    None if no row of an evaluated split has a label, since no loss can be computed without answers. ConfigError, with
    its place, for a malformed row, and for a training split without examples; TrainError if the disk refuses. An
    existing file that is not of this kind is renamed and kept.
    """
    path = run / PREPARED / data.name / f"{split}.parquet"
    draft = path.with_name(f".{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        rows, left_out = _write(draft, data.examples(split))
        if left_out:
            found = many(left_out, "example")
            say(f"note: {data.name}, {split}: {found} without a label skipped, {rows:,} with one kept")
        if not rows and split != "train":
            if _is_prepared(path):
                path.unlink()
            return None
        if not rows:
            raise ConfigError(f"{data.name}: no example in {', '.join(map(str, data.splits[split]))}")
        if os.path.lexists(path) and not _is_prepared(path):
            say(f"note: {path} was not written by a run: kept as {put_aside(path).name}")
        draft.replace(path)
        sync_path(path.parent)
        shard = Shard(path, rows, path.stat().st_size, sha256_of(path))
    except OSError as error:
        raise TrainError(f"{path} cannot be written ({error}). Free space, then run it again.") from error
    finally:
        draft.unlink(missing_ok=True)
    return read_entry(data.name, [shard], PAIR_COLUMNS)


def prepared_entry(data: TaskData, split: str, run: Path) -> Entry | None:
    """The entry that another process prepared."""
    path = run / PREPARED / data.name / f"{split}.parquet"
    if not path.exists():
        return None
    shard = Shard(path, pq.read_metadata(path).num_rows, path.stat().st_size, sha256_of(path))
    return read_entry(data.name, [shard], PAIR_COLUMNS)


def _is_prepared(path: Path) -> bool:
    try:
        return path.is_file() and bool(pq.read_schema(path).equals(_SCHEMA))
    except (pa.ArrowException, OSError):
        return False


def _write(path: Path, examples: Iterator[TaskExample]) -> tuple[int, int]:
    """Writes examples. Returns the number written, and the number without a label."""
    count = seen = 0
    with pq.ParquetWriter(path, _SCHEMA, compression="zstd", write_page_checksum=True) as writer:
        while drawn := [*islice(examples, GROUP_ROWS)]:
            seen += len(drawn)
            batch = [example for example in drawn if example.answer is not None]
            if not batch:
                continue
            count += len(batch)
            answers = [json.dumps(example.answer, ensure_ascii=False, sort_keys=True) for example in batch]
            inputs, targets = ([example[place] for example in batch] for place in (0, 1))
            writer.write_table(pa.table([inputs, targets, answers], schema=_SCHEMA))
    return count, seen - count


def read_examples(entry: Entry, most: int | None = None) -> list[TaskExample]:
    """The first examples of a prepared split, with their answers."""
    found: list[TaskExample] = []
    with pq.ParquetFile(entry.files[0], page_checksum_verification=True) as parquet:
        for group in range(parquet.num_row_groups):
            if most is not None and len(found) >= most:
                break
            columns = [column.to_pylist() for column in parquet.read_row_group(group).columns]
            found += (
                TaskExample(inputs, targets, json.loads(answer))
                for inputs, targets, answer in zip(*columns, strict=True)
            )
    return found[:most]
