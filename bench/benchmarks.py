"""Benchmark items planted in real pages: which are found, and the cost per page.

`python -m bench.benchmarks [--items 100000]`. Half of the sites of ../shared/wet provide items: sentences, and runs of
three sentences. They are planted in the pages of the other sites: unchanged, with other punctuation and case, and cut
in half. A find that was not planted counts as wrong unless 13 of its words occur in the page in a row, or all words of
a shorter one (`stands`). Texts about cookies, rights and subscriptions are not used as items: pages share them in a
hundred wordings, and no benchmark contains them.

The time is measured on pages of 4,700 characters against that many items, next to a plain Python set of runs of 13
words. That set finds less: nothing of a text with fewer words, and no half of one with fewer than 26.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from bench.inputs import pages_of
from bench.outside import SHARED
from bench.ways import Part, run, table
from c4pipe.benchmarks import ItemOverlap
from c4pipe.benchmarks.index import ItemIndex
from c4pipe.benchmarks.items import Item, ItemText
from c4pipe.benchmarks.normal import normal_words
from c4pipe.corpus.stats import registered
from c4pipe.part import loaded
from c4pipe.text import hash64, percent

PAGE = 4_700  # characters of the page for which the budget holds
RUN = 13  # words of the rival's runs
PLANTED = 4  # items in a page
SEED = 19
_SENTENCE = re.compile(r"[^.!?\n]{25,400}[.!?]")
_NOTICE = re.compile(
    r"cookie|privacy|policy|javascript|browser|e-?mail|adresse|subscri|newsletter|rights|licen[sc]e|creative commons"
    r"|terms|agreement|user|account|log.?in|site|page|click|follow|twitter|facebook|comment|kommentar|datenschutz"
    r"|posted|re: ",
    re.IGNORECASE,
)


class Count(NamedTuple):
    """What became of the items that were planted in one way."""

    planted: int
    found: int
    wrong: int  # (page, item) found, but neither planted nor present


def verbatim(text: str, _rng: np.random.Generator) -> str:
    """Unchanged."""
    return text


def marked_otherwise(text: str, rng: np.random.Generator) -> str:
    """In capitals, small letters or as a title; punctuation removed or replaced."""
    cased = (text.upper(), text.lower(), text.title())[rng.integers(3)]
    return re.sub(r"[^\w\s]", ("", " ", " – ", "…")[rng.integers(4)], cased)


def half(text: str, rng: np.random.Generator) -> str:
    """The first or the second half of its words."""
    words = text.split()
    middle = (len(words) + 1) // 2
    return " ".join(words[:middle] if rng.integers(2) else words[len(words) - middle :])


WAYS: dict[str, Callable[[str, np.random.Generator], str]] = {
    "verbatim": verbatim,
    "other marks and case": marked_otherwise,
    "half": half,
}


def sentences(texts: Sequence[str], least: int) -> Iterator[str]:
    """Sentences of at least so many words, now and then three in a row; each text and sentence once."""
    seen: set[str] = set()
    for text in texts:
        found = [found[0].strip() for found in _SENTENCE.finditer(text)]
        while found:
            taken = 3 if len(seen) % 5 == 4 else 1
            said, found = found[:taken], found[taken:]
            if _NOTICE.search(" ".join(said)):
                continue
            if seen.isdisjoint(said) and sum(len(one.split()) for one in said) >= least:
                seen.update(said)
                yield " ".join(said)


def items_from(texts: Sequence[str]) -> list[Item]:
    """One question item for each text."""
    return [Item("planted", number, (ItemText("question", text),)) for number, text in enumerate(texts)]


def overlap_of(items: Sequence[Item]) -> ItemOverlap:
    """The matcher for these items."""
    return loaded(ItemOverlap(), index=ItemIndex(items, ItemOverlap()))


def planted(
    overlap: ItemOverlap,
    texts: Sequence[str],
    least: int,
    hosts: Sequence[str],
    way: Callable[[str, np.random.Generator], str],
) -> Count:
    """Items of at least so many words, planted between the lines of the hosts in one way, and counts of what is
    found.
    """
    rng = np.random.default_rng(SEED)
    numbers = [number for number, text in enumerate(texts) if len(text.split()) >= least]
    count = found = wrong = 0
    for host in hosts:
        chosen = {numbers[n] for n in rng.integers(0, len(numbers), PLANTED).tolist()}
        lines = host.split("\n")
        for number in sorted(chosen):
            lines.insert(int(rng.integers(0, len(lines) + 1)), way(texts[number], rng))
        text = "\n".join(lines)
        seen = {sighting.item for sighting in overlap.found(text)}
        count += len(chosen)
        found += len(seen & chosen)
        wrong += sum(not stands(texts[number], text) for number in seen - chosen)
    return Count(count, found, wrong)


def stands(text: str, page: str) -> bool:
    """Whether a run of 13 words of a text, or all words of a shorter one, occurs in a page."""
    whole, words = (normal_words(each)[1].hashes.tolist() for each in (page, text))
    size = min(RUN, len(words))
    runs = {tuple(whole[i : i + size]) for i in range(len(whole) - size + 1)}
    return any(tuple(words[i : i + size]) in runs for i in range(len(words) - size + 1))


def runs_of(text: str) -> list[str]:
    """The rival's runs: words in lower case."""
    words = re.findall(r"\w+", text.lower())
    return [" ".join(words[i : i + RUN]) for i in range(len(words) - RUN + 1)]


def filled(texts: Sequence[str], number: int) -> list[str]:
    """`number` texts: these, then their words in another order."""
    rng = np.random.default_rng(SEED)
    found = list(texts[:number])
    while len(found) < number:
        words = texts[len(found) % len(texts)].split()
        rng.shuffle(words)
        found.append(" ".join(words))
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="python -m bench.benchmarks", description="Test items in pages.")
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--least", type=int, default=6, help="words of an item")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args(argv)
    files = sorted(SHARED.glob("wet/*.wet.gz"))
    if not files:
        raise SystemExit(f"bench: {SHARED} has no WET file in whose pages items could be planted.")
    pages = {page.text: hash64(registered(page.url)) % 2 for page in pages_of(files)}
    texts = [*sentences([text for text, side in pages.items() if side], args.least)]
    hosts = [text for text, side in pages.items() if not side]
    items = items_from(texts)
    overlap = overlap_of(items)
    lengths = Counter(min(len(text.split()) // 13, 4) for text in texts)
    told = ", ".join(f"{lengths[n]:,} from {13 * n} words on" for n in sorted(lengths))
    print(f"{len(items):,} items ({told}), {PLANTED} planted in each of {len(hosts):,} pages")
    print(f"{'planted':<24} {'items':>7} {'found':>7} {'recall':>8} {'wrong':>6} {'precision':>9}")
    for name, way in (*WAYS.items(), (f"half, of {RUN} words on", half)):
        least = RUN if name not in WAYS else args.least
        count = planted(overlap, texts, least, hosts, way)
        recall, precision = percent(count.found, count.planted), percent(count.found, count.found + count.wrong)
        print(f"{name:<24} {count.planted:>7,} {count.found:>7,} {recall:>8} {count.wrong:>6,} {precision:>9}")
    many = filled(texts, args.items)
    looked_for = overlap_of(items_from(many))
    size = looked_for._index.nbytes  # type: ignore[attr-defined]
    words = sum(len(text.split()) for text in many)
    print(f"{len(many):,} items of {words:,} words: an index of {size / 1e6:,.1f} MB")
    known = {one for text in many for one in runs_of(text)}
    long = [page[:PAGE] for page in hosts if len(page) >= PAGE]
    ways = {
        "items of benchmarks": lambda: [bool(looked_for.found(page)) for page in long],
        "a set of runs of 13": lambda: [any(one in known for one in runs_of(page)) for page in long],
    }
    print(table(run(Part(f"{PAGE:,} characters", len(long), ways, judges=True), args.rounds), True))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
