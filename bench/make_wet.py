"""Makes WET files of any size for benchmarks, the same bytes for the same seed.

    python bench/make_wet.py --pages 12000 --files 12 --output /tmp/wet [--seed 0]
    python bench/make_wet.py --pages 12000 --files 12 --output /tmp/wet --like /data/wet

The first form recombines the pages of `data_samples/`. A made-up site gets its menus, footers and "about us" from the
short lines and paragraphs of one language. Its pages get headlines and paragraphs of several pages, in which some words
and all numbers are replaced by others of that language with the same ending, so that hardly any sentence occurs twice.
Repetition is like a crawl's: menus and footers on every page of a site, 8 % of the paragraphs, 1 % of the URLs. A page
is about 5 KB and 100 lines, of which one in ten ends like a sentence. The text is meant to be counted, hashed and
compressed, not read.

The second form copies the pages of other WET files repeatedly until there are enough; from the second round
on, each URL gets an extra path segment.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from data_samples.make_samples import (  # noqa: E402
    PAGES,
    Sample,
    body_of,
    headers_of,
    join,
    read_pages,
    read_snippets,
    warcinfo,
)

LEFT_OUT = ("oddities", "damaged", "truncated")  # files of pages that are meant to be rejected
REPEATED_URLS = 0.01
SHARED_PARAGRAPHS = 0.08
PAGES_A_SITE = 60
FEWEST_SITES = 200  # so that every language has some
LONG = 80  # characters: a line at least as long that ends like a sentence is prose
LONG_UNSPACED = 30  # the same for languages written without spaces
UNSPACED = frozenset({"ja", "th", "zh"})
END_MARKS = tuple('.?!"。？！।')
FIRST_DAY = datetime(2024, 5, 18, tzinfo=UTC)
LEVEL = 3  # less than half the time of gzip's default 6, with 2 % more bytes; reading costs the same

_TOKEN = re.compile(r"\d+|[^\W\d_]{4,}")
_MULTIPLIER = 0x9E3779B97F4A7C15  # 2**64 divided by the golden ratio: spreads neighbouring numbers


class Template(NamedTuple):
    """A paragraph with gaps: `form % words`, with one of the choices in each gap."""

    form: str
    gaps: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Language:
    """The material from the samples for one language."""

    code: str
    pages: int
    menu: tuple[str, ...]  # short lines without an end mark
    headlines: tuple[Template, ...]
    paragraphs: tuple[Template, ...]
    words: tuple[str, ...]  # for URLs: ASCII letters only


class Site(NamedTuple):
    """A made-up site: what all its pages have in common."""

    host: str
    language: Language
    top: str
    bottom: str
    sections: tuple[str, ...]


# --- from the samples to templates ------------------------------------------------------------------------------


def is_prose(line: str, language: str) -> bool:
    """Whether the line is a paragraph, not a menu entry."""
    if language == "th":  # Thai ends a sentence with a space, or not at all
        return len(line) >= LONG
    return len(line) >= (LONG_UNSPACED if language in UNSPACED else LONG) and line.endswith(END_MARKS)


def word_classes(lines: Sequence[str]) -> dict[tuple[bool, str], tuple[str, ...]]:
    """The words of a language by interchangeable classes: capitalised or not, and the last two letters."""
    classes: dict[tuple[bool, str], set[str]] = {}
    for line in lines:
        for word in _TOKEN.findall(line):
            if not word.isdecimal():
                classes.setdefault(class_of(word), set()).add(word)
    return {key: tuple(sorted(words)) for key, words in classes.items() if len(words) >= 8}


def class_of(word: str) -> tuple[bool, str]:
    """The class of a word."""
    return word[0].isupper(), word[-2:].lower()


def pairs_of(lines: Sequence[str]) -> tuple[str, ...]:
    """Pairs of characters, the words of a language that is written without spaces."""
    return tuple(
        sorted({line[i : i + 2] for line in lines for i in range(0, len(line) - 1, 2) if line[i : i + 2].isalpha()})
    )


NUMBERS = {  # by number of digits
    size: tuple(str(10 ** (size - 1) + i * 7919 % (9 * 10 ** (size - 1))) for i in range(90)) for size in (1, 2, 3, 4)
}


def template_of(line: str, classes: dict[tuple[bool, str], tuple[str, ...]], every: int) -> Template:
    """A template that replaces every `every`-th word that has alternatives, and every number."""
    gaps: list[tuple[str, ...]] = []
    seen = 0

    def gap(match: re.Match[str]) -> str:
        nonlocal seen
        word = match[0]
        if word.isdecimal():
            choices = NUMBERS.get(len(word), ())
        else:
            choices = classes.get(class_of(word), ())
            seen += bool(choices)
            if seen % every:
                return word
        if not choices:
            return word
        gaps.append(choices)
        return "%s"

    form = _TOKEN.sub(gap, line.replace("%", "%%"))
    return Template(form, tuple(gaps))


def unspaced_template(line: str, pairs: tuple[str, ...], every: int) -> Template:
    """The same for a language without spaces: every `every`-th pair of characters is replaced."""
    pieces = [line[i : i + 2] for i in range(0, len(line), 2)]
    at = [i for i in range(every // 2, len(pieces), every) if pieces[i].isalpha() and len(pieces[i]) == 2]
    chosen = frozenset(at)
    form = "".join("%s" if i in chosen else piece.replace("%", "%%") for i, piece in enumerate(pieces))
    return Template(form, (pairs,) * len(at))


def language_of(code: str, samples: Sequence[Sample]) -> Language:
    """Splits the samples of one language into their parts."""
    lines = list(dict.fromkeys(line for sample in samples for line in sample.text.split("\n") if line))
    prose = [line for line in lines if is_prose(line, code)]
    short = [line for line in lines if len(line) < LONG and not line.endswith(END_MARKS)]
    make: Callable[[str, int], Template]
    if code in UNSPACED:
        pairs = pairs_of(prose)

        def make(line: str, every: int) -> Template:
            return unspaced_template(line, pairs, every)
    else:
        classes = word_classes(prose)

        def make(line: str, every: int) -> Template:
            return template_of(line, classes, every)

    words = sorted(
        {word.lower() for line in prose for word in _TOKEN.findall(line) if word.isascii() and word.isalpha()}
    )
    return Language(
        code,
        len(samples),
        tuple(short),
        tuple(make(line, 3) for line in short if len(line) > (8 if code in UNSPACED else 24))
        or (Template(short[0], ()),),
        tuple(make(line, 3) for line in prose),
        tuple(words) or ("page", "note", "text", "news"),
    )


def read_languages() -> list[Language]:
    """All languages of the samples."""
    snippets = read_snippets(PAGES)
    samples: dict[str, list[Sample]] = {}
    for path in sorted(PAGES.glob("*.txt")):
        if path.stem not in LEFT_OUT:
            for sample in read_pages(path, snippets):
                samples.setdefault(sample.language, []).append(sample)
    return [language_of(code, samples[code]) for code in sorted(samples)]


# --- from templates to pages ------------------------------------------------------------------------------------


def fill(template: Template, random: Callable[[], float]) -> str:
    """The template with a drawn word in each gap."""
    return template.form % tuple([choices[int(random() * len(choices))] for choices in template.gaps])


def scatter(n: int, seed: int, salt: int) -> int:
    """A 64-bit number that depends only on page number, seed and salt."""
    mixed = (n * 4 + salt + 1) * _MULTIPLIER + seed * 0xBF58476D1CE4E5B9
    mixed = (mixed ^ (mixed >> 31)) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
    return mixed ^ (mixed >> 29)


@dataclass(frozen=True, eq=False)  # compared by identity: it is a cache key of its sites
class World:
    """Everything that pages are drawn from. A page depends on the seed and its number, not on its file."""

    seed: int
    pages: int  # their total number; more pages mean more sites
    languages: tuple[Language, ...]

    def language(self, number: int) -> Language:
        """The language of a site, with the same shares as in the samples."""
        at = scatter(number, self.seed, 0) % sum(language.pages for language in self.languages)
        for language in self.languages:
            at -= language.pages
            if at < 0:
                return language
        raise AssertionError

    def sites(self) -> int:
        """The number of sites."""
        return max(FEWEST_SITES, self.pages // PAGES_A_SITE)

    def site(self, number: int) -> Site:
        """One site with its menus and footers."""
        return _site(self, number)

    def url(self, n: int) -> tuple[str, Site]:
        """The URL of page n and its site."""
        site = self.site(scatter(n, self.seed, 1) % self.sites())
        draw = scatter(n, self.seed, 2)
        words = site.language.words
        slug = f"{words[draw % len(words)]}-{words[draw // 65536 % len(words)]}"
        return f"https://{site.host}/{site.sections[draw // 256 % len(site.sections)]}/{slug}-{n}", site

    def shared(self, language: Language, number: int) -> str:
        """One of the paragraphs that occur on several pages."""
        random = Random(f"{self.seed} {language.code} {number}").random
        return fill(language.paragraphs[int(random() * len(language.paragraphs))], random)

    def page(self, n: int, rng: Random) -> Sample:
        """Page n."""
        random = rng.random
        source = int(random() * n) if n and random() < REPEATED_URLS else n  # the page whose URL it gets
        url, site = self.url(source)
        language = site.language
        lines = [site.top]
        headlines, paragraphs = language.headlines, language.paragraphs
        lines.append(fill(headlines[int(random() * len(headlines))], random))
        size = 0
        target = 900 + random() ** 2 * 5400  # characters of prose
        if language.code in UNSPACED:
            target /= 3
        while size < target:
            if random() < SHARED_PARAGRAPHS:
                paragraph = self.shared(language, int(random() * (20 + self.pages // 20)))
            else:
                paragraph = fill(paragraphs[int(random() * len(paragraphs))], random)
            lines.append(paragraph)
            size += len(paragraph)
            if random() < 0.5:
                lines.append(fill(headlines[int(random() * len(headlines))], random))
        for _ in range(int(8 + random() * 24)):
            lines.append(fill(headlines[int(random() * len(headlines))], random))
        lines.append(site.bottom)
        # A later copy of a URL has a later date; some have the same date.
        date = FIRST_DAY + timedelta(seconds=(scatter(source, self.seed, 3) % 1_000_000) + (n - source) % 7 * 3600)
        return Sample(url, f"{date:%Y-%m-%dT%H:%M:%SZ}", language.code, "", "\n".join(lines))


@lru_cache(maxsize=4096)
def _site(world: World, number: int) -> Site:
    rng = Random(f"{world.seed} site {number}")
    language = world.language(number)
    words, menu = language.words, language.menu
    host = f"{rng.choice(words)}-{rng.choice(words)}-{number}.example"
    www = "www." if rng.random() < 0.7 else ""
    about = [fill(rng.choice(language.paragraphs), rng.random) for _ in range(rng.randint(0, 2))]
    top = [rng.choice(menu) for _ in range(rng.randint(12, 44))]
    bottom = [rng.choice(menu) for _ in range(rng.randint(8, 36))]
    sections = tuple(rng.choice(words) for _ in range(5))
    return Site(www + host, language, "\n".join(top), "\n".join(about + bottom), sections)


# --- files ------------------------------------------------------------------------------------------------------


def member(data: bytes) -> bytes:
    """One gzip member without a time in it."""
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def shares(pages: int, files: int) -> Iterator[range]:
    """The page numbers of each file, as even as possible."""
    for i in range(files):
        yield range(pages * i // files, pages * (i + 1) // files)


def made_records(world: World, numbers: range) -> Iterator[bytes]:
    """The records of one file."""
    rng = Random(f"{world.seed} pages from {numbers.start}")
    for n in numbers:
        sample = world.page(n, rng)
        body = body_of(sample)
        yield join(headers_of(sample, n, body), body)


def copied_records(folder: Path, pages: int) -> Iterator[bytes]:
    """Records of the WET files in a folder, repeatedly; from the second round on with other URLs and ids."""
    from warcio.archiveiterator import ArchiveIterator  # type: ignore[import-untyped]

    paths = sorted(folder.glob("*.warc.wet*"))
    n = 0
    turn = 0
    while n < pages:
        before = n
        for path in paths:
            with path.open("rb") as stream:
                for record in ArchiveIterator(stream):
                    if record.rec_type != "conversion":
                        continue
                    if n == pages:
                        return
                    body: bytes = record.raw_stream.read()
                    headers = [
                        (name, (again(value, turn) if name == "WARC-Target-URI" else value).encode())
                        for name, value in record.rec_headers.headers
                        if name != "WARC-Record-ID" or not turn
                    ]
                    n += 1
                    yield join(headers, body)
        if n == before:
            sys.exit(f"{folder} has no *.warc.wet* file with pages in it")
        turn += 1


def again(url: str, turn: int) -> str:
    """The URL with a path segment for the round: `https://a.example/x` is `https://a.example/again-1/x` in round 1."""
    if not turn:
        return url
    scheme, slashes, rest = url.partition("://")
    if not slashes:
        scheme, rest = "", url
    host, _, path = rest.partition("/")
    return f"{scheme}{slashes}{host}/again-{turn}/{path}"


def write(output: Path, files: int, pages: int, records: Callable[[range], Iterator[bytes]]) -> int:
    """Writes the files and returns their size in bytes."""
    output.mkdir(parents=True, exist_ok=True)
    written = 0
    for i, numbers in enumerate(shares(pages, files)):
        path = output / f"bench-{i:05d}.warc.wet.gz"
        with path.open("wb") as stream:
            written += stream.write(member(warcinfo(path.name)))
            for data in records(numbers):
                written += stream.write(member(data))
    return written


def main(argv: list[str] | None = None) -> None:
    """Makes the files and prints how long it took."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--pages", type=int, required=True)
    parser.add_argument("--files", type=int, default=1)
    parser.add_argument("--output", type=Path, required=True, metavar="DIR")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--like", type=Path, metavar="DIR", help="copy the pages of the WET files in this folder")
    arguments = parser.parse_args(argv)
    if arguments.pages < 1 or arguments.files < 1:
        parser.error("--pages and --files must be at least 1")
    if arguments.like and not arguments.like.is_dir():
        parser.error(f"--like: {arguments.like} is not a folder")
    start = time.perf_counter()
    if arguments.like:
        copies = copied_records(arguments.like, arguments.pages)

        def records(numbers: range) -> Iterator[bytes]:
            for _ in numbers:
                yield next(copies)
    else:
        world = World(arguments.seed, arguments.pages, tuple(read_languages()))

        def records(numbers: range) -> Iterator[bytes]:
            return made_records(world, numbers)

    size = write(arguments.output, arguments.files, arguments.pages, records)
    seconds = time.perf_counter() - start
    print(f"{arguments.pages:,} pages, {size:,} bytes, {seconds:.1f} s, {arguments.pages / seconds:,.0f} pages/s")


if __name__ == "__main__":
    main()
