"""Columns and types of kept pages, with those that stages add, and of the rejected table; pages as rows."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, chain, repeat
from typing import Any

import numpy as np
import pyarrow as pa

from c4pipe.errors import BuildError, ConfigError
from c4pipe.page import NO_EXTRA, Dropped, Page
from c4pipe.part import Part, everything

# A new column is a line here and a field of `Page`: everything else reads this schema, or that of a corpus's files.
PAGE_SCHEMA = pa.schema(
    [
        pa.field("text", pa.string(), nullable=False),  # allenai/c4's three columns come first
        pa.field("timestamp", pa.string(), nullable=False),
        pa.field("url", pa.string(), nullable=False),
        pa.field("language", pa.string(), nullable=False),
        pa.field("language_score", pa.float64(), nullable=False),
        pa.field("language_votes", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("record_id", pa.string(), nullable=False),
    ]
)
TEXT_MD5 = pa.field("text_md5", pa.string(), nullable=False)  # of staged pages; no column of a corpus
DROPPED_TYPE = pa.list_(pa.struct([("reason", pa.string()), ("line", pa.string()), ("owner", pa.string())]))
REJECTED_SCHEMA = pa.schema(
    [
        pa.field("url", pa.string()),
        pa.field("timestamp", pa.string()),
        pa.field("stage", pa.string()),  # "" for kept pages, listed for their dropped lines
        pa.field("reason", pa.string()),  # "kept" for kept pages
        pa.field("detail", pa.string()),  # the offending line, word or value
        pa.field("text", pa.string()),  # as it entered the stage that rejected it; as read, for kept pages
        pa.field("dropped", DROPPED_TYPE),  # the lines, sentences and passages cut from it, in order
        pa.field("source", pa.string()),
        # As the language stage decided, or as `rejected_languages` of the manifest; older corpora have none.
        pa.field("language", pa.string()),
    ]
)
# Reserved names next to the columns: where a row is, what became of it, and a build's working notes. Those that begin
# with two underscores are also a build's.
TAKEN = frozenset(
    {"config", "split", "shard", "part", "row", "filename", "file_row_number"}
    | {"stage", "reason", "detail", "dropped", "rejected"}
    | {"priority", "atoms", "starts", "rank", "sketch", "legs"}
)
_FIELDS = Page._fields[: Page._fields.index("extra")]  # those that are columns; the checksum of the text follows


def rejected_schema(found: pa.Schema) -> pa.Schema:
    """The schema of a rejected table by the columns of its files: `REJECTED_SCHEMA`, or an older build's."""
    return pa.schema([field for field in REJECTED_SCHEMA if field.name != "language" or "language" in found.names])


def schema_with(columns: Iterable[pa.Field]) -> pa.Schema:
    """`PAGE_SCHEMA` followed by these columns. ConfigError for a name that is empty, or taken in any case."""
    schema = PAGE_SCHEMA
    taken = {name.lower() for name in (*PAGE_SCHEMA.names, *Page._fields, *TAKEN)}
    for field in columns:
        if not field.name or field.name.startswith("__") or field.name.lower() in taken:
            raise ConfigError(f"no column can be added with the name {field.name!r}: it is taken. Choose another name.")
        taken.add(field.name.lower())
        schema = schema.append(field)
    return schema


def column_fields(parts: Iterable[Part]) -> list[pa.Field]:
    """The columns that parts, and their parts, add. ConfigError for an unknown type."""
    found = []
    for part in everything(parts):
        for name, kind in part.columns.items():
            try:
                found.append(pa.field(name, pa.type_for_alias(kind) if isinstance(kind, str) else kind))
            except (TypeError, ValueError) as error:
                raise ConfigError(
                    f"{type(part).__name__} adds a column {name!r} of type {kind!r}: {error}. Expected an "
                    'Arrow type, such as "float64", "int32" or pyarrow.list_(pyarrow.string()).'
                ) from None
    return found


def added_to(schema: pa.Schema) -> list[str]:
    """The names of the columns of a schema that are not those of `PAGE_SCHEMA`, in order."""
    return [name for name in schema.names if name not in PAGE_SCHEMA.names]


def page_table(
    pages: Iterable[Page], schema: pa.Schema = PAGE_SCHEMA, texts: Sequence[bytes] | None = None
) -> pa.Table:
    """Pages as a table of the schema. Columns that no field of `Page` has come from `extra`. `texts` are theirs as
    UTF-8, if available: Arrow needs a third of the time for these.

    BuildError that names the column where a page lacks a value for a non-nullable column, or has one of another type.
    """
    columns = list(zip(*pages, strict=True)) or [()] * len(Page._fields)
    by_name = dict(zip(Page._fields, columns, strict=True))
    arrays = [
        pa.array(texts, pa.binary()).view(field.type)
        if field.name == "text" and texts is not None
        else pa.array(by_name[field.name], field.type)
        if field.name in by_name
        else _added(field, by_name["extra"])
        for field in schema
    ]
    return pa.table(arrays, schema=schema)


def _added(field: pa.Field, extra: Sequence[Mapping[str, Any]]) -> pa.Array:
    """A column that a stage adds: one value per page."""
    try:
        column = pa.array([values.get(field.name) for values in extra], field.type)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise BuildError(
            f"column {field.name!r} holds {field.type}, but a stage gave it another value: {error}"
        ) from None
    if pa.types.is_integer(field.type) and any(isinstance(values.get(field.name), float) for values in extra):
        raise BuildError(f"column {field.name!r} holds {field.type}, but a stage gave it a number with a fraction.")
    if column.null_count and not field.nullable:
        raise BuildError(
            f"column {field.name!r} must have a value on every page, but a stage left it empty on some page."
        )
    return column


def pages_of(table: pa.Table | pa.RecordBatch, extra: Sequence[str] = ()) -> Iterable[Page]:
    """The pages of a table that has the columns of `PAGE_SCHEMA`, perhaps among others, plus those named in `extra`."""
    added: Iterable[Mapping[str, Any]] = _rows_of(table, extra) if extra else repeat(NO_EXTRA, table.num_rows)
    staged = TEXT_MD5.name in table.schema.names
    sums: Iterable[str] = table.column(TEXT_MD5.name).to_pylist() if staged else repeat("", table.num_rows)
    columns = (table.column(name).to_pylist() for name in _FIELDS)
    return map(Page._make, zip(*columns, added, sums, strict=True))


def _rows_of(table: pa.Table | pa.RecordBatch, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    columns = (table.column(name).to_pylist() for name in names)
    return (dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True))


def dropped_column(dropped: Sequence[Sequence[Dropped]]) -> pa.Array:
    """Dropped lines, one list per row."""
    columns = list(zip(*chain.from_iterable(dropped), strict=True)) or [()] * DROPPED_TYPE.value_type.num_fields
    lines = pa.StructArray.from_arrays(
        [pa.array(c, pa.string()) for c in columns], fields=list(DROPPED_TYPE.value_type)
    )
    ends = accumulate(map(len, dropped), initial=0)
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), lines, type=DROPPED_TYPE)


def number_lists(rows: Sequence[Sequence[int]], kind: type[np.integer]) -> pa.Array:
    """One list of numbers per row; `pa.array` alone takes four times as long. Rows that are arrays are joined as
    bytes.
    """
    if rows and all(isinstance(row, array) for row in rows):
        values = np.frombuffer(b"".join(rows), rows[0].typecode).astype(kind)  # type: ignore[arg-type, attr-defined]
    else:
        values = np.fromiter(chain.from_iterable(rows), kind, sum(map(len, rows)))
    offsets = np.cumsum([0, *map(len, rows)], dtype=np.int32)
    return pa.ListArray.from_arrays(offsets, values)
