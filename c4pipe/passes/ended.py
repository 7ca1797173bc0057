"""Pages of a pass by what became of them and what they lost: counted in bulk, since one by one is slow.

columns of continuing pages --Origins--> where each comes from, and what it lost so far
pages of a pass -------------Ended-----> the ledger; those that end in it: the cube
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from c4pipe.corpus.cells import KEPT_CELL, STEP, PageEnd, Trail
from c4pipe.corpus.cube import Cube, Origin, waiting
from c4pipe.corpus.ledger import Ledger
from c4pipe.corpus.plan import Plan
from c4pipe.corpus.stats import Stats
from c4pipe.page import Page

Ints = NDArray[np.int64]
# For pages that continue to another text dedup: where they come from, and what they lost so far.
NOTED_DOMAIN, NOTED_BIN, NOTED_TRAIL = "__domain", "__bin", "__trail"
TRAIL_FIELDS = (
    pa.field(NOTED_DOMAIN, pa.string()),
    pa.field(NOTED_BIN, pa.int8()),
    pa.field(NOTED_TRAIL, pa.list_(pa.int64())),
)
_ROW = 5  # numbers per page
_KEPT, _STAYS = -1, -2  # the cells of pages of the corpus, and of pages that continue to another text dedup


class Cuts(NamedTuple):
    """Pieces of pages that were cut. [pieces]"""

    pages: Ints  # the index of the page
    cells: Ints
    lines: Ints
    chars: Ints

    def of(self, chosen: NDArray[np.bool_]) -> Cuts:
        """The chosen pieces."""
        return Cuts(*(column[chosen] for column in self))


class Origins:
    """The `TRAIL_FIELDS` of pages in ascending order of rows."""

    def __init__(self, table: pa.Table, rows: Ints):
        column = table[NOTED_DOMAIN].combine_chunks().dictionary_encode()
        self.rows = rows
        self.names: list[str] = column.dictionary.to_pylist()
        self.domains: Ints = column.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        self.bins: Ints = table[NOTED_BIN].to_numpy().astype(np.int64)
        self.trails = table[NOTED_TRAIL].combine_chunks()
        offsets = self.trails.offsets.to_numpy()
        self._offsets, self._values = offsets // STEP, self.trails.values.to_numpy().reshape(-1, STEP)

    def cuts(self) -> Cuts:
        """What all of them lost so far; `pages` are indices into the table."""
        start, stop = int(self._offsets[0]), int(self._offsets[-1])
        pages = np.repeat(np.arange(len(self.rows)), np.diff(self._offsets))
        return Cuts(pages, *self._values[start:stop].T)

    def of(self, row: int) -> tuple[Origin, list[int]]:
        """One page, by its row."""
        place = int(np.searchsorted(self.rows, row))
        origin = Origin(self.names[self.domains[place]], int(self.bins[place]))
        return origin, self.trails[place].as_py()


class Ended:
    """Pages whose fate in a pass is known, collected while it runs."""

    def __init__(self, plan: Plan):
        self._plan = plan
        self._pages: list[int] = []
        self._trails: list[int] = []
        self._lengths: list[int] = []  # of the trail of each page
        self._languages: dict[str, int] = {}

    def add(self, row: int, language: str, end: PageEnd, trail: Trail) -> None:
        """A page that ends, and what it lost in this pass."""
        self._add(row, language, *end, trail)

    def kept(self, row: int, language: str, lines: int, chars: int, trail: Trail) -> None:
        """A page of the corpus."""
        self._add(row, language, _KEPT, lines, chars, trail)

    def stays(self, row: int, page: Page, trail: Trail) -> None:
        """A page that continues to another text dedup."""
        self._add(row, page.language, _STAYS, 0, len(page.text), trail)

    def _add(self, row: int, language: str, cell: int, lines: int, chars: int, trail: Trail) -> None:
        self._pages += row, self._languages.setdefault(language, len(self._languages)), cell, lines, chars
        self._trails += trail
        self._lengths.append(len(trail))

    def count(self, origins: Origins, ledger: Ledger, stages: range, cube: Cube, stats: Stats) -> None:
        """Adds all of them to the ledger's stages that this pass carried out; and those that end to the cube, with what
        they lost before, and the domains of dropped pages.
        """
        pages = np.array(self._pages, np.int64).reshape(-1, _ROW)
        sizes = np.array(self._lengths, np.int64) // STEP
        own = Cuts(np.repeat(np.arange(len(pages)), sizes), *np.array(self._trails, np.int64).reshape(-1, STEP).T)
        _count_stages(ledger, stages, self._plan, pages, own)
        over = pages[:, 2] != _STAYS
        if not over.all():
            own = own.of(over[own.pages])
            own = own._replace(pages=(np.cumsum(over) - 1)[own.pages])
        rows, languages, cells, lines, chars = pages[over].T
        places = np.searchsorted(origins.rows, rows)
        numbers, counts = np.unique(origins.domains[places[cells != _KEPT]], return_counts=True)
        for number, found in zip(numbers.tolist(), counts.tolist(), strict=True):
            stats.domains_rejected[origins.names[number]] += found
        early = origins.cuts()
        mine = np.full(len(origins.rows), -1)
        mine[places] = np.arange(len(rows))
        early = early._replace(pages=mine[early.pages])
        early = early.of(early.pages >= 0)
        lost = Cuts(*map(np.concatenate, zip(own, early, strict=True)))
        count_ended(cube, self._plan, origins, places, [*self._languages], languages, (cells, lines, chars), lost)


def _count_stages(ledger: Ledger, stages: range, plan: Plan, pages: Ints, cuts: Cuts) -> None:
    """Counts pages and characters of these stages; of a dedup of text also lines that were dropped or rejected with
    their page. What the last stage keeps is summed from its pages, so that `Ledger.check` compares it with the losses.
    """
    *_, cells, lines, chars = pages.T
    gone = cells >= 0
    rejected, left, left_lines = (
        _by_cell(plan, cells[gone], each[gone]) for each in (np.ones_like(cells), chars, lines)
    )
    cut, cut_lines = _by_cell(plan, cuts.cells, cuts.chars), _by_cell(plan, cuts.cells, cuts.lines)
    before = ledger.stages[stages.start - 1]
    for index in stages:
        stage = ledger.stages[index]
        stage.entered, stage.chars.came = before.left, before.chars.left
        for number, cell in plan.cells.of(index):
            if rejected[number]:
                stage.rejected[cell.reason] += rejected[number]
            stage.chars.lose_more(cell.reason, cell.unit, left[number] + cut[number])
            if index in plan.texts:
                stage.lines_rejected += left_lines[number]
                if cut_lines[number]:
                    stage.lines_dropped[cell.reason] += cut_lines[number]
        stage.kept = stage.entered - stage.rejected.total()
        stage.chars.keep_rest()
        before = stage
    before.kept, before.chars.kept = len(cells) - int(gone.sum()), int(chars[~gone].sum())


def _by_cell(plan: Plan, cells: Ints, numbers: Ints) -> list[int]:
    """The sum for each cell. Sums below 2**53 are exact."""
    return np.bincount(cells, numbers, len(plan.cells.all)).astype(np.int64).tolist()  # type: ignore[no-any-return]


def count_ended(
    cube: Cube,
    plan: Plan,
    origins: Origins,
    places: Ints,
    names: list[str],
    languages: Ints,
    ends: tuple[Ints, Ints, Ints],
    cuts: Cuts,
) -> None:
    """Adds pages to the cube.

    Args:
        places: [pages] index of each in the origins.
        names: names of the languages.
        languages: [pages] index of the page's language.
        ends: [pages] cell of each (-1: kept), with its lines and characters.
        cuts: what was cut from them, by the index of the page among these.
    """
    cells = [*plan.cells.all, *([KEPT_CELL] if plan.size is None else map(waiting, map(plan.preset.config, names)))]
    kept = len(plan.cells.all) + (0 if plan.size is None else languages)
    pages = np.concatenate([np.arange(len(places)), cuts.pages])
    cell, lines, chars = (np.concatenate(pair) for pair in zip(ends, cuts[1:], strict=True))
    cell[: len(places)] = np.where(ends[0] == _KEPT, kept, ends[0])
    bins, domains = origins.bins[places], origins.domains[places]
    for key, counts in _summed((cell, languages[pages], bins[pages]), lines, chars):
        number, language, length = key
        cube.add_language(cells[number], names[language], length, counts)
    for (number, domain), counts in _summed((cell, domains[pages]), lines, chars):
        cube.add_domain(cells[number], origins.names[domain], counts)


def _summed(keys: tuple[Ints, ...], lines: Ints, chars: Ints) -> list[tuple[tuple[int, ...], list[int]]]:
    """Each distinct key with its count and sums. Sums below 2**53 are exact."""
    sizes = [int(key.max(initial=0)) + 1 for key in keys]
    found, inverse, numbers = np.unique(np.ravel_multi_index(keys, sizes), return_inverse=True, return_counts=True)
    sums = [np.bincount(inverse, column, len(found)).astype(np.int64).tolist() for column in (lines, chars)]
    named = zip(*(part.tolist() for part in np.unravel_index(found, sizes)), strict=True)
    return list(zip(named, map(list, zip(numbers.tolist(), *sums, strict=True)), strict=True))
