"""The cost of removing pages compared with a rebuild, in CPU seconds of one worker, without start-up:

    python -m bench.removal                       20,000 made-up pages, of which 0.1 % are removed
    python -m bench.removal --pages 100000 --preset en.near

The pages are those of `bench.against`, preceded by two of ten lines that many pages share, so that other pages get them
back. The corpus has 16 shards. Start-up is measured with a hundred pages. Exit code 1 if the bound is broken, or if
rows differ from those of the rebuild.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq

from bench.against import records
from bench.outside import ROOT
from bench.runs import Run, measure

MOST = 0.2  # share of a build's cost
FEW = 100  # pages
SHARED = [f"This sentence number {number} stands on many pages of the made-up web." for number in range(10)]


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=20_000)
    parser.add_argument("--preset", default="en.near")
    args = parser.parse_args(argv)
    taken: dict[str, tuple[Run, Run]] = {}
    with tempfile.TemporaryDirectory(prefix="removal-") as name:
        for what, pages in (("start-up", FEW), ("all", args.pages)):
            folder = Path(name) / what
            folder.mkdir()
            gone = _write(folder, pages)
            _build(folder, "whole", args.preset)
            built = _build(folder, "without", args.preset)
            removed = _run(folder, "beam_jobs.remove", "removed", "--corpus", f"{folder}/whole", "--urls", str(gone))
            taken[what] = built, removed
            for how, run in (("built without them", built), ("taken out", removed)):
                print(f"{what:<9} {pages:9,} pages {how:<19} {run.cpu:8.1f} CPU s {run.rss:8,.0f} MiB", flush=True)
        folder = Path(name) / "all"
        same = _rows(folder / "removed") == _rows(folder / "without")
        sizes = {part: _size(folder / "whole" / part) for part in (args.preset, "__restore", "keys")}
        print("the corpus: " + ", ".join(f"{part} {size / 1e6:,.1f} MB" for part, size in sizes.items()))
    built, removed = (taken["all"][i].cpu - taken["start-up"][i].cpu for i in range(2))
    print(f"removing 0.1 % of the pages costs {removed / built:.2f} of a build (at most {MOST})")
    print("the rows are those of the build" if same else "THE ROWS ARE NOT those of the build")
    return int(not same or removed > MOST * built)


def _write(folder: Path, pages: int) -> Path:
    """Writes the pages, the pages without one in a thousand, and the list of those removed."""
    drawn, rows = random.Random(1), []
    for line in records(0, pages):
        row = json.loads(line)
        row["text"] = "\n".join([*drawn.sample(SHARED, 2), row["text"]])
        rows.append(row)
    gone = {row["url"] for row in drawn.sample(rows, max(1, pages // 1000))}
    for name, chosen in (("whole", rows), ("without", [row for row in rows if row["url"] not in gone])):
        (folder / f"{name}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in chosen))
    (folder / "gone.txt").write_text("".join(f"{url}\n" for url in sorted(gone)))
    return folder / "gone.txt"


def _build(folder: Path, name: str, preset: str) -> Run:
    source = ("--input", f"{folder}/{name}.jsonl", "--input-format", "jsonl", "--shards", "16", "--workers", "1")
    return _run(folder, "beam_jobs.build_c4", name, *source, "--preset", preset)


def _run(folder: Path, job: str, name: str, *options: str) -> Run:
    return measure([sys.executable, "-m", job, *options, "--output", f"{folder}/{name}"], folder / "log", ROOT)


def _rows(folder: Path) -> list[tuple[str, str]]:
    manifest = json.loads((folder / "manifest.json").read_bytes())
    tables = [pq.read_table(folder / row["path"], columns=["url", "text"]) for row in manifest["shards"]]
    return sorted((row["url"], row["text"]) for table in tables for row in table.to_pylist())


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    sys.exit(main())
