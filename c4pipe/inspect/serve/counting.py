"""The counts next to the filters: how many pages the selection would have with that value of the filter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

import duckdb

from c4pipe.facts.corpus import Corpus
from c4pipe.facts.views import files_sql
from c4pipe.inspect.serve.aside import CUT_CODES, codes_table, lost_lines_name
from c4pipe.inspect.serve.cells import SCORES
from c4pipe.inspect.serve.conditions import condition
from c4pipe.inspect.serve.limits import within
from c4pipe.inspect.serve.selection import (
    AGREED,
    ANY_REASON,
    DISAGREED,
    UNDETERMINED,
    Known,
    Selection,
    parts_of,
)
from c4pipe.inspect.serve.tally import SelectionTally

TOP = 12  # domains and details shown, and combinations of disagreeing votes
COUNT_SECONDS = 30.0  # limit for counting at once


class Counts(NamedTuple):
    """Pages by everything that filters distinguish. Each filter's counts respect all other filters."""

    total: int  # pages of the selection
    outcomes: dict[str, int]  # "" kept, "rejected" all others, then "stage/reason"
    configs: dict[str, int]
    splits: dict[str, int]
    languages: dict[str, int]  # of kept pages only if one config has several; {} if unknown
    lengths: dict[int, int]  # k -> pages of 2**k .. 2**(k+1)-1 characters, in the selection
    domains: list[tuple[str, int]]  # the most frequent in the selection
    others: int  # number of other domains
    domains_built: dict[str, int]  # of all pages, if the statistics have it and the selection is of a sample
    months: dict[str, int]  # YYYY-MM, "" without a date; this and the following in the selection
    scores: dict[str, int]  # LOW-HIGH; {} without scores
    votes: dict[str, int]  # "agreed", "disagreed", and the most frequent disagreements; {} without votes
    details: list[tuple[str, int]]  # the most frequent; [] for kept pages
    lost: dict[str, int]  # code of a reason that cuts lines -> pages that lost some to it
    held: dict[str, int]  # outcome -> pages in the rejected table, "" kept ones, for their losses
    looked: int = 0  # rows examined, of `rows`: until that is all of them the counts are lower bounds
    rows: int = 0

    @property
    def whole(self) -> bool:
        """Whether all pages are counted."""
        return self.looked == self.rows

    @property
    def held_rejected(self) -> int:
        """The rejected pages in the table."""
        return sum(self.held.values()) - self.held.get("", 0)

    def of_sample(self, selection: Selection, has: Known, in_build: dict[str, int], kept: int) -> bool:
        """Whether the counts are of a sample, given the numbers of pages `kept`, and rejected by "stage/reason"."""
        if not has.sampled:
            return False
        if selection.kept:
            return selection.recorded and self.held.get("", 0) < kept
        held = self.held_rejected if selection.outcome == ANY_REASON else self.held.get(selection.outcome, 0)
        return held < selection.built(in_build)


def count_pages(
    cursor: duckdb.DuckDBPyConnection,
    corpus: Corpus,
    selection: Selection,
    has: Known,
    barren: Collection[str] = (),
) -> Counts:
    """Counts one selection, in one pass over the kept pages and one over the rejected ones. If no condition needs a
    row, the manifest and the statistics suffice, and no text is read. `barren` files, known to have nothing of
    `selection.widest`, are not read. duckdb.Error if memory does not suffice.
    """
    return count_on(cursor, SelectionTally(corpus, selection, has, barren))


def count_on(cursor: duckdb.DuckDBPyConnection, tally: SelectionTally, seconds: float | None = None) -> Counts:
    """Continues to count, for about so many seconds if given; returns the counts so far. ConfigError if one piece of
    the files takes too long."""
    words = (
        f"not counted: that takes more than {COUNT_SECONDS:.0f} seconds here. Narrow the selection to a language, a "
        "split, a reason or a domain; the list works without counts."
    )
    with within(cursor, COUNT_SECONDS, words):
        tally.go_on(cursor, seconds)
        return _counted(cursor, tally)


def _counted(cursor: duckdb.DuckDBPyConnection, tally: SelectionTally) -> Counts:
    corpus, selection, has, cells, found = tally.corpus, tally.selection, tally.has, tally.cells, tally.facets
    chosen = [cell for cell in cells if cell.within(selection)]
    lengths = _sum((cell.size, cell.pages) for cell in chosen)
    if tally.everything:
        lengths = Counter({int(size): pages for size, pages in corpus.stats["lengths_kept"].items()})
    facets = {
        name: _sum((getattr(cell, name), cell.pages) for cell in cells if cell.within(selection, name))
        for name in ("config", "split", "language")
    }
    if selection.kept and not selection.by_row:  # only the chosen files were examined
        facets |= _of_manifest(corpus, selection)
    held = tally.held
    built = _domains_built(cursor, corpus, selection, has, held)
    ranked = [(name, found.domains[name]) for name, _ in _most_first(built)] if built else _most_first(found.domains)
    told = total(corpus, selection)
    return Counts(
        sum(cell.pages for cell in chosen) if told is None else told,
        _outcomes(tally),
        {name: facets["config"][name] for name in has.configs} if selection.kept else {},
        {name: facets["split"][name] for name in has.splits} if selection.kept else {},
        _languages(facets["language"], selection, has),
        dict(sorted(lengths.items())),
        ranked[:TOP],
        max(0, len(ranked) - TOP),
        built,
        dict(sorted(found.months.items())),
        {f"{SCORES[n]}-{SCORES[n + 1]}": found.scores[n] for n in sorted(found.scores)},
        _votes(found.votes),
        _most_first(found.details)[:TOP],
        _lost(cursor, tally),
        held,
        tally.looked,
        tally.rows,
    )


def total(corpus: Corpus, selection: Selection) -> int | None:
    """The pages of the selection if the manifest has their number."""
    if selection.by_row or not selection.kept:
        return None
    return sum(int(part["rows"]) for part in parts_of(corpus, selection))


def told_at_once(corpus: Corpus, selection: Selection) -> dict[str, Counter[str]]:
    """Pages by config and by split from the manifest, before anything is counted; {} if it does not have them."""
    return {} if selection.by_row or not selection.kept else _of_manifest(corpus, selection)


def _languages(found: Counter[str], selection: Selection, has: Known) -> dict[str, int]:
    """Kept pages by language, if their config does not determine it; rejected ones without those of no language, which
    are records that gave no page and withheld texts."""
    if not has.tells_language(selection.kept):
        return {}
    if selection.kept:
        return dict(_most_first(found)) if has.one_config else {}
    return {language: pages for language, pages in _most_first(found) if language}


def _votes(found: Counter[str]) -> dict[str, int]:
    """How often all agreed, agreed without being accepted, or disagreed, with the most frequent disagreements."""
    if not found:
        return {}
    alike = {how: found[how] for how in (AGREED, UNDETERMINED) if how == AGREED or found[how]}
    ways = [(said, pages) for said, pages in _most_first(found) if said not in (AGREED, UNDETERMINED)]
    return alike | {DISAGREED: sum(pages for _, pages in ways)} | dict(ways[:TOP])


def _lost(cursor: duckdb.DuckDBPyConnection, tally: SelectionTally) -> dict[str, int]:
    """Pages of the selection by the reasons that took lines, sentences or passages from them, as far as the rejected
    table has them, ignoring the selection's own condition on these. A search in cut text is a search in the cuts of
    each reason."""
    corpus, selection, has = tally.corpus, tally.selection, tally.has
    if not tally.asks_losses:
        return {code: tally.facets.lost[code] for code in has.lost}
    searched = selection.q and selection.field == "lost"
    beside = selection._replace(lost="", q="" if searched else selection.q)
    parts = parts_of(corpus, selection)
    if not has.lost or not parts:
        return {}
    where, values = condition(beside)
    pages = f"SELECT source FROM {files_sql(corpus, parts)} WHERE {where}"
    if searched:
        side = "kept" if selection.kept else "NOT kept"
        sql = (
            f"SELECT code, count(*) FROM (SELECT unnest(codes) AS code FROM {lost_lines_name(selection)} WHERE {side} "
            f"AND source IN ({pages})) GROUP BY code"
        )
    else:
        codes_table(cursor, corpus)
        sql = (
            f"SELECT code, count(*) FROM (SELECT unnest(codes) AS code FROM ({pages}) JOIN {CUT_CODES} USING (source)) "
            "GROUP BY code"
        )
    found = dict(cursor.execute(sql, values).fetchall())
    return {code: found.get(code, 0) for code in has.lost}


def _domains_built(
    cursor: duckdb.DuckDBPyConnection, corpus: Corpus, selection: Selection, has: Known, held: dict[str, int]
) -> dict[str, int]:
    """The domains of all rejected pages, if the table has a sample of them and the selection is not narrowed."""
    if selection.outcome != ANY_REASON or selection.narrowed or not has.sampled:
        return {}
    rejected = sum(n for stage in corpus.manifest["ledger"]["stages"] for n in stage["rejected"].values())
    if sum(held.values()) - held.get("", 0) == rejected:
        return {}
    reading = corpus.manifest["ledger"]["stages"][0]["stage"]
    # Records that gave no page are in the table, but not in the statistics of pages.
    sql = "SELECT registered(url), count(*) FROM rejected WHERE stage = $1 GROUP BY 1"
    unread = dict(cursor.execute(sql, [reading]).fetchall())
    told = corpus.stats.get("domains_rejected", {})
    return {name: pages + unread.get(name, 0) for name, pages in told.items() if name}


def _outcomes(tally: SelectionTally) -> dict[str, int]:
    """Pages by outcome: for the selection's own table from its cells, for the other one as counted separately."""
    corpus, selection, has = tally.corpus, tally.selection, tally.has
    found = _sum((cell.outcome, cell.pages) for cell in tally.cells if cell.within(selection, "outcome"))
    for side in (selection, tally.other):
        if (told := total(corpus, side)) is not None:
            found[""] = told
    found.update(tally.beside)
    if not corpus.rejected:
        return {"": found[""]}
    return {"": found[""], ANY_REASON: found.total() - found[""]} | {name: found[name] for name in has.outcomes}


def _of_manifest(corpus: Corpus, selection: Selection) -> dict[str, Counter[str]]:
    """Pages by config and by split, each respecting the selection of the other."""
    configs = ((part["config"], part["rows"]) for part in corpus.shards(split=selection.split or None))
    splits = ((part["split"], part["rows"]) for part in corpus.shards(config=selection.config or None))
    return {"config": _sum(configs), "split": _sum(splits)}


def _most_first(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _sum(pairs: Iterable[tuple[Any, int]]) -> Counter[Any]:
    found = Counter[Any]()
    for key, pages in pairs:
        found[key] += pages
    return found
