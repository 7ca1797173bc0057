"""Options for the format of the inputs and of the corpus."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from c4pipe.command import utf8
from c4pipe.flow.searching import SUFFIXES
from c4pipe.html import EXTRACTS
from c4pipe.shards import PARQUET_ALONE, SHARD_FORMATS, formats_named


def format_options(a: Callable[..., Any]) -> None:
    """Adds them; `a` is `add_argument` of a parser."""
    a(
        "--input-format",
        choices=SUFFIXES,
        default="wet",
        help="format of the inputs (default: wet). warc: the HTML responses; text: one document per file; jsonl and "
        "parquet: fields, see --text-key",
    )
    a(
        "--extract",
        choices=EXTRACTS,
        default="main",
        help="for warc: extract the main text, without menus and footers (main, the default), or all visible text",
    )
    for field, what in (("text", "texts"), ("url", "URLs"), ("date", "dates")):
        a(
            f"--{field}-key",
            type=utf8,
            metavar="KEY",
            help=f"field of the {what} in jsonl and parquet, such as {field} or metadata.{field} (default: recognised "
            "from the tool that wrote the file)",
        )


def output_format(a: Callable[..., Any]) -> None:
    """Adds --format, whose value is the tuple of formats written."""
    told = "; ".join(f"{each.name}: {each.says}" for each in SHARD_FORMATS.values())
    a(
        "--format",
        type=formats_named,
        default=PARQUET_ALONE,
        metavar="NAME,...",
        help=f"formats of the shards; Parquet is always among them, since every command reads it ({told})",
    )
