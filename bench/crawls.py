"""The shuffles of whole crawls by calculation: number, size and balance of their elements."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bench.dedup import settings_of
from c4pipe.dedup import UrlLevel
from c4pipe.flow.settings import Settings

CRAWL_FILES = 90_000
CRAWL_PAGES = 2_640_000_000  # December 2024, from blog.commoncrawl.org/blog/december-2024-crawl-archive-now-available
FILE_BYTES = 80 << 20  # size of a WET file, `beam_jobs.corpora.TYPICAL_WET`
LOST = 0.4  # upper bound of the share of claims that lose to another group
SEED = 7
# How keys are spread: the share of claims whose key is unique, and keys that every group has. Other claims are drawn
# by Zipf's law from a tenth as many keys as there are claims.
SPREADS = {"all different": (1.0, 0), "web": (0.6, 0), "web and boilerplate": (0.6, 10_000)}
RANKS = 1 << 20  # ranks of Zipf's law that are modelled singly; the others in bins


class Shape(NamedTuple):
    """Averages per page of the input."""

    staged: float  # pages that reach the text dedup
    atoms: float  # sentences
    claims: float  # spans
    input_bytes: float  # compressed
    pages_bytes: float  # of the staged files, by kind
    outcomes_bytes: float


class Crawl(NamedTuple):
    """The shuffles of a build of whole crawls."""

    crawls: int
    inputs: int
    groups: int
    partitions: int
    pages: int
    atoms: int
    claims: int

    @classmethod
    def of(cls, crawls: int, shape: Shape, group_files: int = 0, partition_claims: int = 0) -> Crawl:
        """With the groups and partitions that the settings choose, or with these."""
        inputs, pages = crawls * CRAWL_FILES, crawls * CRAWL_PAGES
        settings = build_settings(Path("crawl"), inputs)
        claimed = round(pages * shape.claims)
        size = group_files or settings.group_size
        partitions = 1 << (claimed // partition_claims).bit_length() if partition_claims else settings.partitions
        return cls(crawls, inputs, -(-inputs // size), partitions, pages, round(pages * shape.atoms), claimed)


def build_settings(folder: Path, inputs: int) -> Settings:
    """The settings of a build of `en` from so many files."""
    return settings_of(folder, inputs, 0, FILE_BYTES, "en")


def partition_sizes(crawl: Crawl, unique: float, hot: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Rows of each partition after every group has collapsed its own; keys are hashed to partitions."""
    even = np.full(crawl.partitions, 1 / crawl.partitions)
    sizes = rng.multinomial(round(crawl.claims * unique), even).astype(float)
    sizes += rng.multinomial(hot, even) * crawl.groups
    drawn, keys = crawl.claims * (1 - unique), crawl.claims // 10
    if drawn < 1:
        return sizes
    scale = drawn / (np.log(keys) + np.euler_gamma)  # claims on the key of rank 1
    ranks = np.arange(1, min(RANKS, keys) + 1)
    partition = rng.integers(0, crawl.partitions, len(ranks))
    sizes += np.bincount(partition, _groups_with(scale / ranks, crawl.groups), crawl.partitions)
    edges = np.geomspace(RANKS, max(keys, RANKS), 200)
    for start, stop in pairwise(edges.tolist()):
        copies = _groups_with(np.array([scale * np.log(stop / start) / max(stop - start, 1e-9)]), crawl.groups)[0]
        sizes += rng.multinomial(round(stop - start), even) * copies
    return sizes


def _groups_with(claimed: NDArray[np.float64], groups: int) -> NDArray[np.float64]:
    """The number of groups that have a key with so many claims in all."""
    return groups * -np.expm1(claimed * np.log1p(-1 / groups))


@cache
def skew(crawl: Crawl) -> dict[str, dict[str, float]]:
    """The largest partition for each spread of keys."""
    found = {}
    for name, (unique, hot) in SPREADS.items():
        sizes = partition_sizes(crawl, unique, hot, np.random.default_rng([SEED, crawl.crawls]))
        found[name] = {"rows": sizes.sum(), "largest": sizes.max(), "skew": sizes.max() / sizes.mean()}
    return found


def packet_bytes(crawl: Crawl) -> dict[str, float]:
    """Bytes through each shuffle, without the engine's overhead per element."""
    rows = skew(crawl)["web"]["rows"]
    pages = max(1, round(crawl.pages / crawl.groups / crawl.partitions))
    keys, dates = np.zeros(pages, np.uint64), pa.array(["2024-12-01T00:00:00Z"] * pages)
    ((_, urls),) = UrlLevel().scatter(pa.array(keys), dates, 1)
    elements = crawl.groups * crawl.partitions
    return {"urls": len(urls) * elements, "text": 20 * rows, "losses": 12 * LOST * rows}
