"""Near duplicates: planted pairs of known similarity on real pages against the S-curve, the cost of a signature, and
which pairs datatrove's MinHash finds on the same pages.

`python -m bench.near [--pairs 2000] [--pages 6000] [--datatrove PYTHON]`. Pairs are planted on pages of
../shared/wet_bench by replacing words, by framing with other lines, and by truncation; their similarity is counted,
shingle by shingle. datatrove runs in its own venv (`make bench-rivals`); without it, its part is left out.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import combinations, islice
from pathlib import Path
from statistics import fmean, pstdev
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.competitors import venv_python
from bench.inputs import pages_of
from bench.outside import SHARED
from bench.parity import ROOT
from bench.ways import Part, run, table
from c4pipe.dedup import NearLevel
from c4pipe.dedup.minhash import OF_PERMUTATIONS, factors, jaccard, minima, shingle_hashes
from c4pipe.text.tokens import word_hashes

RESULTS = ROOT / "bench" / "results" / "near.json"
LEVEL = NearLevel()
STEPS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
SHORTEST, LONGEST = 100, 2_000  # words of a page on which pairs are planted
SEED = 18
PAGE = 4_700  # characters of the page for which the budget holds
FAR = 0.02  # two similarities that differ by more come from different shingles

Plant = Callable[[list[str], float, np.random.Generator], list[str]]


# --- planted pairs --------------------------------------------------------------------------------------------------


class Pair(NamedTuple):
    """The result for a planted pair."""

    way: str
    step: float
    similarity: float  # counted over the shingles
    linked: bool  # shares a key
    estimated: float


def edited(words: list[str], amount: float, rng: np.random.Generator) -> list[str]:
    """The words with that share of them replaced."""
    places = rng.permutation(len(words))[: round(amount * len(words))]
    changed = {*places.tolist()}
    return [f"edit{at}" if at in changed else word for at, word in enumerate(words)]


def framed(words: list[str], amount: float, rng: np.random.Generator) -> list[str]:
    """The words between other lines, each up to as long as the text."""
    lines = [f"frame{number}" for number in rng.integers(0, 10**6, 2 * len(words)).tolist()]
    size = round(amount * len(words))
    return lines[:size] + words + lines[len(lines) - size :]


def truncated(words: list[str], amount: float, _: np.random.Generator) -> list[str]:
    """The words without that share at the end."""
    return words[: max(1, round((1 - amount) * len(words)))]


WAYS: dict[str, Plant] = {"edits": edited, "frame": framed, "truncation": truncated}


def planted(words: list[str], way: str, step: float, seed: int) -> Pair:
    """A pair as close to that similarity as possible: the amount of change is found by bisection."""
    whole = LEVEL.shingles(" ".join(words))
    low, high = 0.0, 1.0
    text = " - ".join(words).lower()
    similarity = jaccard(whole, LEVEL.shingles(text))
    while step < 1 and high - low > 0.3 / len(words):
        amount = (low + high) / 2
        text = " ".join(WAYS[way](words, amount, np.random.default_rng(seed)))
        similarity = jaccard(whole, LEVEL.shingles(text))
        low, high = (amount, high) if similarity > step else (low, amount)
    (keys, sketch), (others, other) = LEVEL.signature(" ".join(words)), LEVEL.signature(text)
    return Pair(way, step, similarity, not {*keys}.isdisjoint(others), LEVEL.similarity(sketch, other))


def told(pairs: Sequence[Pair]) -> str:
    """One row for each step, and for each way within a step."""
    lines = [f"{'similarity':>10} {'by':<11} {'pairs':>6} {'linked':>7} {'curve':>7} {'off':>7} {'error':>8} {'sd':>6}"]
    groups: dict[tuple[float, str], list[Pair]] = defaultdict(list)
    for pair in pairs:
        groups[pair.step, ""].append(pair)
        groups[pair.step, pair.way].append(pair)
    for (step, way), some in sorted(groups.items()):
        linked, curve = fmean(pair.linked for pair in some), fmean(LEVEL.linked(pair.similarity) for pair in some)
        errors = [pair.estimated - pair.similarity for pair in some]
        lines.append(
            f"{step:>10} {way or 'all':<11} {len(some):>6,} {linked:>7.1%} {curve:>7.1%} {linked - curve:>+7.1%} "
            f"{fmean(errors):>+8.4f} {pstdev(errors):>6.4f}"
        )
    return "\n".join(lines)


# --- cost -----------------------------------------------------------------------------------------------------------


def spelt(shingles: NDArray[np.uint32], count: int) -> list[int]:
    """`minima`, in numpy."""
    a, b = factors(OF_PERMUTATIONS, 2 * count).reshape(-1, 2).T
    products = shingles[:, None].astype(np.uint64) * a + b
    least: list[int] = (products >> np.uint64(32)).min(axis=0).tolist()
    return least


def costs(texts: Sequence[str], rounds: int) -> str:
    """The cost of signatures of pages of `PAGE` characters, cut from longer ones."""
    cut = [text[:PAGE] for text in texts if len(text) >= PAGE and len(text.split()) > PAGE / 10][:300]
    count = LEVEL.bands * LEVEL.rows
    shingled = [shingle_hashes(word_hashes(text).hashes, LEVEL.shingle) for text in cut]
    ways: dict[str, Any] = {
        "numpy": lambda: [spelt(some, count) for some in shingled],
        "c4pipe": lambda: [minima(some, count).tolist() for some in shingled],
    }
    rows = [*run(Part(f"{count} minima", len(cut), ways), rounds)]
    for name, way in (
        ("words", lambda: [len(word_hashes(text).hashes) for text in cut]),
        ("signature", lambda: [LEVEL.signature(text) for text in cut]),
    ):
        rows += run(Part(f"{name}, {PAGE:,} characters", len(cut), {"c4pipe": way}), rounds)
    return table(rows, header=True)


# --- beside datatrove -----------------------------------------------------------------------------------------------


def pairs_by(keys: Sequence[Sequence[Any]]) -> set[tuple[int, int]]:
    """The pairs of pages that share a key."""
    holders: dict[Any, list[int]] = defaultdict(list)
    for page, own in enumerate(keys):
        for key in own:
            holders[key].append(page)
    return {pair for pages in holders.values() for pair in combinations(pages, 2)}


def beside(texts: Sequence[str], python: Path) -> str:
    """Pairs that only one of the two finds, by the similarity that each computes."""
    with tempfile.TemporaryDirectory(prefix="bench-near-") as name:
        folder = Path(name)
        (folder / "texts.json").write_text(json.dumps(list(texts)), encoding="utf-8")
        script = ROOT / "bench" / "rivals" / "datatrove_minhash.py"
        subprocess.run([str(python), str(script), str(folder)], check=True)
        found = np.load(folder / "found.npz")
    ends = np.cumsum(found["counts"])
    theirs = [np.unique(some) for some in np.split(found["shingles"], ends[:-1])]
    their_keys = [
        [(band, *minima) for band, minima in enumerate(signature.tolist())] if len(shingles) else []
        for signature, shingles in zip(found["signatures"], theirs, strict=True)
    ]
    ours = [LEVEL.shingles(text) for text in texts]
    one, other = pairs_by([LEVEL.signature(text)[0] for text in texts]), pairs_by(their_keys)
    lines = [
        f"{len(one & other):,} pairs found by both, {len(one - other):,} by c4pipe alone, "
        f"{len(other - one):,} by datatrove alone"
    ]
    chance = 0.0  # expected pairs found by only one, with independent hashes, at the similarities that each computes
    for a, b in one | other:
        mine, its = LEVEL.linked(jaccard(ours[a], ours[b])), LEVEL.linked(jaccard(theirs[a], theirs[b]))
        chance += (mine * (1 - its) + its * (1 - mine)) / (1 - (1 - mine) * (1 - its))
    lines.append(
        f"expected to be found by one alone, from the S-curve at the similarities that each sees: {chance:,.0f}"
    )
    for who, some in (("c4pipe", one - other), ("datatrove", other - one)):
        seen = [(jaccard(ours[a], ours[b]), jaccard(theirs[a], theirs[b])) for a, b in some]
        same = sum(abs(x - y) <= FAR for x, y in seen)
        more = sum(x - y > FAR for x, y in seen)
        lines.append(
            f"by {who} alone: {same:,} are as alike to both, within {FAR}, {more:,} more alike by our shingles, "
            f"{len(seen) - same - more:,} by theirs; mean {fmean(x for x, _ in seen or [(0, 0)]):.3f} by ours, "
            f"{fmean(y for _, y in seen or [(0, 0)]):.3f} by theirs"
        )
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Measures, prints, and writes bench/results/near.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.near", description="Near duplicates.")
    parser.add_argument("--pairs", type=int, default=2_000, help="pairs planted at each similarity")
    parser.add_argument("--pages", type=int, default=6_000, help="compared with datatrove")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--datatrove", type=Path, default=venv_python("datatrove"), metavar="PYTHON")
    parser.add_argument("--json", type=Path, default=RESULTS, metavar="FILE")
    args = parser.parse_args(argv)
    files = sorted(SHARED.glob("wet_bench/*.wet.gz"))
    if not files:
        raise SystemExit(f"bench: {SHARED / 'wet_bench'} has no WET file on whose pages pairs could be planted.")
    texts = [page.text for page in islice(pages_of(files), args.pages)]
    bases = [words for text in texts if SHORTEST <= len(words := text.split()) <= LONGEST]
    pairs = [
        planted(bases[i % len(bases)], [*WAYS][i % len(WAYS)], step, SEED + i)
        for step in STEPS
        for i in range(args.pairs)
    ]
    parts = {"planted": told(pairs), "cost": costs(texts, args.rounds)}
    if args.datatrove.exists():
        parts["datatrove"] = beside(texts, args.datatrove)
    else:
        print(f"bench: datatrove is not installed at {args.datatrove}. Run `make bench-rivals`.", file=sys.stderr)
    print("\n\n".join(parts.values()))
    args.json.parent.mkdir(parents=True, exist_ok=True)
    args.json.write_text(json.dumps({"parts": parts, "pairs": pairs}, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
