"""Where a record stores its text, URL, date and name. Each tool's files are recognised by their columns or keys.

A path is a key, or keys with dots between them; an object on the path may be a string of JSON. If a layout has
several paths for a field, the first one present in a record counts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from c4pipe.documents.fields import is_missing

LONGEST_OBJECT = 1 << 20  # characters of an object in a string that are parsed


class FieldKeys(NamedTuple):
    """User-supplied paths; "" if none is given."""

    text: str = ""
    url: str = ""
    date: str = ""


NO_KEYS = FieldKeys()


@dataclass(frozen=True)
class Layout:
    """The layout of one tool's files."""

    name: str
    marks: tuple[str, ...]  # paths that all of its records have
    text: tuple[str, ...] = ("text",)
    url: tuple[str, ...] = ("url",)
    date: tuple[str, ...] = ("date",)
    id: tuple[str, ...] = ("id",)

    def named(self, keys: FieldKeys) -> Layout:
        """The layout with the user-supplied paths."""
        own: dict[str, Any] = {field: (path,) for field, path in keys._asdict().items() if path}
        return replace(self, **own) if own else self

    def told(self, has: Callable[[str], bool]) -> str:
        """The layout in words, for a file that `has` some paths: "FineWeb: text, url, date"."""
        found = [
            next(filter(has, paths), f"no {field}")
            for field, paths in (("text", self.text), ("url", self.url), ("date", self.date))
        ]
        return f"{self.name}: {', '.join(found)}"


_WARC = ("warc-target-uri", "warc-date", "warc-record-id")


def _oscar(marks: tuple[str, ...], text: str, headers: str) -> Layout:
    url, date, name = (f"{headers}.{header}" for header in _WARC)
    return Layout("OSCAR", marks, (text,), (url,), (date,), (name,))


# What is tried if no layout fits.
ANY_LAYOUT = Layout(
    "plain records",
    (),
    ("text", "content", "raw_content"),
    (
        *("url", "uri", "metadata.url", "meta.url", "source_url", "page_url", "link"),
        *("warc-target-uri", "WARC-Target-URI", "warc_target_uri", "metadata.WARC-Target-URI", "metadata.source_url"),
    ),
    (
        *("timestamp", "date", "metadata.date", "metadata.timestamp", "meta.date", "meta.timestamp"),
        *("warc-date", "WARC-Date", "warc_date", "metadata.WARC-Date", "crawl_date", "crawl_timestamp", "fetch_time"),
        *("date_download", "metadata.date_download", "meta.date_download", "date_publish", "published", "created"),
    ),
    ("id", "doc_id", "warc-record-id", "warc_record_id", "WARC-Record-ID", "metadata.WARC-Record-ID"),
)
# The first one counts whose marks are all there. Columns as documented in data set cards and written by the tools.
LAYOUTS = (
    _oscar(("content", "warc_headers"), "content", "warc_headers"),  # 22.01, 23.01 as JSON Lines; Ungoliant
    _oscar(("text", "meta.warc_headers"), "text", "meta.warc_headers"),  # 22.01 on Hugging Face
    _oscar(("content", "meta.headers"), "content", "meta.headers"),  # 21.09
    Layout(
        "DCLM", ("text", "url", "metadata.WARC-Date"), date=("metadata.WARC-Date",), id=("metadata.WARC-Record-ID",)
    ),
    Layout("RedPajama", ("raw_content", "meta"), ("raw_content",), ("meta.url",), ("meta.date_download",), ("doc_id",)),
    Layout("cc_net", ("raw_content", "url"), ("raw_content",), date=("date_download",), id=("digest",)),
    Layout("HPLT", ("text", "u", "ts"), url=("u",), date=("ts",)),
    Layout("RefinedWeb", ("content", "url", "timestamp"), ("content",), date=("timestamp",)),
    Layout("FineWeb", ("text", "url", "dump")),
    *(
        Layout("trafilatura", ("text", "source", mark), url=("source", "url"), id=("id", "fingerprint"))
        for mark in ("source-hostname", "hostname", "fingerprint", "raw_text")
    ),
    *(
        Layout("dolma", ("text", "source", mark), url=("metadata.url", "metadata.WARC-Target-URI", "url"), date=dates)
        for dates in [("created", "metadata.WARC-Date", "added")]
        for mark in ("added", "created")
    ),
    Layout("CulturaX", ("text", "url", "timestamp", "source"), date=("timestamp",)),
    Layout("C4", ("text", "url", "timestamp"), date=("timestamp",)),
    Layout(
        "datatrove",
        ("text", "id", "metadata"),
        url=("metadata.url", "url"),
        date=("metadata.date", "metadata.timestamp", "metadata.WARC-Date", "date", "timestamp"),
    ),
    Layout("Wikipedia", ("text", "url", "title", "id"), date=ANY_LAYOUT.date),
    Layout("the Pile or RedPajama", ("text", "meta"), url=("meta.url", "url"), date=ANY_LAYOUT.date),
)


def layout_of(has: Callable[[str], bool], keys: FieldKeys = NO_KEYS) -> Layout:
    """The layout of a file that `has` some paths, with the user-supplied ones."""
    found = next((layout for layout in LAYOUTS if all(map(has, layout.marks))), ANY_LAYOUT)
    return found.named(keys)


def has_path(record: Any, path: str) -> bool:
    """Whether a record has the path, even with null as its value.

    >>> has_path({"meta": '{"url": null}'}, "meta.url"), has_path({"meta": []}, "meta.url")
    (True, False)
    """
    return next(_found(record, path), None) is not None


def value_at(record: Any, path: str) -> Any:
    """The value at a path of a record; None if there is none.

    >>> value_at({"meta": {"warc.url": 1}, "meta.date": 2}, "meta.date"), value_at({"a": {"b.c": 3}}, "a.b.c")
    (2, 3)
    """
    if isinstance(record, dict) and path in record:  # true for most
        return record[path]
    return next(_found(record, path), (None,))[0]


def first_value(record: Any, paths: tuple[str, ...]) -> Any:
    """The value at the first of these paths that is not empty in a record."""
    for path in paths:
        value = value_at(record, path)
        if not is_missing(value):
            return value
    return None


def _found(value: Any, path: str) -> Iterator[tuple[Any]]:
    if isinstance(value, str):
        value = _object_in(value)
    if not isinstance(value, dict):
        return
    if path in value:
        yield (value[path],)
    first, dot, rest = path.partition(".")
    if dot and first in value:
        yield from _found(value[first], rest)


def _object_in(text: str) -> Any:
    """The object that a string holds, if it holds one."""
    if len(text) > LONGEST_OBJECT or text.lstrip()[:1] != "{":
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
