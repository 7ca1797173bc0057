"""Which n-gram model predicts unseen text best: orders, and the mass reserved for bytes unseen in a context.

`python -m bench.smoothing [--on FOLDER]`: pages of ../shared/wet_bench and ../shared/wet, and a tenth of them; test
texts as in `bench.compare`. "types" is Witten and Bell's: the number of different bytes that followed the context.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.compare import HELD_OUT, domains_of, held_out
from bench.inputs import pages_of
from bench.outside import SHARED
from c4pipe.compare.domains import DomainTexts
from c4pipe.compare.grams import count_grams
from c4pipe.compare.strings import MOST_GRAM, PAGE_END, Strings, strings_of
from c4pipe.page import Page
from c4pipe.text import hash64

Reals = NDArray[np.float64]
# The reserve of a context seen n times: (a, p) for a * n ** p; None for the number of different bytes that followed.
ASIDE: dict[str, tuple[float, float] | None] = {
    "types": None,
    "4": (4, 0),
    "16": (16, 0),
    "2 sqrt": (2, 0.5),
    "4 sqrt": (4, 0.5),
    "8 sqrt": (8, 0.5),
}


def followers(strings: Strings, data: NDArray[np.uint64]) -> Reals:
    """(nodes,) How many different bytes follow each string of the table in these pages, the end of a page too."""
    types = np.zeros(len(strings.last))
    keys = np.zeros(len(strings.last), np.uint64)  # of each string its bytes, the last one lowest
    for node in range(1, len(keys)):
        keys[node] = keys[strings.prefix[node]] << np.uint64(8) | np.uint64(strings.last[node])
    for length in range(MOST_GRAM):
        windows = np.zeros(len(data) - length, np.uint64)
        for at in range(length + 1):
            windows |= data[length - at : len(data) - at] << np.uint64(8 * at)
        contexts, number = np.unique(np.unique(windows) >> np.uint64(8), return_counts=True)
        nodes = slice(strings.levels[length], strings.levels[length + 1])
        places = np.searchsorted(contexts, keys[nodes]).clip(max=len(contexts) - 1)
        types[nodes] = np.where(contexts[places] == keys[nodes], number[places], 0)
    return types


def bits(
    strings: Strings, tests: DomainTexts, counts: NDArray[np.int64], types: Reals, law: tuple[float, float] | None
) -> list[float]:
    """The mean of all domains in bits per byte, by models of each order from 1 on."""
    chances = np.full(len(counts), 1 / 256)
    said = []
    for length in range(1, MOST_GRAM + 1):
        nodes = slice(strings.levels[length], strings.levels[length + 1])
        context, shorter = strings.prefix[nodes], chances[strings.suffix[nodes]]
        seen = counts[context].astype(np.float64)
        aside = types[context] if law is None else law[0] * seen ** law[1]
        mixed = (counts[nodes] + aside * shorter) / np.maximum(seen + aside, 1)
        chances[nodes] = np.where(seen > 0, mixed, shorter)
        longest = strings.longest.astype(np.int64)
        while (deeper := longest >= strings.levels[length + 1]).any():
            longest[deeper] = strings.suffix[longest[deeper]]
        said.append(float(tests.by_domain(tests.by_document(-np.log2(chances[longest])))[-1]))
    return said


def table(strings: Strings, tests: DomainTexts, pages: Sequence[Page]) -> str:
    """One row for each reserve, one column for each order."""
    counts = count_grams(strings, ((page.url, page.text) for page in pages)).counts.sum(axis=0, dtype=np.int64)
    text = b"".join(page.text.encode("utf-8", "surrogatepass") + PAGE_END for page in pages)
    types = followers(strings, np.frombuffer(text, np.uint8).astype(np.uint64))
    head = "".join(f"{order:>8}" for order in range(1, MOST_GRAM + 1))
    lines = [f"{len(pages):,} pages, {len(text):,} bytes", f"{'aside':<8}{head}"]
    for name, law in ASIDE.items():
        lines.append(f"{name:<8}" + "".join(f"{rate:8.3f}" for rate in bits(strings, tests, counts, types, law)))
    return "\n".join(lines)


def main() -> None:
    """Prints a table for all pages and one for a tenth."""
    p = argparse.ArgumentParser(prog="python -m bench.smoothing", description=(__doc__ or "").partition("\n")[0])
    p.add_argument("--on", type=Path, help="a folder of folders of text files")
    args = p.parse_args()
    pages = [page for name in ("wet_bench", "wet") for page in pages_of(sorted((SHARED / name).glob("*.wet.gz")))]
    held = [page for page in pages if hash64(page.text) % HELD_OUT == 0]
    pages = [page for page in pages if hash64(page.text) % HELD_OUT]
    tests = DomainTexts(domains_of(args.on) if args.on else held_out(held))
    strings = strings_of(tests.texts)
    for some in (pages, pages[::10]):
        print(table(strings, tests, some), flush=True)


if __name__ == "__main__":
    main()
