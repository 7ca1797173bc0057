"""From how many characters on is the language of an answer known? Pieces of real pages, whose language is the page's.

    pages of ../shared/wet --consensus, at least 1,000 characters--> language
    pieces of so many characters, whole words -> an identifier -> the right language, another one, none

`python -m bench.illegal`: a line for each length. `another` is how often an answer in the language of its context would
be taken for one in another, `right` how often one in another language would be seen. Pages were told apart by one of
the identifiers, so what is wrong at page length is not seen; menus, names and English pieces count as they are.
"""

from __future__ import annotations

import gzip
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator

from bench.outside import SHARED
from c4pipe.langid import UND, LanguageIdentifier, load
from c4pipe.page import Kept
from c4pipe.wet import read_wet

LENGTHS = (10, 20, 30, 40, 60, 80, 120)  # characters
IDENTIFIERS = ("consensus", "fasttext", "cld2")
PIECES = 300  # of a language and length, at most
LONG = 1_000  # characters of a page whose language is believed


def pages() -> Iterator[str]:
    for path in sorted((SHARED / "wet").glob("*.warc.wet.gz")):
        with gzip.open(path) as stream:
            yield from (verdict.page.text for verdict in read_wet(stream, path.name) if isinstance(verdict, Kept))


def piece(text: str, length: int, rng: random.Random) -> str:
    """Whole words from a random place on, at most so many characters of one line; "" where that is less than half."""
    line = rng.choice([line for line in text.split("\n") if len(line) >= length] or [""])
    start = rng.randrange(max(len(line) - length, 0) + 1)
    start = line.rfind(" ", 0, start) + 1
    cut = line[start : start + length]
    if start + length < len(line) and " " in cut:
        cut = cut[: cut.rfind(" ")]
    return cut if 2 * len(cut) >= length else ""


def main() -> int:
    if not (SHARED / "wet").is_dir():
        raise SystemExit(f"{SHARED / 'wet'} is not here: this is measured on real pages, which are not part of c4pipe")
    judge = load("consensus")
    by_language: dict[str, list[str]] = defaultdict(list)
    for text in pages():
        guess = judge.guess(text) if len(text) >= LONG else None
        if guess is not None and guess.language != UND:
            by_language[guess.language].append(text)
    print(f"{len(by_language)} languages, {sum(map(len, by_language.values())):,} pages")
    for name in IDENTIFIERS:
        identifier = load(name)
        for length in LENGTHS:
            print(f"{name:10} {length:4} characters  {counted(identifier, by_language, length)}", flush=True)
    return 0


def counted(identifier: LanguageIdentifier, by_language: dict[str, list[str]], length: int) -> str:
    found: Counter[str] = Counter()
    english: Counter[str] = Counter()
    for language, texts in sorted(by_language.items()):
        rng = random.Random(f"{language} {length}")
        for _ in range(min(PIECES, 10 * len(texts))):
            text = piece(rng.choice(texts), length, rng)
            if not text:
                continue
            guess = identifier.guess(text)
            said = guess.language if guess else UND
            kind = "right" if said == language else "none" if said == UND else "another"
            found[kind] += 1
            english["all"] += language != "en"
            english["English"] += language != "en" and said == "en"
    n = found.total()
    shares = ", ".join(f"{kind} {found[kind] / n:6.1%}" for kind in ("right", "another", "none"))
    return f"{shares}; English of others {english['English'] / english['all']:.1%}   ({n:,} pieces)"


if __name__ == "__main__":
    sys.exit(main())
