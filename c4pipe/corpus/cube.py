"""What all pages of a build lost, by cause, language and length, and by cause and domain.

Every page counts once as a page: under the cause that rejected it, or as kept. Its lines and characters are split
between that and what cut parts of it, so the characters of all cells add up to those of all pages as read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from c4pipe.corpus.cells import KEPT_CELL, LossCell
from c4pipe.corpus.characters import EDIT
from c4pipe.corpus.ledger import Ledger
from c4pipe.corpus.stats import TOP_DOMAINS, registered
from c4pipe.errors import BuildError
from c4pipe.page import Unit

CellCounts = list[int]  # pages, lines, characters
REST = None  # instead of a domain: all that are not counted separately
WAITS = "waits"  # the unit of pages that are kept unless their config is left out; the config is the reason


class Origin(NamedTuple):
    """What is known of a page when it is read."""

    domain: str  # registered, "" without a URL
    bin: int  # k: its text, as read, has 2**k .. 2**(k+1)-1 characters

    @classmethod
    def of(cls, url: str, chars: int) -> Origin:
        """The origin of a page by its URL and the characters of its text as it was read."""
        return cls(registered(url), max(0, chars.bit_length() - 1))


NO_ORIGIN = Origin("", 0)


class Cube:
    """Counts by (cell, language, bin) and by (domain, cell); adding two parts gives the whole."""

    def __init__(self) -> None:
        self.by_language: dict[tuple[LossCell, str, int], CellCounts] = {}
        self.by_domain: dict[str | None, dict[LossCell, CellCounts]] = {}

    def add_page(self, origin: Origin, language: str, losses: Iterable[tuple[LossCell, int, int]]) -> None:
        """Counts a page by what became of it and what was cut from it; each has a cell, lines and characters.
        `language` is "" if no stage determined it.
        """
        for cell, *counts in losses:
            self.add_language(cell, language, origin.bin, [1, *counts])
            self.add_domain(cell, origin.domain, [1, *counts])

    def add_language(self, cell: LossCell, language: str, length: int, counts: CellCounts) -> None:
        """Adds to one of the cells by language and length."""
        _add(self.by_language, [((cell, language, length), counts)])

    def add_domain(self, cell: LossCell, domain: str, counts: CellCounts) -> None:
        """Adds to one of the cells by domain."""
        _add(self.by_domain.setdefault(domain, {}), [(cell, counts)])

    def add(self, other: Cube) -> None:
        """Adds another part of the build."""
        _add(self.by_language, other.by_language.items())
        for domain, cells in other.by_domain.items():
            _add(self.by_domain.setdefault(domain, {}), cells.items())

    def settle(self, left_out: Collection[str], few: LossCell) -> int:
        """Pages that waited are kept, except those of configs that are left out, which are lost to `few`. Returns the
        characters of these.
        """

        def settled(cell: LossCell) -> LossCell:
            if cell.unit != WAITS:
                return cell
            return few if cell.reason in left_out else KEPT_CELL

        found: dict[tuple[LossCell, str, int], CellCounts] = {}
        _add(found, (((settled(cell), *rest), counts) for (cell, *rest), counts in self.by_language.items()))
        self.by_language = found
        for domain, cells in self.by_domain.items():
            self.by_domain[domain] = {}
            _add(self.by_domain[domain], ((settled(cell), counts) for cell, counts in cells.items()))
        return sum(chars for (cell, _, _), (_, _, chars) in found.items() if cell == few)

    def shorten(self, domains: int = TOP_DOMAINS) -> bool:
        """Merges all but the domains with most pages into one. Returns whether there were more."""
        named = [domain for domain in self.by_domain if domain is not REST]
        if len(named) <= domains:
            return False
        rest: dict[LossCell, CellCounts] = {}
        ranked = sorted(named, key=lambda domain: (-self._pages_of(domain), domain or ""))
        for domain in ranked[domains:]:
            _add(rest, self.by_domain.pop(domain).items())
        if rest:
            _add(self.by_domain.setdefault(REST, {}), rest.items())
        return bool(rest)

    def _pages_of(self, domain: str | None) -> int:
        return sum(n for cell, (n, _, _) in self.by_domain[domain].items() if cell.unit in (Unit.PAGE.value, WAITS))

    def check(self, ledger: Ledger) -> Cube:
        """Itself, if it agrees with the ledger. BuildError names the first difference, which is a bug."""
        said = _said(ledger)
        for by, cells in (("language", self.cells()), ("domain", self._cells_of_domains())):
            found: dict[tuple[str, str, str], CellCounts] = {}
            _add(found, (((cell.stage, *_kind(cell)), counts) for cell, counts in cells.items()))
            for key in sorted({*said, *found}):
                pages, lines, chars = found.get(key, (0, 0, 0))
                mine = (pages, 0, chars) if key[1] == "" else (0, lines, chars)
                if mine != said.get(key, (0, 0, 0)):
                    raise BuildError(
                        f"losses by {by} do not balance with the ledger: pages, lines and characters of "
                        f"{'/'.join(key)} are {mine} in one and {said.get(key)} in the other."
                    )
        return self

    def cells(self) -> dict[LossCell, CellCounts]:
        """The sums over languages and lengths."""
        found: dict[LossCell, CellCounts] = {}
        _add(found, ((cell, counts) for (cell, _, _), counts in self.by_language.items()))
        return found

    def _cells_of_domains(self) -> dict[LossCell, CellCounts]:
        found: dict[LossCell, CellCounts] = {}
        for cells in self.by_domain.values():
            _add(found, cells.items())
        return found

    def to_json(self) -> dict[str, Any]:
        """Sorted lists, with the cells by number."""
        cells = sorted({cell for cell, *_ in self.by_language})
        numbers = {cell: number for number, cell in enumerate(cells)}
        keys = sorted(self.by_language)
        named = sorted(self.by_domain.items(), key=lambda item: (item[0] is not REST, item[0] or ""))
        return {
            "cells": cells,
            "languages": [[numbers[key[0]], *key[1:], *self.by_language[key]] for key in keys],
            "domains": [[domain, *_flat(mine, numbers)] for domain, mine in named],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Cube:
        """The inverse of `to_json`."""
        cube, cells = cls(), [LossCell(*cell) for cell in data["cells"]]
        for number, language, length, *counts in data["languages"]:
            cube.by_language[cells[number], language, length] = counts
        for domain, *flat in data["domains"]:
            rows = (flat[at : at + 4] for at in range(0, len(flat), 4))
            cube.by_domain[domain] = {cells[number]: counts for number, *counts in rows}
        return cube


def waiting(config: str) -> LossCell:
    """The cell of pages that pass all stages, and are kept unless their config is left out."""
    return LossCell("", config, WAITS)


def _add(mine: dict[Any, CellCounts], theirs: Iterable[tuple[Any, CellCounts]]) -> None:
    for key, (pages, lines, chars) in theirs:
        counts = mine.get(key)
        if counts is None:
            mine[key] = [pages, lines, chars]
            continue
        counts[0] += pages
        counts[1] += lines
        counts[2] += chars


def _kind(cell: LossCell) -> tuple[str, str]:
    """How the ledger counts it: ("", reason) for pages, else ("edit", "") or ("dropped", reason)."""
    if cell.unit == Unit.PAGE.value:
        return "", cell.reason
    return (EDIT, "") if cell.unit == EDIT else ("dropped", cell.reason)


def _said(ledger: Ledger) -> dict[tuple[str, str, str], tuple[int, int, int]]:
    """What the ledger has for each non-empty cell: pages and characters of what is lost with its page, lines and
    characters of the rest.
    """
    last = ledger.stages[-1]
    said = {("", "", KEPT_CELL.reason): (last.left, 0, last.chars.left)}
    for stage in ledger.stages[1:]:
        chars, lines = stage.chars, stage.lines_dropped
        said |= {(stage.stage, "", code): (n, 0, chars.rejected[code]) for code, n in stage.rejected.items()}
        said |= {
            (stage.stage, "dropped", code): (0, lines[code], chars.dropped[code]) for code in {*lines, *chars.dropped}
        }
        said[stage.stage, EDIT, ""] = (0, 0, chars.edited)
    return {key: counts for key, counts in said.items() if any(counts)}


def _flat(cells: Mapping[LossCell, CellCounts], numbers: Mapping[LossCell, int]) -> list[int]:
    return [number for cell in sorted(cells) for number in (numbers[cell], *cells[cell])]
