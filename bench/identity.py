"""Our langdetect against the package: the same language and the same probability, to the last bit, on 20,000 texts.

`python -m bench.identity [--texts 20000] [--seed 0]`. The texts are pages of the available WET files, and texts made
from the package's own profiles, n-grams drawn by frequency, in each of its 55 languages. They are used unchanged, and
mixed, cut, stretched and disfigured as pages are. Exit code 1 on any difference.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import langdetect
from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory

from bench.parity import ROOT
from c4pipe.langid.base import Guess
from c4pipe.langid.langdetect import LangDetect
from c4pipe.langid.langdetect_stream import SEED
from c4pipe.langid.langdetect_text import MAX_TEXT
from c4pipe.page import Kept
from c4pipe.wet import read_wet

RESULTS = ROOT / "bench" / "results" / "identity.json"
FILES = ("data_samples/*.warc.wet.gz", "../shared/wet/*.warc.wet.gz", "../shared/wet_bench/*.warc.wet.gz")
FILE_PAGES = 600  # pages of each file, so that no single one dominates
ADDRESSES = ("https://example.com/a?b=c#d", "http://", "mail me@example.org", "a@b", "x" * 70 + "@mail.example.com")
MARKS = "\u0300\u0301\u0303\u0309\u0323\u200b\u200c\u200d\ufeff\u00ad\u202e\u06cc\u064a\u0219\u021b\u015f\u3000\u00a0"
SIGNS = "漢字かなカナㄅ한글😀𝐀Ωжאنไê\u0301ẠệǅİſⅧ٣²[]^_`\x00\x7f\x85\u2028"


class Tally(NamedTuple):
    """Counts over the texts of one kind."""

    texts: int = 0
    unnamed: int = 0  # in which the package finds no language
    languages: int = 0  # texts for which the two disagree on the language, or on whether there is one
    scores: int = 0  # ... or the same with another probability


class Texts:
    """An endless supply of texts; the same for the same seed and files."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._grams: dict[str, tuple[list[str], list[int]]] = {}
        for path in sorted(Path(PROFILES_DIRECTORY).iterdir()):
            seen = json.loads(path.read_text(encoding="utf-8"))["freq"]
            self._grams[path.name] = list(seen), list(seen.values())
        self._pages = [text for pattern in FILES for path in sorted(ROOT.glob(pattern)) for text in pages(path)]
        self.kinds: dict[str, Callable[[], str]] = {
            "made of a profile": self._made,
            "page": lambda: self._random.choice(self._pages),
            "two languages": lambda: self._some(300) + "\n" + self._some(300),
            "part of a page": lambda: self._some(200),
            "very short": lambda: self._some(self._random.randint(1, 12)),
            "very long": self._long,
            "case": lambda: self._random.choice([str.upper, str.lower, str.title, str.swapcase])(self._some(400)),
            "digits": lambda: self._strewn(self._some(300), "0123456789.,%"),
            "addresses": lambda: self._joined(self._some(300).split(" "), ADDRESSES),
            "marks": lambda: self._strewn(self._some(300), MARKS),
            "signs": lambda: self._strewn(self._some(300), SIGNS),
            "normal form": lambda: unicodedata.normalize(self._random.choice(["NFC", "NFD", "NFKD"]), self._some(300)),
        }

    def _made(self, language: str | None = None) -> str:
        grams, seen = self._grams[language or self._random.choice(list(self._grams))]
        return "".join(self._random.choices(grams, seen, k=self._random.randint(3, 300)))

    def _some(self, length: int) -> str:
        """Part of a page, or text made from a profile."""
        text = self._made() if self._random.random() < 0.6 else self._random.choice(self._pages)
        start = self._random.randrange(max(1, len(text) - length))
        return text[start : start + length]

    def _long(self) -> str:
        """A text as long as the package reads, or a little or a lot longer."""
        wanted = self._random.choice([MAX_TEXT - 1, MAX_TEXT, MAX_TEXT + 1, 2 * MAX_TEXT])
        text = ""
        while len(text) < wanted:
            text += self._random.choice([" ", "\n", ""]) + self._some(3000)
        return text[:wanted]

    def _strewn(self, text: str, marks: str) -> str:
        return self._joined(text, marks, "")

    def _joined(self, pieces: Sequence[str], others: Sequence[str], between: str = " ") -> str:
        """The pieces, with one of the others after about every tenth."""
        found = []
        for piece in pieces:
            found.append(piece)
            if self._random.random() < 0.1:
                found.append(self._random.choice(others))
        return between.join(found)


def pages(path: Path) -> list[str]:
    """The texts of the first pages of a WET file."""
    with path.open("rb") as stream:
        kept = (verdict.page.text for verdict in read_wet(stream, path.name) if isinstance(verdict, Kept))
        return list(islice(kept, FILE_PAGES))


def package(text: str) -> Guess | None:
    """The answer of langdetect itself, seeded as in the reference (tfds 3.1.0 c4_utils.detect_english)."""
    DetectorFactory.seed = SEED
    try:
        best = langdetect.detect_langs(text)
    except langdetect.LangDetectException:
        return None
    return Guess(best[0].lang, best[0].prob) if best else None


def compare(texts: Texts, n: int) -> tuple[dict[str, Tally], Counter[str], list[str]]:
    """The tally of each kind, how often each language was named, and the first texts that differ."""
    ours = LangDetect()
    tallies = dict.fromkeys(texts.kinds, Tally())
    named: Counter[str] = Counter()
    differ = []
    for i in range(n):
        kind = list(texts.kinds)[i % len(texts.kinds)]
        text = texts.kinds[kind]()
        theirs, found = package(text), ours.guess(text)
        other = (theirs and theirs.language) != (found and found.language)
        tally = tallies[kind]
        tallies[kind] = Tally(
            tally.texts + 1,
            tally.unnamed + (theirs is None),
            tally.languages + other,
            tally.scores + (not other and theirs != found),
        )
        named[theirs.language if theirs else "none"] += 1
        if theirs != found and len(differ) < 10:
            differ.append(f"{kind}: {text[:60]!r}: the package says {theirs}, ours {found}")
    return tallies, named, differ


def main(argv: Sequence[str] | None = None) -> int:
    """Compares, prints the table and writes bench/results/identity.json. Exit code 1 on any difference."""
    parser = argparse.ArgumentParser(prog="python -m bench.identity", description=__doc__.partition("\n")[0])
    parser.add_argument("--texts", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0, help="of the choice of texts (default 0)")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="FILE")
    args = parser.parse_args(argv)
    started = time.process_time()
    tallies, named, differ = compare(Texts(args.seed), args.texts)
    languages = {language: n for language, n in named.most_common() if language != "none"}
    total = Tally(*map(sum, zip(*tallies.values(), strict=True)))
    results: dict[str, Any] = {
        "texts": total.texts,
        "seed": args.seed,
        "python": platform.python_version(),
        "langdetect": version("langdetect"),
        "languages": languages,
        "kinds": {kind: tally._asdict() for kind, tally in tallies.items()},
        "differing_languages": total.languages,
        "differing_scores": total.scores,
        "cpu_seconds": round(time.process_time() - started, 1),
    }
    args.output.parent.mkdir(parents=True, exist_ok=True)
    args.output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(f"{'':<20} {'texts':>7} {'no language':>12} {'other language':>15} {'other score':>12}")
    for kind, tally in {**tallies, "all": total}.items():
        print(f"{kind:<20} {tally.texts:>7,} {tally.unnamed:>12,} {tally.languages:>15,} {tally.scores:>12,}")
    print(f"{len(languages)} languages named, the fewest times {min(languages.values(), default=0)}")
    print("\n".join(["DIFFERENT", *differ]) if total.languages + total.scores else "identical")
    return 1 if total.languages + total.scores else 0


if __name__ == "__main__":
    sys.exit(main())
