"""The types of the record layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from c4pipe.page import Reason

NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True)
class Limits:
    """Limits on a record, in bytes. A larger one is lost as `too_large` and never held as a whole."""

    record: int = 16 << 20  # text
    header: int = 64 << 10


DEFAULT_LIMITS = Limits()


class WarcRecord(NamedTuple):
    """A whole WARC record of any type."""

    offset: int  # bytes: of its gzip member in the file, of its first byte in a plain file
    inner: int  # bytes: of the record in its member; 0 for the first one and in plain files
    version: str  # "WARC/1.0"
    headers: dict[str, str]  # lower-cased name -> first value
    head: bytes  # the header block unchanged, blank line included
    body: bytes
    length_mismatch: bool = False  # Content-Length is absent or wrong


class LostRecord(NamedTuple):
    """A record, or a stretch of the file, that cannot be read."""

    reason: Reason
    offset: int  # as in `WarcRecord`
    detail: str
    inner: int = 0
    headers: Mapping[str, str] = NO_HEADERS  # those read before the damage
