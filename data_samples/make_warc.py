"""Writes the WARC files of data_samples/warc: pages of the WET files as the HTML that they could have been made of.

    python data_samples/make_warc.py [--output FOLDER]

Each page is a request, a response and a metadata record, as Common Crawl writes them. What the pages of a host share at
their beginning becomes a header with a menu, what they share at their end a footer; between them stand a headline and
paragraphs, around them styles, scripts, comments and hidden elements, none of which a reader of the page would see. The
languages are in the charsets that their sites were once in. Behind the pages stand answers that are none, and some that
are hard to read.
"""

from __future__ import annotations

import argparse
import html
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from data_samples.make_samples import (
    PAGES,
    Headers,
    Sample,
    block_digest,
    join,
    member,
    read_pages,
    read_snippets,
    urn,
    warcinfo,
)

HERE = Path(__file__).resolve().parent / "warc"
FILES = ("sites", "world")  # of which pages come: page files that begin so
CHARSETS = {  # where every letter of a page is in it; else, and for all others, UTF-8
    "ar": "windows-1256",
    "bg": "windows-1251",
    "cs": "iso-8859-2",
    "de": "iso-8859-1",
    "el": "iso-8859-7",
    "fr": "windows-1252",
    "he": "windows-1255",
    "ja": "shift_jis",
    "ko": "euc-kr",
    "pl": "iso-8859-2",
    "ru": "windows-1251",
    "th": "windows-874",
    "tr": "iso-8859-9",
    "zh": "gb18030",
}
SHORT = 45  # characters: what begins a page and is shorter is of its menu
PACKED = {
    3: "gzip",
    7: "chunked",
    11: "gzip, chunked",
}  # every 13th page and these behind it, as some crawlers store it
HIDES = "<!-- none of this is text: <p>a comment</p> -->"


class Response(NamedTuple):
    """An answer, and what a WARC says of it."""

    url: str
    date: str
    body: bytes
    header: str = "Content-Type: text/html; charset=utf-8"
    status: str = "200 OK"
    identified: str = "text/html"  # "" where the crawler does not say
    kind: str = "response"
    more: tuple[tuple[str, bytes], ...] = ()


def parts_of(sample: Sample, shared: set[str]) -> tuple[list[str], list[str], list[str]]:
    """The lines of a page as header, content and footer. `shared`: by most pages of the host."""
    lines = sample.text.split("\n")
    first = next((i for i, line in enumerate(lines) if line not in shared and len(line) >= SHORT), len(lines)) - 1
    first = next((i for i, line in enumerate(lines) if line not in shared), 0) if shared else max(0, first)
    last = next((i for i in range(len(lines), 0, -1) if lines[i - 1] not in shared), len(lines))
    return lines[:first], lines[first : max(first, last)], lines[max(first, last) :]


def html_of(sample: Sample, shared: set[str], charset: str) -> str:
    """A page of HTML that shows the lines of a sample."""
    head, content, foot = ([html.escape(line, quote=False) for line in part] for part in parts_of(sample, shared))
    title, *body = content or [""]
    menu = "".join(f'\n<li class="nav-item"><a href="/{n}">{line}</a></li>' for n, line in enumerate(head))
    prose = "".join(f"\n<p>{line}</p>" if len(line) >= SHORT else f"\n<div>{line}</div>" for line in body)
    ends = "".join(f"\n<p><small>{line}</small></p>" for line in foot)
    return f"""<!DOCTYPE html>
<html lang="{sample.language}">
<head>
<meta charset="{charset}">
<title>{title}</title>
<link rel="stylesheet" href="/style.css">
<style>.nav-item {{ float: left }} .nav-item > a:after {{ content: "|" }}</style>
<script>if (1 < 2 && "</p>".length > 3) {{ document.write("<b>Please turn on JavaScript.</b>") }}</script>
</head>
<body class="page">
<header id="header"><nav class="navbar"><ul>{menu}
</ul></nav></header>
{HIDES}
<main id="content"><article>
<h1>{title}</h1>{prose}
<noscript>Please enable JavaScript.</noscript>
</article></main>
<footer class="footer">{ends}
</footer>
<script type="application/json">{{"page": "<p>no text</p>", "id": {len(sample.text)}}}</script>
</body>
</html>
"""


def chunked(body: bytes, size: int = 1000) -> bytes:
    """A body as it goes over the line in chunks."""
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def pages(stem: str) -> Iterator[Response]:
    """The pages of the files that begin so."""
    snippets = read_snippets(PAGES)
    samples = [page for path in sorted(PAGES.glob(f"{stem}-*.txt")) for page in read_pages(path, snippets)]
    hosts: dict[str, list[Sample]] = {}
    for sample in samples:
        hosts.setdefault(sample.url.split("/")[2], []).append(sample)
    for n, sample in enumerate(samples):
        yield _page(sample, n, _shared(hosts[sample.url.split("/")[2]]))


def _shared(site: Sequence[Sample]) -> set[str]:
    """The lines that most pages of a site have; none of a site with few."""
    lines = Counter(line for sample in site for line in set(sample.text.split("\n")))
    return {line for line, often in lines.items() if len(site) > 2 and 2 * often > len(site)}


def _page(sample: Sample, n: int, shared: set[str]) -> Response:
    charset = CHARSETS.get(sample.language, "utf-8")
    try:
        body = html_of(sample, shared, charset).encode(charset.replace("windows-", "cp"))
    except UnicodeEncodeError:
        charset = "utf-8"
        body = html_of(sample, shared, charset).encode()
    named = f"; charset={charset}" if n % 2 else ""  # the page itself says it always
    header = f"Content-Type: text/html{named}"
    how = PACKED.get(n % 13, "")
    if "gzip" in how:
        body, header = member(body), header + "\r\nContent-Encoding: gzip"
    elif n % 3 == 0:  # as Common Crawl tells it, which has unpacked it
        header += "\r\nX-Crawl-Content-Encoding: gzip"
    if "chunked" in how:
        body, header = chunked(body), header + "\r\nTransfer-Encoding: chunked"
    return Response(sample.url, sample.date, body, header, identified="" if n % 5 == 4 else "text/html")


def others() -> Iterator[Response]:
    """Answers that are no pages, and pages that are hard to read."""

    def at(name: str) -> tuple[str, str]:
        return f"https://warc.example/{name}", "2024-05-22T10:11:12Z"

    line = "The letter that was sent to the café in Malmö came back after eleven years, and nobody there could read it."
    page = f"<!DOCTYPE html><title>Letters</title><main><h1>Letters</h1>{'<p>' + line + '</p>'}</main>"
    yield Response(*at("missing"), b"<h1>Not found</h1>", status="404 Not Found")
    yield Response(*at("moved"), b"", "Location: https://warc.example/new", "301 Moved Permanently", "")
    yield Response(*at("paper"), b"%PDF-1.4\n%%EOF\n", "Content-Type: application/pdf", identified="application/pdf")
    yield Response(*at("called-html"), b"GIF89a\1\0\1\0", identified="image/gif")
    yield Response(*at("again"), b"", kind="revisit")
    yield Response(*at("no-http"), b"", status="", identified="")
    yield Response(*at("no-text"), b"<!DOCTYPE html><title>Empty</title><script>load()</script>")
    yield Response(*at("sdch"), bytes(range(200)), "Content-Type: text/html\r\nContent-Encoding: sdch")
    yield Response(*at("says-utf-8-and-is-not"), page.encode("windows-1252"))
    yield Response(*at("says-latin-and-is-not"), page.encode(), "Content-Type: text/html; charset=iso-8859-1")
    yield Response(*at("utf-16"), b"\xff\xfe" + page.encode("utf-16-le"), "Content-Type: text/html")
    yield Response(*at("cut"), page.encode()[:-40], more=(("WARC-Truncated", b"length"),))
    yield Response(*at("nested"), b"<div>" * 100_000 + b"the bottom")
    yield Response(*at("zeros"), page.replace("letter", "let\0ter").encode())


def records_of(page: Response, n: int) -> Iterator[bytes]:
    """The request, the answer and what the crawler found out."""
    url, date = ("WARC-Target-URI", page.url.encode()), ("WARC-Date", page.date.encode())
    asked = f"GET /{page.url.split('/', 3)[3]} HTTP/1.1\r\nUser-Agent: c4pipe-data-samples\r\n\r\n".encode()
    answered = f"HTTP/1.1 {page.status}\r\n{page.header}\r\n\r\n".encode() if page.status else b""
    found = b"languages-cld2: {}\r\n"
    name = urn(f"{page.url} {n} response")
    for kind, media, block, more in (
        ("request", "application/http; msgtype=request", asked, ()),
        (page.kind, "application/http; msgtype=response", answered + page.body, _told(page)),
        ("metadata", "application/warc-fields", found, ()),
    ):
        head: Headers = [
            ("WARC-Type", kind.encode()),
            date,
            ("WARC-Record-ID", name if media.endswith("=response") else urn(f"{page.url} {n} {kind}")),
            ("Content-Length", str(len(block)).encode()),
            ("Content-Type", media.encode()),
            url,
            *more,
        ]
        yield join(head, block)


def _told(page: Response) -> tuple[tuple[str, bytes], ...]:
    digest = ("WARC-Payload-Digest", block_digest(page.body))
    return (
        digest,
        *((("WARC-Identified-Payload-Type", page.identified.encode()),) if page.identified else ()),
        *page.more,
    )


def build() -> Iterator[tuple[str, bytes]]:
    """Every file of the folder: name and bytes."""
    for stem in FILES:
        made = [*pages(stem), *(others() if stem == FILES[-1] else ())]
        written = [record for n, page in enumerate(made) for record in records_of(page, n)]
        yield f"{stem}.warc.gz", b"".join(map(member, [warcinfo(f"{stem}.warc.gz"), *written]))


def main(argv: list[str] | None = None) -> None:
    """Writes the files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "--output", type=Path, default=HERE, help="folder to write to (default: warc, beside this script)"
    )
    output: Path = parser.parse_args(argv).output
    output.mkdir(parents=True, exist_ok=True)
    for name, data in build():
        (output / name).write_bytes(data)
        print(f"{len(data):9,d}  {name}")


if __name__ == "__main__":
    main()
