"""File formats by file name."""

from __future__ import annotations

from pathlib import Path

KEYED = ("jsonl", "parquet")  # records with named fields; parts of a file can be read separately
_PACKED = ("", ".gz", ".zst", ".zstd")  # compression is detected, whatever the name
FORMAT_SUFFIXES = {  # of the files collected from a folder, in any case
    "text": tuple(f".txt{packed}" for packed in _PACKED),
    "jsonl": tuple(f".{kind}{packed}" for kind in ("jsonl", "jsonlines", "ndjson", "json", "jl") for packed in _PACKED),
    "parquet": (".parquet", ".parq", ".pq"),
}


def format_of(path: Path) -> str:
    """The format that a file's name indicates, one of `documents.FORMATS`; "" for none."""
    name = path.name.lower()
    return next((kind for kind, ends in FORMAT_SUFFIXES.items() if name.endswith(ends)), "")
