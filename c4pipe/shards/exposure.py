"""What a training has read of corpora: RUN/exposure.parquet, which `model.exposure` writes and others look into.

A row a page that was read, in the order of the shards and their rows; a row group holds pages of one shard. A shard is
known by its sha256: a row is that page in any file of these bytes, wherever the corpus lies now. Two shards of the same
bytes have rows of their own, which are put together when they are looked into. A page of a shard that the run reads,
and that is not here, was not read up to the step that the file was made at; of other shards nothing is known.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from c4pipe.errors import BuildError, ConfigError
from c4pipe.files.pinned import sha256_of

EXPOSURE = "exposure.parquet"
EXPOSURE_SCHEMA = pa.schema(
    [
        pa.field("corpus", pa.string(), nullable=False),  # its folder as the run names it; of an example, the run's
        pa.field("config", pa.string(), nullable=False),  # of an example of a task, the task
        pa.field("shard", pa.string(), nullable=False),  # from that folder
        pa.field("sha256", pa.string(), nullable=False),  # of the shard, in hexadecimal
        pa.field("row", pa.int64(), nullable=False),  # of the shard, from 0
        pa.field("url", pa.string(), nullable=False),  # "" of an example
        pa.field("times", pa.int32(), nullable=False),  # how often a reading of it began, in one step or over several
        pa.field("steps", pa.list_(pa.int32()), nullable=False),  # that had tokens of it, rising, each once, from 1
    ]
)
# Key of the metadata: JSON, {"step": the last one that counts, "state": sha256 of that checkpoint's state, "shards":
# sha256 of all that the run reads}.
PROVENANCE = b"c4pipe.exposure"
_CHECKPOINTS = "checkpoints"
_STEP = re.compile(r"step-(\d{8,})")


class Seen(NamedTuple):
    """How a training met a page."""

    times: int
    steps: list[int]


class ExposureError(BuildError):
    """The file says nothing that can be trusted; `what` it is, without its path and what to do."""

    def __init__(self, run: Path, what: str) -> None:
        super().__init__(f"{run / EXPOSURE} {what}. {trace_again(run)}")
        self.what = what


class Exposure:
    """The file of a run, of which only the parts that are asked for are read.

    ConfigError where there is none; ExposureError where it is damaged, here or later, and where the run has other steps
    now than those that were traced.

    Attributes:
        step: the last one that it knows of.
        shards: the sha256 of all shards that the run reads.
    """

    def __init__(self, run: Path) -> None:
        self._run = run
        path = run / EXPOSURE
        if not path.is_file():
            raise ConfigError(f"{run} has no {EXPOSURE}. Make it: python -m model.exposure --run {run}")
        self._groups: dict[str, list[tuple[int, int, int]]] = defaultdict(list)  # number, first row, last row
        place = EXPOSURE_SCHEMA.get_field_index("sha256"), EXPOSURE_SCHEMA.get_field_index("row")
        try:
            self._file = pq.ParquetFile(path, page_checksum_verification=True)
            if self._file.schema_arrow.names != EXPOSURE_SCHEMA.names:
                raise ValueError(f"its columns are {', '.join(self._file.schema_arrow.names)}")
            made = json.loads((self._file.metadata.metadata or {})[PROVENANCE])
            self.step, state, self.shards = int(made["step"]), str(made["state"]), frozenset(made["shards"])
            for number in range(self._file.num_row_groups):
                of, rows = (self._file.metadata.row_group(number).column(one).statistics for one in place)
                self._groups[of.min].append((number, rows.min, rows.max))
        except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._damaged(error) from None
        there = run / _CHECKPOINTS / f"step-{self.step:08d}" / "state.json"
        if there.is_file() and sha256_of(there) != state:
            raise ExposureError(run, f"covers other steps than the run has now: step {self.step:,} was trained again")

    @property
    def note(self) -> str:
        """What is to be said of it where the run has now more steps, or fewer; "" else."""
        newest = newest_step(self._run)
        if newest in (0, self.step):
            return ""
        return f"it covers {self.step:,} steps, but the run has {newest:,}. {trace_again(self._run)}"

    def of(self, sha256: str, rows: Iterable[int]) -> dict[int, Seen]:
        """How these rows of a shard were met; those that were not are left out."""
        wanted: set[int] = {*rows}
        found: dict[int, Seen] = {}
        for number, first, last in self._groups.get(sha256, ()):
            if any(first <= row <= last for row in wanted):
                try:
                    table = self._file.read_row_group(number, columns=["row", "times", "steps"])
                except (pa.ArrowException, OSError) as error:
                    raise self._damaged(error) from None
                for at, row in enumerate(table["row"].to_pylist()):
                    if row in wanted:
                        before = found.get(row, Seen(0, []))  # in another shard of the same bytes
                        steps = sorted({*before.steps, *table["steps"][at].as_py()})
                        found[row] = Seen(before.times + table["times"][at].as_py(), steps)
        return found

    def _damaged(self, error: Exception) -> ExposureError:
        return ExposureError(self._run, f"is damaged ({error})")


def trace_again(run: Path) -> str:
    """What to do about a file that is not, or no longer, that of its run."""
    return f"Make it again: python -m model.exposure --run {run}"


def newest_step(run: Path) -> int:
    """The step of the newest checkpoint of a run, by its name; 0 without any."""
    folder = run / _CHECKPOINTS
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return max((int(found[1]) for name in names if (found := _STEP.fullmatch(name))), default=0)
