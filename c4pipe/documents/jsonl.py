"""JSON Lines: one object per line; the first one determines the layout."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from c4pipe.documents.fields import Fields, Location, document, names, no_text, rejected
from c4pipe.documents.layouts import NO_KEYS, FieldKeys, Layout, first_value, has_path, layout_of, value_at
from c4pipe.documents.reasons import BAD_JSON
from c4pipe.documents.spans import WHOLE, Span, first_line
from c4pipe.documents.unpack import unpacking
from c4pipe.page import Verdict
from c4pipe.wet.chunks import Break
from c4pipe.wet.kinds import ARRAY, CR_LINES, DOCUMENT, HEAD_BYTES, JSONL, FileKind, inner_kind
from c4pipe.wet.opening import BOM
from c4pipe.wet.reasons import TOO_LARGE, TRUNCATED, UNREADABLE
from c4pipe.wet.record import Limits
from c4pipe.wet.text import decode
from c4pipe.wet.window import Readable

HEAD = 1 << 20  # bytes of text: the first object that begins in them determines the layout
LONGEST_NUMBER = 600  # digits of a whole number; Python reads at least 640 of them, and above 308 a float is infinite
_ARRAY = re.compile(rb"\[\s*(?:\{|\Z)")
_CR_ENDS = re.compile(rb"\}\s*\r\s*\{")  # not inside a string, where JSON allows no CR
_TORN = re.compile(r"[\\\w.+-]{0,9}\s*")  # what may follow the error position in a truncated text
_KINDS = {list: "an array", str: "a string", bool: "true or false", int: "a number", float: "a number"}


class InputLine(NamedTuple):
    """A line of text without its end."""

    offset: int  # bytes of text before it; a break counts as one
    data: bytes | None  # None: longer than allowed, and never held as a whole
    whole: bool = True  # False: the text ends inside it
    head: bytes = b""  # the first HEAD_BYTES of a line that is not held


def read_jsonl(
    stream: Any, name: str, limits: Limits, span: Span = WHOLE, keys: FieldKeys = NO_KEYS
) -> Iterator[Verdict]:
    """A verdict for each line that begins in the span and is not blank, and for each lost stretch of the file.

    A normal line takes a few times its length in memory; a maliciously built one of 16 MB takes 450 MB while it is
    parsed. For a span that does not start at 0, `stream` must also have `seek`.
    """
    if span.start:
        stream.seek(0)
    packed, pieces = unpacking(stream)
    reading = _Reading(name, limits, keys)
    if not span.start:
        yield from reading.from_the_start(lines(pieces, limits.record), WHOLE if packed else span)
    elif not packed and reading.knows_the_file(lines(_at_most(pieces, HEAD + limits.record), limits.record)):
        start, rest = first_line(stream, span)
        for offset, item in lines(rest, limits.record, start):
            if span.is_behind(offset):
                return
            yield from reading.judged(offset, item)


def first_objects(stream: Readable, most: int) -> tuple[list[dict[str, Any]], bool]:
    """The first objects of a file, as far as they begin in its head, and whether they are all objects of the file."""
    found: list[dict[str, Any]] = []
    for offset, item in lines(unpacking(stream).pieces, HEAD):
        if len(found) == most or offset >= HEAD:
            return found, False
        if isinstance(item, InputLine) and item.data is not None:
            row = _object(decode(item.data if offset else item.data.removeprefix(BOM))[0])
            found += [row] if isinstance(row, dict) else []
    return found, True


class _Reading:
    """Judges the lines of one file. The first lines determine the layout, and whether it is JSON Lines at all."""

    def __init__(self, name: str, limits: Limits, keys: FieldKeys):
        self._name, self._limits, self._keys = name, limits, keys
        self._layout: Layout | None = None
        self._said = False  # a line that is not blank was seen
        self._useless = False  # the file holds nothing usable

    def from_the_start(self, found: Iterable[tuple[int, InputLine | Break]], span: Span) -> Iterator[Verdict]:
        """The verdicts of a span that starts at 0, which also answers for the file as a whole."""
        for offset, item in found:
            behind = span.is_behind(offset)
            if not (behind and self._said):
                verdicts = list(self.judged(offset, item))
                yield from verdicts if self._useless or not behind else ()
            if self._useless or (behind and self._said):
                return
        if not self._said:
            yield rejected(Location(self._name, 0), UNREADABLE, "nothing but blank lines")

    def knows_the_file(self, found: Iterable[tuple[int, InputLine | Break]]) -> bool:
        """Whether an uncompressed file with this head holds anything to read. The result counts for all spans."""
        for offset, item in found:
            if isinstance(item, Break):
                return False
            for _ in self.judged(offset, item):
                pass
            if self._layout is not None or self._useless:
                break
        self._said = True
        return not self._useless

    def judged(self, offset: int, item: InputLine | Break) -> Iterator[Verdict]:
        """The verdict on one line, if it is not blank."""
        place = Location(self._name, offset)
        if isinstance(item, Break):
            yield rejected(place, item.reason, item.detail)
            self._said = True
            return
        data = item.head if item.data is None else item.data
        data = data if offset else data.removeprefix(BOM)
        if not data.strip() and item.data is not None:
            return
        if not self._said and offset < HEAD and (kind := unlike_json_lines(data, item)):
            self._useless = True
            yield rejected(place, UNREADABLE, kind.says, data)
        elif item.data is None:
            yield rejected(place, TOO_LARGE, f"a line of more than {self._limits.record} bytes", data)
        else:
            yield self._line(data, place, item.whole)
        self._said = True

    def _line(self, data: bytes, place: Location, whole: bool) -> Verdict:
        text, undecodable = decode(data)
        row = _object(text)
        if isinstance(row, str):
            return rejected(place, BAD_JSON if whole or not _is_cut(text) else TRUNCATED, row, data)
        if self._layout is None:
            own = row if place.number < HEAD else {}
            self._layout = layout_of(lambda path: has_path(own, path), self._keys)
        layout = self._layout
        values = [value_at(row, path) for path in layout.text]
        body = next((value for value in values if isinstance(value, str)), None)
        if body is None:
            return no_text(place, _no_text(row, layout.text))
        return document(
            Fields(
                body.encode("utf-8", "surrogatepass"),
                *(first_value(row, paths) for paths in (layout.url, layout.date, layout.id)),
            ),
            place,
            undecodable,
        )


def unlike_json_lines(start: bytes, line: InputLine) -> FileKind | None:
    """What a file is whose first line, by its beginning, is not JSON Lines; None if it may be."""
    kind = inner_kind(start[:HEAD_BYTES])
    if kind not in (None, JSONL):
        return kind
    start = start.strip()
    if start == b"{":
        return DOCUMENT
    if _ARRAY.match(start) and not start.endswith(b"]"):
        return ARRAY
    return CR_LINES if not line.whole and _CR_ENDS.search(start) else None


def _no_text(row: dict[str, Any], paths: tuple[str, ...]) -> str:
    there = next((path for path in paths if has_path(row, path)), None)
    if there is None:
        return f"no {paths[0]} among the keys {names(row)}"
    return f"{there} is {_kind(value_at(row, there))}"


def _at_most(pieces: Iterable[bytes | Break], size: int) -> Iterator[bytes | Break]:
    """The first pieces, of which all but the last together have at most so many bytes."""
    for piece in pieces:
        yield piece
        size -= 0 if isinstance(piece, Break) else len(piece)
        if size < 0:
            return


def lines(pieces: Iterable[bytes | Break], limit: int, offset: int = 0) -> Iterator[tuple[int, InputLine | Break]]:
    r"""Lines that are not empty, from the text at that offset on; they end at "\n".

    A line torn by a break is dropped; a new line begins after it.

    >>> [(offset, line.data, line.whole) for offset, line in lines([b"one\n\ntw", b"o\nthree\nfo"], limit=4)]
    [(0, b'one', True), (5, b'two', True), (9, None, True), (15, b'fo', False)]
    """
    held: list[bytes] = []
    size = 0

    def line(last: bytes, whole: bool = True) -> InputLine:
        data = b"".join([*held, last])
        return InputLine(offset, data, whole) if size <= limit else InputLine(offset, None, whole, data[:HEAD_BYTES])

    for piece in pieces:
        if isinstance(piece, Break):
            yield offset, piece
            offset, held, size = offset + size + 1, [], 0
            continue
        *ends, rest = piece.split(b"\n")
        for end in ends:
            if not end and not size:  # a file may have millions of them
                offset += 1
                continue
            size += len(end)
            yield offset, line(end)
            offset, held, size = offset + size + 1, [], 0
        size += len(rest)
        if size <= limit:
            held.append(rest)
        else:
            held = [b"".join([*held, rest])[:HEAD_BYTES]]
    if size:
        yield offset, line(b"", whole=False)


def _object(line: str) -> dict[str, Any] | str:
    """The object on a line, or what is wrong with it. Of a repeated key the last counts, as nearly everywhere."""
    try:
        try:
            found = json.loads(line)
        except json.JSONDecodeError as error:
            return f"{error.msg.removesuffix(' at')} at character {error.pos}"
        except ValueError:
            found = json.loads(line, parse_int=_number)
    except RecursionError:
        return "nested too deep"
    return found if isinstance(found, dict) else f"{_kind(found)} instead of an object"


def _number(digits: str) -> int | float:
    """A whole number. One of thousands of digits, which Python rejects as an attack, becomes one about as large."""
    return int(digits) if len(digits) <= LONGEST_NUMBER else float(digits)


def _is_cut(text: str) -> bool:
    """Whether a text is the beginning of an object and could continue: it is valid up to its end."""
    try:
        json.JSONDecoder(parse_int=float).raw_decode(text.lstrip())
    except json.JSONDecodeError as error:
        at_end = error.msg.startswith("Unterminated string") or _TORN.fullmatch(error.doc, error.pos)
        return error.doc.startswith("{") and bool(at_end)
    except RecursionError:
        return text.lstrip().startswith("{")
    return False


def _kind(value: object) -> str:
    return "null" if value is None else _KINDS.get(type(value), "an object")
