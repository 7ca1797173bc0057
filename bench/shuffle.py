"""The shuffles of whole crawls as one worker sees them: sizes by calculation, the heaviest parts with our code.

`python -m bench.shuffle [--crawls 1 10 100]` writes bench/results/shuffle.json. The shape of a page (how many of its
sentences are claimed, and what is staged) is first measured on a small build: `--shape WET...` writes
bench/results/shape.json. Groups and partitions are those that `flow.settings` chooses. Each part runs in its own
process, at the size of the largest of its kind in the first of the builds, or at `--rows` if that is less; for the
other builds it is scaled in proportion.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench.crawls import Crawl, Shape, packet_bytes, skew
from bench.parity import ROOT
from bench.runs import measure
from bench.shuffle_parts import PARTS, WIDTH
from c4pipe.flow.files import BeamStore

RESULTS = ROOT / "bench" / "results" / "shuffle.json"
SHAPE = ROOT / "bench" / "results" / "shape.json"


class Size(NamedTuple):
    """The size of the largest of a part's kind."""

    unit: str
    of: Callable[[Crawl], float]


class Part(NamedTuple):
    """The cost of a part per row, page or file, measured on so many."""

    measured_on: int
    mib: float
    cpu_s: float
    file: float  # per file: bytes of the manifest


SIZES = {
    "ClaimText": Size("sentences of a group", lambda crawl: crawl.atoms / crawl.groups),
    "ResolveText": Size("claims of a partition", lambda crawl: max(found["largest"] for found in skew(crawl).values())),
    "ResolveUrls": Size("pages of a partition", lambda crawl: crawl.pages / crawl.partitions),
    "Finish": Size("sentences of a group", lambda crawl: crawl.atoms / crawl.groups),
    "PlanShards": Size("inputs", lambda crawl: crawl.inputs),
    "Finalize": Size("inputs", lambda crawl: crawl.inputs),
}
assert SIZES.keys() == PARTS.keys()


def measure_part(name: str, crawl: Crawl, rows: int, folder: Path) -> Part:
    """The cost of one part at its size, or at `rows` if that is less, above that of a few rows."""
    wanted = round(SIZES[name].of(crawl))
    size = min(wanted, rows)
    groups = max(1, crawl.groups * size // wanted) if name == "Finalize" else crawl.groups
    runs = []
    for number in (max(48, size // 1000), size):
        numbers = (number, max(1, groups * number // size), crawl.partitions)
        command = [sys.executable, "-m", "bench.shuffle_parts", name, *map(str, numbers)]
        runs.append(measure(command, folder / "log", ROOT))
    base, full = runs
    said = json.loads((folder / "log").read_text(encoding="utf-8").strip() or "{}")
    return Part(size, (full.rss - base.rss) / size, (full.cpu - base.cpu) / size, said.get("manifest", 0) / size)


def simulate(crawls: Sequence[Crawl], rows: int) -> dict[str, Any]:
    """Every size of build, with the parts measured for the first one."""
    with tempfile.TemporaryDirectory(prefix="bench-shuffle-") as folder:
        parts = {name: measure_part(name, crawls[0], rows, Path(folder)) for name in PARTS}
    builds = [
        {
            **crawl._asdict(),
            "elements": crawl.groups * crawl.partitions,
            "bytes": packet_bytes(crawl),
            "spreads": skew(crawl),
            "collisions": crawl.claims**2 / 2**65,
            "parts": {name: _scaled(parts[name], round(SIZES[name].of(crawl)), SIZES[name].unit) for name in PARTS},
        }
        for crawl in crawls
    ]
    return {"measured": {name: part._asdict() for name, part in parts.items()}, "builds": builds}


def _scaled(part: Part, size: int, unit: str) -> dict[str, Any]:
    return {"size": size, "unit": unit, "mib": part.mib * size, "cpu_s": part.cpu_s * size, "file": part.file * size}


def text_of(found: dict[str, Any]) -> str:
    """One size of build as text."""
    lines = [
        f"crawls {found['crawls']}: {found['inputs']:,} files, {found['pages']:,} pages, {found['claims']:,} claims; "
        f"{found['groups']:,} groups x {found['partitions']:,} partitions = {found['elements']:,} elements",
        "  shuffled: "
        + ", ".join(f"{name} {size / 1e9:,.0f} GB" for name, size in found["bytes"].items())
        + f"; keys that collide: {found['collisions']:,.0f} pairs",
    ]
    for name, spread in found["spreads"].items():
        lines.append(f"  {name:<22} largest partition {spread['largest']:>14,.0f} claims, {spread['skew']:.4f} x mean")
    for name, part in found["parts"].items():
        took = f"{part['mib']:>9,.0f} MiB {part['cpu_s']:>8,.1f} s"
        lines.append(f"  {name:<12} {part['size']:>14,} {part['unit']:<22} {took}")
    return "\n".join(lines)


def measure_shape(inputs: Sequence[Path], folder: Path) -> Shape:
    """Builds `en` from a few files and measures what was staged."""
    command = [sys.executable, "-m", "beam_jobs.build_c4", "--input", *map(str, inputs), "--output", str(folder / "c4")]
    subprocess.run([*command, "--preset", "en", "--workers", "1", "--keep-staging"], cwd=ROOT, check=True)
    (staging,) = folder.glob("c4/.staging-*")
    store, summaries = BeamStore(str(staging)), []
    for path in staging.glob("prefix-*/staged/*.summary.json"):
        with store.read(str(path)) as stream:
            summaries.append(json.load(stream))
    staged, atoms, pages = (sum(values) for values in zip(*(_counts(summary) for summary in summaries), strict=True))

    def size(pattern: str) -> float:
        return sum(path.stat().st_size for path in folder.glob(f"c4/.staging-*/{pattern}")) / pages

    claims = atoms - (WIDTH - 1) * staged  # every page has that many sentences, since the cleaner requires them
    kinds = [size(f"prefix-*/staged/*.{kind}.arrow") for kind in ("pages", "outcomes")]
    read = sum(path.stat().st_size for path in inputs)
    return Shape(staged / pages, atoms / pages, claims / pages, read / pages, *kinds)


def _counts(summary: dict[str, Any]) -> tuple[int, int, int]:
    return summary["staged"], summary["atoms"], summary["ledger"]["stages"][0]["kept"]


def main(argv: Sequence[str] | None = None) -> int:
    """Simulates, prints, and writes bench/results/shuffle.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.shuffle", description="The shuffles of whole crawls.")
    parser.add_argument("--crawls", type=int, nargs="+", default=[1, 10, 100])
    parser.add_argument("--rows", type=int, default=30_000_000, help="largest part to run")
    parser.add_argument("--group-files", type=int, default=0, help="files per group, instead of the settings' choice")
    parser.add_argument("--partition-claims", type=int, default=0, help="claims per partition, likewise")
    parser.add_argument("--shape", type=Path, nargs="+", metavar="WET", help="only measure the shape of a page")
    parser.add_argument("--json", type=Path, metavar="FILE", default=RESULTS)
    args = parser.parse_args(argv)
    if args.shape:
        with tempfile.TemporaryDirectory(prefix="bench-shape-") as folder:
            found: Any = measure_shape(args.shape, Path(folder))._asdict()
        args.json = SHAPE
    else:
        shape = Shape(**json.loads(SHAPE.read_text(encoding="utf-8")))
        crawls = [Crawl.of(number, shape, args.group_files, args.partition_claims) for number in args.crawls]
        found = simulate(crawls, args.rows)
        print("\n".join(map(text_of, found["builds"])))
    args.json.parent.mkdir(parents=True, exist_ok=True)
    args.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
