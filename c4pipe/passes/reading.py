"""Reads inputs into verdicts as the first stage of a preset says, and single pages again by their `source`.

    bytes --read_input--> Kept(page) | Rejected       bytes, sources --pages_again--> page, page, ...

A page can be read again if its `source` is a place in the file as stored: a gzip member, a record or line of an
uncompressed file, a row, or the whole file. Inside a gzip member, and in zstd data, no such place exists: everything
before it would have to be decompressed again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, BinaryIO

from c4pipe.documents import Span, read_documents, spans_of_rows
from c4pipe.documents.spans import WHOLE
from c4pipe.html import read_warc
from c4pipe.page import Kept, Page, Tally, Verdict
from c4pipe.stages import Read, ReadWarc
from c4pipe.wet import read_wet
from c4pipe.wet.gzips import GZIP_MAGIC
from c4pipe.wet.kinds import HEAD_BYTES
from c4pipe.wet.reasons import LENGTH_MISMATCH
from c4pipe.wet.zstds import opens_zstd


def read_input(stream: Any, name: str, how: Read, span: Span = WHOLE) -> Iterator[Verdict]:
    """The verdicts on the records of a file, or of those that begin in a part of it, from the stream's position."""
    if how.format == "wet":
        return read_wet(stream, name, quirks=how.quirks)
    if isinstance(how, ReadWarc):
        return read_warc(stream, name, how.extract)
    return read_documents(stream, name, how.format, span=span, keys=how.keys)


def has_places(stream: BinaryIO, how: Read) -> bool:
    """Whether pages of a file have places in it, by its first bytes; the stream starts at its beginning and is left
    there.
    """
    if how.format in ("text", "parquet"):
        return True
    head = stream.read(HEAD_BYTES)
    stream.seek(0)
    return not opens_zstd(head) and not (how.format == "jsonl" and head.startswith(GZIP_MAGIC[:2]))


def has_place(source: str, tally: Tally) -> bool:
    """Whether a page, in a file that has places, can be read again from its own; `tally` is the reader's. If a record's
    length is wrong, its end depends on what was read before.

    >>> has_place("a+b.warc.wet.gz#2051", {}), has_place("a.warc.wet.gz#0+2051", {})
    (True, False)
    """
    return "+" not in source[source.rfind("#") + 1 :] and LENGTH_MISMATCH.code not in tally


def pages_again(stream: BinaryIO, name: str, how: Read, sources: Collection[str]) -> Iterator[Page]:
    """The pages of these places in a file, as `read_input` yielded them; pages that are gone are skipped.

    In a file that was rewritten since, a source may lead to any page.
    """
    numbers = sorted(int(source[source.rfind("#") + 1 :]) for source in sources)
    if how.format == "text":
        spans = [WHOLE]
    elif how.format == "parquet":
        spans = spans_of_rows(stream, numbers)
    else:
        spans = [Span(number, number + 1) for number in numbers]
    for span in spans:
        yield from _pages_in(stream, name, how, span, sources)


def _pages_in(stream: BinaryIO, name: str, how: Read, span: Span, sources: Collection[str]) -> Iterator[Page]:
    if how.format not in ("wet", "warc"):
        stream.seek(0)
        found = (v.page for v in read_input(stream, name, how, span) if isinstance(v, Kept))
        yield from (page for page in found if page.source in sources)
        return
    stream.seek(span.start)
    # With the reference's quirks, a page comes out once the next one begins: after any number of damaged members.
    page = next((v.page for v in read_input(stream, name, how) if isinstance(v, Kept)), None)
    if page is not None and page.source == f"{name}#0":
        yield page._replace(source=f"{name}#{span.start}")
