"""How often `c4pipe.compare` names a change of a corpus, and stays silent if there was none.

    python -m bench.words [--trials 20] [--input WET...]

Pages of WET files are split in two disjoint halves, differently in each trial, and the second half is changed. Printed
is the number of trials with any remark, and of trials in which the change was named.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from bench.outside import SHARED
from c4pipe.compare.reading import CorpusPage
from c4pipe.compare.sample import Drawing
from c4pipe.compare.words import Said, what_differs
from c4pipe.page import Kept
from c4pipe.wet import read_wet

Pages = list[CorpusPage]

BOILERPLATE = (
    "We use cookies and similar technologies to give you the best experience on our site.",
    "By continuing to browse the site you are agreeing to our use of cookies as described in our policy.",
    "Subscribe to our newsletter and never miss an update from our editors again.",
    "All rights reserved. No part of this site may be reproduced without our written permission.",
)


def boilerplate(pages: Pages, share: float, rng: random.Random) -> Pages:
    """Appends boilerplate lines to a share of the pages."""
    return _some(
        pages, share, rng, lambda page: page._replace(text="\n".join((page.text, *rng.sample(BOILERPLATE, 3))))
    )


def shuffled(pages: Pages, share: float, rng: random.Random) -> Pages:
    """Shuffles the words of a share of the pages."""

    def shuffle(page: CorpusPage) -> CorpusPage:
        words = page.text.split()
        rng.shuffle(words)
        return page._replace(text=" ".join(words))

    return _some(pages, share, rng, shuffle)


def duplicated(pages: Pages, share: float, rng: random.Random) -> Pages:
    """Replaces the text of a share of the pages by that of another."""
    texts = [page.text for page in pages]
    return _some(pages, share, rng, lambda page: page._replace(text=rng.choice(texts)))


def _some(pages: Pages, share: float, rng: random.Random, change: Callable[[CorpusPage], CorpusPage]) -> Pages:
    chosen = {*rng.sample(range(len(pages)), round(share * len(pages)))}
    return [change(page) if place in chosen else page for place, page in enumerate(pages)]


DAMAGE: dict[str, tuple[Callable[[Pages, float, random.Random], Pages], float, str]] = {
    "20 % boilerplate": (boilerplate, 0.2, "boilerplate lines"),
    "10 % shuffled words": (shuffled, 0.1, "order"),
    "30 % duplicates": (duplicated, 0.3, "repeats"),
    "5 % boilerplate": (boilerplate, 0.05, "boilerplate lines"),
    "2 % shuffled words": (shuffled, 0.02, "order"),
    "5 % duplicates": (duplicated, 0.05, "repeats"),
}
LANGUAGE = "30 % of another language"


def halves(pages: Pages, by: str, rng: random.Random) -> tuple[Pages, Pages]:
    """Two halves, page by page or host by host."""
    if by == "page":
        order = rng.sample(pages, len(pages))
        return order[: len(order) // 2], order[len(order) // 2 :]
    hosts = sorted({page.host for page in pages})
    mine = {*rng.sample(hosts, len(hosts) // 2)}
    a, b = ([page for page in pages if (page.host in mine) == side] for side in (True, False))
    size = min(len(a), len(b))
    return rng.sample(a, size), rng.sample(b, size)


def said_of(a: Pages, b: Pages) -> list[Said]:
    """The remarks on two sides."""
    drawings = []
    for side in (a, b):
        drawing = Drawing()
        for page in side:
            drawing.add(page)
        drawings.append(drawing)
    least = min(drawing.seen for drawing in drawings)
    first, second = (drawing.sample(least) for drawing in drawings)
    return what_differs(first, second, None)


def other_language(pages: Pages, rng: random.Random) -> tuple[Pages, Pages]:
    """Two sides in English, 30 % of the second in other languages."""
    english = rng.sample(
        [page for page in pages if page.language == "en"], len([p for p in pages if p.language == "en"])
    )
    others = [page for page in pages if page.language not in ("en", "und")]
    half = len(english) // 2
    a, b = english[:half], english[half : 2 * half]
    kept = round(0.7 * half)
    return a, b[:kept] + rng.sample(others, min(half - kept, len(others)))


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the trials. Returns 0."""
    parser = argparse.ArgumentParser(prog="python -m bench.words", description=__doc__.partition("\n")[0])
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--only", default="", help="only rows whose names contain this")
    inputs = [*sorted((SHARED / "wet_bench").glob("*.gz")), *sorted((SHARED / "wet").glob("*.wet.gz"))]
    parser.add_argument("--input", type=Path, nargs="+", default=inputs, help="WET files")
    args = parser.parse_args(argv)
    pages = _with_languages(_read(args.input))
    print(f"{len(pages):,} pages", flush=True)
    print(f"{'the second half':28}{'anything said':>15}{'by name':>10}   CPU s", flush=True)
    rows: dict[str, tuple[Callable[[random.Random], tuple[Pages, Pages]], str]] = {
        f"undamaged, halves by {by}": (partial(halves, pages, by), "") for by in ("page", "host")
    }
    for name, (damage, share, kind) in DAMAGE.items():
        rows[name] = partial(_damaged, pages, damage, share), kind
    rows[LANGUAGE] = partial(other_language, pages), "language"
    for name, (sides, kind) in rows.items():
        if args.only in name:
            _row(name, args.trials, sides, kind)
    return 0


def _damaged(pages: Pages, damage: Callable[..., Pages], share: float, rng: random.Random) -> tuple[Pages, Pages]:
    a, b = halves(pages, "page", rng)
    return a, damage(b, share, rng)


def _row(name: str, trials: int, sides: Callable[[random.Random], tuple[Pages, Pages]], kind: str) -> None:
    said = named = 0
    started = time.process_time()
    for seed in range(trials):
        found = said_of(*sides(random.Random(seed)))
        said += bool(found)
        named += any(one.kind in kind.split() and one.side == "B" for one in found)
        if not kind and found:
            print(*(f"    {one.sentence}" for one in found), sep="\n", flush=True)
    took = (time.process_time() - started) / trials
    print(f"{name:28}{said:>9} of {trials}{f'{named} of {trials}' if kind else '':>10}   {took:.1f}", flush=True)


def _read(paths: Sequence[Path]) -> Pages:
    pages = []
    for path in paths:
        with path.open("rb") as stream:
            verdicts = read_wet(stream, path.name)
            pages += [CorpusPage(v.page.text, v.page.url) for v in verdicts if isinstance(v, Kept)]
    return pages


def _with_languages(pages: Pages) -> Pages:
    drawing = Drawing(len(pages))
    for page in pages:
        drawing.add(page)
    languages = drawing.sample(len(pages)).languages
    return [page._replace(language=language) for page, language in zip(pages, languages, strict=True)]


if __name__ == "__main__":
    sys.exit(main())
