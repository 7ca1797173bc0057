r"""Any corpus as pages: reads text files, JSON Lines and Parquet, with one verdict for every record, as for a WET file.

    stream --unpacked--> bytes | Break --text, jsonl--> Fields --document--> Kept(Page) | Rejected(Page, Reason)
    stream --parquet----------------------------------> Fields

A record's layout says where its fields are (`layouts`). A page's text is tidied as by the WET reader, so that every
rule sees the same kind of lines. A missing URL or date is an empty string, and counted. Bad data never raises an
exception.

>>> import io
>>> [verdict] = read_documents(io.BytesIO(b'{"text": " One line. \\n\\nAnother.", "id": 7}\n'), "a.jsonl", "jsonl")
>>> verdict.page.text, verdict.page.url, verdict.page.source, dict(verdict.tally)
('One line.\nAnother.', '', 'a.jsonl#0', {'no_url_given': 1, 'no_date_given': 1})
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from c4pipe.documents.jsonl import read_jsonl
from c4pipe.documents.layouts import NO_KEYS, FieldKeys
from c4pipe.documents.named import FORMAT_SUFFIXES, KEYED, format_of
from c4pipe.documents.parquet import read_parquet, spans_of_rows
from c4pipe.documents.peeking import Peek, check_keys, check_text_key, peek, reading_as
from c4pipe.documents.plain import read_text
from c4pipe.documents.reasons import DOCUMENT_REASONS
from c4pipe.documents.spans import WHOLE, Span
from c4pipe.errors import unknown
from c4pipe.page import Verdict
from c4pipe.wet.record import DEFAULT_LIMITS, Limits

__all__ = [
    "DOCUMENT_REASONS",
    "FORMATS",
    "FORMAT_SUFFIXES",
    "KEYED",
    "NO_KEYS",
    "FieldKeys",
    "Peek",
    "Span",
    "check_keys",
    "check_text_key",
    "format_of",
    "peek",
    "read_documents",
    "reading_as",
    "spans_of_rows",
]


def read_documents(
    stream: BinaryIO,
    source: str,
    format: str,  # noqa: A002
    limits: Limits = DEFAULT_LIMITS,
    span: Span = WHOLE,
    keys: FieldKeys = NO_KEYS,
) -> Iterator[Verdict]:
    """The pages of a file in file order, and for all else a rejection with its reason (one of DOCUMENT_REASONS).

    `span` is the part to read: consecutive spans yield, one after the other, what the whole file yields. Uncompressed
    JSON Lines are cut at lines, Parquet between row groups; any other file belongs completely to the span that starts
    at 0. `keys` are user-supplied paths, which replace those of the file's layout.

    `stream` returns the file as it is stored; gzip and zstd are detected by content. Text and JSON Lines only need
    `read`, except for a span that starts later; Parquet needs `seek` and `tell`. The caller owns it; exceptions of its
    methods pass through, and the only other one is ConfigError for a format not in FORMATS. `source` names the file:
    the `source` of a page is that name, "#", and the byte offset of its line in the unpacked text, or the number of its
    row, or 0 if the file is one document. Lost data counts as one byte, or as the rest of the file's rows.
    """
    if format not in _READERS:
        raise unknown("input format", format, FORMATS)
    return _READERS[format](stream, source, limits, span, keys)


_READERS = {"text": read_text, "jsonl": read_jsonl, "parquet": read_parquet}
FORMATS = tuple(_READERS)
