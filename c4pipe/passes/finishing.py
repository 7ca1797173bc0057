"""Last pass, one shard: take away what lost, judge what is left, and write it grouped by where it goes.

One reading of the staged pages serves every corpus that shares them; each gets files of its own:

<shard>.pages.parquet      kept pages of `PAGE_SCHEMA`, each row group for one (config, split)
<shard>.rejected.parquet   the shard's sample with its final outcomes
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import groupby
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from c4pipe.corpus.ledger import Ledger, StageCount
from c4pipe.corpus.plan import Plan, walk
from c4pipe.corpus.stats import Stats
from c4pipe.files.storage import Store
from c4pipe.page import Dropped, Kept, Page, Rejected, Unit, Verdict
from c4pipe.passes.rejected import Shown
from c4pipe.passes.sample import SAMPLE_SCHEMA, Cut, ranked, sample_table, sampled_of
from c4pipe.passes.staging import QUICK, STAGED_SCHEMA, Fault, Staged
from c4pipe.shards import PAGE_SCHEMA, Batch, ParquetSink, page_table, pages_of
from c4pipe.stages import after, judge
from c4pipe.text import count_lines
from c4pipe.text.urls import split_of, url_key


class Finished(NamedTuple):
    """The names of a shard's finished files."""

    pages: str
    rejected: str

    @classmethod
    def of(cls, folder: str, shard: int) -> Finished:
        """The files of a shard by its number, in the folder of its corpus."""
        base = f"{folder}/finished/{shard:06d}"
        return cls(f"{base}.pages.parquet", f"{base}.rejected.parquet")


class Summary(NamedTuple):
    """A finished shard in numbers, for one corpus. What was kept is counted when it is written."""

    ledger: Ledger
    stats: Stats
    groups: list[Group]
    faults: list[Fault]


class Group(NamedTuple):
    """A row group of a finished shard."""

    config: str
    split: str
    number: int  # in its file
    rows: int
    bytes: int  # compressed


class Lost(NamedTuple):
    """What a shard lost to others: rows among its pages at URL dedup, a flag for each of its staged atoms, and the
    priorities of the pages that own those."""

    rows: NDArray[np.uint32]
    atoms: NDArray[np.bool_]
    owners: NDArray[np.uint64]


def finish_shard(
    staged: Staged, lost: Lost, plans: Sequence[Plan], store: Store, finished: Sequence[Finished], cap: int | None
) -> list[Summary]:
    """Writes the finished files of one shard for each of the plans, which have the same trunk."""
    with store.read(staged.summary) as stream:
        summary = json.load(stream)
    trunk, stats = Ledger.from_json(summary["ledger"]), Stats.from_json(summary["stats"])
    with store.read(staged.outcomes) as stream:
        count_outcomes(pq.read_table(stream), lost.rows, plans[0], trunk)
    with store.read(staged.sample) as stream:
        early = list(sampled_of(pq.read_table(stream)))
    losing = set(lost.rows.tolist())
    finishers = [
        _Finisher(plan, store, files, Shown(early, losing, plan, cap, partial(_raw_texts, store, staged, plan)))
        for plan, files in zip(plans, finished, strict=True)
    ]
    with ExitStack() as stack:
        for finisher in finishers:
            stack.enter_context(finisher.writing())
        for survivor in _survivors(store, staged, lost, losing, stats):
            verdict = _settled(survivor, plans[0])
            if plans[0].text_index is not None:
                _count_text(trunk.stages[plans[0].text_index], survivor.page, verdict, plans[0])
            for finisher in finishers:
                finisher.take(survivor, verdict)
    faults = [Fault(*fault) for fault in summary["faults"]]
    return [finisher.conclude(trunk, stats, faults) for finisher in finishers]


class _Finisher:
    """What one corpus gets of a shard: the stages behind the trunk, and its finished files."""

    def __init__(self, plan: Plan, store: Store, finished: Finished, shown: Shown):
        self._plan, self._store, self._finished, self._shown = plan, store, finished, shown
        self._first = len(plan.trunk)  # the first stage of its own
        self._ledger = Ledger.of(plan.names()[self._first :])
        self._stats = Stats()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """While pages are taken; left with an exception, no file appears."""
        with self._store.write(self._finished.pages) as stream:
            self._sink = _FinishedPages(stream)
            yield
            self._sink.close()

    def take(self, survivor: _Survivor, verdict: Verdict) -> None:
        """A page as the text dedup leaves it."""
        dropped = partial(_dropped, survivor, self._plan)
        if isinstance(verdict, Rejected):
            self._reject(survivor.row, self._plan.trunk[-1].name, verdict, dropped)
            return
        self._shown.dropped(survivor.row, dropped)
        index, last, passed = walk(verdict.page, self._plan.behind)
        code = last.reason.code if isinstance(last, Rejected) else None
        self._ledger.judged((i - self._first for i, *_ in passed), index - self._first, code)
        if isinstance(last, Rejected):
            self._reject(survivor.row, self._plan.names()[index], last, dropped)
            return
        if self._plan.size is not None:
            self._ledger.judged([len(self._ledger.stages) - 1], 0, None)  # until all are counted
        page = last.page
        self._sink.add(self._plan.preset.config(page.language), split_of(url_key(page.url)), page)

    def _reject(self, row: int, stage: str, verdict: Rejected, dropped: Cut) -> None:
        self._stats.rejected(verdict.page.url)
        self._shown.rejected(row, verdict.page, stage, verdict, dropped)

    def conclude(self, trunk: Ledger, stats: Stats, faults: list[Fault]) -> Summary:
        """Writes the rejected pages, behind the kept ones; the shard in numbers, with those of the trunk in front."""
        with self._store.write(self._finished.rejected) as stream:
            sink = ParquetSink(stream, SAMPLE_SCHEMA, **QUICK)
            for _, pages in groupby(ranked(self._shown.final()), lambda s: (s.stage, s.reason)):
                sink.write(sample_table(pages))  # a row group an outcome, for each is asked for alone
            sink.close()
        self._stats.add(stats)
        ledger = Ledger([*trunk.stages, *self._ledger.stages]).check()
        with self._store.read(self._finished.pages) as stream:
            return Summary(ledger, self._stats, _groups(stream, self._sink.keys), faults)


def count_outcomes(outcomes: pa.Table, lost: NDArray[np.uint32], plan: Plan, ledger: Ledger) -> None:
    """Adds URL dedup and the stages up to the text dedup to the ledger: of pages that won their URL only."""
    won = np.ones(outcomes.num_rows, bool)
    won[lost] = False
    url = ledger.stages[plan.url_index]
    url.entered, url.kept = len(won), int(won.sum())
    url.rejected.update({plan.url.OLDER.code: len(lost)})
    stage_of = outcomes["stage"].to_numpy()[won]
    reasons = np.array(outcomes["reason"].to_pylist(), object)[won]
    for index, _ in plan.between:
        stage = ledger.stages[index]
        reached = (stage_of == -1) | (stage_of >= index)
        here = stage_of == index
        stage.entered, stage.kept = int(reached.sum()), int((reached & ~here).sum())
        stage.rejected.update(reasons[here].tolist())
        if index != plan.clean_index:
            continue
        stage.lines_in = int(outcomes["lines_in"].to_numpy()[won][reached].sum())
        stage.lines_kept = int(outcomes["lines_kept"].to_numpy()[won][reached].sum())
        for code in plan.line_codes:
            dropped = outcomes[f"lines:{code}"].to_numpy()[won][reached]
            stage.lines_dropped[code] = int(dropped.sum())
            stage.lines_rejected -= int(dropped[here[reached]].sum())
        stage.lines_rejected += int(outcomes["lines_in"].to_numpy()[won][here].sum())


def _raw_texts(store: Store, staged: Staged, plan: Plan, rows: set[int]) -> dict[int, str]:
    """The staged pages of these rows before they were cleaned."""
    found: dict[int, str] = {}
    with store.read(staged.pages if plan.clean_index is None else staged.raw) as stream:
        file = pq.ParquetFile(stream)
        for group in range(file.num_row_groups):
            numbers = file.read_row_group(group, ["row"])["row"].to_pylist()
            chosen = [i for i, row in enumerate(numbers) if row in rows]
            if chosen:  # most of a row group is text, and few of many are asked for
                texts = file.read_row_group(group, ["text"])["text"].take(pa.array(chosen)).to_pylist()
                found.update(zip((numbers[i] for i in chosen), texts, strict=True))
    return found


class _Survivor(NamedTuple):
    """A staged page that won its URL, and if it lost any of its atoms, what `settle` asks for."""

    row: int
    page: Page
    losses: tuple[list[bool], list[int], list[int]] | None  # which, to whom, and where each atom begins


def _survivors(store: Store, staged: Staged, lost: Lost, losing: set[int], stats: Stats) -> Iterator[_Survivor]:
    start = 0
    with store.read(staged.pages) as stream:
        for batch in pq.ParquetFile(stream).iter_batches(batch_size=1000, columns=STAGED_SCHEMA.names):
            ends = start + np.cumsum(batch.column("atoms").value_lengths().to_numpy())
            starts = batch.column("starts")
            rows = batch.column("row").to_pylist()
            for i, (row, page, end) in enumerate(zip(rows, pages_of(batch), ends.tolist(), strict=True)):
                mine = slice(start, end)
                start = end
                if row in losing:
                    stats.rejected(page.url)
                elif lost.atoms[mine].any():
                    flags, owners = lost.atoms[mine].tolist(), lost.owners[mine].tolist()
                    yield _Survivor(row, page, (flags, owners, starts[i].as_py()))
                else:
                    yield _Survivor(row, page, None)


def _settled(survivor: _Survivor, plan: Plan) -> Verdict:
    """The page after the text dedup."""
    page = survivor.page
    settled: Verdict = Kept(page)
    if plan.text is None:
        return settled
    if survivor.losses is not None:
        flags, _, starts = survivor.losses
        settled = plan.text.settle(page, flags, starts=starts)
    return settled if isinstance(settled, Rejected) else after(page, settled, judge(settled.page, plan.then))


def _dropped(survivor: _Survivor, plan: Plan) -> list[Dropped]:
    """The sentences or lines that the page loses to the text dedup; once more, for the few that are shown."""
    dropped: list[Dropped] = []
    if survivor.losses is not None and plan.text is not None:
        flags, owners, starts = survivor.losses
        plan.text.settle(survivor.page, flags, dropped, owners, starts)
    return dropped


def _count_text(stage: StageCount, page: Page, verdict: Verdict, plan: Plan) -> None:
    """Counts the text dedup of one page. Under span dedup a line falls with its last sentence."""
    stage.entered += 1
    lines_in = count_lines(page.text)
    dropped = {code: n for code, n in verdict.tally.items() if plan.reasons[code].unit is Unit.LINE}
    sentences = {code: n for code, n in verdict.tally.items() if plan.reasons[code].unit is Unit.SENTENCE}
    stage.sentences_dropped.update(sentences)
    stage.lines_in += lines_in
    if isinstance(verdict, Rejected):
        stage.rejected[verdict.reason.code] += 1
        stage.lines_rejected += lines_in - sum(dropped.values())
    else:
        stage.kept += 1
        lines_kept = count_lines(verdict.page.text)
        stage.lines_kept += lines_kept
        for code in sentences:
            dropped[code] = lines_in - lines_kept
    stage.lines_dropped.update(dropped)


class _FinishedPages:
    """Kept pages, collected by where they go and written as row groups of one (config, split) each."""

    def __init__(self, stream: Any):
        self._sink = ParquetSink(stream, PAGE_SCHEMA)
        self._batches: dict[tuple[str, str], Batch] = {}
        self.keys: list[tuple[str, str]] = []  # of each row group

    def add(self, config: str, split: str, page: Page) -> None:
        batch = self._batches.setdefault((config, split), Batch())
        if batch.add(page, len(page.text)):
            self._flush((config, split), batch)

    def _flush(self, key: tuple[str, str], batch: Batch) -> None:
        self._sink.write(page_table(batch.take()))
        self.keys.append(key)

    def close(self) -> None:
        for key, batch in sorted(self._batches.items()):
            if batch.rows:
                self._flush(key, batch)
        self._sink.close()


def _groups(stream: BinaryIO, keys: list[tuple[str, str]]) -> list[Group]:
    """The row groups of a finished file with their sizes, from its footer."""
    footer = pq.ParquetFile(stream).metadata
    groups = []
    for index, (config, split) in enumerate(keys):
        group = footer.row_group(index)
        size = sum(group.column(i).total_compressed_size for i in range(group.num_columns))
        groups.append(Group(config, split, index, group.num_rows, size))
    return groups
