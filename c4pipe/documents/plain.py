"""Text files: one file is one document."""

from __future__ import annotations

from collections.abc import Iterator

from c4pipe.documents.fields import Fields, Location, document, rejected
from c4pipe.documents.layouts import NO_KEYS, FieldKeys
from c4pipe.documents.spans import WHOLE, Span
from c4pipe.documents.unpack import unpacked
from c4pipe.page import Verdict
from c4pipe.wet.chunks import Break
from c4pipe.wet.kinds import EMPTY, HEAD_BYTES, JSONL, MARKUP, TABLE, inner_kind
from c4pipe.wet.opening import BOM
from c4pipe.wet.reasons import TOO_LARGE, UNREADABLE
from c4pipe.wet.record import Limits
from c4pipe.wet.window import Readable

TEXTS = (EMPTY, MARKUP, JSONL, TABLE)  # may also be a wanted text


def read_text(
    stream: Readable, name: str, limits: Limits, span: Span = WHOLE, _: FieldKeys = NO_KEYS
) -> Iterator[Verdict]:
    """The one document of a file, which begins at 0. A document with a lost part is dropped."""
    if span.start:
        return
    place = Location(name, 0)
    parts: list[bytes] = []
    size = 0
    for item in unpacked(stream):
        if isinstance(item, Break):
            yield rejected(place, item.reason, item.detail, b"".join(parts))
            return
        parts.append(item)
        size += len(item)
        if size > limits.record:
            yield rejected(place, TOO_LARGE, f"more than {limits.record} bytes of text", b"".join(parts))
            return
    body = b"".join(parts)
    kind = inner_kind(body[:HEAD_BYTES])
    if kind is None or kind in TEXTS:
        yield document(Fields(body.removeprefix(BOM)), place)
    else:
        yield rejected(place, UNREADABLE, kind.says)
