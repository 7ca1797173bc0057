"""JSON Lines: one object a line, of which `text`, `url`, `timestamp` and `id` are read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from c4pipe.documents.fields import MOST_DETAIL, Fields, Location, document, names, no_text, rejected
from c4pipe.documents.reasons import BAD_JSON
from c4pipe.documents.unpack import unpacked
from c4pipe.page import Verdict
from c4pipe.wet.chunks import Break
from c4pipe.wet.kinds import HEAD_BYTES, JSONL, inner_kind
from c4pipe.wet.opening import BOM
from c4pipe.wet.reasons import TOO_LARGE, TRUNCATED, UNREADABLE
from c4pipe.wet.record import Limits
from c4pipe.wet.text import decode
from c4pipe.wet.window import Readable

_KINDS = {list: "an array", str: "a string", bool: "true or false", int: "a number", float: "a number"}


class InputLine(NamedTuple):
    """A line of text without its end."""

    offset: int  # bytes of text before it; a break counts as one
    data: bytes | None  # None: longer than allowed, and never held as a whole
    whole: bool = True  # False: the text ends in it


def read_jsonl(stream: Readable, name: str, limits: Limits) -> Iterator[Verdict]:
    """A verdict for each line that is not blank, and for each stretch of the file that is lost.

    A line of usual content costs a few times its length; one of 16 MB that was made to be costly takes 450 MB for the
    time it is looked at.
    """
    said = False
    for offset, item in lines(unpacked(stream), limits.record):
        place = Location(name, offset)
        if isinstance(item, Break):
            yield rejected(place, item.reason, item.detail)
        elif item.data is None:
            yield rejected(place, TOO_LARGE, f"a line of more than {limits.record} bytes")
        else:
            data = item.data if offset else item.data.removeprefix(BOM)
            if not data.strip():
                continue
            if not said and (found := unlike_json(data)):
                yield rejected(place, UNREADABLE, found, data)
                return
            yield _judge(data, place, item.whole)
        said = True
    if not said:
        yield rejected(Location(name, 0), UNREADABLE, "nothing but blank lines")


def unlike_json(line: bytes) -> str | None:
    """What a file is whose first line is none of JSON Lines, by its beginning; None where it may be."""
    kind = inner_kind(line[:HEAD_BYTES])
    return None if kind in (None, JSONL) else kind.says


def lines(pieces: Iterable[bytes | Break], limit: int) -> Iterator[tuple[int, InputLine | Break]]:
    r"""Lines that are not empty; they end at "\n". What a break tears goes with it; what comes next begins a line.

    >>> [(offset, line.data, line.whole) for offset, line in lines([b"one\n\ntw", b"o\nthree\nfo"], limit=4)]
    [(0, b'one', True), (5, b'two', True), (9, None, True), (15, b'fo', False)]
    """
    held: list[bytes] = []
    offset = size = 0
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
            yield offset, InputLine(offset, b"".join([*held, end]) if size <= limit else None)
            offset, held, size = offset + size + 1, [], 0
        size += len(rest)
        if size <= limit:
            held.append(rest)
        else:
            held = []
    if size:
        yield offset, InputLine(offset, b"".join(held) if size <= limit else None, whole=False)


def _judge(data: bytes, place: Location, whole: bool) -> Verdict:
    text, undecodable = decode(data)
    row = _object(text)
    if isinstance(row, str):
        cut = not whole and data.lstrip().startswith(b"{")
        return rejected(place, TRUNCATED if cut else BAD_JSON, row, data)
    body = row.get("text")
    if not isinstance(body, str):
        found = f"text is {_kind(body)}" if "text" in row else f"no text among the keys {names(row)}"
        return no_text(place, found)
    url, date, own = (row.get(key) for key in ("url", "timestamp", "id"))
    fields = Fields(
        body.encode("utf-8", "surrogatepass"),
        url if isinstance(url, str) else "",
        date if isinstance(date, str) else "",
        str(own) if isinstance(own, str | int | float) and not isinstance(own, bool) else "",
    )
    return document(fields, place, undecodable)


def _object(line: str) -> dict[str, Any] | str:
    """The object on a line, or what is wrong with it. Of a repeated key the last counts, as nearly everywhere."""
    try:
        found = json.loads(line)
    except json.JSONDecodeError as error:
        return f"{error.msg.removesuffix(' at')} at character {error.pos}"
    except RecursionError:
        return "nested too deep"
    except ValueError as error:  # a number of thousands of digits
        return str(error)[:MOST_DETAIL]
    return found if isinstance(found, dict) else f"{_kind(found)} instead of an object"


def _kind(value: object) -> str:
    return "null" if value is None else _KINDS.get(type(value), "an object")
