"""The parts of a build, each against a plain or third-party way to the same result, on the same pages.

`python -m bench.parts [--pages 3000] [--rounds 5] [--input WET...] [--badwords-dir DIR]`. The contenders of a part
alternate, A B A B, and CPU time counts, so that other load affects all equally. Results are compared in the same run: a
contender whose result differs from the first one's fails the part, with exit code 1. Only fastText and CLD2, which are
other identifiers, may differ; their agreement is printed. The overhead of a custom rule is measured in short turns
(`bench.cleaning.own_rule`). Parts that need Punkt or the reference are skipped with a note if these are missing.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from isal import igzip

from bench.build import surroundings
from bench.cleaning import clean_stage, cleaning, cleaning_as_reference, own_rule, reference_cleaning, told_of_own_rule
from bench.identity import package
from bench.inputs import pages_of
from bench.parity import ROOT, Lists, default_inputs
from bench.ways import Part, Row, Way, run, table
from c4pipe.clean import fast_clean
from c4pipe.dedup import LineLevel, SpanLevel
from c4pipe.files.assets import find_assets
from c4pipe.langid import load
from c4pipe.page import Kept, Page
from c4pipe.presets import EN
from c4pipe.rules import MinSentences
from c4pipe.rules.matcher import WordMatcher
from c4pipe.text import hash64, sentence_splitter
from c4pipe.text.punkt import find_punkt
from c4pipe.wet import read_wet

RESULTS = ROOT / "bench" / "results" / "parts.json"
JUDGED = 300  # texts for langdetect itself, which takes 10 ms per text


def reading(files: Sequence[Path]) -> Part:
    """From bytes in memory to pages, against only inflating and decoding."""
    packed = [path.read_bytes() for path in files]
    marks = "WARC-Type: conversion\r\n"

    def floor(unpack: Callable[[Any], Any]) -> Way:
        return lambda: sum(unpack(io.BytesIO(data)).read().decode("utf-8", "replace").count(marks) for data in packed)

    def ours() -> int:
        return sum(isinstance(v, Kept) for data in packed for v in read_wet(io.BytesIO(data), "x.wet.gz"))

    ways = {"gunzip + decode (zlib)": floor(gzip.open), "gunzip + decode (isal)": floor(igzip.open)}
    return Part("reading", ours(), ways | {"c4pipe read_wet": ours})


def bad_words(texts: Sequence[str], words: frozenset[str]) -> Part:
    """Whether an English text has a listed word: the reference's pattern against our matcher."""
    pattern = re.compile(rf"(?:\W|^)({'|'.join(map(re.escape, sorted(words)))})(?:\W|$)")
    matcher = WordMatcher(words, boundaries=True)
    matcher.search("It compiles its pattern now.")
    ways: dict[str, Way] = {
        "re": lambda: [pattern.search(text.lower()) is not None for text in texts],
        "c4pipe matcher": lambda: [matcher.search(text) is not None for text in texts],
    }
    return Part(f"{len(words)} bad words", len(texts), ways)


def language(texts: Sequence[str]) -> Part:
    """The language of a text."""
    ways: dict[str, Way] = {"langdetect": lambda: [package(text) for text in texts]}
    package("It reads its profiles now.")
    ours = load("langdetect")
    ways["c4pipe langdetect"] = lambda: [ours.guess(text) for text in texts]
    return Part("language", len(texts), ways)


def other_judges(texts: Sequence[str]) -> Part:
    """The cost of other identifiers; their answers sometimes differ."""

    def way(name: str) -> Way:
        identifier = load(name)
        return lambda: [guess and guess.language for guess in map(identifier.guess, texts)]

    return Part("language, others", len(texts), {n: way(n) for n in ("langdetect", "fasttext", "cld2")}, judges=True)


def sentences(texts: Sequence[str], splitter: str) -> Part:
    """Whether a text has three sentences, line by line: counting all, against stopping when the answer is known."""
    rule, split = MinSentences(3, splitter), sentence_splitter(splitter)

    def plainly(text: str) -> bool:
        return sum(max(1, sum(1 for _ in split(line))) for line in text.split("\n")) >= 3

    ways: dict[str, Way] = {
        "all counted": lambda: [plainly(text) for text in texts],
        "c4pipe MinSentences": lambda: [rule.offence(Page("", text, "")) is None for text in texts],
    }
    return Part(f"3 sentences, {splitter.partition(':')[0]}", len(texts), ways)


def spans(texts: Sequence[str]) -> Part:
    """The hashes of a text's sentences, which spans compare."""
    level, split = SpanLevel(), sentence_splitter(SpanLevel.splitter)
    ways: dict[str, Way] = {
        "plain loop": lambda: [
            [hash64(sentence.strip().lower()) for line in text.split("\n") for sentence in split(line)]
            for text in texts
        ],
        "c4pipe SpanLevel": lambda: [list(level.atoms(text)) for text in texts],
    }
    return Part("hashes of sentences", len(texts), ways)


def lines(texts: Sequence[str]) -> Part:
    """The hashes of a text's lines. The reference's are MD5, so their results are compared: the distinct lines."""

    def reference() -> int:
        return len({hashlib.md5(line.strip().lower().encode()).hexdigest() for t in texts for line in t.split("\n")})

    ways = {"MD5": reference, "c4pipe LineLevel": lambda: len({atom for t in texts for atom in LineLevel().atoms(t)})}
    return Part("hashes of lines", len(texts), ways)


def parts(files: Sequence[Path], pages: Sequence[Page], reference: Way | None, lists: Lists) -> Iterator[Part]:
    """Every part, prepared when its turn comes; without Punkt, those that do not need it."""
    punkt = find_punkt() is not None
    if not punkt:
        left_out = "the cleaning of en.tfds and the sentences of Punkt are left out"
        print(f"parts: {left_out}, for NLTK's Punkt data was not found (make assets, or NLTK_DATA).", file=sys.stderr)
    step = clean_stage(EN).bind(None)
    texts = [verdict.page.text for verdict in map(step, pages) if isinstance(verdict, Kept)]
    cleaned = [v.page.text for v in map(fast_clean(clean_stage(EN).lines), pages) if isinstance(v, Kept)]
    words = find_assets(badwords_dir=lists.badwords).badwords()["en"]
    yield reading(files)
    yield cleaning(pages)
    if punkt:
        yield cleaning_as_reference(pages, reference)
    yield sentences(cleaned, "sentencex:en")
    if punkt:
        yield sentences(cleaned[:JUDGED], "punkt:english")
    yield spans(texts)
    yield lines(texts)
    yield language(texts[:: max(1, len(texts) // JUDGED)])
    yield other_judges(texts)
    yield bad_words(texts, words)


def main(argv: Sequence[str] | None = None) -> int:
    """Measures, prints the table and writes bench/results/parts.json. Exit code 1 if results differ."""
    parser = argparse.ArgumentParser(prog="python -m bench.parts", description=__doc__.partition("\n")[0])
    parser.add_argument("--input", nargs="+", type=Path, metavar="WET", help="default: ../shared/wet_bench, or samples")
    parser.add_argument("--pages", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--badwords-dir", type=Path, metavar="DIR")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="FILE")
    args = parser.parse_args(argv)
    lists = Lists.find(args.badwords_dir)
    files = args.input or [path for path in default_inputs() if "bench" in path.parent.name] or default_inputs()
    pages = list(islice(pages_of(files), args.pages))
    rows: list[Row] = []
    failed = False
    with reference_cleaning(pages) as reference:
        for part in parts(files[:1], pages, reference, lists):
            found = run(part, args.rounds)
            print(table(found, header=not rows))
            failed |= not part.judges and any(row.agrees < 1 for row in found)
            rows += found
    found = own_rule(pages, args.rounds)
    print(table(found, header=False), told_of_own_rule(found), sep="\n")
    failed |= any(row.agrees < 1 for row in found)
    rows += found
    results = surroundings() | {
        "pages": len(pages),
        "rounds": args.rounds,
        "rows": [row._asdict() for row in rows],
    }
    args.output.parent.mkdir(parents=True, exist_ok=True)
    args.output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print("DIFFERENT results: see the last column" if failed else f"same results; written to {args.output}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
