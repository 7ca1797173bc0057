"""Rows of the report's tables from stats.json and the manifest, in display order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from c4pipe.corpus.stats import by_first_word
from c4pipe.facts.losses import CorpusLosses
from c4pipe.langid.base import UND
from c4pipe.mixture import Mixture

TABLE_ROWS = 200  # per table; the rest is counted
NO_TLD = "none, or an address in figures"
T = TypeVar("T")


class TopRows(NamedTuple):
    """The first rows of a table, and how many more there are."""

    rows: Sequence[Any]
    left: int = 0


class Bin(NamedTuple):
    """Pages of `low` to `high` characters."""

    low: int
    high: int
    read: int
    kept: int


class Language(NamedTuple):
    """Kept pages of a language. `tempered` is its share at mT5's temperature."""

    code: str
    pages: int
    share: float
    tempered: float
    agreed: int  # of the pages with several identifiers, those on which all agreed
    voted: int


class MixtureRow(NamedTuple):
    """A part of a mixture before and after its temperature."""

    name: str
    documents: int
    before: float
    rate: float
    epochs: float
    written: int
    after: float


class Rivals(NamedTuple):
    """Pages of a domain or TLD, kept and removed; None if no list of the most frequent ones has it."""

    name: str
    kept: int | None
    removed: float | None
    least_kept: int = 0  # from the lists of the most frequent: unlisted ones have no more
    least_removed: int = 0


def first(rows: Sequence[T], most: int = TABLE_ROWS) -> TopRows:
    """The table limited to what a report can show."""
    return TopRows(rows[:most], max(0, len(rows) - most))


def most_first(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(((code, n) for code, n in counts.items() if n), key=lambda item: (-item[1], item[0]))


def bins(stats: dict[str, Any]) -> list[Bin]:
    """The histograms of lengths over one range of powers of two, without empty ends."""
    read, kept = ({int(k): n for k, n in stats.get(f"lengths_{which}", {}).items()} for which in ("read", "kept"))
    used = [k for k, n in (*read.items(), *kept.items()) if n]
    if not used:
        return []
    # Bin 0 includes empty texts.
    return [
        Bin((1 << k) if k else 0, (2 << k) - 1, read.get(k, 0), kept.get(k, 0)) for k in range(min(used), max(used) + 1)
    ]


def languages(stats: dict[str, Any]) -> list[Language]:
    """The languages of the kept pages, the largest first."""
    counts = {code: n for code, n in stats.get("languages", {}).items() if n}
    if not counts:
        return []
    total, rates = sum(counts.values()), Mixture.parse().rates(counts)
    agreed, voted = Counter[str](), Counter[str]()
    votes = stats.get("votes", {})
    nested = all(isinstance(said, dict) for said in votes.values())  # a mixture's are as in `Stats`
    for code, said in (votes if nested else by_first_word(votes)).items():
        for key, n in said.items() if code != UND else ():
            voted[code] += n
            agreed[code] += n if {vote.rpartition("=")[2] for vote in key.split()} == {code} else 0
    return [Language(code, n, n / total, rates[code], agreed[code], voted[code]) for code, n in most_first(counts)]


def mixture_rows(mixture: Mapping[str, dict[str, Any]]) -> list[MixtureRow]:
    """The entries of a mixture, the largest first."""
    natural = sum(row["documents"] for row in mixture.values()) or 1
    written = sum(row["written"] for row in mixture.values()) or 1
    rows = sorted(mixture.items(), key=lambda item: (-item[1]["documents"], item[0]))
    return [
        MixtureRow(
            name,
            row["documents"],
            row["documents"] / natural,
            row["rate"],
            row["epochs"],
            row["written"],
            row["written"] / written,
        )
        for name, row in rows
    ]


def domains(stats: dict[str, Any]) -> list[Rivals]:
    """The most frequent domains of kept or removed pages. A truncated list has no numbers for the others."""
    kept, removed = stats.get("domains_kept", {}), stats.get("domains_rejected", {})
    read, left = stats.get("pages_read", 0), stats.get("pages_kept", 0)
    others = [0 if sum(counts.values()) == n else None for counts, n in ((kept, left), (removed, read - left))]
    least = [min(counts.values(), default=0) for counts in (kept, removed)]
    return [
        Rivals(name, kept.get(name, others[0]), removed.get(name, others[1]), *least)
        for name in _by_total(kept, removed)
    ]


def all_domains(losses: CorpusLosses) -> list[Rivals]:
    """Every domain, if a build's losses count all of them separately: none of the numbers is a bound."""
    rows = [(str(row.key), row.came.pages - row.lost.pages, row.lost.pages) for row in losses.by_group("domain")]
    return [Rivals(*row) for row in sorted(rows, key=lambda row: (-row[1] - row[2], row[0]))]


def tlds(kept: Mapping[str, int], removed: Mapping[str, float]) -> list[Rivals]:
    """Top-level domains of kept and removed pages, the most frequent first."""
    return [Rivals(name or NO_TLD, kept.get(name, 0), removed.get(name, 0.0)) for name in _by_total(kept, removed)]


def _by_total(kept: Mapping[str, float], removed: Mapping[str, float]) -> list[str]:
    return sorted({*kept, *removed}, key=lambda name: (-kept.get(name, 0) - removed.get(name, 0), name))
