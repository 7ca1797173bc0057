"""The heaviest parts of a build, each alone: `python -m bench.shuffle_parts PART SIZE GROUPS PARTITIONS`.

`bench.shuffle` measures such processes from outside. The input is made up here, a little at a time, so that the part
itself is what needs the memory.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bench.crawls import SEED, build_settings
from c4pipe.corpus.cells import KEPT_CELL
from c4pipe.corpus.cube import REST, Cube
from c4pipe.corpus.ledger import Ledger
from c4pipe.corpus.stats import TOP_DOMAINS, Stats
from c4pipe.dedup import UrlLevel
from c4pipe.dedup.claims import INSIDE, LOSS, Atoms, Claims, all_losses, claims, collapse, losers, lost_atoms, scatter
from c4pipe.files.storage import LocalStore
from c4pipe.flow.inputs import Input
from c4pipe.passes.account import Account
from c4pipe.passes.finalize import Made, write_corpus_files
from c4pipe.passes.finished import GroupFound
from c4pipe.passes.merging import SHARD_BYTES, plan_split
from c4pipe.shards import to_json

WIDTH = 3  # sentences per claim in the preset `en`


class Load(NamedTuple):
    """The load of a part: so many rows, pages or files, and the groups and partitions."""

    size: int
    groups: int
    partitions: int

    def shares(self) -> Iterator[int]:
        """The size, cut into groups."""
        edges = [self.size * group // self.groups for group in range(self.groups + 1)]
        return (stop - start for start, stop in pairwise(edges))


def claim_group(load: Load) -> None:
    """`ClaimText` of one group of so many sentences: two of five are drawn from a pool."""
    rng = np.random.default_rng(SEED)
    hashes = _keys(load.size, rng, load.size // 10)
    counts = np.full(load.size // 24, 24, np.int64)
    atoms = Atoms(hashes, counts, rng.integers(0, 2**64, len(counts), np.uint64))
    best, _ = collapse(claims(atoms, WIDTH, np.ones(len(counts), bool)))
    assert sum(len(data) for _, data in scatter(best, load.partitions)) == 20 * len(best.rows)


def resolve_text(load: Load) -> None:
    """`Resolve` of one partition of so many claims from all groups."""
    rng, blobs = np.random.default_rng(SEED), []
    for group, part in enumerate(load.shares()):
        keys = _keys(part, rng, load.size // 10) // np.uint64(load.partitions)
        rows = np.arange(part, dtype=np.uint32)
        best, _ = collapse(Claims(keys, rng.integers(0, 2**64, part, np.uint64), rows))
        blobs += [(group, data) for _, data in scatter(best, 1)]
    assert losers(blobs)


def resolve_urls(load: Load) -> None:
    """The same of URLs, for so many pages, one of fifty of them an older copy."""
    rng, level, blobs = np.random.default_rng(SEED), UrlLevel(), []
    for group, part in enumerate(load.shares()):
        keys = rng.integers(0, max(1, 50 * load.size), part, np.uint64)
        dates = pa.array([f"2024-12-{1 + i % 15:02d}T{i % 24:02d}:00:00Z" for i in range(part)])
        blobs += [(group, data) for _, data in level.scatter(pa.array(keys), dates, 1)]
    assert level.resolve(blobs).losses


def finish_group(load: Load) -> None:
    """What `ApplyGroup` holds of one group of so many sentences, of which a quarter lost inside the group and an eighth
    to other groups.
    """
    lost = np.random.default_rng(SEED).permutation(load.size).astype(np.uint32)[: load.size * 3 // 8]
    inside = np.zeros(load.size // 4, INSIDE)
    inside["row"], inside["winner"] = lost[: len(inside)], lost[-1]
    outside = np.zeros(len(lost) - len(inside), LOSS)
    outside["row"] = lost[len(inside) :]
    flags = lost_atoms(load.size, all_losses(inside, outside), 1).flags
    assert flags.sum() == len(lost)


def plan_files(load: Load) -> None:
    """`PlanConfig` of a corpus of one language: every input has two row groups, and 200 make a file."""
    rows = (
        GroupFound(
            f"gs://bucket/c4/.staging-0123456789abcdef/corpus-0123456789ab/finished/{i // 2:06d}.pages.arrow",
            number=i % 2,
            first=i % 2 * 63,
            rows=4000,
            nbytes=SHARD_BYTES // 200,
        )
        for i in range(2 * load.size)
    )
    assert len(list(plan_split("en", "train", rows, None))) == -(-2 * load.size // 200)


def finalize(load: Load) -> None:
    """`Finalize` of so many inputs: a part for each group, with as many domains as a part may have."""
    plan, parts = build_settings(Path("crawl"), load.size).plan, []
    for group, part in enumerate(load.shares()):
        stats = Stats(domains_kept=_domains(group), domains_rejected=_domains(group + load.groups))
        ledger = Ledger.of(plan.names())
        for stage in ledger.stages:
            stage.entered = stage.kept = part
        first = sum(made.data["ledger"]["records"] for made in parts)
        accounts = [Account(first + i, size=1, records=1, pages=1).to_json() for i in range(part)]
        counts = {"ledger": ledger.to_json(), "stats": stats.to_json(), "accounts": accounts}
        data = to_json(counts | {"cube": _cube(part, stats.domains_kept).to_json()})
        parts.append(Made("group", json.loads(data)))
    shard = {"path": "en/train-00000-of-00001.parquet", "config": "en", "split": "train", "bytes": 1, "sha256": ""}
    parts.append(Made("shard", {"shard": shard | {"rows": load.size}}))
    inputs = [
        Input("", f"crawl-data/CC-MAIN-2024-51/segments/1733/wet/CC-MAIN-{n:020d}.warc.wet.gz", 1)
        for n in range(load.size)
    ]
    description = {"settings": {"languages": ["en"], "shards": "auto", "rejected": "sample", "limit_pages": None}}
    description |= {"files": [], "identifiers": [], "versions": {}, "code": {}, "fingerprint": ""}
    with tempfile.TemporaryDirectory() as folder:
        write_corpus_files(parts, inputs, plan, description, LocalStore(), folder)
        print(json.dumps({"manifest": (Path(folder) / "manifest.json").stat().st_size}))


def _cube(pages: int, domains: Counter[str]) -> Cube:
    """A cube of kept pages, with as many domains as a part may have."""
    cube, named = Cube(), list(domains)[:pages]
    cube.add_language(KEPT_CELL, "en", 10, [pages, 0, 0])
    for domain in named:
        cube.add_domain(KEPT_CELL, domain, [1, 0, 0])
    cube.by_domain[REST] = {KEPT_CELL: [pages - len(named), 0, 0]}
    return cube


def _domains(seed: int) -> Counter[str]:
    """As many different domains as a part may have."""
    return Counter(
        {f"{n:013x}.example": 1 for n in np.random.default_rng(seed).integers(0, 2**50, TOP_DOMAINS).tolist()}
    )


def _keys(size: int, rng: np.random.Generator, pool: int) -> NDArray[np.uint64]:
    """Keys: three in five are unique, the others drawn by Zipf's law from so many."""
    keys = rng.integers(0, 2**64, size, np.uint64)
    drawn = np.flatnonzero(rng.random(size) < 0.4)
    ranks = np.exp(rng.random(len(drawn)) * np.log(max(pool, 2)))
    keys[drawn] = ranks.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)  # spread by the golden ratio
    return keys


PARTS: dict[str, Callable[[Load], None]] = {
    "ClaimText": claim_group,
    "ResolveText": resolve_text,
    "ResolveUrls": resolve_urls,
    "Finish": finish_group,
    "PlanShards": plan_files,
    "Finalize": finalize,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one part."""
    name, *numbers = sys.argv[1:] if argv is None else argv
    PARTS[name](Load(*map(int, numbers)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
