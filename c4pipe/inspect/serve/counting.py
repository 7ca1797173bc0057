"""The numbers beside the filters: how many pages the selection would hold with that filter in place of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

import duckdb

from c4pipe.corpus.stats import registered
from c4pipe.facts.corpus import Corpus, files_sql
from c4pipe.inspect.serve.selection import ANY_REASON, Known, Selection, condition, parts_of

TOP = 12  # domains shown
# As stats.registered reads the host off a URL.
_HOST = "split_part(regexp_replace(url, '^([A-Za-z][A-Za-z0-9+.-]*:)?//', ''), '/', 1)"
_BIN = "CAST(floor(log2(greatest(1, length(text)))) AS INTEGER)"  # as stats does: 2**k .. 2**(k+1)-1 characters
_FETCH = 10_000  # hosts at a time


class Counts(NamedTuple):
    """Pages by what the filters tell apart. Each filter's numbers hold for all the other filters as they are."""

    total: int  # pages of the selection
    outcomes: dict[str, int]  # "" kept, "rejected" all others, then "stage/reason"
    configs: dict[str, int]
    splits: dict[str, int]
    languages: dict[str, int]  # only where one config holds several
    lengths: dict[int, int]  # k -> pages of 2**k .. 2**(k+1)-1 characters, of the selection
    domains: list[tuple[str, int]]  # the most frequent of the selection
    others: int  # domains that are not among them


class Cell(NamedTuple):
    """Pages that are alike to the filters."""

    config: str  # of kept pages
    split: str
    language: str
    outcome: str  # of rejected pages
    size: int
    pages: int

    def within(self, selection: Selection, *but: str) -> bool:
        """Whether they are of the selection, whatever it asks of the fields named in `but`."""
        if self.outcome:
            return "outcome" in but or selection.outcome in (ANY_REASON, self.outcome)
        wanted = ((name, getattr(selection, name)) for name in ("config", "split", "language") if name not in but)
        return all(value in ("", getattr(self, name)) for name, value in wanted)


def count_pages(
    cursor: duckdb.DuckDBPyConnection,
    corpus: Corpus,
    selection: Selection,
    has: Known,
    barren: Collection[str] = (),
) -> Counts:
    """Counts one selection, in one pass over the kept pages and one over the rejected ones. Where nothing is asked of a
    row, the manifest and the statistics tell, and no text is read; nor are `barren` files read, which are known to
    hold nothing of `selection.widest`. duckdb.Error where memory does not suffice.
    """
    everything = selection == Selection() and "lengths_kept" in corpus.stats
    cells, domains = _cells(cursor, corpus, selection, has, barren, sizes=not everything)
    chosen = [cell for cell in cells if cell.within(selection)]
    lengths = _sum((cell.size, cell.pages) for cell in chosen)
    if everything:
        lengths = Counter({int(size): pages for size, pages in corpus.stats["lengths_kept"].items()})
    facets = {
        name: _sum(
            (getattr(cell, name), cell.pages) for cell in cells if not cell.outcome and cell.within(selection, name)
        )
        for name in ("config", "split", "language")
    }
    if selection.kept and not selection.by_row:  # only the chosen files were looked at
        facets |= _of_manifest(corpus, selection)
    ranked = sorted(domains.items(), key=lambda item: (-item[1], item[0]))
    return Counts(
        sum(cell.pages for cell in chosen),
        _outcomes(cursor, corpus, selection, has, cells),
        {name: facets["config"][name] for name in has.configs} if selection.kept else {},
        {name: facets["split"][name] for name in has.splits} if selection.kept else {},
        dict(sorted(facets["language"].items(), key=lambda item: (-item[1], item[0]))) if one_config(has) else {},
        dict(sorted(lengths.items())),
        ranked[:TOP],
        max(0, len(ranked) - TOP),
    )


def total(corpus: Corpus, selection: Selection) -> int | None:
    """The pages of the selection where the manifest tells."""
    if selection.by_row or not selection.kept:
        return None
    return sum(int(part["rows"]) for part in parts_of(corpus, selection))


def _cells(
    cursor: duckdb.DuckDBPyConnection,
    corpus: Corpus,
    selection: Selection,
    has: Known,
    barren: Collection[str],
    sizes: bool,
) -> tuple[list[Cell], Counter[str]]:
    """The cells of the selection and of those that differ from it in config, split, language or outcome; and the
    registered domains of the selection."""
    wide = selection.widest
    if not selection.by_row:
        wide = wide._replace(config=selection.config, split=selection.split)
    parts = [part for part in parts_of(corpus, wide) if part["path"] not in barren]
    if not parts:
        return [], Counter()
    where, values = condition(wide)
    files = {str(corpus.folder.resolve() / part["path"]): part for part in parts}
    if selection.kept:
        own = {part["path"] for part in parts_of(corpus, selection)}
        chosen = "list_contains($names, filename)"
        values["names"] = [name for name, part in files.items() if part["path"] in own]
        if selection.language:
            chosen, values["language"] = f"{chosen} AND language = $language", selection.language
        language = "language" if one_config(has) or selection.language else "''"
        axes = f"filename AS a, '' AS b, {language} AS c"
    else:
        chosen, axes = "true", "stage AS a, reason AS b, '' AS c"
        if selection.outcome != ANY_REASON:
            chosen = "stage = $stage AND reason = $reason"
            values["stage"], _, values["reason"] = selection.outcome.partition("/")
    result = cursor.execute(
        f"SELECT a, b, c, size, host, grouping(host), chosen, count(*) FROM (SELECT {axes}, "
        f"{_BIN if sizes else 0} AS size, {_HOST} AS host, {chosen} AS chosen FROM {files_sql(corpus, parts)} "
        f"WHERE {where}) GROUP BY GROUPING SETS ((a, b, c, size), (host, chosen))",
        values,
    )
    cells, domains = [], Counter[str]()
    while rows := result.fetchmany(_FETCH):
        for a, b, c, size, host, whole, is_chosen, pages in rows:
            if not whole:
                if is_chosen:
                    domains[registered(host)] += pages
            elif selection.kept:
                cells.append(Cell(files[a]["config"], files[a]["split"], c, "", size, pages))
            else:
                cells.append(Cell("", "", "", f"{a}/{b}", size, pages))
    return cells, domains


def _outcomes(
    cursor: duckdb.DuckDBPyConnection, corpus: Corpus, selection: Selection, has: Known, cells: list[Cell]
) -> dict[str, int]:
    """Pages by outcome: of the selection's own table from its cells, of the other one from a query."""
    found = _sum((cell.outcome, cell.pages) for cell in cells if cell.within(selection, "outcome"))
    other = selection.but(outcome=ANY_REASON if selection.kept else "")
    known_total = total(corpus, other)
    if known_total is not None:
        found[""] = known_total
    elif parts := parts_of(corpus, other):
        where, values = condition(other)
        outcome = "''" if other.kept else "stage || '/' || reason"
        sql = f"SELECT {outcome}, count(*) FROM {files_sql(corpus, parts)} WHERE {where} GROUP BY 1"
        found.update(dict(cursor.execute(sql, values).fetchall()))
    if not corpus.rejected:
        return {"": found[""]}
    return {"": found[""], ANY_REASON: found.total() - found[""]} | {name: found[name] for name in has.outcomes}


def _of_manifest(corpus: Corpus, selection: Selection) -> dict[str, Counter[str]]:
    """Pages by config and by split, each for the other as it is selected."""
    configs = ((part["config"], part["rows"]) for part in corpus.shards(split=selection.split or None))
    splits = ((part["split"], part["rows"]) for part in corpus.shards(config=selection.config or None))
    return {"config": _sum(configs), "split": _sum(splits)}


def one_config(has: Known) -> bool:
    """Whether languages are told apart by a column only, as in a mixture. Elsewhere each has a config of its own."""
    return len(has.configs) == 1


def _sum(pairs: Iterable[tuple[Any, int]]) -> Counter[Any]:
    found = Counter[Any]()
    for key, pages in pairs:
        found[key] += pages
    return found
