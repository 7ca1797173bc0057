"""What each later pass starts from: the staged pages of one input, without what they lost to other pages.

One reading of them serves every corpus that shares them: its takers move each page on, to the next dedup of text
(`restaging`) or to the end (`finishing`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from math import isnan
from typing import Protocol

import numpy as np

from c4pipe.corpus.ledger import StageCount
from c4pipe.corpus.plan import Leg, Plan, run_steps
from c4pipe.corpus.stats import Stats
from c4pipe.dedup import TextLevel
from c4pipe.dedup.claims import owner_of
from c4pipe.files.storage import Store
from c4pipe.page import Dropped, Kept, Page, Rejected, Unit, Verdict, characters_of
from c4pipe.part import is_own
from c4pipe.passes.counting import count_cuts, count_left, count_old
from c4pipe.passes.ended import TRAIL_FIELDS, Origins
from c4pipe.passes.losses import BatchLosses, Losses, PageLosses, Survivor
from c4pipe.passes.outcomes import count_losses, count_outcomes
from c4pipe.passes.sample import FindDropped
from c4pipe.passes.staged import Staged, Summary, extra_columns
from c4pipe.passes.tables import TableSource
from c4pipe.shards import pages_of
from c4pipe.stages import after
from c4pipe.stages.base import broken_by
from c4pipe.stages.checking import blame, checked_loss, page_named
from c4pipe.text import count_lines, know_lines


class Taker(Protocol):
    """Receives the pages of one next step."""

    def writing(self, origins: Origins) -> AbstractContextManager[None]:
        """Open while it receives pages from `origins`; after an exception, no file appears."""

    def take(self, survivor: Survivor, verdict: Verdict) -> None:
        """A page as the dedup of the leg leaves it."""

    def lost(self, row: int, page: Page) -> None:
        """A page, as it was staged, that lost its URL."""


def apply_losses(
    staged: Staged, lost: Losses, plan: Plan, number: int, store: Store, summary: Summary, takers: Sequence[Taker]
) -> None:
    """Passes the remaining pages of an input to the takers.

    In the summary's ledger, it counts the URL dedup and the stages up to the leg's dedup of text; of this only what
    `count_left` counts. `number` is the leg's; `plan` is that of any of the corpora, which agree up to here.
    """
    leg, ledger, lines = plan.legs[number], summary.ledger, list[int]()
    if number == 0:
        with store.read(staged.outcomes) as stream:
            outcomes = TableSource(stream).table()
        count_outcomes(outcomes, lost.urls, plan, ledger)
        lines = outcomes["left_lines"].to_numpy().tolist()
        origins = count_losses(outcomes, lost.urls, plan, ledger, summary.cube)
    else:
        with store.read(staged.pages) as stream:
            table = TableSource(stream, ["row", *(field.name for field in TRAIL_FIELDS)]).table()
        origins = Origins(table, table["row"].to_numpy())
    with ExitStack() as stack:
        for taker in takers:
            stack.enter_context(taker.writing(origins))
        url = plan.names()[plan.url_index] if number == 0 and lost.against else ""
        summary.stats.clusters.update(f"{plan.names()[leg.start]} {size}" for size in lost.clusters)
        for survivor in _survivors(store, staged, lost, leg.level, summary.stats, url, takers, lines):
            verdict = after_dedup(survivor, leg)
            if lost.against and survivor.losses is not None and survivor.losses.atoms.old.any():
                old = int(survivor.losses.atoms.old.sum())
                count_old(summary.stats, survivor.page, verdict, old, plan.names()[leg.start])
            if leg.level is not None:
                count_left(ledger.stages[leg.start], count_lines(survivor.page.text), verdict, plan)
            for taker in takers:
                taker.take(survivor, verdict)


def _survivors(
    store: Store,
    staged: Staged,
    lost: Losses,
    level: TextLevel | None,
    stats: Stats,
    url: str,
    takers: Sequence[Taker],
    lines: Sequence[int],
) -> Iterator[Survivor]:
    """The pages that kept their URL; the takers receive the others. `url` is the stage of URLs, which counts pages that
    lose to earlier corpora; `lines` holds the lines of each page by row, as far as known.
    """
    start, losing = 0, dict(lost.urls.tolist())
    with store.read(staged.pages) as stream:
        file = TableSource(stream)
        extra, lossy = extra_columns(file.schema), "dropped" in file.schema.names
        for batch in file:
            ends = start + np.cumsum(batch.column("atoms").value_lengths().to_numpy())
            found = BatchLosses(lost, np.concatenate([[start], ends]), batch, level)
            start = int(ends[-1])
            rows, pages = batch.column("row").to_pylist(), pages_of(batch, extra)
            for i, (row, page) in enumerate(zip(rows, pages, strict=True)):
                if url:
                    stats.came(page)
                if row in losing:
                    stats.rejected(page.url)
                    if losing[row]:
                        stats.old(page, url)
                    for taker in takers:
                        taker.lost(row, page)
                    continue
                if lines:
                    know_lines(page.text, lines[row])
                before = [Dropped(*drop.values()) for drop in batch.column("dropped")[i].as_py()] if lossy else ()
                yield Survivor(row, page, found.of(i, page), tuple(before))


def after_dedup(survivor: Survivor, leg: Leg) -> Verdict:
    """The page after the dedup."""
    if leg.level is None:
        return Kept(survivor.page)
    try:
        return _after_level(survivor, leg, leg.level)
    except Exception as error:
        blame([leg.level, *leg.then], page_named(survivor.page), error)
        raise


def _after_level(survivor: Survivor, leg: Leg, level: TextLevel) -> Verdict:
    page = survivor.page
    applied: Verdict = Kept(page)
    if survivor.losses is not None:
        applied = survivor.losses.applied or _applied(page, survivor.losses, level)
        likeness = survivor.losses.likeness
        if isinstance(applied, Rejected) and likeness is not None and not isnan(likeness):
            applied = applied._replace(detail=f"{likeness:.2f}")
    return applied if isinstance(applied, Rejected) else after(page, applied, broken_by(applied.page, leg.then))


def _applied(page: Page, losses: PageLosses, level: TextLevel) -> Verdict:
    cut: list[Dropped] | None = [] if is_own(level) else None
    # The owners decide where one passage ends and the next begins; the blanks between count for neither.
    applied = level.apply(page, losses.flags, cut, losses.owners, losses.starts.tolist())
    if cut is None:
        return applied
    applied = checked_loss(level, page, applied)
    return applied._replace(chars=characters_of(drop for drop in cut if drop.code in applied.tally))


def dropped_so_far(survivor: Survivor, leg: Leg) -> list[Dropped]:
    """What the page lost to text dedups up to this one; computed again, only for pages that are shown."""
    dropped = [*survivor.dropped]
    if survivor.losses is not None and leg.level is not None:
        before, flags, owners = len(dropped), survivor.losses.flags, survivor.losses.owners
        verdict = leg.level.apply(survivor.page, flags, dropped, owners, survivor.losses.starts.tolist())
        if isinstance(verdict, Rejected) and len(dropped) == before:  # it has no place in the text, but an owner
            dropped.append(Dropped(verdict.reason.code, "", owner_of(owners[flags.index(True)])))
    return dropped


Walked = tuple[int, Verdict, list[tuple[int, Page, Kept]], list[tuple[int, Page]], list[int]]


def walk_on(page: Page, leg: Leg, plan: Plan, counts: Mapping[int, StageCount]) -> Walked:
    """The page through the page stages of a leg. `counts` are the stages' counts by index; only flags and cut lines are
    added to them. Returns what `run_steps` returns, the stages that drop lines, each with the page that entered, and
    the trail of what was lost.
    """
    index, last, passed = run_steps(page, leg.steps)
    met, trail, cutting = [], [], plan.cutting
    for i, before, kept in passed:
        if kept.page.text is not before.text:
            trail += plan.cells.cut(i, kept, before)
        if i in cutting:
            count_cuts(counts[i], before, kept, plan)
            met.append((i, before))
        if kept.tally:
            counts[i].flagged.update({c: n for c, n in kept.tally.items() if plan.reasons[c].unit is Unit.PAGE})
    if isinstance(last, Rejected):
        trail += plan.cells.cut(index, last)
        if index in cutting:
            count_cuts(counts[index], last.page, last, plan)
            met.append((index, last.page))
    return index, last, passed, met, trail


def trail_of(survivor: Survivor, index: int, verdict: Verdict, plan: Plan) -> list[int]:
    """What a page lost to the dedup of a leg, which begins at this stage."""
    if survivor.losses is None:
        return []
    return plan.cells.cut(index, verdict, None if isinstance(verdict, Rejected) else survivor.page)


def cuts_of(survivor: Survivor, leg: Leg, plan: Plan, met: Iterable[tuple[int, Page]] = ()) -> FindDropped:
    """What the page lost, computed on demand: to text dedups, and to later stages that drop lines."""
    return lambda: [*dropped_so_far(survivor, leg), *(drop for i, before in met for drop in plan.cut(i, before))]
