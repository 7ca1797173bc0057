"""A file of any kind as records, one by one, each with its place for messages: `train.tsv:17`.

TSV is read as GLUE writes it: the first line names the columns, and quotes are plain text. CSV has quotes as in its
standard. A JSON file is a list of records, {"data": [...]} as in SQuAD, or JSON lines under that name.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import IO, Any, NamedTuple

from model.errors import ConfigError
from model.tasks.base import DataRow, TaskLayout
from model.tasks.files import suffix_of

BATCH = 1024  # rows of Parquet at a time: articles of CNN/DailyMail are 4 KB each
LONGEST_CELL = 2**24  # characters in CSV; bounds memory if a quote is never closed

NumberedFields = tuple[int, list[str], int]  # last line number, fields, first line number


class DataRecord(NamedTuple):
    """A record and its place in a file."""

    place: str
    row: DataRow


def records_of(path: Path, columns: Sequence[str], layout: TaskLayout) -> Iterator[DataRecord]:
    """The records of a file. ConfigError, with the place, for anything unreadable.

    `columns` are the required ones: a TSV file whose first line has none of them, nor an alias, has no header.
    """
    kind = suffix_of(path)
    try:
        if kind == ".parquet":
            yield from _parquet(path, {*columns, *(found for found, _ in layout.aliases)})
            return
        with _opened(path) as file:
            if kind in (".jsonl", ".ndjson"):
                yield from _json_lines(path, file)
            elif kind == ".json":
                yield from _json(path, file)
            else:
                lines = _csv_lines(file) if kind == ".csv" else _tab_lines(file)
                yield from _table(path, lines, columns, layout)
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}{_line_of(path)} is not UTF-8 text ({error}): save it as UTF-8.") from None
    except (OSError, EOFError, zlib.error, csv.Error) as error:
        raise ConfigError(f"{path} cannot be read: {error}.") from None


def _bytes_of(path: Path) -> Any:
    return gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb")


def _line_of(path: Path) -> str:
    """The place of a text's first line that is not UTF-8: ":17"; "" for Parquet."""
    if suffix_of(path) == ".parquet":
        return ""
    with _bytes_of(path) as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return f":{number}"
    return ""


def _opened(path: Path) -> IO[str]:
    """Opens as text, without a byte order mark; only a line feed ends a line, in CSV as in its standard."""
    file = _bytes_of(path)  # closed together with the text wrapper
    return io.TextIOWrapper(file, encoding="utf-8-sig", newline="" if suffix_of(path) == ".csv" else "\n")


def _tab_lines(file: IO[str]) -> Iterator[NumberedFields]:
    for number, line in enumerate(file, 1):
        if text := line.rstrip("\n").removesuffix("\r"):
            yield number, text.split("\t"), number


def _csv_lines(file: IO[str]) -> Iterator[NumberedFields]:
    csv.field_size_limit(LONGEST_CELL)
    lines, first = csv.reader(file), 1
    for fields in lines:
        if fields:
            yield lines.line_num, fields, first
        first = lines.line_num + 1


def _table(
    path: Path, lines: Iterable[NumberedFields], columns: Sequence[str], layout: TaskLayout
) -> Iterator[DataRecord]:
    rows = iter(lines)
    number, header, first = next(rows, (0, [], 0))
    known = {*columns, *(found for found, _ in layout.aliases)}
    if header and layout.headless and not known & {*header}:
        header, rows = [*layout.headless], chain([(number, header, first)], rows)
    twice = [name for name in known if header.count(name) > 1]
    if twice:
        raise ConfigError(f"{path}:{number} names the column {twice[0]!r} twice: expected unique names.")
    if suffix_of(path) != ".csv" and any("\r" in name for name in header):
        raise ConfigError(f"{path}:{number} ends in a lone carriage return: save it with line feeds.")
    for number, fields, first in rows:
        if len(fields) < len(header) and layout.gaps:
            continue
        if len(fields) != len(header):
            hint = "a text must not contain a tab or a line break"
            if first < number:
                hint = f"it begins in line {first}, so a quote there or below may be unclosed"
            raise ConfigError(
                f"{path}:{number} has {len(fields)} columns, not {len(header)} ({', '.join(header[:12])}): fix or "
                f"remove it; {hint}."
            )
        yield DataRecord(f"{path}:{number}", dict(zip(header, fields, strict=True)))


def _loaded(text: str) -> Any:
    """The value of JSON. ValueError also for duplicate keys or too deep nesting."""
    try:
        return json.loads(text, object_pairs_hook=_once)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(name for name in names if names.count(name) > 1)!r} is listed twice")
    return found


def _json_lines(path: Path, lines: Iterable[str]) -> Iterator[DataRecord]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = _loaded(line)
        except ValueError as error:
            raise ConfigError(f"{path}:{number} is not JSON: {error}.") from None
        yield _record(path, number, row)


def _json(path: Path, file: IO[str]) -> Iterator[DataRecord]:
    text = file.read()
    try:
        found = _loaded(text)
    except ValueError as error:
        if text.partition("\n")[0].rstrip().endswith("}"):
            yield from _json_lines(path, text.split("\n"))
            return
        raise ConfigError(f"{path} is not JSON: {error}.") from None
    if isinstance(found, dict):
        found = next((found[key] for key in ("data", "Data") if isinstance(found.get(key), list)), [found])
    if not isinstance(found, list):
        raise ConfigError(f'{path} holds one {type(found).__name__}: expected a list of records, or {{"data": [...]}}.')
    for number, row in enumerate(found, 1):
        yield _record(path, number, row)


def _record(path: Path, number: int, row: Any) -> DataRecord:
    if not isinstance(row, dict):
        raise ConfigError(f'{path}:{number} is a {type(row).__name__}: expected an object, {{"column": value, ...}}.')
    return DataRecord(f"{path}:{number}", row)


def _parquet(path: Path, known: set[str]) -> Iterator[DataRecord]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            if twice := [name for name in names if name in known and names.count(name) > 1]:
                raise ConfigError(f"{path} has the column {twice[0]!r} twice: expected unique names.")
            for batch in file.iter_batches(BATCH):
                for row in batch.to_pylist():
                    number += 1
                    yield DataRecord(f"{path}, row {number}", row)
    except (pa.ArrowException, OSError) as error:
        raise ConfigError(f"{path} is not a readable Parquet file: {str(error).splitlines()[0]}") from None
