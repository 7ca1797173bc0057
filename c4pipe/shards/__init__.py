"""The Parquet contract: columns, file names, writers, and the manifest that says what belongs to a corpus."""

from c4pipe.shards.manifest import MANIFEST, SCHEMA_VERSION, SPLITS, files_of_shard, read_manifest, shard_name, to_json
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

__all__ = [
    "DROPPED_TYPE",
    "MANIFEST",
    "PAGE_SCHEMA",
    "REJECTED_SCHEMA",
    "ROW_GROUP_BYTES",
    "ROW_GROUP_ROWS",
    "SCHEMA_VERSION",
    "SPLITS",
    "TAKEN",
    "HashingStream",
    "ParquetSink",
    "RowGroupBuffer",
    "added_to",
    "column_fields",
    "dropped_column",
    "files_of_shard",
    "memory_of",
    "page_table",
    "pages_of",
    "read_manifest",
    "rows_per_group",
    "schema_with",
    "shard_name",
    "to_json",
]
