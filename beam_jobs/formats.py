"""Options that say what the inputs are, and what a corpus is written as."""

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
        help="what the inputs are (default: wet); of warc, responses with HTML; of text, a file is a document; others "
        "have fields, see --text-key",
    )
    a(
        "--extract",
        choices=EXTRACTS,
        default="main",
        help="what of the HTML of warc is text: without menus and footers (main, the default), or all that is seen",
    )
    for field, what in (("text", "texts"), ("url", "URLs"), ("date", "dates")):
        a(
            f"--{field}-key",
            type=utf8,
            metavar="KEY",
            help=f"where {what} are in jsonl and parquet, such as {field} or metadata.{field} (default: as the "
            "tool that wrote them has it)",
        )


def output_format(a: Callable[..., Any]) -> None:
    """Adds --format, whose value is the formats that are written."""
    told = "; ".join(f"{each.name}: {each.says}" for each in SHARD_FORMATS.values())
    a(
        "--format",
        type=formats_named,
        default=PARQUET_ALONE,
        metavar="NAME,...",
        help=f"what shards are written as, Parquet in any case, for it is what all commands read ({told})",
    )
