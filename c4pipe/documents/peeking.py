"""Reads the beginning of a file before a build: its layout, and whether it has the requested fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from c4pipe.documents.columns import way_to
from c4pipe.documents.fields import names
from c4pipe.documents.jsonl import first_objects
from c4pipe.documents.layouts import NO_KEYS, FieldKeys, Layout, has_path, layout_of
from c4pipe.documents.named import format_of
from c4pipe.documents.parquet import BAD_TABLE, opened_table, table_layout
from c4pipe.documents.unpack import Guarded
from c4pipe.errors import ConfigError

RECORDS = 100  # of JSON Lines that are read, if they begin in the first MiB


class Peek(NamedTuple):
    """What the beginning of a file shows."""

    told: str  # its layout in words: "FineWeb: text, url, date"
    found: list[str]  # keys or columns, nested ones with dots
    lacks: frozenset[str]  # of text, url and date: what was not seen
    whole: bool  # the file ends there: no record has what it lacks


def peek(stream: Any, format: str, keys: FieldKeys = NO_KEYS) -> Peek | None:  # noqa: A002
    """What a file with named fields shows; None if no record can be read. Exceptions of the stream pass through, and
    for Parquet it must have `seek` and `tell`."""
    return _of_table(stream, keys) if format == "parquet" else _of_lines(stream, keys)


def reading_as(peeks: Sequence[Peek]) -> Iterator[str]:
    """Lines for the user, each layout once: "reading as FineWeb: text, url, date"."""
    layouts = Counter(each.told for each in peeks)
    for told, files in layouts.items():
        yield f"reading as {told}" + (f" ({files} of {len(peeks)} files)" if len(layouts) > 1 else "")


def check_keys(peeks: Sequence[Peek], keys: FieldKeys) -> None:
    """Raises ConfigError for a user-supplied key that no record has."""
    for field, key in keys._asdict().items():
        if key and peeks and all(field in each.lacks for each in peeks):
            found = dict.fromkeys(name for each in peeks for name in each.found)
            raise ConfigError(f"--{field}-key {key}: no record has it. Their keys: {names(found)}.")


def check_text_key(
    folder: Path, files: Sequence[Path], text_key: str = "", advice: str = "Name one: --text-key KEY"
) -> None:
    """Raises ConfigError if no file has a text under that key or, without one, under any usual name."""
    peeks: list[Peek] = []
    for path in files:
        with path.open("rb") as stream:
            peeks += filter(None, [peek(stream, format_of(path), FieldKeys(text=text_key))])
    check_keys(peeks, FieldKeys(text=text_key))
    if all("text" in each.lacks for each in peeks):
        found = ", ".join(dict.fromkeys(name for each in peeks for name in each.found))
        if not any(path.stat().st_size for path in files):
            what = f"{files[0]} is empty" if len(files) == 1 else f"its {len(files)} files are empty"
            raise ConfigError(f"{folder} has no text: {what}.")
        if not peeks:
            return  # reading will report what is wrong with each record
        raise ConfigError(f"{folder} has no text: its records have {found or 'no keys'}. {advice}")


def _of_lines(stream: Any, keys: FieldKeys) -> Peek | None:
    objects, whole = first_objects(stream, RECORDS)
    if not objects:
        return None
    layout = layout_of(lambda path: has_path(objects[0], path), keys)
    found = dict.fromkeys(path for each in objects for path in _paths(each))
    return _peek(layout, lambda path: any(has_path(each, path) for each in objects), [*found], whole)


def _paths(record: dict[str, Any]) -> Iterator[str]:
    for key, value in record.items():
        yield key
        yield from (f"{key}.{inner}" for inner in value) if isinstance(value, dict) else ()


def _of_table(stream: Any, keys: FieldKeys) -> Peek | None:
    guarded = Guarded(stream)
    try:
        schema = opened_table(guarded).schema_arrow
    except BAD_TABLE:
        if guarded.error is not None:
            raise guarded.error from None
        return None
    layout = table_layout(schema, keys)
    return _peek(layout, lambda path: way_to(schema, path) is not None, list(_columns(schema)), True)


def _columns(fields: Iterable[pa.Field]) -> Iterator[str]:
    for field in fields:
        yield field.name
        if pa.types.is_struct(field.type):
            yield from (f"{field.name}.{field.type.field(i).name}" for i in range(field.type.num_fields))


def _peek(layout: Layout, has: Callable[[str], bool], found: list[str], whole: bool) -> Peek:
    lacks = frozenset(field for field in FieldKeys._fields if not any(map(has, getattr(layout, field))))
    return Peek(layout.told(has), found, lacks, whole)
