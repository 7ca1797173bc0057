"""SQL functions that are registered on a connection to a corpus, for common questions about pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from c4pipe.corpus.stats import registered

if TYPE_CHECKING:  # as in facts.corpus
    import duckdb

REGISTERED_DOMAIN, CHARS = "registered_domain", "chars"
_READ_OF_URL = 2_000  # characters; the host of any URL is among them: by RFC 1035, 2.3.4 a name has at most 255
# As stats.registered extracts the host of a URL.
HOST_SQL = "split_part(regexp_replace(url, '^([A-Za-z][A-Za-z0-9+.-]*:)?//', ''), '/', 1)"


def teach_functions(connection: duckdb.DuckDBPyConnection) -> None:
    """`registered_domain(url)`, the registered domain, as counted in `stats.json`, also of a bare host; `chars(text)`,
    the characters (code points) of a text, as in the ledger and in lengths. For the connection and its cursors."""
    from duckdb.func import PythonUDFType

    connection.create_function(REGISTERED_DOMAIN, _domains, ["VARCHAR"], "VARCHAR", type=PythonUDFType.ARROW)
    connection.execute(f"CREATE MACRO {CHARS}(written) AS length(written)")


def _domains(urls: pa.ChunkedArray) -> pa.Array:
    """One column at a time: a call per row costs more than the function itself."""
    urls = pc.utf8_slice_codeunits(urls, 0, _READ_OF_URL)
    return pa.array([None if url is None else registered(url) for url in urls.to_pylist()], pa.string())
