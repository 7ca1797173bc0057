"""The first numbers of a page header in a Parquet file, which pyarrow does not expose."""

from __future__ import annotations

from typing import NamedTuple

_I32 = 0x15  # Thrift's compact protocol: the next field, and it is a 32-bit number
_DICTIONARY = 2  # parquet.thrift, enum PageType


class PageSizes(NamedTuple):
    """A page of a column."""

    is_dictionary: bool
    unpacked: int  # bytes


def page_sizes(head: bytes) -> PageSizes | None:
    """The beginning of a page header (parquet.thrift, PageHeader: type, uncompressed size); None if it is not one.

    >>> page_sizes(bytes([0x15, 4, 0x15, 0x80, 0x01, 0x15]))
    PageSizes(is_dictionary=True, unpacked=64)
    """
    numbers = []
    at = 0
    for _ in range(2):
        if head[at : at + 1] != bytes([_I32]):
            return None
        at, zigzag, shift = at + 1, 0, 0
        while at < len(head) and head[at] & 0x80 and shift < 35:
            zigzag |= (head[at] & 0x7F) << shift
            at, shift = at + 1, shift + 7
        if at == len(head):
            return None
        zigzag |= head[at] << shift
        at += 1
        numbers.append(zigzag >> 1 ^ -(zigzag & 1))
    kind, unpacked = numbers
    return PageSizes(kind == _DICTIONARY, unpacked)
