"""How a saved file describes itself: in its name and, if its format allows it, inside.

en-8f34c1d2-outcome-clean_few_sentences-sample.parquet
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlencode

import duckdb
import pyarrow as pa

from c4pipe.facts.corpus import Corpus
from c4pipe.inspect.serve.edits import EDIT_ROWS
from c4pipe.inspect.serve.finding import pages_held
from c4pipe.inspect.serve.selection import Known, Selection
from c4pipe.text import many

NAME_DIGITS = 8  # of the sha256 of a manifest, in file names
_LONGEST_VALUE = 40  # characters of a filter's value in a name
_LONGEST_NAME = 150  # characters, of the 255 bytes that file systems allow
_UNSAFE = re.compile(r"[^A-Za-z0-9._]+")
_NOT_OF_FILTERS = ("format", "build")

Filters = Iterable[tuple[str, str]]


def file_name(folder: str, digest: str, filters: Filters, kind: str, sample: bool = False) -> str:
    """CORPUS-DIGEST-FILTERS.KIND, with `-sample` for a sample: ASCII letters and digits, dots, _ and -.

    >>> file_name("c4 en", "8f34c1d2e5", [("q", "a/b"), ("split", "train")], "csv", sample=True)
    'c4_en-8f34c1d2-q-a_b-split-train-sample.csv'
    """
    said = [value[:_LONGEST_VALUE] for pair in _told(filters) for value in pair]
    pieces = [_UNSAFE.sub("_", piece).strip("_.") for piece in (folder, digest[:NAME_DIGITS], *said)]
    name = "-".join(filter(None, pieces))[:_LONGEST_NAME].rstrip("-_.")
    return f"{name}{'-sample' if sample else ''}.{kind}"


def saved_headers(corpus: Corpus, digest: str, filters: Filters, kind: str, sample: bool = False) -> dict[str, str]:
    """The header with which a browser saves an answer under that name."""
    name = file_name(corpus.folder.resolve().name, digest, filters, kind, sample)
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def told_in_file(schema: pa.Schema, corpus: Corpus, digest: str, filters: Filters, sample: str = "") -> pa.Schema:
    """The schema with metadata for Parquet: the corpus, the sha256 of its manifest, the filters as a URL's query and,
    if the rows are a sample, of what."""
    told = {
        "c4pipe.corpus": corpus.folder.resolve().name,
        "c4pipe.digest": digest,
        "c4pipe.filters": urlencode(_told(filters)),
        "c4pipe.sample": sample,
    }
    kept = {name.encode(): value.encode() for name, value in told.items() if value}
    return schema.with_metadata({**(schema.metadata or {}), **kept})


def sample_words(cursor: duckdb.DuckDBPyConnection, corpus: Corpus, selection: Selection, has: Known) -> str:
    """What the pages of a selection are a sample of; "" if they are all."""
    if selection.edit and sum(part["rows"] for part in corpus.rejected) > EDIT_ROWS:
        return f"the first {EDIT_ROWS:,} raw pages of the rejected table were checked for changes by edits"
    if not has.sampled or (selection.kept and not selection.recorded):
        return ""
    if selection.kept:
        return "what was cut is known only for the kept pages in the rejected table's sample"
    stages = corpus.manifest.get("ledger", {}).get("stages", [])
    built = {f"{row['stage']}/{reason}": pages for row in stages for reason, pages in row["rejected"].items()}
    held = pages_held(cursor, selection.outcome)
    rejected = selection.built(built)
    return f"the table has {held:,} of {many(rejected, 'page')} that the build rejected" if held < rejected else ""


def _told(filters: Filters) -> list[tuple[str, str]]:
    return [(name, value) for name, value in filters if value and name not in _NOT_OF_FILTERS]
