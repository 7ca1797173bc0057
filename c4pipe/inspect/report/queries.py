"""Facts that only the shards have, from aggregates whose memory does not grow with the corpus."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

import duckdb

from c4pipe.corpus.plan import KEPT
from c4pipe.corpus.stats import registered
from c4pipe.page import Dropped

SAMPLED_CHARS = (
    200_000  # characters of a sampled page that are examined; the longest page that any preset keeps has 190,000
)
DROPS = 5_000  # losses of a sampled page that are examined
MOST_TLDS = 5_000  # there are about 1,500; the rest is invented

# The last label of a URL's host; "" for a numeric address and for a host without dots.
_HOST = "regexp_extract(lower(left(url, 2000)), '^(?:[a-z][a-z0-9+.-]*:)?//(?:[^/?#]*@)?([^/?#:]+)', 1)"
_TLD = f"regexp_extract({_HOST}, '[.]([^.0-9][^.]*)[.]?$', 1)"


class SplitCounts(NamedTuple):
    """The kept pages of one config and split."""

    config: str
    split: str
    pages: int
    chars: int
    bytes: int  # of the texts in UTF-8
    squares: int  # the sum of their squared lengths in characters


class SampledPage(NamedTuple):
    """A page of the rejected table; `stage` is "" for one that was kept and lost lines."""

    url: str
    source: str
    stage: str
    reason: str
    detail: str
    text: str  # as read, at most `TEXT` characters
    dropped: tuple[Dropped, ...]


def parts(db: duckdb.DuckDBPyConnection) -> list[SplitCounts]:
    """Pages and text of each config and split."""
    sql = (
        "SELECT config, split, count(*), sum(length(text)), sum(strlen(text)), "
        "sum(length(text)::HUGEINT * length(text)) "
        "FROM pages GROUP BY ALL ORDER BY config, split"
    )
    return [
        SplitCounts(config, split, n, int(chars), int(size), int(squares))
        for config, split, n, chars, size, squares in db.execute(sql).fetchall()
    ]


def sampled_counts(db: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], int]:
    """Pages that the rejected table has for each stage and reason."""
    sql = "SELECT stage, reason, count(*) FROM rejected GROUP BY ALL ORDER BY ALL"
    return {(stage, reason): count for stage, reason, count in db.execute(sql).fetchall()}


def tlds_kept(db: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Kept pages by the last label of their host, the most frequent ones."""
    sql = f"SELECT {_TLD} AS tld, count(*) AS n FROM pages GROUP BY tld ORDER BY n DESC, tld LIMIT {MOST_TLDS}"
    return dict(db.execute(sql).fetchall())


def tlds_rejected(db: duckdb.DuckDBPyConnection, weights: Mapping[tuple[str, str], float]) -> dict[str, float]:
    """Rejected pages by the last label of their host, each counted with the weight of its stage and reason.

    A weight is the number of pages that one sampled page represents; pages without a weight are not counted.
    """
    sql = (
        f"SELECT {_TLD} AS tld, stage, reason, count(*) FROM rejected "
        f"WHERE reason != '{KEPT}' AND url != '' GROUP BY ALL ORDER BY ALL"
    )
    found: dict[str, float] = {}
    for tld, stage, reason, count in db.execute(sql).fetchall():
        if (stage, reason) in weights:
            found[tld] = found.get(tld, 0.0) + count * weights[stage, reason]
    return found


def sampled_pages(db: duckdb.DuckDBPyConnection, few: int) -> dict[tuple[str, str], list[SampledPage]]:
    """Sampled pages of each (stage, reason) that rejected pages, and of each ("", reason) that cut from them.

    For each, those whose source has the smallest md5: the same for any number of shards and workers.
    """
    smallest = f"min_by({{'part': part, 'row': row}}, md5(source), {int(few)})"
    rejected = f"SELECT stage, reason, {smallest} FROM rejected WHERE reason != '{KEPT}' GROUP BY ALL ORDER BY ALL"
    codes = "unnest(list_distinct(list_transform(dropped, lambda drop: drop.reason)))"
    cut = (
        f"SELECT '', code, {smallest} FROM (SELECT part, row, source, {codes} AS code FROM rejected) "
        "GROUP BY code ORDER BY code"
    )
    chosen = [row for sql in (rejected, cut) for row in db.execute(sql).fetchall()]
    places = {(place["part"], place["row"]) for _, _, rows in chosen for place in rows}
    found = {place: _victim(db, *place) for place in sorted(places)}
    return {(stage, code): [found[place["part"], place["row"]] for place in rows] for stage, code, rows in chosen}


def _victim(db: duckdb.DuckDBPyConnection, part: str, row: int) -> SampledPage:
    sql = (
        f"SELECT url, source, stage, reason, left(detail, 1000), left(text, {SAMPLED_CHARS}), dropped[:{DROPS}] "
        "FROM rejected WHERE part = $1 AND row = $2"
    )
    found = db.execute(sql, [part, row]).fetchone()
    assert found is not None
    url, source, stage, reason, detail, text, dropped = found
    drops = tuple(Dropped(drop["reason"], drop["line"]) for drop in dropped)
    return SampledPage(url, source, stage, reason, detail, text, drops)


def kept_of_domains(db: duckdb.DuckDBPyConnection, names: Collection[str]) -> dict[str, int]:
    """Kept pages of registered domains, from the hosts that end in them."""
    ends = "|".join(re.escape(name) for name in sorted(names))
    sql = f"SELECT {_HOST} AS host, count(*) FROM pages WHERE regexp_matches(host, $1) GROUP BY host"
    found = dict.fromkeys(names, 0)
    rows = db.execute(sql, [f"(^|[.])({ends})$"]).fetchall() if names else []
    for host, pages in rows:
        if (name := registered(host)) in found:
            found[name] += pages
    return found


def weights(lost: Mapping[tuple[str, str], int], held: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], float]:
    """How many rejected pages each sampled page of a stage and reason represents: 1 if all of them are in the table."""
    return {key: lost[key] / count for key, count in held.items() if count and key in lost}
