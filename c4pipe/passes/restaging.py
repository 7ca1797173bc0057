"""The pass between two dedups of text, one input: pages left by the first are processed and staged for the second."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from copy import deepcopy

from c4pipe.corpus.cube import Cube
from c4pipe.corpus.ledger import Ledger, StageCount
from c4pipe.corpus.plan import Plan
from c4pipe.corpus.stats import Stats
from c4pipe.dedup import LinkLevel
from c4pipe.files.storage import Store
from c4pipe.page import Page, Rejected, Verdict
from c4pipe.passes.applying import cuts_of, trail_of, walk_on
from c4pipe.passes.ended import Ended, Origins
from c4pipe.passes.losses import Survivor
from c4pipe.passes.rejected import RejectedSample
from c4pipe.passes.restoring import Came
from c4pipe.passes.sample import sample_table
from c4pipe.passes.staged import Staged, StagedPages, Summary, staged_schema
from c4pipe.passes.tables import write_table


class Restager:
    """Stages one input for the plans that share the next dedup: the same files as the first pass writes."""

    def __init__(self, plan: Plan, number: int, store: Store, staged: Staged, shown: RejectedSample, came: Came):
        """`number` is the leg that ends here."""
        self._number, self._came = number, came
        self._plan, self._leg, self._level = plan, plan.legs[number], plan.legs[number + 1].level
        self._store, self._staged, self._shown = store, staged, shown
        self._stages = plan.prefix(number + 1)
        self._own = {i: StageCount(plan.names()[i]) for i in range(len(plan.prefix(number)), len(self._stages))}
        self._stats, self._ended = Stats(), Ended(plan)

    @contextmanager
    def writing(self, origins: Origins) -> Iterator[None]:
        self._origins = origins
        with ExitStack() as stack:
            stream = stack.enter_context(self._store.write(self._staged.pages))
            linked = isinstance(self._level, LinkLevel)
            schema = staged_schema(self._plan, self._stages[:-1], self._shown.wanted, linked, later=True)
            self._pages = StagedPages(stream, schema, self._level)
            yield
            self._pages.close()

    def take(self, survivor: Survivor, verdict: Verdict) -> None:
        row, stage = survivor.row, self._plan.names()[self._leg.start]
        index = self._leg.start
        met: list[tuple[int, Page]] = []
        trail = trail_of(survivor, index, verdict, self._plan)
        if not isinstance(verdict, Rejected):
            index, verdict, _, met, lost = walk_on(verdict.page, self._leg, self._plan, self._own)
            stage, trail = self._plan.names()[index], [*trail, *lost]
        cuts = cuts_of(survivor, self._leg, self._plan, met)
        self._came.take(survivor, self._number, None if isinstance(verdict, Rejected) else verdict.page)
        if isinstance(verdict, Rejected):
            self._ended.add(row, verdict.page.language, self._plan.cells.end(index, verdict), trail)
            self._shown.rejected(row, verdict.page, stage, verdict, cuts)
            return
        self._ended.stays(row, verdict.page, trail)
        dropped = tuple(cuts()) if self._shown.wanted else ()
        self._shown.kept(row, tuple, verdict.page.language)
        origin, so_far = self._origins.of(row)
        self._pages.add(verdict.page, len(verdict.page.text), row, dropped, origin, [*so_far, *trail])

    def lost(self, row: int, page: Page) -> None:
        self._shown.lost(row, page)

    def conclude(self, summary: Summary) -> tuple[int, int]:
        """Writes the other files after the pages. Returns (rows of outcomes, atoms staged)."""
        with self._store.write(self._staged.sample) as stream:
            write_table(stream, sample_table(self._shown.so_far()))
        self._came.write(self._store, self._staged.came)
        self._stats.add(summary.stats)
        cube = Cube()
        cube.add(summary.cube)
        ledger = Ledger([*deepcopy(summary.ledger.stages), *self._own.values()])  # other takers count there too
        stages = range(self._leg.start, len(self._stages) - 1)
        self._ended.count(self._origins, ledger, stages, cube, self._stats)
        summary = summary._replace(
            ledger=ledger,
            stats=self._stats,
            cube=cube,
            atoms=self._pages.atoms,
            staged=self._pages.rows,
            files=("pages", "sample", "came"),
        )
        summary.write(self._store, self._staged)
        return summary.rows, summary.atoms
