r"""The WET reader: from the bytes of a Common Crawl WET file to a verdict for each record and damaged stretch.

    stream --members--> Chunk | Break --records--> WarcRecord | LostRecord --pages--> Kept | Rejected

Bad data never raises. Three rules follow: resume at the next gzip member (or at the next record, if there are no
members), never trust a length that runs past the next record, and report each loss.

>>> import io
>>> head = b"WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Target-URI: http://a.example/\r\nWARC-Date: 2024-05-22\r\n"
>>> [verdict] = read_wet(io.BytesIO(head + b"Content-Length: 7\r\n\r\nA page.\r\n\r\n"), "a.wet")
>>> verdict.page.text, verdict.page.source
('A page.', 'a.wet#0')
"""

from c4pipe.wet.pages import NoRecordText, RecordContent, RecordText, read_pages, read_wet
from c4pipe.wet.reasons import READ_REASONS
from c4pipe.wet.record import Limits, LostRecord, WarcRecord
from c4pipe.wet.records import read_records
from c4pipe.wet.text import page_text

__all__ = [
    "READ_REASONS",
    "Limits",
    "LostRecord",
    "NoRecordText",
    "RecordContent",
    "RecordText",
    "WarcRecord",
    "page_text",
    "read_pages",
    "read_records",
    "read_wet",
]
