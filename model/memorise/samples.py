"""samples.csv: free samples of a language model, their ranks, and how much of them occurs in the corpus."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import torch

from model.corpus import Reader, find_entries, read_entry
from model.disk import put
from model.memorise.arms import AskedRun
from model.memorise.curve import csv_table
from model.memorise.report import shown_masked
from model.memorise.sampling import RANKINGS, DrawnText, drawn_texts, scored_sample, shares_found
from model.run import open_checkpoint

SAMPLE_TABLE = "samples.csv"
LONGEST_SHOWN = 2_000  # characters


def write_samples(args: Namespace, arm: AskedRun) -> None:
    """Draws and ranks texts of an arm, and writes them: those most likely memorised first, by zlib."""
    assert arm.data is not None
    texts = drawn_texts(arm.model, arm.tokenizer, args.samples, args.sample_tokens, args.seed)
    smaller = open_checkpoint(args.smaller, None, torch.device(args.device))[1:] if args.smaller else None
    found = shares_found(texts, corpus_texts(arm.data))
    scored = [
        scored_sample(number, text, arm.model, arm.tokenizer, smaller, share)
        for number, (text, share) in enumerate(zip(texts, found, strict=True))
    ]
    ranks = {
        name: _ranks([rank(one) for one in scored]) for name, rank in RANKINGS.items() if smaller or name != "smaller"
    }
    rows = [
        (*one, *(ranks[name][one.number] for name in ranks), shown_masked(texts[one.number], LONGEST_SHOWN))
        for one in sorted(scored, key=lambda one: ranks["zlib"][one.number])
    ]
    names = (*DrawnText._fields, *(f"rank_{name}" for name in ranks), "text")
    put(args.out / SAMPLE_TABLE, csv_table(names, rows))


def _ranks(values: list[float]) -> list[int]:
    """Ranks; 1 for the largest."""
    order = sorted(range(len(values)), key=lambda number: -values[number])
    return [place + 1 for place, _ in sorted(enumerate(order), key=lambda pair: pair[1])]


def corpus_texts(folder: Path) -> Iterator[str]:
    """The training pages of a corpus."""
    reader = Reader(keep=0)
    for name, shards in find_entries([folder], "train").items():
        entry = read_entry(name, shards)
        for group in range(len(entry.rows)):
            yield from reader.documents(entry, group, entry.rows_of(group))
