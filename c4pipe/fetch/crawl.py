"""Which files to fetch: the name of a crawl, its list, and the choice from it. Pure, except for reading the list."""

from __future__ import annotations

import hashlib
import re
import urllib.parse
from itertools import pairwise
from pathlib import Path

from c4pipe.errors import BuildError, ConfigError
from c4pipe.fetch.policy import one_line
from c4pipe.files.lists import list_file_lines
from c4pipe.text import many

CRAWL_HOST = (
    "https://data.commoncrawl.org"  # where Common Crawl serves its files by https (commoncrawl.org/get-started)
)
LARGEST_LIST = 64 << 20  # bytes of text; the list of 2024-22 has 90,000 lines of 140

_CRAWL = re.compile(r"CC-MAIN-20\d\d-\d\d", re.ASCII)
# crawl-data/CC-MAIN-2024-22/segments/1715971057216.39/wet/CC-MAIN-20240517233122-20240518023122-00000.warc.wet.gz, or
# before 2017 .../CC-MAIN-20130516092621-00000-ip-10-60-113-184.ec2.internal.warc.wet.gz. No part can be `..`.
_PATH = re.compile(
    r"crawl-data/(?P<crawl>CC-MAIN-20\d\d-\d\d)/segments/\d[\d.]{0,40}\d/wet/\w[\w.-]{0,180}\.warc\.wet\.gz", re.ASCII
)


def crawl_id(text: str) -> str:
    """The name of a crawl; raises ConfigError that shows the format."""
    if not _CRAWL.fullmatch(text):
        raise ConfigError(
            f"--crawl {one_line(text)!r} is not the name of a crawl: expected CC-MAIN-YEAR-WEEK, such as "
            "CC-MAIN-2024-22. They are listed at https://index.commoncrawl.org."
        )
    return text


def host_url(text: str, option: str = "--host") -> str:
    """The base URL of the paths in a list, without a final slash; or raises ConfigError."""
    try:
        parts = urllib.parse.urlsplit(text)
        parts.port  # noqa: B018  # is looked at only here
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        good = False
    if not good or parts.query or parts.fragment or not text.isascii() or not text.isprintable() or " " in text:
        raise ConfigError(f"{option} {one_line(text)!r}: expected a URL such as {CRAWL_HOST}.")
    return text.rstrip("/")


def list_path(crawl: str) -> str:
    """The path of the list of a crawl's WET files, below the host and below our folder."""
    return f"crawl-data/{crawl}/wet.paths.gz"


def is_wet_path(line: str, crawl: str | None = None) -> bool:
    """Whether a line of a list names a WET file (of this crawl) and can name nothing else."""
    found = _PATH.fullmatch(line)
    return found is not None and crawl in (None, found["crawl"])


def read_list(path: Path, crawl: str, source: str) -> list[str]:
    """The lines of a crawl's list, each once, in order. Raises BuildError unless every line names a WET file of it."""
    lines = [*list_file_lines(path, source, LARGEST_LIST, errors="replace", wrong=BuildError)]
    for number, line in enumerate(lines, 1):
        if line and not is_wet_path(line, crawl):
            raise BuildError(
                f"{source}, line {number}: {one_line(line)!r} is not the path of a WET file of {crawl} (expected "
                f"crawl-data/{crawl}/segments/.../wet/....warc.wet.gz). The list is not used."
            )
    paths = list(dict.fromkeys(filter(None, lines)))
    if not paths:
        raise BuildError(f"{source} is empty: {crawl} has no WET files there")
    return paths


def choose(paths: list[str], files: int, start: int = 0, seed: int | None = None) -> list[str]:
    """`files` paths from `start` on; or, with a seed, one from each of `files` equal stretches of the whole list.

    In list order. The same seed selects the same files on any machine. ConfigError if `start` is past the end.

    >>> choose(["a", "b", "c", "d"], 2, start=1)
    ['b', 'c']
    """
    if start >= len(paths):
        raise ConfigError(f"--start {start}: the crawl has {many(len(paths), 'file')}, numbered from 0")
    if seed is None:
        return paths[start : start + files]
    files = min(files, len(paths))
    edges = [len(paths) * i // files for i in range(files + 1)]
    return [paths[low + _draw(seed, i) % (high - low)] for i, (low, high) in enumerate(pairwise(edges))]


def _draw(seed: int, number: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}:{number}".encode()).digest()[:8], "big")
