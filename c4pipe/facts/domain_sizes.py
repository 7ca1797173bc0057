"""The amount of a corpus from each registered domain: pages, characters, and a tokenizer's tokens."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt
from typing import NamedTuple

import duckdb

from c4pipe.corpus.stats import registered
from c4pipe.facts.corpus import Corpus
from c4pipe.facts.functions import HOST_SQL
from c4pipe.facts.shares import critical
from c4pipe.facts.views import files_sql

RATE_PAGES = 400  # sampled to estimate tokens per character
NEARLY_ALL = 0.95  # share of the sample's domains whose rates an interval contains


class DomainSize(NamedTuple):
    """The kept pages of a registered domain, "" for those without a URL."""

    domain: str
    pages: int
    characters: int


class TokenRate(NamedTuple):
    """Tokens per character, estimated from a sample of pages drawn by the md5 of their places."""

    rate: float
    low: float  # bounds for all pages together, at 95 %: domains are the sampling unit
    high: float
    domain_low: float  # the range of 95 % of the sample's domains
    domain_high: float
    pages: int  # in the sample

    def of_domain(self, characters: int) -> tuple[int, int, int]:
        """The tokens of so many characters of one domain: the estimate and its range."""
        rates = (self.rate, self.domain_low, self.domain_high)
        tokens, low, high = (round(characters * rate) for rate in rates)
        return tokens, low, high

    def of_all(self, characters: int) -> tuple[int, int, int]:
        """The same for the characters of all domains."""
        tokens, low, high = (round(characters * rate) for rate in (self.rate, self.low, self.high))
        return tokens, low, high


def domain_sizes(cursor: duckdb.DuckDBPyConnection) -> list[DomainSize]:
    """Every domain, most pages first. Counts all pages, which reads their texts."""
    found: dict[str, tuple[int, int]] = {}
    sql = f"SELECT {HOST_SQL}, count(*), sum(length(text))::BIGINT FROM pages GROUP BY 1"
    for host, pages, characters in cursor.execute(sql).fetchall():
        domain = registered(host)
        before = found.get(domain, (0, 0))
        found[domain] = (before[0] + pages, before[1] + characters)
    return sorted((DomainSize(name, *size) for name, size in found.items()), key=lambda row: (-row.pages, row.domain))


def pages_for_rate(cursor: duckdb.DuckDBPyConnection, corpus: Corpus) -> list[tuple[str, str]]:
    """Domain and text of `RATE_PAGES` kept pages, or of all if there are fewer; the same each time."""
    sql = f"SELECT shard, row FROM pages ORDER BY md5(shard || '/' || row), shard, row LIMIT {RATE_PAGES}"
    places: dict[str, list[int]] = {}
    for shard, row in cursor.execute(sql).fetchall():
        places.setdefault(shard, []).append(row)
    found = []
    for shard, rows in sorted(places.items()):
        listed = ", ".join(map(str, sorted(rows)))
        sql = f"SELECT url, text FROM {files_sql(corpus, [{'path': shard}])} WHERE file_row_number IN ({listed})"
        found += [(registered(url), text) for url, text in cursor.execute(sql).fetchall()]
    return found


def token_rate(pages: Iterable[tuple[str, int, int]]) -> TokenRate | None:
    """The rate, from the domain, characters and tokens of each page of a sample; None for pages without characters.

    The interval for all is that of a ratio over domains (Cochran 1977, section 6.5).

    >>> token_rate([("a", 40, 10), ("b", 40, 10), ("c", 40, 10)])
    TokenRate(rate=0.25, low=0.25, high=0.25, domain_low=0.25, domain_high=0.25, pages=3)
    """
    found, count = dict[str, tuple[int, int]](), 0
    for domain, characters, tokens in pages:
        before = found.get(domain, (0, 0))
        found[domain] = (before[0] + characters, before[1] + tokens)
        count += 1
    sizes = [size for size in found.values() if size[0]]
    if not sizes:
        return None
    whole = sum(characters for characters, _ in sizes)
    rate = sum(tokens for _, tokens in sizes) / whole
    square = sum((tokens - rate * characters) ** 2 for characters, tokens in sizes)
    spread = critical(1) * sqrt(square * len(sizes) / max(1, len(sizes) - 1)) / whole
    rates = sorted(tokens / characters for characters, tokens in sizes)
    left = int(len(rates) * (1 - NEARLY_ALL) / 2)
    return TokenRate(rate, max(0.0, rate - spread), rate + spread, rates[left], rates[-1 - left], count)
