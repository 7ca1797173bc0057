"""Where a page lies in the bytes of a member that holds one record, if all is written as Common Crawl writes it.

Machine code, for this is asked of every page. What is written otherwise is left to the readers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from c4pipe.native import native

NO, PLAIN, SAME = 0, 1, 2  # it is not; it is; and the reader with the reference's quirks sees the same page
TEXT, TYPE, URL, DATE, ID, LENGTH = range(6)  # of each where it begins and where it ends
PLACES = 12
MOST_DIGITS = 18  # of a length


def packed(*strings: bytes) -> bytes:
    """Each behind a byte with its length, and a zero behind the last."""
    return b"".join(bytes([len(string)]) + string for string in strings) + b"\0"


FIELDS = packed(b"WARC-Type", b"WARC-Target-URI", b"WARC-Date", b"WARC-Record-ID", b"Content-Length")  # from TYPE on
VANISHING = packed(b"WARC", b"Content-", b"CONTENT-")  # a line that begins so is none to the reader with quirks

_VERSION = 10  # bytes of the first line, which the caller has looked at
_TO_LOWER, _COLON, _SLASH, _ZERO, _NINE = 0x20, 0x3A, 0x2F, 0x30, 0x39
# numpy's bytes, for with these the loop over a text takes many bytes at a time.
_LF, _CR, _SPACE, _TILDE = (np.uint8(byte) for byte in b"\n\r ~")
_A, _C, _E, _N, _O, _R, _T, _W = (np.uint8(byte) for byte in b"ACENORTW")
_80, _81, _85, _8A, _9A, _9F = (np.uint8(byte) for byte in (0x80, 0x81, 0x85, 0x8A, 0x9A, 0x9F))
_A0, _A8, _A9, _AF = (np.uint8(byte) for byte in (0xA0, 0xA8, 0xA9, 0xAF))
_C2, _E1, _E2, _E3, _LARGE = (np.uint8(byte) for byte in (0xC2, 0xE1, 0xE2, 0xE3, 0xDF))


def blank(byte: Any) -> bool:
    """Of ASCII, as `str.strip` sees it."""
    return bool(0x09 <= byte <= 0x0D or 0x1C <= byte <= 0x20)


def two(a: Any, b: Any) -> Any:
    """Whether these bytes are a blank: U+0085, U+00A0."""
    return (a == _C2) & ((b == _85) | (b == _A0))


def three(a: Any, b: Any, c: Any) -> Any:
    """Whether these bytes are a blank: U+2000 to U+200A, U+2028, U+2029, U+202F; U+205F; U+1680; U+3000."""
    low = (b == _80) & ((c <= _8A) | (c == _A8) | (c == _A9) | (c == _AF))
    return (
        ((a == _E2) & (low | ((b == _81) & (c == _9F))))
        | ((a == _E1) & (b == _9A) & (c == _80))
        | ((a == _E3) & (b == _80) & (c == _80))
    )


def begins(data: Any, at: int, strings: Any, place: int) -> bool:
    """Whether the data goes on with the string at this place of the packed ones."""
    same = 0
    while same < strings[place] and data[at + same] == strings[place + 1 + same]:
        same += 1
    return bool(same == strings[place])


def begins_with_any(data: Any, at: int, strings: Any) -> bool:
    """Whether the data goes on with one of the packed strings."""
    place = 0
    while strings[place]:
        if begins(data, at, strings, place):
            return True
        place += 1 + strings[place]
    return False


def field(data: Any, start: int, end: int, fields: Any) -> int:
    """The number of the field with this name; 0 if it is none of them, -1 if only the case of its letters differs."""
    place = 0
    number = TYPE
    while fields[place]:
        if fields[place] == end - start:
            same = 0
            while same < end - start and (data[start + same] | _TO_LOWER) == (fields[place + 1 + same] | _TO_LOWER):
                same += 1
            if same == end - start:
                return number if begins(data, start, fields, place) else -1
        place += 1 + fields[place]
        number += 1
    return 0


def header(data: Any, size: int, fields: Any, vanishing: Any, places: Any) -> tuple[int, bool]:
    """Where the header ends, 0 if it is not of this form, and whether all of its lines vanish. Fills in the places."""
    at = _VERSION
    gone = True
    for i in range(2 * TYPE, PLACES):
        places[i] = 0
    while True:
        start, colon = at, 0
        while at < size and _SPACE <= data[at] <= _TILDE:
            if not colon and data[at] == _COLON:
                colon = at
            at += 1
        if at + 2 > size or data[at] != _CR or data[at + 1] != _LF:
            return 0, False
        if at == start:
            return at + 2, gone
        vanishes = begins_with_any(data, start, vanishing)
        gone = gone and vanishes
        if data[start] == _SPACE or (vanishes and data[start + 4] == _SLASH):  # a line goes on; a record begins
            return 0, False
        if colon:
            number = field(data, start, colon, fields)
            if number < 0 or data[colon - 1] == _SPACE or (number and places[2 * number]):
                return 0, False
            if number:
                first, last = colon + 1, at
                while first < last and data[first] == _SPACE:
                    first += 1
                while first < last and data[last - 1] == _SPACE:
                    last -= 1
                places[2 * number], places[2 * number + 1] = first, last
        at += 2


def tidy(data: Any, start: int, end: int) -> tuple[bool, bool]:
    """Whether no line of the text has a blank at an end or is blank, and whether none vanishes, the first left out.

    Looks at four bytes behind the text, too. Without branches.
    """
    bad = vanishing = False
    for i in range(start, end):
        newline = data[i] == _LF
        a, b, c = data[i + 1], data[i + 2], data[i + 3]
        x, y, z = data[i - 3], data[i - 2], data[i - 1]
        around = (a <= _SPACE) | (z <= _SPACE) | two(a, b) | two(y, z) | three(a, b, c) | three(x, y, z)
        bad |= (data[i] == _CR) | (newline & around)
        warc = (a == _W) & (b == _A) & (c == _R)
        content = (a == _C) & (b & _LARGE == _O) & (c & _LARGE == _N)
        content &= (data[i + 4] & _LARGE == _T) & (data[i + 5] & _LARGE == _E)
        vanishing |= newline & (warc | content)
    return not bad, not vanishing


@native("int64(uint8*, int64, int64, int64, uint8*, uint8*, int64*)")
def locate(
    data: Any, size: int, most_header: int, most_text: int, fields: Any, vanishing: Any, places: Any
) -> int:  # fmt: skip
    """NO, PLAIN or SAME for a member of `size` bytes that begins with the version line.

    Args:
        most_header, most_text: bytes.
        fields: FIELDS
        vanishing: VANISHING
        places: (PLACES,) is filled in; a field that is absent or has no value begins and ends at the same place. The
            text is stripped.
    """
    body, gone = header(data, size, fields, vanishing, places)
    digits = places[2 * LENGTH + 1] - places[2 * LENGTH]
    if not body or body > most_header or not 0 < digits <= MOST_DIGITS:
        return NO
    length = 0
    for at in range(places[2 * LENGTH], places[2 * LENGTH + 1]):
        if not _ZERO <= data[at] <= _NINE:
            return NO
        length = 10 * length + data[at] - _ZERO
    start, end = body, body + length
    if length > most_text or end + 4 != size:
        return NO
    if data[end] != _CR or data[end + 1] != _LF or data[end + 2] != _CR or data[end + 3] != _LF:
        return NO
    while start < end and blank(data[start]):
        start += 1
    while start < end and blank(data[end - 1]):
        end -= 1
    if start == end or two(data[start], data[start + 1]) or three(data[start], data[start + 1], data[start + 2]):
        return NO
    if two(data[end - 2], data[end - 1]) or three(data[end - 3], data[end - 2], data[end - 1]):
        return NO
    places[2 * TEXT], places[2 * TEXT + 1] = start, end
    is_tidy, none_vanishes = tidy(data, start, end)
    if not is_tidy:
        return NO
    return SAME if gone and none_vanishes and not begins_with_any(data, start, vanishing) else PLAIN
