"""Last pass, one input: pages left by the last dedup pass the remaining stages and are written by destination.

NNNNNN.pages.parquet      kept pages, each row group for one (config, split)
NNNNNN.rejected.arrow     the input's sample with its final outcomes
NNNNNN.came.arrow         how far its pages came, if the corpus keeps what `remove` needs
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any, BinaryIO, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from c4pipe.corpus.cube import Cube
from c4pipe.corpus.ledger import Ledger, StageCount
from c4pipe.corpus.plan import Plan
from c4pipe.corpus.stats import Stats
from c4pipe.files.storage import Store
from c4pipe.page import Page, Rejected, Verdict
from c4pipe.passes.account import Account
from c4pipe.passes.applying import cuts_of, trail_of, walk_on
from c4pipe.passes.counting import count_chars
from c4pipe.passes.ended import Ended, Origins
from c4pipe.passes.losses import Survivor
from c4pipe.passes.rejected import RejectedSample
from c4pipe.passes.restoring import Came
from c4pipe.passes.sample import SAMPLE_SCHEMA, ranked, sample_table
from c4pipe.passes.staged import Summary
from c4pipe.passes.tables import TableSink
from c4pipe.shards import ParquetSink, RowGroupBuffer, page_table
from c4pipe.text import count_lines
from c4pipe.text.urls import split_of, stand_in, url_key


class Finished(NamedTuple):
    """The names of an input's finished files."""

    pages: str
    rejected: str
    came: str

    @classmethod
    def of(cls, folder: str, number: int) -> Finished:
        """The files of an input by its number, in the folder of its corpus."""
        base = f"{folder}/finished/{number:06d}"
        return cls(f"{base}.pages.parquet", f"{base}.rejected.arrow", f"{base}.came.arrow")


class RowGroup(NamedTuple):
    """A row group of a finished file."""

    config: str
    split: str
    number: int  # in its file
    rows: int
    bytes: int  # compressed
    nbytes: int  # in Arrow


class FinishedUnit(NamedTuple):
    """The numbers of a finished unit, for one corpus. Kept pages are counted when they are written."""

    ledger: Ledger
    stats: Stats
    groups: list[RowGroup]
    accounts: Sequence[Account]
    cube: Cube


class Finisher:
    """What one corpus receives of an input: the page stages of the last leg, and its finished files."""

    def __init__(self, plan: Plan, store: Store, finished: Finished, shown: RejectedSample, came: Came | None):
        """`came` is from the legs before; None if the corpus keeps nothing for `remove`."""
        self._plan, self._store, self._finished, self._shown = plan, store, finished, shown
        self._leg, self._came = plan.legs[-1], came
        names = self._names = plan.names()
        self._own = {i: StageCount(names[i]) for i in range(self._leg.start + 1, len(names))}
        self._sized = None if plan.size is None else self._own[len(names) - 1]
        self._stats, self._ended = Stats(), Ended(plan)

    @contextmanager
    def writing(self, origins: Origins) -> Iterator[None]:
        self._origins = origins
        with self._store.write(self._finished.pages) as stream:
            self._sink = _FinishedPages(stream, self._plan.schema())
            yield
            self._sink.close()

    def take(self, survivor: Survivor, verdict: Verdict) -> None:
        plan, row = self._plan, survivor.row
        index = self._leg.start
        met: list[tuple[int, Page]] = []
        trail = trail_of(survivor, index, verdict, plan)
        if not isinstance(verdict, Rejected):
            index, verdict, met, lost = walk_on(verdict.page, self._leg, plan, self._own)
            trail += lost
        cuts = cuts_of(survivor, self._leg, plan, met)
        page = verdict.page
        if self._came is not None:
            self._came.take(survivor, len(plan.legs) - 1, None if isinstance(verdict, Rejected) else page)
        if isinstance(verdict, Rejected):
            self._ended.add(row, page.language, plan.cells.end(index, verdict), trail)
            self._stats.marked(page)
            self._shown.rejected(row, page, self._names[index], verdict, cuts)
            return
        self._shown.kept(row, cuts, page.language)
        if self._sized is not None:  # until all are counted
            self._sized.entered += 1
            self._sized.kept += 1
            count_chars(self._sized, page, verdict)
        self._ended.kept(row, page.language, count_lines(page.text), len(page.text), trail)
        self._sink.add(plan.preset.config(page.language), split_of(url_key(stand_in(page))), page)

    def lost(self, row: int, page: Page) -> None:
        self._shown.lost(row, page)

    def conclude(self, summary: Summary) -> FinishedUnit:
        """Writes the rejected pages after the kept ones. Returns the input's numbers over all stages so far."""
        with self._store.write(self._finished.rejected) as stream:
            sink = TableSink(stream, SAMPLE_SCHEMA)
            for _, pages in groupby(ranked(self._shown.final()), lambda s: (s.stage, s.reason)):
                sink.write(sample_table(pages))  # one piece per outcome, since each is read alone
            sink.close()
        if self._came is not None:
            self._came.write(self._store, self._finished.came)
        self._stats.add(summary.stats)
        cube = Cube()
        cube.add(summary.cube)
        self._ended.count(self._origins, cube, self._stats)
        ledger = Ledger([*summary.ledger.stages, *self._own.values()]).check()
        with self._store.read(self._finished.pages) as stream:
            groups = _row_groups(stream, self._sink.keys)
        return FinishedUnit(ledger, self._stats, groups, summary.accounts, cube)


class _FinishedPages:
    """Kept pages, collected by destination and written as row groups of one (config, split) each."""

    def __init__(self, stream: Any, schema: pa.Schema):
        self._sink, self._schema = ParquetSink(stream, schema), schema
        self._batches: dict[tuple[str, str], RowGroupBuffer] = {}
        self.keys: list[tuple[str, str, int]] = []  # of each row group, with its bytes in Arrow

    def add(self, config: str, split: str, page: Page) -> None:
        batch = self._batches.setdefault((config, split), RowGroupBuffer())
        if batch.add(page, len(page.text)):
            self._flush((config, split), batch)

    def _flush(self, key: tuple[str, str], batch: RowGroupBuffer) -> None:
        table = page_table(batch.take(), self._schema)
        self._sink.write(table)
        self.keys.append((*key, table.nbytes))

    def close(self) -> None:
        for key, batch in sorted(self._batches.items()):
            if batch.rows:
                self._flush(key, batch)
        self._sink.close()


def _row_groups(stream: BinaryIO, keys: list[tuple[str, str, int]]) -> list[RowGroup]:
    """The row groups of a finished file with their sizes, from its footer."""
    footer = pq.ParquetFile(stream).metadata
    groups = []
    for index, (config, split, nbytes) in enumerate(keys):
        group = footer.row_group(index)
        size = sum(group.column(i).total_compressed_size for i in range(group.num_columns))
        groups.append(RowGroup(config, split, index, group.num_rows, size, nbytes))
    return groups
