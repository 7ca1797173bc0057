"""The parts of a build, each against a plain or a foreign way to the same result, on the same pages.

`python -m bench.parts [--pages 3000] [--rounds 5] [--input WET...] [--badwords-dir DIR]`. The contenders of a part take
turns, A B A B, and CPU time counts, so that whatever else the machine does hits all alike. Results are compared in the
same run: what gives another result than the part's first contender fails it, with exit code 1. Only fastText and CLD2,
which are other judges and not other ways, may; how often they agree is printed.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from isal import igzip

from bench.build import surroundings
from bench.identity import package
from bench.inputs import pages_of
from bench.parity import ROOT, Lists, default_inputs, reference_python
from bench.reference_clean import digest
from c4pipe.clean import clean, fast_clean
from c4pipe.dedup import LineLevel, SpanLevel
from c4pipe.files.assets import find_assets
from c4pipe.langid import load
from c4pipe.page import Kept, Page
from c4pipe.presets import EN, EN_TFDS
from c4pipe.rules import MinSentences
from c4pipe.rules.matcher import WordMatcher
from c4pipe.stages import Clean
from c4pipe.text import hash64, sentence_splitter
from c4pipe.wet import read_wet

RESULTS = ROOT / "bench" / "results" / "parts.json"
JUDGED = 300  # texts for langdetect itself, which takes 10 ms for one

Way = Callable[[], Any]  # one pass over the pages of a part; what it returns is its result


class Timed(NamedTuple):
    """A result that somebody else has taken the time of."""

    cpu: float  # seconds
    result: Any


class Part(NamedTuple):
    """Ways to one result. The first is what the others are measured by."""

    name: str
    n: int  # pages or texts in a pass
    ways: dict[str, Way]
    judges: bool = False  # whether the later ways may come to results of their own


class Row(NamedTuple):
    """What came out for one way."""

    part: str
    way: str
    n: int
    micros: float  # CPU microseconds a page or text, the median of the rounds
    times: float  # how many times the first way's: the median of the rounds' own ratios
    agrees: float  # share of the results that are the first way's


def run(part: Part, rounds: int) -> list[Row]:
    """Every way in each round, in turn."""
    seconds: dict[str, list[float]] = {name: [] for name in part.ways}
    agrees = {}
    for _ in range(rounds):
        expected = None
        for name, way in part.ways.items():
            started = time.process_time()
            result = way()
            cpu = time.process_time() - started
            if isinstance(result, Timed):
                cpu, result = result
            seconds[name].append(cpu)
            expected = result if expected is None else expected
            agrees[name] = agreement(expected, result)
    [first, *_] = seconds.values()
    return [
        Row(
            part.name,
            name,
            part.n,
            statistics.median(mine) / part.n * 1e6,
            statistics.median(a / b for a, b in zip(first, mine, strict=True)),
            agrees[name],
        )
        for name, mine in seconds.items()
    ]


def agreement(expected: Any, result: Any) -> float:
    """1 for the same; of lists as long, the share of equal entries."""
    if expected == result or not isinstance(result, list) or len(result) != len(expected):
        return float(expected == result)
    return sum(a == b for a, b in zip(expected, result, strict=True)) / len(result)


def reading(files: Sequence[Path]) -> Part:
    """From bytes in memory to pages, against inflating and decoding alone, which finds no page."""
    packed = [path.read_bytes() for path in files]
    marks = "WARC-Type: conversion\r\n"

    def floor(unpack: Callable[[Any], Any]) -> Way:
        return lambda: sum(unpack(io.BytesIO(data)).read().decode("utf-8", "replace").count(marks) for data in packed)

    def ours() -> int:
        return sum(isinstance(v, Kept) for data in packed for v in read_wet(io.BytesIO(data), "x.wet.gz"))

    ways = {"gunzip + decode (zlib)": floor(gzip.open), "gunzip + decode (isal)": floor(igzip.open)}
    return Part("reading", ours(), ways | {"c4pipe read_wet": ours})


def cleaning(pages: Sequence[Page]) -> Part:
    """The line rules of `en`."""
    lines = _clean_stage(EN).lines
    fast = fast_clean(lines)
    ways: dict[str, Way] = {
        "plain loop": lambda: [clean(page, lines) for page in pages],
        "c4pipe fast_clean": lambda: [fast(page) for page in pages],
    }
    return Part("cleaning", len(pages), ways)


def cleaning_as_reference(pages: Sequence[Page], reference: Way | None) -> Part:
    """The line rules and the count of sentences by Punkt, of `en.tfds`."""
    stage = _clean_stage(EN_TFDS)
    lines, rules, fast = stage.lines, [rule.bind(None) for rule in stage.then], stage.bind(None)

    def plainly(page: Page) -> Any:
        verdict = clean(page, lines)
        return verdict if isinstance(verdict, Kept) and all(r.offence(verdict.page) is None for r in rules) else None

    def way(step: Callable[[Page], Any]) -> Way:
        return lambda: digest([(v.page.url, v.page.text) for v in map(step, pages) if isinstance(v, Kept)])

    ways = {"plain loop": way(plainly), "c4pipe": way(fast)}
    return Part("cleaning, Punkt", len(pages), ({"tfds clean_page": reference} if reference else {}) | ways)


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
    """What other identifiers take; they name other languages now and then."""

    def way(name: str) -> Way:
        identifier = load(name)
        return lambda: [guess and guess.language for guess in map(identifier.guess, texts)]

    return Part("language, others", len(texts), {n: way(n) for n in ("langdetect", "fasttext", "cld2")}, judges=True)


def sentences(texts: Sequence[str], splitter: str) -> Part:
    """Whether a text has three sentences, lines apart: all of them counted, against no more than needed."""
    rule, split = MinSentences(3, splitter), sentence_splitter(splitter)

    def plainly(text: str) -> bool:
        return sum(max(1, sum(1 for _ in split(line))) for line in text.split("\n")) >= 3

    ways: dict[str, Way] = {
        "all counted": lambda: [plainly(text) for text in texts],
        "c4pipe MinSentences": lambda: [rule.offence(Page("", text, "")) is None for text in texts],
    }
    return Part(f"3 sentences, {splitter.partition(':')[0]}", len(texts), ways)


def spans(texts: Sequence[str]) -> Part:
    """The hashes of a text's sentences, by which spans are compared."""
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
    """The hashes of a text's lines. The reference's are MD5, so what they find is compared: the lines that differ."""

    def reference() -> int:
        return len({hashlib.md5(line.strip().lower().encode()).hexdigest() for t in texts for line in t.split("\n")})

    ways = {"MD5": reference, "c4pipe LineLevel": lambda: len({atom for t in texts for atom in LineLevel().atoms(t)})}
    return Part("hashes of lines", len(texts), ways)


def _clean_stage(preset: Any) -> Clean:
    return next(stage for stage in preset.stages if isinstance(stage, Clean))


@contextmanager
def reference_cleaning(pages: Sequence[Page]) -> Iterator[Way | None]:
    """The reference's `clean_page`, in a process with its own packages; None where they are not installed."""
    if not reference_python().exists():
        print(f"parts: without the reference, for {reference_python()} is not there (make bench).", file=sys.stderr)
        yield None
        return
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump([(page.url, page.text, page.timestamp) for page in pages], file)
        file.flush()
        command = [str(reference_python()), str(ROOT / "bench" / "reference_clean.py"), file.name]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdin
            assert process.stdout

            def way() -> Timed:
                print("again", file=process.stdin, flush=True)
                return Timed(*json.loads(process.stdout.readline()))  # type: ignore[union-attr]

            yield way
            process.stdin.close()


def parts(files: Sequence[Path], pages: Sequence[Page], reference: Way | None, lists: Lists) -> Iterator[Part]:
    """Every part, made when its turn comes."""
    step = _clean_stage(EN).bind(None)
    texts = [verdict.page.text for verdict in map(step, pages) if isinstance(verdict, Kept)]
    cleaned = [v.page.text for v in map(fast_clean(_clean_stage(EN).lines), pages) if isinstance(v, Kept)]
    words = find_assets(badwords_dir=lists.badwords).badwords()["en"]
    yield reading(files)
    yield cleaning(pages)
    yield cleaning_as_reference(pages, reference)
    yield sentences(cleaned, "sentencex:en")
    yield sentences(cleaned[:JUDGED], "punkt:english")
    yield spans(texts)
    yield lines(texts)
    yield language(texts[:: max(1, len(texts) // JUDGED)])
    yield other_judges(texts)
    yield bad_words(texts, words)


def main(argv: Sequence[str] | None = None) -> int:
    """Measures, prints the table and writes bench/results/parts.json. Exit code 1 where results differ."""
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
    results = surroundings() | {
        "pages": len(pages),
        "rounds": args.rounds,
        "rows": [row._asdict() for row in rows],
    }
    args.output.parent.mkdir(parents=True, exist_ok=True)
    args.output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print("DIFFERENT results: see the last column" if failed else f"same results; written to {args.output}")
    return 1 if failed else 0


def table(rows: Sequence[Row], header: bool) -> str:
    """One line a way."""
    text = [f"{'part':<24} {'way':<24} {'n':>7} {'µs each':>10} {'times':>7} {'same':>7}"] if header else []
    for row in rows:
        text.append(
            f"{row.part:<24} {row.way:<24} {row.n:>7,} {row.micros:>10,.1f} {row.times:>7.1f} {row.agrees:>7.1%}"
        )
    return "\n".join(text)


if __name__ == "__main__":
    sys.exit(main())
