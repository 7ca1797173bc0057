"""Last pass, one input: pages left by the last dedup pass the remaining stages and are written by destination.

NNNNNN.pages.arrow        kept pages in row groups for one (config, split) each (`finished`)
NNNNNN.rejected.arrow     the input's sample with its final outcomes
NNNNNN.came.arrow         how far its pages came, if the corpus keeps what `remove` needs
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from itertools import groupby
from typing import NamedTuple

from c4pipe.corpus.cube import Cube
from c4pipe.corpus.ledger import Ledger, StageCount
from c4pipe.corpus.plan import Plan
from c4pipe.corpus.stats import Stats
from c4pipe.files.storage import Store
from c4pipe.page import Page, Rejected, Verdict
from c4pipe.passes.account import Account
from c4pipe.passes.applying import cuts_of, trail_of, walk_on
from c4pipe.passes.ended import Ended, Origins
from c4pipe.passes.finished import FinishedPages, RowGroup
from c4pipe.passes.losses import Survivor
from c4pipe.passes.rejected import RejectedSample
from c4pipe.passes.restoring import Came
from c4pipe.passes.sample import SAMPLE_SCHEMA, ranked, sample_table
from c4pipe.passes.staged import Summary
from c4pipe.passes.tables import TableSink
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
        return cls(f"{base}.pages.arrow", f"{base}.rejected.arrow", f"{base}.came.arrow")


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
        self._stats, self._ended = Stats(), Ended(plan)

    @contextmanager
    def writing(self, origins: Origins) -> Iterator[None]:
        self._origins = origins
        with self._store.write(self._finished.pages) as stream:
            self._sink = FinishedPages(stream, self._plan.schema())
            yield
            self._sink.close()

    def take(self, survivor: Survivor, verdict: Verdict) -> None:
        plan, row = self._plan, survivor.row
        index = self._leg.start
        met: list[tuple[int, Page]] = []
        trail = trail_of(survivor, index, verdict, plan)
        if not isinstance(verdict, Rejected):
            index, verdict, _, met, lost = walk_on(verdict.page, self._leg, plan, self._own)
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
        ledger = Ledger([*deepcopy(summary.ledger.stages), *self._own.values()])  # other takers count there too
        stages = range(self._leg.start + (self._leg.level is None), len(self._names))
        self._ended.count(self._origins, ledger, stages, cube, self._stats)
        ledger.check()
        return FinishedUnit(ledger, self._stats, self._sink.groups, summary.accounts, cube)
