"""Clusters of linked pages, and what earlier corpora had of a corpus, as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import duckdb

from c4pipe.corpus.ancestors import AGAINST
from c4pipe.corpus.telling import overlap_of
from c4pipe.facts.corpus import Corpus

SHOWN_CLUSTERS = 5  # the largest
_FELL = (
    "SELECT owner, count(*) AS n FROM (SELECT list_filter(dropped, lambda drop: drop.reason = reason AND "
    "drop.line = '' AND drop.owner != '')[1].owner AS owner FROM rejected WHERE stage = $1) WHERE owner IS NOT NULL "
    "GROUP BY owner ORDER BY n DESC, owner LIMIT $2"
)
_KEPT_URLS = (
    "SELECT left(md5(url), 16) AS code, min(url) FROM pages WHERE url != '' AND list_contains($1, code) GROUP BY code"
)


def clusters(corpus: Corpus) -> list[dict[str, Any]]:
    """For each stage that links pages, the number of unlinked ones, and clusters by size in bins: 2, 3 to 4, 5 to 8,
    ...

    A cluster is the kept page and those dropped for it; pages dropped for an earlier corpus form none.
    """
    kept = {row["stage"]: row["kept"] for row in corpus.manifest.get("ledger", {}).get("stages", ())}
    found = []
    for stage, sizes in corpus.stats.get("clusters", {}).items():
        bins: dict[int, list[int]] = {}
        for size, count in sizes.items():
            both = bins.setdefault((int(size) - 1).bit_length(), [0, 0])
            both[0] += count
            both[1] += int(size) * count
        rows = [
            {"from": (1 << k - 1) + 1, "to": 1 << k, "clusters": count, "pages": pages}
            for k, (count, pages) in sorted(bins.items())
        ]
        alone = max(0, kept[stage] - sum(sizes.values())) if stage in kept else None
        found.append({"stage": stage, "alone": alone, "largest": max(map(int, sizes), default=0), "sizes": rows})
    return found


def with_largest(
    views: duckdb.DuckDBPyConnection, corpus: Corpus, found: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The result of `clusters`, each with its `shown` largest ones by the rejected table: the code of the page for
    which the others were dropped, its URL, "" if it is not a kept page, and how many rows of the table were dropped for
    it; and whether the table is `complete`, so that there are no more."""
    lost = {row["stage"]: row["rejected"] for row in corpus.manifest.get("ledger", {}).get("stages", ())}
    rows = []
    for row in found:
        stage = row["stage"]
        fell = views.execute(_FELL, [stage, SHOWN_CLUSTERS]).fetchall()
        urls = dict(views.execute(_KEPT_URLS, [[owner for owner, _ in fell]]).fetchall()) if fell else {}
        ((held,),) = views.execute("SELECT count(*) FROM rejected WHERE stage = $1", [stage]).fetchall()
        shown = [{"owner": owner, "url": urls.get(owner, ""), "fell": n} for owner, n in fell]
        rows.append({**row, "shown": shown, "complete": held == sum(lost.get(stage, {}).values())})
    return rows


def earlier(corpus: Corpus) -> dict[str, Any] | None:
    """How much of the crawl was in earlier corpora; None for a corpus that was not built against any."""
    rows = corpus.manifest.get(AGAINST)
    if not rows:
        return None
    stats, overlap = corpus.stats, overlap_of(corpus.stats)
    return {
        "corpora": [{key: str(row[key]) for key in ("path", "sha256", "preset", "keys")} for row in rows],
        "came": overlap.came if overlap else 0,
        "old": overlap.old if overlap else 0,
        "share": overlap.share if overlap else None,
        "pages": [{"stage": stage, "pages": n} for stage, n in (overlap.pages if overlap else {}).items()],
        "parts": [{"stage": stage, "parts": n} for stage, n in (overlap.parts if overlap else {}).items()],
        "months": sorted(_shares(stats, "month"), key=lambda row: str(row["month"])),
        "domains": sorted(_shares(stats, "domain"), key=lambda row: (-row["old"], -row["came"], row["domain"])),
    }


def _shares(stats: Mapping[str, Any], what: str) -> list[dict[str, Any]]:
    """The number of pages of each month or domain, and how many of them were old; of domains only the most frequent are
    known."""
    came, old = stats.get(f"{what}s_came", {}), stats.get(f"{what}s_old", {})
    return [
        {what: name, "came": came[name], "old": old.get(name, 0), "share": old.get(name, 0) / came[name]}
        for name in came
        if came[name]
    ]
