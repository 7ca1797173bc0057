"""A comparison as the user sees it: the estimated cost, the progress, the answer and its files."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from c4pipe.command import own_name
from c4pipe.compare.answer import as_json, as_markdown, left_out, show_answer_of, taken_lines
from c4pipe.compare.comparing import Compared, CompareRequest, compare_corpora, named_domains, work_of
from c4pipe.compare.picture import draw_verdict
from c4pipe.compare.placing import PAGE_FILE, PICTURE_FILE, TABLE_FILE, write_files
from c4pipe.compare.reading import PageSource
from c4pipe.errors import BuildError, ConfigError
from c4pipe.facts.verdict import BY_GRAMS, VERDICT_FILE
from c4pipe.inspect.report.compared import comparison_page
from c4pipe.inspect.terminal import Screen
from c4pipe.progress import LIVE, PLAIN, ProgressReporter
from c4pipe.text import printable

# CPU: two corpora of 2 and 5 MB of text took 12.6 s, two of 21 MB, of 61 MB as JSON Lines, 30.5 s.
SECONDS_AT_LEAST, SECONDS_A_MB = 10.0, 0.11


class CompareProgress(ProgressReporter):
    """How much of the input has been read, over all readings."""

    def __init__(self, size: int) -> None:
        self._size, self._read = max(1, size), 0
        super().__init__()

    def read(self, size: int) -> None:
        """A file has been read."""
        self._read += size

    def show(self) -> None:
        live, shown = sys.stderr.isatty(), False
        while self.waited(LIVE if live else PLAIN):
            if self._read >= self._size:  # model training prints its own progress
                continue
            told = f"{own_name('compare')}: {self._read / 1e6:,.0f} of {self._size / 1e6:,.0f} MB read"
            print(f"\r{told}\x1b[K" if live else told, end="" if live else "\n", file=sys.stderr, flush=True)
            shown = True
        if shown and live:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def answered(sources: tuple[PageSource, PageSource], asked: CompareRequest) -> Compared:
    """Compares two corpora, with the cost in advance and the progress on stderr; writes the files.

    ConfigError if the named tests cannot be read; BuildError if the corpora turn out to have too little text.
    """
    tests = named_domains(asked.on, asked.text_key)
    size, unpacked = work_of(asked.level, *sources)
    cost = f"reads {size / 1e6:,.1f} MB in all" + (
        f", about {SECONDS_AT_LEAST + SECONDS_A_MB * unpacked / 1e6:,.0f} s of CPU" if asked.level == BY_GRAMS else ""
    )
    print(f"{own_name('compare')}: {cost}", file=sys.stderr, flush=True)
    with CompareProgress(size) as progress:
        try:
            found = compare_corpora(*sources, asked, tests, progress.read)
        except ConfigError as error:  # found by the work, not before it
            raise BuildError(str(error)) from None
    files = {
        TABLE_FILE: as_markdown(found).encode(),
        PICTURE_FILE: (picture := draw_verdict(found.verdict)),
        PAGE_FILE: _page(found, sources, picture).encode(),
    }
    write_files(asked.out, VERDICT_FILE, as_json(found), files)
    return found


def _page(found: Compared, sources: tuple[PageSource, PageSource], picture: bytes) -> str:
    a, b = (source.corpus for source in sources)
    sentences = [one.sentence for one in found.said]
    left = [*left_out(found)]
    return comparison_page(found.verdict, sentences, left, taken_lines(found), picture, (a, b) if a and b else None)


def show_compared(found: Compared, as_one_object: bool, out: Path) -> None:
    """Prints the answer."""
    if as_one_object:
        print(json.dumps(as_json(found), indent=2, allow_nan=False))
        return
    screen = Screen(sys.stdout)
    show_answer_of(screen, found)
    screen.say()
    screen.say(f"files: {printable(str(out))}")
