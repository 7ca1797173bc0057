"""How complex a page is, from its bytes alone: upper bounds on what an HTML parser makes of it, before it is run.

Parsers take time quadratic in some counts and, since unclosed formatting is reopened in every following block (HTML
Standard, 13.2.4.3), memory in a product of two. So each count is bounded first. The scan ignores comments and
scripts: what looks like a tag is one, and an end tag counts only if it closes the element opened last, with nothing
in between that could have hidden it. So its depth and formatting are never too low, except for elements without a
tag: html and body, a tbody and a tr in a table, and reopened formatting.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from c4pipe.native import native

_HELD = 4096  # open elements that the scan remembers; any more count as never closed
_STEPS_A_BYTE, _FREE_STEPS = 64, 1 << 24  # of the scan: unclosed quotes make it read text again and again
_TAGS, _DEPTH, _FORMATTING, _ATTRIBUTES, _GAVE_UP = range(5)

# The role of an element in a parser, as bits. (HTML Standard, 13.2.6: "in body", foreign content, implied end tags.)
_FORMAT, _VOID, _NEVER, _HIDES, _FOREIGN, _IMPLIED, _CELL, _ROW, _ENDS, _TABLE = (1 << i for i in range(10))
_ELEMENTS = {
    "b big code em font i nobr s small strike strong tt u": _FORMAT,
    "br embed hr img meta": _NEVER,  # never contain an element, not even in SVG
    "area base basefont bgsound col frame image input keygen link param source track wbr": _VOID,
    "iframe noembed noframes noscript plaintext script select style template textarea title xmp": _HIDES,
    "math svg": _HIDES | _FOREIGN,
    "dd dt li p": _IMPLIED,
    "option": _IMPLIED | _CELL,
    "td th": _CELL | _ENDS,
    "tr": _ROW | _TABLE,
    "tbody tfoot thead": _TABLE,
    "table": _ENDS | _TABLE,
    "article aside blockquote center div dl fieldset figure footer form header main nav ol section ul": _ENDS,
}
_SLOTS = 512  # of a hash table by name
_PRIME, _BASIS = 1099511628211, -3750763034362895579  # FNV-1a, 64 bits


class Tangle(NamedTuple):
    """Upper bounds."""

    tags: int  # start and end tags
    depth: int  # elements inside one another
    formatting: int  # elements that may be reopened repeatedly
    attributes: int  # sum over all tags of the square of their number
    gave_up: bool  # the scan would have taken too long


def tangle_of(html: bytes | memoryview) -> Tangle:
    """The bounds of a page in UTF-8."""
    data, numbers, held = np.frombuffer(html, np.uint8), np.zeros(5, np.int64), np.empty(2 * _HELD, np.int64)
    _scan(data.ctypes.data, len(data), _KINDS.ctypes.data, _KNOWN.ctypes.data, held.ctypes.data, numbers.ctypes.data)
    tags, depth, formatting, attributes, gave_up = numbers.tolist()
    return Tangle(tags, depth, formatting, attributes, bool(gave_up))


def _hash(name: str) -> int:
    value = _BASIS
    for byte in name.encode():
        value = (value ^ byte) * _PRIME
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)


def _known() -> np.ndarray[Any, np.dtype[np.int64]]:
    """(2 * _SLOTS,): at twice the slot of a name its hash, followed by its bits."""
    table = np.zeros(2 * _SLOTS, np.int64)
    for names, bits in _ELEMENTS.items():
        for name in names.split():
            slot = _hash(name) & (_SLOTS - 1)
            while table[2 * slot + 1]:
                slot = (slot + 1) & (_SLOTS - 1)
            table[2 * slot], table[2 * slot + 1] = _hash(name), bits
    return table


_KNOWN = _known()

_LESS, _MORE, _SLASH, _EQUALS, _QUOTE, _APOSTROPHE, _BANG, _ASK = b"<>/=\"'!?"


_LESS_BYTE = np.uint8(_LESS)  # numpy's, for the block
_BLOCK = 32  # bytes
_NAME, _SPACE, _LETTER = 1, 2, 4  # kinds of a byte, as bits: ends an attribute's name; separates words; an ASCII letter


def _kinds() -> np.ndarray[Any, np.dtype[np.uint8]]:
    """(256,): the kind of each byte."""
    table = np.zeros(256, np.uint8)
    table[[9, 10, 11, 12, 13, 32]] = _NAME | _SPACE
    table[[*b"/>="]] = _NAME
    table[[*range(65, 91), *range(97, 123)]] = _LETTER
    return table


_KINDS = _kinds()


def next_less(data: Any, at: int, size: int) -> int:
    """Where the next "<" is, or `size`. Block by block, which the compiler vectorises."""
    while at + _BLOCK <= size:
        found = False
        for i in range(at, at + _BLOCK):
            found |= data[i] == _LESS_BYTE
        if found:
            break
        at += _BLOCK
    while at < size and data[at] != _LESS:
        at += 1
    return at


def bits_of(known: Any, name: int) -> int:
    """The bits of the element with this hash; 0 for one without a special role."""
    slot = name & (_SLOTS - 1)
    while known[2 * slot + 1]:
        if known[2 * slot] == name:
            return int(known[2 * slot + 1])
        slot = (slot + 1) & (_SLOTS - 1)
    return 0


def skip_attributes(data: Any, at: int, size: int, kinds: Any) -> tuple[int, int, bool]:
    """From the end of a tag's name to the end of the tag: where that is, its attributes, and whether there is a "<"."""
    count = 0
    less = False
    while at < size and data[at] != _MORE:
        if kinds[data[at]] & _SPACE or data[at] == _SLASH:
            at += 1
            continue
        count += 1
        less |= data[at] == _LESS
        at += 1  # an equals sign may be the first character of a name
        while at < size and not kinds[data[at]] & _NAME:
            less |= data[at] == _LESS
            at += 1
        after = at
        while after < size and kinds[data[after]] & _SPACE:
            after += 1
        if after == size or data[after] != _EQUALS:
            continue
        at = after + 1
        while at < size and kinds[data[at]] & _SPACE:
            at += 1
        if at < size and (data[at] == _QUOTE or data[at] == _APOSTROPHE):
            quote = data[at]
            at += 1
            while at < size and data[at] != quote:
                less |= data[at] == _LESS
                at += 1
            at += at < size
        else:
            while at < size and not kinds[data[at]] & _SPACE and data[at] != _MORE:
                less |= data[at] == _LESS
                at += 1
    return at, count, less


def closes(held: Any, top: int, name: int, bits: int) -> int:
    """The number of open elements after an end tag."""
    if top and held[2 * (top - 1)] == name:
        return top - 1
    through = _IMPLIED if bits & _ENDS else 0  # what such an end tag also closes
    if bits & _TABLE:
        through |= _IMPLIED | _CELL | _ROW | _TABLE
    at = top
    while through and at and held[2 * (at - 1) + 1] & through and held[2 * (at - 1)] != name:
        at -= 1
    return at - 1 if at and held[2 * (at - 1)] == name else top


def replaces(held: Any, top: int, bits: int, name: int, foreign: bool) -> int:
    """The number of open elements after a start tag has closed those that cannot contain it."""
    if bits & _IMPLIED and not bits & _CELL and top and held[2 * (top - 1)] == name:
        return top - 1
    if foreign:
        return top
    if bits & (_CELL | _ROW) and top and held[2 * (top - 1) + 1] & _CELL:
        top -= 1
    if bits & _ROW and top and held[2 * (top - 1) + 1] & _ROW:
        top -= 1
    return top


@native("int64(uint8*, int64, uint8*, int64*, int64*, int64*)")
def _scan(data: Any, size: int, kinds: Any, known: Any, held: Any, numbers: Any) -> int:
    """Fills in the numbers: _TAGS to _GAVE_UP.

    Args:
        data: (size,)
        kinds: (256,), `_KINDS`.
        known: (2 * _SLOTS,), `_KNOWN`.
        held: (2 * _HELD,): hash and bits of open elements.
        numbers: (5,), zeros.
    """
    at = top = lasting = lasting_formats = formats = steps = tags = depth = formatting = attributes = 0
    foreign = False
    limit = _STEPS_A_BYTE * size + _FREE_STEPS
    while True:
        at = next_less(data, at, size) + 1
        if at >= size or steps > limit:
            numbers[_TAGS], numbers[_DEPTH], numbers[_FORMATTING] = tags, depth, formatting
            numbers[_ATTRIBUTES], numbers[_GAVE_UP] = attributes, at < size
            return 0
        hides = data[at] == _BANG or data[at] == _ASK
        start = at + (data[at] == _SLASH)
        if not hides and not (start < size and kinds[data[start]] & _LETTER):
            continue
        end, behind, bits, less = start, start, 0, False
        name: Any = _BASIS
        if not hides:
            while end < size and (not kinds[data[end]] & _NAME or data[end] == _EQUALS):
                upper = 65 <= data[end] <= 90
                name = (name ^ (np.int64(data[end]) | (32 if upper else 0))) * _PRIME
                end += 1
            bits = bits_of(known, name)
            tags += 1
            behind, count, less = skip_attributes(data, end, size, kinds)
            steps += behind - start
            attributes += count * count
            hides = bits & _HIDES != 0
        if hides or top == _HELD:
            lasting += top
            lasting_formats += formats
            top = formats = 0
        foreign = foreign or bits & _FOREIGN != 0
        if start > at:
            below = closes(held, top, name, bits)
            for i in range(below, top):
                formats -= held[2 * i + 1] & _FORMAT
            top = below
        elif bits & _VOID:
            lasting += foreign
        elif end > start and not bits & _NEVER:
            top = replaces(held, top, bits, name, foreign)
            held[2 * top], held[2 * top + 1] = name, bits
            formats += bits & _FORMAT
            top += 1
        depth = max(depth, lasting + top)
        formatting = max(formatting, lasting_formats + formats)
        at = end if less else behind
