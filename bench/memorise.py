"""Planted passages: whether a tiny model memorises what its corpus repeats, and whether dedup prevents it.

    passages x copies -> pages -> a build with dedup and one without -> tiny models -> model.memorise -> a verdict

`python -m bench.memorise --out DIR`: passages with 1 to 300 copies are planted into pages of unique sentences, all made
of words from data_samples. Two corpora are built, with the dedup of preset `en` and without. A T5 and a decoder are
trained on each for the same number of steps, and prompted for the passages. Exit code 1 if the share of reproduced
passages does not rise with their copies, or if dedup does not lower it at least fivefold.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
import resource
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow.compute as pc

from bench.outside import ROOT
from c4pipe.shards.passages import read_passages, write_passages

PLANTED = {1: 24, 3: 24, 10: 16, 30: 8, 100: 4, 300: 4}  # copies -> passages
VOCABULARY = 400  # words
SENTENCES = 3  # in a passage: the unit that the preset compares
WORDS = (5, 7)  # in a sentence
FILLER = 3  # unique sentences on a page
WORD = re.compile(r"[a-z]{3,9}")

# # kind -> (steps, options). A T5 is trained on 15 % of what it reads, and memorises more slowly: with plain AdamW it
# knew nothing after 800 steps, with these options half of the passages of 300 copies after 400.
TRAININGS = {
    "decoder": (300, "--architecture decoder-lm --objective lm --optimizer adamw --lr 0.001 --batch 8 --inputs 128"),
    "t5": (1200, "--layers 2 --optimizer adamw-scale --lr 0.02 --clip 1 --warmup 30 --batch 32 --inputs 32"),
}
COMMON = ("--vocab-size", "1000", "--device", "cpu", "--no-tensorboard", "--samples", "0")
CORPORA = {"raw": ("--dedup", "none"), "deduped": ()}  # corpus -> options of its build
Z99 = 2.33  # quantile of the normal distribution
FOLD = 5  # factor by which dedup must lower what is reproduced


class Shares(NamedTuple):
    """Reproduced passages and all passages by number of copies, the fewest copies first."""

    copies: tuple[int, ...]
    whole: tuple[int, ...]
    asked: tuple[int, ...]


def words() -> list[str]:
    """The most frequent lower-case words of the English samples."""
    samples = sorted((ROOT / "data_samples/pages").glob("sites-*.txt"))
    text = "\n".join(path.read_text(encoding="utf-8") for path in samples)
    common = {word: text.count(f" {word} ") for word in {*WORD.findall(text)}}
    return sorted(common, key=lambda word: (-common[word], word))[:VOCABULARY]


def sentence(rng: random.Random, of: Sequence[str]) -> str:
    """A meaningless sentence."""
    return " ".join(rng.choices(of, k=rng.randint(*WORDS))).capitalize() + "."


def planted(rng: random.Random, of: Sequence[str]) -> dict[str, int]:
    """passage -> copies."""
    return {
        " ".join(sentence(rng, of) for _ in range(SENTENCES)): copies
        for copies, passages in PLANTED.items()
        for _ in range(passages)
    }


def pages(rng: random.Random, of: Sequence[str], plants: dict[str, int]) -> Iterator[str]:
    """One page per copy: a unique line, the passage, another unique line."""
    every = [passage for passage, copies in plants.items() for _ in range(copies)]
    rng.shuffle(every)
    for passage in every:
        yield "\n".join([sentence(rng, of), passage, " ".join(sentence(rng, of) for _ in range(FILLER - 1))])


def write_input(path: Path, texts: Iterator[str]) -> None:
    """Writes JSON lines, each page with its own URL."""
    with path.open("w", encoding="utf-8") as file:
        for number, text in enumerate(texts):
            file.write(json.dumps({"text": text, "url": f"https://site-{number % 97}.example/page-{number}"}) + "\n")


def run(module: str, *options: object) -> None:
    """Runs a command of the project in its own process."""
    subprocess.run([sys.executable, "-m", module, *map(str, options)], check=True, stdout=subprocess.DEVNULL)


def build(out: Path) -> None:
    """Builds both corpora, and the file of planted passages with their counts in the crawl."""
    rng, of = random.Random(0), words()
    plants = planted(rng, of)
    write_input(out / "pages.jsonl", pages(rng, of, plants))
    for name, options in CORPORA.items():
        how = ("--preset", "en", "--input-format", "jsonl", "--workers", 1, "--overwrite", *options)
        run("beam_jobs.build_c4", "--input", out / "pages.jsonl", "--output", out / name, *how)
    run("c4pipe.passages", out / "deduped", "--crawl", "--alone", "--each", 10_000, "--out", out / "passages.parquet")
    found = read_passages(out / "passages.parquet")
    there = pc.is_in(found.table["text"], value_set=pc.cast([*plants], found.table["text"].type))
    write_passages(out / "passages.parquet", found._replace(table=found.table.filter(there)))


def train_and_ask(out: Path, kind: str) -> None:
    """Trains on both corpora, and prompts both models."""
    steps, options = TRAININGS[kind]
    runs = [out / f"{kind}-{name}" for name in CORPORA]
    for folder, name in zip(runs, CORPORA, strict=True):
        every = ("--steps", steps, "--save-every", steps, "--eval-every", steps, *options.split(), *COMMON)
        run("model.train", "--data", out / name, "--run", folder, *every)
    data = out / "raw", out / "deduped"
    asking = ("--counts", out / "passages.parquet", "--out", out / f"{kind}-memorise")
    run("model.memorise", "--run", *runs, "--data", *data, *asking)


def shares(table: Path, label: str) -> Shares:
    """The shares of one run, from asked.csv."""
    found: dict[int, list[int]] = defaultdict(list)
    with table.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["run"] == label and int(row["copies"]):
                found[min(PLANTED, key=lambda copies: abs(copies - int(row["copies"])))].append(int(row["whole"]))
    copies = tuple(sorted(found))
    return Shares(copies, tuple(sum(found[n]) for n in copies), tuple(len(found[n]) for n in copies))


def trend(found: Shares) -> float:
    """The z of the Cochran-Armitage test for a share that rises from group to group, ties allowed; 0 if nothing, or
    everything, was reproduced.

    >>> round(trend(Shares((1, 10, 100), (0, 1, 4), (4, 4, 4))), 2)
    2.87
    """
    n, hits = sum(found.asked), sum(found.whole)
    if not 0 < hits < n:
        return 0.0
    share, groups = hits / n, range(len(found.copies))
    above = sum(place * (found.whole[place] - share * found.asked[place]) for place in groups)
    first = sum(place * found.asked[place] for place in groups)
    second = sum(place * place * found.asked[place] for place in groups)
    return float(above / (share * (1 - share) * (second - first * first / n)) ** 0.5)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the bench. Returns the exit code."""
    parser = argparse.ArgumentParser(
        "python -m bench.memorise", description="Planted passages, with and without dedup."
    )
    parser.add_argument("--out", type=Path, default=Path("out/memorise"))
    parser.add_argument("--only", choices=[*TRAININGS], help="one of the two kinds of models")
    args = parser.parse_args(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    build(args.out)
    good = True
    for kind in [args.only] if args.only else TRAININGS:
        train_and_ask(args.out, kind)
        both = {name: shares(args.out / f"{kind}-memorise/asked.csv", f"{kind}-{name}") for name in CORPORA}
        for name, found in both.items():
            told = ", ".join(f"{n}: {a} of {b}" for n, a, b in zip(*found, strict=True))
            print(f"{kind} on {name}, copies: passages that came out: {told}")
        raw, deduped = both.values()
        z = trend(raw)
        fewer = FOLD * sum(deduped.whole) * sum(raw.asked) <= sum(raw.whole) * sum(deduped.asked)
        verdict = "yes" if fewer else "no"
        print(f"{kind}: trend z = {z:.1f} (99 %: above {Z99}), dedup lowers it {FOLD}-fold: {verdict}")
        good = good and z > Z99 and fewer
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{(spent.ru_utime + spent.ru_stime) / 60:.1f} CPU-minutes")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
