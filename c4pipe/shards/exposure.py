"""What a training run has read of corpora: RUN/exposure.parquet, written by `model.exposure`.

One row per page that was read, in the order of the shards and their rows; a row group holds pages of one shard. A shard
is identified by its sha256: a row stands for that page in any file with these bytes, wherever the corpus is now. Two
shards with the same bytes have separate rows, which are merged when they are read. A page without a row, in a shard
that the run reads, was not read up to the step at which the file was made. Of other shards nothing is known.
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
        pa.field("corpus", pa.string(), nullable=False),  # its folder as the run names it; for an example, the run's
        pa.field("config", pa.string(), nullable=False),  # for an example of a task, the task
        pa.field("shard", pa.string(), nullable=False),  # path from that folder
        pa.field("sha256", pa.string(), nullable=False),  # of the shard, in hexadecimal
        pa.field("row", pa.int64(), nullable=False),  # in the shard, from 0
        pa.field("url", pa.string(), nullable=False),  # "" for an example
        pa.field("times", pa.int32(), nullable=False),  # how often reading it began, in one step or over several
        pa.field("steps", pa.list_(pa.int32()), nullable=False),  # with tokens of it, ascending, each once, from 1
    ]
)
# Key of the metadata: JSON, {"step": the last one that counts, "state": sha256 of that checkpoint's state, "shards":
# sha256 of all shards that the run reads}.
PROVENANCE = b"c4pipe.exposure"
_CHECKPOINTS = "checkpoints"
_STEP = re.compile(r"step-(\d{8,})")


class Seen(NamedTuple):
    """How often a training run read a page, and at which steps."""

    times: int
    steps: list[int]


class ExposureError(BuildError):
    """The file cannot be trusted. `what` is the fault, without its path and what to do."""

    def __init__(self, run: Path, what: str) -> None:
        super().__init__(f"{run / EXPOSURE} {what}. {trace_again(run)}")
        self.what = what


class Exposure:
    """The file of a run, read only as far as needed.

    ConfigError where there is none; ExposureError where it is damaged, now or on a later read, or where the run's steps
    have changed since the trace.

    Attributes:
        step: the last step covered.
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
        """A remark if the run now has more or fewer steps than the file covers, else ""."""
        newest = newest_step(self._run)
        if newest in (0, self.step):
            return ""
        return f"it covers {self.step:,} steps, but the run has {newest:,}. {trace_again(self._run)}"

    def of(self, sha256: str, rows: Iterable[int]) -> dict[int, Seen]:
        """How these rows of a shard were read; rows that were not read are absent."""
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
    """What to do about a file that does not match its run."""
    return f"Make it again: python -m model.exposure --run {run}"


def newest_step(run: Path) -> int:
    """The step of the newest checkpoint of a run, by its name; 0 without any."""
    folder = run / _CHECKPOINTS
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return max((int(found[1]) for name in names if (found := _STEP.fullmatch(name))), default=0)
