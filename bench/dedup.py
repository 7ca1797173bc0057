"""The text dedup alone: from staged hashes to lost lines by group, with a build's steps on Beam's local runner.

`python -m bench.dedup [--rows 10000000 50000000]`. Each run is a separate process. All ways must agree, for each size,
to the byte on who lost what. The pages are made up: one of their lines is on every page, three in five are unique, and
the others are drawn by Zipf's law.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bench.parity import ROOT
from bench.runs import measure
from c4pipe.dedup.claims import LOSS, lost_atoms
from c4pipe.files.assets import Assets
from c4pipe.flow.build import CarryOut
from c4pipe.flow.dedup import Grouped, Sent, losses_of, lost_inside
from c4pipe.flow.files import BeamStore
from c4pipe.flow.read import StagedUnit
from c4pipe.flow.settings import Settings
from c4pipe.passes.staged import Staged, staged_schema
from c4pipe.passes.tables import TableSource, write_table
from c4pipe.presets import find_preset

RESULTS = ROOT / "bench" / "results" / "dedup.json"
PAGE_LINES = 20  # lines of a page, on average; at least one
FILE_LINES = 500_000  # lines of a WET file
FILE_BYTES = 80 << 20  # bytes read of a WET file; decides the number of partitions
UNIQUE = 0.6  # share of unique lines
POOL = 10  # repeated lines for each line in the pool they are drawn from
SEED = 7
NAIVE_ROWS = 500_000
BASE_ROWS = 10_000  # a run of so few measures the base: Python, Beam and its libraries
PRESET = "en.tfds"  # its level is lines: one claim for each


class Way(NamedTuple):
    """One way of shuffling."""

    name: str
    spill_rows: int  # see `Settings`
    packed: bool = True


WAYS = {way.name: way for way in (Way("memory", 0), Way("spilled", 1), Way("naive", 0, packed=False))}


class Took(NamedTuple):
    """The cost and the result of one run."""

    rows: int
    way: str
    wall: float  # seconds
    cpu: float  # seconds
    rss: float  # MiB, at its peak
    lost: int  # lines
    digest: str  # digest of who lost what to whom


# --- input --------------------------------------------------------------------------------------------------------


def settings_of(
    folder: Path, files: int, spill_rows: int, file_bytes: int = FILE_BYTES, preset: str = PRESET
) -> Settings:
    """The settings of a corpus whose staged files are made up."""
    return Settings(
        preset=find_preset(preset),
        assets=Assets(),
        output=f"{folder}/corpus",
        staging=f"{folder}/staging",
        inputs=files,
        units=files,
        cut=False,
        input_bytes=files * file_bytes,
        shards=None,
        rejected="none",
        limit_pages=None,
        spill_rows=spill_rows,
        description={"files": [], "identifiers": [], "versions": {}, "fingerprint": ""},
    )


def make_staged(folder: Path, rows: int) -> None:
    """Staged files with that many lines in all, with the columns that the dedup reads; and a list of them."""
    settings = settings_of(folder, -(-rows // FILE_LINES), 0)
    pool = np.random.default_rng(SEED).integers(0, 2**64, max(1, rows // POOL), np.uint64)
    groups: dict[int, list[tuple[int, int, int]]] = {}
    schema = staged_schema(settings.plan, settings.plan.prefix(0)[:-1], lossy=False)
    for number in range(settings.inputs):
        size = min(FILE_LINES, rows - number * FILE_LINES)
        table = staged_table(np.random.default_rng([SEED, number]), size, pool, schema)
        with BeamStore(settings.staging).write(Staged.of(settings.prefix(0), number).pages) as stream:
            write_table(stream, table)
        groups.setdefault(number // settings.group_size, []).append((number, table.num_rows, size))
    (folder / "groups.json").write_text(json.dumps(list(groups.items())), encoding="utf-8")


def staged_table(rng: np.random.Generator, lines: int, pool: NDArray[np.uint64], schema: pa.Schema) -> pa.Table:
    """The pages of one file: row, priority, atoms."""
    ends = np.flatnonzero(rng.random(lines) < 1 / PAGE_LINES)
    starts = np.concatenate([[0], ends[ends > 0], [lines]]).astype(np.int32)
    atoms = rng.integers(0, 2**64, lines, np.uint64)
    drawn = rng.random(lines) >= UNIQUE
    ranks = np.exp(rng.random(drawn.sum()) * np.log(len(pool))).astype(np.int64) - 1  # Zipf's law, exponent 1
    atoms[drawn] = pool[ranks]
    atoms[starts[:-1]] = SEED  # every page begins with the same line
    pages = len(starts) - 1
    columns = {
        "row": np.arange(pages),
        "priority": rng.integers(0, 2**64, pages, np.uint64),
        "atoms": pa.ListArray.from_arrays(pa.array(starts), pa.array(atoms)),
    }
    return pa.table({name: pa.array(values).cast(schema.field(name).type) for name, values in columns.items()})


# --- ways -----------------------------------------------------------------------------------------------------------


class Tell(beam.DoFn):
    """What a group lost, as the writing pass sees it: emits (lines lost, digest)."""

    def __init__(self, settings: Settings):
        self._settings = settings

    def process(self, element: tuple[int, dict[str, Iterable]]) -> Iterator[tuple[int, int, str]]:
        group, joined = element
        (inputs,) = joined["inputs"]
        with BeamStore(self._settings.staging).read(lost_inside(self._settings.prefix(0), group)) as stream:
            losses = losses_of(stream.read(), joined["text"], BeamStore(self._settings.staging))
        yield told(group, *lost_atoms(atoms_in(inputs), losses, 1)[:2])


def atoms_in(inputs: Sequence[StagedUnit]) -> int:
    """The lines of a group."""
    return sum(atoms for _, _, atoms in inputs)


def told(group: int, flags: NDArray[np.bool_], owners: NDArray[np.uint64]) -> tuple[int, int, str]:
    """The number of lost lines of a group, and a digest of flags and owners."""
    return group, int(flags.sum()), hashlib.sha256(flags.tobytes() + owners.tobytes()).hexdigest()


class Packed(beam.PTransform):
    """The actual steps of a build between staging and finishing."""

    def __init__(self, settings: Settings):
        super().__init__()
        self._settings = settings

    def expand(self, groups: beam.PCollection) -> beam.PCollection:
        settings = self._settings
        none_lost = groups | "NoUrls" >> beam.FlatMap(lambda _: ()).with_output_types(Sent)
        joined = {"inputs": groups, "urls": none_lost}
        text = CarryOut((settings,), 0)._lost_text(joined)
        return {**joined, "text": text} | "JoinLost" >> beam.CoGroupByKey() | "Tell" >> beam.ParDo(Tell(settings))


class Naive(beam.PTransform):
    """One element per line, the naive approach: (hash, claim) grouped, then the losers grouped again."""

    def __init__(self, settings: Settings):
        super().__init__()
        self._settings = settings

    def expand(self, groups: beam.PCollection) -> beam.PCollection:
        lost = (
            groups
            | "Lines" >> beam.FlatMap(self.lines)
            | "Grouped" >> beam.GroupByKey()
            | "Losers" >> beam.FlatMap(self.losers)
        )
        return {"inputs": groups, "lost": lost} | "Join" >> beam.CoGroupByKey() | "Tell" >> beam.Map(self.tell)

    def lines(self, element: Grouped) -> Iterator[tuple[int, tuple[int, int, int]]]:
        group, inputs = element
        row, store = 0, BeamStore(self._settings.staging)
        for number, _, _ in inputs:
            with store.read(Staged.of(self._settings.prefix(0), number).pages) as stream:
                table = TableSource(stream, ["priority", "atoms"]).table()
            for priority, atoms in zip(table["priority"].to_pylist(), table["atoms"].to_pylist(), strict=True):
                for atom in atoms:
                    yield atom, (priority, group, row)
                    row += 1

    @staticmethod
    def losers(element: tuple[int, Iterable[tuple[int, int, int]]]) -> Iterator[tuple[int, tuple[int, int]]]:
        (owner, *_), *lost = sorted(element[1])
        for _, group, row in lost:
            yield group, (row, owner, False)

    @staticmethod
    def tell(element: tuple[int, dict[str, Any]]) -> tuple[int, int, str]:
        group, joined = element
        losses = np.array(joined["lost"], LOSS)
        return told(group, *lost_atoms(atoms_in(*joined["inputs"]), losses, 1)[:2])


def run(folder: Path, rows: int, way: Way) -> None:
    """One run, in this process; writes `<folder>/told.json`."""
    groups = json.loads((folder / "groups.json").read_text(encoding="utf-8"))
    settings = settings_of(folder, -(-rows // FILE_LINES), way.spill_rows)
    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        elements = [(group, [tuple(one) for one in inputs]) for group, inputs in groups]
        found = pipeline | beam.Create(elements) | (Packed(settings) if way.packed else Naive(settings))
        found | "All" >> beam.combiners.ToList() | "Write" >> beam.Map(write_told, str(folder / "told.json"))


def write_told(parts: list[tuple[int, int, str]], path: str) -> None:
    """Lines lost in all, and one digest."""
    digest = hashlib.sha256(repr(sorted(parts)).encode()).hexdigest()
    Path(path).write_text(json.dumps({"lost": sum(lost for _, lost, _ in parts), "digest": digest}), encoding="utf-8")


# --- measuring ------------------------------------------------------------------------------------------------------


def measure_way(folder: Path, rows: int, way: str) -> Took:
    """One run in its own process."""
    command = [sys.executable, "-m", "bench.dedup", "--one", str(folder), way, "--rows", str(rows)]
    took = measure(command, folder / "log", ROOT)
    return Took(rows, way, *took, **json.loads((folder / "told.json").read_text(encoding="utf-8")))


def measure_all(sizes: Sequence[int], ways: Sequence[str], folder: Path) -> list[Took]:
    """Every way for every size; the naive way only for sizes up to `NAIVE_ROWS`."""
    found: list[Took] = []
    for rows in sizes:
        made = folder / str(rows)
        made.mkdir()
        subprocess.run([sys.executable, "-m", "bench.dedup", "--make", made, "--rows", str(rows)], cwd=ROOT, check=True)
        for way in ways:
            if way != "naive" or rows <= NAIVE_ROWS:
                found.append(measure_way(made, rows, way))
                print(f"  {rows:>12,} lines, {way}: {found[-1].cpu:.1f} s CPU", file=sys.stderr)
        if len({(took.lost, took.digest) for took in found if took.rows == rows}) > 1:
            raise SystemExit(f"bench: the ways do not agree over {rows:,} lines: {found}")
    return found


def table(found: Sequence[Took]) -> str:
    """One row per run; memory per line is measured above the smallest run of the same way."""
    lines = [
        f"{'lines':>12}  {'way':<8} {'wall s':>7} {'CPU s':>7} {'us/line':>8} {'peak MiB':>9} {'B/line':>7} {'lost':>6}"
    ]
    for took in found:
        base = min((other for other in found if other.way == took.way), key=lambda other: other.rows)
        more = f"{(took.rss - base.rss) * 2**20 / took.rows:>7.1f}" if base.rows < took.rows else f"{'base':>7}"
        lines.append(
            f"{took.rows:>12,}  {took.way:<8} {took.wall:>7.1f} {took.cpu:>7.1f} {1e6 * took.cpu / took.rows:>8.2f} "
            f"{took.rss:>9,.0f} {more} {took.lost / took.rows:>6.1%}"
        )
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Measures, prints a table and writes bench/results/dedup.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.dedup", description="The text dedup alone.")
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000_000, 50_000_000], help="lines in all")
    parser.add_argument("--ways", nargs="+", choices=list(WAYS), default=list(WAYS))
    parser.add_argument("--json", type=Path, default=RESULTS, metavar="FILE")
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.make:
        make_staged(args.make, args.rows[0])
        return 0
    if args.one:
        run(Path(args.one[0]), args.rows[0], WAYS[args.one[1]])
        return 0
    with tempfile.TemporaryDirectory(prefix="bench-dedup-") as name:
        sizes = sorted({BASE_ROWS, NAIVE_ROWS, *args.rows})
        found = measure_all(sizes, args.ways, Path(name))
    args.json.parent.mkdir(parents=True, exist_ok=True)
    args.json.write_text(json.dumps([took._asdict() for took in found], indent=1) + "\n", encoding="utf-8")
    print(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
