"""First pass, one unit of work: read, judge page by page, and stage what later passes need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import NamedTuple, Protocol

from c4pipe.corpus.cells import STEP, LossCell, Trail
from c4pipe.corpus.cube import Cube, Origin
from c4pipe.corpus.ledger import Ledger, lines_in
from c4pipe.corpus.plan import KEPT, Plan, run_steps
from c4pipe.corpus.stats import Stats
from c4pipe.files.storage import Store
from c4pipe.page import Kept, Page, Rejected, Verdict
from c4pipe.passes.account import Account
from c4pipe.passes.ended import NOTED_DOMAIN
from c4pipe.passes.outcomes import LinesCut, Outcome, outcomes_table
from c4pipe.passes.raw import RawTexts
from c4pipe.passes.reading import has_place
from c4pipe.passes.sample import Sample, sample_table
from c4pipe.passes.staged import Staged, StagedPages, Summary, staged_schema
from c4pipe.passes.tables import write_table
from c4pipe.text import count_lines


class Progress(NamedTuple):
    """The progress of one unit."""

    pages: int
    chars: int
    staged: int  # pages kept so far; dedup and language are still to come
    lost: int  # records that gave no page, warcinfo among them


class BeingRead(Protocol):
    """A piece of an input while it is read; its size is known afterwards."""

    account: Account
    places: bool  # whether its pages can be read again from their places; known from the first verdict

    def verdicts(self) -> Iterator[Verdict]:
        """Its records, as the reader judges them."""


class Stager:
    """Processes one unit for one plan while it is read, and writes its staged files."""

    def __init__(self, plan: Plan, store: Store, staged: Staged, cap: int | None):
        """`cap` is the sample's size per outcome and input."""
        self._plan, self._store, self.staged = plan, store, staged
        self._ledger = Ledger.of(stage.name for stage in plan.prefix(0))
        self._stats, self._cube, self._sample = Stats(), Cube(), Sample(cap)
        # A sample of all pages already holds their texts as read.
        self._shown = cap is not None and cap > 0 and plan.edits_early
        self._edited = any(plan.preset.stages[index].edits for index, _ in plan.before)  # type: ignore[attr-defined]
        self._outcomes: list[Outcome] = []

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Open while it receives records; after an exception, no file appears."""
        plan = self._plan
        with ExitStack() as stack:
            self._raw = stack.enter_context(RawTexts(self._store, self.staged.raw))
            pages = stack.enter_context(self._store.write(self.staged.pages))
            schema = staged_schema(plan, plan.prefix(0)[:-1], lossy=False, linked=plan.links(0))
            self._pages = StagedPages(pages, schema, plan.level(0))
            yield
            self._pages.close()
            self._raw.close()

    @property
    def progress(self) -> Progress:
        lost = self._ledger.stages[0].rejected.total()
        return Progress(self._stats.pages_read, self._stats.chars_read, self._pages.rows, lost)

    def take(self, verdict: Verdict, places: bool) -> None:
        """A record, as the reader judged it, and whether pages of its input have places."""
        admitted = self._admit(verdict)
        if admitted is not None:
            row = len(self._outcomes)
            read = verdict.page
            outcome = self._judge(*admitted, read, row)
            self._outcomes.append(outcome)
            if self._shown and outcome.reason == KEPT and not (places and has_place(read.source, verdict.tally)):
                self._raw.add(row, read.text)

    def _admit(self, verdict: Verdict) -> tuple[Page, list[int]] | None:
        """The page, if the reader and the filters before URL dedup keep it, and what they cut; counts it either way."""
        reading = self._ledger.stages[0]
        reading.entered += 1
        if isinstance(verdict, Rejected):
            reading.rejected[verdict.reason.code] += 1
            self._sample.add(verdict.page, reading.stage, verdict.reason.code, verdict.detail)
            return None
        page = verdict.page
        reading.kept += 1
        if verdict.tally:
            reading.flagged.update(verdict.tally)
        self._stats.read(page)
        index, last, passed = run_steps(page, self._plan.before)
        trail = self._trail(passed) if self._edited else []
        if isinstance(last, Rejected):
            self._ledger.judged((i for i, *_ in passed), index, last.reason.code)
            trail += [*self._plan.cells.cut(index, last), *self._plan.cells.end(index, last)]
        if trail:
            losses = self._counted(trail)
        if isinstance(last, Rejected):
            self._cube.add_page(Origin.of(page.url, len(page.text)), last.page.language, losses)
            self._stats.rejected(page.url)
            shown = page._replace(text="") if last.reason.withheld else page
            self._sample.add(shown, self._ledger.stages[index].stage, last.reason.code, last.detail)
            return None
        return last.page, trail

    def _counted(self, trail: Trail) -> list[tuple[LossCell, int, int]]:
        """A trail with its cells, after counting it in the ledger."""
        cells, losses = self._plan.cells, []
        for number, lines, chars in zip(trail[::STEP], trail[1::STEP], trail[2::STEP], strict=True):
            cell = cells.all[number]
            losses.append((cell, lines, chars))
            self._ledger.stages[cells.stages[number]].chars.lose_more(cell.reason, cell.unit, chars)
        return losses

    def _count_admitted(self) -> None:
        """Counts the pages that passed all filters before URL dedup, and the characters that these and the reader kept:
        everything except what they cut.
        """
        left = self._stats.chars_read
        self._ledger.stages[0].chars.came = left
        for index, _ in self._plan.before:
            stage = self._ledger.stages[index]
            stage.entered += len(self._outcomes)
            stage.kept += len(self._outcomes)
            stage.chars.came = left
            left = stage.chars.keep_rest()
        self._ledger.stages[0].chars.keep_rest()

    def _trail(self, passed: Iterable[tuple[int, Page, Kept]]) -> list[int]:
        """What these stages cut from a page."""
        trail: list[int] = []
        for i, before, kept in passed:
            if kept.page is not before:
                trail += self._plan.cells.cut(i, kept, before)
        return trail

    def _judge(self, page: Page, trail: list[int], read: Page, row: int) -> Outcome:
        """The page's claim on its URL, and the verdict of the stages after URL dedup, in case it wins. Adds what
        it loses to `trail`, which holds what it lost so far.
        """
        plan = self._plan
        index, last, passed = run_steps(page, plan.between)
        cuts = {i: self._lines_cut(before, kept) for i, before, kept in passed if i in plan.cutting}
        trail += self._trail(passed)
        if isinstance(last, Rejected):
            self._sample.add(read, plan.names()[index], last.reason.code, last.detail, row)
            if index in plan.cutting:
                cuts[index] = LinesCut(count_lines(last.page.text), 0, last.tally)
            _, left_lines, left = plan.cells.end(index, last)
            trail += plan.cells.cut(index, last)
            stage, reason = index, last.reason.code
        else:
            stage, reason, left_lines, left = -1, KEPT, count_lines(last.page.text), len(last.page.text)
            self._sample.add(read, "", KEPT, row=row)
            self._pages.add(last.page, len(read.text), row)
        first = cuts.get(plan.between[0][0]) if plan.between else None  # which already counted the lines
        lines = first.lines_in if first is not None else count_lines(page.text)
        return Outcome(
            page.url, page.timestamp, read.url, len(read.text), stage, reason, cuts, lines, len(page.text),
            left_lines, left, last.page.language, trail,
        )  # fmt: skip

    def _lines_cut(self, before: Page, kept: Kept) -> LinesCut:
        """What a stage that drops lines did to a page that it keeps."""
        dropped, left = 0, kept.page.text
        for code, number in kept.tally.items():
            dropped += number if code in self._plan.line_codes else 0
        return LinesCut(lines_in(before.text, left, dropped), count_lines(left), kept.tally)

    def next_input(self) -> None:
        """Marks the end of an input; each input is sampled separately."""
        self._sample.close()

    def conclude(self, accounts: Sequence[Account]) -> tuple[int, int]:
        """Writes the other files after the pages. Returns (rows of outcomes, atoms staged)."""
        self._count_admitted()
        outcomes = outcomes_table(self._outcomes, self._plan)
        judged = zip(outcomes[NOTED_DOMAIN].to_pylist(), self._outcomes, strict=True)
        self._stats.domains_rejected.update(domain for domain, outcome in judged if outcome.reason != KEPT)
        with self._store.write(self.staged.outcomes) as stream:
            write_table(stream, outcomes)
        with self._store.write(self.staged.sample) as stream:
            write_table(stream, sample_table(self._sample))
        counts = len(self._outcomes), self._pages.atoms, self._pages.rows
        files = ("pages", *(("raw",) if self._raw.any else ()), "outcomes", "sample")
        Summary(self._ledger, self._stats, accounts, *counts, files, self._cube).write(self._store, self.staged)
        return counts[:2]


def stage_unit(
    readings: Iterable[BeingRead], stagers: Sequence[Stager], tick: Callable[[Stager], None]
) -> list[tuple[int, int]]:
    """Passes the records of a unit to every stager. Returns (rows of outcomes, atoms staged) for each.

    `tick` is called with one of them after each record; its `progress` says how far it is.
    """
    accounts = []
    with ExitStack() as stack:
        for stager in stagers:
            stack.enter_context(stager.writing())
        for reading in readings:
            for verdict in reading.verdicts():
                reading.account.take(verdict)
                for stager in stagers:
                    stager.take(verdict, reading.places)
                tick(stagers[0])
            accounts.append(reading.account)
            for stager in stagers:
                stager.next_input()
    return [stager.conclude(accounts) for stager in stagers]
