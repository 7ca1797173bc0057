"""The statistics of a corpus without some pages: the old counts, less the pages that left, plus those that came
back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from c4pipe.benchmarks import ROLES
from c4pipe.corpus.benchmarks import items_found
from c4pipe.corpus.ledger import Ledger
from c4pipe.corpus.stats import SHOWN_DOMAINS, Stats, by_first_word, registered
from c4pipe.errors import BuildError
from c4pipe.removal.shards import ShardsWritten
from c4pipe.removal.task import Removal

_TABLES = ("votes", "scripts", "clusters")  # named in stats.json by their first word
_BY_DOMAIN = ("domains_rejected", "domains_came", "domains_old")


def stats_told(numbers: Mapping[str, Any]) -> Stats:
    """The statistics in stats.json; of domains, only those that it lists."""
    names = {each.name for each in fields(Stats)}
    data = {name: value for name, value in numbers.items() if name in names}
    for name in _TABLES:
        if name in data:
            data[name] = {f"{first} {rest}".rstrip(): n for first, row in data[name].items() for rest, n in row.items()}
    stats = Stats.from_json(data)
    for task, row in numbers.get("benchmarks", {}).items():
        stats.tasks[task], first = row["pages"], 0
        for role in ROLES:  # stats.json does not list the items found, only their number for each role and in total
            stats.items.update(f"{task} {role} {(first + n) % row['found']}" for n in range(row[role]))
            first += row[role]
    return stats


def totals_told(numbers: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """For each benchmark, its items and those searched for, from stats.json."""
    return {task: (row["items"], row["searched"]) for task, row in numbers.get("benchmarks", {}).items()}


def numbers_without(
    removal: Removal, numbers: Mapping[str, Any], shards: ShardsWritten, ledger: Ledger
) -> dict[str, Any]:
    """stats.json of the new corpus.

    Counts of what was read do not change, nor do the sizes of clusters. In a build against earlier corpora the counts
    of pages compared with these, and of old ones, change for listed domains only. Test items do not change if the pages
    that hold any were dropped.
    """
    stats = stats_told(numbers)
    for each in fields(Stats):
        mine, gone, come = (getattr(one, each.name) for one in (stats, shards.gone, shards.come))
        if each.name.startswith("domains") or each.name in ("tasks", "items"):
            continue
        if isinstance(mine, Counter):
            setattr(stats, each.name, _balanced(each.name, mine, gone, come))
        else:
            setattr(stats, each.name, mine - gone + come)
    if shards.touched:
        stats.domains_kept = shards.domains
    stats.domains_rejected = _rejected(removal, stats.domains_rejected)
    for name in _BY_DOMAIN:
        counts: Counter[str] = getattr(stats, name)
        setattr(
            stats,
            name,
            Counter({domain: n for domain, n in counts.items() if not removal.matched.asked.by_host(domain)}),
        )
    told = stats.to_json(SHOWN_DOMAINS) | {"stages": ledger.to_json()["stages"]}
    told |= {name: by_first_word(told[name]) for name in _TABLES if name in told}
    told = {name: value for name, value in told.items() if name not in ("tasks", "items")}
    if shards.marks is not None:
        told["benchmarks"] = items_found(shards.marks, totals_told(numbers))
    return {**numbers, **told}


def _balanced(name: str, mine: Counter[str], gone: Counter[str], come: Counter[str]) -> Counter[str]:
    found = Counter(mine)
    found.subtract(gone)
    found.update(come)
    if wrong := [key for key, n in found.items() if n < 0]:
        raise BuildError(f"stats.json counts fewer pages than exist: {name} of {wrong[0]!r}. Build the corpus again.")
    return +found


def _rejected(removal: Removal, counts: Counter[str]) -> Counter[str]:
    """Pages that are not in the corpus, by domain, as far as stats.json lists them."""
    matched, replayed = removal.matched, removal.replayed
    found = Counter(counts)
    for source, url in matched.urls.items():
        if source not in matched.kept:
            found[registered(url)] -= 1
    _add(found, (page.url for source, page in replayed.put.items() if source not in replayed.gone), -1)
    _add(found, (one.page.url for source, one in replayed.fallen.items() if source in replayed.gone), 1)
    whole = len(counts) < SHOWN_DOMAINS  # for an unlisted domain the earlier count is unknown
    return Counter({domain: n for domain, n in found.items() if n > 0 and (whole or domain in counts)})


def _add(counts: Counter[str], urls: Iterable[str], by: int) -> None:
    for url in urls:
        counts[registered(url)] += by
