"""What the characters of a line mean to the kernel, and the marks that form pairs. All of it is compiled into it."""

from __future__ import annotations

from typing import Any

# For each byte: its lower case, and above that one of these flags.
ORDINARY, STOPS, ENDS, DOUBLE_QUOTE, APOSTROPHE, OPENS, CLOSES, AT_SIGN, TWO_BYTES, THREE_BYTES, OTHER_BYTE = range(11)
BYTE_BITS = 8
# For each code point below 2**16: its lower case, in as many bytes, or one of these.
UNKNOWN = 0  # in no plain line
QUOTE_MARK = 1  # a quotation mark
WIDE_BLANK = 2  # the no-break space
BEGINS_NOTHING = 3  # does not begin a sentence
CAPITAL_SIGMA = 4  # has two lower cases
MOST_BLANKS = 16  # a stop with more blanks behind it is not plain
LONG_ITEM = 64  # bytes without a blank in front of a bracket; more are not examined

ONE_BLANK, COMMA, DOT, SLASH, SQUARE, ROUND = tuple(b" ,./[(")
DASH_BYTE = 0xE2  # the first byte of dashes and of curly quotes
RIGHT_QUOTE = 0x2019  # ’, which is also an apostrophe
WIDE_BLANK_BYTES = (0xC2, 0xA0)
_DOUBLE = 0x22
_ROMAN = sum(1 << (letter & 31) for letter in b"ivxlcdm")


def is_letter(byte: Any) -> bool:
    return bool(97 <= byte | 32 <= 122)


def is_digit(byte: Any) -> bool:
    return bool(48 <= byte <= 57)


def is_small(byte: Any) -> bool:
    return bool(97 <= byte <= 122)


def is_capital(byte: Any) -> bool:
    return bool(65 <= byte <= 90)


def byte_kind(byte: Any, of_byte: Any) -> int:
    return int(of_byte[byte] >> BYTE_BITS)


def point_width(kind: int) -> int:
    """The width of a character in bytes."""
    return 2 if kind == TWO_BYTES else 3 if kind == THREE_BYTES else 1


def point_at(text: Any, at: int, kind: int) -> int:
    """The code point of a character of two bytes or three."""
    if kind == TWO_BYTES:
        return int(text[at] & 0x1F) << 6 | int(text[at + 1] & 0x3F)
    return int(text[at] & 0xF) << 12 | int(text[at + 1] & 0x3F) << 6 | int(text[at + 2] & 0x3F)


def quote_at(text: Any, at: int, kind: int, of_point: Any) -> int:
    """The quotation mark at this place, or 0."""
    if kind == DOUBLE_QUOTE:
        return _DOUBLE
    if kind != TWO_BYTES and kind != THREE_BYTES:
        return 0
    point = point_at(text, at, kind)
    return point if of_point[point] == QUOTE_MARK else 0


def closer_of(quote: int) -> int:
    """The mark that closes this one, 0 if it opens nothing."""
    if quote == 0xAB or quote == 0xBB:  # « and » close each other
        return quote ^ 0x10
    if quote == 0x201E:  # „“
        return 0x201C
    if quote == 0x201C or quote == 0x2018:  # “” ‘’
        return quote + 1
    return _DOUBLE if quote == _DOUBLE else 0


def past_blanks(text: Any, at: int) -> int:
    """The end of the blanks there, or a place more than `MOST_BLANKS` further."""
    end = at
    while text[end] == ONE_BLANK and end - at <= MOST_BLANKS:
        end += 1
    return end


def is_item(text: Any, line: int, at: int) -> bool:
    """Whether the text between the last blank and a bracket may be the number of a list item."""
    start = at
    while start > line and text[start - 1] != ONE_BLANK:
        start -= 1
        if at - start > LONG_ITEM:
            return True
    opened = text[start] == ROUND
    start += opened
    size = at - start - (at > start and text[at - 1] == DOT)
    digits = romans = 0
    for i in range(start, start + size):
        digits += is_digit(text[i])
        romans += is_letter(text[i]) and _ROMAN >> (text[i] & 31) & 1
    if size > 0 and digits == size:
        return not opened or size <= 2
    return bool(size > 0 and romans == size) or (size == 1 and is_letter(text[start]))


def stands_within(text: Any, line: int, at: int, kind: int, what: int, of_byte: Any) -> bool:
    """Whether a wide blank precedes a letter or digit of the same line, or no stop is behind the blanks that follow
    another character that begins no sentence."""
    behind = at + point_width(kind)
    if what == WIDE_BLANK:
        return at > line and text[at - 1] != ONE_BLANK and (is_letter(text[behind]) or is_digit(text[behind]))
    behind = past_blanks(text, behind)
    return byte_kind(text[behind], of_byte) != STOPS and text[behind] != DASH_BYTE


def is_greek(text: Any, at: int) -> bool:
    """Whether a Greek letter is there, so that a sigma before it does not end a word."""
    return bool((text[at] == 0xCE and text[at + 1] >= 0x88) or (text[at] == 0xCF and text[at + 1] <= 0x8E))


def is_wide_letter(text: Any, at: int) -> bool:
    """Whether a letter from À to ÿ, or one of Russian or Ukrainian, is there."""
    if text[at] == 0xC3:
        return bool(text[at + 1] != 0x97 and text[at + 1] != 0xB7)  # × and ÷
    return bool(text[at] == 0xD0 or text[at] == 0xD1)
