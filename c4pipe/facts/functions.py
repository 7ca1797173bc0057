"""Functions of SQL that are taught to a connection to a corpus, for what people ask of pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from c4pipe.corpus.stats import registered

if TYPE_CHECKING:  # as in facts.corpus
    import duckdb

REGISTERED_DOMAIN, CHARS = "registered_domain", "chars"
_READ_OF_URL = 2_000  # characters, of which the host of any is among the first: RFC 1035, 2.3.4 gives a name 255
# As stats.registered reads the host off a URL.
HOST_SQL = "split_part(regexp_replace(url, '^([A-Za-z][A-Za-z0-9+.-]*:)?//', ''), '/', 1)"


def teach_functions(connection: duckdb.DuckDBPyConnection) -> None:
    """`registered_domain(url)`, the domain that somebody has registered, as `stats.json` counts it, also of a host
    alone; `chars(text)`, the characters (code points) of a text, as the ledger and lengths count them. For the
    connection and its cursors."""
    from duckdb.func import PythonUDFType

    connection.create_function(REGISTERED_DOMAIN, _domains, ["VARCHAR"], "VARCHAR", type=PythonUDFType.ARROW)
    connection.execute(f"CREATE MACRO {CHARS}(written) AS length(written)")


def _domains(urls: pa.ChunkedArray) -> pa.Array:
    """A column at a time: a call a row costs more than what is called."""
    urls = pc.utf8_slice_codeunits(urls, 0, _READ_OF_URL)
    return pa.array([None if url is None else registered(url) for url in urls.to_pylist()], pa.string())
