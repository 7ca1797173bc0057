"""Writes the WET files of this folder from the readable pages in `pages/`, the same bytes every time.

    python data_samples/make_samples.py            # rewrites the files beside this script
    python data_samples/make_samples.py --output /tmp/samples

A file in `pages/` holds pages one after the other. `=== URL | date | language | note` begins a page, the lines
below it are its text; `+++ name` begins a snippet, and a line `@name` in a page stands for that snippet (the menus,
footers and "about us" paragraphs that a site repeats). `#` begins a comment. `damaged.txt` is different in one point:
the first word of a note names the fault in `FAULTS` that the record is written with.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import struct
import uuid
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
PAGES = HERE / "pages"
EXTRACTED = "Fri, 31 May 2024 01:16:46 GMT"
CODES = {  # the page files name languages as the corpus does; WET files use ISO 639-3
    "ar": "ara", "cs": "ces", "de": "deu", "el": "ell", "en": "eng", "es": "spa", "fa": "fas", "fi": "fin",
    "fr": "fra", "hi": "hin", "id": "ind", "it": "ita", "ja": "jpn", "ko": "kor", "nl": "nld", "pl": "pol",
    "pt": "por", "ru": "rus", "sv": "swe", "sw": "swa", "th": "tha", "tr": "tur", "uk": "ukr", "vi": "vie",
    "zh": "zho",
}  # fmt: skip
BOM = "\ufeff".encode()
LONGEST = 190_000  # characters: a longer page is dropped


class Sample(NamedTuple):
    """One page as it stands in `pages/`."""

    url: str
    date: str
    language: str  # "en", "en,fr" or "-" where the crawl would not say
    note: str
    text: str


Headers = list[tuple[str, bytes]]
Fault = Callable[[Sample, int], bytes]


# --- the page files ---------------------------------------------------------------------------------------------


def made_snippets() -> dict[str, str]:
    """The snippets that are too long to be written by hand."""
    paragraph = (
        "Day {n} of the lighthouse log: wind {w} knots from the {d}, glass at {g}, lamp trimmed at dusk and put out "
        "at sunrise. Keeper {k} had the watch and counted {s} sails before noon."
    )
    directions = ("north", "south-west", "east", "north-west", "south", "west", "north-east")
    keepers = ("Amos", "Brand", "Calloway", "Drury", "Ellis")
    days: list[str] = []
    size = 0
    while size <= LONGEST:
        n = len(days) + 1
        days.append(
            paragraph.format(
                n=n, w=n * 7 % 41, d=directions[n % 7], g=960 + n * 13 % 79, k=keepers[n % 5], s=n * 11 % 23
            )
        )
        size += len(days[-1]) + 1
    departures = [" ".join(f"{(n * 37 + k * 11) % 1440:04d}" for k in range(50)) + "." for n in range(4)]
    return {
        "word-1000": pi(1000),
        "word-1001": pi(1001),
        "log-book": "\n".join(days),
        "departures": "\n".join(departures),
        "esc": "\x1b",
        "bell": "\x07",
        "nel": "\x85",
        "line-separator": "\u2028",
        "no-break-space": "\xa0",
        "replacement": "\ufffd",
    }


def pi(length: int) -> str:
    """As many characters of pi, its point included; by Machin's formula in whole numbers."""
    one: int = 10 ** (length + 10)

    def arccot(x: int) -> int:
        total = term = one // x
        n = 1
        while term:
            term //= -x * x
            n += 2
            total += term // n
        return total

    digits = str(4 * (4 * arccot(5) - arccot(239)))
    return digits[0] + "." + digits[1 : length - 1]


def read_snippets(folder: Path) -> dict[str, str]:
    """Every snippet of every page file, by name."""
    snippets = made_snippets()
    for path in sorted(folder.glob("*.txt")):
        name = ""
        lines: list[str] = []
        for line in [*path.read_text("utf-8").split("\n"), "=== "]:
            if line.startswith(("+++ ", "=== ")):
                if name:
                    assert name not in snippets, f"{path}: snippet {name} twice"
                    snippets[name] = "\n".join(lines).strip("\n")
                name = line[4:].strip() if line.startswith("+++ ") else ""
                lines = []
            elif not line.startswith("#"):
                lines.append(line)
    return snippets


def read_pages(path: Path, snippets: dict[str, str]) -> Iterator[Sample]:
    """The pages of one file, in order, snippets filled in."""
    header: list[str] | None = None
    lines: list[str] = []
    for line in [*path.read_text("utf-8").split("\n"), "+++ end"]:
        if line.startswith(("=== ", "+++ ")):
            if header is not None:
                url, date, language, note = header
                yield Sample(url, date, language, note, "\n".join(lines).strip("\n"))
            header = [field.strip() for field in line[4:].split(" | ")] if line.startswith("=== ") else None
            assert header is None or len(header) == 4, f"{path}: {line}"
            lines = []
        elif header is not None and not line.startswith("#"):
            lines.append(fill(line, snippets))


def fill(line: str, snippets: dict[str, str]) -> str:
    """A line `@name` becomes the snippet; `{@name}` inside a line does too."""
    if line.startswith("@"):
        return snippets[line[1:].strip()]
    while "{@" in line:
        before, _, rest = line.partition("{@")
        name, _, after = rest.partition("}")
        line = before + snippets[name] + after
    return line


# --- records ----------------------------------------------------------------------------------------------------


def block_digest(body: bytes) -> bytes:
    """The digest as Common Crawl writes it: base32 of sha1."""
    return b"sha1:" + base64.b32encode(hashlib.sha1(body).digest())


def urn(name: str) -> bytes:
    """A record id that depends on nothing but the name."""
    return f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, name)}>".encode()


def join(headers: Headers, body: bytes, version: bytes = b"WARC/1.0", newline: bytes = b"\r\n") -> bytes:
    """A record: version line, header lines, blank line, body, two line ends."""
    lines = [version, *(name.encode() + b": " + value for name, value in headers)]
    return newline.join(lines) + newline * 2 + body + newline * 2


def warcinfo(filename: str) -> bytes:
    """The first record of every WET file."""
    body = "\r\n".join(
        [
            "Software-Info: c4pipe data_samples/make_samples.py",
            f"Extracted-Date: {EXTRACTED}",
            "isPartOf: c4pipe-data-samples",
            "description: Pages written by hand for the c4pipe project; not a crawl",
            "",
            "",
        ]
    ).encode()
    headers = [
        ("WARC-Type", b"warcinfo"),
        ("WARC-Date", b"2024-05-31T01:16:46Z"),
        ("WARC-Filename", filename.encode()),
        ("WARC-Record-ID", urn(f"warcinfo {filename}")),
        ("Content-Type", b"application/warc-fields"),
        ("Content-Length", str(len(body)).encode()),
    ]
    return join(headers, body)


def body_of(sample: Sample) -> bytes:
    """The text as it lies in the record."""
    return sample.text.encode() + b"\n" if sample.text else b""


def headers_of(sample: Sample, n: int, body: bytes) -> Headers:
    """The header lines Common Crawl writes, in its order."""
    languages = ",".join(CODES[code] for code in sample.language.split(",") if code != "-")
    headers = [
        ("WARC-Type", b"conversion"),
        ("WARC-Target-URI", sample.url.encode()),
        ("WARC-Date", sample.date.encode()),
        ("WARC-Record-ID", urn(f"{sample.url} {n}")),
        ("WARC-Refers-To", urn(f"{sample.url} {n} response")),
        ("WARC-Block-Digest", block_digest(body)),
    ]
    if languages:
        headers.append(("WARC-Identified-Content-Language", languages.encode()))
    return [*headers, ("Content-Type", b"text/plain"), ("Content-Length", str(len(body)).encode())]


def record(sample: Sample, n: int) -> bytes:
    """A record with nothing wrong."""
    body = body_of(sample)
    return join(headers_of(sample, n, body), body)


def member(data: bytes, flags: int = 0, fields: bytes = b"") -> bytes:
    """One gzip member without a time in it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(data) + packer.flush()
    head = b"\x1f\x8b\x08" + bytes([flags]) + b"\0\0\0\0\x02\xff" + fields
    return head + packed + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)


# --- faults: each takes a sample and gives the bytes that stand for it in damaged.warc.wet.gz --------------------


def changed(
    change: Callable[[Headers], Headers] = lambda headers: headers,
    body: Callable[[bytes], bytes] = lambda data: data,
    version: bytes = b"WARC/1.0",
    newline: bytes = b"\r\n",
) -> Fault:
    """A fault inside the record: other headers, another body, other line ends; the gzip member is whole."""

    def write(sample: Sample, n: int) -> bytes:
        data = body(body_of(sample))
        return member(join(change(headers_of(sample, n, data)), data, version, newline))

    return write


def without(name: str) -> Callable[[Headers], Headers]:
    """The headers less one."""
    return lambda headers: [(key, value) for key, value in headers if key != name]


def replaced(name: str, new: Callable[[bytes], bytes]) -> Callable[[Headers], Headers]:
    """The headers with one value changed."""
    return lambda headers: [(key, new(value) if key == name else value) for key, value in headers]


def folded(headers: Headers) -> Headers:
    """The URL on a line of its own, below its name."""
    return replaced("WARC-Target-URI", lambda url: b"\r\n " + url)(headers)


def repeated(headers: Headers) -> Headers:
    """A second URL, date and length after the first ones."""
    again = [
        ("WARC-Target-URI", b"https://second.damaged.example/never"),
        ("WARC-Date", b"1999-01-01T00:00:00Z"),
        ("Content-Length", b"11"),
    ]
    return headers + again


def odd_case(headers: Headers) -> Headers:
    """Header names in capitals and in small letters by turns."""
    return [(key.upper() if i % 2 else key.lower(), value) for i, (key, value) in enumerate(headers)]


def noise(n: int) -> bytes:
    """n bytes that look like nothing, and never like the head of a gzip member."""
    out = b"".join(hashlib.sha1(b"noise %d" % i).digest() for i in range(n // 20 + 1))
    return out.replace(b"\x1f\x8b", b"\x1f\x1f")[:n]


def broken_crc(sample: Sample, n: int) -> bytes:
    """A whole member whose checksum is wrong by one bit."""
    data = bytearray(member(record(sample, n)))
    data[-8] ^= 1
    return bytes(data)


def broken_deflate(sample: Sample, n: int) -> bytes:
    """A member with sixteen bytes of noise in its middle."""
    data = bytearray(member(record(sample, n)))
    middle = len(data) // 2
    data[middle : middle + 16] = noise(16)
    return bytes(data)


def cut(sample: Sample, n: int) -> bytes:
    """The first half of a member; the next member follows at once."""
    data = member(record(sample, n))
    return data[: len(data) // 2]


def across_members(sample: Sample, n: int) -> bytes:
    """One record in two members, the border in the middle of the text."""
    data = record(sample, n)
    return member(data[: len(data) // 2]) + member(data[len(data) // 2 :])


def extra_fields(sample: Sample, n: int) -> bytes:
    """A member with every optional gzip field: extra bytes, file name, comment, header checksum."""
    extra = b"CP\x04\x00wet!"
    fields = struct.pack("<H", len(extra)) + extra + b"record.wet\0" + b"one record\0"
    head = b"\x1f\x8b\x08\x1e\0\0\0\0\x02\xff" + fields
    return member(record(sample, n), 0x1E, fields + struct.pack("<H", zlib.crc32(head) & 0xFFFF))


def middle_replaced(new: bytes) -> Callable[[bytes], bytes]:
    """The body with every `@@` put to `new`."""
    return lambda body: body.replace(b"@@", new)


def to(value: bytes) -> Callable[[bytes], bytes]:
    """A value that takes the place of any other."""
    return lambda _: value


FAULTS: dict[str, Fault] = {
    "good": changed(),
    "crc": broken_crc,
    "deflate": broken_deflate,
    "cut": cut,
    "garbage": lambda sample, n: noise(400) + member(record(sample, n)),
    "false-magic": lambda sample, n: noise(60) + b"\x1f\x8b\x08\0" + noise(80) + member(record(sample, n)),
    "zero-padding": lambda sample, n: bytes(512) + member(record(sample, n)),
    "empty-member": lambda sample, n: member(b"") + member(record(sample, n)),
    "extra-fields": extra_fields,
    "two-members": across_members,
    "no-url": changed(without("WARC-Target-URI")),
    "empty-url": changed(replaced("WARC-Target-URI", to(b""))),
    "long-url": changed(replaced("WARC-Target-URI", lambda url: url + b"?q=" + b"a" * 9000)),
    "control-url": changed(replaced("WARC-Target-URI", lambda url: url.replace(b"bell", b"be\x07ll"))),
    "no-date": changed(without("WARC-Date")),
    "odd-date": changed(replaced("WARC-Date", to(b"24 May 2024, 9 o'clock"))),
    "no-text": changed(body=lambda _: b""),
    "blank-text": changed(body=lambda _: b" \n\t\n \n"),
    "request": changed(replaced("WARC-Type", to(b"request"))),
    "metadata": changed(replaced("WARC-Type", to(b"metadata"))),
    "length-small": changed(replaced("Content-Length", to(b"40"))),
    "length-large": changed(replaced("Content-Length", lambda value: b"%d" % (int(value) + 700))),
    "length-absent": changed(without("Content-Length")),
    "length-absurd": changed(replaced("Content-Length", to(b"9" * 40))),
    "length-words": changed(replaced("Content-Length", to(b"about a page"))),
    "bad-utf8": changed(body=middle_replaced(b"\xe9\xff\xfe")),
    "surrogate": changed(body=middle_replaced(b"\xed\xa0\x80")),
    "bom": changed(body=lambda body: BOM + body),
    "lf-only": changed(newline=b"\n"),
    "header-case": changed(odd_case),
    "folded-url": changed(folded),
    "repeated-header": changed(repeated),
    "version-1.1": changed(version=b"WARC/1.1"),
}


# --- files ------------------------------------------------------------------------------------------------------


def joined_in_one(samples: list[Sample]) -> Iterator[bytes]:
    """The records of damaged.warc.wet.gz; neighbours marked `one-member` share a gzip member."""
    shared = b""
    for n, sample in enumerate(samples):
        fault = sample.note.split()[0].rstrip(":;,")
        if fault == "one-member":
            shared += record(sample, n)
            continue
        if shared:
            yield member(shared)
            shared = b""
        yield FAULTS[fault](sample, n)
    assert not shared, "a page must follow the shared member"


def build() -> Iterator[tuple[str, bytes]]:
    """Every file of the folder: name and bytes."""
    snippets = read_snippets(PAGES)

    def samples(stem: str) -> list[Sample]:
        paths = [PAGES / f"{stem}.txt"] if (PAGES / f"{stem}.txt").exists() else sorted(PAGES.glob(f"{stem}-*.txt"))
        return [sample for path in paths for sample in read_pages(path, snippets)]

    def records(name: str, pages: Iterable[Sample]) -> list[bytes]:
        return [warcinfo(name), *(record(sample, n) for n, sample in enumerate(pages))]

    for stem in ("news", "sites", "world", "oddities"):
        name = f"{stem}.warc.wet.gz"
        yield name, b"".join(map(member, records(name, samples(stem))))
    yield "single-member.warc.wet.gz", member(b"".join(records("single-member.warc.wet.gz", samples("single-member"))))
    yield "plain.warc.wet", BOM + b"".join(records("plain.warc.wet", samples("plain")))
    name = "damaged.warc.wet.gz"
    yield name, member(warcinfo(name)) + b"".join(joined_in_one(samples("damaged")))
    name = "truncated.warc.wet.gz"
    members = list(map(member, records(name, samples("truncated"))))
    yield name, b"".join(members[:-1]) + members[-1][: len(members[-1]) * 2 // 3]
    yield "error.warc.wet.gz", (PAGES / "error.html").read_bytes()


def main(argv: list[str] | None = None) -> None:
    """Writes the files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--output", type=Path, default=HERE, help="folder to write to (default: beside this script)")
    output: Path = parser.parse_args(argv).output
    output.mkdir(parents=True, exist_ok=True)
    for name, data in build():
        (output / name).write_bytes(data)
        print(f"{len(data):9,d}  {name}")


if __name__ == "__main__":
    main()
