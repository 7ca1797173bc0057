"""A folder of released pages, such as the shards of allenai/c4, as something to compare a corpus with.

Its JSON Lines or Parquet files are read once, as a build reads them, into a copy below the user's cache, since rows of
compressed JSON Lines have no random access. The copy has no ledger and no rejected table, so the outcome of pages that
it lacks is unknown.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from c4pipe.documents import KEYED, check_text_key, format_of, read_documents
from c4pipe.errors import BuildError, ConfigError
from c4pipe.facts.corpus import Corpus, open_corpus
from c4pipe.facts.sums import SumsProgress
from c4pipe.files.storage import LocalStore
from c4pipe.page import Kept, Page
from c4pipe.private import our_cache
from c4pipe.scratch import scratch
from c4pipe.shards import MANIFEST, PAGE_SCHEMA, SCHEMA_VERSION, ParquetSink, page_table, shard_name, write_manifest
from c4pipe.shards.sink import HashingStream, RowGroupBuffer
from c4pipe.text import counts_told, many

RELEASED = "released"  # the key in a copy's manifest: the folder, its files, and records that gave no page by reason
_COPY = "released 1"  # the version of the copy's format, which with the files decides its bytes
_CONFIG = "pages"


def is_released(folder: Path) -> bool:
    """Whether it is a folder of such files, and neither a corpus of c4pipe nor a folder of some."""
    return folder.is_dir() and not any(folder.glob(f"**/{MANIFEST}")) and bool(_files(folder))


def open_released(folder: Path) -> Corpus:
    """The pages of a folder, read if the cache has no current copy. ConfigError if no file has texts, or if there is no
    room for a copy; BuildError for an unreadable file."""
    files = _files(folder)
    check_text_key(folder, files, advice="Expected text, url and timestamp.")
    place = _cache() / f"released-{_key(folder, files)}"
    if not (place / MANIFEST).is_file():
        size = sum(path.stat().st_size for path in files)
        words = f"reading {many(len(files), 'file')} of {folder} ({size / 1e9:,.1f} GB) once, into {place.parent}"
        with SumsProgress(words), scratch("released", str(place.parent)) as made:
            _copied(folder, files, made / "copy")
            with suppress(FileExistsError):  # another process has just created the same
                (made / "copy").rename(place)
    return open_corpus(place)


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if format_of(path) in KEYED and path.is_file()]


def _key(folder: Path, files: Sequence[Path]) -> str:
    """The key of a copy: the folder, and the name, size and time of each file."""
    told = [_COPY, str(folder.resolve())]
    for path in files:
        found = path.stat()
        told.append(f"{path.relative_to(folder)} {found.st_size} {found.st_mtime_ns}")
    return hashlib.sha256("\n".join(told).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _cache() -> Path:
    try:
        return our_cache()
    except (OSError, RuntimeError) as error:
        raise ConfigError(f"no folder for a copy of released pages: {error}. Name one: C4PIPE_CACHE_DIR") from None


def _copied(folder: Path, files: Sequence[Path], place: Path) -> None:
    """Writes the copy: one shard per file, in order."""
    lost, shards = Counter[str](), []
    for number, path in enumerate(files):
        name = f"{_CONFIG}/{shard_name('train', number, len(files))}"
        (place / _CONFIG).mkdir(parents=True, exist_ok=True)
        shards.append({"path": name, "config": _CONFIG, "split": "train", **_shard(folder, path, place / name, lost)})
    if not any(shard["rows"] for shard in shards):
        raise ConfigError(f"{folder} has no pages: its records gave none ({counts_told(lost) or 'they are empty'}).")
    told = {"folder": str(folder.resolve()), "files": [str(path.relative_to(folder)) for path in files]}
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "preset": {},
        "settings": {},
        "inputs": [],
        "shards": [shard for shard in shards if shard["rows"]],
        RELEASED: {**told, "lost": dict(lost)},
    }
    write_manifest(LocalStore(), str(place), manifest, {})


def _shard(folder: Path, path: Path, target: Path, lost: Counter[str]) -> dict[str, Any]:
    """Writes the pages of a file, and counts the records that gave none; returns the manifest's entry."""
    buffer, rows = RowGroupBuffer(), 0
    with target.open("wb") as file:
        stream = HashingStream(file)
        sink = ParquetSink(stream, PAGE_SCHEMA)  # type: ignore[arg-type]
        for page in _pages(folder, path, lost):
            rows += 1
            if buffer.add(page, len(page.text)):
                sink.write(page_table(buffer.take()))
        if buffer.rows:
            sink.write(page_table(buffer.take()))
        sink.close()
    return {"rows": rows, "bytes": stream.tell(), "sha256": stream.sha256}


def _pages(folder: Path, path: Path, lost: Counter[str]) -> Iterator[Page]:
    try:
        with path.open("rb") as stream:
            for verdict in read_documents(stream, str(path.relative_to(folder)), format_of(path)):
                if isinstance(verdict, Kept):
                    yield verdict.page
                else:
                    lost[verdict.reason.code] += 1
    except OSError as error:
        raise BuildError(f"{path} cannot be read ({error.strerror or error}).") from None
