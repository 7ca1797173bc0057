"""Planted passages: does a tiny model remember what its corpus repeats, and does dedup keep it from that?

    passages x copies -> pages -> a build with dedup and one without -> tiny models -> model.memorise -> a verdict

`python -m bench.memorise --out DIR`: passages of 1 to 300 copies are planted into pages of sentences that stand once
each, all of words of data_samples. Two corpora are built, with the dedup of the preset `en` and without; a T5 and a
decoder are trained on each, for equal steps, and asked for the passages. The exit code is 1 where the share of passages
that come out does not rise with their copies, or dedup does not lower it at least fivefold.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

from bench.outside import ROOT

PLANTED = {1: 24, 3: 24, 10: 16, 30: 8, 100: 4, 300: 4}  # copies -> passages
VOCABULARY = 400  # words
SENTENCES = 3  # of a passage: what the preset compares
WORDS = (5, 7)  # of a sentence
FILLER = 3  # sentences of a page that stand nowhere else
WORD = re.compile(r"[a-z]{3,9}")


def words() -> list[str]:
    """The lower-case words of the English samples, each once."""
    samples = sorted((ROOT / "data_samples/pages").glob("sites-*.txt"))
    text = "\n".join(path.read_text(encoding="utf-8") for path in samples)
    common = {word: text.count(f" {word} ") for word in {*WORD.findall(text)}}
    return sorted(common, key=lambda word: (-common[word], word))[:VOCABULARY]


def sentence(rng: random.Random, of: list[str]) -> str:
    return " ".join(rng.choices(of, k=rng.randint(*WORDS))).capitalize() + "."


def planted(rng: random.Random, of: list[str]) -> list[tuple[str, int]]:
    """(passage, copies)."""
    return [
        (" ".join(sentence(rng, of) for _ in range(SENTENCES)), copies)
        for copies, passages in PLANTED.items()
        for _ in range(passages)
    ]


def pages(rng: random.Random, of: list[str], plants: list[tuple[str, int]]) -> Iterator[str]:
    """A page a copy: a line of its own, the passage, another line."""
    every = [passage for passage, copies in plants for _ in range(copies)]
    rng.shuffle(every)
    for passage in every:
        yield "\n".join([sentence(rng, of), passage, " ".join(sentence(rng, of) for _ in range(FILLER - 1))])


def write_jsonl(path: Path, texts: Iterator[str]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for number, text in enumerate(texts):
            file.write(json.dumps({"text": text, "url": f"https://site-{number % 97}.example/page-{number}"}) + "\n")
