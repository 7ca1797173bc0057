"""A column of a table, or a field inside its values, as the strings and numbers that JSON Lines would hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from c4pipe.documents.fields import LONGEST_FIELD
from c4pipe.documents.layouts import LONGEST_OBJECT, value_at
from c4pipe.text.dates import date_of_milliseconds

Way = tuple[str, ...]  # the name of a column, and of fields inside it
_OTHER = ()  # a value that is neither a string nor a number
_A_SECOND = {"s": 1, "ms": 1000, "us": 10**6, "ns": 10**9}


def way_to(schema: pa.Schema, path: str) -> Way | None:
    """The way to a path in a table; None if there is no such column. Whether maps and strings hold it shows later.

    >>> way_to(pa.schema([("metadata", pa.struct([("url", pa.string())]))]), "metadata.url")
    ('metadata', 'url')
    """
    return _steps(schema.names, lambda name: schema.field(schema.names.index(name)).type, path)


def _steps(names: Sequence[str], type_of: Any, path: str) -> Way | None:
    if names.count(path) == 1:
        return (path,)
    first, dot, rest = path.partition(".")
    if not dot or names.count(first) != 1:
        return None
    kind = type_of(first)
    if pa.types.is_struct(kind):
        fields = [kind.field(i) for i in range(kind.num_fields)]
        inside = _steps([f.name for f in fields], lambda name: kind.field(kind.get_field_index(name)).type, rest)
        return None if inside is None else (first, *inside)
    return (first, rest) if pa.types.is_map(kind) or is_text(kind) else None


def is_sure(schema: pa.Schema, path: str) -> bool:
    """Whether the schema itself shows that the path exists."""
    steps = way_to(schema, path)
    if steps is None:
        return False
    return len(steps) == 1 or pa.types.is_struct(schema.field(schema.names.index(steps[0])).type)


def values(column: pa.Array, inside: Way) -> list[Any]:
    """One value per row: a string, a number, None for nothing, or a value of another type. A timestamp is a string in
    the normal form of dates. Bytes that are not UTF-8 are replaced."""
    kind = column.type
    if inside and pa.types.is_struct(kind):
        return values(pc.struct_field(column, [kind.get_field_index(inside[0])]), inside[1:])
    if inside and pa.types.is_map(kind):
        return list(_in_maps(column, inside[0]))
    if is_text(kind):
        longest = LONGEST_OBJECT if inside else LONGEST_FIELD
        texts = (_decoded(cell_bytes(cell), longest) for cell in column)
        return [value_at(text, inside[0]) for text in texts] if inside else list(texts)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return list(_moments(column))
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return column.to_pylist()  # type: ignore[no-any-return]
    return [None if is_null else _OTHER for is_null in column.is_null().to_pylist()]


def texts(column: pa.Array, inside: Way) -> Iterator[pa.Buffer | None]:
    """One text per row, with its bytes as in the file; None for anything but a string."""
    kind = column.type
    if inside and pa.types.is_struct(kind):
        return texts(pc.struct_field(column, [kind.get_field_index(inside[0])]), inside[1:])
    if inside:
        found = values(column, inside)
        return (pa.py_buffer(t.encode("utf-8", "surrogatepass")) if isinstance(t, str) else None for t in found)
    return map(cell_bytes, column)


def text_type(schema: pa.Schema, steps: Way) -> pa.DataType:
    """The type at the end of the steps; strings inside maps, and inside objects in strings, as these declare."""
    kind = schema.field(schema.names.index(steps[0])).type
    for step in steps[1:]:
        if not pa.types.is_struct(kind):
            return pa.string()
        kind = kind.field(kind.get_field_index(step)).type
    return kind


def is_text(kind: pa.DataType) -> bool:
    """Strings, under any name; old writers call them binary."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    asked = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    return any(is_a(kind) for is_a in asked) or kind in (pa.string_view(), pa.binary_view())


def cell_bytes(cell: pa.Scalar) -> pa.Buffer | None:
    """The bytes of a string as in the file, which need not be UTF-8."""
    if isinstance(cell, pa.DictionaryScalar):
        cell = cell.value
    return cell.as_buffer() if cell.is_valid else None


def _decoded(cell: pa.Buffer | None, longest: int) -> str | None:
    return None if cell is None else str(cell[:longest].to_pybytes(), "utf-8", "replace")


def _in_maps(column: pa.Array, name: str) -> Iterator[Any]:
    """What each map holds under a name; the last of several counts, as in JSON."""
    for cell in column:
        entries = cell.values if cell.is_valid else None
        if entries is None:
            yield None
            continue
        found = dict(zip(*(values(entries.field(i), ()) for i in (0, 1)), strict=True))
        yield found.get(name)


def _moments(column: pa.Array) -> Iterator[Any]:
    kind = column.type
    if pa.types.is_date(kind):
        column, kind = column.cast(pa.timestamp("ms")), pa.timestamp("ms")
    for count in column.view(pa.int64()).to_pylist():
        moment = None if count is None else date_of_milliseconds(count * 1000 // _A_SECOND[kind.unit])
        yield moment if count is None or moment else f"{count} {kind.unit}"
