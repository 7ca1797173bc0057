r"""Any corpus as pages: text files, JSON Lines and Parquet in, one verdict for every record out, as from a WET file.

    stream --unpacked--> bytes | Break --text, jsonl--> Fields --document--> Kept(Page) | Rejected(Page, Reason)
    stream --parquet----------------------------------> Fields

A page's text is tidied as the WET reader does it, so that every rule sees the same kind of lines. A URL or a date that
is missing is filled in and counted. Bad data is never an exception.

>>> import io
>>> [verdict] = read_documents(io.BytesIO(b'{"text": " One line. \\n\\nAnother.", "id": 7}\n'), "a.jsonl", "jsonl")
>>> verdict.page.text, verdict.page.url, verdict.page.source, dict(verdict.tally)
('One line.\nAnother.', 'file:///a.jsonl#0', 'a.jsonl#0', {'url_filled': 1, 'date_filled': 1})
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from c4pipe.documents.fields import EPOCH_DATE
from c4pipe.documents.jsonl import read_jsonl
from c4pipe.documents.parquet import read_parquet
from c4pipe.documents.plain import read_text
from c4pipe.documents.reasons import DOCUMENT_REASONS
from c4pipe.errors import unknown
from c4pipe.page import Verdict
from c4pipe.wet.record import DEFAULT_LIMITS, Limits

__all__ = ["DOCUMENT_REASONS", "EPOCH_DATE", "FORMATS", "FORMAT_SUFFIXES", "read_documents"]


def read_documents(stream: BinaryIO, source: str, format: str, limits: Limits = DEFAULT_LIMITS) -> Iterator[Verdict]:  # noqa: A002
    """The pages of a file, and what is no page with the reason (one of DOCUMENT_REASONS), in the order of the file.

    `stream` gives the file as it is stored; gzip and zstd are told by content. Text and JSON Lines only `read` it,
    Parquet needs `seek` and `tell`. The caller owns it; what its methods raise passes through, and nothing else is
    raised but ConfigError for a format that is none of FORMATS. `source` names the file: the `source` of a page is that
    name, "#", and the byte offset of its line in the unpacked text, or the number of its row, or 0 where the file is
    one document. What is lost of a file counts as one byte, or row.
    """
    if format not in _READERS:
        raise unknown("input format", format, FORMATS)
    return _READERS[format](stream, source, limits)


_READERS = {"text": read_text, "jsonl": read_jsonl, "parquet": read_parquet}
FORMATS = tuple(_READERS)
_PACKED = ("", ".gz", ".zst", ".zstd")  # read whatever the name says
FORMAT_SUFFIXES = {  # of the files that a folder is searched for, in letters of any case
    "text": tuple(f".txt{packed}" for packed in _PACKED),
    "jsonl": tuple(f".{kind}{packed}" for kind in ("jsonl", "jsonlines", "ndjson", "json", "jl") for packed in _PACKED),
    "parquet": (".parquet", ".parq", ".pq"),
}
