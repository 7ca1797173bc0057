"""Files to publish with a corpus: `croissant.json`, `summary.html` and `domains.csv` next to it.

A build writes none of them: Croissant and the summary need the publisher and the date, which it does not know.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from c4pipe.card.croissant import croissant_of
from c4pipe.card.published import CROISSANT, DOMAINS, SUMMARY, Publication
from c4pipe.corpus.stats import Stats
from c4pipe.disk import read_file
from c4pipe.errors import BuildError, ConfigError
from c4pipe.shards import MANIFEST, STATS, add_files, belongings, is_added, read_manifest, to_json

_COUNTED = ("bytes_kept", "languages", "months")  # the required statistics


class PublishedFiles(NamedTuple):
    """The files written for a corpus."""

    paths: list[Path]
    gaps: list[str]  # gaps of the summary


def corpora_in(folder: Path) -> list[Path]:
    """The folder, or the corpora below it, as a build of several presets leaves them. Raises ConfigError if none."""
    if os.path.lexists(folder / MANIFEST):
        return [folder]
    below = sorted(path.parent for path in folder.glob(f"*/{MANIFEST}")) if folder.is_dir() else []
    if not below:
        raise ConfigError(
            f"{folder} holds no finished corpus: neither the folder nor any folder in it has a {MANIFEST}."
        )
    return below


def check_places(folder: Path, summary: bool) -> None:
    """Raises ConfigError if a file to be written exists and is foreign, or was edited."""
    named = {file.path for file in belongings(read_manifest(folder))}
    for name in (CROISSANT, SUMMARY, DOMAINS) if summary else (CROISSANT,):
        path = folder / name
        if name in named or (os.path.lexists(path) and not is_added(folder, name)):
            raise ConfigError(
                f"{path} was not written by this command, or was changed since. Move it away, then run the command "
                "again."
            )


def publish(folder: Path, published: Publication, summary: bool = False, small: bool = False) -> PublishedFiles:
    """Writes croissant.json and, if requested, the summary with its list of domains.

    `check_places` must have been called. Raises BuildError for a damaged corpus.
    """
    manifest = read_manifest(folder)
    try:
        stats = _stats(folder)
        files = {CROISSANT: to_json(croissant_of(manifest, stats, _schema(folder, manifest), published))}
        gaps: list[str] = []
        if summary:
            from c4pipe.card.summary import summarise  # DuckDB and Jinja, which Croissant does not need

            made, gaps = summarise(folder, manifest, published, small)
            files |= made
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        what = f"{type(error).__name__}: {error}"
        raise BuildError(f"{folder}: {MANIFEST} or {STATS} is damaged ({what}). Build it again.") from None
    add_files(folder, files)
    return PublishedFiles([folder / name for name in files], gaps)


def _stats(folder: Path) -> Stats:
    try:
        found = json.loads(read_file(folder / STATS))
    except FileNotFoundError:  # a mixture of an older build
        return Stats()
    return Stats.from_json({name: found[name] for name in _COUNTED if name in found})


def _schema(folder: Path, manifest: Mapping[str, Any]) -> pa.Schema:
    path = folder / manifest["shards"][0]["path"]
    try:
        return pq.read_schema(path)
    except (OSError, pa.ArrowException) as error:
        raise BuildError(f"{path} cannot be read ({error}). Copy or build the corpus again.") from None
