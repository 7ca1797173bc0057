"""The report of a test: curve.csv, curve.svg, memorise.md. Personal data in it is masked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from c4pipe.pii import masked
from c4pipe.text import printable
from model.disk import put
from model.memorise.curve import CurvePoint, csv_table, curve_markdown
from model.memorise.picture import draw_extraction

ASKED_TABLE, CURVE_TABLE, CURVE_PICTURE, MEMORISE_REPORT = "asked.csv", "curve.csv", "curve.svg", "memorise.md"
SHOWN_CHARACTERS = 160  # characters of a passage

_TEXT = """\
# What the models remember

A passage came out if the model wrote every requested token, greedily: for a run that restores text, all that its
corruption had hidden; for a language model, the last tokens of the passage. In brackets the 95 % interval of each share
(Wilson). `none` stands for passages of the validation split, which no run has read. A passage has the same masks for
every run with the same tokenizer.

![what came out, by count and by reading](curve.svg)

## By how often a passage occurs in {counted}
{hint}
{by_count}

## By how often the run has read it

{by_readings}

## Passages that came out

{examples}
"""

_OF_CORPUS = """
`python -m c4pipe.passages DIR --crawl` counts how often it occurred in the crawl, before the dedup of the corpus;
pass the file with `--counts`.
"""


class ShownPassage(NamedTuple):
    """A reproduced passage."""

    run: str
    copies: int
    text: str


def write_extraction(
    out: Path, found: Sequence[CurvePoint], examples: Sequence[ShownPassage], data: Path, counts: Path | None
) -> None:
    """Writes the three files into a folder. Counts are those of the file, or without one, of the corpus in `data`."""
    put(out / CURVE_TABLE, csv_table(CurvePoint._fields, found))
    put(out / CURVE_PICTURE, draw_extraction(found, "What the models remember"))
    lines = [f"* {one.run}, {one.copies:,} times: {shown_masked(one.text)}" for one in examples] or ["None."]
    text = _TEXT.format(
        counted=f"`{printable(str(counts or data))}`",
        hint="" if counts else _OF_CORPUS,
        by_count=curve_markdown(found, "copies"),
        by_readings=curve_markdown(found, "readings"),
        examples="\n".join(lines),
    )
    put(out / MEMORISE_REPORT, text.encode())


def shown_masked(text: str, most: int = SHOWN_CHARACTERS) -> str:
    """A text for people: on one line, personal data masked, shortened.

    >>> shown_masked("Write to\\nme@example.org, at once", 20)
    'Write to <EMAIL>, at …'
    """
    line = " ".join(printable(masked(text)).split())
    return line if len(line) <= most else f"{line[:most]} …"
