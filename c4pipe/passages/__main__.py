"""`python -m c4pipe.passages`: how often each passage occurs in a corpus, or occurred in its crawl. See `--help`."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from c4pipe.command import Parser, positive, run_command, utf8_path
from c4pipe.dedup import TextLevel
from c4pipe.errors import ConfigError
from c4pipe.facts.corpus import Corpus, open_corpus
from c4pipe.passages.counting import PassageCounts, count_passages, drawn, found_again
from c4pipe.passages.levels import PASSAGE_LEVELS, first_level, level_of
from c4pipe.passages.reading import ReadPage, pages_came, pages_kept
from c4pipe.progress import PLAIN, ProgressReporter
from c4pipe.shards import SPLITS
from c4pipe.shards.passages import PassageFile, read_passages, write_passages
from c4pipe.text import many, printable

CRAWL, KEPT_PAGES_ONLY = "crawl", "pages"

EPILOG = """\
examples:
  what a corpus repeats             python -m c4pipe.passages out/c4 --out passages.parquet
  what its crawl repeated           python -m c4pipe.passages out/c4 --crawl --out crawl.parquet
  the same passages elsewhere       python -m c4pipe.passages out/other --of crawl.parquet --out there.parquet

A passage is the unit that the corpus's first text deduplication compares, or the one --level names: a line, three
consecutive sentences, or a window of 50 words. --crawl counts the pages as they reached that deduplication, which the
corpus keeps so that pages can be removed later. The file has one row per passage: key, count, most (the count of its
most frequent sentence), text, and its places in the shards (none with --crawl). For each bucket of counts, 2^(n/4) to
2^((n+1)/4), at most --each passages are drawn by key. Memory: up to 100 bytes per sentence.

exit codes: 0 done; 1 a file is damaged; 2 wrong usage; 130 interrupted
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    return run_command("passages", lambda: run(_parsed(argv)), shows=True)


def run(args: Namespace) -> int:
    """Counts, and writes the file."""
    corpus = open_corpus(args.corpus)
    of = None if args.of is None else read_passages(args.of)
    name, level = level_of(corpus, args.level if of is None else str(of.counted["level"]))
    _check(args, corpus, of, level)

    def pages() -> Iterable[ReadPage]:
        found = pages_came(corpus) if args.crawl else pages_kept(corpus, args.split)
        return reporter.seen(found)

    with _Seen() as reporter:
        counts = count_passages(pages(), level)
        if of is None:
            keys = drawn(counts, args.each, args.least, args.alone)
        else:
            keys = np.sort(of.table["key"].to_numpy())
        table = found_again(pages(), level, keys, counts, _texts(of), with_places=not args.crawl)
    told = {
        "level": name,
        "settings": repr(level),
        "of": CRAWL if args.crawl else KEPT_PAGES_ONLY,
        "split": None if args.crawl else args.split,
        "corpus": corpus.digest,
        "passages": {str(n): count for n, count in sorted(Counter(counts.buckets.tolist()).items())},
    }
    write_passages(args.out, PassageFile(table, told))
    print(_line(counts, len(table), args.out))
    return 0


def _parsed(argv: Sequence[str] | None) -> Namespace:
    parser = Parser("python -m c4pipe.passages", "Count how often passages occur in a corpus.", EPILOG)
    a = parser.add_argument
    a("corpus", type=utf8_path, metavar="CORPUS", help="a finished corpus or mixture")
    a("--out", type=utf8_path, required=True, metavar="FILE", help="the Parquet file to write")
    a("--level", choices=PASSAGE_LEVELS, help="unit of a passage (default: that of the corpus's own dedup, or spans)")
    a("--crawl", action="store_true", help="count the pages as they reached the first text dedup")
    a("--split", choices=SPLITS, default="train", help="(default: train)")
    a("--each", type=positive, default=500, metavar="N", help="at most N passages per bucket of counts (default: 500)")
    a("--least", type=positive, default=1, metavar="N", help="leave out passages with a lower count (default: 1)")
    a("--alone", action="store_true", help="leave out passages with a sentence that occurs more often than the passage")
    a("--of", type=utf8_path, metavar="FILE", help="count the passages of this file instead of drawing new ones")
    args = parser.parse_args(argv)
    for option, why in (
        ("--level", "the file sets it"),
        ("--each", "none are drawn"),
        ("--least", "none are drawn"),
        ("--alone", "none are drawn"),
    ):
        if args.of is not None and option in parser.given:
            raise ConfigError(f"{option} has no effect with --of: {why}. Leave it out.")
    if args.crawl and "--split" in parser.given:
        raise ConfigError("--split has no effect with --crawl: pages of a crawl are not split yet. Leave it out.")
    return args


def _check(args: Namespace, corpus: Corpus, of: PassageFile | None, level: TextLevel) -> None:
    """Raises ConfigError for what cannot work, before any page is read."""
    if args.crawl and repr(first_level(corpus)) != repr(level):
        raise ConfigError(f"{corpus.folder} stores the input of its first text dedup, which does not use this level.")
    if of is not None and of.counted["settings"] != repr(level):
        raise ConfigError(
            f"{args.of} identifies passages by {of.counted['settings']}, and {corpus.folder} by {level!r}."
        )
    if args.out.exists():
        try:
            read_passages(args.out)
        except Exception:  # whatever it is, it is not ours to overwrite
            raise ConfigError(f"--out {args.out} exists and is not a file of passages. Name another file.") from None
    if not args.out.absolute().parent.is_dir():
        raise ConfigError(
            f"--out {args.out}: {args.out.absolute().parent} is not a folder. Create it, or name another one."
        )


def _texts(of: PassageFile | None) -> dict[int, str]:
    """The texts of a file by their keys."""
    return dict(zip(*(of.table[name].to_pylist() for name in ("key", "text")), strict=True)) if of is not None else {}


def _line(counts: PassageCounts, rows: int, out: Path) -> str:
    often = int((counts.counts > 1).sum())
    most = int(counts.counts.max(initial=0))
    said = f"{many(len(counts.keys), 'passage')}, {often:,} more than once, the most frequent {most:,} times"
    return f"{said}; {many(rows, 'row')} in {printable(str(out))}"


class _Seen(ProgressReporter):
    """Reports how many pages were read."""

    def __init__(self) -> None:
        super().__init__()
        self._pages = 0

    def seen(self, pages: Iterable[ReadPage]) -> Iterator[ReadPage]:
        """The pages, counted."""
        for page in pages:
            self._pages += 1
            yield page

    def show(self) -> None:
        while self.waited(PLAIN):
            print(f"passages: {many(self._pages, 'page')} read", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
