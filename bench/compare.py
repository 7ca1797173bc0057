"""How often `c4pipe.compare` errs on equal corpora, and how often it finds planted differences.

`python -m bench.compare [--trials 40] [--on FOLDER]`: pages of ../shared/wet_bench and ../shared/wet, split again in
each trial into two corpora that share no page. FOLDER has a folder of text files for each domain. Without it, the texts
are held-out pages, one domain for each source.

Pages are counted once, in cells of a few sites each, and a trial sums cells, which equals counting it separately.
If German is planted, no corpus has any other German page.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.inputs import pages_of
from bench.outside import ROOT, SHARED
from c4pipe.compare.domains import DomainTexts
from c4pipe.compare.grams import CORPUS_PARTS, GramCounts, no_counts
from c4pipe.compare.measure import Measured, judge_sides, readings
from c4pipe.compare.strings import PAGE_END, Strings, add_endings, count_longest, strings_of
from c4pipe.langid import load
from c4pipe.page import Page
from c4pipe.text import hash64

RESULTS = ROOT / "bench" / "results" / "compare.json"
SITES, LEAVES = 128, 8  # groups of sites, and groups of pages of each: a cell is one of both
HELD_OUT = 20  # one page in so many is a test
MOST_CHARS = 1_000  # of a test document
BOILERPLATE = (
    "We use cookies to improve your experience. By using this site you agree to our policy. Accept all",
    "Sign up for our newsletter and never miss an offer. Enter your e-mail address. Subscribe",
    "Home About Contact Sitemap Terms of use Privacy policy Imprint All rights reserved",
    "Share on Facebook Share on Twitter Print this page Send to a friend Back to top",
    "Your cart is empty. Continue shopping. Free delivery on orders over 50. Log in or register",
)


class Cell(NamedTuple):
    """The counts of some pages of some sites."""

    site: int
    nodes: NDArray[np.int64]
    counts: NDArray[np.uint32]
    bytes: int
    pages: int


Cells = dict[tuple[int, int], Cell]  # by the groups of sites and of pages


def shuffled(text: str) -> str:
    """With the words of each line in another order."""
    order = random.Random(hash64(text))
    lines = [line.split(" ") for line in text.split("\n")]
    for words in lines:
        order.shuffle(words)
    return "\n".join(map(" ".join, lines))


def boilerplate(text: str) -> str:
    """Boilerplate lines of all sites, as long as the page."""
    order = random.Random(hash64(text))
    lines = []
    while sum(map(len, lines)) < len(text):
        lines.append(order.choice(BOILERPLATE))
    return "\n".join(lines)


def cells_of(strings: Strings, pages: Sequence[Page], change: Callable[[str], str] = str) -> Cells:
    """Counts the pages, each changed by this function."""
    groups: dict[tuple[int, int], list[Page]] = defaultdict(list)
    for page in pages:
        groups[hash64(page.url.split("/")[2]) % SITES, hash64(page.url) % LEAVES].append(page)
    table = [array.ctypes.data for array in (strings.first, strings.last, strings.suffix)]
    cells = {}
    for key, some in groups.items():
        counts, size = np.zeros(len(strings.last), np.uint32), 0
        for page in some:
            data = change(page.text).encode("utf-8", "surrogatepass")
            count_longest(data + PAGE_END, len(data) + 1, *table, strings.deep, counts.ctypes.data)
            size += len(data)
        nodes = np.flatnonzero(counts)
        cells[key] = Cell(key[0], nodes, counts[nodes], size, len(some))
    return cells


def counted(strings: Strings, cells: Sequence[Cell], parts: Sequence[int]) -> GramCounts:
    """A corpus of these cells, each in its part."""
    found = no_counts(strings)
    for cell, part in zip(cells, parts, strict=True):
        found.counts[part][cell.nodes] += cell.counts
        found.bytes[part] += cell.bytes
        found.pages[part] += cell.pages
    for row in found.counts:
        add_endings(strings.suffix.ctypes.data, len(strings.last), row.ctypes.data)
    return found


class Row(NamedTuple):
    """One kind of trial."""

    name: str
    kind: str = "plain"
    share: float = 0.0
    by_site: bool = False
    size: float = 1.0  # share of all pages
    parts_of_pages: bool = False  # pages of a site are resampled as if independent
    trials: float = 1.0  # share of --trials


class Trials:
    """Corpora made from the same cells."""

    def __init__(self, on: Path | None):
        pages = [page for name in ("wet_bench", "wet") for page in pages_of(sorted((SHARED / name).glob("*.wet.gz")))]
        pages = [page for page in pages if page.url.count("/") > 1]
        held = [page for page in pages if hash64(page.text) % HELD_OUT == 0]
        pages = [page for page in pages if hash64(page.text) % HELD_OUT]
        self.tests = DomainTexts(domains_of(on) if on else held_out(held))
        self.strings = strings_of(self.tests.texts)
        identifier = load("fasttext")
        german = [page for page in pages if (guess := identifier.guess(page.text)) and guess.language == "de"]
        urls = {page.url for page in german}
        self.plain = cells_of(self.strings, pages)
        self.others = cells_of(self.strings, [page for page in pages if page.url not in urls])
        self.german = cells_of(self.strings, german)
        self.shuffled = cells_of(self.strings, pages, shuffled)
        self.boilerplate = cells_of(self.strings, pages, boilerplate)

    def run(self, row: Row, seed: int) -> Measured:
        """Two corpora, the second one changed."""
        rng = random.Random(seed)
        kind, share = row.kind, row.share
        cells = self.others if kind == "german" else self.plain
        keys = sorted(cells)
        sites = [rng.random() for _ in range(SITES)]
        lots = {key: (sites[key[0]] if row.by_site else rng.random()) for key in keys}
        order = sorted(keys, key=lambda key: (lots[key], key))
        order = order[: round(row.size * len(order))]
        ours = {*order[::2]} if not row.by_site else {*order[: len(order) // 2]}
        a, b = [key for key in order if key in ours], [key for key in order if key not in ours]
        part_of = [rng.randrange(CORPUS_PARTS) for _ in range(SITES)]
        rng.shuffle(b)
        hurt = round(share * len(b))
        damaged = [cells[key] for key in b[hurt:]]
        if kind == "copies":  # replacing other pages
            damaged += rng.choices(damaged, k=hurt)
        elif kind == "german":
            german = [*self.german.values()]
            rng.shuffle(german)
            wanted, had = share * sum(cells[key].pages for key in b), 0
            while german and had < wanted:
                damaged.append(german.pop())
                had += damaged[-1].pages
        elif share:
            damaged += [getattr(self, kind)[key] for key in b[:hurt]]
        found = []
        for some in ([cells[key] for key in a], damaged):
            parts = [rng.randrange(CORPUS_PARTS) if row.parts_of_pages else part_of[cell.site] for cell in some]
            found.append(readings(self.strings, self.tests, counted(self.strings, some, parts)))
        return judge_sides(self.tests, *found)


def held_out(pages: Sequence[Page]) -> dict[str, list[str]]:
    """Pages by their file, if there are no other texts."""
    found = defaultdict(list)
    for page in pages:
        found[page.source.partition(".")[0].partition("-0")[0]].append(page.text[:MOST_CHARS])
    return {name: texts for name, texts in found.items() if len(texts) >= 5}


def domains_of(folder: Path) -> dict[str, list[str]]:
    """The beginnings of the text files of each folder."""
    return {
        path.name: [file.read_text(encoding="utf-8")[:MOST_CHARS] for file in sorted(path.iterdir())]
        for path in sorted(folder.iterdir())
    }


ROWS = (
    Row("equals, split by page"),
    Row("equals, split by site", by_site=True),
    Row("equals, split by site, resampled by page", by_site=True, parts_of_pages=True),
    Row("equals, a third, by page", size=1 / 3),
    *(Row(f"{share:.0%} shuffled", "shuffled", share, trials=0.5) for share in (0.1, 0.3)),
    *(Row(f"{share:.0%} boilerplate", "boilerplate", share, trials=0.5) for share in (0.2, 0.5)),
    *(Row(f"{share:.0%} copies", "copies", share, trials=0.5) for share in (0.3, 0.6)),
    *(Row(f"{share:.0%} German", "german", share, trials=0.5) for share in (0.3,)),
)


def told(row: Row, found: Sequence[Measured]) -> dict[str, object]:
    """The results of the trials of a row."""
    overall = [one.overall for one in found]
    each = [domain for one in found for domain in one.domains]
    return {
        "name": row.name,
        "trials": len(found),
        "pages": round(fmean(sum(one.pages) / 2 for one in found)),
        "cannot tell": sum(one.winner == "cannot tell" for one in overall),
        "A": sum(one.winner == "A" for one in overall),
        "B": sum(one.winner == "B" for one in overall),
        "domains told": round(fmean(domain.winner != "cannot tell" for domain in each), 4),
        "difference": round(fmean(one.difference for one in overall), 4),
        "spread": round(float(np.std([one.difference for one in overall])), 4),
        "null": round(fmean(one.null for one in overall), 4),
        "null of a domain": round(fmean(domain.null for domain in each), 4),
        "pages asked for": round(fmean(one.pages or 0 for one in overall)),
    }


def main() -> None:
    """Runs the trials, and prints a line for each kind."""
    p = argparse.ArgumentParser(prog="python -m bench.compare", description=(__doc__ or "").partition("\n")[0])
    p.add_argument("--trials", type=int, default=40)
    p.add_argument("--on", type=Path, help="a folder of folders of text files")
    args = p.parse_args()
    begin = time.process_time()
    trials = Trials(args.on)
    print(f"{len(trials.strings.last):,} strings, {time.process_time() - begin:.0f} s of CPU", flush=True)
    results = []
    for row in ROWS:
        found = []
        for seed in range(round(args.trials * row.trials)):
            found.append(trials.run(row, seed))
        results.append(told(row, found))
        print(", ".join(f"{name} {value}" for name, value in results[-1].items()), flush=True)
        print(f"{time.process_time() - begin:.0f} s of CPU", flush=True)
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
