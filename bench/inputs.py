"""The common input of all tools: WET files of any size, their first few pages, and the same as JSON lines."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, count, islice
from pathlib import Path
from typing import NamedTuple

from bench.parity import ROOT, SHARED
from c4pipe.page import Kept, Page
from c4pipe.wet import read_wet

FILE_PAGES = 3000


class Inputs(NamedTuple):
    """WET files, and their pages as JSON lines for tools that cannot read WET."""

    files: tuple[Path, ...]
    lines: Path  # a folder
    pages: int
    text: int  # UTF-8 bytes of the texts
    packed: int  # compressed bytes of the files

    def to_json(self) -> dict[str, object]:
        """The numbers that identify these inputs."""
        digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in self.files}
        return {"pages": self.pages, "text_bytes": self.text, "gz_bytes": self.packed, "files": digests}


def records(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """(header, body) of each record of an intact WET file."""
    data = gzip.decompress(path.read_bytes())
    at = 0
    while at < len(data):
        end = data.index(b"\r\n\r\n", at) + 4
        header = data[at:end]
        size = int(re.search(rb"(?i)^content-length:\s*(\d+)", header, re.MULTILINE)[1])  # type: ignore[index]
        yield header, data[end : end + size]
        at = end + size + 4


def changed(header: bytes, body: bytes, copy: int) -> bytes:
    """A record as if from another site: its URL is new, and so is each line, except what the site repeats."""
    if copy:
        header = re.sub(rb"(WARC-Target-URI: https?://)", rb"\g<1>copy%d." % copy, header)
        body = b"\n".join(line.replace(b" ", b" %d " % copy, 1) for line in body.split(b"\n"))
        header = re.sub(rb"(?mi)^(content-length:\s*)\d+", rb"\g<1>%d" % len(body), header)
    return header + body + b"\r\n\r\n"


def make_files(folder: Path, pages: int) -> list[Path]:
    """WET files of 3,000 pages each: those of ../shared/wet_bench, repeated as needed, else made-up pages."""
    folder.mkdir(parents=True, exist_ok=True)
    sources = sorted(SHARED.glob("wet_bench/*.wet.gz"))
    if not sources:
        command = [sys.executable, str(ROOT / "bench" / "make_wet.py"), "--pages", str(pages), "--output", str(folder)]
        subprocess.run([*command, "--files", str(-(-pages // FILE_PAGES))], check=True, stdout=subprocess.DEVNULL)
        return sorted(folder.glob("*.wet.gz"))
    made: list[Path] = []
    wanted = islice(_copies(sources), pages)
    while batch := list(islice(wanted, FILE_PAGES)):
        made.append(folder / f"bench-{len(made):05d}.warc.wet.gz")
        made[-1].write_bytes(b"".join(gzip.compress(record, 6, mtime=0) for record in batch))
    return made


def _copies(sources: Sequence[Path]) -> Iterator[bytes]:
    for copy in count():
        for header, body in chain.from_iterable(map(records, sources)):
            if b"WARC-Type: conversion" in header:
                yield changed(header, body, copy)


def linked(files: Iterable[Path], folder: Path) -> list[Path]:
    """Links to these files in one folder, as some rivals need. Exits if a file does not exist."""
    folder.mkdir(parents=True)
    links: list[Path] = []
    for path in files:
        if not path.is_file():
            raise SystemExit(f"bench: {path} does not exist. Name WET files.")
        links.append(folder / f"{len(links):05d}-{path.name}")
        links[-1].symlink_to(path.resolve())
    return links


def pages_of(files: Iterable[Path]) -> Iterator[Page]:
    """Every page that our reader yields."""
    for path in files:
        with path.open("rb") as stream:
            yield from (verdict.page for verdict in read_wet(stream, path.name) if isinstance(verdict, Kept))


def prepare(files: Sequence[Path], folder: Path) -> Inputs:
    """Counts the pages, and writes them as JSON lines into a folder, one file for each input, as dolma needs."""
    folder.mkdir(parents=True)
    pages = text = 0
    for path in files:
        with gzip.open(folder / f"{path.name}.json.gz", "wt", encoding="utf-8", compresslevel=6) as lines:
            for page in pages_of([path]):
                pages, text = pages + 1, text + len(page.text.encode())
                row = {"id": str(pages), "text": page.text, "source": "bench", "metadata": {"url": page.url}}
                stamps = {"added": page.timestamp, "created": page.timestamp}
                lines.write(json.dumps(row | stamps, ensure_ascii=False) + "\n")
    if not pages:
        raise SystemExit(f"bench: no page in {', '.join(path.name for path in files)}. Name WET files of a crawl.")
    return Inputs(tuple(files), folder, pages, text, sum(path.stat().st_size for path in files))


def first(files: Iterable[Path], pages: int, folder: Path) -> Inputs:
    """A WET file of the first few pages."""
    folder.mkdir(parents=True)
    path = folder / "first.warc.wet.gz"
    path.write_bytes(b"".join(gzip.compress(record(page), 6, mtime=0) for page in islice(pages_of(files), pages)))
    return prepare([path], folder / "lines")


def record(page: Page) -> bytes:
    """A page as a record of a WET file."""
    body = page.text.encode()
    fields = {
        "WARC-Type": "conversion",
        "WARC-Target-URI": page.url,
        "WARC-Date": page.timestamp,
        "WARC-Record-ID": f"<{page.record_id}>",
        "Content-Type": "text/plain",
        "Content-Length": str(len(body)),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return b"WARC/1.0\r\n" + head.encode() + b"\r\n" + body + b"\r\n\r\n"
