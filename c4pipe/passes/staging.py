"""First pass, one WET file: read, judge row by row, and stage what later passes need.

<shard>.pages.parquet      pages that every stage before the text dedup keeps, with the hashes of their atoms
<shard>.raw.parquet        the texts of these pages as read, where cleaning changes them and a sample will show some
<shard>.outcomes.parquet   one row for each page that reached URL dedup: its claim, and what became of it so far
<shard>.sample.parquet     pages for the rejected table, as read
<shard>.summary.json       counts: the ledger up to URL dedup, statistics, the input's size and faults
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import chain
from typing import Any, NamedTuple, Protocol

import numpy as np
import pyarrow as pa

from c4pipe.corpus.ledger import Ledger
from c4pipe.corpus.plan import KEPT, Plan, walk
from c4pipe.corpus.stats import Stats
from c4pipe.dedup.claims import page_priority
from c4pipe.documents.reasons import FAULTS
from c4pipe.files.storage import Store
from c4pipe.page import Page, Rejected, Verdict
from c4pipe.passes.sample import Sample, sample_table
from c4pipe.shards import PAGE_SCHEMA, Batch, ParquetSink, page_table, to_json
from c4pipe.text import count_lines, hash64
from c4pipe.text.urls import url_key

STAGED_SCHEMA = (
    PAGE_SCHEMA.append(pa.field("row", pa.int64()))
    .append(pa.field("priority", pa.uint64()))
    .append(pa.field("atoms", pa.list_(pa.uint64())))
    .append(pa.field("starts", pa.list_(pa.uint32())))
)


RAW_SCHEMA = pa.schema([pa.field("row", pa.int64()), pa.field("text", pa.string(), nullable=False)])
# For what the next pass reads and the last one takes away: a third larger than by zstd, in two thirds of the time.
QUICK = {"compression": "lz4", "use_dictionary": False}
MAX_FAULTS = 100  # named for each file; the ledger counts them all
FAULT_DETAIL = 200  # characters


class Staged(NamedTuple):
    """The names of a shard's staged files."""

    pages: str
    raw: str
    outcomes: str
    sample: str
    summary: str

    @classmethod
    def of(cls, folder: str, shard: int) -> Staged:
        """The files of a shard by its number, in the folder of its trunk."""
        base = f"{folder}/staged/{shard:06d}"
        pages, raw, outcomes, sample = (f"{base}.{name}.parquet" for name in ("pages", "raw", "outcomes", "sample"))
        return cls(pages, raw, outcomes, sample, f"{base}.summary.json")


class Fault(NamedTuple):
    """Bytes of an input that gave no page because they are damaged."""

    record: int  # number in the file, from 0
    source: str  # file and byte offset
    reason: str
    detail: str


class Progress(NamedTuple):
    """How far one file has come."""

    pages: int
    chars: int
    staged: int  # pages kept so far; dedup and language are still to come
    lost: int  # records that gave no page, warcinfo among them


class Tick(Protocol):
    """Hears how far a file has come, after each record; knows how much of it was read."""

    @property
    def position(self) -> int:
        """Bytes of the input read so far."""

    def __call__(self, progress: Progress) -> None: ...


class Outcome(NamedTuple):
    """What became of a page that reached URL dedup. `stage` is -1 and `reason` "kept" where nothing rejected it."""

    key: int
    date: str
    stage: int
    reason: str
    lines_in: int  # of the cleaning stage; 0 where the page did not reach it
    lines_kept: int
    tally: dict[str, int]


class Stager:
    """What one plan makes of one WET file, while it is read: writes its staged files."""

    def __init__(self, plan: Plan, store: Store, staged: Staged, cap: int | None):
        """`cap` is the sample's size an outcome."""
        self._plan, self._store, self.staged = plan, store, staged
        self._ledger = Ledger.of(stage.name for stage in plan.trunk)
        self._stats, self._sample = Stats(), Sample(cap)
        # A sample of all pages has their raw texts itself.
        self._raw = cap is not None and cap > 0 and plan.clean_index is not None
        self._outcomes: list[Outcome] = []
        self._faults: list[Fault] = []

    @contextmanager
    def writing(self) -> Iterator[None]:
        """While records are taken; left with an exception, no file appears."""
        with ExitStack() as stack:
            raw = stack.enter_context(self._store.write(self.staged.raw)) if self._raw else None
            self._pages = _StagedPages(stack.enter_context(self._store.write(self.staged.pages)), raw, self._plan)
            yield
            self._pages.close()

    @property
    def progress(self) -> Progress:
        lost = self._ledger.stages[0].rejected.total()
        return Progress(self._stats.pages_read, self._stats.chars_read, self._pages.rows, lost)

    def take(self, number: int, verdict: Verdict) -> None:
        """The record of that number, as the reader judged it."""
        if isinstance(verdict, Rejected) and verdict.reason.code in FAULTS and len(self._faults) < MAX_FAULTS:
            self._faults.append(Fault(number, verdict.page.source, verdict.reason.code, verdict.detail[:FAULT_DETAIL]))
        page = self._admit(verdict)
        if page is not None:
            outcome = self._judge(page, len(self._outcomes))
            self._outcomes.append(outcome)
            if outcome.reason != KEPT:
                self._stats.rejected(page.url)

    def _admit(self, verdict: Verdict) -> Page | None:
        """The page if the reader and the filters before URL dedup keep it; counts it either way."""
        reading = self._ledger.stages[0]
        reading.entered += 1
        if isinstance(verdict, Rejected):
            reading.rejected[verdict.reason.code] += 1
            self._sample.add(verdict.page, reading.stage, verdict.reason.code, verdict.detail)
            return None
        page = verdict.page
        reading.kept += 1
        reading.flagged.update(verdict.tally)
        self._stats.read(page)
        index, last, passed = walk(page, self._plan.before)
        self._ledger.judged((i for i, *_ in passed), index, last.reason.code if isinstance(last, Rejected) else None)
        if isinstance(last, Rejected):
            self._stats.rejected(page.url)
            self._sample.add(page, self._ledger.stages[index].stage, last.reason.code, last.detail)
            return None
        return last.page

    def _judge(self, page: Page, row: int) -> Outcome:
        """The page's claim on its URL, and its verdict by the stages behind URL dedup, should it win."""
        plan = self._plan
        index, last, passed = walk(page, plan.between)
        tally: dict[str, int] = {}
        lines_in = lines_kept = 0
        for i, before, kept in passed:
            if i == plan.clean_index:
                lines_in, lines_kept = count_lines(before.text), count_lines(kept.page.text)
            tally.update(kept.tally)
        claim = hash64(url_key(page.url)), page.timestamp
        if isinstance(last, Rejected):
            self._sample.add(page, plan.trunk[index].name, last.reason.code, last.detail, row)
            tally.update(last.tally)
            if index == plan.clean_index:
                lines_in = count_lines(last.page.text)
            return Outcome(*claim, index, last.reason.code, lines_in, lines_kept, tally)
        self._sample.add(page, "", KEPT, row=row)
        self._pages.add(last.page, page.text, row)
        return Outcome(*claim, -1, KEPT, lines_in, lines_kept, tally)

    def conclude(self, size: int) -> tuple[int, int]:
        """Writes the other files, behind the pages; (rows of outcomes, atoms staged). `size`: bytes of input read."""
        with self._store.write(self.staged.outcomes) as stream:
            _write_table(stream, outcomes_table(self._outcomes, self._plan.line_codes))
        with self._store.write(self.staged.sample) as stream:
            _write_table(stream, sample_table(self._sample))
        summary = {"ledger": self._ledger.to_json(), "stats": self._stats.to_json(domains=None), "faults": self._faults}
        counts = {"rows": len(self._outcomes), "atoms": self._pages.atoms, "staged": self._pages.rows, "bytes": size}
        with self._store.write(self.staged.summary) as stream:  # the last: where it is, the shard is staged
            stream.write(to_json(summary | counts))
        return len(self._outcomes), self._pages.atoms


def stage_shard(verdicts: Iterable[Verdict], stagers: Sequence[Stager], tick: Tick) -> list[tuple[int, int]]:
    """Has every stager take the verdicts of the reader of one WET file; (rows of outcomes, atoms staged) of each.

    `tick` hears how far it is.
    """
    with ExitStack() as stack:
        for stager in stagers:
            stack.enter_context(stager.writing())
        for number, verdict in enumerate(verdicts):
            for stager in stagers:
                stager.take(number, verdict)
            tick(stagers[0].progress)
    return [stager.conclude(tick.position) for stager in stagers]


def staged_already(store: Store, staged: Staged) -> tuple[int, int] | None:
    """What `stage_shard` returned when it staged this shard, if it has: a build that goes on need not do it again."""
    if not store.exists(staged.summary):
        return None
    with store.read(staged.summary) as stream:
        summary = json.load(stream)
    return summary["rows"], summary["atoms"]


def outcomes_table(outcomes: list[Outcome], codes: tuple[str, ...]) -> pa.Table:
    """One column a field, and one a reason for which lines are dropped, named `lines:<code>`."""
    columns: dict[str, Any] = {
        "key": np.array([o.key for o in outcomes], np.uint64),
        "date": pa.array([o.date for o in outcomes], pa.string()),
        "stage": np.array([o.stage for o in outcomes], np.int8),
        "reason": pa.array([o.reason for o in outcomes], pa.string()),
        "lines_in": np.array([o.lines_in for o in outcomes], np.int64),
        "lines_kept": np.array([o.lines_kept for o in outcomes], np.int64),
    }
    for code in codes:
        columns[f"lines:{code}"] = np.array([o.tally.get(code, 0) for o in outcomes], np.int64)
    return pa.table(columns)


class _StagedPages:
    """Kept pages, row group by row group, with the hashes of their atoms for the text dedup; and their raw texts."""

    def __init__(self, stream: Any, raw: Any, plan: Plan):
        self._sink = ParquetSink(stream, STAGED_SCHEMA, **QUICK)
        self._raw = None if raw is None else ParquetSink(raw, RAW_SCHEMA, **QUICK)
        self._text = plan.text
        self._batch = Batch()
        self.rows = 0
        self.atoms = 0

    def add(self, page: Page, raw: str, row: int) -> None:
        self.rows += 1
        atoms, starts = self._text.atoms_at(page.text) if self._text else ([], [])
        self.atoms += len(atoms)
        if self._batch.add((page, row, page_priority(page.url), atoms, starts, raw), len(raw)):
            self._flush()

    def _flush(self) -> None:
        pages, rows, priorities, atoms, starts, raw = zip(*self._batch.take(), strict=True)
        numbers, ranks = np.array(rows, np.int64), np.array(priorities, np.uint64)
        columns = [pa.array(numbers), pa.array(ranks), _lists(atoms, np.uint64), _lists(starts, np.uint32)]
        table = page_table(pages)
        for name, column in zip(STAGED_SCHEMA.names[table.num_columns :], columns, strict=True):
            table = table.append_column(STAGED_SCHEMA.field(name), column)
        self._sink.write(table)
        if self._raw is not None:
            self._raw.write(pa.table([columns[0], raw], schema=RAW_SCHEMA))

    def close(self) -> None:
        if self._batch.rows:
            self._flush()
        for sink in (self._sink, self._raw):
            if sink is not None:
                sink.close()


def _lists(rows: Sequence[list[int]], kind: type[np.unsignedinteger]) -> pa.Array:
    """A list of numbers a row; `pa.array` alone takes four times as long."""
    values = np.fromiter(chain.from_iterable(rows), kind, sum(map(len, rows)))
    offsets = np.cumsum([0, *map(len, rows)], dtype=np.int32)
    return pa.ListArray.from_arrays(offsets, values)


def _write_table(stream: Any, table: pa.Table) -> None:
    sink = ParquetSink(stream, table.schema, **QUICK)
    for start in range(0, table.num_rows, 10 * 1000):
        sink.write(table.slice(start, 10 * 1000))
    sink.close()
