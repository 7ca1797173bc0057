"""The cost of key files: bytes per key, and seconds to write, read and merge them.

`python -m bench.keys [--keys 1000000 100000000]` with made-up hashes, `--corpus DIR` with those of a finished corpus:
its keys from its shards, and bytes for each key of its text. Writes bench/results/keys.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.parity import ROOT
from bench.tables import table
from c4pipe.corpus.plan import Plan
from c4pipe.files.assets import find_assets
from c4pipe.files.storage import LocalStore
from c4pipe.keys import KeyReader, KeyWriter, merged, ranges
from c4pipe.passes.keeping import keys_from_shards
from c4pipe.presets import find_preset
from c4pipe.shards import read_manifest

RESULTS = ROOT / "bench" / "results" / "keys.json"
SEED = 7
PIECE = 1 << 20  # keys added, or merged, at once
OTHERS = 10  # the second file of a merge has one key for every so many of the first


def made_up(folder: Path, count: int, owners: bool) -> dict[str, Any]:
    """Writes, reads and merges a file of so many hashes."""
    random = np.random.default_rng(SEED)
    keys = np.unique(random.integers(0, 2**64, count, np.uint64))
    store, path, other = LocalStore(), str(folder / "all.keys"), str(folder / "other.keys")
    began = time.perf_counter()
    _write(path, keys, owners)
    written = time.perf_counter() - began
    _write(other, np.unique(random.integers(0, 2**64, max(1, count // OTHERS), np.uint64)), owners)
    began = time.perf_counter()
    readers = [KeyReader(store, path), KeyReader(store, other)]
    opened = time.perf_counter() - began
    began = time.perf_counter()
    read = sum(len(readers[0].between(first, last)[0]) for first, last in ranges(readers[:1], PIECE))
    took = time.perf_counter() - began
    assert read == len(keys)
    began = time.perf_counter()
    both = sum(len(merged(readers, first, last)[0]) for first, last in ranges(readers, PIECE))
    merging = time.perf_counter() - began
    return {
        "what": f"hashes, {'with' if owners else 'without'} owners",
        "keys": len(keys),
        "bytes a key": Path(path).stat().st_size / len(keys),
        "write": len(keys) / written / 1e6,
        "read": len(keys) / took / 1e6,
        "merge": both / merging / 1e6,
        "open_ms": opened * 1000,
    }


def _write(path: str, keys: np.ndarray[Any, np.dtype[np.uint64]], owners: bool) -> None:
    with LocalStore().write(path) as stream:
        writer = KeyWriter(stream, {"of": "all pages"}, owners)
        for start in range(0, len(keys), PIECE):
            piece = keys[start : start + PIECE]
            writer.add(piece, piece[::-1] if owners else None)
        writer.close()


def of_corpus(folder: Path, made: Path) -> dict[str, Any]:
    """The keys of a corpus from its shards, and their bytes for each atom of its pages."""
    manifest = read_manifest(folder)
    plan = Plan(find_preset(manifest["preset"]["name"]), find_assets())
    began = time.perf_counter()
    rows = keys_from_shards(str(folder), manifest, plan, LocalStore(), str(made))
    seconds = time.perf_counter() - began
    pages = sum(row["rows"] for row in manifest["shards"])
    return {
        "corpus": manifest["preset"]["name"],
        "pages": pages,
        "keys": {row["path"]: row["keys"] for row in rows},
        "bytes": sum(row["bytes"] for row in rows),
        "bytes a page": sum(row["bytes"] for row in rows) / pages,
        "bytes a key of text": sum(row["bytes"] for row in rows) / max(1, sum(row["keys"] for row in rows[1:])),
        "ms a page": 1000 * seconds / pages,
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="python -m bench.keys", description=__doc__.partition("\n")[0])
    parser.add_argument("--keys", type=int, nargs="*", default=[1_000_000, 100_000_000], metavar="N")
    parser.add_argument("--corpus", type=Path, nargs="*", default=[], metavar="DIR")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as place:
        hashes = [made_up(Path(place), count, owners) for count in args.keys for owners in (True, False)]
        corpora = [of_corpus(folder, Path(place) / str(number)) for number, folder in enumerate(args.corpus)]
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"hashes": hashes, "corpora": corpora}, indent=2) + "\n", encoding="utf-8")
    if hashes:
        head = ("", "keys", "bytes a key", "write M/s", "read M/s", "merge M/s", "open ms")
        print(table([head, *map(_row, hashes)]))
    for found in corpora:
        print(json.dumps(found))
    return 0


def _row(run: dict[str, Any]) -> tuple[str, ...]:
    speeds = (f"{run[name]:.0f}" for name in ("write", "read", "merge"))
    return run["what"], f"{run['keys']:,}", f"{run['bytes a key']:.2f}", *speeds, f"{run['open_ms']:.1f}"


if __name__ == "__main__":
    sys.exit(main())
