"""What a build costs with near duplicates, with keys, and against earlier crawls, by CPU seconds of one worker:

    python -m bench.against                       20,000 made-up pages per crawl
    python -m bench.against --pages 100000

Pages are made up of sentences that are all different, except that a tenth of the pages are near copies of others, and
half of the new crawl was in the earlier one. Exit code 1 if a bound is broken.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.outside import ROOT
from bench.runs import Run, measure

PARTS = [
    "river",
    "stone",
    "market",
    "garden",
    "letter",
    "winter",
    "signal",
    "harvest",
    "bridge",
    "window",
    "people",
    "street",
    "morning",
    "question",
]
GLUE = [
    "the",
    "of",
    "and",
    "to",
    "in",
    "a",
    "is",
    "that",
    "for",
    "it",
    "was",
    "on",
    "with",
    "as",
    "by",
    "this",
    "from",
    "at",
    "not",
    "are",
]
NEAR_COST = 1.35  # `en.near` relative to `en`
KEYS_OF_TEN = 2.0  # a build against a crawl ten times as large, relative to one against a crawl
SENTENCES = 14  # per page: about 1,400 characters


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=20_000)
    pages = parser.parse_args(argv).pages
    with tempfile.TemporaryDirectory(prefix="against-") as name:
        folder = Path(name)
        for crawl, first, count in (("old", 0, pages), ("large", -9 * pages, 10 * pages), ("new", pages // 2, pages)):
            (folder / f"{crawl}.jsonl").write_text("".join(records(first, count)))
        built = {}
        for what, crawl, preset, *options in (
            ("en", "old", "en", "--no-keys"),
            ("en, keys kept", "old", "en"),
            ("en.near, keys kept", "old", "en.near"),
            ("the new crawl", "new", "en.near"),
            ("against the old one", "new", "en.near", "--against", f"{folder}/old-en.near"),
            ("ten times the pages", "large", "en.near"),
            ("against the large one", "new", "en.near", "--against", f"{folder}/large-en.near"),
        ):
            built[what] = run = _build(folder, crawl, preset, *options)
            each = 1000 * run.cpu / (pages * (10 if crawl == "large" else 1))
            print(f"{what:<24} {run.cpu:8.1f} CPU s {each:8.2f} ms a page {run.rss:8,.0f} MiB", flush=True)
        bytes_kept = sum(path.stat().st_size for path in (folder / "old-en.near" / "keys").iterdir())
        print(f"keys of en.near: {bytes_kept / 1e6:,.1f} MB, {bytes_kept / (SENTENCES * pages):.1f} bytes a line")
    near = built["en.near, keys kept"].cpu / built["en, keys kept"].cpu
    ten = built["against the large one"].cpu / built["against the old one"].cpu
    print(f"en.near takes {near:.2f} times en (at most {NEAR_COST}); against ten times as many pages {ten:.2f} times")
    return int(near > NEAR_COST or ten > KEYS_OF_TEN)


def _build(folder: Path, crawl: str, preset: str, *options: str) -> Run:
    output = folder / "-".join([crawl, preset, *(Path(option).name.strip("-") for option in options)])
    command = [sys.executable, "-m", "beam_jobs.build_c4", "--input", str(folder / f"{crawl}.jsonl")]
    command += ["--input-format", "jsonl", "--preset", preset, "--output", str(output), "--workers", "1", *options]
    return measure(command, folder / "log", ROOT)


def records(first: int, count: int) -> Iterator[str]:
    """The pages of these numbers as lines of JSON; every tenth is the one before it with a few more words."""
    for number in range(first, first + count):
        drawn = random.Random(number - (number % 10 == 9))
        text = "\n".join(_sentence(drawn) for _ in range(SENTENCES))
        if number % 10 == 9:
            text += "\nThis is a copy of it with a few more words."
        row = {"url": f"http://site{number % 5000}.example/{number}", "text": text, "timestamp": "2024-05-01T00:00:00Z"}
        yield json.dumps(row) + "\n"


def _sentence(drawn: random.Random) -> str:
    words = [drawn.choice(GLUE if drawn.random() < 0.5 else PARTS) for _ in range(drawn.randint(12, 20))]
    return f"{' '.join(words).capitalize()}."


if __name__ == "__main__":
    sys.exit(main())
