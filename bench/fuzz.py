"""Fuzzing: no input makes the reader, cleaner, manifest, lists or word matcher break their guarantees.

    python -m bench.fuzz reader --seconds 120 --corpus /tmp/reader

Guided by coverage if atheris is installed (`pip install -r bench/requirements-fuzz.txt`), else a seeded loop of plain
mutations. A target is a function of bytes that raises when a guarantee is broken. Each distinct finding is written to
`--findings` (default: findings-TARGET in the temporary folder) and the search continues; exit code 1 if there are any.
`tests/fuzz/corpus/TARGET` holds findings of earlier runs: it is read first, and replayed by tests/fuzz.
"""

from __future__ import annotations

import argparse
import atexit
import gzip
import hashlib
import io
import json
import os
import random
import re
import shutil
import sys
import tempfile
import time
import traceback
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

try:
    import atheris
except ImportError:
    atheris = None

with nullcontext() if atheris is None else atheris.instrument_imports(include=["c4pipe"]):
    from c4pipe.clean import clean, fast_clean
    from c4pipe.corpus.ledger import Ledger
    from c4pipe.corpus.stats import Stats
    from c4pipe.errors import C4Error
    from c4pipe.fetch.crawl import is_wet_path, read_list
    from c4pipe.files.assets import Assets
    from c4pipe.flow.searching import find_inputs
    from c4pipe.page import Kept, Page, Rejected, Unit, Verdict
    from c4pipe.presets import c4_lines
    from c4pipe.rules.matcher import WordMatcher
    from c4pipe.shards import MANIFEST, SCHEMA_VERSION, read_manifest, to_json
    from c4pipe.wet import READ_REASONS, Limits, page_text, read_wet
    from c4pipe.wet.gzips import GZIP_MAGIC, CutShortError, body_start
    from c4pipe.wet.kinds import foreign
    from c4pipe.wet.opening import is_record
    from c4pipe.wet.window import Window

ROOT = Path(__file__).parent.parent
CORPUS = ROOT / "tests" / "fuzz" / "corpus"
LONGEST = 32 * 1024  # bytes of an input
Target = Callable[[bytes], None]


# -- reader ---------------------------------------------------------------------------------------------------------

TINY = Limits(record=300, header=200)
MOST_TEXT = 8 << 20  # most bytes inflated to search the lines of a page; decompression bombs are not searched
DATE = b"2024-05-22T10:11:12Z"


class Dribble:
    """A stream that returns fewer bytes than requested."""

    def __init__(self, data: bytes, chunk: int) -> None:
        self._stream, self._chunk = io.BytesIO(data), chunk

    def read(self, size: int, /) -> bytes:
        return self._stream.read(min(size, self._chunk))


def reader(data: bytes) -> None:
    """The first byte says how to read the rest: quirks, small limits, and whether it is a file or damage to one."""
    if not data:
        return
    how, data = data[0], data[1:]
    quirks, limits = bool(how & 1), TINY if how & 2 else Limits()
    if how & 4:
        spoil_file(data, quirks, limits)
    else:
        read_any(data, quirks, limits, how >> 3)


def read_any(data: bytes, quirks: bool, limits: Limits, chunk: int = 0) -> list[Verdict]:
    """Reads any bytes as a file, and checks everything that must hold for the verdicts."""
    verdicts = list(read_wet(io.BytesIO(data), "f", limits, quirks))
    assert verdicts, "no verdict at all"
    sources = [verdict.page.source for verdict in verdicts]
    assert len(set(sources)) == len(sources), f"two verdicts on one record: {sources}"
    seen: bytes | None = None
    for verdict in verdicts:
        for value in verdict.page:
            str(value).encode()  # no lone surrogate
        if isinstance(verdict, Rejected):
            assert verdict.reason in READ_REASONS, verdict
            continue
        text = verdict.page.text
        assert verdict.page.url, "a page without a URL"
        assert verdict.page.timestamp or "bad_date" in verdict.tally, "a page without a date"
        assert text, "a page without text"
        assert text == page_text(text), "a text that is not tidy"
        assert len(text) <= limits.record + limits.header, "a page above the limit"
        seen = inflated(data) if seen is None else seen
        if len(seen) < MOST_TEXT:
            pieces = {piece for line in text.split("\n") for piece in line.split("\ufffd") if piece}
            invented = next((piece for piece in pieces if piece.encode() not in seen), None)
            assert invented is None, f"a line that is nowhere in the file: {invented!r}"
    if chunk:
        again = list(read_wet(Dribble(data, chunk), "f", limits, quirks))
        assert again == verdicts, "the size of the reads makes a difference"
    return verdicts


def inflated(data: bytes) -> bytes:
    """The file itself, and everything that inflates from any place in it; adjacent members are joined."""
    texts, ends = {}, {}
    total = 0
    window = Window(io.BytesIO(data))
    window.need(0, len(data))
    for found in re.finditer(re.escape(GZIP_MAGIC), data):
        inflater, text = zlib.decompressobj(-15), bytearray()
        try:
            at = body_start(window, found.start())
        except CutShortError:
            continue
        if at is None:
            continue
        try:
            for start in range(at, len(data), 64):  # in steps: output before an error counts
                text += inflater.decompress(data[start : start + 64], MOST_TEXT)
                while inflater.unconsumed_tail and len(text) < MOST_TEXT:
                    text += inflater.decompress(inflater.unconsumed_tail, MOST_TEXT)
                if inflater.eof or len(text) >= MOST_TEXT:
                    ends[found.start()] = min(start + 64, len(data)) - len(inflater.unused_data) + 8
                    break
        except zlib.error:
            pass
        if not inflater.eof:  # the last bytes before an error are inflated one by one
            text = _byte_by_byte(data, at, text)
        texts[found.start()] = bytes(text)
        total += len(text)
        if total >= MOST_TEXT:
            return bytes(MOST_TEXT)
    whole = [data]
    for at in texts:
        place: int | None = at
        while place in texts:
            whole.append(texts[place])
            place = ends.get(place)
        whole.append(b"\n")
        if sum(map(len, whole)) >= MOST_TEXT:
            return bytes(MOST_TEXT)
    return b"".join(whole)


def _byte_by_byte(data: bytes, at: int, text: bytearray) -> bytearray:
    inflater, slow = zlib.decompressobj(-15), bytearray()
    try:
        for byte in range(at, len(data)):
            slow += inflater.decompress(data[byte : byte + 1])
            if inflater.eof or len(slow) >= MOST_TEXT:
                break
    except zlib.error:
        pass
    return max(text, slow, key=len)


def good_text(n: int) -> str:
    """The text of an intact page; short enough for TINY."""
    return f"Title of page {n}\nThis is what page {n} says in words {n * 7919}.\nThe end of page {n}."


def wet_record(
    url: bytes, body: bytes, eol: bytes = b"\r\n", length: bytes | None = None, kind: bytes = b"conversion"
) -> bytes:
    """One WARC record."""
    size = b"%d" % len(body) if length is None else length
    lines = (b"WARC/1.0", b"WARC-Type: " + kind, b"WARC-Target-URI: " + url, b"WARC-Date: " + DATE)
    return eol.join((*lines, b"Content-Length: " + size, b"", body, b"", b""))


@cache
def good_members() -> tuple[bytes, ...]:
    """Intact members, compressed and stored: damage to stored ones reaches the text."""
    records = (wet_record(b"http://good.example/%d" % n, good_text(n).encode()) for n in range(5))
    return tuple(gzip.compress(record, 0 if n % 2 else 6, mtime=0) for n, record in enumerate(records))


def spoil_file(data: bytes, quirks: bool, limits: Limits) -> None:
    """Five intact members, and the fuzzer's bytes between two of them, over one of them or as another member."""
    if len(data) < 4:
        return
    kind, number, at, size, junk = data[0] % 5, data[1] % 5, data[2], data[3], data[4:]
    members = list(good_members())
    if kind == 4:  # a prefix before all; the bits of `at` select plain records
        turns = [zlib.decompress(one, 31) if at >> n & 1 else one for n, one in enumerate(members)]
        joined(junk if size % 2 else b"", turns, quirks, limits)
        return
    if kind == 0:  # between
        members.insert(number, junk)
    elif kind == 1:  # a member whose text is hostile
        members.insert(number, gzip.compress(junk, 6 if size % 2 else 0, mtime=0))
    else:  # inside one: over some of its bytes, or with some left out
        one = members[number]
        place = at * len(one) // 256
        members[number] = one[:place] + junk + one[place + (len(junk) if kind == 2 else size) :]
    whole = b"".join(members)
    kept = {v.page.url: v.page.text for v in read_any(whole, quirks, limits) if isinstance(v, Kept)}
    intact = {n for n, one in enumerate(good_members()) if one in members}
    if foreign(whole) or is_record(whole):  # another kind of file altogether
        return
    if quirks and kind == 1:  # then a page ends only at the next delimiter: bytes before a record join it
        intact -= {number - 1, number}
    lost = sorted(n for n in intact if kept.get(f"http://good.example/{n}") != good_text(n))
    assert not lost, f"intact members lost or changed: {lost}, kept {kept}"


def joined(head: bytes, parts: Sequence[bytes], quirks: bool, limits: Limits) -> None:
    """Plain records and members after a prefix: all pages are read, unless the prefix is a file itself."""
    whole = head + b"".join(parts)
    kept = {v.page.url: v.page.text for v in read_any(whole, quirks, limits) if isinstance(v, Kept)}
    if head:  # it may be anything, even an unfinished record or markup
        return
    lost = [n for n in range(len(parts)) if kept.get(f"http://good.example/{n}") != good_text(n)]
    assert not lost, f"pages of joined files lost or changed: {lost}"


def reader_seeds() -> Iterator[bytes]:
    """Files of one or two records, compressed or not, and damage."""
    one, two = (
        wet_record(b"http://a.example/1", b"A page.\r\nOf two lines."),
        wet_record(b"http://a.example/2", b"B.\n"),
    )
    lf = wet_record(b"http://a.example/3", b"Text.\nWARC/1.0\nmore: x\n", b"\n")
    long = wet_record(b"http://a.example/4", b"Longer.", length=b"99999")
    info = wet_record(b"", b"Software-Info: x\r\n", kind=b"warcinfo")
    files = (
        one + two,
        gzip.compress(one, mtime=0) + gzip.compress(two, mtime=0),
        gzip.compress(info + one + lf, 0, mtime=0),
        b"\xef\xbb\xbf" + lf + long,
        gzip.compress(one, 0, mtime=0)[:-9] + gzip.compress(two, 0, mtime=0),
        gzip.compress(one, 0, mtime=0)[:40] + bytes(20) + gzip.compress(long, mtime=0) + gzip.compress(b"", mtime=0),
        b"<!DOCTYPE html><html>" + one,
        b"",
    )
    for how in range(4):
        yield from (bytes([how | 8 * n]) + file for n, file in enumerate(files))
        for kind in range(4):
            yield bytes([how | 4, kind, kind, 120, 30]) + (two if kind == 1 else b"\x1f\x8b\x08\x00junk")
        yield from (bytes([how | 4, 4, 0, turns, turns % 2]) + b"head\n" for turns in (0, 5, 10, 31))
        yield bytes([how | 4, 1, 2, 0, 0]) + long
        yield bytes([how | 4, 0, 2, 0, 0]) + gzip.compress(two, 0, mtime=0)[:50]


# -- cleaner --------------------------------------------------------------------------------------------------------

CHAINS = (c4_lines(), c4_lines(min_words=3), c4_lines()[:3], c4_lines()[1:], ())
FAST = tuple(map(fast_clean, CHAINS))


def cleaner(data: bytes) -> None:
    """`page_text` is its definition; `fast_clean` is `clean`; no line is lost, doubled or invented."""
    if not data:
        return
    which, data = data[0], data[1:]
    body = (
        data.decode("utf-8", "surrogatepass" if which & 64 else "replace") if _decodes(data) else data.decode("latin-1")
    )
    tidy = page_text(body)
    lines = [line.strip() for line in re.split("\r\n|\r|\n", body)]
    assert tidy == "\n".join(filter(None, lines)), "page_text is not what it says"
    assert tidy == page_text(tidy), "page_text changes its own text"
    steps, fast = CHAINS[which % len(CHAINS)], FAST[which % len(CHAINS)]
    for text in (tidy, body):
        page = Page("http://a.example/", text, "2024-05-22T10:11:12Z")
        slow, quick = clean(page, steps), fast(page)
        assert (type(slow), slow.page) == (type(quick), quick.page), "the fast cleaner gives another page"
        assert dict(slow.tally) == dict(quick.tally), "the fast cleaner gives other counts"
        if isinstance(slow, Rejected):
            assert isinstance(quick, Rejected)
            assert (slow.reason, slow.detail) == (quick.reason, quick.detail)
            assert slow.reason.unit is Unit.PAGE
            continue
        dropped: list[Any] = []
        clean(page, steps, dropped)
        assert len(dropped) == sum(slow.tally.values()), "a dropped line is not counted"


def _decodes(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def cleaner_seeds() -> Iterator[bytes]:
    """Lines that trigger each rule."""
    text = (
        "A line of prose that ends well.\n Menu \r\nFive words with [1] citation.[2]\n\u00a0\u2028Odd break here now.\n"
        'She said "so" [edit]\nWe use cookies here to live.\nPlease enable JavaScript to go on.\nCut off ...\n'
    )
    for which in (0, 1, 2, 3, 4, 64):
        yield bytes([which]) + text.encode()
        yield (
            bytes([which])
            + b"A brace { in this line here.\nLorem ipsum dolor sit amet.\n"
            + b"x" * 1001
            + b" long. a b c."
        )
        yield bytes([which]) + b"\x0b\x0c\x1c\x85 \r\r\n\n.[citation needed]\n[12]"


# -- manifest -------------------------------------------------------------------------------------------------------


@cache
def folder_of_targets() -> Path:
    """A folder for files that targets need."""
    made = Path(tempfile.mkdtemp(prefix="c4pipe-fuzz-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def manifest(data: bytes) -> None:
    """A damaged manifest, ledger or statistics raises only C4Error; what is read is written back unchanged."""
    path = folder_of_targets() / MANIFEST
    path.write_bytes(data)
    try:
        read = read_manifest(path.parent)
    except C4Error as error:
        str(error).encode()
    else:
        assert isinstance(read, dict)
        assert read["schema_version"] == SCHEMA_VERSION
    try:
        parsed = json.loads(data)
    except (ValueError, RecursionError):
        return
    for kind in (Ledger, Stats):
        value = parsed.get({Ledger: "ledger", Stats: "stats"}[kind], parsed) if isinstance(parsed, dict) else parsed
        try:
            found = kind.from_json(value)
        except C4Error as error:
            str(error).encode("utf-8", "surrogatepass")
            continue
        written = to_json(found.to_json())
        assert to_json(kind.from_json(json.loads(written)).to_json()) == written, "what is written is read otherwise"
        try:
            kind.from_json(value).add(found)
            if isinstance(found, Ledger):
                found.check()
        except C4Error:
            pass


def manifest_seeds() -> Iterator[bytes]:
    """A small manifest, complete and in parts."""
    ledger = Ledger.of(["read", "clean"])
    ledger.stages[0].rejected["truncated"] = ledger.stages[0].entered = 3
    ledger.stages[1].lines_dropped["few_words"] = ledger.stages[1].lines_in = 2
    ledger.stages[1].sentences_dropped["a"] = ledger.stages[1].flagged["b"] = 1
    stats = Stats()
    page = Page("http://a.example/", "Text.", "2024-05", language="en")
    stats.read(page)
    stats.kept(page)
    stats.rejected(page.url)
    for value in (
        {"schema_version": 1, "ledger": ledger.to_json(), "stats": stats.to_json()},
        ledger.to_json(),
        stats.to_json(),
        {"schema_version": 2},
        {"stages": []},
        [],
        None,
        {"pages_read": "1"},
    ):
        yield json.dumps(value).encode()
    yield b"[" * 5000
    yield b'{"schema_version": 1, "x": ' + b"9" * 5000 + b"}"
    yield b'{"stages": [{"stage": "a", "in": 1e999, "kept": NaN, "rejected": {"a": -1}, "lines_dropped": {}}]}'
    yield '{"stages": [{"stage": "\\ud800", "in": 1, "kept": 1, "rejected": {}, "lines_dropped": {}}]}'.encode("utf-16")


# -- lists ----------------------------------------------------------------------------------------------------------

CRAWL = "CC-MAIN-2024-22"


def lists(data: bytes) -> None:
    """Lists of paths, words, domains and URLs: a message for users, or harmless entries."""
    if not data:
        return
    kind, data = data[0] % 8, data[1:]
    packed = gzip.compress(data, mtime=0) if kind in (2, 4) else data
    here = folder_of_targets() / "lists"
    here.mkdir(exist_ok=True)
    try:
        if kind in (0, 2, 3):  # accepted by --input
            path = here / ("wet.paths.gz" if kind else "wet.paths")
            path.write_bytes(packed)
            found = find_inputs([str(path)]).inputs
            assert found, "nothing found, and nothing said"
            assert len({item.path for item in found}) == len(found), "an input is listed twice"
        elif kind in (1, 4):  # accepted by the fetcher
            path = here / "crawl.paths.gz"
            path.write_bytes(packed)
            paths = read_list(path, CRAWL, "the list")
            assert all(is_wet_path(line, CRAWL) and ".." not in line.split("/") for line in paths)
        elif kind == 5:
            (here / "words").mkdir(exist_ok=True)
            (here / "words" / "en.txt").write_bytes(data)
            words = Assets(badwords_dir=here / "words").badwords()["en"]
            assert all(word and word == word.strip() and "\n" not in word for word in words)
        elif kind == 6:
            (here / "domains.json").write_bytes(data)
            Assets(news_domains_file=here / "domains.json").news_domains()
        else:  # each time under another name, since contents are cached
            path = here / f"{hashlib.sha256(data).hexdigest()[:16]}.urls{('', '.gz', '.xz')[len(data) % 3]}"
            path.write_bytes(data)
            try:
                Assets(url_list=path).url_keys()
            finally:
                path.unlink()
    except C4Error as error:
        str(error).encode("utf-8", "surrogatepass")


def lists_seeds() -> Iterator[bytes]:
    """Lists as they are published, and malformed ones."""
    line = b"crawl-data/%s/segments/1715971057216.39/wet/CC-MAIN-00000.warc.wet.gz\n" % CRAWL.encode()
    for kind in range(5):
        yield bytes([kind]) + line + b"\r\n" + line.replace(b"00000", b"00001")
        yield bytes([kind]) + gzip.compress(line, mtime=0)
        yield bytes([kind]) + b"../../etc/passwd\n/dev/zero\ngs://bucket/x.wet\n a\0b \n"
    yield b"\x05\xef\xbb\xbfword\r\ntwo words \n\n\xe2\x80\xa8x\n"
    yield b'\x06{"bbc.co.uk": ["www", "news"], "reuters.com": true}'
    yield b'\x06{"a": {"b": 1}}'
    yield b"\x06" + b"[" * 5000
    yield b"\x07http://a.example/\nhttps://www.b.example/?utm_source=x\n\xff\n"
    yield b"\x07" + gzip.compress(b"http://a.example/\n", mtime=0)


# -- matcher --------------------------------------------------------------------------------------------------------


def matcher(data: bytes) -> None:
    """Entries, one per line, up to a blank line; then the text: RE2 finds something if the reference's `re` does."""
    if not data:
        return
    boundaries, data = bool(data[0] & 1), data[1:2048]
    head, _, body = data.partition(b"\n\n")
    words = frozenset(word.strip() for word in head.decode("utf-8", "replace").split("\n")[:8]) - {""}
    text = body.decode("utf-8", "surrogateescape")  # lone surrogates if it is not UTF-8
    if "\uffff" in "".join(words):  # stands for a surrogate
        return
    ours, theirs = _patterns(words, boundaries)
    hit = ours.search(text)
    if not words:
        assert hit is None
        return
    found = theirs.search(text.lower())
    assert (hit is None) == (found is None), f"{words} in {text!r}: {hit!r}, by re {found}"
    if hit is not None:
        assert hit in words, f"{hit!r} is no entry"
        assert hit in text.lower(), f"{hit!r} is not in the text"


@lru_cache(maxsize=64)
def _patterns(words: frozenset[str], boundaries: bool) -> tuple[WordMatcher, re.Pattern[str]]:
    """Our pattern, and that of TFDS c4_utils.get_badwords_filter_fn."""
    joined = "|".join(map(re.escape, sorted(words)))
    return WordMatcher(words, boundaries), re.compile(rf"(?:\W|^)({joined})(?:\W|$)" if boundaries else f"({joined})")


def matcher_seeds() -> Iterator[bytes]:
    """Words at the edges of words."""
    for how in (b"\0", b"\1"):
        yield how + "tit\nbad word\n🖕\n\nA TIT! étit, bad  word; bad word\n🖕".encode()
        yield how + "女の子\nstraße\na.b\n\nこの女の子は STRAẞE a.b İ".encode()
        yield how + b"-a\na\na-\n\n-a -a- \xed\xa0\x80a\xff"
        yield how + "i̇\n²\n\nİ x² \u200b".encode()


# -- running --------------------------------------------------------------------------------------------------------

TARGETS: dict[str, tuple[Target, Callable[[], Iterator[bytes]]]] = {
    "reader": (reader, reader_seeds),
    "cleaner": (cleaner, cleaner_seeds),
    "manifest": (manifest, manifest_seeds),
    "lists": (lists, lists_seeds),
    "matcher": (matcher, matcher_seeds),
}


class Run:
    """Counts executions, and keeps one input of each finding."""

    def __init__(self, name: str, seconds: float, findings: Path) -> None:
        self._name, self._findings = name, findings
        self._target = TARGETS[name][0]
        self._started = time.monotonic()
        self._deadline = self._started + seconds
        self._executions = 0
        self.found: dict[str, str] = {}

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() > self._deadline

    def one(self, data: bytes) -> None:
        """Runs the target once."""
        self._executions += 1
        try:
            self._target(data)
        except Exception as error:
            self._note(data, error)

    def _note(self, data: bytes, error: Exception) -> None:
        places = [(Path(frame.filename).name, frame.name) for frame in traceback.extract_tb(error.__traceback__)]
        said = str(error)[:24] if isinstance(error, AssertionError) else ""
        key = hashlib.sha256(repr((type(error).__name__, said, places[-3:])).encode()).hexdigest()[:12]
        path = self._findings / key
        if key in self.found and path.stat().st_size <= len(data):
            return
        self._findings.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)  # the smallest
        if key not in self.found:
            self.found[key] = f"{type(error).__name__}: {str(error)[:200]!r} at {places[-1][0]}:{places[-1][1]}"
            print(f"FINDING {path}: {self.found[key]}", flush=True)

    def report(self) -> int:
        """Prints what was done. Returns the exit code."""
        seconds = time.monotonic() - self._started
        guided = "a seeded loop" if atheris is None else "atheris"
        print(
            f"{self._name}: {self._executions:,} executions by {guided} in {seconds:.0f} s, "
            f"{self._executions / seconds:,.0f}/s, {len(self.found)} findings",
            flush=True,
        )
        for key, says in self.found.items():
            print(f"  {self._findings / key}: {says}", flush=True)
        return 1 if self.found else 0


def mutated(data: bytes, others: Sequence[bytes], draw: random.Random) -> bytes:
    """One to four small changes."""
    changed = bytearray(data)
    for _ in range(draw.randint(1, 4)):
        at, size = draw.randint(0, len(changed)), draw.choice((1, 1, 2, 4, 16, 100))
        match draw.randrange(6):
            case 0 if changed:
                changed[at % len(changed)] ^= 1 << draw.randrange(8)
            case 1:
                del changed[at : at + size]
            case 2:
                changed[at:at] = draw.randbytes(size)
            case 3:
                changed[at:at] = draw.choice(TOKENS)
            case 4:
                changed[at:at] = changed[at : at + size]
            case _:
                other = draw.choice(others)
                start = draw.randint(0, len(other))
                changed[at : at + size] = other[start : start + 4 * size]
    return bytes(changed[:LONGEST])


TOKENS = (
    *(b"WARC/1.0\r\n", b"WARC-Type: conversion\r\n", b"Content-Length: ", b"\r\n\r\n", b"\n\n", b"\r", b"\xef\xbb\xbf"),
    *(
        b"\x1f\x8b\x08",
        b"\x1f\x8b\x08\x08",
        b"\0",
        b"\0" * 64,
        b"99999999999999999999",
        b"-1",
        b"\xff",
        b"\xed\xa0\x80",
    ),
    *(
        b'"',
        b"{",
        b"[",
        b"]",
        b"}",
        b"null",
        b"true",
        b"1e999",
        b"NaN",
        b"\\ud800",
        b"\xe2\x80\xa8",
        b"\xc2\x85",
        b"../",
    ),
)


def loop(run: Run, corpus: list[bytes], seed: int) -> None:
    """Unguided mutations, the same for the same seed until the time is up."""
    draw = random.Random(seed)
    for data in corpus:
        run.one(data)
    while not run.over:
        run.one(mutated(draw.choice(corpus), corpus, draw))


def guided(run: Run, corpus: list[bytes], folder: Path, seed: int) -> None:
    """Atheris; ends the process, as libFuzzer does."""
    folder.mkdir(parents=True, exist_ok=True)
    for data in corpus:
        (folder / hashlib.sha1(data, usedforsecurity=False).hexdigest()).write_bytes(data)
    words = folder.parent / f"{folder.name}.dict"
    words.write_text("".join('"' + "".join(f"\\x{byte:02x}" for byte in token) + '"\n' for token in TOKENS))

    def one(data: bytes) -> None:
        run.one(data)
        if run.over:
            code = run.report()
            sys.stdout.flush()
            shutil.rmtree(folder_of_targets(), ignore_errors=True)
            os._exit(code)  # libFuzzer cannot end otherwise

    flags = [f"-max_len={LONGEST}", f"-seed={seed}", f"-dict={words}", "-timeout=60", "-rss_limit_mb=4096"]
    atheris.Setup([sys.argv[0], *flags, f"-artifact_prefix={folder.parent}/", str(folder)], one)
    atheris.Fuzz()


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code: 1 if there are findings."""
    parser = argparse.ArgumentParser(prog="python -m bench.fuzz", description="Fuzz one target.")
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=float, default=60, metavar="N")
    parser.add_argument("--corpus", type=Path, metavar="DIR", help="initial inputs; atheris adds those it finds")
    parser.add_argument("--findings", type=Path, metavar="DIR", help="folder for findings")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    args = parser.parse_args(argv)
    name, temporary = args.target, Path(tempfile.gettempdir())
    folders = [path for path in (CORPUS / name, args.corpus) if path is not None and path.is_dir()]
    corpus = [path.read_bytes() for folder in folders for path in sorted(folder.iterdir())] + list(TARGETS[name][1]())
    run = Run(name, args.seconds, args.findings or temporary / f"findings-{name}")
    if atheris is None:
        loop(run, corpus, args.seed)
    else:
        guided(run, corpus, args.corpus or temporary / f"corpus-{name}", args.seed)
    return run.report()


if __name__ == "__main__":
    sys.exit(main())
