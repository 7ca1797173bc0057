"""Locates the page in a member that holds one record, if everything is written as Common Crawl writes it.

Machine code, because it runs for every page. Anything written otherwise is left to the readers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from c4pipe.native import native

TEXT, URL, DATE, ID, TYPE, LENGTH = range(6)  # each has a begin and an end
HEADER_LIMIT, TEXT_LIMIT, URL_LIMIT, QUIRKS = range(12, 16)  # limits in bytes; 1 for the reader with quirks
SLOTS = 16
MOST_DIGITS = 18  # digits of a length


def packed(*strings: bytes) -> bytes:
    """Each string preceded by a byte with its length, and a zero at the end."""
    return b"".join(bytes([len(string)]) + string for string in strings) + b"\0"


_FIELDS = packed(b"WARC-Target-URI", b"WARC-Date", b"WARC-Record-ID", b"WARC-Type", b"Content-Length")  # from URL on
_VANISHING = packed(b"WARC", b"Content-", b"CONTENT-")  # the reader with quirks ignores lines that begin so
_PAGE = packed(b"WARC/1.0\r\n", b"conversion")
KNOWN = _FIELDS + _VANISHING + _PAGE
_V, _P = len(_FIELDS), len(_FIELDS + _VANISHING)  # their offsets in KNOWN

_VERSION = 10  # bytes of the first line
_LESS, _MORE = 0x3C, 0x3E
_TO_LOWER, _COLON, _SLASH, _ZERO, _NINE = 0x20, 0x3A, 0x2F, 0x30, 0x39
# numpy's bytes, because with these the loop over a text is vectorised.
_LF, _CR, _SPACE, _TILDE = (np.uint8(byte) for byte in b"\n\r ~")
_A, _C, _E, _N, _O, _R, _T, _W = (np.uint8(byte) for byte in b"ACENORTW")
_80, _81, _85, _8A, _9A, _9F = (np.uint8(byte) for byte in (0x80, 0x81, 0x85, 0x8A, 0x9A, 0x9F))
_A0, _A8, _A9, _AF = (np.uint8(byte) for byte in (0xA0, 0xA8, 0xA9, 0xAF))
_C2, _E1, _E2, _E3, _LARGE = (np.uint8(byte) for byte in (0xC2, 0xE1, 0xE2, 0xE3, 0xDF))


def blank(byte: Any) -> bool:
    """Whether it is blank to `str.strip`, for ASCII."""
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
    """Whether the data continues with the string at this place of the packed ones."""
    same = 0
    while same < strings[place] and data[at + same] == strings[place + 1 + same]:
        same += 1
    return bool(same == strings[place])


def vanishes(data: Any, at: int, known: Any) -> bool:
    """Whether the reader with quirks ignores a line that begins here."""
    place = _V
    while known[place]:
        if begins(data, at, known, place):
            return True
        place += 1 + known[place]
    return False


def field(data: Any, start: int, end: int, known: Any) -> int:
    """The number of the field with this name; 0 if it is none of them, -1 if only the case of its letters differs."""
    place = 0
    number = URL
    while known[place]:
        if known[place] == end - start:
            same = 0
            while same < end - start and (data[start + same] | _TO_LOWER) == (known[place + 1 + same] | _TO_LOWER):
                same += 1
            if same == end - start:
                return number if begins(data, start, known, place) else -1
        place += 1 + known[place]
        number += 1
    return 0


def header(data: Any, size: int, known: Any, numbers: Any) -> tuple[int, bool]:
    """Where the header ends, 0 if it is not of this form, and whether all its lines vanish. Fills in the numbers."""
    at = _VERSION
    gone = True
    for i in range(2 * URL, 2 * LENGTH + 2):
        numbers[i] = 0
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
        line_goes = vanishes(data, start, known)
        gone = gone and line_goes
        if data[start] == _SPACE or (line_goes and data[start + 4] == _SLASH):  # a folded line; a record begins
            return 0, False
        if colon:
            number = field(data, start, colon, known)
            if number < 0 or data[colon - 1] == _SPACE or (number and numbers[2 * number]):
                return 0, False
            if number:
                first, last = colon + 1, at
                while first < last and data[first] == _SPACE:
                    first += 1
                while first < last and data[last - 1] == _SPACE:
                    last -= 1
                numbers[2 * number], numbers[2 * number + 1] = first, last
        at += 2


def is_page(data: Any, known: Any, numbers: Any) -> bool:
    """Whether the fields are those of a page that no reader rejects. Strips the brackets from the record's name."""
    conversion = _P + 1 + known[_P]
    if numbers[2 * TYPE + 1] - numbers[2 * TYPE] != known[conversion]:
        return False
    if not begins(data, numbers[2 * TYPE], known, conversion) or numbers[2 * DATE] == numbers[2 * DATE + 1]:
        return False
    first, last = numbers[2 * ID], numbers[2 * ID + 1]
    while first < last and (data[first] == _LESS or data[first] == _MORE):
        first += 1
    while first < last and (data[last - 1] == _LESS or data[last - 1] == _MORE):
        last -= 1
    numbers[2 * ID], numbers[2 * ID + 1] = first, last
    length = numbers[2 * URL + 1] - numbers[2 * URL]
    return bool(0 < length <= numbers[URL_LIMIT] and data[numbers[2 * URL]] != _LESS)


def is_tidy(data: Any, start: int, end: int) -> bool:
    """Whether no line of the text is blank or has a blank at an end. Reads three bytes behind it. No branches."""
    bad = False
    for i in range(start, end):
        newline = data[i] == _LF
        a, b, c = data[i + 1], data[i + 2], data[i + 3]
        x, y, z = data[i - 3], data[i - 2], data[i - 1]
        around = (a <= _SPACE) | (z <= _SPACE) | two(a, b) | two(y, z) | three(a, b, c) | three(x, y, z)
        bad |= (data[i] == _CR) | (newline & around)
    return not bad


def none_vanishes(data: Any, start: int, end: int) -> bool:
    """Whether no line but the first `vanishes`. Reads five bytes behind the text. No branches."""
    found = False
    for i in range(start, end):
        a, b, c = data[i + 1], data[i + 2], data[i + 3]
        content = (a == _C) & (b & _LARGE == _O) & (c & _LARGE == _N)
        content &= (data[i + 4] & _LARGE == _T) & (data[i + 5] & _LARGE == _E)
        found |= (data[i] == _LF) & (content | ((a == _W) & (b == _A) & (c == _R)))
    return not found


@native("int64(uint8*, int64, uint8*, int64*)")
def locate(data: Any, size: int, known: Any, numbers: Any) -> int:
    """1 if these bytes hold one page, written as Common Crawl does; 0 if not, or if its reader would read it otherwise.

    Args:
        data: (size + 1,), with a zero behind the last, as `bytes` have.
        known: KNOWN
        numbers: (NUMBERS,) with the limits; receives the offsets of the fields without their blanks, and of the text
            stripped. A field that is absent or has no value begins and ends at the same place.
    """
    if not begins(data, 0, known, _P):
        return 0
    body, gone = header(data, size, known, numbers)
    digits = numbers[2 * LENGTH + 1] - numbers[2 * LENGTH]
    if not body or body > numbers[HEADER_LIMIT] or not 0 < digits <= MOST_DIGITS or not is_page(data, known, numbers):
        return 0
    length = 0
    for at in range(numbers[2 * LENGTH], numbers[2 * LENGTH + 1]):
        if not _ZERO <= data[at] <= _NINE:
            return 0
        length = 10 * length + data[at] - _ZERO
    start, end = body, body + length
    if length > numbers[TEXT_LIMIT] or end + 4 != size or size > numbers[HEADER_LIMIT] + numbers[TEXT_LIMIT]:
        return 0
    if data[end] != _CR or data[end + 1] != _LF or data[end + 2] != _CR or data[end + 3] != _LF:
        return 0
    while start < end and blank(data[start]):
        start += 1
    while start < end and blank(data[end - 1]):
        end -= 1
    if start == end or two(data[start], data[start + 1]) or three(data[start], data[start + 1], data[start + 2]):
        return 0
    if two(data[end - 2], data[end - 1]) or three(data[end - 3], data[end - 2], data[end - 1]):
        return 0
    numbers[2 * TEXT], numbers[2 * TEXT + 1] = start, end
    if numbers[QUIRKS] and not (gone and not vanishes(data, start, known) and none_vanishes(data, start, end)):
        return 0
    return 1 if is_tidy(data, start, end) else 0
