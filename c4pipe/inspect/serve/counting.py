"""The numbers beside the filters: how many pages the selection would hold with that filter instead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

import duckdb

from c4pipe.inspect.corpus import Corpus, files_sql
from c4pipe.inspect.serve.selection import ANY_REASON, Known, Selection, condition, parts_of
from c4pipe.stats import registered

TOP = 12  # domains shown
# As stats.registered reads the host off a URL.
_HOST = "split_part(regexp_replace(url, '^([A-Za-z][A-Za-z0-9+.-]*:)?//', ''), '/', 1)"
_BIN = "greatest(0, length(bin(length(text))) - 1)"  # stats._bin: 2**k .. 2**(k+1)-1 characters
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


class _Cube(NamedTuple):
    """Pages that meet what is asked of a row, by where they are and how long; and the hosts of those selected."""

    rows: list[tuple[str, str, str, int, int]]  # config or stage, split or reason, language, length bin, pages
    hosts: Counter[str]  # registered domain -> pages


def count(cursor: duckdb.DuckDBPyConnection, corpus: Corpus, selection: Selection, has: Known) -> Counts:
    """Counts one selection. One pass over the texts of the kept pages and one over those of the rejected ones, where
    they are needed: without a filter the manifest and the statistics tell."""
    mine = _cube(cursor, corpus, selection)
    other = selection.but(outcome=ANY_REASON if selection.kept else "")
    theirs = _outcomes(cursor, corpus, other)
    chosen = [row for row in mine.rows if _chosen(row, selection)]
    outcomes = _outcomes_of(mine.rows, selection) | theirs
    lengths = Counter[int]()
    for *_, size, pages in chosen:
        lengths[size] += pages
    if not selection.by_row and selection.kept and not selection.config and not selection.split:
        lengths = Counter({int(size): pages for size, pages in corpus.stats.get("lengths_kept", {}).items()})
    ranked = sorted(mine.hosts.items(), key=lambda item: (-item[1], item[0]))
    return Counts(
        sum(row[-1] for row in chosen),
        {name: outcomes.get(name, 0) for name in ("", *([ANY_REASON, *has.outcomes] if corpus.rejected else ()))},
        *(_facet(mine.rows, selection, axis) for axis in ("config", "split", "language")),
        dict(sorted(lengths.items())),
        ranked[:TOP],
        max(0, len(ranked) - TOP),
    )
