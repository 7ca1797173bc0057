"""Formats of files by their names."""

from __future__ import annotations

from pathlib import Path

KEYED = ("jsonl", "parquet")  # whose records have fields by name, and of which a part can be read alone
_PACKED = ("", ".gz", ".zst", ".zstd")  # read whatever the name says
FORMAT_SUFFIXES = {  # of the files that a folder is searched for, in letters of any case
    "text": tuple(f".txt{packed}" for packed in _PACKED),
    "jsonl": tuple(f".{kind}{packed}" for kind in ("jsonl", "jsonlines", "ndjson", "json", "jl") for packed in _PACKED),
    "parquet": (".parquet", ".parq", ".pq"),
}


def format_of(path: Path) -> str:
    """The format that a file's name tells, one of `documents.FORMATS`; "" for none."""
    name = path.name.lower()
    return next((kind for kind, ends in FORMAT_SUFFIXES.items() if name.endswith(ends)), "")
