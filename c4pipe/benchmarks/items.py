"""Reads test items of benchmarks: files of JSON lines or of columns, with a header that names the fields.

    # question: sentence1, sentence2; answer: label; passage: context
    {"sentence1": "...", "sentence2": "...", "label": 1, "context": null}

The first line says which fields hold question, answer and passage; a dot leads into an object, and a list yields each
of its texts. In a TSV file the second line names the columns.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from c4pipe.errors import AssetError
from c4pipe.files.benchmarks import task_and_kind

ITEMS = "benchmark_items"  # the column with the items of a page
QUESTION, ANSWER, PASSAGE = "question", "answer", "passage"
ROLES = (QUESTION, ANSWER, PASSAGE)  # the role of a text in its item
_HEADER = "# question: FIELD, FIELD; answer: FIELD; passage: FIELD"
_ENDS = re.compile("\r\n|\n|\r")  # of lines; texts may contain others, such as U+2028
_SHOWN = 60  # characters quoted in an error

_Record = tuple[int, Mapping[str, Any]]  # the number of its line, and its fields


class ItemText(NamedTuple):
    """One text of an item."""

    role: str  # one of ROLES
    text: str


class Item(NamedTuple):
    """One item of a task, identified by its line."""

    task: str
    line: int  # in its file, from 1; the header is the first
    texts: tuple[ItemText, ...]


def read_items(text: str, name: str) -> list[Item]:
    """The items of a file, whose name determines task and format. Raises AssetError with the line of an item that does
    not fit the header."""
    task, kind = task_and_kind(name)
    lines = _ENDS.split(text)
    fields = _header(lines[0], name)
    items = []
    for number, record in (_objects if kind == "jsonl" else _rows)(lines, name):
        where = f"{name}, line {number}"
        texts = (ItemText(role, said) for role, field in fields for said in _texts(record, field, where))
        items.append(Item(task, number, tuple(texts)))
    if not items:
        raise AssetError(f"{name} holds no item: expected one line for each after the header.")
    return items


def _header(line: str, name: str) -> list[tuple[str, str]]:
    """(role, field) in order."""
    if not line.startswith("#"):
        raise AssetError(f"{name}, line 1: {line[:_SHOWN]!r} is not a header: expected {_HEADER}")
    found = []
    for part in filter(str.strip, line[1:].split(";")):
        role, _, names = part.partition(":")
        fields = [field.strip() for field in names.split(",")]
        if role.strip() not in ROLES or not all(fields):
            raise AssetError(
                f"{name}, line 1: {part.strip()[:_SHOWN]!r} does not give a field for a role: expected {_HEADER}"
            )
        found += [(role.strip(), field) for field in fields]
    if all(role == ANSWER for role, _ in found):
        raise AssetError(f"{name}, line 1: it names no question and no passage: expected {_HEADER}")
    return found


def _objects(lines: list[str], name: str) -> Iterator[_Record]:
    for number, line in enumerate(lines[1:], 2):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise AssetError(
                f"{name}, line {number}: it is not JSON ({error}). Expected one object per line."
            ) from None
        if not isinstance(record, dict):
            raise AssetError(
                f"{name}, line {number}: {line.strip()[:_SHOWN]!r} is not an object. Expected one per line."
            )
        yield number, record


def _rows(lines: list[str], name: str) -> Iterator[_Record]:
    columns = lines[1].split("\t") if lines[1:] else [""]
    if len({*columns}) < len(columns) or not all(columns):
        said = lines[1][:_SHOWN] if lines[1:] else ""
        raise AssetError(
            f"{name}, line 2: {said!r} does not name the columns: expected a different name for "
            f"each, separated by tabs."
        )
    for number, line in enumerate(lines[2:], 3):
        if not line.strip():
            continue
        cells = line.split("\t")
        if len(cells) != len(columns):
            raise AssetError(
                f"{name}, line {number}: it has {len(cells)} columns: expected {len(columns)}, as in line 2."
            )
        yield number, dict(zip(columns, cells, strict=True))


def _texts(record: Mapping[str, Any], field: str, where: str) -> Iterator[str]:
    """The texts under a field. A field with a dot in its name takes precedence over a path into an object."""
    value: Any = record
    for key in [field] if field in record else field.split("."):
        if not isinstance(value, dict) or key not in value:
            known = ", ".join(map(str, [*record][:12]))
            raise AssetError(f"{where}: there is no field {field!r}. Fields: {known or 'none'}.")
        value = value[key]
    yield from _each(value, field, where)


def _each(value: Any, field: str, where: str) -> Iterator[str]:
    """No text for null, one for a text or number, those of each element for a list."""
    if isinstance(value, dict):
        inside = f"{field}.{next(iter(value), 'text')}"
        raise AssetError(f"{where}: {field!r} holds an object. Name a field in it, such as {inside}.")
    if isinstance(value, list):
        for one in value:
            yield from _each(one, field, where)
    elif value is not None:
        yield str(value)
