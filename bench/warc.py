"""Reading WARC: its cost compared with resiliparse alone, and the cost of hostile pages.

    python -m bench.warc [--html FOLDER] [--pages 1500] [--rounds 5]    # your HTML files; default: data_samples/warc
    python -m bench.warc --hostile                     # seconds and megabytes of each, in its own process

`make warc ARGS=...` runs it with resiliparse installed. The rival has the pages decompressed, in memory and in UTF-8,
decodes and extracts. Ours reads them from a gzipped WARC with a crawl's request and metadata records, detects type and
charset of each response, measures it, extracts the same and tidies the lines. FastWARC with resiliparse reads the same
WARC, treats each response as HTML and detects its charset. The cost of decompression alone is printed, too. The ways
alternate in one process, and CPU time counts. `same` is the share of pages whose tidied text equals the rival's.
"""

from __future__ import annotations

import argparse
import io
import resource
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from isal import isal_zlib

from bench.outside import ROOT
from bench.ways import Part, Timed, run, table
from c4pipe.html import EXTRACTS, read_warc
from c4pipe.page import Kept, Rejected
from c4pipe.wet.text import page_text
from data_samples.make_samples import member, warcinfo
from data_samples.make_warc import FILES, Response, pages, records_of

N = 100_000

HOSTILE: dict[str, Callable[[], str]] = {
    "nested": lambda: "<div>" * N + "x",
    "nested, closed": lambda: "<div>" * N + "x" + "</div>" * N,
    "nested, 490 deep": lambda: "<div>" * 490 + "<a href=x>x</a>" * (40_000),
    "links in nested blocks": lambda: "<div><a href=x>y</a>" * 1_500,
    "custom elements": lambda: "".join(f"<a{i}>x</a{i}>" for i in range(N - 10)),
    "end tags of nothing": lambda: "<aa>" * 60_000 + "</bb>" * 30_000,
    "formatting without end": lambda: "<p>" + "".join(f"<i id={i}>" for i in range(500)) + "</p>" + "<p>x</p>" * 19_000,
    "the same, just let pass": lambda: "<p>" + "".join(f"<i id={i}>" for i in range(50)) + "</p>" + "<p>x</p>" * 9_900,
    "attributes": lambda: "<p " + " ".join(f"a{i}" for i in range(N)) + ">x",
    "attributes, just let pass": lambda: ("<p " + " ".join(f"a{i}" for i in range(10_000)) + ">x") * 19,
    "quotes without end": lambda: '<a b="' * N,
    "entities": lambda: "<p>" + "&amp;&#x110000;&#0;&#xD800;" * N,
    "zero bytes": lambda: "<p>" + "\0" * 10 * N + "x",
    "scripts in scripts": lambda: "<script>" + "<!--<script>" * N + "</script>x",
    "comments without end": lambda: "<!--" * N + "x",
    "templates in SVG": lambda: "<svg><template>" * N,
    "table cells": lambda: "<table>" + "<tr><td>x" * (N - 10),
    "flat": lambda: "<p>x y z</p>" * (N - 10),
    "200 MB": lambda: "<p>" + "word " * 40_000_000,
    "16 MB": lambda: "<p>" + "word " * 3_300_000,
}


def warc_of(pages: list[Response]) -> bytes:
    """A WARC file as Common Crawl writes it."""
    records = (record for n, page in enumerate(pages) for record in records_of(page, n))
    return b"".join(map(member, [warcinfo("bench.warc.gz"), *records]))


def page_at(name: str, body: bytes) -> Response:
    """A page of a folder as a response."""
    return Response(f"https://warc.example/{name}", "2024-05-22T10:11:12Z", body)


def html_in(folder: Path, most: int) -> list[bytes]:
    """Pages from the HTML files of a folder that are UTF-8, in a seeded order."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix in (".html", ".htm") and path.is_file())
    Random(0).shuffle(paths)
    found: list[bytes] = []
    for path in paths:
        body = path.read_bytes()
        if len(found) < most and 2_000 < len(body) < 1 << 20 and _is_utf8(body):
            found.append(body)
    return found


def _is_utf8(body: bytes) -> bool:
    try:
        return bool(body.decode())
    except UnicodeDecodeError:
        return False


def samples() -> list[bytes]:
    """The pages of data_samples/warc, decompressed and as UTF-8."""

    return [
        page.body for stem in FILES for page in pages(stem) if _is_utf8(page.body) and b"\r\n0\r\n\r\n" not in page.body
    ]


def unpacking(data: bytes) -> Callable[[], Timed]:
    """Times what every reader must do: inflate the members, with the library that ours uses."""
    members, rest = [], data
    while rest:
        inflater = zlib.decompressobj(31)
        inflater.decompress(rest)
        members.append(rest[: len(rest) - len(inflater.unused_data)])
        rest = inflater.unused_data

    def run_it() -> Timed:
        started = time.process_time()
        for one in members:
            isal_zlib.decompress(one, 31)
        return Timed(time.process_time() - started, None)

    return run_it


def reading(bodies: list[bytes], data: bytes, extract: str) -> Part:
    """From bytes in memory to texts: of the bodies, or of the WARC that holds them."""
    from fastwarc.warc import ArchiveIterator, WarcRecordType
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.encoding import bytes_to_str, detect_encoding

    how = EXTRACTS[extract]

    def alone() -> list[str]:
        return [extract_plain_text(body.decode(), **how) for body in bodies]

    def fastwarc() -> list[str]:
        found = []
        for record in ArchiveIterator(io.BytesIO(data), record_types=WarcRecordType.response):
            body = record.reader.read()
            found.append(extract_plain_text(bytes_to_str(body, detect_encoding(body)), **how))
        return found

    def ours() -> list[str]:
        verdicts = read_warc(io.BytesIO(data), "x.warc.gz", extract)
        return [verdict.page.text for verdict in verdicts if isinstance(verdict, Kept)]

    ways = {"resiliparse alone": alone, "FastWARC + resiliparse": fastwarc, "c4pipe read_warc": ours}
    return Part(f"extract {extract}", len(bodies), {name: _timed(way) for name, way in ways.items()}, judges=True)


def _timed(way: Callable[[], list[str]]) -> Callable[[], Timed]:
    """Times the way; its texts are tidied after timing, so that they can be compared."""

    def run_it() -> Timed:
        started = time.process_time()
        texts = way()
        seconds = time.process_time() - started
        return Timed(seconds, [text for text in map(page_text, texts) if text])

    return run_it


def hostile(name: str) -> str:
    """The cost of one hostile page in this process, as one line."""
    data = warc_of([page_at("hostile", HOSTILE[name]().encode())])
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    verdicts = [*read_warc(io.BytesIO(data), "x.warc.gz")]
    seconds, after = time.process_time() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    [verdict] = [one for one in verdicts if isinstance(one, Kept) or one.reason.code != "not_a_page"]
    told = f"{verdict.reason.code}: {verdict.detail}" if isinstance(verdict, Rejected) else "kept"
    return f"{name:<28} {seconds:>6.2f} s {max(0, after - before) / 1024:>6,.0f} MB  {told}"


def told(args: argparse.Namespace) -> Iterator[str]:
    """The lines of a run."""
    if args.one:
        yield hostile(args.one)
        return
    if args.hostile:
        for name in HOSTILE:
            yield subprocess.run(
                [sys.executable, "-m", "bench.warc", "--one", name],
                cwd=ROOT,
                check=True,
                capture_output=True,
                text=True,
            ).stdout.rstrip()
        return
    bodies = html_in(args.html, args.pages) if args.html else samples()
    yield f"{len(bodies):,} pages, {sum(map(len, bodies)) / max(1, len(bodies)):,.0f} bytes of HTML on average"
    data = warc_of([page_at(str(n), body) for n, body in enumerate(bodies)])
    for n, extract in enumerate(EXTRACTS):
        part = reading(bodies, data, extract)
        part.ways["unpacking"] = unpacking(data)
        *rows, unpacked = run(part, args.rounds)
        yield table(rows, header=not n)
        alone, fastwarc, ours = (1 / row.times for row in rows)
        yield (
            f"  c4pipe takes {ours / alone:.2f} times resiliparse alone, of which unpacking the file is "
            f"{1 / unpacked.times:.2f}, and {ours / fastwarc:.2f} times FastWARC with it"
        )


def main(argv: list[str] | None = None) -> None:
    """Measures, and prints."""
    parser = argparse.ArgumentParser(prog="python -m bench.warc", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--html", type=Path, metavar="FOLDER", help="folder of HTML files (default: data_samples/warc)")
    parser.add_argument("--pages", type=int, default=1_500, metavar="N", help="most pages to read (default: 1500)")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="rounds of all ways (default: 5)")
    parser.add_argument("--hostile", action="store_true", help="measure hostile pages instead, each in its own process")
    parser.add_argument("--one", choices=HOSTILE, help=argparse.SUPPRESS)
    for line in told(parser.parse_args(argv)):
        print(line, flush=True)


if __name__ == "__main__":
    main()
