"""What a training has read of corpora: RUN/exposure.parquet, which `model.exposure` writes and others look into.

A row a page that was read, in the order of the shards and their rows; a row group holds pages of one shard. A shard is
known by its sha256: a row is that page in any file of these bytes, wherever the corpus lies now. What is not here was
not read up to the step that the file was made at.
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
PROVENANCE = b"c4pipe.exposure"  # key of the metadata: JSON, {"step": the last one that counts}
_STEP = re.compile(r"step-(\d{8,})")


class Seen(NamedTuple):
    """How a training met a page."""

    times: int
    steps: list[int]


class Exposure:
    """The file of a run, of which only the parts that are asked for are read.

    ConfigError where there is none; BuildError, here or later, where it is damaged.

    Attributes:
        step: the last one that it knows of; `newest`: that of the run's newest checkpoint, 0 without any.
    """

    def __init__(self, run: Path) -> None:
        self._path = run / EXPOSURE
        if not self._path.is_file():
            raise ConfigError(f"{run} has no {EXPOSURE}. Make it: python -m model.exposure --run {run}")
        self._groups: dict[str, list[tuple[int, int, int]]] = defaultdict(list)  # number, first row, last row
        place = EXPOSURE_SCHEMA.get_field_index("sha256"), EXPOSURE_SCHEMA.get_field_index("row")
        try:
            self._file = pq.ParquetFile(self._path, page_checksum_verification=True)
            if self._file.schema_arrow.names != EXPOSURE_SCHEMA.names:
                raise ValueError(f"its columns are {', '.join(self._file.schema_arrow.names)}")
            self.step = int(json.loads((self._file.metadata.metadata or {})[PROVENANCE])["step"])
            for number in range(self._file.num_row_groups):
                of, rows = (self._file.metadata.row_group(number).column(one).statistics for one in place)
                self._groups[of.min].append((number, rows.min, rows.max))
        except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._damaged(error) from None
        self.newest = newest_step(run)

    @property
    def shards(self) -> frozenset[str]:
        """The sha256 of all shards of which a page was read."""
        return frozenset(self._groups)

    @property
    def note(self) -> str:
        """What is to be said of a run that has gone on since; "" where it has not."""
        if self.newest <= self.step:
            return ""
        how = "make it again by python -m model.exposure"
        return f"{self._path} knows of {self.step:,} steps, and the run has {self.newest:,}: {how}"

    def of(self, sha256: str, rows: Iterable[int]) -> dict[int, Seen]:
        """How these rows of a shard were met; those that were not are left out."""
        wanted, found = {*rows}, {}
        for number, first, last in self._groups.get(sha256, ()):
            if any(first <= row <= last for row in wanted):
                try:
                    table = self._file.read_row_group(number, columns=["row", "times", "steps"])
                except (pa.ArrowException, OSError) as error:
                    raise self._damaged(error) from None
                for at, row in enumerate(table["row"].to_pylist()):
                    if row in wanted:
                        found[row] = Seen(table["times"][at].as_py(), table["steps"][at].as_py())
        return found

    def _damaged(self, error: Exception) -> BuildError:
        return BuildError(f"{self._path} is damaged ({error}). Make it again: python -m model.exposure")


def newest_step(run: Path) -> int:
    """The step of the newest checkpoint of a run, by its name; 0 without any."""
    folder = run / "checkpoints"
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return max((int(found[1]) for name in names if (found := _STEP.fullmatch(name))), default=0)
