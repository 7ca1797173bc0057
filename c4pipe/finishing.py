"""Last pass, one shard: take away what lost, judge what is left, and write it grouped by where it goes.

<shard>.pages.parquet      kept pages of `PAGE_SCHEMA`, each row group for one (config, split)
<shard>.rejected.parquet   the shard's sample with its final outcomes
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from c4pipe.ledger import Ledger, StageCount
from c4pipe.page import Dropped, Kept, Page, Rejected, Unit, Verdict
from c4pipe.plan import KEPT, Plan, walk
from c4pipe.sample import Sample, Sampled, ranked, sample_table, sampled_of
from c4pipe.shards import PAGE_SCHEMA, Batch, ParquetSink, page_table, pages_of
from c4pipe.stages import after, judge
from c4pipe.staging import STAGED_SCHEMA, Fault, Staged, count_lines
from c4pipe.stats import Stats
from c4pipe.storage import Store
from c4pipe.urls import split_of, url_key


class Finished(NamedTuple):
    """The names of a shard's finished files."""

    pages: str
    rejected: str

    @classmethod
    def of(cls, folder: str, shard: int) -> Finished:
        """The files of a shard by its number."""
        base = f"{folder}/finished/{shard:06d}"
        return cls(f"{base}.pages.parquet", f"{base}.rejected.parquet")


class Summary(NamedTuple):
    """A finished shard in numbers."""

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
    """What a shard lost to others: rows among its pages at URL dedup, a flag for each of its staged atoms."""

    rows: NDArray[np.uint32]
    atoms: NDArray[np.bool_]


def finish_shard(staged: Staged, lost: Lost, plan: Plan, store: Store, finished: Finished, cap: int | None) -> Summary:
    """Writes the finished files of one shard."""
    with store.read(staged.summary) as stream:
        summary = json.load(stream)
    ledger, stats = Ledger.from_json(summary["ledger"]), Stats.from_json(summary["stats"])
    with store.read(staged.outcomes) as stream:
        count_outcomes(pq.read_table(stream), lost.rows, plan, ledger)
    with store.read(staged.sample) as stream:
        early = list(sampled_of(pq.read_table(stream)))
    shown = _Shown(early, set(lost.rows.tolist()), plan, cap)
    with store.write(finished.pages) as stream:
        sink = _FinishedPages(stream)
        for row, page, flags in _survivors(store, staged, lost, stats):
            kept = _settle(row, page, flags, plan, ledger, shown)
            if kept is None:
                stats.rejected(page.url)
            else:
                stats.kept(kept)
                sink.add(plan.preset.config(kept.language), split_of(url_key(kept.url)), kept)
        sink.close()
    with store.write(finished.rejected) as stream:
        table = sample_table(ranked(shown.final(full=cap is None)))
        rejected = ParquetSink(stream, table.schema)
        rejected.write(table)
        rejected.close()
    with store.read(finished.pages) as stream:
        faults = [Fault(*fault) for fault in summary["faults"]]
        return Summary(ledger.check(), stats, _groups(stream, sink.keys), faults)


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


class _Shown:
    """The shard's part of the rejected table, while the last outcomes become known."""

    def __init__(self, early: list[Sampled], lost: set[int], plan: Plan, cap: int | None):
        url, older = plan.names()[plan.url_index], plan.url.OLDER.code
        self._early = [s._replace(stage=url, reason=older, detail="") if s.row in lost else s for s in early]
        self._kept_rows = {s.row for s in self._early if s.reason == KEPT}
        self._dropped: dict[int, tuple[Dropped, ...]] = {}
        self._late = Sample(cap)
        self._plan = plan

    def dropped(self, row: int, dropped: list[Dropped]) -> None:
        """Takes the sentences or lines that the page of this row loses to dedup, if they will be shown."""
        if row in self._kept_rows:
            self._dropped[row] = tuple(dropped)

    def rejected(self, row: int, page: Page, stage: str, verdict: Rejected, dropped: Sequence[Dropped] = ()) -> None:
        self._kept_rows.discard(row)
        self._late.add(page, stage, verdict.reason.code, verdict.detail, row, dropped)

    def final(self, full: bool) -> Iterator[Sampled]:
        """All with their last outcome. `full` adds what cleaning cut, for a table that is not sampled any further."""
        for s in self._early:
            if s.reason != KEPT or s.row in self._kept_rows:
                late = self._dropped.get(s.row, ()) if s.reason == KEPT else ()
                s = s._replace(dropped=late)
                yield explained(s, self._plan) if full else s
        yield from self._late


def explained(sampled: Sampled, plan: Plan) -> Sampled:
    """The page with the lines that cleaning cuts from it in front of what dedup cut."""
    if plan.clean_index is None or sampled.stage not in ("", plan.names()[plan.clean_index]):
        return sampled
    return sampled._replace(dropped=(*plan.dropped_lines(sampled.page), *sampled.dropped))


def _survivors(store: Store, staged: Staged, lost: Lost, stats: Stats) -> Iterator[tuple[int, Page, NDArray[np.bool_]]]:
    """Staged pages that won their URL: row, page, which of its atoms are lost."""
    losing = set(lost.rows.tolist())
    start = 0
    with store.read(staged.pages) as stream:
        for batch in pq.ParquetFile(stream).iter_batches(batch_size=1000, columns=STAGED_SCHEMA.names):
            counts = batch.column("atoms").value_lengths().to_pylist()
            for row, page, count in zip(batch.column("row").to_pylist(), pages_of(batch), counts, strict=True):
                flags = lost.atoms[start : start + count]
                start += count
                if row in losing:
                    stats.rejected(page.url)
                else:
                    yield row, page, flags


def _settle(row: int, page: Page, flags: NDArray[np.bool_], plan: Plan, ledger: Ledger, shown: _Shown) -> Page | None:
    """The page after the text dedup and the stages behind it, or None; counts and shows what happens."""
    verdict: Verdict = Kept(page)
    if plan.text is not None and plan.text_index is not None:
        stage = ledger.stages[plan.text_index]
        dropped: list[Dropped] = []
        verdict = _lose(page, flags, plan, dropped)
        _count_text(stage, page, verdict, plan)
        if isinstance(verdict, Rejected):
            shown.rejected(row, page, stage.stage, verdict, dropped)
            return None
        shown.dropped(row, dropped)
    index, last, passed = walk(verdict.page, plan.behind)
    ledger.judged((i for i, *_ in passed), index, last.reason.code if isinstance(last, Rejected) else None)
    if isinstance(last, Rejected):
        shown.rejected(row, last.page, ledger.stages[index].stage, last)
        return None
    return last.page


def _lose(page: Page, flags: NDArray[np.bool_], plan: Plan, dropped: list[Dropped]) -> Verdict:
    assert plan.text is not None
    if not flags.any():
        settled: Verdict = Kept(page)
    else:
        settled = plan.text.settle(page, flags.tolist(), dropped)
    if isinstance(settled, Rejected):
        return settled
    return after(page, settled, judge(settled.page, plan.then))


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
