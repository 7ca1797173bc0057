"""What a mixture is made from: the shards of finished corpora, by entry."""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from c4pipe.errors import BuildError, ConfigError
from c4pipe.files.storage import Store
from c4pipe.langid.base import UND
from c4pipe.languages.named import among
from c4pipe.scratch import scratch
from c4pipe.shards import MANIFEST, PAGE_SCHEMA, SPLITS, SUMS, read_manifest
from c4pipe.text import many

READERS = 16  # threads that read footers; in a bucket each read waits for the network


class SourceCorpus(NamedTuple):
    """A finished corpus, as its manifest describes it."""

    name: str
    folder: str
    manifest: dict[str, Any]
    sha256: str  # of the manifest, which holds the sha256 of every shard
    whole: bool  # whether it is one entry of the mixture, and not one for each of its folders


class SourceShard(NamedTuple):
    """A shard to be mixed. Its rows are those of the entry from number `first` on."""

    path: str
    sha256: str
    entry: str
    split: str
    first: int
    rows: int
    bytes: int  # of the file
    raw: int = 0  # uncompressed bytes of its columns


def read_corpora(named: Sequence[str], store: Store) -> list[SourceCorpus]:
    """The corpus of each DIR or NAME=DIR of a command line; a named one is one entry.

    ConfigError if there is no finished corpus, or if two have the same name.
    """
    found = []
    for word in named:
        if not word:
            raise ConfigError("--corpus is empty; expected a folder.")
        name, equals, folder = word.partition("=")
        # A folder may have an equals sign in its name, but a name has no slash.
        alone = not equals or "/" in name or not name or not folder
        folder = (word if alone else folder).rstrip("/") or "/"
        manifest, sha256 = _read(folder, store)
        name = posixpath.basename(folder if "://" in folder else str(Path(folder).absolute())) if alone else name
        found.append(SourceCorpus(name, folder, manifest, sha256, not alone))
    names = [corpus.name for corpus in found]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ConfigError(f"two corpora are called {twice[0]!r}. Give them different names: --corpus NAME=DIR.")
    return found


def _read(folder: str, store: Store) -> tuple[dict[str, Any], str]:
    path = f"{folder}/{MANIFEST}"
    if "://" not in folder:
        manifest = read_manifest(Path(folder))
        return manifest, hashlib.sha256(Path(path).read_bytes()).hexdigest()
    with scratch("manifest") as copy:
        try:
            if not store.exists(path):
                raise ConfigError(f"{folder} holds no finished corpus: it has no {MANIFEST}. Build one: make build-c4.")
            for name in (MANIFEST, SUMS):
                if store.exists(f"{folder}/{name}"):
                    with store.read(f"{folder}/{name}") as stream:
                        (copy / name).write_bytes(stream.read())
        except OSError as error:
            raise ConfigError(f"{path} cannot be read: {error.strerror or error}.") from None
        return read_manifest(copy), hashlib.sha256((copy / MANIFEST).read_bytes()).hexdigest()


def find_sources(corpora: Sequence[SourceCorpus], languages: Sequence[str]) -> list[SourceShard]:
    """The shards of the corpora in a fixed order, of these languages (folders of a corpus) or of all.

    `und` must be requested: text of no identified language is not worth reading four times. An entry is a folder: `de`,
    or `NAME:de` with several corpora; a corpus that is one entry is `NAME`.
    """
    shards = [(corpus, _checked(row, corpus)) for corpus in corpora for row in _rows(corpus)]
    chosen = named_configs(corpora, languages) or {row["config"] for _, row in shards} - {UND}
    found: list[SourceShard] = []
    counted: dict[tuple[str, str], int] = {}
    for corpus, row in sorted(shards, key=lambda item: item[1]["path"]):
        if row["config"] not in chosen or not row["rows"]:
            continue
        inside = f"{corpus.name}:{row['config']}" if len(corpora) > 1 else row["config"]
        entry = corpus.name if corpus.whole else inside
        key = (entry, row["split"])
        path = f"{corpus.folder}/{row['path']}"
        first = counted.setdefault(key, 0)
        found.append(SourceShard(path, row["sha256"], entry, row["split"], first, row["rows"], row["bytes"]))
        counted[key] += row["rows"]
    if not found:
        raise ConfigError(f"{', '.join(corpus.folder for corpus in corpora)}: there are no documents to mix.")
    return sorted(found, key=lambda source: (SPLITS.index(source.split), source.entry, source.first))


def named_configs(corpora: Sequence[SourceCorpus], languages: Sequence[str]) -> list[str]:
    """The folders of the corpora for these languages, sorted. ConfigError for one that they do not have."""
    configs = sorted({_checked(row, corpus)["config"] for corpus in corpora for row in _rows(corpus)})
    return sorted(among(languages, configs, "language"))


def _rows(corpus: SourceCorpus) -> list[Any]:
    rows = corpus.manifest.get("shards")
    if not isinstance(rows, list):
        raise BuildError(f"{corpus.folder}/{MANIFEST} lists no shards. Rebuild the corpus.")
    return rows


def _checked(row: Any, corpus: SourceCorpus) -> dict[str, Any]:
    """A valid shard of the manifest. BuildError for one that no build has written."""
    try:
        config, slash, name = row["path"].partition("/")
        texts = all(isinstance(row[key], str) for key in ("path", "config", "split", "sha256"))
        numbers = all(type(row[key]) is int and row[key] >= 0 for key in ("rows", "bytes"))
        inside = slash and "/" not in name and ".." not in (config, name)
        if texts and numbers and inside and config and row["split"] in SPLITS:
            return dict(row)
    except (AttributeError, KeyError, TypeError):
        pass
    said = json.dumps(row)[:200]
    raise BuildError(f"{corpus.folder}/{MANIFEST} lists an invalid shard: {said}. Build the corpus again.")


def look_at(sources: Iterable[SourceShard], store: Store) -> tuple[list[SourceShard], pa.Schema]:
    """The sources with the sizes of their columns, and the columns of their mixture.

    BuildError that names a shard which is missing, whose bytes or rows differ from its manifest, or which is not
    Parquet. ConfigError if a column has two types.
    """

    def look(source: SourceShard) -> tuple[SourceShard, pa.Schema]:
        try:
            with store.read(source.path) as stream:
                size = stream.seek(0, 2)
                if size != source.bytes:
                    raise BuildError(_damaged(source.path, f"it has {many(size, 'byte')}, not {source.bytes:,}"))
                file = pq.ParquetFile(stream)
                meta = file.metadata
                if meta.num_rows != source.rows:
                    raise BuildError(_damaged(source.path, f"it has {many(meta.num_rows, 'row')}, not {source.rows:,}"))
                raw = sum(meta.row_group(i).total_byte_size for i in range(meta.num_row_groups))
                return source._replace(raw=raw), file.schema_arrow.remove_metadata()
        except (OSError, pa.ArrowException) as error:
            raise BuildError(_damaged(source.path, str(getattr(error, "strerror", None) or error))) from None

    with ThreadPoolExecutor(READERS) as threads:
        looked = list(threads.map(look, sources))
    return [source for source, _ in looked], _common([schema for _, schema in looked])


def verify_source(source: SourceShard, store: Store) -> None:
    """BuildError that names the shard if its bytes differ from those of the manifest."""
    with store.read(source.path) as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
    if found != source.sha256:
        raise BuildError(_damaged(source.path, f"its sha256 is {found[:16]}..., not {source.sha256[:16]}..."))


def _damaged(path: str, what: str) -> str:
    return f"{path} does not match {MANIFEST}: {what}. Rebuild that corpus."


def _common(schemas: Iterable[pa.Schema]) -> pa.Schema:
    """Every column of any of them: a page's own in their order, then the others in order of appearance.

    Documents of a corpus without one of the others have null there.
    """
    fields: dict[str, pa.Field] = {}
    schemas = list(schemas)
    for schema in schemas:
        for field in schema:
            known = fields.setdefault(field.name, field)
            if known.type != field.type:
                raise ConfigError(f"column {field.name!r} is {known.type} in one corpus and {field.type} in another.")
            if field.nullable:
                fields[field.name] = field
    for name in set(fields).difference(PAGE_SCHEMA.names):
        if not all(name in schema.names for schema in schemas):
            fields[name] = fields[name].with_nullable(True)
    if "text" not in fields:
        raise ConfigError(f"the corpora have no column 'text', only {', '.join(fields) or 'none'}.")
    ours = [name for name in PAGE_SCHEMA.names if name in fields]
    return pa.schema([fields[name] for name in [*ours, *(name for name in fields if name not in ours)]])


def with_columns(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table with all columns of the schema, in order. Missing columns of a page's own are filled with "", 0, or
    null for other types; the others with null."""
    columns = []
    for field in schema:
        if field.name in table.column_names:
            columns.append(table[field.name])
        else:
            columns.append(pa.repeat(_nothing(field), table.num_rows))
    return pa.table(columns, schema=schema)


def _nothing(field: pa.Field) -> pa.Scalar:
    if field.name not in PAGE_SCHEMA.names:
        return pa.scalar(None, field.type)
    if pa.types.is_boolean(field.type):
        return pa.scalar(False, field.type)
    fill = "" if pa.types.is_string(field.type) else 0 if pa.types.is_primitive(field.type) else None
    return pa.scalar(fill, field.type)
