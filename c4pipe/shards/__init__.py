"""The Parquet contract: columns, file names, writers, and the manifest that says what belongs to a corpus, and sums."""

from c4pipe.files.pinned import sha256_of
from c4pipe.shards.belongings import (
    OF_ITSELF,
    Belonging,
    belongings,
    note_added,
    read_added,
    read_sums,
    write_manifest,
)
from c4pipe.shards.manifest import (
    ADDED,
    MANIFEST,
    SCHEMA_VERSION,
    SPLITS,
    SUMS,
    files_of_shard,
    read_manifest,
    shard_name,
    to_json,
)
from c4pipe.shards.memory import memory_of
from c4pipe.shards.schema import (
    DROPPED_TYPE,
    PAGE_SCHEMA,
    REJECTED_SCHEMA,
    TAKEN,
    added_to,
    column_fields,
    dropped_column,
    page_table,
    pages_of,
    schema_with,
)
from c4pipe.shards.sink import (
    ROW_GROUP_BYTES,
    ROW_GROUP_ROWS,
    HashingStream,
    ParquetSink,
    RowGroupBuffer,
    rows_per_group,
)
from c4pipe.shards.sums import check_sums

__all__ = [
    "ADDED",
    "DROPPED_TYPE",
    "MANIFEST",
    "OF_ITSELF",
    "PAGE_SCHEMA",
    "REJECTED_SCHEMA",
    "ROW_GROUP_BYTES",
    "ROW_GROUP_ROWS",
    "SCHEMA_VERSION",
    "SPLITS",
    "SUMS",
    "TAKEN",
    "Belonging",
    "HashingStream",
    "ParquetSink",
    "RowGroupBuffer",
    "added_to",
    "belongings",
    "check_sums",
    "column_fields",
    "dropped_column",
    "files_of_shard",
    "memory_of",
    "note_added",
    "page_table",
    "pages_of",
    "read_added",
    "read_manifest",
    "read_sums",
    "rows_per_group",
    "schema_with",
    "sha256_of",
    "shard_name",
    "to_json",
    "write_manifest",
]
