"""The readers alone: every page of the files with its decoded text, URL and date. In `.venv-warc`.

    python bench/rivals/readers.py --library warcio|fastwarc|fastwarc+lines|c4pipe WET...

warcio and FastWARC stop at the first damaged byte; c4pipe's reader continues after it and reports the loss, joins lines
as C4 does and judges each page (URL, date, text). FastWARC opens the file itself, without Python's buffer.
"fastwarc+lines" also joins the lines, which produces the text that C4's rules apply to.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
from collections.abc import Callable, Iterator
from pathlib import Path

Page = tuple[str, str, str]  # URL, date, text


def warcio(path: Path) -> Iterator[Page]:
    """By warcio's ArchiveIterator."""
    from warcio.archiveiterator import ArchiveIterator

    with path.open("rb") as stream:
        for record in ArchiveIterator(stream):
            if record.rec_type == "conversion":
                headers = record.rec_headers
                text = record.content_stream().read().decode("utf-8", "replace")
                yield headers.get_header("WARC-Target-URI"), headers.get_header("WARC-Date"), text


def fastwarc(path: Path) -> Iterator[Page]:
    """By FastWARC's ArchiveIterator, which itself skips other records."""
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    for record in ArchiveIterator(str(path), record_types=WarcRecordType.conversion, parse_http=False):
        text = record.reader.read().decode("utf-8", "replace")
        yield record.headers["WARC-Target-URI"], record.headers["WARC-Date"], text


def fastwarc_with_lines(path: Path) -> Iterator[Page]:
    """The same, with lines stripped and blank ones dropped."""
    for url, date, text in fastwarc(path):
        yield url, date, "\n".join(filter(None, map(str.strip, text.split("\n"))))


def c4pipe(path: Path) -> Iterator[Page]:
    """By c4pipe's reader."""
    from c4pipe.page import Kept
    from c4pipe.wet import read_wet

    with path.open("rb") as stream:
        for verdict in read_wet(stream, path.name):
            if isinstance(verdict, Kept):
                yield verdict.page.url, verdict.page.timestamp, verdict.page.text


LIBRARIES: dict[str, Callable[[Path], Iterator[Page]]] = {
    "warcio": warcio,
    "fastwarc": fastwarc,
    "fastwarc+lines": fastwarc_with_lines,
    "c4pipe": c4pipe,
}


def main() -> None:
    """Reads all files and prints the counts."""
    parser = argparse.ArgumentParser(prog="readers")
    parser.add_argument("wet", nargs="+", type=Path)
    parser.add_argument("--library", choices=LIBRARIES, required=True)
    args = parser.parse_args()
    pages = characters = 0
    for path in args.wet:
        for _, _, text in LIBRARIES[args.library](path):
            pages, characters = pages + 1, characters + len(text)
    library = args.library.partition("+")[0]
    version = {library: importlib.metadata.version(library)}
    print(json.dumps({"pages": pages, "characters": characters, "versions": version}))


if __name__ == "__main__":
    main()
