"""How many characters a language identifier needs, measured on pieces of real pages.

    pages of ../shared/wet --consensus, at least 1,000 characters--> language
    pieces of so many characters, whole words -> an identifier -> the right language, another one, none

`python -m bench.illegal`: one line for each length. `another` is how often an answer in the language of its context
would be taken for another language, `right` how often one in another language would be noticed. One of the identifiers
labelled the pages, so its errors at page length are not seen; menus, names and English pieces count as they are.
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
PIECES = 300  # pieces per language and length, at most
LONG = 1_000  # characters of a page whose label is trusted


def pages() -> Iterator[str]:
    for path in sorted((SHARED / "wet").glob("*.warc.wet.gz")):
        with gzip.open(path) as stream:
            yield from (verdict.page.text for verdict in read_wet(stream, path.name) if isinstance(verdict, Kept))


def piece(text: str, length: int, rng: random.Random) -> str:
    """Whole words from a random place, at most so many characters of one line; "" if less than half of that."""
    line = rng.choice([line for line in text.split("\n") if len(line) >= length] or [""])
    start = rng.randrange(max(len(line) - length, 0) + 1)
    start = line.rfind(" ", 0, start) + 1
    cut = line[start : start + length]
    if start + length < len(line) and " " in cut:
        cut = cut[: cut.rfind(" ")]
    return cut if 2 * len(cut) >= length else ""


def main() -> int:
    if not (SHARED / "wet").is_dir():
        raise SystemExit(f"{SHARED / 'wet'} does not exist: this bench needs real pages, which are not part of c4pipe")
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
